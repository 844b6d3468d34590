"""What a person decides about a letter whose fate is unknown: that it arrived, or that it did not."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.errors import BadInput, NotFound
from mailer.mailing import deliveries
from mailer.outcomes import account
from mailer.store.tables import Delivery

# The state a decision leads to → what its button says, and what the row says then of whoever decided.
DECISIONS: Mapping[str, tuple[str, str]] = {
    "accepted": ("It arrived", "decided by %s: it arrived"),
    "left_out": ("It did not arrive", "decided by %s: it did not arrive"),
}
AT_A_TIME = 500


def decide(session: Session, mailing_id: int, delivery_id: int, decision: str, by: str) -> bool:
    """Say what became of an uncertain delivery of this mailing; False if it is not uncertain (any more).

    BadInput for what is no decision.
    """
    if decision not in DECISIONS:
        raise BadInput("nothing was decided", place="decision", cure="say that it arrived, or that it did not")
    # Asked by mailing, so that a delivery of another mailing is never decided here.
    rows = account.people(session, mailing_id, "uncertain", delivery_id - 1, 1)
    why = DECISIONS[decision][1].replace("%s", by)[:200]
    return [row.delivery_id for row in rows] == [delivery_id] and deliveries.settle(session, delivery_id, decision, why)


def decide_for(session: Session, mailing_id: int, address: str, decision: str, by: str) -> bool:
    """Say what became of the delivery to an address; NotFound if the mailing has none to it."""
    found = session.scalar(
        select(Delivery.id).where(Delivery.mailing_id == mailing_id, Delivery.address == address).limit(1)
    )
    if found is None:
        raise NotFound(f"mailing {mailing_id} has no letter to {address}", cure="see who is in it: `mailing account`")
    return decide(session, mailing_id, found, decision, by)


def decide_some(session: Session, mailing_id: int, decision: str, by: str) -> int:
    """Say the same of the next uncertain deliveries of a mailing; return how many, 0 when none is left."""
    rows = account.people(session, mailing_id, "uncertain", 0, AT_A_TIME)
    return sum(decide(session, mailing_id, row.delivery_id, decision, by) for row in rows)
