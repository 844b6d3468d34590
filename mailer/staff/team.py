"""The people who may work at the desk: added, found, given a role, disabled."""

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mailer import clock
from mailer.address import parse
from mailer.errors import BadInput, NotFound, Refused
from mailer.staff import deeds, sessions
from mailer.store.tables import ROLES, DeskSession, Staff, StaffLink

# The row the very first link belongs to until somebody says who they are.
UNNAMED = "first"
OPERATOR = "operator"


def add(session: Session, *, name: str, address: str, role: str, actor: str) -> Staff:
    """Add somebody who cannot log in yet: a link lets them choose a password.

    BadInput for a name, address or role that cannot be used; Refused if the address is taken.
    """
    person = Staff(created_at=clock.now())
    _describe(session, person, name=name, address=address, role=role)
    session.add(person)
    session.flush()
    deeds.record(session, actor, "staff added", subject(person), {"role": role})
    return person


def name_first(session: Session, person: Staff, *, name: str, address: str) -> None:
    """Say who the first operator is; Refused if somebody else has become staff meanwhile."""
    if person.address_key != UNNAMED or somebody(session):
        raise Refused("somebody else set this up meanwhile", cure="ask an operator for a link of your own")
    _describe(session, person, name=name, address=address, role=OPERATOR)
    session.flush()
    deeds.record(session, f"desk:{person.name}", "staff added", subject(person), {"role": OPERATOR})


def unnamed(session: Session) -> Staff:
    """Return the row the first link belongs to, made now if there is none."""
    found = session.scalars(select(Staff).where(Staff.address_key == UNNAMED)).first()
    if found is None:
        found = Staff(name="", address="", address_key=UNNAMED, role=OPERATOR, created_at=clock.now())
        session.add(found)
        session.flush()
    return found


def somebody(session: Session) -> bool:
    """Say whether anybody is staff, whether or not they have a password yet."""
    return session.scalars(select(Staff.id).where(Staff.address_key != UNNAMED).limit(1)).first() is not None


def every(session: Session) -> Sequence[Staff]:
    """Return all staff by name, disabled ones last."""
    known = select(Staff).where(Staff.address_key != UNNAMED)
    return session.scalars(known.order_by(Staff.disabled_at.is_not(None), func.lower(Staff.name), Staff.id)).all()


def need(session: Session, staff_id: int) -> Staff:
    """Return this person; NotFound if there is none."""
    found = session.get(Staff, staff_id, populate_existing=True)
    if found is None or found.address_key == UNNAMED:
        raise NotFound(f"there is nobody with the number {staff_id} on the staff")
    return found


def with_address(session: Session, text: str) -> Staff:
    """Return the person with this address, however it is spelled; NotFound if there is none."""
    found = session.scalars(select(Staff).where(Staff.address_key == parse(text).key)).first()
    if found is None:
        raise NotFound("nobody on the staff has this address", cure="`mailer staff show` lists them")
    return found


def set_role(session: Session, person: Staff, role: str, *, actor: str) -> None:
    """Give somebody another role, and log them out everywhere; Refused if no operator were left."""
    _check_role(role)
    if role == person.role:
        return
    if role != OPERATOR:
        _keep_an_operator(session, person)
    before, person.role = person.role, role
    session.flush()
    sessions.end_others(session, person.id)
    deeds.record(session, actor, "staff role changed", subject(person), {"role": role, "before": before})


def disable(session: Session, person: Staff, *, actor: str) -> None:
    """Let somebody in no more: sessions end and links die at once. Refused for the last operator."""
    _keep_an_operator(session, person)
    if person.disabled_at is None:
        person.disabled_at = clock.now()
        session.flush()
        deeds.record(session, actor, "staff disabled", subject(person))
    shut_out(session, person.id)


def enable(session: Session, person: Staff, *, actor: str) -> None:
    """Let somebody in again, with the password they had."""
    if person.disabled_at is not None:
        person.disabled_at = None
        session.flush()
        deeds.record(session, actor, "staff enabled", subject(person))


def set_password(session: Session, person: Staff, password_hash: str, *, actor: str) -> None:
    """Keep the hash of a new password; every session ends and every link that is still open dies."""
    person.password_hash = password_hash
    session.flush()
    shut_out(session, person.id)
    deeds.record(session, actor, "password set", subject(person))


def shut_out(session: Session, staff_id: int) -> None:
    """End every session of somebody and every link that was not used."""
    now = clock.now()
    for table, column in ((DeskSession, "ended_at"), (StaffLink, "used_at")):
        open_rows = update(table).where(table.staff_id == staff_id, getattr(table, column).is_(None))
        session.execute(open_rows.values({column: now}).execution_options(synchronize_session=False))


def subject(person: Staff) -> str:
    """Return how a person of the staff is named in deeds."""
    return f"staff {person.id} {person.name}".strip()


def _describe(session: Session, person: Staff, *, name: str, address: str, role: str) -> None:
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())[:100]
    if not shown:
        raise BadInput("is empty", place="name", cure="say how colleagues know this person")
    _check_role(role)
    found = parse(address)
    taken = select(Staff.id).where(Staff.address_key == found.key)
    if session.scalars(taken).first() is not None:
        raise Refused("somebody on the staff has this address", place="address", cure="make a new link for them")
    # Deeds are signed with the name.
    if session.scalars(select(Staff.id).where(func.lower(Staff.name) == shown.lower())).first() is not None:
        raise Refused("somebody on the staff has this name", place="name", cure="add what tells them apart")
    person.name, person.address, person.address_key, person.role = shown, found.spelled, found.key, role


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise BadInput(f"{role[:40]!r} is no role", place="role", cure=f"choose one of {', '.join(ROLES)}")


def _keep_an_operator(session: Session, person: Staff) -> None:
    # Held until the transaction ends, so that two operators cannot disable each other at once.
    operators = select(Staff.id).where(
        Staff.role == OPERATOR, Staff.disabled_at.is_(None), Staff.password_hash != "", Staff.address_key != UNNAMED
    )
    if set(session.scalars(operators.with_for_update())) == {person.id}:
        raise Refused("this is the last operator", place=person.name, cure="make somebody else operator first")
