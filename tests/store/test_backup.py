"""A backup holds one moment, is found whole, and comes back into either kind of store."""

import json
import stat
import threading
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from mailer.errors import BadInput, Refused
from mailer.mailing import restored
from mailer.store import rows, schema, seal
from mailer.store.backup import backup
from mailer.store.engine import Store
from mailer.store.restore import restore
from mailer.store.tables import Fact, Mailing, MailingList, StatementRow, Subscriber
from mailer.tokens import read_keys
from tests.make import make_list
from tests.store.filled import everything


def nothing(_session: object, _manifest: object) -> None:
    """Settle nothing."""


def test_it_comes_back_row_by_row_into_either_kind(full, empty_url, tmp_path) -> None:
    made = backup(full, tmp_path / "keys", tmp_path / "b.zip")
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600
    found = restore(tmp_path / "b.zip", empty_url, tmp_path / "new keys", nothing)
    assert found.tables == made.tables
    other = Store(empty_url)
    assert everything(other) == everything(full)
    schema.check(other)
    assert seal.open_keys(other, tmp_path / "new keys").fingerprints() == read_keys(tmp_path / "keys").fingerprints()
    # The next rows get numbers of their own.
    with other.write() as session:
        make_list(session, "one-more")
    other.close()


def test_what_was_moving_is_held_after_a_restore(full, empty_url, tmp_path) -> None:
    backup(full, tmp_path / "keys", tmp_path / "b.zip")
    restore(
        tmp_path / "b.zip",
        empty_url,
        tmp_path / "new keys",
        lambda session, manifest: restored.hold_all(session, manifest.moment),
    )
    other = Store(empty_url)
    with other.read() as session:
        found = {mailing.state: mailing.why for mailing in session.scalars(select(Mailing))}
    other.close()
    assert set(found) == {"paused", "draft"}
    assert "who got it after that is not known" in found["paused"]


def test_it_holds_one_moment_while_others_write(full, tmp_path) -> None:
    ended, began = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            with full.write() as session:
                # Two rows that belong together: a backup has both or neither.
                session.add(Fact(name=f"left {number}", value="x"))
                session.flush()
                session.add(Fact(name=f"right {number}", value="x"))
            began.set()
            full.step_aside()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert began.wait(20)
        for number in range(3):
            backup(full, tmp_path / "keys", tmp_path / f"{number}.zip")
    finally:
        ended.set()
        thread.join()
    for number in range(3):
        target = f"sqlite:///{tmp_path / f'{number}.db'}"
        restore(tmp_path / f"{number}.zip", target, tmp_path / "keys", nothing)
        other = Store(target)
        with other.read() as session:
            names = [name for name in session.scalars(select(Fact.name)) if name.startswith(("left", "right"))]
        other.close()
        assert len(names) >= 2
        assert {name[5:] for name in names if name[0] == "l"} == {name[6:] for name in names if name[0] == "r"}


def test_nothing_that_is_there_is_touched(full, tmp_path, store_url) -> None:
    backup(full, tmp_path / "keys", tmp_path / "b.zip")
    before = everything(full)
    with pytest.raises(Refused, match="there is a store already"):
        restore(tmp_path / "b.zip", store_url, tmp_path / "keys", nothing)
    with pytest.raises(Refused, match="there is such a file already"):
        backup(full, tmp_path / "keys", tmp_path / "b.zip")
    assert everything(full) == before
    stranger = Store(f"sqlite:///{tmp_path / 'stranger.db'}")
    schema.migrate(stranger)
    seal.open_keys(stranger, tmp_path / "strange keys")
    stranger.close()
    with pytest.raises(Refused, match="there are other keys"):
        restore(tmp_path / "b.zip", f"sqlite:///{tmp_path / 'n.db'}", tmp_path / "strange keys", nothing)
    assert not (tmp_path / "n.db").exists()


def rewritten(path: Path, changes: dict[str, bytes | None]) -> Path:
    """Copy a backup with some parts changed or left out."""
    target = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            data = changes.get(name, source.read(name))
            if data is not None:
                copy.writestr(name, data)
    return target


def refuses(path: Path, tmp_path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        restore(path, f"sqlite:///{tmp_path / 'n.db'}", tmp_path / "new keys", nothing)
    assert not (tmp_path / "n.db").exists()
    assert not (tmp_path / "new keys").exists()
    return str(caught.value)


def test_a_damaged_or_strange_file_is_refused(full, tmp_path) -> None:
    path = tmp_path / "b.zip"
    backup(full, tmp_path / "keys", path)
    with zipfile.ZipFile(path) as archive:
        told = json.loads(archive.read("manifest.json"))
        part = next(name for name in told["parts"] if not name.startswith("keys/"))
    assert "is damaged" in refuses(rewritten(path, {part: b"something else"}), tmp_path)
    assert "is damaged" in refuses(rewritten(path, {"keys/signing.keys": None}), tmp_path)
    assert "is no backup of a mailer" in refuses(rewritten(path, {"manifest.json": None}), tmp_path)
    newer = {"manifest.json": json.dumps({**told, "format": 2}).encode()}
    assert "a newer mailer" in refuses(rewritten(path, newer), tmp_path)
    later = {"manifest.json": json.dumps({**told, "schema": "9999"}).encode()}
    assert "tables of version 9999" in refuses(rewritten(path, later), tmp_path)
    fewer = {"manifest.json": json.dumps({**told, "tables": {**told["tables"], "subscribers": 7}}).encode()}
    assert "subscribers: 6 rows came, 7 were saved" in refuses(rewritten(path, fewer), tmp_path)
    (tmp_path / "cut.zip").write_bytes(path.read_bytes()[:-200])
    assert "is no backup, or is damaged" in refuses(tmp_path / "cut.zip", tmp_path)
    assert "there is no such file" in refuses(tmp_path / "none.zip", tmp_path)


def test_keys_of_another_store_are_refused(full, tmp_path) -> None:
    with full.write() as session:
        session.get_one(Fact, "key suppression").value = "of another key"
    backup(full, tmp_path / "keys", tmp_path / "b.zip")
    assert "its keys are not those of its store" in refuses(tmp_path / "b.zip", tmp_path)


def test_a_backup_that_fails_leaves_no_file(full, tmp_path) -> None:
    (tmp_path / "keys" / "signing.keys").unlink()
    with pytest.raises(Refused, match=r"was not made \(No such file or directory\)"):
        backup(full, tmp_path / "keys", tmp_path / "b.zip")
    assert {path.name for path in tmp_path.iterdir()} & {"b.zip"} == set()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".mailer-backup")] == []


@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_the_changes_of_a_lost_store_are_not_mixed_into_a_restored_one(full, tmp_path, end) -> None:
    backup(full, tmp_path / "keys", tmp_path / "b.zip")
    left, target = tmp_path / f"n.db{end}", tmp_path / "n.db"
    left.write_bytes(b"of another store")
    with pytest.raises(Refused, match="changes of a store that was here"):
        restore(tmp_path / "b.zip", f"sqlite:///{target}", tmp_path / "new keys", nothing)
    assert not target.exists()
    assert not (tmp_path / "new keys").exists()
    left.write_bytes(b"")
    (tmp_path / "n.db-shm").write_bytes(b"of another store")
    restore(tmp_path / "b.zip", f"sqlite:///{target}", tmp_path / "new keys", nothing)
    other = Store(f"sqlite:///{target}")
    assert everything(other) == everything(full)
    other.close()


def test_a_restore_that_got_no_further_than_the_keys_may_be_repeated(full, tmp_path) -> None:
    backup(full, tmp_path / "keys", tmp_path / "b.zip")
    target = tmp_path / "n.db"
    for _ in range(2):
        restore(tmp_path / "b.zip", f"sqlite:///{target}", tmp_path / "new keys", nothing)
        target.unlink()
    assert read_keys(tmp_path / "new keys") == read_keys(tmp_path / "keys")


def test_a_restore_that_fails_leaves_nothing(full, empty_url, tmp_path) -> None:
    def fail(_session: object, _manifest: object) -> None:
        raise Refused("no")

    backup(full, tmp_path / "keys", tmp_path / "b.zip")
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(Refused, match="no"):
        restore(tmp_path / "b.zip", empty_url, tmp_path / "new keys", fail)
    assert {path.name for path in tmp_path.iterdir()} == before
    restore(tmp_path / "b.zip", empty_url, tmp_path / "new keys", nothing)


def test_every_kind_of_value_comes_back(full, tmp_path) -> None:
    with full.write() as session:
        row = session.scalars(select(StatementRow)).first()
        assert row is not None
        row.original = bytes(range(256))
    with full.read() as session:
        lines = {table.name: list(rows.dump(session, table)) for table in rows.tables()}
    other = Store(f"sqlite:///{tmp_path / 'other.db'}")
    schema.migrate(other)
    with other.write() as session:
        for table in rows.tables():
            rows.load(session, table, lines[table.name])
    with other.read() as session:
        kept = session.scalars(select(StatementRow)).first()
        assert kept is not None
        assert kept.original == bytes(range(256))
        person = session.scalars(select(Subscriber).where(Subscriber.name == "Zoë")).one()
        assert person.attributes == {"city": "Århus"}
        assert session.scalars(select(MailingList.description).where(MailingList.name == "museum")).one().endswith("“")
    other.close()


def test_keys_that_sign_mail_come_back(full, tmp_path) -> None:
    signing = tmp_path / "keys" / "dkim" / "water.example"
    signing.mkdir(parents=True)
    (signing / "m1.pem").write_bytes(b"one")
    (signing / "m1.txt").write_bytes(b"a note")
    backup(full, tmp_path / "keys", tmp_path / "b.zip")
    restore(tmp_path / "b.zip", f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "new keys", nothing)
    (back,) = (tmp_path / "new keys" / "dkim").rglob("*.*m")
    assert (back.name, back.read_bytes(), stat.S_IMODE(back.stat().st_mode)) == ("m1.pem", b"one", 0o600)
    assert stat.S_IMODE(back.parent.stat().st_mode) == 0o700
    back.write_bytes(b"another")
    with pytest.raises(Refused, match="there is another key"):
        restore(tmp_path / "b.zip", f"sqlite:///{tmp_path / 'newer.db'}", tmp_path / "new keys", nothing)
    assert back.read_bytes() == b"another"
    assert not (tmp_path / "newer.db").exists()


def test_a_backup_writes_nothing_outside_the_keys(full, tmp_path) -> None:
    (tmp_path / "keys" / "dkim" / "water.example").mkdir(parents=True)
    (tmp_path / "keys" / "dkim" / "water.example" / "m1.pem").write_bytes(b"one")
    backup(full, tmp_path / "keys", tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as old, zipfile.ZipFile(tmp_path / "evil.zip", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name.replace("m/water.example", "m/.."), data.replace(b"m/water.example", b"m/.."))
    restore(tmp_path / "evil.zip", f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "new keys", nothing)
    assert sorted(path.name for path in (tmp_path / "new keys").iterdir()) == ["signing.keys", "suppression.key"]
