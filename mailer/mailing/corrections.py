"""What is done to the archive after sending: a correction, another address, another visibility."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.errors import BadInput, Refused
from mailer.people.cleaning import lines, one_line
from mailer.store.tables import ARCHIVES, Correction, FormerName, Mailing, MailingList, StatementRow

# Names of ours below a list's address, on the site and in files.
TAKEN = frozenset({"latest", "index"})
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_SLUG, LONGEST_NOTE = 120, 1000
AS_THE_LIST = "list"


@dataclass(frozen=True)
class Said:
    """One correction: when, what was said of it, and the title and deck of the text it brought, if it did."""

    at: datetime
    note: str
    statement_id: int | None
    title: str
    deck: str


def correct(session: Session, mailing: Mailing, note: str, statement: StatementRow | None, *, actor: str) -> None:
    """Put a dated note on a mailing's web copy, and another text in its place if one is given.

    What was sent stays as it was. Refused before the mailing has begun, BadInput without a note.
    """
    if mailing.started_at is None:
        problem = f"it is {mailing.state}: nothing was sent that could be corrected"
        raise Refused(problem, place=f"mailing {mailing.id}", cure="make a draft of the right text instead")
    said = lines(note).strip()
    if not said:
        raise BadInput("is empty", place="note", cure="say in one sentence what was wrong and is right now")
    if len(said) > LONGEST_NOTE:
        raise BadInput(f"has {len(said)} letters", place="note", cure=f"use at most {LONGEST_NOTE}")
    session.add(
        Correction(
            mailing_id=mailing.id,
            at=clock.now(),
            note=said,
            statement_id=statement.id if statement else None,
            made_by=actor,
        )
    )
    session.flush()


def every(session: Session, mailing_ids: Sequence[int]) -> dict[int, list[Said]]:
    """Return the corrections of mailings, oldest first; mailings without one are not named."""
    query = (
        select(Correction, StatementRow.title, StatementRow.deck)
        .outerjoin(StatementRow, StatementRow.id == Correction.statement_id)
        .where(Correction.mailing_id.in_(mailing_ids))
        .order_by(Correction.id)
    )
    found: dict[int, list[Said]] = {}
    for row, title, deck in session.execute(query) if mailing_ids else ():
        found.setdefault(row.mailing_id, []).append(Said(row.at, row.note, row.statement_id, title or "", deck or ""))
    return found


def last(session: Session, mailing_ids: Sequence[int]) -> dict[int, Said]:
    """Return what holds now of each corrected mailing: the newest moment and note, and the newest text."""
    found = {}
    for mailing_id, said in every(session, mailing_ids).items():
        newest = next((each for each in reversed(said) if each.statement_id), said[-1])
        found[mailing_id] = Said(said[-1].at, said[-1].note, newest.statement_id, newest.title, newest.deck)
    return found


def show_to(session: Session, thing: Mailing | MailingList, visibility: str) -> None:
    """Set who may read a mailing, or all mailings of a list that have no say of their own."""
    allowed = (*ARCHIVES, AS_THE_LIST) if isinstance(thing, Mailing) else ARCHIVES
    if visibility not in allowed:
        raise BadInput(
            f"{one_line(visibility, 40)!r} is not known", place="archive", cure=f"write one of {', '.join(allowed)}"
        )
    thing.archive = "" if visibility == AS_THE_LIST else visibility
    session.flush()


def move(session: Session, mailing: Mailing, slug: str) -> None:
    """Give a mailing's page another address; the old one goes on leading there."""
    wanted = slug.strip()
    if wanted == mailing.slug:
        return
    if not SLUG.fullmatch(wanted) or len(wanted) > LONGEST_SLUG:
        raise BadInput(
            f"{one_line(slug, 80)!r} cannot stand in an address",
            place="slug",
            cure=f"use small letters, digits and hyphens, at most {LONGEST_SLUG}",
        )
    if wanted in TAKEN or is_taken(session, wanted, mailing.id):
        raise Refused(f"{wanted!r} is the address of another page", place="slug", cure="choose another")
    session.execute(delete(FormerName).where(FormerName.kind == "mailing", FormerName.name == wanted))
    session.add(FormerName(kind="mailing", name=mailing.slug, row_id=mailing.id))
    mailing.slug = wanted
    session.flush()


def is_taken(session: Session, slug: str, mailing_id: int = 0) -> bool:
    """Say whether another mailing has this address, or had it."""
    has = select(Mailing.id).where(Mailing.slug == slug, Mailing.id != mailing_id)
    had = select(FormerName.row_id).where(
        FormerName.kind == "mailing", FormerName.name == slug, FormerName.row_id != mailing_id
    )
    return slug in TAKEN or session.scalar(has.union(had).limit(1)) is not None
