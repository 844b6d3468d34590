"""Another address: asked at the new one, told at the old one; nobody learns who else is known here."""

import pytest
from sqlalchemy import select

from mailer.errors import BadInput, NotFound, Refused
from mailer.outcomes import events, leave_link, moving
from mailer.people import consent, lists, signups, subscribers, subscriptions, suppression
from mailer.store.tables import Delivery, Notice, Subscriber
from tests.make import freeze_all, make_list, make_reader, make_started, subscription_of

OLD, NEW = "anna.old@example.org", "anna.new@example.net"
WHERE = {"page": "https://water.example/w", "network": "192.0.2.1"}


@pytest.fixture
def person(store, keys, moving_clock) -> int:
    """Make a reader of two lists, one of them paused and weekly; return their id."""
    with store.write() as session:
        press, works = make_list(session), make_list(session, "works", title="Planned works")
        found = make_reader(session, keys, OLD, press, works, name="Anna", city="Hidden Town")
        paused = subscription_of(session, found, works)
        subscriptions.pause_until_day(session, paused.id, moving_clock.moment.date().replace(month=5), "UTC")
        subscriptions.write_how_often(session, paused.id, "weekly")
        return found.id


def ask(store, config, keys, person: int, text: str = NEW) -> Notice | None:
    """Ask for another address and return the notice that was written, if one was."""
    with store.write() as session:
        before = len(session.scalars(select(Notice)).all())
        assert moving.ask(session, config, keys, person, text).spelled == text
        written = session.scalars(select(Notice).order_by(Notice.id)).all()
        return written[-1] if len(written) > before else None


def press(store, config, keys, notice: Notice) -> moving.Move:
    """Press the button of the link in the notice to the new address."""
    minute = keys.ring.read("new address", notice.links["confirm"].rpartition("/")[2])[1]
    numbers = (notice.subscriber_id, minute, notice.id)
    with store.read() as session:
        before = moving.look(session, *numbers)
    with store.write() as session:
        done = moving.move(session, config, keys, numbers, **WHERE)
    assert before.state != "open" or done.state == "moved"
    return done


def states(session, subscriber_id: int) -> dict[str, tuple[str, str]]:
    return {mlist.name: (one.state, one.frequency) for one, mlist in subscriptions.of_person(session, subscriber_id)}


def test_it_is_confirmed_at_the_new_address_and_told_at_the_old_one(store, config, keys, person) -> None:
    asked = ask(store, config, keys, person)
    assert (asked.kind, asked.address, asked.name) == ("move", NEW, "")
    assert OLD not in str((asked.facts, asked.links)), "whoever reads it there learns nothing of the old one"
    with store.read() as session:
        assert session.get_one(Subscriber, person).address == OLD
    assert press(store, config, keys, asked) == moving.Move("moved", "a…d@example.org", "a…w@example.net")
    with store.read() as session:
        found = subscribers.need(session, NEW)
        assert (found.id, found.domain, found.address_hash) == (person, "example.net", keys.address_hash(NEW))
        assert states(session, person) == {"press": ("active", "each"), "works": ("paused", "weekly")}
        told = session.scalars(select(Notice).order_by(Notice.id.desc())).first()
        assert (told.kind, told.address, told.facts["address"]) == ("moved", OLD, "a…w@example.net")
        kinds = [(row.kind, row.actor) for row in consent.history(session, person)]
        assert kinds[2:] == [("confirmed", "new address")] * 2
        assert [row.words for row in consent.history(session, person)][2:] == ["asked at the counter"] * 2
        (held,) = suppression.find(session, keys, OLD)
        assert (held.scope, held.reason) == ("mailings", "moved to another address")
    assert press(store, config, keys, asked) == moving.Move("moved", new="a…w@example.net"), "twice is no error"


def test_what_waits_to_be_sent_goes_to_the_new_address(store, config, keys, moving_clock) -> None:
    mailing_id = make_started(store, config, keys, readers=2)
    freeze_all(store, mailing_id)
    with store.read() as session:
        person = subscribers.need(session, "reader0@example.org").id
    press(store, config, keys, ask(store, config, keys, person))
    with store.read() as session:
        rows = session.execute(select(Delivery.address, Delivery.address_hash, Delivery.state).order_by(Delivery.id))
        assert rows.all() == [
            (NEW, keys.address_hash(NEW), "queued"),
            ("reader1@example.org", keys.address_hash("reader1@example.org"), "queued"),
        ]


def test_known_suppressed_and_strange_addresses_are_asked_alike(store, config, keys, person, moving_clock) -> None:
    with store.write() as session:
        make_reader(session, keys, "known@example.net", lists.named(session, "press"))
        suppression.suppress(session, keys, "gone@example.net", scope="all", reason="mailbox gone")
        suppression.suppress(session, keys, "left@example.net", scope="mailings", reason="left everything")
    seen = set()
    for text in ("known@example.net", "gone@example.net", "left@example.net", "strange@example.net"):
        moving_clock.move(days=2)
        notice = ask(store, config, keys, person, text)
        with store.read() as session:
            assert session.scalars(select(Notice)).all()[-1].id == notice.id
        seen.add((notice.kind, notice.state, frozenset(notice.facts), frozenset(notice.links)))
    assert len(seen) == 1


def test_who_is_known_there_too_is_joined_and_old_links_go_on(store, config, keys, person, moving_clock) -> None:
    with store.write() as session:
        news = make_list(session, "news", title="News")
        other = make_reader(session, keys, NEW, lists.named(session, "press"), news)
        mine = subscription_of(session, session.get_one(Subscriber, person), lists.named(session, "press"))
        theirs = subscription_of(session, other, lists.named(session, "press"))
        old_link, new_link = mine.id, theirs.id
    assert press(store, config, keys, ask(store, config, keys, person)).state == "moved"
    with store.read() as session:
        assert session.get_one(Subscriber, person).erased_at is not None
        found = subscribers.need(session, NEW)
        assert (found.id, found.name, found.attributes) == (other.id, "Anna", {"city": "Hidden Town"})
        active = ("active", "each")
        assert states(session, found.id) == {"press": active, "works": ("paused", "weekly"), "news": active}
        assert {state for state, _ in states(session, person).values()} == {"ended"}
    with store.write() as session:
        shown = leave_link.look(session, old_link)
        assert (shown.state, shown.frequency) == (leave_link.OPEN, "each"), "the page says what pressing would do"
        left = events.leave(session, old_link, why=events.BY_ONE_CLICK, actor="one-click")
        assert (left.list_title, left.already) == ("Press statements", False)
        assert states(session, other.id)["press"] == ("ended", "each")
        assert subscriptions.need(session, new_link).state == "ended"
        events.undo_leave(session, old_link, actor="leave page")
        assert states(session, other.id)["press"] == active


def test_suppression_goes_with_the_person(store, config, keys, person) -> None:
    with store.write() as session:
        suppression.suppress(session, keys, NEW, scope="mailings", reason="left everything")
    press(store, config, keys, ask(store, config, keys, person))
    with store.write() as session:
        assert suppression.find(session, keys, NEW) == [], "what they get begins there: a consent confirmed anew"
        events.leave_all(session, person, actor="test")
    third = "anna@example.com"
    press(store, config, keys, ask(store, config, keys, person, third))
    with store.read() as session:
        assert [row.reason for row in suppression.find(session, keys, third)] == ["left everything"]


def test_an_address_we_must_not_write_to_is_not_moved_to(store, config, keys, person) -> None:
    asked = ask(store, config, keys, person)
    with store.write() as session:
        suppression.suppress(session, keys, NEW, scope="all", reason="complained")
    with pytest.raises(Refused):
        press(store, config, keys, asked)
    with store.read() as session:
        assert session.get_one(Subscriber, person).address == OLD


def test_a_link_works_for_a_day_and_until_another_is_asked_for(store, config, keys, person, moving_clock) -> None:
    first = ask(store, config, keys, person)
    second = ask(store, config, keys, person, "anna@example.com")
    assert press(store, config, keys, first).state == "gone"
    moving_clock.move(hours=24)
    assert press(store, config, keys, second).state == "gone"
    with store.read() as session:
        assert session.get_one(Subscriber, person).address == OLD
        assert moving.look(session, person, 0, first.id - 1000).state == "gone"
        assert moving.look(session, person + 1, 0, first.id).state == "gone"


def test_what_is_no_new_address_is_refused(store, config, keys, person) -> None:
    with store.write() as session:
        for text in ("", "anna", OLD.upper(), "postmaster@example.net"):
            with pytest.raises(BadInput):
                moving.ask(session, config, keys, person, text)
        with pytest.raises(NotFound):
            moving.ask(session, config, keys, 404, NEW)


def test_nobody_is_bombed_by_changes(store, config, keys, person) -> None:
    for number in range(signups.LINKS_DAY):
        assert ask(store, config, keys, person, f"victim+{number}@example.net")
    with store.write() as session, pytest.raises(Refused):
        moving.ask(session, config, keys, person, NEW)
    with store.write() as session:
        other = make_reader(session, keys, "other@example.org", lists.named(session, "press")).id
    assert ask(store, config, keys, other, "victim@example.net") is None, "said to nobody: the answer is the same"
