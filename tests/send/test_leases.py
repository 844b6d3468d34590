"""What a lease is worth: by whom, since when, and in a store of which version."""

import pytest
from sqlalchemy import literal, text, update

from mailer import clock
from mailer.errors import WrongSchema
from mailer.send import leases
from mailer.store import schema
from mailer.store.tables import Batch, db_now
from tests.make import freeze_all, make_started


@pytest.fixture
def started(store, config, keys) -> int:
    mailing_id = make_started(store, config, keys, readers=4)
    freeze_all(store, mailing_id, size=100)
    return mailing_id


def lease(store) -> leases.Lease | None:
    with store.write() as session:
        return leases.lease(session, "mailing", "one", 60)


def test_a_batch_that_was_lost_and_taken_anew_is_held_by_another_lease(store, started) -> None:
    first = lease(store)
    with store.write() as session:
        assert leases.renew(session, "one", 60) == {(first.batch_id, first.epoch)}
    with store.write() as session:
        session.execute(update(Batch).where(Batch.owner != "").values(lease_until=db_now() - literal(1)))
    with store.write() as session:
        assert leases.renew(session, "one", 60) == set()
        leases.rescue(session, clock.now())
    second = lease(store)
    with store.write() as session:
        assert leases.renew(session, "one", 60) == {(second.batch_id, second.epoch)}
    assert second.batch_id == first.batch_id
    assert second.epoch != first.epoch


def test_there_is_no_lease_in_a_store_of_another_version(store, started) -> None:
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert lease(store) is None
    with store.write() as session, pytest.raises(WrongSchema, match="newer than this program"):
        schema.recheck(session)
