"""Whether anybody sends and how, what keeps them from it, and whether there is anything to send."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.config import Config
from mailer.errors import Refused
from mailer.send import report
from mailer.send.report import RelayReport
from mailer.store.tables import Mailing, Notice, Worker

SENDING, NOBODY, STUCK = "alive", "nobody", "stuck"
LEASES = 3


@dataclass(frozen=True)
class RelayView:
    """One relay as all sending processes together see it."""

    name: str
    rate: float
    connections: int
    in_flight: int
    # Since when it carries nothing for anybody, and why; None if it does for somebody.
    unwell_since: datetime | None
    rests_until: datetime | None
    why: str
    slowed: tuple[str, ...]


@dataclass(frozen=True)
class Live:
    """What the sending processes that live say of themselves."""

    relays: Sequence[RelayView] = field(default_factory=tuple)
    workers: int = 0
    # Why one of them could not write into the store the last time, or "".
    store: str = ""

    @property
    def rate(self) -> float:
        """Return messages a second."""
        return sum(relay.rate for relay in self.relays)


@dataclass(frozen=True)
class Health:
    """Whether sending is well: ``sending`` as look() says it, and what is wrong, each with its reason."""

    sending: str
    store: str = ""
    resting: Sequence[str] = ()

    @property
    def status(self) -> str:
        """Return "ok", "degraded" while some relay rests for long, or "red"."""
        if self.sending == STUCK or self.store:
            return "red"
        return "degraded" if self.resting else "ok"


def look(session: Session, config: Config) -> str:
    """Say "alive" if a sending process was heard of lately, "nobody" if none is needed, else "stuck"."""
    if session.scalar(_alive(config).with_only_columns(Worker.id).limit(1)) is not None:
        return SENDING
    return STUCK if _is_work(session) else NOBODY


def trouble(session: Session, config: Config) -> str:
    """Return what keeps every living sending process from sending, such as a relay that does not answer; else ""."""
    found = session.scalars(_alive(config).with_only_columns(Worker.trouble).order_by(Worker.seen_at.desc())).all()
    return found[0] if found and all(found) else ""


def must_rest(session: Session, config: Config) -> None:
    """Raise Refused while a process sends, or a mailing is being sent."""
    alive = session.scalars(_alive(config).order_by(Worker.name)).first()
    if alive:
        silent = LEASES * config.send.lease_seconds
        raise Refused(
            f"a sending process is alive: {alive.name}",
            place="store.url",
            cure=f"stop every mailer process; one that was killed counts for {silent:.0f} seconds",
        )
    sending = session.scalars(select(Mailing.id).where(Mailing.state == "sending").order_by(Mailing.id)).first()
    if sending:
        cure = f"wait until it is sent, or pause it: `mailer mailing pause {sending}`"
        raise Refused(f"mailing {sending} is being sent", place="store.url", cure=cure)


def live(session: Session, config: Config) -> Live:
    """Return how sending goes now, relay by relay."""
    kept = session.scalars(_alive(config).with_only_columns(Worker.report)).all()
    reports = [report.read(each) for each in kept]
    names = sorted({name for each in reports for name in each.relays})
    views = [_view(name, [each.relays[name] for each in reports if name in each.relays]) for name in names]
    return Live(views, len(reports), next((each.store for each in reports if each.store), ""))


def is_narrow(session: Session, config: Config) -> bool:
    """Say whether every relay said that it carries no letters beyond ASCII in addresses; False while nobody knows."""
    kept = session.scalars(_alive(config).with_only_columns(Worker.report)).all()
    relays = [relay for each in kept for relay in report.read(each).relays.values()]
    return bool(relays) and all(relay.is_narrow for relay in relays)


def health(session: Session, config: Config) -> Health:
    """Return whether what is to be sent is sent by somebody, can be written down, and no relay rests for long."""
    now_live = live(session, config)
    is_work = _is_work(session)
    sending = SENDING if now_live.workers else STUCK if is_work else NOBODY
    patience = clock.now() - timedelta(minutes=config.watch.resting_minutes)
    resting = [view.name for view in now_live.relays if view.unwell_since and view.unwell_since <= patience]
    return Health(sending, now_live.store, resting if is_work else ())


def totals(session: Session) -> dict[tuple[str, str], int]:
    """Return how many tries ended in which state, by relay and state, counted by every process there ever was."""
    found: dict[tuple[str, str], int] = {}
    for kept in session.scalars(select(Worker.report)):
        for name, relay in report.read(kept).relays.items():
            for state, number in relay.outcomes.items():
                found[name, state] = found.get((name, state), 0) + number
    return found


def sending_now(session: Session) -> int:
    """Return how many mailings are being sent: they share what the relays take."""
    return session.scalar(select(func.count()).where(Mailing.state == "sending")) or 0


def _view(name: str, seen: Sequence[RelayReport]) -> RelayView:
    # It is unwell when it is so for everybody; then since the first of them found out.
    is_unwell = all(each.unwell_since for each in seen)
    first = min(seen, key=lambda each: each.unwell_since or float("inf"))
    return RelayView(
        name,
        rate=round(sum(each.rate for each in seen), 1),
        connections=sum(each.connections for each in seen),
        in_flight=sum(each.in_flight for each in seen),
        unwell_since=_moment(first.unwell_since) if is_unwell else None,
        rests_until=_moment(min(each.rests_until for each in seen)) if is_unwell else None,
        why=first.why if is_unwell else "",
        slowed=tuple(sorted({route for each in seen for route in each.slowed})),
    )


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, clock.now().tzinfo) if seconds else None


def _alive(config: Config) -> Select[Worker]:
    lately = clock.now() - timedelta(seconds=LEASES * config.send.lease_seconds)
    return select(Worker).where(Worker.seen_at >= lately, Worker.ended_at.is_(None))


def _is_work(session: Session) -> bool:
    """Say whether a mailing is due or being sent, or a notice waits."""
    due = (Mailing.state.in_(("scheduled", "holding"))) & (Mailing.due_at <= clock.now()) & Mailing.asked_at.is_(None)
    mailing = select(Mailing.id).where(or_(Mailing.state == "sending", due)).limit(1)
    notice = select(Notice.id).where(Notice.state.in_(("queued", "waiting", "begun"))).limit(1)
    return session.scalar(mailing) is not None or session.scalar(notice) is not None
