"""Segments: conditions on readers, typed one by one and compiled into the query; nobody writes a query by hand."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, literal, not_, or_, select, true
from sqlalchemy.orm import Session, aliased

from mailer import clock
from mailer.errors import BadInput, NotFound
from mailer.people.cleaning import language as language_tag
from mailer.people.cleaning import one_line
from mailer.people.rows import insert_new
from mailer.store.tables import Delivery, Mailing, MailingList, Segment, Subscriber, Subscription

ATTRIBUTE = "attribute:"
MATCHES: Mapping[str, str] = {"all": "all of these", "any": "at least one of these", "none": "none of these"}
TEXTS: Mapping[str, str] = {
    "is": "is",
    "is not": "is not",
    "contains": "contains",
    "is empty": "is empty",
    "is filled": "is filled in",
}
# What may be asked about each kind of thing, in the words of the desk.
HOWS: Mapping[str, Mapping[str, str]] = {
    "text": TEXTS,
    "language": {"is": "is", "is not": "is not"},
    "joined": {"before": "before", "since": "on or after", "within": "in the last … days"},
    "list": {"on": "is on", "not on": "is not on"},
    "mailing": {"received": "received", "not received": "did not receive"},
}
BARE = ("is empty", "is filled")
MOST = 20
LONGEST = 200
LONGEST_DAYS = 36_500
READING = ("active", "paused")


@dataclass(frozen=True)
class Condition:
    """One thing asked of a reader: ``what`` is name, language, joined, list, mailing or ``attribute:`` and its name."""

    what: str
    how: str
    value: str = ""

    @property
    def kind(self) -> str:
        """Return which of HOWS belongs to it."""
        return self.what if self.what in HOWS else "text"


@dataclass(frozen=True)
class Rules:
    """One group of conditions: all, any or none of them must hold; no conditions hold for everybody."""

    match: str = "all"
    conditions: tuple[Condition, ...] = ()

    def kept(self) -> dict[str, Any]:
        """Return them as they stand in the store."""
        each = [asdict(condition) for condition in self.conditions]
        return {"match": self.match, "conditions": each} if each else {}


EVERYBODY = Rules()


def of_kept(kept: Mapping[str, Any]) -> Rules:
    """Return the rules that ``kept()`` wrote."""
    conditions = tuple(Condition(**each) for each in kept.get("conditions", ()))
    return Rules(kept.get("match", "all"), conditions)


def checked(session: Session, rules: Rules, attributes: Sequence[str]) -> Rules:
    """Return the rules with every value tidied; BadInput names the first condition that cannot be asked."""
    if rules.match not in MATCHES:
        raise BadInput(
            f"{one_line(rules.match, 20)!r} is no way to join them",
            place="match",
            cure=f"write one of {', '.join(MATCHES)}",
        )
    if len(rules.conditions) > MOST:
        raise BadInput(f"there are {len(rules.conditions)} conditions", place="conditions", cure=f"use at most {MOST}")
    return Rules(rules.match, tuple(_checked(session, each, attributes) for each in rules.conditions))


def holds(rules: Rules, zone: str) -> ColumnElement[bool]:
    """Return the condition on a row of ``subscribers``; days begin in ``zone``."""
    each = [_clause(one, zone) for one in rules.conditions]
    if not each:
        return true()
    if rules.match == "all":
        return and_(*each)
    return or_(*each) if rules.match == "any" else not_(or_(*each))


def words(session: Session, rules: Rules, attributes: Mapping[str, str]) -> list[str]:
    """Return each condition as a line somebody can read."""
    return [_words(session, each, attributes) for each in rules.conditions]


def every(session: Session) -> Sequence[Segment]:
    """Return every kept segment by name."""
    return session.scalars(select(Segment).order_by(Segment.name)).all()


def need(session: Session, segment_id: int) -> Segment:
    """Return the segment of this number; NotFound if there is none."""
    found = session.get(Segment, segment_id, populate_existing=True)
    if found is None:
        raise NotFound(f"there is no segment {segment_id}", cure="perhaps somebody deleted it")
    return found


def keep(session: Session, name: str, rules: Rules, *, actor: str) -> Segment:
    """Keep checked rules under a name; the rules of a segment of this name are replaced."""
    tidy = one_line(name, 80)
    if not tidy:
        raise BadInput("is empty", place="segment", cure="give the conditions a name, such as Readers in Upper Arden")
    if not rules.conditions:
        raise BadInput("there is no condition", place="segment", cure="add one first")
    row = {"name": tidy, "rules": rules.kept(), "made_by": actor[:120], "made_at": clock.now()}
    insert_new(session, Segment, row)
    found = session.scalars(select(Segment).where(Segment.name == tidy)).one()
    found.rules = rules.kept()
    session.flush()
    return found


def delete(session: Session, segment: Segment) -> None:
    """Forget a segment; mailings that used it keep their own copy of its conditions."""
    session.delete(segment)
    session.flush()


def _checked(session: Session, one: Condition, attributes: Sequence[str]) -> Condition:
    known = [*HOWS, "name", *(ATTRIBUTE + name for name in attributes)]
    if one.what not in known or one.what == "text":
        raise _wrong(f"{one_line(one.what, 60)!r} is not known of a reader", "choose one of those that are offered")
    if one.how not in HOWS[one.kind]:
        raise _wrong(f"{one_line(one.how, 40)!r} cannot be asked of it", f"write one of {', '.join(HOWS[one.kind])}")
    value = one_line(one.value, LONGEST)
    if one.how in BARE:
        return Condition(one.what, one.how)
    if not value:
        raise _wrong("a condition has no value", "fill it in, or take the condition away")
    return Condition(one.what, one.how, _VALUES[one.kind](session, one.how, value))


def _text(session: Session, how: str, value: str) -> str:
    del session, how
    return value


def _language(session: Session, how: str, value: str) -> str:
    del session, how
    tag = language_tag(value)
    if not tag:
        raise _wrong(f"{value[:40]!r} is not a language", "write en, de …")
    return tag


def _joined(session: Session, how: str, value: str) -> str:
    del session
    if how == "within":
        if not (value.isascii() and value.isdecimal() and 0 < int(value[:9]) <= LONGEST_DAYS):
            raise _wrong(f"{value[:40]!r} is no number of days", "write a whole number, such as 30")
        return str(int(value))
    try:
        return datetime.date.fromisoformat(value).isoformat()
    except ValueError:
        raise _wrong(f"{value[:40]!r} is not a day", "write it like 2026-03-02") from None


def _row(table: type[MailingList] | type[Mailing], called: str) -> Callable[[Session, str, str], str]:
    def check(session: Session, how: str, value: str) -> str:
        del how
        number = int(value) if value.isascii() and value.isdecimal() and len(value) <= 18 else 0
        if session.get(table, number) is None:
            raise _wrong(f"there is no {called} {value[:40]!r}", "choose one that is offered")
        return str(number)

    return check


_VALUES: Mapping[str, Callable[[Session, str, str], str]] = {
    "text": _text,
    "language": _language,
    "joined": _joined,
    "list": _row(MailingList, "list"),
    "mailing": _row(Mailing, "mailing"),
}


def _wrong(problem: str, cure: str) -> BadInput:
    return BadInput(problem, place="conditions", cure=cure)


def _clause(one: Condition, zone: str) -> ColumnElement[bool]:
    if one.kind == "language":
        spoken = speaks([one.value])
        return spoken if one.how == "is" else not_(spoken)
    if one.kind == "joined":
        return _since(one, zone)
    if one.kind == "list":
        other = aliased(Subscription)
        here = exists().where(
            other.subscriber_id == Subscriber.id, other.list_id == int(one.value), other.state.in_(READING)
        )
        return here if one.how == "on" else not_(here)
    if one.kind == "mailing":
        row = aliased(Delivery)
        got = exists().where(
            row.subscriber_id == Subscriber.id, row.mailing_id == int(one.value), row.state == "accepted"
        )
        return got if one.how == "received" else not_(got)
    return _spelled(one)


def _spelled(one: Condition) -> ColumnElement[bool]:
    column: ColumnElement[str] = func.coalesce(
        Subscriber.name if one.what == "name" else Subscriber.attributes[one.what.removeprefix(ATTRIBUTE)].as_string(),
        "",
    )
    # Small letters of the store's own on both sides: SQLite knows those of ASCII only.
    small, wanted = func.lower(column), func.lower(literal(one.value))
    return {
        "is": small == wanted,
        "is not": small != wanted,
        "contains": small.contains(one.value.lower(), autoescape=True),
        "is empty": column == "",
        "is filled": column != "",
    }[one.how]


def speaks(languages: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a reader's language is one of these, or a kind of one: de is de-AT too."""
    return or_(
        *(Subscriber.language == tag for tag in languages),
        *(Subscriber.language.startswith(tag + "-", autoescape=True) for tag in languages),
    )


def _since(one: Condition, zone: str) -> ColumnElement[bool]:
    if one.how == "within":
        return Subscriber.created_at >= clock.now() - datetime.timedelta(days=int(one.value))
    day = datetime.datetime.combine(datetime.date.fromisoformat(one.value), datetime.time(), ZoneInfo(zone))
    return Subscriber.created_at < day if one.how == "before" else Subscriber.created_at >= day


def _words(session: Session, one: Condition, attributes: Mapping[str, str]) -> str:
    value = one.value
    if one.kind == "list":
        found = session.get(MailingList, int(value))
        value = found.title if found else f"list {value}"
    elif one.kind == "mailing":
        sent = session.get(Mailing, int(value))
        value = f"“{sent.subject}”" if sent else f"mailing {value}"
    name = one.what.removeprefix(ATTRIBUTE)
    label = {"joined": "here", "list": "", "mailing": ""}.get(one.what, attributes.get(name, name))
    if one.how == "within":
        return f"here since at most {value} days"
    return " ".join(part for part in (label, HOWS[one.kind][one.how], value) if part)
