"""Visits a site without a network: what a browser would send, and what it would get, in one process."""

import asyncio
import json as json_format
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    url: SplitResult
    status_code: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        """Return the page as text."""
        return self.content.decode()


class Visitor:
    """Somebody who visits a site by its ASGI application, in a language."""

    def __init__(self, site: Any, base: str, language: str = "") -> None:
        self._site = site
        self._base = urlsplit(base)
        self.language = language
        # What went wrong on the last page, where that was no more than the page that says sorry.
        self.fault: Exception | None = None

    def get(self, address: str, *, params: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        """Look at a page."""
        return self._ask("GET", address, b"", params or {}, more)

    def post(self, address: str, **more: Any) -> Answer:
        """Send a form (``data``), JSON (``json``) or bytes (``content``)."""
        return self._ask("POST", address, _body(more), more.get("params", {}), more)

    def put(self, address: str, **more: Any) -> Answer:
        """Ask for something our pages do not do."""
        return self._ask("PUT", address, b"", {}, more)

    def _ask(self, method: str, address: str, body: bytes, params: Mapping[str, Any], more: dict[str, Any]) -> Answer:
        headers = {"host": self._base.netloc, "content-length": str(len(body)), **more.get("headers", {})}
        url = urlsplit(address)
        pressed = {"lang": self.language} if self.language else {}
        query = "&".join(part for part in (url.query, urlencode({**params, **pressed}, doseq=True)) if part)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": self._base.scheme,
            "path": url.path,
            "raw_path": url.path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": (self._base.hostname, self._base.port),
        }
        return asyncio.run(self._visit(scope, body, url._replace(query=query)))

    async def _visit(self, scope: dict[str, Any], body: bytes, url: SplitResult) -> Answer:
        heard: list[dict[str, Any]] = []
        asked = False

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if asked:
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            heard.append(message)

        self.fault = None
        try:
            await self._site(scope, receive, send)
        except Exception as fault:
            # The page that says sorry was sent before the fault was handed on to who serves.
            if not heard:
                raise
            self.fault = fault
        start = heard[0]
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
        content = b"".join(message.get("body", b"") for message in heard[1:])
        return Answer(url, start["status"], headers, content)


def _body(more: dict[str, Any]) -> bytes:
    headers = more.setdefault("headers", {})
    if "json" in more:
        headers.setdefault("content-type", "application/json")
        return json_format.dumps(more["json"]).encode()
    if "data" in more:
        headers.setdefault("content-type", FORM)
        return urlencode(more["data"], doseq=True).encode()
    return bytes(more.get("content", b""))
