"""A mailing as a reader will see it, in a frame that can do nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import HTMLResponse, Response

from mailer.compose.edition import Edition, compile_edition
from mailer.compose.wire import Program
from mailer.config import Config, template_folders
from mailer.errors import NotFound
from mailer.mailing import editions, looking, mailings, press
from mailer.mailing.links import Links
from mailer.people import subscribers
from mailer.staff import roles
from mailer.store.tables import Subscriber
from mailer.tokens import Keys
from mailer.web.desk.call import Call
from mailer.web.desk.phases import DRAFT, phase_of
from mailer.web.desk.plain import plain
from mailer.web.headers import CONTENT
from mailer.web.house import Session

# The mail's own styles and pictures, and nothing else; its links open in a tab of their own.
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; style-src 'unsafe-inline'; "
    "img-src https:; sandbox allow-popups allow-popups-to-escape-sandbox"
)
HEADERS = {CONTENT: POLICY, "X-Frame-Options": "SAMEORIGIN"}
SCHEMES = ("light", "dark", "inverted", "bare")
# All there is to see of a letter: in a frame by scheme, or as words.
VIEWS: Mapping[str, str] = {
    "light": "Light",
    "dark": "Dark",
    "inverted": "Inverted",
    "bare": "No pictures",
    "text": "Plain text",
    "source": "Source",
}
# Some programs turn every colour over by themselves, whatever the letter says.
_TURN = "{filter:invert(1) hue-rotate(180deg)"
_INVERTED = f"<style>html{_TURN};background:#fff}}img{_TURN}}}</style>"
# What the filmstrip shows: in which light, how wide, to whom.
STRIP = (
    ("light", 640, "named"),
    ("dark", 640, "named"),
    ("inverted", 640, "named"),
    ("bare", 640, "named"),
    ("light", 360, "named"),
    ("dark", 360, "named"),
    ("light", 360, "nameless"),
    ("light", 360, "long"),
    ("light", 360, "rtl"),
)
_DARK_ONLY = re.compile(r"@media[^{]*prefers-color-scheme\s*:\s*dark[^{]*\{", re.IGNORECASE)
_SCHEME = re.compile(r"""(content="|color-schemes?:\s*)light dark""", re.IGNORECASE)
_HEAD = re.compile(r"<head>", re.IGNORECASE)

# People who do not exist, each a case a text has to stand.
MADE_UP: Mapping[str, str] = {
    "named": "somebody with a name",
    "nameless": "somebody we know nothing of",
    "long": "somebody with a very long name",
    "rtl": "somebody whose name is written from right to left",
}
RTL_NAME = "عبد الرحمن الهاشمي"
LONG_NAME = "Alexandrina-Konstantina Featherstonehaugh-Wolfeschlegelstein von und zu Obermittelbergen"


@dataclass(frozen=True)
class Seen:
    """A mailing filled for one reader."""

    who: str
    label: str
    subject: str
    html: str
    text: str
    html_bytes: int
    reads: tuple[str, ...] = ()


async def show(call: Call) -> Response:
    """Answer with the letter itself, in the light or the dark."""
    who = _allowed(call, call.asked("reader"))
    seen = await call.read(see, call.config, call.house.keys, call.number(), who)
    scheme = call.asked("scheme")
    headers = HEADERS | ({CONTENT: POLICY.replace("img-src https:", "img-src 'none'")} if scheme == "bare" else {})
    return HTMLResponse(lit(seen.html, scheme if scheme in SCHEMES else SCHEMES[0]), headers=headers)


async def show_strip(call: Call) -> Response:
    """Show the letter in every light and width and to everybody made up, on one screen."""
    values = await call.read(_strip, call.config, call.house.keys, call.number())
    return call.page("desk/strip.html", here="home", strip=STRIP, views=VIEWS, made_up=MADE_UP, **values)


def lit(html: str, scheme: str) -> str:
    """Return the letter as it looks in one light: what it says for the dark holds always, or never."""
    always = "@media all {" if scheme == "dark" else "@media not all {"
    shown = _SCHEME.sub(rf"\g<1>{'dark' if scheme == 'dark' else 'light'}", _DARK_ONLY.sub(always, html))
    added = '<head><base target="_blank">' + (_INVERTED if scheme == "inverted" else "")
    return _HEAD.sub(added, shown, count=1)


def see(session: Session, config: Config, keys: Keys, mailing_id: int, who: str) -> Seen:
    """Return a mailing as a made-up reader, or the one with this number, sees it; NotFound for neither."""
    return fill(session, config, keys, mailing_id, who, edition_of(session, config, keys, mailing_id))


def fill(session: Session, config: Config, keys: Keys, mailing_id: int, who: str, edition: Edition) -> Seen:
    """Return an edition that is at hand already, filled for the reader; its links belong to nobody."""
    label, values = values_of(session, config, mailing_id, who)
    nobody = Links(config.site.base_url, keys).nobody()
    links = {"unsubscribe": nobody, "manage": nobody}
    return Seen(
        who,
        label,
        edition.subject_for(values, links),
        edition.html_for(values, links),
        edition.text_for(values, links),
        edition.html_bytes,
        edition.reads,
    )


def edition_of(session: Session, config: Config, keys: Keys, mailing_id: int) -> Edition:
    """Return what the first list gets: compiled now for a draft, else what was frozen when it was scheduled."""
    mailing = mailings.need(session, mailing_id)
    if phase_of(mailing.state) != DRAFT:
        kept = editions.program_of(session, mailing_id, mailings.lists_of(session, mailing_id)[0].id)
        if kept is not None:
            return Edition(Program.from_bytes(kept.program))
    return compile_edition(editions.facts_of(session, config, keys, mailing, ""), template_folders(config))


def allowed_reader(call: Call) -> str:
    """Return whom the page is asked to show the mailing to."""
    return _allowed(call, call.asked("reader"))


def _allowed(call: Call, who: str) -> str:
    if who in MADE_UP:
        return who
    sees = roles.may(call.me.role, roles.SEE_PEOPLE)
    return who if sees and who.isdecimal() and len(who) < 18 else next(iter(MADE_UP))


def values_of(session: Session, config: Config, mailing_id: int, who: str) -> tuple[str, dict[str, str]]:
    """Return who a mailing is shown to, and what is known of them."""
    declared = config.people.attributes
    if who == "named":
        return MADE_UP[who], {"name": "Robin Example", "language": "en"} | {name: f"({name})" for name in declared}
    if who == "long":
        return MADE_UP[who], {"name": LONG_NAME, "language": "en"} | dict.fromkeys(declared, LONG_NAME)
    if who == "rtl":
        return MADE_UP[who], {"name": RTL_NAME, "language": "ar"} | dict.fromkeys(declared, RTL_NAME)
    if who == "nameless":
        return MADE_UP[who], {}
    person = reader_of(session, int(who))
    known = dict.fromkeys(declared, "") | press.reader_values(person, mailings.need(session, mailing_id).language)
    return person.address, known


def _strip(session: Session, config: Config, keys: Keys, mailing_id: int) -> dict[str, Any]:
    edition = edition_of(session, config, keys, mailing_id)
    seen = fill(session, config, keys, mailing_id, "named", edition)
    return {
        "mailing": plain(mailings.need(session, mailing_id)),
        "seen": seen,
        "lacks": looking.lacking(session, mailing_id, seen.reads),
    }


def reader_of(session: Session, subscriber_id: int) -> Subscriber:
    """Return the reader with this number; NotFound for nobody, and for who was erased."""
    found: Subscriber | None = session.get(Subscriber, subscriber_id)
    if found is None or found.erased_at is not None:
        raise NotFound("there is no such reader", cure="perhaps they were erased")
    return found


def number_of(session: Session, text: str) -> int:
    """Return the number of the reader with this address; BadInput for what is none, NotFound for nobody."""
    return subscribers.need(session, text).id
