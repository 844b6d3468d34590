"""Transactions of both stores: whole or not at all, one moment for readers, one clear line when it is not there."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DBAPIError

from mailer.errors import ConfigError, Refused, WrongSchema
from mailer.store import schema
from mailer.store.engine import PRAGMAS, Store
from mailer.store.tables import Fact
from tests.house.floorplan import ROOT

# Adds one to a number again and again, reading it first: a lost update would show.
COUNTER = """
import sys
from mailer.store.engine import Store
from mailer.store.tables import Fact
store = Store(sys.argv[1])
for _ in range(int(sys.argv[2])):
    with store.write() as session:
        fact = session.get_one(Fact, "count", with_for_update=True)
        fact.value = str(int(fact.value) + 1)
    store.step_aside()
store.close()
"""


def put(store: Store, name: str, value: str = "") -> None:
    """Write one fact."""
    with store.write() as session:
        session.add(Fact(name=name, value=value))


def half(store: Store, error: BaseException | None = None) -> None:
    """Write one fact and then fail: by this error, else by a row that is there already."""
    with store.write() as session:
        session.add(Fact(name="half", value=""))
        session.flush()
        if error:
            raise error
        session.execute(text("INSERT INTO facts (name, value) VALUES ('once', '')"))


def sneak(store: Store) -> None:
    """Write in a transaction that was opened for reading."""
    with store.read() as session:
        session.add(Fact(name="sneaked in", value=""))
        session.flush()


def names(store: Store) -> list[str]:
    """Return the names of all facts."""
    with store.read() as session:
        return list(session.scalars(select(Fact.name).order_by(Fact.name)))


def test_what_was_written_is_seen_by_others(store: Store, store_url: str) -> None:
    put(store, "here")
    other = Store(store_url)
    assert "here" in names(other)
    other.close()


def test_rows_can_be_read_after_the_transaction(store: Store) -> None:
    with store.write() as session:
        fact = Fact(name="here", value="still")
        session.add(fact)
    assert fact.value == "still"


@pytest.mark.parametrize("error", [Refused("no"), KeyError("x"), KeyboardInterrupt()])
def test_any_exception_takes_everything_back(store: Store, error: BaseException) -> None:
    before = names(store)
    with pytest.raises(type(error)):
        half(store, error)
    assert names(store) == before
    put(store, "next")
    assert names(store) == sorted([*before, "next"])


def test_a_refused_row_takes_everything_back(store: Store) -> None:
    put(store, "once")
    with pytest.raises(DBAPIError):
        half(store)
    assert "half" not in names(store)


def test_a_read_transaction_changes_nothing(store: Store) -> None:
    before = names(store)
    if store.is_sqlite:
        sneak(store)
    else:
        with pytest.raises(DBAPIError, match="read-only transaction"):
            sneak(store)
    assert names(store) == before


def test_a_read_transaction_sees_one_moment(store: Store) -> None:
    with store.read() as session:
        before = session.scalar(select(func.count()).select_from(Fact))
        put(store, "meanwhile")
        assert session.scalar(select(func.count()).select_from(Fact)) == before
    assert "meanwhile" in names(store)


def test_a_write_transaction_sees_what_was_written_before_it(store: Store) -> None:
    put(store, "here")
    with store.write() as session:
        session.execute(delete(Fact).where(Fact.name == "here"))
        assert session.get(Fact, "here") is None


def test_two_processes_lose_no_update(store: Store, store_url: str) -> None:
    put(store, "count", "0")
    command = [sys.executable, "-c", COUNTER, store_url, "40"]
    both = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    assert [each.wait(60) for each in both] == [0, 0]
    with store.read() as session:
        assert session.get_one(Fact, "count").value == "80"


def test_sqlite_is_run_by_our_recipe(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'subscribers.db'}")
    with store.write() as session:
        session.execute(text("CREATE TABLE x (y INTEGER)"))
        names = [pragma.split("=")[0] for pragma in PRAGMAS]
        found = {name: session.execute(text(f"PRAGMA {name}")).scalar() for name in names}
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }
    modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    assert {"subscribers.db", "subscribers.db-wal"} <= set(modes)
    assert set(modes.values()) == {0}, "others can read the addresses"
    store.close()


def test_an_existing_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.db"
    path.touch(0o640)
    path.chmod(0o640)
    Store(f"sqlite:///{path}").close()
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_relative_file_stays_where_it_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store("sqlite:///subscribers.db")
    monkeypatch.chdir("/")
    with store.write() as session:
        session.execute(text("CREATE TABLE x (y INTEGER)"))
    assert store.path == tmp_path / "subscribers.db"
    store.close()


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("sqlite:///{folder}/missing/x.db", "store.url: there is no folder {folder}/missing; make it, or name another"),
        (
            "sqlite:///{folder}",
            "store.url: the store sqlite:///{folder} cannot be used (unable to open database file); "
            "name a file of our own, in a folder we may write",
        ),
        (
            "sqlite:///{folder}/letter.txt",
            "store.url: the store sqlite:///{folder}/letter.txt cannot be used (file is not a database); "
            "name another file, or restore a backup",
        ),
        (
            "sqlite:////proc/x.db",
            "store.url: /proc/x.db cannot be made (No such file or directory); name a folder we may write",
        ),
        (
            "postgresql://ann:secret@127.0.0.1:1/x",
            "store.url: the store postgresql+psycopg://ann:***@127.0.0.1:1/x cannot be reached (connection failed: "
            'connection to server at "127.0.0.1", port 1 failed: Connection refused); is it running?',
        ),
        (
            "postgresql://ann:secret@127.0.0.1:port/x",
            "store.url: this is not the address of a database; "
            "write sqlite:///subscribers.db or postgresql+psycopg://user@host/name",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["read", "write"])
def test_a_store_out_of_reach_is_one_line(tmp_path: Path, url: str, line: str, kind: str) -> None:
    (tmp_path / "letter.txt").write_text("Dear all, this is a letter and not a database.\n" * 20)
    with pytest.raises(ConfigError) as caught, getattr(Store(url.format(folder=tmp_path)), kind)() as session:
        session.execute(text("SELECT 1"))
    assert str(caught.value) == line.format(folder=tmp_path)


@pytest.mark.parametrize("name", ["what?", "50%20", "a#b", "mode=ro?x=1", "zwei Wörter"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    store = Store(f"sqlite:///{tmp_path / name}/subscribers.db")
    schema.migrate(store)
    store.close()
    assert (tmp_path / name / "subscribers.db").stat().st_size
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_store_of_something_else_is_not_called_empty(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/x.db")
    with store.write() as session:
        session.execute(text("CREATE TABLE songs (name TEXT)"))
    for verb in (schema.check, schema.migrate):
        with pytest.raises(WrongSchema, match="holds tables of something else"):
            verb(store)
    store.close()


def test_a_mistake_in_a_statement_is_no_lost_store(store: Store) -> None:
    with pytest.raises(DBAPIError), store.read() as session:
        session.execute(text("SELECT nothing FROM nowhere"))


def test_a_lost_connection_is_one_line(store: Store) -> None:
    if store.is_sqlite:
        return
    end = text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(ConfigError, match=r"cannot be reached .*; is it running\?$"), store.read() as session:
        session.execute(end)
    assert names(store) is not None, "the next transaction has a new connection"


def stand_still(frozen: Store, store: Store) -> None:
    with frozen.write() as session:
        session.add(Fact(name="mine", value="x"))
        session.flush()
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '1ms'"))
        with store.write() as other:
            # Waits for the row of the frozen one, which the server takes from it.
            other.add(Fact(name="mine", value="y"))
        session.execute(text("SELECT 1"))


def test_a_process_frozen_in_a_transaction_does_not_keep_its_locks(store: Store) -> None:
    if store.is_sqlite:
        # There nothing can take a lock from a process but its end.
        return
    frozen = Store(store.url.render_as_string(hide_password=False))
    with frozen.read() as session:
        assert session.scalar(text("SHOW idle_in_transaction_session_timeout")) == "20s"
    with pytest.raises(ConfigError, match="cannot be reached"):
        stand_still(frozen, store)
    frozen.close()
    with store.read() as session:
        assert session.scalar(select(Fact.value).where(Fact.name == "mine")) == "y"
