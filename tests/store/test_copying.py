"""A store is copied into one of either kind, row by row, and nothing is done by halves."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from mailer import clock
from mailer.errors import BadInput, Refused, WrongSchema
from mailer.mailing import mailings
from mailer.send import watch
from mailer.store import copying, pulse, schema, seal
from mailer.store.engine import Store
from mailer.store.tables import Fact, Hit, Mailing, MailingList, Subscriber, Worker
from tests.make import make_list
from tests.store.filled import everything


def anything(_session: object) -> None:
    """Let the copy begin."""


def test_every_row_comes_into_either_kind_and_the_keys_stay(full, empty_url, tmp_path, monkeypatch) -> None:
    # Several pieces, and texts as keys that languages sort otherwise than bytes.
    monkeypatch.setattr(copying, "PIECE", 2)
    with full.write() as session:
        session.add_all([Fact(name=name, value="x") for name in ("b", "B", "a b", "ab", "_", "ä", "É")])
        session.add_all([Hit(kind="k", subject=str(number), at=clock.now()) for number in range(7)])
        session.get_one(Subscriber, 1).attributes = {"salutation": "Dear", "city": "Århus", "a": "1"}
    before = everything(full)
    copied = copying.copy(full, empty_url, anything)
    assert {each.table: each.rows for each in copied} == {name: len(rows) - 1 for name, rows in before.items()}
    assert {each.found for each in copied} == {0}
    other = Store(empty_url)
    assert everything(other) == before == everything(full)
    schema.check(other)
    assert seal.open_keys(other, tmp_path / "keys") == seal.open_keys(full, tmp_path / "keys")
    with other.write() as session:
        # The next row gets a number of its own.
        assert make_list(session, "one-more").id > max(row.id for row in session.query(MailingList).limit(1))
    other.close()


def test_a_store_with_something_in_it_is_refused(full, store_url, tmp_path) -> None:
    with pytest.raises(Refused, match=r"this is the store itself|there is something already"):
        copying.copy(full, store_url, anything)
    filled = Store(f"sqlite:///{tmp_path / 'filled.db'}")
    schema.migrate(filled)
    seal.open_keys(filled, tmp_path / "other keys")
    before = everything(filled)
    with pytest.raises(Refused, match="there is something already"):
        copying.copy(full, f"sqlite:///{filled.path}", anything)
    assert everything(filled) == before
    schema.check(filled)
    filled.close()
    stranger = Store(f"sqlite:///{tmp_path / 'stranger.db'}")
    with stranger.write() as session:
        session.execute(text("CREATE TABLE wordpress (id INTEGER)"))
    stranger.close()
    with pytest.raises(Refused, match="there is something already"):
        copying.copy(full, f"sqlite:///{tmp_path / 'stranger.db'}", anything)


@pytest.mark.parametrize(
    "url", ["mysql://a:word@b/c", "sqlite:///", "sqlite:///x.db?mode=ro", "postgresql://a:word@127.0.0.1:1/x"]
)
def test_what_is_no_store_is_refused_and_its_password_is_not_shown(full, url) -> None:
    with pytest.raises(BadInput) as caught:
        copying.copy(full, url, anything)
    assert str(caught.value).startswith("TO_URL: ")
    assert "word" not in str(caught.value)


def test_what_is_not_at_rest_is_not_copied(full, empty_url, config, tmp_path) -> None:
    def try_it() -> None:
        copying.copy(full, empty_url, lambda session: watch.must_rest(session, config))

    with full.write() as session:
        now = clock.now()
        session.add(Worker(name="one", started_at=now, seen_at=now))
    with pytest.raises(Refused, match=r"a sending process is alive: one; stop every .* counts for \d+ seconds"):
        try_it()
    silent = timedelta(seconds=watch.LEASES * config.send.lease_seconds + 1)
    with full.write() as session:
        session.execute(update(Worker).values(seen_at=clock.now() - silent))
    with pytest.raises(Refused, match=r"mailing (\d+) is being sent; .*`mailer mailing pause \1`"):
        try_it()
    # Nothing was even made.
    assert not (tmp_path / "restored.db").exists()
    with full.write() as session:
        for mailing in session.query(Mailing).where(Mailing.state == "sending"):
            mailings.pause(session, mailing, "it moves")
    try_it()


def test_nobody_writes_into_the_old_store_meanwhile(full, empty_url) -> None:
    def write_from_outside(_session: object) -> None:
        script = (
            "import sys; from sqlalchemy import text\n"
            "from mailer.store.engine import Store; from mailer.store import turn, pulse\n"
            "turn.PATIENCE_SECONDS = 0.2; store = Store(sys.argv[1])\n"
            "with store.write() as session:\n"
            "    if not store.is_sqlite: session.execute(text('SET LOCAL lock_timeout = 200'))\n"
            "    pulse._note(session)\n"
        )
        url = full.url.render_as_string(hide_password=False)
        done = subprocess.run(
            [sys.executable, "-c", script, url], capture_output=True, text=True, timeout=60, check=False
        )
        assert "the store is busy" in done.stderr or "lock timeout" in done.stderr, done.stderr

    copying.copy(full, empty_url, write_from_outside)


@contextmanager
def stuck(target: Store):
    """Make a place in which the copy begun gets as far as the subscribers, and no further."""
    assert schema.begin_copy(target)
    with target.write() as session:
        session.execute(
            text("CREATE TRIGGER stuck BEFORE INSERT ON subscribers BEGIN SELECT RAISE(ABORT, 'stuck'); END")
        )
    yield
    with target.write() as session:
        session.execute(text("DROP TRIGGER stuck"))


def test_a_copy_that_failed_goes_on_and_nobody_works_on_half_of_it(full, tmp_path) -> None:
    target = Store(f"sqlite:///{tmp_path / 'new.db'}")
    with stuck(target), pytest.raises(Refused, match=r"subscribers: the row 1 does not fit \(stuck\)"):
        copying.copy(full, f"sqlite:///{target.path}", anything)
    for work in (schema.check, schema.migrate, pulse.feel):
        with pytest.raises(WrongSchema, match=r"copying|the copy into this store has not ended"):
            work(target)
    copied = {each.table: each for each in copying.copy(full, f"sqlite:///{target.path}", anything)}
    assert copied["lists"].found == copied["lists"].rows == 2
    assert copied["subscribers"].found == 0
    assert everything(target) == everything(full)
    schema.check(target)
    target.close()


def test_a_copy_of_what_has_changed_since_does_not_go_on(full, tmp_path) -> None:
    target = Store(f"sqlite:///{tmp_path / 'new.db'}")
    with stuck(target), pytest.raises(Refused):
        copying.copy(full, f"sqlite:///{target.path}", anything)
    with full.write() as session:
        session.get_one(MailingList, 1).title = "Another"
    with pytest.raises(Refused, match="lists: other rows are there"):
        copying.copy(full, f"sqlite:///{target.path}", anything)
    target.close()


def test_a_row_that_does_not_fit_is_named(full, postgresql_url) -> None:
    if not full.is_sqlite:
        # What PostgreSQL would not take is not in it.
        return
    with full.write() as session:
        session.get_one(Subscriber, 3).name = "a\0b"
    with pytest.raises(Refused, match=r"subscribers: the row 3 does not fit .*NUL"):
        copying.copy(full, postgresql_url, anything)
    with full.write() as session:
        session.get_one(Subscriber, 3).name = "ab"
    found = {each.table: each.found for each in copying.copy(full, postgresql_url, anything)}
    assert found["subscribers"] == 2


def test_killed_it_goes_on(full, postgresql_url) -> None:
    target = Store(postgresql_url)
    assert schema.begin_copy(target)
    script = (
        "import sys; from mailer.store.engine import Store; from mailer.store import copying\n"
        "copying.copy(Store(sys.argv[1]), sys.argv[2], lambda session: None)"
    )
    url = full.url.render_as_string(hide_password=False)
    with target.engine.begin() as connection:
        # As far as the subscribers, and no further.
        connection.execute(text("LOCK TABLE subscribers IN SHARE MODE"))
        process = subprocess.Popen([sys.executable, "-c", script, url, postgresql_url])
        try:
            waits = text("SELECT count(*) FROM pg_locks WHERE relation = 'subscribers'::regclass AND NOT granted")
            for _ in range(3000):
                if connection.scalar(waits):
                    break
                assert process.poll() is None
                connection.execute(text("SELECT pg_sleep(0.02)"))
            os.kill(process.pid, signal.SIGKILL)
        finally:
            process.kill()
            process.wait()
    copied = {each.table: each for each in copying.copy(full, postgresql_url, anything)}
    assert copied["lists"].found == copied["lists"].rows == 2
    assert copied["subscribers"].found == 0
    assert everything(target) == everything(full)
    target.close()
