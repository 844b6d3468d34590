"""How many a list's mailings usually go to, so that a slip of ten times as many is seen before it is sent."""

from statistics import median

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from mailer.store.tables import Mailing, MailingTarget

# A few mailings back: enough that one odd one does not count, few enough that lists may grow.
LOOKED_AT = 5
# Twice as many is a slip, or a list that has just begun; among a handful it means nothing.
TIMES = 2
FROM = 50


def usual(session: Session, mailing_id: int) -> int:
    """Return how many the last finished mailings to any of its lists were for, by their median; 0 if there was none."""
    mine, other = aliased(MailingTarget), aliased(MailingTarget)
    shares_a_list = exists().where(
        other.mailing_id == Mailing.id,
        other.role == "include",
        other.list_id == mine.list_id,
        mine.mailing_id == mailing_id,
        mine.role == "include",
    )
    past = (
        select(Mailing.chosen)
        .where(Mailing.state.in_(("sent", "stopped")), Mailing.frozen_at.is_not(None), Mailing.chosen > 0)
        .where(Mailing.id != mailing_id, shares_a_list)
        .order_by(Mailing.id.desc())
        .limit(LOOKED_AT)
    )
    found = session.scalars(past).all()
    return int(median(found)) if found else 0


def is_unusual(written: int, before: int) -> bool:
    """Say whether so many are more than anybody would expect after so many before."""
    return before > 0 and written >= FROM and written > TIMES * before


def is_few(written: int, before: int) -> bool:
    """Say whether so few are less than half of what it was before: perhaps a list is missing."""
    return before >= FROM and written * TIMES < before
