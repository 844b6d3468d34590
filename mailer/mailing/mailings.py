"""Mailings: drafted, scheduled, started, paused, stopped, finished; each move only from where it may."""

import logging
import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import CursorResult, Select, select, update
from sqlalchemy.orm import Session

from mailer import clock
from mailer.config import Config
from mailer.errors import BadInput, NotFound, Refused
from mailer.mailing import corrections
from mailer.mailing.schedule import When
from mailer.people import lists
from mailer.store.tables import (
    LATE,
    Mailing,
    MailingList,
    MailingStatement,
    MailingTarget,
    StatementRow,
)

MOVES: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"in review", "scheduled", "holding"}),
    "in review": frozenset({"draft", "approved"}),
    "approved": frozenset({"draft", "scheduled", "holding"}),
    "scheduled": frozenset({"draft", "holding", "sending", "stopped"}),
    "holding": frozenset({"draft", "sending"}),
    "sending": frozenset({"paused", "sent", "stopped", "failed"}),
    "paused": frozenset({"sending", "stopped"}),
    "sent": frozenset(),
    "stopped": frozenset(),
    "failed": frozenset(),
}
log = logging.getLogger("mailer.mailing")
EDITABLE = ("draft", "in review", "approved")
# What can be done with a mailing instead of what was asked; the others have ended.
INSTEAD: Mapping[str, str] = {
    **dict.fromkeys(EDITABLE, "schedule it first"),
    **dict.fromkeys(("scheduled", "holding"), "undo it to change it or take it back"),
    "sending": "pause or stop it",
    "paused": "resume or stop it",
}


class Overtaken(Refused):
    """Somebody else saved the draft since it was read; nothing was changed."""


@dataclass(frozen=True)
class Draft:
    """What an editor decides about a mailing."""

    list_names: Sequence[str]
    exclude: Sequence[str] = ()
    subject: str = ""
    preheader: str = ""
    template: str = "statement"
    late: str = "ask"


def draft(session: Session, config: Config, statement: StatementRow, wanted: Draft, *, actor: str) -> Mailing:
    """Make a draft of a statement for lists; the subject is the title unless another is given.

    Raises NotFound for an unknown list, BadInput for no list, a doubled list or a wrong policy.
    """
    if wanted.late not in LATE:
        raise BadInput(f"{wanted.late!r} is no policy", place="late", cure=f"write one of {', '.join(LATE)}")
    included = [_open_list(session, name) for name in wanted.list_names]
    excluded = [lists.named(session, name) for name in wanted.exclude]
    ids = [mlist.id for mlist in included + excluded]
    if not included:
        raise BadInput("no list is named", place="list", cure="name at least one")
    if len(set(ids)) != len(ids):
        raise BadInput("a list is named twice", place="list", cure="name each once")
    subject = _line(wanted.subject or statement.title)
    mailing = Mailing(
        slug=_slug(session, subject),
        state="draft",
        subject=subject,
        preheader=_line(wanted.preheader or statement.deck),
        template=wanted.template,
        language=statement.language,
        late=wanted.late,
        on_uncertain=config.send.on_uncertain,
        made_by=actor,
        made_at=clock.now(),
    )
    session.add(mailing)
    session.flush()
    for position, mlist in enumerate(included + excluded):
        role = "include" if position < len(included) else "exclude"
        session.add(MailingTarget(mailing_id=mailing.id, list_id=mlist.id, position=position, role=role))
    session.add(MailingStatement(mailing_id=mailing.id, position=0, statement_id=statement.id))
    session.flush()
    return mailing


def like(session: Session, mailing: Mailing) -> Draft:
    """Return what was decided about a mailing, for another one like it."""
    return Draft(
        list_names=[mlist.name for mlist in lists_of(session, mailing.id)],
        exclude=[mlist.name for mlist in lists_of(session, mailing.id, "exclude")],
        subject=mailing.subject,
        preheader=mailing.preheader,
        template=mailing.template,
        late=mailing.late,
    )


def need(session: Session, mailing_id: int) -> Mailing:
    """Return the mailing; NotFound if there is none."""
    mailing = session.get(Mailing, mailing_id, populate_existing=True)
    if mailing is None:
        raise NotFound(f"there is no mailing {mailing_id}", cure="`mailer mailing show` lists them")
    return mailing


def latest(session: Session, limit: int = 50, before: int | None = None) -> list[Mailing]:
    """Return mailings, newest first; ``before`` is the id to go on from."""
    query = select(Mailing).order_by(Mailing.id.desc()).limit(limit)
    return list(session.scalars(query.where(Mailing.id < before) if before else query))


def to_same_lists(mailing_id: int) -> Select[Mailing]:
    """Select the other mailings, newest first, that go to one of the same lists."""
    ours = select(MailingTarget.list_id).where(MailingTarget.mailing_id == mailing_id, MailingTarget.role == "include")
    theirs = select(MailingTarget.mailing_id).where(
        MailingTarget.role == "include", MailingTarget.list_id.in_(ours), MailingTarget.mailing_id != mailing_id
    )
    return select(Mailing).where(Mailing.id.in_(theirs)).order_by(Mailing.id.desc())


def lists_of(session: Session, mailing_id: int, role: str = "include") -> list[MailingList]:
    """Return the lists a mailing goes to (or leaves out), in its order."""
    query = select(MailingList).join(MailingTarget, MailingTarget.list_id == MailingList.id)
    wanted = query.where(MailingTarget.mailing_id == mailing_id, MailingTarget.role == role)
    return list(session.scalars(wanted.order_by(MailingTarget.position)))


def statement_of(session: Session, mailing_id: int) -> StatementRow:
    """Return the mailing's first statement."""
    query = select(StatementRow).join(MailingStatement, MailingStatement.statement_id == StatementRow.id)
    wanted = query.where(MailingStatement.mailing_id == mailing_id).order_by(MailingStatement.position)
    found = session.scalars(wanted.limit(1)).first()
    if found is None:
        raise NotFound(f"mailing {mailing_id} has no statement")
    return found


def edit(
    session: Session, mailing: Mailing, *, subject: str, preheader: str, language: str = "", seen: int | None = None
) -> None:
    """Change a draft's envelope; Refused once it is scheduled. Every edit is a new revision.

    With ``seen`` it is changed only if it is still at that revision; Overtaken if somebody else was first.
    """
    changed = advance(
        session,
        mailing,
        EDITABLE,
        seen,
        state="draft",
        subject=_line(subject),
        preheader=_line(preheader),
        language=language or mailing.language,
        revision=(mailing.revision if seen is None else seen) + 1,
    )
    if not changed:
        must_be_editable(session, mailing)
        raise Overtaken("somebody else saved this draft meanwhile", cure="see both texts, and save once more")


def must_be_editable(session: Session, mailing: Mailing) -> None:
    """Refused for a mailing that is no draft any more."""
    if mailing.state not in EDITABLE:
        raise not_now(session, mailing, "be edited")


def schedule(
    session: Session, mailing: Mailing, when: When | None, hold: timedelta = timedelta(), late: str = ""
) -> None:
    """Set the moment a mailing starts, and what is done if it is late; without a moment when ``hold`` is over.

    A mailing that was due too late and waits for an answer may be scheduled again.
    """
    if mailing.asked_at is not None:
        advance(session, mailing, ("scheduled", "holding"), state="draft", asked_at=None, due_at=None)
    now = clock.now()
    if when is None:
        values: dict[str, Any] = {"state": "holding", "due_at": now + hold, "due_local": "", "zone": "UTC"}
    else:
        values = {"state": "scheduled", "due_at": when.moment, "due_local": when.local, "zone": when.zone}
    if not advance(session, mailing, ("draft", "approved"), **values, late=late or mailing.late, why="", asked_at=None):
        raise not_now(session, mailing, "be scheduled")


def undo(session: Session, mailing: Mailing) -> None:
    """Take a mailing that has not started back to draft; nothing has left yet."""
    if not advance(session, mailing, ("scheduled", "holding"), state="draft", due_at=None, asked_at=None, why=""):
        raise not_now(session, mailing, "be undone")


def pause(session: Session, mailing: Mailing, why: str) -> None:
    """Hold a mailing that is being sent; what is on the wire is finished, nothing more is begun."""
    if not advance(session, mailing, ("sending",), state="paused", why=why, paused_at=clock.now()):
        raise not_now(session, mailing, "be paused")


def resume(session: Session, mailing: Mailing) -> None:
    """Let a paused mailing go on; the deadline of its retries stood still meanwhile."""
    paused_at = mailing.paused_at or clock.now()
    spent = mailing.paused_seconds + int((clock.now() - paused_at).total_seconds())
    if not advance(session, mailing, ("paused",), state="sending", why="", paused_at=None, paused_seconds=spent):
        raise not_now(session, mailing, "go on")


def stop(session: Session, mailing: Mailing, why: str) -> None:
    """End a mailing for good; who has not got it is left out, with the reason ``stopped``."""
    if not advance(
        session,
        mailing,
        ("sending", "paused"),
        state="stopped",
        why=why,
        finished_at=clock.now(),
        paused_at=None,
    ):
        raise not_now(session, mailing, "be stopped")


def advance(
    session: Session, mailing: Mailing, from_states: Sequence[str], seen: int | None = None, **values: Any
) -> bool:
    """Change the row only if it is still in one of the states, by a move the table allows; say whether it was.

    With ``seen`` only if it is at that revision, too.
    """
    to = values.get("state")
    for state in from_states:
        assert to is None or to == state or to in MOVES[state], f"{state} → {to} is no move"
    session.flush()
    statement = update(Mailing).where(Mailing.id == mailing.id, Mailing.state.in_(from_states))
    if seen is not None:
        statement = statement.where(Mailing.revision == seen)
    result = session.execute(statement.values(**values).execution_options(synchronize_session=False))
    session.refresh(mailing)
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def not_now(session: Session, mailing: Mailing, what: str) -> Refused:
    """Return the error for what cannot be done with a mailing as it is, and what can be done instead."""
    session.refresh(mailing)
    cure = INSTEAD.get(mailing.state, "make a new one: this one has ended")
    return Refused(f"it is {mailing.state} and cannot {what}", place=f"mailing {mailing.id}", cure=cure)


def _open_list(session: Session, name: str) -> MailingList:
    mlist = lists.named(session, name)
    if mlist.closed_at is not None:
        raise Refused("this list is closed", place=f"list {name}", cure="name another")
    return mlist


def _line(text: str) -> str:
    """Make one line of it: a control character in a header would be an injection."""
    shown = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)
    return " ".join(shown.split())


def _slug(session: Session, subject: str) -> str:
    plain = unicodedata.normalize("NFKD", subject).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or "mailing"
    return f"{base}-{secrets.token_hex(3)}" if corrections.is_taken(session, base) else base
