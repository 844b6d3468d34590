"""What is asked again and again must find its rows by an index, however many mailings there were."""

import pytest
from sqlalchemy import event

from mailer.mailing import deliveries, starting
from mailer.outcomes import account, events
from mailer.send import leases, ledger
from tests.make import freeze_all, make_started


@pytest.fixture
def plans(store):
    """Collect the plan of every question and change SQLite runs."""
    if not store.is_sqlite:
        yield []
        return
    found: list[str] = []

    def explain(_connection, cursor, statement, parameters, _context, many) -> None:
        if statement.lstrip()[:6] in ("SELECT", "UPDATE", "DELETE"):
            asked = cursor.connection.cursor()
            asked.execute(f"EXPLAIN QUERY PLAN {statement}", parameters[0] if many else parameters)
            found.extend(f"{row[3]} <- {statement[:80]}" for row in asked.fetchall())
            asked.close()

    event.listen(store.engine, "before_cursor_execute", explain)
    yield found
    event.remove(store.engine, "before_cursor_execute", explain)


def test_nothing_scans_the_deliveries(store, config, keys, plans, moving_clock) -> None:
    mailing_id = make_started(store, config, keys, readers=3)
    freeze_all(store, mailing_id)
    plans.clear()
    with store.write() as session:
        soon = moving_clock.now()
        mine = leases.lease(session, "mailing", "one", 60)
        ids = [row.id for row in ledger.waiting_rows(session, mine, 0, 10)]
        ledger.begin(session, mine, ids, "local")
        leases.close_batch(session, mine)
        leases.rescue(session, soon)
        leases.pull_in(session, "mailing", soon, mailing_id)
        leases.pull_in(session, "notice", soon)
        deliveries.regroup_due(session, mailing_id)
        starting.finish(session, mailing_id)
        starting.unfinished(session)
        deliveries.sweep_stopped(session, mailing_id)
        leases.close_stopped(session)
        leases.gather_notices(session)
        account.glance(session, mailing_id)
        events.leave(session, 1, why="left by the link", actor="reader")
    scans = [plan for plan in plans if plan.startswith(("SCAN deliveries", "SCAN notices"))]
    assert scans == []
    for index in ("ix_deliveries_batch", "ix_deliveries_told"):
        assert not store.is_sqlite or any(index in plan for plan in plans)
