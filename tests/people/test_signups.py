"""What follows from a sign-up, and what does not."""

import pytest
from sqlalchemy import select

from mailer import address
from mailer.config import Config
from mailer.people import breaker, consent, limits, lists, signups, subscribers, subscriptions, suppression
from mailer.store.tables import Signup
from tests.make import make_list, make_reader, subscription_of

FORM = {
    "name": "Ann",
    "language": "de",
    "attributes": {"city": "Town", "colour": "red"},
    "page": "https://water.example/subscribe",
    "network": "192.0.2.7",
    "words": "I want to receive {list}.",
}


@pytest.fixture(autouse=True)
def _standing(moving_clock) -> None:
    """Make every test stand in time."""


def sign_up(store, keys, config, spelled="ann@example.org", names=("press",), **form):
    """Write one sign-up, take it, and return its result and what follows."""
    with store.write() as session:
        row = signups.write(session, address_text=spelled, lists=names, **{**FORM, **form})
    with store.write() as session:
        followups = signups.take(session, keys, config)
        return session.get_one(Signup, row.id).result, followups


def state_of(store, spelled="ann@example.org", name="press") -> str | None:
    with store.read() as session:
        person = subscribers.find(session, spelled)
        found = person and subscriptions.between(session, person.id, lists.named(session, name).id)
        return found.state if found else None


@pytest.fixture
def press(store):
    with store.write() as session:
        return make_list(session)


def test_a_stranger_becomes_pending_and_is_asked_to_confirm(store, keys, config, press, moving_clock) -> None:
    result, (followup,) = sign_up(store, keys, config)
    assert result == signups.ASKED_TO_CONFIRM
    assert (followup.kind, followup.list_ids, followup.asked_at) == ("confirm", (press.id,), moving_clock.now())
    assert (followup.page, followup.network) == (FORM["page"], FORM["network"])
    assert state_of(store) == "pending"
    with store.read() as session:
        person = subscribers.need(session, "ann@example.org")
        assert (person.id, person.name, person.language) == (followup.subscriber_id, "Ann", "de")
        assert person.attributes == {"city": "Town"}
        (row,) = consent.history(session, person.id)
        assert row.words == "I want to receive Press statements."


def test_a_handled_row_keeps_nothing_that_was_typed(store, keys, config, press) -> None:
    sign_up(store, keys, config)
    with store.read() as session:
        row = session.scalars(select(Signup)).one()
        assert (row.address, row.name, row.network, row.page, row.attributes) == ("", "", "", "", {})
        assert row.address_hash == keys.address_hash("ann@example.org")
    with store.write() as session:
        assert signups.take(session, keys, config) == []


def test_several_lists_need_one_mail(store, keys, config, press) -> None:
    with store.write() as session:
        news = make_list(session, "news")
    _, (followup,) = sign_up(store, keys, config, names=("news", "press", "news", "nowhere"))
    assert set(followup.list_ids) == {press.id, news.id}


def test_only_what_is_new_is_asked(store, keys, config, press) -> None:
    with store.write() as session:
        news = make_list(session, "news")
        make_reader(session, keys, "ann@example.org", press, name="Ann Real")
    _, (followup,) = sign_up(store, keys, config, names=("news", "press"), name="Mallory", language="fr")
    assert followup.list_ids == (news.id,)
    assert (state_of(store), state_of(store, name="news")) == ("active", "pending")
    with store.read() as session:
        person = subscribers.need(session, "ann@example.org")
        assert (person.name, person.language) == ("Ann Real", "en")


def test_who_has_it_is_told_so_once_a_day(store, keys, config, press, moving_clock) -> None:
    with store.write() as session:
        make_reader(session, keys, "ann@example.org", press)
    result, (followup,) = sign_up(store, keys, config, "ANN@example.org")
    assert (result, followup.kind, followup.list_ids) == (signups.TOLD_ALREADY, "already", (press.id,))
    assert sign_up(store, keys, config) == (signups.TOO_MANY_MAILS, [])
    moving_clock.move(hours=24)
    assert sign_up(store, keys, config)[0] == signups.TOLD_ALREADY
    with store.read() as session:
        assert [row.kind for row in consent.history(session, followup.subscriber_id)] == ["added"]


def test_who_left_is_asked_to_confirm_again(store, keys, config, press) -> None:
    with store.write() as session:
        person = make_reader(session, keys, "ann@example.org", press)
        subscriptions.end(session, subscription_of(session, person, press), "left by the link")
        suppression.suppress(session, keys, person.address_key, scope="mailings", reason="left everything")
    assert sign_up(store, keys, config)[0] == signups.ASKED_TO_CONFIRM
    assert state_of(store) == "pending"


def test_who_must_not_be_written_to_hears_nothing(store, keys, config, press) -> None:
    with store.write() as session:
        suppression.suppress(session, keys, "ann@example.org", scope="all", reason="not me")
    assert sign_up(store, keys, config) == (signups.SUPPRESSED, [])
    assert sign_up(store, keys, config, wish="link") == (signups.SUPPRESSED, [])
    assert state_of(store) is None


@pytest.mark.parametrize(
    ("spelled", "names", "result"),
    [
        ("nobody", ("press",), signups.NOT_AN_ADDRESS),
        ("", ("press",), signups.NOT_AN_ADDRESS),
        ("a@example.org\r\nBcc: b@example.org", ("press",), signups.NOT_AN_ADDRESS),
        ("x" * 1000 + "@example.org", ("press",), signups.NOT_AN_ADDRESS),
        ("\ud800@example.org\x00", ("press",), signups.NOT_AN_ADDRESS),
        ("abuse@example.org", ("press",), signups.ROLE_ADDRESS),
        ("ann@example.org", ("nowhere",), signups.NO_LIST),
        ("ann@example.org", (), signups.NO_LIST),
    ],
)
def test_what_leads_nowhere(store, keys, config, press, spelled, names, result) -> None:
    assert sign_up(store, keys, config, spelled, names) == (result, [])
    with store.read() as session:
        assert subscribers.search(session, "") == []


def test_closed_lists_and_lists_without_sign_up_take_nobody(store, keys, config, press) -> None:
    with store.write() as session:
        lists.change(session, lists.named(session, "press"), open_signup=False)
        lists.close(session, make_list(session, "old"))
    assert sign_up(store, keys, config, names=("press", "old")) == (signups.NO_LIST, [])


def test_nobody_is_bombed_with_confirm_mail(store, keys, config, press, moving_clock) -> None:
    spellings = ("ann@gmail.com", "a.nn+1@gmail.com", "ANN+2@googlemail.com", "an.n@gmail.com")
    days = []
    for day in range(5):
        results = []
        for number, spelled in enumerate(spellings):
            results.append(sign_up(store, keys, config, spelled, network=f"192.0.2.{day}{number}")[0])
            moving_clock.move(minutes=1)
        days.append(results.count(signups.ASKED_TO_CONFIRM))
        moving_clock.move(days=1)
    assert days == [1, 1, 1, 0, 0]
    moving_clock.move(days=29)
    with store.write() as session:
        assert limits.forget(session, moving_clock.now()) > 0
        limits.forget_confirms(session, moving_clock.now() - limits.DAY * 30)
    assert sign_up(store, keys, config, spellings[0])[0] == signups.ASKED_TO_CONFIRM


def test_who_confirms_gets_the_mails_back_and_a_neighbour_does_not(store, keys, press, moving_clock) -> None:
    """``j.o@`` and ``jo@`` share a limit; where they are two people neither frees the way to the other."""
    config = Config.model_validate({"signup": {"per_address_day": 2}})
    for spelled in ("jo@example.org", "j.o@example.org"):
        assert sign_up(store, keys, config, spelled)[0] == signups.ASKED_TO_CONFIRM
        moving_clock.move(seconds=1)
    assert sign_up(store, keys, config, "jo@example.org")[0] == signups.JOINED
    shared = keys.address_hash("jo@example.org")
    with store.write() as session:
        limits.give_back(session, keys, address.parse("j.o@example.org"))
        assert limits.count(session, limits.CONFIRM, shared, moving_clock.now() - limits.DAY) == 1


def test_one_receiving_domain_gets_so_many_an_hour_and_more_where_people_confirm(
    store, keys, press, moving_clock
) -> None:
    config = Config.model_validate({"signup": {"per_domain_hour": 2}})
    results = [sign_up(store, keys, config, f"r{number}@town.example")[0] for number in range(3)]
    assert results == [signups.ASKED_TO_CONFIRM] * 2 + [signups.TOO_MANY_TO_DOMAIN]
    with store.write() as session:
        town, other = (limits.domain_name(keys, f"{name}.example") for name in ("town", "other"))
        assert not signups.is_welcome(session, config, "192.0.2.9", town)
        assert signups.is_welcome(session, config, "192.0.2.9", other)
        assert signups.is_welcome(session, config, "192.0.2.9")
        breaker.note_confirmed(session, ["press"], town)
    results = [sign_up(store, keys, config, f"s{number}@town.example")[0] for number in range(5)]
    assert results == [signups.ASKED_TO_CONFIRM] * 4 + [signups.TOO_MANY_TO_DOMAIN]


def test_lists_asked_for_one_after_the_other_wait_for_one_mail(store, keys, config, press, moving_clock) -> None:
    with store.write() as session:
        for name in ("news", "works"):
            make_list(session, name)
    sign_up(store, keys, config)
    for name in ("news", "press", "news"):
        assert sign_up(store, keys, config, names=(name,)) == (signups.JOINED, [])
    assert state_of(store, name="news") == "pending"
    with store.read() as session:
        person = subscribers.need(session, "ann@example.org")
        assert [row.kind for row in consent.history(session, person.id)] == ["asked", "asked"]
    moving_clock.move(days=1)
    _, (followup,) = sign_up(store, keys, config, names=("works",))
    assert len(followup.list_ids) == 3


def test_one_network_signs_up_so_many_people_an_hour(store, keys, press, moving_clock) -> None:
    config = Config.model_validate({"signup": {"per_network_hour": 2}})
    same = [f"2001:db8:0:1::{number}" for number in range(3)]
    with store.write() as session:
        for number, network in enumerate(same):
            assert signups.is_welcome(session, config, network) == (number < 2)
            signups.write(session, address_text=f"r{number}@example.org", lists=["press"], network=network)
            moving_clock.move(seconds=1)
        signups.write(session, address_text="other@example.org", lists=["press"], network="2001:db8:0:2::1")
        assert len(signups.take(session, keys, config)) == 3
        results = session.scalars(select(Signup.result).order_by(Signup.id)).all()
    assert results == [signups.ASKED_TO_CONFIRM] * 2 + [signups.TOO_MANY_SIGNUPS, signups.ASKED_TO_CONFIRM]
    moving_clock.move(hours=1)
    with store.read() as session:
        assert signups.is_welcome(session, config, same[0])


def test_without_a_network_the_network_limit_does_not_count(store, keys, press) -> None:
    config = Config.model_validate({"signup": {"per_network_hour": 1}})
    with store.write() as session:
        for number in range(3):
            signups.write(session, address_text=f"r{number}@example.org", lists=["press"])
        assert len(signups.take(session, keys, config)) == 3


@pytest.mark.parametrize("name", ["Win at https://evil.example", "WWW.evil.example", "a@b"])
def test_a_name_carries_no_advertisement(store, keys, config, press, name) -> None:
    _, (followup,) = sign_up(store, keys, config, name=name)
    with store.read() as session:
        assert subscribers.need(session, "ann@example.org").name == ""
    assert followup.kind == "confirm"


def test_the_link_goes_to_who_is_known_only(store, keys, config, press, moving_clock) -> None:
    assert sign_up(store, keys, config, wish="link") == (signups.UNKNOWN, [])
    sign_up(store, keys, config, "bea@example.org")
    assert sign_up(store, keys, config, "bea@example.org", wish="link") == (signups.UNKNOWN, []), "not confirmed"
    with store.write() as session:
        person = make_reader(session, keys, "ann@example.org", press)
    result, (followup,) = sign_up(store, keys, config, wish="link", names=())
    assert (result, followup.kind, followup.subscriber_id) == (signups.SENT_LINK, "link", person.id)
    for _ in range(signups.LINKS_DAY - 1):
        assert sign_up(store, keys, config, wish="link")[0] == signups.SENT_LINK
    assert sign_up(store, keys, config, wish="link")[0] == signups.TOO_MANY_MAILS


def test_they_are_taken_in_turn_and_in_pieces(store, keys, config, press) -> None:
    with store.write() as session:
        for number in range(5):
            signups.write(session, address_text=f"r{number}@example.org", lists=["press"])
        assert len(signups.take(session, keys, config, limit=2)) == 2
        assert session.scalars(select(Signup.address).where(Signup.handled_at.is_(None))).all() == [
            "r2@example.org",
            "r3@example.org",
            "r4@example.org",
        ]


def test_two_takers_at_once_find_room_for_one_mail(store, keys, config, press) -> None:
    with store.write() as session:
        for spelled in ("ann@example.org", "A.nn+1@example.org"):
            signups.write(session, address_text=spelled, lists=["press"])
    with store.write() as session:
        assert len(signups.take(session, keys, config, limit=1)) == 1
        if not store.is_sqlite:
            with store.write() as other:
                assert signups.take(other, keys, config) == []
                assert signups.some_wait(other)
    with store.write() as session:
        assert signups.take(session, keys, config) == []
        assert not signups.some_wait(session)


def test_limits_know_nobody_by_name(store, keys, config, press) -> None:
    sign_up(store, keys, config)
    with store.read() as session:
        since = limits.DAY
        digest = keys.address_hash("ann@example.org")
        from_then = session.get_one(Signup, 1).at - since
        assert limits.count(session, limits.CONFIRM, digest, from_then) == 1
        assert limits.count(session, limits.CONFIRM, "ann@example.org", from_then) == 0
