"""The one click of a mail program (RFC 8058), answered before anything that pages need: a thousand come in a second."""

import logging
import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailer.errors import BadInput
from mailer.mailing import links
from mailer.store.engine import StoreTrouble
from mailer.web import headers, leaving
from mailer.web.group_commit import AGAIN_SECONDS
from mailer.web.house import House

log = logging.getLogger("mailer.web")
LONGEST = 2048
NOT_NOW, AGAIN = "Not possible at this moment; please try again.\n", (b"retry-after", b"%d" % AGAIN_SECONDS)
TEXT = b"text/plain; charset=utf-8"
URLENCODED = b"application/x-www-form-urlencoded"
# Both encodings as mail programs write them; whatever else says the same is read by the page itself.
PLAIN = b"List-Unsubscribe=One-Click"
PARTS = re.compile(
    rb"--(?P<border>[^\r\n]{1,70})\r\n"
    rb'Content-Disposition: form-data; name="?List-Unsubscribe"?\r\n'
    rb"(?:Content-Type: text/plain[^\r\n]*\r\n)?\r\nOne-Click\r\n--(?P=border)--(?:\r\n)?",
    re.IGNORECASE,
)
BORDER = re.compile(rb'multipart/form-data\s*;\s*boundary="?(?P<border>[^"\r\n;]{1,70})"?\s*', re.IGNORECASE)


class OneClick:
    """Answers a one click that is as it should be; everything else goes on to the pages as it came."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self._app, self._house = app, house
        self._path = re.compile(rf"(?:{re.escape(house.prefix)})?/u/([A-Za-z0-9_-]+)/*")
        fields = {**headers.defaults(house.config.site.base_url), "Content-Type": TEXT.decode()}
        self._fields = [(name.lower().encode(), value.encode()) for name, value in fields.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Leave and answer, or pass the request on."""
        found = self._path.fullmatch(scope["path"]) if _is_post(scope) else None
        if found is None:
            await self._app(scope, receive, send)
            return
        messages = await _body(receive)
        if not _is_one_click(scope, messages):
            await self._pass_on(scope, messages, receive, send)
            return
        try:
            numbers = links.read(self._house.keys, links.LEAVE, found[1])
            text = await leaving.one_click(self._house, *numbers, self._house.network(Request(scope)))
        except BadInput:
            await self._pass_on(scope, messages, receive, send)
        except (HTTPException, *StoreTrouble) as error:
            log.error("a one click could not be answered: %s", " ".join(str(error).split()))
            await self._say(send, 503, NOT_NOW, AGAIN)
        else:
            await self._say(send, 200, text)

    async def _say(self, send: Send, status: int, text: str, *extra: tuple[bytes, bytes]) -> None:
        body = text.encode()
        fields = [*self._fields, (b"content-length", b"%d" % len(body)), *extra]
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": body})

    async def _pass_on(self, scope: Scope, messages: list[Message], receive: Receive, send: Send) -> None:
        waiting = iter(messages)

        async def again() -> Message:
            found = next(waiting, None)
            return found if found is not None else await receive()

        await self._app(scope, again, send)


def _is_post(scope: Scope) -> bool:
    return bool(scope["type"] == "http" and scope["method"] == "POST")


async def _body(receive: Receive) -> list[Message]:
    """Return the messages of the body, up to its end or to more than a one click has."""
    messages, size = [], 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if size > LONGEST or not message.get("more_body", False):
            return messages


def _is_one_click(scope: Scope, messages: list[Message]) -> bool:
    if messages[-1]["type"] != "http.request" or messages[-1].get("more_body", False):
        return False
    body = b"".join(message["body"] for message in messages if message.get("body"))
    kind: bytes = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if body == PLAIN:
        return kind.partition(b";")[0].strip().lower() == URLENCODED
    parts, border = PARTS.fullmatch(body), BORDER.fullmatch(kind)
    return parts is not None and border is not None and parts["border"] == border["border"]
