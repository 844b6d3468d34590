"""What the page of a draft says about a second person: who was asked, what they said, what is different since."""

from collections.abc import Sequence
from typing import Any

from mailer.mailing import approval, editions, mailings, press
from mailer.mailing.links import Links
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
    _, text = words(call, proof)
    return {
        "row": plain(row) if row else None,
        "digest": digest,
        "is_same": row is not None and row.hash == digest,
        "holds": _holds(row, digest),
        "mine": call.me.actor in approval.authors(session, mailing) | ({row.asked_by} if row else set()),
        "before": plain(before) if before else None,
        "difference": shortened(approval.difference(before.text, text)) if before else [],
    }


def shortened(lines: Sequence[approval.Difference]) -> list[approval.Difference]:
    """Return what is different with a line around it, and "…" for what was left out between."""
    changed = [number for number, line in enumerate(lines) if line.kind != approval.KEPT]
    shown = {near for number in changed for near in range(number - AROUND, number + AROUND + 1)}
    found: list[approval.Difference] = []
    for number, line in enumerate(lines):
        if number in shown:
            found.append(line)
        elif found and found[-1].text != "…":
            found.append(approval.Difference(approval.KEPT, "…"))
    return found


def _holds(row: Any, digest: str) -> bool:
    return row is not None and row.verdict == approval.APPROVED and row.hash == digest


def words(call: Call, proof: press.Proofread) -> tuple[str, str]:
    """Return subject and text as nobody in particular reads them."""
    seen = editions.preview(proof.compiled, Links(call.config.site.base_url, call.house.keys))
    return seen.subject, f"{seen.subject}\n\n{seen.text}"
