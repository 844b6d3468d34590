"""The statements of the ledger that every message costs: built once, for building one takes longer than running it."""

from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Table,
    Text,
    Update,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from mailer.send.leases import TABLES
from mailer.store.handed import handed
from mailer.store.tables import Batch, Instant, Mailing, Subscription, Suppression, db_now

# States in which a row stays.
FINAL = ("accepted", "refused")
_SETTLED: dict[str, TypeEngine[Any]] = {
    "row_id": BigInteger(), "attempt": BigInteger(), "code": Integer(), "status": Text(), "text": Text(),
    "why": Text(), "next_at": BigInteger(),
}  # fmt: skip


@lru_cache(maxsize=8)
def begin(dialect: str, lane: str, *, is_fresh: bool) -> Update:
    """Return what marks rows begun after the last look.

    Parameters: the packed ``ids``, ``now``, ``this_attempt`` and ``this_relay``, the lease as ``batch``, ``owner``
    and ``epoch``, for mailings the ``mailing``.
    """
    rows, now = TABLES[lane], bindparam("now", type_=Instant)
    ids = select(handed(dialect, "ids", row_id=BigInteger()).c.row_id)
    mark = (
        update(rows)
        .where(rows.c.id.in_(ids), may_begin(rows), is_leased(), ~must_not(rows, lane))
        .values(
            state="begun",
            why="",
            begun_at=now,
            first_begun_at=func.coalesce(rows.c.first_begun_at, now),
            attempt=bindparam("this_attempt", type_=BigInteger),
            worker=bindparam("owner", type_=Text),
            relay=bindparam("this_relay", type_=Text),
            tries=rows.c.tries + 1,
        )
        .execution_options(synchronize_session=False)
    )
    if not is_fresh:
        mark = mark.values(next_at=None, again=or_(rows.c.again, rows.c.state == "uncertain"))
    if lane == "mailing":
        mailing_id = bindparam("mailing", type_=BigInteger)
        mark = mark.where(exists().where(Mailing.id == mailing_id, Mailing.state == "sending"))
    return mark


@lru_cache(maxsize=32)
def settle(dialect: str, lane: str, state: str, *, unwritten: bool) -> Update:
    """Return what moves rows to a state by the attempt that began them.

    Parameters: the packed ``results`` in the order of the columns above, ``now`` for a state that is final.
    """
    rows = TABLES[lane]
    # Going back is only for what is still begun: an uncertain row cannot be proved unwritten.
    still_open = rows.c.state == "begun"
    if state not in ("queued", "waiting") and not unwritten:
        still_open = or_(still_open, rows.c.state == "uncertain")
    found = handed(dialect, "results", **_SETTLED).c
    statement = (
        update(rows)
        .where(rows.c.id == found.row_id, rows.c.attempt == found.attempt, still_open)
        .values(
            state=state,
            why=found.why,
            next_at=found.next_at,
            reply_code=found.code,
            reply_status=found.status,
            reply_text=found.text,
            final_at=bindparam("now", type_=Instant) if state in FINAL else None,
        )
        .execution_options(synchronize_session=False)
    )
    return statement.values(tries=rows.c.tries - 1) if unwritten else statement


def may_begin(rows: Table) -> ColumnElement[bool]:
    """Say in SQL whether a row may be tried at the moment ``now``, a parameter."""
    now = bindparam("now", type_=Instant)
    return or_(
        rows.c.state == "queued",
        and_(rows.c.state == "waiting", rows.c.next_at <= now),
        and_(rows.c.state == "uncertain", rows.c.next_at <= now),
    )


def is_leased() -> ColumnElement[bool]:
    """Say in SQL whether the lease given as parameters is still held, by the database's clock."""
    return exists().where(
        Batch.id == bindparam("batch", type_=BigInteger),
        Batch.owner == bindparam("owner", type_=Text),
        Batch.epoch == bindparam("epoch", type_=BigInteger),
        Batch.lease_until > db_now(),
    )


def must_not(rows: Table, lane: str) -> ColumnElement[bool]:
    """Say in SQL who must not be written to any more: a notice asked for passes the scope ``mailings``."""
    suppressed = and_(Suppression.address_hash == rows.c.address_hash, Suppression.lifted_at.is_(None))
    if lane == "notice":
        return exists().where(suppressed, Suppression.scope == "all")
    active = exists().where(Subscription.id == rows.c.subscription_id, Subscription.state == "active")
    return or_(exists().where(suppressed), ~active)
