"""Real readers to look at a mailing with: one after the other, and how many lack what it says of them."""

from collections.abc import Sequence
from itertools import product

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from mailer.mailing.audience import CHOSEN_STATES, COLUMN_FACTS, lists_of
from mailer.store.tables import Subscriber, Subscription

# Known of everybody, or made by us.
CERTAIN = frozenset({"address", "since"})


def neighbours(session: Session, mailing_id: int, subscriber_id: int = 0) -> tuple[int | None, int | None]:
    """Return the reader before and the one after, by number, among those of the mailing's lists; None at the ends."""
    person = Subscription.subscriber_id
    before: set[int | None] = set()
    after: set[int | None] = set()
    # One question for each list and state: each is answered by the first entry of an index, however long the list.
    for list_id, state in product(session.scalars(lists_of(mailing_id, "include")).all(), CHOSEN_STATES):
        mine = (Subscription.list_id == list_id, Subscription.state == state)
        before.add(session.scalar(select(func.max(person)).where(*mine, person < subscriber_id)))
        after.add(session.scalar(select(func.min(person)).where(*mine, person > subscriber_id)))
    return max(filter(None, before), default=None), min(filter(None, after), default=None)


def lacking(session: Session, mailing_id: int, fields: Sequence[str]) -> dict[str, int]:
    """Return for each of a reader's fields how many readers of the mailing's lists have nothing in it."""
    asked = [name for name in fields if name not in CERTAIN]
    if not asked:
        return dict.fromkeys(fields, 0)
    mine = select(Subscription.subscriber_id).where(
        Subscription.list_id.in_(lists_of(mailing_id, "include")), Subscription.state.in_(CHOSEN_STATES)
    )
    empty = [
        func.sum(case((func.coalesce(COLUMN_FACTS.get(name, Subscriber.attributes[name].as_string()), "") == "", 1),
                      else_=0))
        for name in asked
    ]  # fmt: skip
    row = session.execute(select(*empty).where(Subscriber.id.in_(mine))).one()
    return dict.fromkeys(fields, 0) | {name: int(found or 0) for name, found in zip(asked, row, strict=True)}
