"""The second step of logging in: a code that an app on one's telephone shows (TOTP, RFC 6238), or a recovery code."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest

import pyotp
import segno
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.errors import BadInput, NotFound, Refused
from mailer.staff import deeds, team
from mailer.store.tables import SecondStep, Staff
from mailer.tokens import Keys

PURPOSE = "second step of a login"
SECONDS = 30
# Telephones go wrong by a little: the code before and the one after do too.
DRIFT = 1
RECOVERY_CODES = 10
TICKET_LIVES = timedelta(minutes=10)


@dataclass(frozen=True)
class Picture:
    """A QR code as an SVG path of unit squares, ``size`` wide and high."""

    size: int
    path: str


def is_on(session: Session, staff_id: int) -> bool:
    """Say whether somebody is asked for a code."""
    row = session.get(SecondStep, staff_id, populate_existing=True)
    return row is not None and row.confirmed_at is not None


def those_on(session: Session) -> set[int]:
    """Return the numbers of everybody who is asked for a code."""
    return set(session.scalars(select(SecondStep.staff_id).where(SecondStep.confirmed_at.is_not(None))))


def begin(session: Session, staff_id: int) -> None:
    """Make a new secret, which asks nobody for anything until confirm(); Refused if there is one already."""
    row = session.get(SecondStep, staff_id, with_for_update=True, populate_existing=True)
    if row is not None and row.confirmed_at is not None:
        raise Refused("the second step is on already", cure="turn it off first")
    row = row or SecondStep(staff_id=staff_id)
    row.secret, row.made_at, row.last_step, row.recovery = pyotp.random_base32(), clock.now(), 0, []
    session.add(row)
    session.flush()


def pending(session: Session, staff_id: int) -> str:
    """Return the secret that waits for its first code; "" if none does."""
    row = session.get(SecondStep, staff_id, populate_existing=True)
    return row.secret if row is not None and row.confirmed_at is None else ""


def confirm(session: Session, person: Staff, code: str, *, actor: str) -> list[str]:
    """Turn it on with the first code of the app, and return the recovery codes: they are known only now."""
    row = session.get(SecondStep, person.id, with_for_update=True, populate_existing=True)
    if row is None or row.confirmed_at is not None:
        raise Refused("there is nothing to confirm", cure="begin again")
    if not _is_shown(row, code):
        raise BadInput("is not what the app shows now", place="code", cure="wait for the next one; is its clock right?")
    fresh = [f"{text[:5]}-{text[5:]}" for text in (secrets.token_hex(5) for _ in range(RECOVERY_CODES))]
    row.confirmed_at, row.recovery = clock.now(), [_digest(each) for each in fresh]
    session.flush()
    deeds.record(session, actor, "second step turned on", team.subject(person))
    return fresh


def use(session: Session, person: Staff, code: str) -> bool:
    """Say whether this is a code of somebody, and use it up: every code works once."""
    row = session.get(SecondStep, person.id, with_for_update=True, populate_existing=True)
    if row is None or row.confirmed_at is None:
        return False
    if _is_shown(row, code):
        return True
    given = _digest(code)
    if given not in row.recovery:
        return False
    row.recovery = [kept for kept in row.recovery if kept != given]
    session.flush()
    deeds.record(
        session, f"desk:{person.name}", "recovery code used", team.subject(person), {"left": len(row.recovery)}
    )
    return True


def turn_off(session: Session, person: Staff, *, actor: str) -> None:
    """Ask somebody for no code any more; what was not confirmed yet is thrown away too."""
    row = session.get(SecondStep, person.id, with_for_update=True, populate_existing=True)
    if row is None:
        return
    was_on = row.confirmed_at is not None
    session.delete(row)
    session.flush()
    if was_on:
        deeds.record(session, actor, "second step turned off", team.subject(person))


def ticket(keys: Keys, staff_id: int, password_hash: str) -> str:
    """Return what says, for ten minutes, that somebody knew this password."""
    ends = int((clock.now() + TICKET_LIVES).timestamp())
    return keys.ring.sign(PURPOSE, staff_id, ends, _mark(password_hash))


def redeem(session: Session, keys: Keys, text: str) -> Staff:
    """Return whose ticket this is; NotFound if it is too old or no ticket, or the password was changed since."""
    try:
        numbers = keys.ring.read(PURPOSE, text)
    except BadInput:
        numbers = ()
    person = session.get(Staff, numbers[0], populate_existing=True) if len(numbers) == 3 else None
    if (
        person is None
        or numbers[1] < clock.now().timestamp()
        or numbers[2] != _mark(person.password_hash)
        or person.disabled_at is not None
    ):
        raise NotFound("this took too long", cure="log in again")
    return person


def address(secret: str, person: str, house: str) -> str:
    """Return what an app reads from the picture (an ``otpauth:`` address)."""
    return pyotp.TOTP(secret).provisioning_uri(name=person, issuer_name=house)


def picture(text: str) -> Picture:
    """Return a text as a QR code."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=4)]
    squares = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark]
    return Picture(len(rows), "".join(squares))


def _is_shown(row: SecondStep, code: str) -> bool:
    given, now = "".join(code.split()), int(clock.now().timestamp()) // SECONDS
    if not (given.isascii() and given.isdecimal()):
        return False
    app = pyotp.TOTP(row.secret)
    for step in range(now - DRIFT, now + DRIFT + 1):
        # One that was used is not taken again, nor one before it (RFC 6238, 5.2).
        if step > row.last_step and compare_digest(app.at(step * SECONDS), given):
            row.last_step = step
            return True
    return False


def _digest(code: str) -> str:
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


def _mark(password_hash: str) -> int:
    return int(hashlib.sha256(password_hash.encode()).hexdigest()[:12], 16)
