"""People: one for each mailbox, found however they are spelled, forgotten for good."""

from threading import Barrier, Thread

import pytest

from mailer import address
from mailer.errors import BadInput, NotFound
from mailer.people import subscribers
from mailer.store.tables import Subscriber
from tests.make import make_reader


def test_case_and_spelling_of_the_domain_make_no_second_person(store, keys) -> None:
    with store.write() as session:
        first = make_reader(session, keys, "Ann@Bücher.example", name="Ann")
        for spelled in ("ann@xn--bcher-kva.example", "ANN@BÜCHER.EXAMPLE"):
            again = subscribers.find_or_make(session, keys, address.parse(spelled), name="Eve", language="fr")
            assert again.id == first.id
        assert (first.name, first.language) == ("Ann", "en")
        assert first.address == "Ann@xn--bcher-kva.example"
        assert first.address_hash == keys.address_hash("ann@xn--bcher-kva.example")
        assert subscribers.need(session, " ann@bücher.example ").id == first.id


def test_unknown_and_impossible_addresses(store) -> None:
    with store.read() as session:
        assert subscribers.find(session, "nobody@example.org") is None
        with pytest.raises(NotFound, match=r"nobody@example\.org"):
            subscribers.need(session, "nobody@example.org")
        with pytest.raises(BadInput):
            subscribers.find(session, "nobody")


def test_two_sign_ups_at_once_make_one_person(store, keys) -> None:
    together, made = Barrier(2), []

    def make() -> None:
        together.wait()
        with store.write() as session:
            made.append(subscribers.find_or_make(session, keys, address.parse("ann@example.org")).id)

    threads = [Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 2
    assert len(set(made)) == 1


def test_names_and_values_are_cleaned(store, keys) -> None:
    with store.write() as session:
        person = make_reader(
            session, keys, "a@example.org", name="An\x00n\r\nBcc: x", city=" Town\u202e ", salutation=""
        )
        assert person.name == "Ann Bcc: x"
        assert person.attributes == {"city": "Town"}


def test_change_takes_only_what_is_given(store, keys) -> None:
    with store.write() as session:
        person = make_reader(session, keys, "a@example.org", name="Ann", city="Town")
        subscribers.change(session, person, format="text", language="DE")
        assert (person.name, person.format, person.language) == ("Ann", "text", "de")
        subscribers.change(session, person, attributes={"salutation": "Dear Ann"})
        assert person.attributes == {"city": "Town", "salutation": "Dear Ann"}
        subscribers.change(session, person, name="", attributes={"city": ""})
        assert (person.name, person.attributes) == ("", {"salutation": "Dear Ann"})
        with pytest.raises(BadInput, match="not a language"):
            subscribers.change(session, person, language="klingon")
        with pytest.raises(BadInput, match="not a format"):
            subscribers.change(session, person, format="pdf")


def test_a_blanked_person_is_nobody_and_may_come_back_as_somebody_new(store, keys) -> None:
    with store.write() as session:
        person = make_reader(session, keys, "ann@example.org", name="Ann", city="Town")
        subscribers.blank(session, person)
    with store.write() as session:
        kept = session.get_one(Subscriber, person.id)
        assert (kept.address, kept.name, kept.domain, kept.attributes) == ("", "", "", {})
        assert "ann" not in kept.address_key
        assert subscribers.find(session, "ann@example.org") is None
        assert subscribers.search(session, "") == []
        assert make_reader(session, keys, "ann@example.org").id != person.id


def test_search_pages_by_key_and_finds_parts_of_address_and_name(store, keys) -> None:
    with store.write() as session:
        for number in range(7):
            make_reader(session, keys, f"reader{number}@example.org", name=f"Person {number}")
        make_reader(session, keys, "Zoe@Bücher.example", name="100% Zoë_")
        seen, after = [], ""
        while page := subscribers.search(session, "READER", limit=3, after=after):
            seen += [one.address for one in page]
            after = page[-1].address_key
        assert seen == [f"reader{number}@example.org" for number in range(7)]
        assert [one.name for one in subscribers.search(session, "person 4")] == ["Person 4"]
        assert [one.name for one in subscribers.search(session, "@bücher")] == ["100% Zoë_"]
        assert [one.name for one in subscribers.search(session, "100%")] == ["100% Zoë_"]
        assert subscribers.search(session, "%") == subscribers.search(session, "_")
        assert len(subscribers.search(session, "")) == 8


def test_a_turn_shows_the_person_as_they_are_now(store, keys) -> None:
    with store.write() as session:
        person = make_reader(session, keys, "a@example.org")
    with store.write() as session:
        assert session.get_one(Subscriber, person.id).name == ""
        session.connection().exec_driver_sql("UPDATE subscribers SET name = 'Ann'")
        assert subscribers.take_turn(session, person.id).name == "Ann"
        with pytest.raises(NotFound):
            subscribers.take_turn(session, person.id + 1)
