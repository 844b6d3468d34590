"""The history of agreeing and taking it back."""

from datetime import timedelta

from mailer.people import consent, subscriptions
from tests.make import make_list, make_reader, subscription_of


def test_a_wording_has_a_version_of_twelve_hex_digits() -> None:
    assert consent.words_version("I want it") == consent.words_version("I want it")
    assert consent.words_version("I want it") != consent.words_version("I want it.")
    assert len(consent.words_version("")) == 12


def test_minutes_of_links(moving_clock) -> None:
    number = consent.minute(moving_clock.now())
    assert consent.minute_end(number) == moving_clock.now() + timedelta(minutes=1)
    assert consent.minute(moving_clock.move(seconds=59)) == number
    assert consent.minute(moving_clock.move(seconds=1)) == number + 1


def test_what_is_recorded_fits_and_is_clean(store, keys) -> None:
    with store.write() as session:
        mlist = make_list(session)
        person = make_reader(session, keys, "a@example.org", mlist)
        one = subscription_of(session, person, mlist)
        row = consent.record(
            session, one, consent.ASKED, actor="x" * 500, words="a\x00b\nc", page="p" * 900, network="n" * 99
        )
        assert (len(row.actor), row.words, len(row.page), len(row.network)) == (120, "ab\nc", 500, 60)
        assert consent.last(session, person.id, mlist.id, consent.ASKED).id == row.id
        assert consent.last(session, person.id, mlist.id, consent.CONFIRMED) is None


def test_networks_are_shortened_after_a_while_and_consents_stay(store, keys, moving_clock) -> None:
    with store.write() as session:
        mlist, person = make_list(session), make_reader(session, keys, "a@example.org")
        where = {"words": "w", "page": "p", "network": "192.0.2.1", "actor": "form"}
        one = subscriptions.ask(session, person, mlist, **where)
        moving_clock.move(days=30)
        subscriptions.confirm(session, [one], network="192.0.2.2")
        assert consent.shorten_networks(session, moving_clock.now()) == 1
        assert consent.shorten_networks(session, moving_clock.now()) == 0
        session.expire_all()
        assert [(row.kind, row.network) for row in consent.history(session, person.id)] == [
            ("asked", "192.0.2.0/24"),
            ("confirmed", "192.0.2.2"),
        ]
        consent.forget_person(session, person.id)
        session.expire_all()
        assert [(row.words, row.page, row.network) for row in consent.history(session, person.id)] == [
            ("w", "", "")
        ] * 2
