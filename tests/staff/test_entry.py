"""One-time links work once and for a while; logging in is slowed, never locked; sessions end."""

import hashlib

import pytest

from mailer.errors import NotFound, Refused
from mailer.staff import entry, passwords, team
from mailer.store.engine import Store
from mailer.store.tables import DeskSession, Hit, StaffLink

HASH = "a hash"
HOME, AWAY = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def ann(store: Store, moving_clock) -> int:
    with store.write() as session:
        person = team.add(session, name="Ann", address="ann@water.example", role="operator", actor="test")
        person.password_hash = HASH
    return person.id


def secret_of(url: str | None) -> str:
    assert url is not None
    return url.rpartition("/")[2]


def login(store: Store, staff_id: int, address: str = "ann@water.example", network: str = HOME) -> str:
    with store.write() as session:
        return entry.begin(session, staff_id, HASH, agent="Browser", network=network, address=address)


def tries(store: Store, number: int, network: str = HOME, address: str = "ann@water.example") -> list[int]:
    waits = []
    for _ in range(number):
        with store.write() as session:
            waits.append(entry.try_login(session, network, address))
    return waits


def test_the_first_link_makes_the_first_operator(store: Store, config, moving_clock) -> None:
    with store.write() as session:
        older, url = entry.first_link(session, config), entry.first_link(session, config)
    assert url is not None
    assert url.startswith("http://127.0.0.1:8000/desk/setup/")
    with store.write() as session:
        with pytest.raises(NotFound):
            entry.look_at(session, secret_of(older))
        assert entry.look_at(session, secret_of(url)).first
        person = entry.use(session, secret_of(url))
        team.name_first(session, person, name="Ann", address="ann@water.example")
        team.set_password(session, person, HASH, actor="desk:Ann")
        assert entry.first_link(session, config) is None
        with pytest.raises(NotFound):
            entry.use(session, secret_of(url))


def test_the_first_link_dies_when_somebody_came_by_another_way(store: Store, config, moving_clock) -> None:
    with store.write() as session:
        secret = secret_of(entry.first_link(session, config))
        nobody = entry.use(session, secret)
        secret = secret_of(entry.first_link(session, config))
        team.add(session, name="Bo", address="bo@water.example", role="operator", actor="cli")
        for verb in (entry.look_at, entry.use):
            with pytest.raises(NotFound):
                verb(session, secret)
        with pytest.raises(Refused, match="meanwhile"):
            team.name_first(session, nobody, name="Ann", address="ann@water.example")


def test_only_the_hash_of_a_secret_is_kept(store: Store, config, ann: int) -> None:
    with store.write() as session:
        secret = secret_of(entry.link(session, config, team.need(session, ann)))
        cookie = entry.admit(session, team.need(session, ann), agent="Browser")
    with store.read() as session:
        assert session.query(StaffLink).one().secret_hash == hashlib.sha256(secret.encode()).hexdigest()
        assert session.query(DeskSession).one().secret_hash == hashlib.sha256(cookie.encode()).hexdigest()
    assert min(len(secret), len(cookie)) >= 43


def test_a_link_works_once_and_for_a_while(store: Store, config, ann: int, moving_clock) -> None:
    with store.write() as session:
        person = team.need(session, ann)
        older = secret_of(entry.link(session, config, person))
        secret = secret_of(entry.link(session, config, person))
        opened = entry.look_at(session, secret)
        assert (opened.name, opened.purpose, opened.first) == ("Ann", "reset", False)
        entry.look_at(session, secret)
        for wrong in (older, secret + "x", ""):
            with pytest.raises(NotFound):
                entry.look_at(session, wrong)
        assert entry.use(session, secret).id == ann
        with pytest.raises(NotFound):
            entry.use(session, secret)
        late = secret_of(entry.link(session, config, person))
        moving_clock.move(hours=config.desk.link_hours)
        with pytest.raises(NotFound):
            entry.use(session, late)


def test_who_never_had_a_password_gets_a_setup_link(store: Store, config, moving_clock) -> None:
    with store.write() as session:
        bo = team.add(session, name="Bo", address="bo@water.example", role="writer", actor="test")
        assert entry.look_at(session, secret_of(entry.link(session, config, bo))).purpose == "setup"
        assert entry.credentials(session, "bo@water.example") == (0, passwords.NOBODY)


def test_credentials_are_those_of_who_can_log_in(store: Store, ann: int) -> None:
    with store.write() as session:
        assert entry.credentials(session, " ANN@Water.example") == (ann, HASH)
        assert entry.credentials(session, "bo@water.example") == (0, passwords.NOBODY)
        assert entry.credentials(session, "no address") == (0, passwords.NOBODY)
        team.need(session, ann).disabled_at = entry.clock.now()
        session.flush()
        assert entry.credentials(session, "ann@water.example") == (0, passwords.NOBODY)


def test_wrong_tries_are_slowed_more_and_more(store: Store, ann: int, moving_clock) -> None:
    assert tries(store, 7) == [0, 0, 0, 0, 0, 15, 15]
    moving_clock.move(seconds=15)
    assert tries(store, 2) == [0, 30]
    moving_clock.move(seconds=30)
    assert tries(store, 2) == [0, 60]
    for _ in range(12):
        moving_clock.move(seconds=900)
        assert tries(store, 1) == [0]
    moving_clock.move(hours=1)
    assert tries(store, 1) == [0]


def test_guessing_from_elsewhere_does_not_keep_the_owner_out(store: Store, ann: int, moving_clock) -> None:
    assert tries(store, 6, AWAY)[-1] == 15
    assert tries(store, 1, HOME) == [0]
    assert tries(store, 1, AWAY, "other@water.example") == [0]


def test_guessing_many_accounts_from_one_network_is_slowed(store: Store, ann: int, moving_clock) -> None:
    waits = [tries(store, 1, AWAY, f"reader{number}@water.example")[0] for number in range(32)]
    assert waits[:30] == [0] * 30
    assert waits[30:] == [15, 15]
    assert tries(store, 1, HOME) == [0]


def test_coming_in_forgets_the_tries_before(store: Store, ann: int) -> None:
    tries(store, 4)
    tries(store, 1, AWAY)
    login(store, ann)
    with store.read() as session:
        assert session.query(Hit).filter_by(kind=entry.BY_PAIR).count() == 1
        assert session.query(Hit).filter_by(kind=entry.BY_NETWORK).count() == 4
    assert tries(store, 6) == [0, 0, 0, 0, 0, 15]


def test_no_address_is_kept_of_who_tried(store: Store, ann: int) -> None:
    tries(store, 1, AWAY, "my secret pass phrase")
    with store.read() as session:
        assert all(len(row.subject) == 64 for row in session.query(Hit))


def test_a_session_ends_when_idle_and_goes_on_when_used(store: Store, config, ann: int, moving_clock) -> None:
    secret = login(store, ann)
    with store.write() as session:
        seen = entry.visit(session, config, secret)
        assert seen is not None
        assert (seen.name, seen.role, seen.actor, seen.due) == ("Ann", "operator", "desk:Ann", False)
        moving_clock.move(hours=config.desk.session_hours - 1)
        seen = entry.visit(session, config, secret)
        assert seen is not None
        assert seen.due
        entry.touch(session, seen.session_id)
        moving_clock.move(hours=config.desk.session_hours - 1)
        assert entry.visit(session, config, secret) is not None
        moving_clock.move(hours=1)
        assert entry.visit(session, config, secret) is None


def test_every_login_has_a_secret_of_its_own_and_can_be_ended(store: Store, config, ann: int) -> None:
    first, second = login(store, ann), login(store, ann)
    assert first != second
    with store.write() as session:
        seen = entry.visit(session, config, first)
        assert seen is not None
        entry.end(session, seen.session_id)
        entry.touch(session, seen.session_id)
        assert entry.visit(session, config, first) is None
        assert entry.visit(session, config, second) is not None
        assert entry.visit(session, config, "") is None


def test_a_password_that_was_changed_meanwhile_lets_nobody_in(store: Store, ann: int) -> None:
    with store.write() as session:
        team.set_password(session, team.need(session, ann), "another", actor="test")
    with pytest.raises(Refused, match="this moment"):
        login(store, ann)
    with store.write() as session:
        team.need(session, ann).password_hash = HASH
        team.need(session, ann).disabled_at = entry.clock.now()
    with pytest.raises(Refused, match="this moment"):
        login(store, ann)


def test_guessing_from_everywhere_is_slowed_and_the_owner_still_comes_in(store: Store, ann: int, moving_clock) -> None:
    assert tries(store, 1) == [0]
    login(store, ann)
    moving_clock.move(days=3)
    guesses = [tries(store, 1, f"198.51.100.{number}")[0] for number in range(entry.FREE_BY_ACCOUNT + 1)]
    assert guesses == [0] * entry.FREE_BY_ACCOUNT + [entry.FIRST_WAIT]
    assert tries(store, 1, "203.0.113.9") == [entry.FIRST_WAIT]
    # Others, and the place the owner works from, do not wait.
    assert tries(store, 1, "203.0.113.9", "bo@water.example") == [0]
    assert tries(store, entry.FREE_BY_PAIR) == [0] * entry.FREE_BY_PAIR
    login(store, ann)
    assert tries(store, 1) == [0]
