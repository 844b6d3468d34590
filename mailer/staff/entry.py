"""How staff come in: one-time links, logging in, sessions. Of a secret only its SHA-256 is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import CursorResult, Delete, Update, delete, func, select, update
from sqlalchemy.orm import Session

from mailer import clock
from mailer.address import parse
from mailer.config import Config
from mailer.errors import BadInput, NotFound, Refused
from mailer.staff import passwords, team
from mailer.store.tables import DeskSession, Hit, Staff, StaffLink

SETUP, RESET = "setup", "reset"
BY_PAIR, BY_NETWORK, BY_CODE = "login to an account", "login from a network", "code for an account"
BY_ACCOUNT, KNOWN = "login to an account from anywhere new", "network an account logged in from"
WINDOW = timedelta(hours=1)
# Tries without a wait, then seconds of waiting that double with every further one, up to the longest.
FREE_BY_PAIR, FREE_BY_NETWORK, FREE_BY_ACCOUNT = 5, 30, 20
FIRST_WAIT, LONGEST_WAIT = 15, 900
# A click is written down at most this often.
TOUCH = timedelta(minutes=2)


@dataclass(frozen=True)
class Opened:
    """What a one-time link stands for: whose it is, and whether it makes the very first operator."""

    staff_id: int
    name: str
    address: str
    purpose: str
    first: bool


@dataclass(frozen=True)
class Visit:
    """Somebody who is logged in; ``due`` says that the last click should be written down again."""

    session_id: int
    staff_id: int
    name: str
    address: str
    role: str
    due: bool

    @property
    def actor(self) -> str:
        """Return how this person signs what they do."""
        return f"desk:{self.name}"


def first_link(session: Session, config: Config) -> str | None:
    """Return a one-time link that makes the first operator; None if there is staff already."""
    return None if team.somebody(session) else link(session, config, team.unnamed(session))


def link(session: Session, config: Config, person: Staff) -> str:
    """Return a link by which somebody chooses a password, once, within ``desk.link_hours``; older ones die."""
    if person.disabled_at is not None:
        raise Refused("is disabled", place=person.name, cure="enable them first")
    now = clock.now()
    older = update(StaffLink).where(StaffLink.staff_id == person.id, StaffLink.used_at.is_(None))
    _changed(session, older.values(used_at=now))
    secret = secrets.token_urlsafe(32)
    session.add(
        StaffLink(
            secret_hash=_digest(secret),
            staff_id=person.id,
            purpose=RESET if person.password_hash else SETUP,
            created_at=now,
            expires_at=now + timedelta(hours=config.desk.link_hours),
        )
    )
    session.flush()
    return f"{config.site.base_url}/desk/setup/{secret}"


def look_at(session: Session, secret: str) -> Opened:
    """Return what a link stands for without using it; NotFound, always in the same words, if it does nothing."""
    row = session.execute(
        select(StaffLink.purpose, Staff)
        .join(Staff, Staff.id == StaffLink.staff_id)
        .where(
            StaffLink.secret_hash == _digest(secret),
            StaffLink.used_at.is_(None),
            StaffLink.expires_at > clock.now(),
            Staff.disabled_at.is_(None),
        )
    ).first()
    first = row is not None and row.Staff.address_key == team.UNNAMED
    if row is None or (first and team.somebody(session)):
        raise NotFound("this link was used already, or is too old", cure="ask an operator for a new one")
    return Opened(row.Staff.id, row.Staff.name, row.Staff.address, row.purpose, first)


def use(session: Session, secret: str) -> Staff:
    """Use a link up and return whose it is; of two who try at once one gets NotFound."""
    opened = look_at(session, secret)
    mine = update(StaffLink).where(StaffLink.secret_hash == _digest(secret), StaffLink.used_at.is_(None))
    if not _changed(session, mine.values(used_at=clock.now())):
        raise NotFound("this link was used already, or is too old", cure="ask an operator for a new one")
    return session.get_one(Staff, opened.staff_id, populate_existing=True)


def try_login(session: Session, network: str, address: str) -> int:
    """Count one try to log in and return 0, or return the seconds to wait first.

    Tries are limited for an account from one network, for a network, and for an account from all networks together
    it did not log in from of late: many who guess at once are slowed, and never lock the owner out of a place they
    work from. A try made while waiting does not make the wait longer.
    """
    limits = _limits(session, network, address)
    wait = max(_wait(session, kind, subject, free) for kind, subject, free in limits)
    if not wait:
        now = clock.now()
        session.add_all([Hit(kind=kind, subject=subject, at=now) for kind, subject, _ in limits])
        session.flush()
    return wait


def try_code(session: Session, staff_id: int) -> int:
    """Count one code given for somebody and return 0, or return the seconds to wait first.

    From wherever it comes: only who knows the password gets as far, and a code is short enough to be guessed by many.
    """
    subject = str(staff_id)
    wait = _wait(session, BY_CODE, subject, FREE_BY_PAIR)
    if not wait:
        session.add(Hit(kind=BY_CODE, subject=subject, at=clock.now()))
        session.flush()
    return wait


def forget_codes(session: Session, staff_id: int) -> None:
    """Forget the codes that were wrong: the right one was given."""
    _changed(session, delete(Hit).where(Hit.kind == BY_CODE, Hit.subject == str(staff_id)))


def credentials(session: Session, address: str) -> tuple[int, str]:
    """Return number and password hash of an account; (0, a hash nothing fits) if nobody can log in with it."""
    found = session.execute(
        select(Staff.id, Staff.password_hash).where(
            Staff.address_key == _key(address), Staff.password_hash != "", Staff.disabled_at.is_(None)
        )
    ).first()
    return (found.id, found.password_hash) if found else (0, passwords.NOBODY)


def begin(session: Session, staff_id: int, password_hash: str, *, agent: str, network: str, address: str) -> str:
    """Begin a session and return its secret; the tries that led to it are forgotten.

    Refused if the password was changed, or the person disabled, while it was checked.
    """
    person = session.get_one(Staff, staff_id, with_for_update=True, populate_existing=True)
    if person.password_hash != password_hash or person.disabled_at is not None:
        raise Refused("the password was changed this moment", cure="log in with the new one")
    for kind, subject, _ in _limits(session, network, address):
        mine = delete(Hit).where(Hit.kind == kind, Hit.subject == subject)
        last = select(func.max(Hit.id)).where(Hit.kind == kind, Hit.subject == subject).scalar_subquery()
        _changed(session, mine if kind == BY_PAIR else mine.where(Hit.id == last))
    pair, _ = _subjects(network, address)
    _changed(session, delete(Hit).where(Hit.kind == KNOWN, Hit.subject == pair))
    session.add(Hit(kind=KNOWN, subject=pair, at=clock.now()))
    return _open(session, staff_id, agent)


def admit(session: Session, person: Staff, *, agent: str) -> str:
    """Begin a session for somebody who has just chosen a password by their link, and return its secret."""
    return _open(session, person.id, agent)


def visit(session: Session, config: Config, secret: str) -> Visit | None:
    """Return who is logged in with this secret; None if ended, idle for ``desk.session_hours``, or disabled."""
    now = clock.now()
    row = session.execute(
        select(DeskSession, Staff)
        .join(Staff, Staff.id == DeskSession.staff_id)
        .where(
            DeskSession.secret_hash == _digest(secret),
            DeskSession.ended_at.is_(None),
            DeskSession.seen_at > now - timedelta(hours=config.desk.session_hours),
            Staff.disabled_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    mine, person = row.DeskSession, row.Staff
    return Visit(mine.id, person.id, person.name, person.address, person.role, now - mine.seen_at > TOUCH)


def touch(session: Session, session_id: int) -> None:
    """Write down that somebody is still here."""
    open_row = update(DeskSession).where(DeskSession.id == session_id, DeskSession.ended_at.is_(None))
    _changed(session, open_row.values(seen_at=clock.now()))


def end(session: Session, session_id: int) -> None:
    """Log out one browser."""
    open_row = update(DeskSession).where(DeskSession.id == session_id, DeskSession.ended_at.is_(None))
    _changed(session, open_row.values(ended_at=clock.now()))


def _open(session: Session, staff_id: int, agent: str) -> str:
    secret, now = secrets.token_urlsafe(32), clock.now()
    session.add(
        DeskSession(secret_hash=_digest(secret), staff_id=staff_id, created_at=now, seen_at=now, agent=agent[:200])
    )
    session.flush()
    return secret


def _wait(session: Session, kind: str, subject: str, free: int) -> int:
    now = clock.now()
    tries = select(func.count(), func.max(Hit.at)).where(
        Hit.kind == kind, Hit.subject == subject, Hit.at > now - WINDOW
    )
    number, last = session.execute(tries).one()
    if number < free or last is None:
        return 0
    wait: int = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(number - free, 10))
    return max(0, ceil(wait - (now - last).total_seconds()))


def _limits(session: Session, network: str, address: str) -> list[tuple[str, str, int]]:
    pair, whole = _subjects(network, address)
    limits = [(BY_PAIR, pair, FREE_BY_PAIR), (BY_NETWORK, whole, FREE_BY_NETWORK)]
    if session.scalars(select(Hit.id).where(Hit.kind == KNOWN, Hit.subject == pair).limit(1)).first() is None:
        limits.append((BY_ACCOUNT, _digest(_key(address)), FREE_BY_ACCOUNT))
    return limits


def _subjects(network: str, address: str) -> tuple[str, str]:
    # Hashed, so that what was mistyped (a password, perhaps) is not kept.
    return _digest(f"{network}\0{_key(address)}"), _digest(network)


def _key(address: str) -> str:
    try:
        return parse(address).key
    except BadInput:
        return address.strip().casefold()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _changed(session: Session, statement: Update | Delete) -> int:
    done = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    return done.rowcount
