"""What a list shows of itself to who thinks about subscribing."""

from mailer.mailing import mailings, sample
from mailer.people import lists
from tests.make import make_list, make_started


def test_the_latest_and_how_many_came_lately(store, config, keys, moving_clock) -> None:
    with store.write() as session:
        make_list(session, "quiet", archive="off")
    with store.read() as session:
        assert sample.look(session, "quiet") is None
        assert sample.look(session, "nothing") is None
    number = make_started(store, config, keys)
    with store.read() as session:
        subject = mailings.need(session, number).subject
        found = sample.look(session, "press")
        assert found is not None
        assert (found.latest.subject, found.lately) == (subject, 1)
        moving_clock.move(days=sample.LATELY_DAYS + 1)
        old = sample.look(session, "press")
        assert old is not None
        assert (old.latest.subject, old.lately) == (subject, 0)
    with store.write() as session:
        lists.change(session, lists.named(session, "press"), archive="off")
        assert sample.look(session, "press") is None
