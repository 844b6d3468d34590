"""What every answer says to the browser: nothing from elsewhere, nothing framed, nothing remembered."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT = "Content-Security-Policy"
CACHE = "Cache-Control"
ROBOTS = "X-Robots-Tag"

_CLOSED = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
POLICY = f"{_CLOSED}; style-src 'self'; img-src 'self'; form-action 'self'"
# A mailing in the browser brings its own styles and pictures, and nothing that could act.
EDITION_POLICY = f"{_CLOSED}; style-src 'unsafe-inline'; img-src https: data:; form-action 'none'"

DEFAULTS = {
    CONTENT: POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    CACHE: "no-store",
    ROBOTS: "noindex, nofollow",
}
# For pages that everybody may find and keep for a while: they hold nothing of a reader.
OPEN = {CACHE: "public, max-age=60", ROBOTS: "all"}


def defaults(base_url: str) -> dict[str, str]:
    """Return the fields an answer has unless it sets them itself; over https also HSTS (RFC 6797)."""
    secure = {"Strict-Transport-Security": "max-age=31536000"} if base_url.startswith("https:") else {}
    return DEFAULTS | secure


class SafeHeaders:
    """Puts the fields on every answer that goes through it, whatever made it."""

    def __init__(self, app: ASGIApp, fields: Mapping[str, str]) -> None:
        self._app, self._fields = app, fields

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with the fields it did not set itself."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._fields.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)
