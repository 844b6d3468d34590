"""Lists: made with what every letter needs, found by name, changed with care."""

import pytest

from mailer.errors import BadInput, NotFound, Refused
from mailer.people import lists, subscriptions
from tests.make import make_list, make_reader, subscription_of

GIVEN = {
    "name": "tenants",
    "title": "Tenants' letter",
    "from_address": "Letters@Tenants.example",
    "postal_address": "Tenants' association\n1 Main Street",
}


def test_a_list_has_sensible_defaults(store) -> None:
    with store.write() as session:
        mlist = lists.add(session, **GIVEN)
        assert mlist.list_label == "tenants"
        assert mlist.from_name == "Tenants' letter"
        assert (mlist.from_address, mlist.bounce_address, mlist.reply_to) == (
            "Letters@tenants.example",
            "Letters@tenants.example",
            "",
        )
        assert mlist.postal_address == "Tenants' association\n1 Main Street"
        assert (mlist.archive, mlist.open_signup, mlist.closed_at) == ("public", True, None)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", "Tenants"), ("name", "a b"), ("name", ""), ("name", "-a"), ("name", "a--b"), ("name", "x" * 61),
        ("name", "../etc"), ("title", " \x00 "), ("postal_address", "\n \n"), ("from_address", "nobody"),
        ("from_address", ""), ("from_address", "us@gmail.com"), ("from_address", "us@yahoo.co.uk"),
        ("from_address", "us@WEB.de"), ("from_address", "jürgen@example.org"),
        ("from_address", "a@example.org\r\nBcc: b@example.org"), ("reply_to", "nobody"),
        ("bounce_address", "x@"), ("language", "german"), ("archive", "secret"),
        ("title", "x" * 151), ("from_name", "x" * 151), ("title", "a\x1b[1mb"), ("title", "a\nb"),
        ("from_name", "a\x00b"),
        ("description", "a\x07"), ("postal_address", "a\x0bb"), ("title", "{{ name }}"), ("from_name", "{% if %}"),
        ("description", "for {{ name }}"), ("postal_address", "Town {%"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_one_line(store, field, text) -> None:
    with store.write() as session:
        with pytest.raises(BadInput) as caught:
            lists.add(session, **{**GIVEN, field: text})
        assert "\n" not in str(caught.value)
        assert caught.value.place == field
        assert lists.every(session) == []


def test_the_longest_title_is_kept_whole_and_the_limit_is_named(store) -> None:
    with store.write() as session:
        with pytest.raises(BadInput, match="at most 150"):
            lists.add(session, **{**GIVEN, "title": "x" * 151})
        assert lists.add(session, **{**GIVEN, "title": f" {'x' * 150}\n"}).title == "x" * 150


def test_a_list_of_a_domain_like_a_mail_provider_is_allowed(store) -> None:
    with store.write() as session:
        assert make_list(session, from_address="us@notgmail.com").from_address == "us@notgmail.com"


def test_a_second_list_of_a_name_is_refused(store) -> None:
    with store.write() as session:
        lists.add(session, **GIVEN)
        with pytest.raises(Refused, match="already"):
            lists.add(session, **GIVEN)
        assert len(lists.every(session)) == 1


def test_an_unknown_name_brings_the_nearest(store) -> None:
    with store.write() as session:
        with pytest.raises(NotFound, match="add one first"):
            lists.named(session, "tenant")
        lists.add(session, **GIVEN)
        with pytest.raises(NotFound, match="did you mean 'tenants'"):
            lists.named(session, "tenant")
        with pytest.raises(NotFound, match="there is tenants"):
            lists.named(session, "museum")
        assert lists.named(session, "tenants").title == "Tenants' letter"


def test_a_renamed_list_keeps_its_label(store) -> None:
    with store.write() as session:
        mlist = lists.add(session, **GIVEN)
        lists.change(session, mlist, name="neighbours", title="Neighbours", open_signup=False)
    with store.read() as session:
        found = lists.named(session, "neighbours")
        assert (found.list_label, found.title, found.open_signup) == ("tenants", "Neighbours", False)


def test_a_change_to_a_taken_name_changes_nothing(store) -> None:
    with store.write() as session:
        mlist = lists.add(session, **GIVEN)
        make_list(session, "press")
        with pytest.raises(Refused, match="already"):
            lists.change(session, mlist, title="Other", name="press")
        with pytest.raises(BadInput, match="no 'colour'"):
            lists.change(session, mlist, colour="red")
    with store.read() as session:
        assert lists.named(session, "tenants").title == "Tenants' letter"


def test_counts_name_every_state(store, keys) -> None:
    with store.write() as session:
        mlist = make_list(session)
        assert lists.counts(session, mlist.id) == {"pending": 0, "active": 0, "paused": 0, "ended": 0}
        make_reader(session, keys, "a@example.org", mlist)
        gone = make_reader(session, keys, "b@example.org", mlist)
        subscriptions.end(session, subscription_of(session, gone, mlist), "taken off by staff")
        assert lists.counts(session, mlist.id) == {"pending": 0, "active": 1, "paused": 0, "ended": 1}


def test_a_closed_list_stays_for_its_history(store, moving_clock) -> None:
    with store.write() as session:
        mlist = make_list(session)
        lists.close(session, mlist)
        closed_at = mlist.closed_at
        moving_clock.move(days=1)
        lists.close(session, mlist)
        assert mlist.closed_at == closed_at
        assert not mlist.open_signup
        assert [one.name for one in lists.every(session)] == ["press"]
