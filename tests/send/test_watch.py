"""Whether anybody sends."""

from datetime import timedelta

from mailer.send import watch
from mailer.send.report import RelayReport, Report
from mailer.store.tables import Worker
from tests.make import make_started


def test_stuck_only_where_there_is_work_and_nobody_does_it(store, config, keys, moving_clock) -> None:
    lately = timedelta(seconds=watch.LEASES * config.send.lease_seconds)
    with store.read() as session:
        assert watch.look(session, config) == watch.NOBODY
    make_started(store, config, keys)
    with store.write() as session:
        assert watch.look(session, config) == watch.STUCK
        row = Worker(name="w", started_at=moving_clock.now(), seen_at=moving_clock.now())
        session.add(row)
        session.flush()
        assert watch.look(session, config) == watch.SENDING
        moving_clock.move(seconds=lately.total_seconds() + 1)
        assert watch.look(session, config) == watch.STUCK
        row.seen_at = row.ended_at = moving_clock.now()
        session.flush()
        assert watch.look(session, config) == watch.STUCK, "one that stopped in order does not send"


def test_what_keeps_every_sending_process_is_told_until_one_of_them_sends(store, config, moving_clock) -> None:
    now = moving_clock.now()
    with store.write() as session:
        assert watch.trouble(session, config) == ""
        one, other = (Worker(name=name, started_at=now, seen_at=now, trouble="no answer") for name in "ab")
        session.add_all([one, other])
        session.flush()
        assert watch.trouble(session, config) == "no answer"
        one.trouble = ""
        session.flush()
        assert watch.trouble(session, config) == ""
        one.ended_at = now
        session.flush()
        assert watch.trouble(session, config) == "no answer"
        moving_clock.move(seconds=watch.LEASES * config.send.lease_seconds + 1)
        assert watch.trouble(session, config) == "", "of who is not heard of any more nothing is known"


def test_letters_beyond_ascii_are_refused_only_where_every_relay_that_is_known_refuses_them(
    store, config, moving_clock
) -> None:
    now = moving_clock.now()
    narrow, wide = RelayReport(is_narrow=True), RelayReport()
    with store.write() as session:
        assert not watch.is_narrow(session, config), "nobody sends yet: nobody knows"
        row = Worker(name="w", started_at=now, seen_at=now, report=Report({"main": narrow}).as_json())
        session.add(row)
        session.flush()
        assert watch.is_narrow(session, config)
        row.report = Report({"main": narrow, "spare": wide}).as_json()
        session.flush()
        assert not watch.is_narrow(session, config)
