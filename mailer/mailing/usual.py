"""How many a list's mailings usually go to, so that a slip of ten times as many is seen before it is sent."""

from statistics import median

from sqlalchemy.orm import Session

from mailer.mailing import mailings
from mailer.store.tables import Mailing

# A few mailings back: enough that one odd one does not count, few enough that lists may grow.
LOOKED_AT = 5
# Twice as many is a slip, or a list that has just begun; among a handful it means nothing.
TIMES = 2
FROM = 50


def usual(session: Session, mailing_id: int) -> int:
    """Return how many the last finished mailings to any of its lists were for, by their median; 0 if there was none."""
    past = (
        mailings.to_same_lists(mailing_id)
        .with_only_columns(Mailing.chosen)
        .where(Mailing.state.in_(("sent", "stopped")), Mailing.frozen_at.is_not(None), Mailing.chosen > 0)
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
