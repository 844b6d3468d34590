"""What the page of a draft says about a second person: who was asked, what they said, what is different since."""

from typing import Any

from mailer.compose import difference
from mailer.mailing import approval, mailings, press
from mailer.web.desk.call import Call
from mailer.web.desk.plain import plain
from mailer.web.house import Session

# Kept lines shown on each side of what is different.
AROUND = 1


def look(session: Session, call: Call, proof: press.Proofread) -> dict[str, Any] | None:
    """Return what the page of a draft says about its approval; None where nobody else is needed."""
    mailing = mailings.need(session, proof.mailing_id)
    row = approval.last(session, mailing.id)
    if not approval.is_needed(session, mailing.id) and mailing.state == "draft":
        return None
    before = approval.last(session, mailing.id, approval.APPROVED, approval.RETURNED)
    digest = approval.digest(session, proof)
    return {
        "row": plain(row) if row else None,
        "digest": digest,
        "is_same": row is not None and row.hash == digest,
        "holds": _holds(row, digest),
        "mine": call.me.actor in approval.authors(session, mailing) | ({row.asked_by} if row else set()),
        "before": plain(before) if before else None,
        "difference": _different(before.text, press.as_read(call.config, call.house.keys, proof)) if before else [],
    }


def _holds(row: Any, digest: str) -> bool:
    return row is not None and row.verdict == approval.APPROVED and row.hash == digest


def _different(before: str, now: str) -> list[difference.Line | None]:
    found = difference.lines(before, now)
    return difference.shortened(found, AROUND) if any(line.kind != difference.SAME for line in found) else []
