"""What speaks against sending that the text does not show: what went before, what else is on its way, the relays."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.compose.findings import Check, Finding
from mailer.config import Config
from mailer.mailing import capacity, mailings
from mailer.mailing.schedule import say
from mailer.store.tables import Mailing, MailingStatement

CLOSE = timedelta(hours=6)
# In so small a list a few people more are a large share, and nothing to look at.
FEW = 10
LEAVING = ("scheduled", "holding", "sending", "paused", "sent", "stopped")

CATALOGUE: Mapping[str, Check] = {
    "statement.sent_before": Check(
        "warn",
        "This statement went, or is to go, to one of these lists already.",
        "Send it only if it is meant to come twice, and say in it why.",
    ),
    "audience.unusual": Check(
        "warn",
        "It goes to many more, or many fewer, people than the last mailing to these lists.",
        "See whether the lists are the right ones, and what changed in them.",
    ),
    "audience.twice": Check(
        "warn",
        "Another mailing goes to one of these lists within six hours of now.",
        "Choose another moment, or make one mailing of the two.",
    ),
    "relay.none": Check(
        "warn",
        "No relay carries mail from the address of a list, so its letters would wait.",
        "Add the domain to a relay, or send from a domain one carries.",
    ),
    "relay.slow": Check(
        "warn",
        "The limits of the relays spread this mailing over more than a day.",
        "Schedule it so much earlier, raise the limits, or add a relay.",
    ),
}


def findings(session: Session, config: Config, mailing: Mailing, written: int) -> list[Finding]:
    """Return what the store and the configuration say against sending a mailing now to ``written`` people."""
    return [
        *_sent_before(session, config, mailing),
        *_unusual(session, mailing, written),
        *_close_by(session, config, mailing),
        *_relays(session, config, mailing, written),
    ]


def _found(code: str, place: str) -> Finding:
    check = CATALOGUE[code]
    return Finding(code, check.level, check.why, check.cure, place)


def _named(config: Config, other: Mailing) -> str:
    moment = other.started_at or other.due_at
    when = f", {say(moment.replace(microsecond=0), config.site.zone)}" if moment else ""
    return f"mailing {other.id}, “{other.subject}”, {other.state}{when}"


def _sent_before(session: Session, config: Config, mailing: Mailing) -> Iterator[Finding]:
    same = select(MailingStatement.mailing_id).where(
        MailingStatement.statement_id.in_(
            select(MailingStatement.statement_id).where(MailingStatement.mailing_id == mailing.id)
        )
    )
    wanted = mailings.to_same_lists(mailing.id).where(Mailing.state.in_(LEAVING), Mailing.id.in_(same))
    # Taken back before it started: nobody got it.
    gone = wanted.where(or_(Mailing.state != "stopped", Mailing.started_at.is_not(None)))
    for other in session.scalars(gone.limit(3)):
        yield _found("statement.sent_before", _named(config, other))


def _unusual(session: Session, mailing: Mailing, written: int) -> Iterator[Finding]:
    """Compare with the last mailing that went to just these lists."""
    ours = {mlist.id for mlist in mailings.lists_of(session, mailing.id)}
    for other in session.scalars(mailings.to_same_lists(mailing.id).where(Mailing.state == "sent").limit(10)):
        if {mlist.id for mlist in mailings.lists_of(session, other.id)} != ours:
            continue
        change = abs(written - other.chosen)
        if change >= FEW and change * 10 > other.chosen * 3:
            yield _found("audience.unusual", f"{written:,} people now, {other.chosen:,} for mailing {other.id}")
        return


def _close_by(session: Session, config: Config, mailing: Mailing) -> Iterator[Finding]:
    now = clock.now()
    moment = func.coalesce(Mailing.started_at, Mailing.due_at)
    near = mailings.to_same_lists(mailing.id).where(
        Mailing.state.in_(LEAVING),
        or_(Mailing.state.in_(("sending", "paused")), moment.between(now - CLOSE, now + CLOSE)),
    )
    started = near.where(or_(Mailing.state != "stopped", Mailing.started_at.is_not(None)))
    for other in session.scalars(started.limit(5)):
        yield _found("audience.twice", _named(config, other))


def _relays(session: Session, config: Config, mailing: Mailing, written: int) -> Iterator[Finding]:
    domains = {mlist.from_address.rpartition("@")[2] for mlist in mailings.lists_of(session, mailing.id)}
    relays = {}
    for domain in sorted(domains):
        serving = capacity.serving(config, domain)
        if not serving:
            yield _found("relay.none", f"mail from {domain}")
        relays.update(serving)
    now = clock.now()
    total = capacity.together(relays.values(), now.date())
    if relays and total and written > total:
        done = now.replace(microsecond=0) + timedelta(days=written / total)
        ends = say(done.replace(minute=0, second=0, microsecond=0), config.site.zone)
        yield _found("relay.slow", f"{written:,} letters, {total:,} a day: begun now, done about {ends}")
