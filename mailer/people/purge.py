"""Forget people who never confirmed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from mailer.people import consent, subscriptions
from mailer.people.rows import changed
from mailer.store.tables import Consent, Delivery, Notice, Outcome, Signup, Subscriber, Subscription

AT_A_TIME = 500


def forget_pending(session: Session, before: datetime) -> int:
    """Delete sign-ups last asked for before this moment and never confirmed; return how many.

    Who has nothing else here is forgotten whole: address, name, what they typed into the form. Who once
    left a list stays known, or a file brought in later could bring them back.
    """
    stale = session.execute(
        select(Subscription.id, Subscription.subscriber_id)
        .where(
            Subscription.state == subscriptions.PENDING,
            Subscription.asked_at < before,
            ~_has_consent(Consent.kind != consent.ASKED),
            ~_has_consent(Consent.at >= before),
        )
        .limit(AT_A_TIME)
    ).all()
    # Whoever confirms in this moment has won.
    still = (Subscription.id.in_([row.id for row in stale]), Subscription.state == subscriptions.PENDING)
    gone = changed(session, delete(Subscription).where(*still))
    _forget_strangers(session, sorted({row.subscriber_id for row in stale}))
    session.execute(delete(Signup).where(Signup.at < before, Signup.handled_at.is_not(None)))
    return gone


def _has_consent(which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Say in SQL that the history of this subscription has such a row."""
    return exists().where(
        Consent.subscriber_id == Subscription.subscriber_id, Consent.list_id == Subscription.list_id, which
    )


def _forget_strangers(session: Session, people: Sequence[int]) -> None:
    # Their turn first: somebody may be signing up again, and what they wait for is then gone for good.
    turn = select(Subscriber.id).where(Subscriber.id.in_(people)).order_by(Subscriber.id).with_for_update()
    session.execute(turn).all()
    known = or_(
        exists().where(Subscription.subscriber_id == Subscriber.id),
        exists().where(Delivery.subscriber_id == Subscriber.id),
        exists().where(Outcome.subscriber_id == Subscriber.id),
        exists().where(Consent.subscriber_id == Subscriber.id, Consent.kind != consent.ASKED),
    )
    strangers = session.scalars(select(Subscriber.id).where(Subscriber.id.in_(people), ~known)).all()
    session.execute(delete(Consent).where(Consent.subscriber_id.in_(strangers)))
    session.execute(
        update(Notice)
        .where(Notice.subscriber_id.in_(strangers))
        .values(subscriber_id=None, address="", name="", facts={}, links={}, reply_text="")
    )
    session.execute(delete(Subscriber).where(Subscriber.id.in_(strangers)))
