"""A breaker for each form: where many sign up and few confirm, programs are at work, and all are asked for work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.config import Config
from mailer.people import limits
from mailer.store.tables import Hit

ASKED = "sign-up to a list"
CONFIRMED = "confirmed sign-up to a list"
TRIPPED = "form that asks for work"

# Once it is seen a form goes on asking for so long, and the look is written down this often.
STAYS, LOOK = timedelta(hours=1), timedelta(minutes=1)
# Time people need to find the letter and press its button. A flood of so many times the figure is not waited for.
TO_CONFIRM, FLOOD = timedelta(minutes=3), 10
# All forms together may get so many times as many.
TOGETHER = 5
# So many sign-ups of one mailbox in an hour are nobody's own.
OF_ONE_MAILBOX = 10


@dataclass(frozen=True)
class Attack:
    """One form that is being misused: sign-ups of this hour, and how many of them were confirmed."""

    list_name: str
    asked: int
    confirmed: int


def note_asked(session: Session, list_names: Sequence[str], mailbox: str) -> None:
    """Count a sign-up to these lists by a mailbox, which is known by its hash."""
    limits.hit_all(session, [*((ASKED, name) for name in list_names), (limits.MAILBOX, mailbox)])


def note_confirmed(session: Session, list_names: Sequence[str], domain: str) -> None:
    """Count that somebody of this receiving domain, known by its hash, confirmed these lists."""
    limits.hit_all(session, [*((CONFIRMED, name) for name in list_names), (limits.DOMAIN_CONFIRMED, domain)])


def asks_for_work(session: Session, list_names: Sequence[str]) -> bool:
    """Say whether one of these forms asks for a proof of work now."""
    since = clock.now() - STAYS
    return any(limits.count(session, TRIPPED, name, since) for name in list_names)


def watch(session: Session, config: Config) -> list[Attack]:
    """Look at every form and let those ask for work that are misused; return the ones that just began to."""
    now = clock.now()
    attacks = _attacks(session, config)
    fresh = [attack for attack in attacks if not limits.count(session, TRIPPED, attack.list_name, now - STAYS)]
    for attack in attacks:
        if not limits.count(session, TRIPPED, attack.list_name, now - LOOK):
            limits.hit(session, TRIPPED, attack.list_name)
    return fresh


def hammered(session: Session) -> int:
    """Return how often the mailbox that was entered most was entered in this hour, 0 if no more than people do."""
    often = func.count().label("often")
    most = session.scalar(
        select(often)
        .where(Hit.kind == limits.MAILBOX, Hit.at > clock.now() - limits.HOUR)
        .group_by(Hit.subject)
        .having(often >= OF_ONE_MAILBOX)
        .order_by(often.desc())
        .limit(1)
    )
    return most or 0


def _attacks(session: Session, config: Config) -> list[Attack]:
    forms = _counted(session)
    found = [form for form in forms if _is_misused(config, form)]
    rest = [form for form in forms if form not in found]
    # Few at each of many forms are many as well.
    every = _Form("", *(sum(getattr(form, name) for form in rest) for name in ("asked", "ripe", "confirmed")))
    if every.ripe >= TOGETHER * config.signup.breaker_signups and _is_misused(config, every):
        found += rest
    return [Attack(form.list_name, form.asked, form.confirmed) for form in found]


@dataclass(frozen=True)
class _Form:
    """A form's sign-ups of this hour, those people had the time to confirm, and the confirmed ones."""

    list_name: str
    asked: int
    ripe: int
    confirmed: int


def _is_misused(config: Config, form: _Form) -> bool:
    least, share = config.signup.breaker_signups, config.signup.breaker_percent / 100
    is_flood = form.asked >= least * FLOOD and form.confirmed < form.asked * share / FLOOD
    return is_flood or (form.ripe >= least and form.confirmed < form.ripe * share)


def _counted(session: Session) -> list[_Form]:
    now = clock.now()
    is_asked = Hit.kind == ASKED
    kinds = (is_asked, and_(is_asked, Hit.at <= now - TO_CONFIRM), Hit.kind == CONFIRMED)
    rows = session.execute(
        select(Hit.subject, *(func.sum(case((kind, 1), else_=0)) for kind in kinds))
        .where(Hit.kind.in_((ASKED, CONFIRMED)), Hit.at > now - limits.HOUR)
        .group_by(Hit.subject)
        .order_by(Hit.subject)
    )
    return [_Form(*row) for row in rows]
