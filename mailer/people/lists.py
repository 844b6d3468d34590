"""Lists: the named reasons to write."""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer import address, clock
from mailer.config import Config
from mailer.config_forms import EVERY
from mailer.errors import BadInput, NotFound, Refused
from mailer.people.cleaning import language as language_tag
from mailer.people.cleaning import lines, one_line
from mailer.people.rows import insert_new
from mailer.store.tables import ARCHIVES, SUBSCRIPTION_STATES, FormerName, MailingList, Subscription

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# Their owners tell the world to refuse mail "from" them that they did not send (RFC 7489 section 6.3).
FREE_MAIL = re.compile(
    r"(gmail|googlemail|outlook|live|msn|icloud|me|mac|aol|protonmail|qq|163|126|fastmail)\.com"
    r"|(yahoo|ymail|rocketmail|hotmail|gmx)\.(?:co\.)?[a-z]{2,3}(?:\.[a-z]{2})?"
    r"|web\.de|t-online\.de|freenet\.de|proton\.me|mail\.ru|yandex\.(ru|com)|orange\.fr|laposte\.net|libero\.it"
)


def add(
    session: Session,
    *,
    name: str,
    title: str,
    from_address: str,
    postal_address: str,
    from_name: str = "",
    description: str = "",
    language: str = "en",
    reply_to: str = "",
    bounce_address: str = "",
    archive: str = "public",
) -> MailingList:
    """Make a list; Refused if the name is taken, BadInput for what cannot be used."""
    fields = {
        "name": name,
        "title": title,
        "from_address": from_address,
        "postal_address": postal_address,
        "from_name": from_name or title,
        "description": description,
        "language": language,
        "reply_to": reply_to,
        "bounce_address": bounce_address or from_address,
        "archive": archive,
    }
    row: dict[str, object] = {field: _CHECKS[field](text) for field, text in fields.items()}
    if not insert_new(session, MailingList, {**row, "list_label": row["name"], "created_at": clock.now()}):
        raise Refused(f"there is a list called {name!r} already", place="name", cure="choose another name")
    return named(session, name.strip())


def named(session: Session, name: str) -> MailingList:
    """Return the list of this name; NotFound, with the nearest name, if there is none."""
    found = session.scalars(select(MailingList).where(MailingList.name == name)).first()
    if found:
        return found
    names = list(session.scalars(select(MailingList.name).order_by(MailingList.name)))
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        cure = f"did you mean {near[0]!r}?"
    else:
        cure = f"there is {', '.join(names[:10])}" if names else "add one first: `mailer list add NAME`"
    raise NotFound(f"there is no list called {one_line(name, 80)!r}", cure=cure)


def need(session: Session, list_id: int) -> MailingList:
    """Return the list with this number; NotFound if there is none."""
    found = session.get(MailingList, list_id, populate_existing=True)
    if found is None:
        raise NotFound(f"there is no list {list_id}", cure="`mailer list show` names them")
    return found


def every(session: Session) -> Sequence[MailingList]:
    """Return every list by name, closed ones too."""
    return session.scalars(select(MailingList).order_by(MailingList.name)).all()


def warnings(session: Session, config: Config) -> Iterator[str]:
    """Yield a line for each list that [forms] names and nobody has made; a list may be made after the configuration."""
    forms = config.forms
    for place, table in ("forms.sites", forms.sites), ("forms.attributes", forms.attributes):
        for name in sorted({name for names in table.values() for name in names} - {EVERY}):
            try:
                named(session, name)
            except NotFound as error:
                yield f"{place}: {error}"


def counts(session: Session, list_id: int) -> dict[str, int]:
    """Return how many subscriptions of this list are in each state."""
    rows = session.execute(
        select(Subscription.state, func.count()).where(Subscription.list_id == list_id).group_by(Subscription.state)
    )
    found = dict.fromkeys(SUBSCRIPTION_STATES, 0)
    for state, number in rows:
        found[state] = number
    return found


def change(session: Session, mlist: MailingList, **fields: str | bool) -> MailingList:
    """Change fields of a list; Refused for a name that is taken. The label in List-Id stays as it was."""
    before = mlist.name
    with session.no_autoflush:
        for field, value in fields.items():
            if field in ("open_signup", "two_persons"):
                setattr(mlist, field, bool(value))
            elif field in _CHECKS:
                setattr(mlist, field, _CHECKS[field](str(value)))
            else:
                raise BadInput(f"a list has no {field!r} to change", place=field, cure=f"there is {', '.join(_CHECKS)}")
        taken = select(MailingList.id).where(MailingList.name == mlist.name, MailingList.id != mlist.id)
        if session.scalars(taken).first():
            problem = f"there is a list called {mlist.name!r} already"
            session.expire(mlist)
            raise Refused(problem, place="name", cure="choose another name")
    if mlist.name != before:
        # Its pages have been linked to under the old name.
        session.merge(FormerName(kind="list", name=before, row_id=mlist.id))
    session.flush()
    return mlist


def close(session: Session, mlist: MailingList) -> None:
    """Take no more sign-ups for this list and offer it no longer; leaving it goes on to work."""
    mlist.closed_at = mlist.closed_at or clock.now()
    mlist.open_signup = False
    session.flush()


def reopen(session: Session, mlist: MailingList) -> None:
    """Use a closed list again; whether it takes sign-ups is for somebody to say."""
    mlist.closed_at = None
    session.flush()


def _name(text: str) -> str:
    name = text.strip()
    if not NAME.fullmatch(name) or len(name) > 60:
        raise BadInput(
            f"{one_line(text, 80)!r} cannot be the name of a list",
            place="name",
            cure="use small letters, digits and hyphens, such as press-statements",
        )
    return name


def _filled(field: str, longest: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        _plain(text.strip(), field, blanks="\t")
        tidy = one_line(text, len(text) + 1)
        if not tidy:
            raise BadInput("is empty", place=field, cure="every list needs one")
        if len(tidy) > longest:
            raise BadInput(f"has {len(tidy)} letters", place=field, cure=f"use at most {longest}")
        return tidy

    return check


def _description(text: str) -> str:
    _plain(text, "description")
    return lines(text)


def _postal(text: str) -> str:
    _plain(text, "postal_address")
    tidy = lines(text)
    if not tidy.strip():
        raise BadInput(
            "is empty", place="postal_address", cure="every letter has to say where its sender can be reached"
        )
    return tidy


def _plain(text: str, field: str, blanks: str = "\t\r\n") -> None:
    """Refuse what nobody types, and what would look like a place left unfilled in every letter."""
    if any(unicodedata.category(letter) == "Cc" and letter not in blanks for letter in text):
        raise BadInput("has a control character", place=field, cure="type it again by hand")
    for mark in ("{{", "{%"):
        if mark in text:
            raise BadInput(f"has {mark!r}", place=field, cure="write it in plain words; nothing is filled in here")


def _sender(text: str) -> str:
    found = address.parse(text, place="from_address")
    if FREE_MAIL.fullmatch(found.domain):
        raise BadInput(
            f"mail from {found.domain} is refused everywhere unless {found.domain} itself sends it",
            place="from_address",
            cure="use an address below a domain of your own",
        )
    return _ascii(found, "from_address")


def _mailbox(field: str) -> Callable[[str], str]:
    return lambda text: _ascii(address.parse(text, place=field), field) if text.strip() else ""


def _ascii(found: address.Address, place: str) -> str:
    if found.needs_smtputf8:
        raise BadInput(
            f"{found.spelled!r} has letters that not every mail server can answer to",
            place=place,
            cure="use only a-z, 0-9 and . _ - before the @",
        )
    return found.spelled


def _language(text: str) -> str:
    tag = language_tag(text)
    if not tag:
        raise BadInput(f"{one_line(text, 40)!r} is not a language", place="language", cure="write en, de, pt-BR …")
    return tag


def _archive(text: str) -> str:
    if text not in ARCHIVES:
        raise BadInput(
            f"{one_line(text, 40)!r} is not known", place="archive", cure=f"write one of {', '.join(ARCHIVES)}"
        )
    return text


_CHECKS: dict[str, Callable[[str], str]] = {
    "name": _name,
    "title": _filled("title", 150),
    "description": _description,
    "language": _language,
    "from_name": _filled("from_name", 150),
    "from_address": _sender,
    "reply_to": _mailbox("reply_to"),
    "bounce_address": _mailbox("bounce_address"),
    "postal_address": _postal,
    "archive": _archive,
}
