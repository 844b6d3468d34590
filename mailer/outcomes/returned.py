"""The people behind what came back for a mailing: who left, complained, or bounced afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.errors import BadInput
from mailer.store.tables import OUTCOME_KINDS, Outcome, Subscriber


@dataclass(frozen=True)
class Returned:
    """One thing that came back: for whom, when, and what is known of it."""

    outcome_id: int
    address: str
    at: datetime
    detail: str


def returned(session: Session, mailing_id: int, kind: str, after: int = 0, limit: int = 100) -> Sequence[Returned]:
    """Return what came back of one kind for a mailing, oldest first, by the number after ``after``."""
    if kind not in OUTCOME_KINDS:
        raise BadInput(f"{kind!r} is nothing that comes back", place="list", cure=f"one of {', '.join(OUTCOME_KINDS)}")
    rows = session.execute(
        select(Outcome.id, Subscriber.address, Outcome.at, Outcome.detail)
        .outerjoin(Subscriber, Subscriber.id == Outcome.subscriber_id)
        .where(Outcome.mailing_id == mailing_id, Outcome.kind == kind, Outcome.id > after)
        .order_by(Outcome.id)
        .limit(limit)
    )
    return [Returned(number, address or "(erased)", at, detail) for number, address, at, detail in rows]
