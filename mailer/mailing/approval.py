"""The rule of two persons: somebody else approves a hash of what would be sent, and whatever changes it voids that."""

import hashlib
import json
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.errors import BadInput, Refused
from mailer.mailing import mailings
from mailer.mailing.editions import Compiled
from mailer.people.cleaning import lines
from mailer.store.tables import Approval, Deed, EditionRow, Mailing, MailingAim, MailingList, MailingTarget

APPROVED, RETURNED, OPEN = "approved", "returned", ""
MISSING = "a second person has not approved what would be sent"
LONGEST_NOTE = 2000
# Deeds on a mailing by which nobody becomes an author of it; every other one changes what is sent.
READING = (
    "approval asked", "mailing approved", "mailing given back", "test sent", "mailing scheduled", "mailing undone",
    "mailing paused", "mailing resumed", "mailing stopped",
)  # fmt: skip


class Proofread(Protocol):
    """What is asked of press.Proofread here."""

    @property
    def mailing_id(self) -> int:
        """The number of the mailing."""

    @property
    def compiled(self) -> Sequence[Compiled]:
        """Every edition as it would be sent."""


def is_needed(session: Session, mailing_id: int) -> bool:
    """Say whether a list this mailing goes to asks for a second person."""
    asks = exists().where(
        MailingTarget.mailing_id == mailing_id,
        MailingTarget.role == "include",
        MailingTarget.list_id == MailingList.id,
        MailingList.two_persons,
    )
    return bool(session.scalar(select(asks)))


def digest(session: Session, proof: Proofread) -> str:
    """Return the hash of what would be sent: every edition, and who it goes to."""
    hashes = [(item.list_id, item.format, item.edition.hash) for item in proof.compiled]
    return _digest(session, proof.mailing_id, hashes)


def last(session: Session, mailing_id: int, *verdicts: str) -> Approval | None:
    """Return the newest asking of a second person, or the newest with one of these verdicts."""
    asked = select(Approval).where(Approval.mailing_id == mailing_id).order_by(Approval.id.desc()).limit(1)
    return session.scalars(asked.where(Approval.verdict.in_(verdicts)) if verdicts else asked).first()


def ask(session: Session, proof: Proofread, text: str, *, actor: str) -> Approval:
    """Hand a draft to a second person, as it was proof-read and reads; Refused if it is no draft."""
    mailing = mailings.need(session, proof.mailing_id)
    if not mailings.advance(session, mailing, ("draft",), state="in review", why=""):
        raise mailings.not_now(session, mailing, "be handed to a second person")
    row = Approval(
        mailing_id=mailing.id,
        hash=digest(session, proof),
        text=text,
        asked_by=actor,
        asked_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def approve(session: Session, proof: Proofread, seen: str, *, actor: str) -> Approval:
    """Approve what was seen; ``seen`` is its hash.

    Refused for who wrote it or asked for this, and where what would be sent now is not what was seen or asked about.
    """
    mailing = mailings.need(session, proof.mailing_id)
    row = last(session, mailing.id)
    if mailing.state != "in review" or row is None:
        raise mailings.not_now(session, mailing, "be approved")
    _must_be_another(session, mailing, row, actor)
    if not row.hash == seen == digest(session, proof):
        problem = "it is not what you were asked about any more"
        raise Refused(problem, place=f"mailing {mailing.id}", cure="give it back, and let it be handed over anew")
    if not mailings.advance(session, mailing, ("in review",), state="approved", why=""):
        raise mailings.not_now(session, mailing, "be approved")
    return _decide(session, row, APPROVED, actor)


def give_back(session: Session, mailing: Mailing, note: str, *, actor: str) -> Approval:
    """Make it a draft again and say what is to be changed; an approval given before is void."""
    said = lines(note).strip()
    if not said:
        raise BadInput("is empty", place="note", cure="say in one sentence what is to be changed")
    if len(said) > LONGEST_NOTE:
        raise BadInput(f"has {len(said)} letters", place="note", cure=f"use at most {LONGEST_NOTE}")
    row = last(session, mailing.id)
    if not mailings.advance(session, mailing, ("in review", "approved"), state="draft") or row is None:
        raise mailings.not_now(session, mailing, "be given back")
    if row.verdict:
        row = Approval(**{name: getattr(row, name) for name in ("mailing_id", "hash", "text")})
        row.asked_by, row.asked_at = actor, clock.now()
        session.add(row)
    return _decide(session, row, RETURNED, actor, said)


def must_hold(session: Session, proof: Proofread) -> None:
    """Refused if a second person is needed and has not approved exactly what would be sent."""
    if is_needed(session, proof.mailing_id) and not _is_approved(session, proof.mailing_id, digest(session, proof)):
        raise Refused(MISSING, place=f"mailing {proof.mailing_id}", cure="ask for it on the page of the mailing")


def holds(session: Session, mailing_id: int) -> bool:
    """Say whether what is kept for sending may start: approved, or no second person is needed."""
    if not is_needed(session, mailing_id):
        return True
    kept = session.execute(
        select(EditionRow.list_id, EditionRow.format, EditionRow.hash).where(EditionRow.mailing_id == mailing_id)
    )
    return _is_approved(
        session, mailing_id, _digest(session, mailing_id, [(list_id, form, found) for list_id, form, found in kept])
    )


def authors(session: Session, mailing: Mailing) -> set[str]:
    """Return who wrote a mailing: who made it, and everybody who changed it."""
    wrote = select(Deed.actor).where(Deed.subject == f"mailing {mailing.id}", Deed.action.not_in(READING))
    return {mailing.made_by, *session.scalars(wrote)}


def _must_be_another(session: Session, mailing: Mailing, row: Approval, actor: str) -> None:
    if actor in authors(session, mailing) | {row.asked_by}:
        cure = "ask a colleague who may approve"
        raise Refused("you wrote it, or asked for this yourself", place=f"mailing {mailing.id}", cure=cure)


def _is_approved(session: Session, mailing_id: int, digest: str) -> bool:
    row = last(session, mailing_id, APPROVED, RETURNED)
    return row is not None and row.verdict == APPROVED and row.hash == digest


def _digest(session: Session, mailing_id: int, hashes: Sequence[tuple[int, str, str]]) -> str:
    targets = session.execute(
        select(MailingTarget.list_id, MailingTarget.role)
        .where(MailingTarget.mailing_id == mailing_id)
        .order_by(MailingTarget.list_id)
    )
    aim = session.get(MailingAim, mailing_id, populate_existing=True)
    narrowed = (aim.languages, json.dumps(aim.rules, sort_keys=True), aim.zone) if aim else ()
    what = (sorted(hashes), [tuple(row) for row in targets], narrowed)
    return hashlib.sha256(repr(what).encode()).hexdigest()


def _decide(session: Session, row: Approval, verdict: str, actor: str, note: str = "") -> Approval:
    row.verdict, row.decided_by, row.decided_at, row.note = verdict, actor, clock.now(), note
    session.flush()
    return row
