"""The pages of a mailbox for trying things out: every letter a catching SMTP server took, to be read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from mailer.web import headers
from mailer.web.desk.previews import HEADERS, lit
from mailer.web.house import House

# The page frames the letter, which is a document of its own and can do nothing.
FRAMING = {headers.CONTENT: f"{headers.POLICY}; frame-src 'self'"}
SHOWN = ("From", "To", "Subject", "Date", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")


@dataclass(frozen=True)
class Letter:
    """One message as it was taken: when, the envelope, and its bytes."""

    number: int
    at: datetime
    mail_from: str
    rcpt_to: str
    message: bytes

    @cached_property
    def parsed(self) -> EmailMessage:
        """Return the message, taken apart."""
        return message_from_bytes(self.message, policy=policy.default)

    def header(self, name: str) -> str:
        """Return a header field as text; "" if it is not there."""
        return str(self.parsed.get(name, ""))

    def part(self, kind: str) -> str:
        """Return the body in one kind, ``plain`` or ``html``; "" if there is none."""
        body = self.parsed.get_body((kind,))
        return str(body.get_content()) if body is not None else ""


def make_inbox(house: House, letters: Callable[[], Sequence[Letter]]) -> Starlette:
    """Return a site that shows letters, newest first; what they contain is never trusted."""

    def need(request: Request) -> Letter:
        number = request.path_params["number"]
        found = next((each for each in letters() if each.number == number), None)
        if found is None:
            raise HTTPException(404)
        return found

    async def show_all(_request: Request) -> Response:
        return house.page("inbox/letters.html", letters=list(reversed(letters())))

    async def show(request: Request) -> Response:
        letter = need(request)
        rows = [(name, letter.header(name)) for name in SHOWN]
        return house.page(
            "inbox/letter.html",
            headers=FRAMING,
            letter=letter,
            rows=rows,
            text=letter.part("plain"),
            has_html=bool(letter.part("html")),
        )

    async def show_html(request: Request) -> Response:
        return HTMLResponse(lit(need(request).part("html"), "light"), headers=HEADERS)

    async def show_source(request: Request) -> Response:
        return PlainTextResponse(need(request).message.decode("utf-8", "replace"))

    return Starlette(
        routes=[
            Route("/", show_all),
            Route("/letters/{number:int}", show),
            Route("/letters/{number:int}/html", show_html),
            Route("/letters/{number:int}/source", show_source),
            Route("/static/{name}", house.static.answer),
        ],
        middleware=[Middleware(headers.SafeHeaders, fields=headers.defaults(house.config.site.base_url))],
    )
