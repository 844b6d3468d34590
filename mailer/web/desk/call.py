"""One request at the desk: who asks, what was posted, and the ways to answer."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mailer.address import parse
from mailer.config import Config
from mailer.errors import BadInput
from mailer.mailing.schedule import say
from mailer.staff import deeds, may
from mailer.staff.entry import Visit
from mailer.web.desk.posted import Posted
from mailer.web.headers import CONTENT
from mailer.web.house import House, Session

P = ParamSpec("P")
T = TypeVar("T")
COOKIE = "mailer_desk"
# A row's number, and how often a draft can have been changed.
LONGEST_NUMBER, LONGEST_REVISION = 18, 9
TOKEN = "token"  # noqa: S105 - the name of a field
# Scripts and frames are our own files; a form or a page in a frame goes nowhere else.
POLICY = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'self'; img-src 'self'; "
    "script-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'"
)
# "same-origin", not "no-referrer": with that, browsers say "null" for the origin of a form (Fetch, 3.2).
HEADERS = {CONTENT: POLICY, "Referrer-Policy": "same-origin"}
# What a page says once after something was done, by the word in its address.
SAID = {
    "drafted": "The draft is made.",
    "edited": "The draft is changed.",
    "aimed": "Who gets it is changed.",
    "saved": "It is saved.",
    "restored": "The earlier version is the newest now.",
    "tested": "The test is on its way to %s.",
    "asked": "It is handed over. Whoever may approve sees it on their first page.",
    "approved": "It is approved, and can be scheduled.",
    "returned": "It is a draft again, with your note.",
    "scheduled": "It is scheduled.",
    "undone": "It is a draft again. Nothing has left.",
    "paused": "It is paused. What was on the wire is finished; nothing more is begun.",
    "resumed": "It goes on.",
    "stopped": "It is stopped for good.",
    "settled": "That is decided.",
    "rewritten": "The reader is changed.",
    "relisted": "The list is changed.",
    "listed": "The list is made.",
    "ruled": "It is changed, also for mailings that have not started.",
    "archived": "The archive is changed.",
    "added": "They are added.",
    "left": "They are taken off. Nothing more is begun for them.",
    "password": "Your password is changed. Every other browser is logged out.",
    "ended": "Logged out there. Whoever sat at it needs the password again.",
    "chosen": "The password is set. Log in with it, and with the code from your app.",
    "one-step": "The second step is off. Your password alone lets you in.",
    "staffed": "It is changed.",
}


@dataclass(frozen=True)
class Call:
    """A request that has passed the gate; ``visit`` is None on the pages one logs in by."""

    house: House
    request: Request
    visit: Visit | None
    secret: str
    form: Posted

    @property
    def me(self) -> Visit:
        """Return who is logged in; only for pages behind the gate."""
        if self.visit is None:
            raise HTTPException(403)
        return self.visit

    @property
    def config(self) -> Config:
        """Return the configuration of the house."""
        return self.house.config

    def number(self, name: str = "id") -> int:
        """Return a number in the page's address; HTTPException 404 for what no row can have."""
        found = self.request.path_params[name]
        if not (found.isascii() and found.isdecimal() and len(found) <= LONGEST_NUMBER):
            raise HTTPException(404)
        return digits(found)

    def asked(self, name: str) -> str:
        """Return a value of the query, "" if it is not there, without control characters."""
        value = self.request.query_params.get(name, "")
        return "".join(letter for letter in value if letter.isprintable())[:500]

    async def read(self, verb: Callable[Concatenate[Session, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Run a verb that changes nothing; it returns plain values."""
        return await self.house.read(verb, *args, **named)

    async def write(self, verb: Callable[Concatenate[Session, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Run a verb that changes something, in one transaction."""
        return await self.house.write(verb, *args, **named)

    def done(self, session: Session, action: str, subject: str, **detail: object) -> None:
        """Write down what was done, in the transaction it was done in."""
        deeds.record(session, self.me.actor, action, subject, detail)

    def page(
        self, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
    ) -> Response:
        """Answer with a page of templates/pages/desk."""
        visit = self.visit
        return self.house.page(
            template,
            status=status,
            headers=HEADERS | dict(headers or {}),
            me=visit,
            may=lambda act: visit is not None and may(visit.role, act),
            token=token_of(self.secret) if visit else "",
            said=self._said(),
            at=self.at,
            day=lambda moment: self.at(moment).partition(",")[0],
            **values,
        )

    def to(self, path: str, said: str = "", **query: str) -> Response:
        """Go on to another page of the desk after something was done, so that reloading does nothing twice."""
        asked = {key: value for key, value in {"said": said, **query}.items() if value}
        address = self.house.prefix + path + (f"?{urlencode(asked)}" if asked else "")
        return RedirectResponse(address, 303, headers=HEADERS)

    def at(self, moment: datetime, *, seconds: bool = False) -> str:
        """Return a moment in the site's zone, which every page names once: ``Mon 2 March 2026, 09:00``."""
        shown = moment.replace(microsecond=0) if seconds else moment.replace(second=0, microsecond=0)
        return say(shown, self.config.site.zone).partition(" (")[0]

    def _said(self) -> str:
        # A form that was refused posts to the address it stood at, which still has the word of the last success.
        words = SAID.get(self.asked("said"), "") if self.request.method == "GET" else ""
        return words.replace("%s", self._named()) if "%s" in words else words

    def _named(self) -> str:
        # Only an address is said back: a link must not make the desk say anything else.
        try:
            return parse(self.asked("to")).spelled
        except BadInput:
            return "the address you named"


def digits(text: str, longest: int = LONGEST_NUMBER) -> int:
    """Return the number somebody typed or a link carries, 0 for what no row can have."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= longest else 0


def revision(text: str) -> int:
    """Return the revision of a draft that a form carries, 0 for what none can have."""
    return digits(text, LONGEST_REVISION)


def token_of(secret: str) -> str:
    """Return what every form of a session carries: nobody without the session's secret can know it."""
    return hmac.digest(secret.encode(), b"a form of the desk", "sha256").hex()
