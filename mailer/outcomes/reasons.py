"""Why readers left, as far as they said so; and who says "I never signed up", by what had brought them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.errors import NotFound
from mailer.outcomes import account, events
from mailer.people import cleaning, consent, subscriptions
from mailer.store.tables import LEAVE_REASONS, Consent, ImportRun, Outcome, Reason, Subscription

NEVER = "never signed up"
WORDS = 200
IMPORT = "import "
OWN_PAGE = "our own page"
# What begins a subscription, and so says where it came from.
BEGINNINGS = (consent.ASKED, consent.IMPORTED, consent.ADDED)


@dataclass(frozen=True)
class Source:
    """What brought readers who say they never signed up: an import or a form, and how many they are."""

    name: str
    number: int


@dataclass(frozen=True)
class Told:
    """What readers said when they left: each reason with its number, and the sources that are in doubt."""

    reasons: Mapping[str, int]
    doubted: tuple[Source, ...]


def give(session: Session, subscription_id: int, reason: str, words: str = "") -> bool:
    """Keep why a reader left, instead of what they said before; False if they have not left.

    Raises NotFound for a reason that is none of ours.
    """
    if reason not in LEAVE_REASONS:
        raise NotFound("there is no such reason", cure=f"write one of {', '.join(LEAVE_REASONS)}")
    subscription = session.get(Subscription, subscription_id)
    outcome = _leaving(session, subscription) if subscription else None
    if subscription is None or outcome is None:
        return False
    row = session.scalars(select(Reason).where(Reason.outcome_id == outcome.id)).first()
    if row is None:
        row = Reason(outcome_id=outcome.id, list_id=subscription.list_id, source=_source(session, subscription))
        session.add(row)
    row.at, row.reason, row.words = clock.now(), reason, cleaning.one_line(words, WORDS)
    session.flush()
    return True


def of_list(session: Session, list_id: int) -> Told:
    """Return what was said by those who left a list; answers a machine gave count for nothing."""
    return _told(session, Reason.list_id == list_id)


def of_mailing(session: Session, mailing_id: int) -> Told:
    """Return what was said by those who left by the links of a mailing."""
    return _told(session, Outcome.mailing_id == mailing_id)


def afterwards(session: Session, mailing_id: int) -> dict[str, Any]:
    """Return what came back for a mailing: how many left and the like, who of them like a machine, and why."""
    return {
        "came_back": account.came_back(session, mailing_id),
        "left_like_machines": account.by_machines(session, mailing_id),
        "why_left": dict(of_mailing(session, mailing_id).reasons),
    }


def _told(session: Session, which: ColumnElement[bool]) -> Told:
    rows = session.execute(
        select(Reason.reason, Reason.source, func.count())
        .join(Outcome, Outcome.id == Reason.outcome_id)
        .where(which, Outcome.origin != events.MACHINE)
        .group_by(Reason.reason, Reason.source)
    ).all()
    reasons = {reason: sum(number for said, _, number in rows if said == reason) for reason in LEAVE_REASONS}
    doubted = sorted(((number, source) for said, source, number in rows if said == NEVER), reverse=True)
    sources = tuple(Source(_name(session, source), number) for number, source in doubted)
    return Told({reason: number for reason, number in reasons.items() if number}, sources)


def _leaving(session: Session, subscription: Subscription) -> Outcome | None:
    """Return the leaving that ended a subscription, if one did."""
    if subscription.state != subscriptions.ENDED:
        return None
    return session.scalars(
        select(Outcome)
        .where(
            Outcome.subscriber_id == subscription.subscriber_id,
            Outcome.list_id == subscription.list_id,
            Outcome.kind == "unsubscribed",
        )
        .order_by(Outcome.id.desc())
        .limit(1)
    ).first()


def _source(session: Session, subscription: Subscription) -> str:
    """Return what brought this person to the list: an import, a page, somebody of the staff."""
    row = session.scalars(
        select(Consent)
        .where(
            Consent.subscriber_id == subscription.subscriber_id,
            Consent.list_id == subscription.list_id,
            Consent.kind.in_(BEGINNINGS),
        )
        .order_by(Consent.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return ""
    if row.kind == consent.ADDED:
        return f"added by {row.actor}"
    # What follows a "?" may name the reader.
    return urlsplit(row.page)._replace(query="", fragment="").geturl() if row.page else OWN_PAGE


def _name(session: Session, source: str) -> str:
    """Return a source as people know it: an import with its file and day."""
    number = source.removeprefix(IMPORT)
    run = session.get(ImportRun, int(number)) if source.startswith(IMPORT) and number.isdecimal() else None
    return f"import of {run.file}, {run.at:%Y-%m-%d}" if run else source or "not known"
