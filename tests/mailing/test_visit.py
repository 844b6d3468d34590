"""A fresh link opens more than the link of any mail, for half an hour, and for the address it was sent to."""

import pytest

from mailer import address, clock
from mailer.errors import BadInput, Refused
from mailer.mailing import visit
from mailer.mailing.links import Links
from mailer.people import subscribers
from tests.make import make_list, make_reader


def token(link: str) -> str:
    return link.rpartition("/")[2]


def test_a_link_is_fresh_for_half_an_hour_and_for_one_address(store, keys, moving_clock) -> None:
    links = Links("https://lists.example.org", keys)
    with store.write() as session:
        person = make_reader(session, keys, "anna@example.org", make_list(session))
        fresh = visit.read(keys, token(links.fresh(person.id, person.address_hash, clock.now())))
        old = visit.read(keys, token(links.choices(person.id)))
        assert (fresh.subscriber_id, old) == (person.id, visit.Visit(person.id))
        assert (visit.is_fresh(session, fresh), visit.is_fresh(session, old)) == (True, False)
        visit.need_fresh(session, fresh)
        moving_clock.move(minutes=29, seconds=59)
        assert visit.is_fresh(session, fresh)
        moving_clock.move(seconds=1)
        assert not visit.is_fresh(session, fresh)
        with pytest.raises(Refused):
            visit.need_fresh(session, fresh)
        moving_clock.move(minutes=-40)
        assert not visit.is_fresh(session, fresh), "made in what is the future by now"


def test_a_fresh_link_opens_nothing_once_the_address_is_another(store, keys, moving_clock) -> None:
    links = Links("https://lists.example.org", keys)
    with store.write() as session:
        person = make_reader(session, keys, "anna@example.org", make_list(session))
        fresh = visit.read(keys, token(links.fresh(person.id, person.address_hash, clock.now())))
        subscribers.readdress(session, keys, person, address.parse("ann@example.net"))
        assert not visit.is_fresh(session, fresh)
        subscribers.blank(session, person)
        assert not visit.is_fresh(session, fresh)


def test_tokens_of_other_purposes_open_no_page_of_choices(keys, moving_clock) -> None:
    links = Links("https://lists.example.org", keys)
    for link in (links.leave(1, 2), links.move(1, clock.now(), 3), links.confirm(1, clock.now()), links.nobody()):
        with pytest.raises(BadInput):
            visit.read(keys, token(link))
