"""A backup becomes a store and its keys again, in an empty place only, of either kind."""

import io
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from mailer.config_dkim import FOLDER
from mailer.errors import BadInput, Refused
from mailer.store import rows, schema, seal
from mailer.store.backup import COPY, KEY_FILES, Manifest, manifest_of, opened, verify
from mailer.store.engine import SQLITE, Store
from mailer.store.tables import Fact
from mailer.tokens import Keys, read_keys, write_keys

ELSEWHERE = "name an empty place in config.toml, or move away what is there"
# The keys that sign the mail of a domain: keys/dkim/DOMAIN/SELECTOR.pem.
SIGNING = re.compile(rf"keys/({FOLDER}/[a-z0-9][a-z0-9.-]*/[a-z0-9][a-z0-9.-]*\.pem)")
Settle = Callable[[Session, Manifest], object]
Finish = Callable[[Session], None]


def restore(source: Path, url: str, key_folder: Path, settle: Settle) -> Manifest:
    """Bring a backup into an empty store and key folder; a backup of SQLite may go to PostgreSQL and back.

    ``settle`` runs in the transaction that ends it. Refused where there is a store or other keys, BadInput
    for a backup that is damaged or does not fit; then nothing was changed.
    """
    with opened(source) as archive, tempfile.TemporaryDirectory(prefix="mailer-restore-") as scratch:
        manifest = manifest_of(archive)
        verify(archive, manifest)
        _must_be_ours(archive, manifest)
        keys = _keys(archive, Path(scratch))
        signing = _signing_keys(archive, manifest, key_folder)
        present = read_keys(key_folder)
        if present is not None and present.fingerprints() != keys.fingerprints():
            raise Refused("there are other keys", place=str(key_folder), cure=ELSEWHERE)

        def finish(session: Session) -> None:
            _check(session, manifest, keys)
            settle(session, manifest)

        def place_keys() -> None:
            if present is None:
                write_keys(key_folder, keys)
            _write_signing_keys(key_folder, signing)

        if url.startswith(SQLITE):
            _into_file(archive, manifest, Path(url.removeprefix(SQLITE)), finish, place_keys)
        else:
            _into_server(archive, manifest, url, Path(scratch), finish, place_keys)
    return manifest


def _into_file(
    archive: zipfile.ZipFile, manifest: Manifest, target: Path, finish: Finish, place_keys: Callable[[], None]
) -> None:
    """Make the whole store beside its place and move it there when everything was found right."""
    must_be_empty(target)
    with tempfile.TemporaryDirectory(prefix=".mailer-restore-", dir=target.parent) as folder:
        part = Path(folder) / target.name
        store = _copy_of(archive, part) if manifest.kind == "sqlite" else Store(f"{SQLITE}{part}")
        try:
            schema.migrate(store)
            with store.write() as session:
                if manifest.kind == "rows":
                    _load(session, archive)
                finish(session)
            with store.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            store.close()
        # The keys first: killed between the two, restoring again finds its own keys and goes on.
        place_keys()
        must_be_empty(target)
        for left in ("-wal", "-shm"):
            target.with_name(target.name + left).unlink(missing_ok=True)
        part.replace(target)


def must_be_empty(target: Path) -> None:
    """Refuse a place that holds a store, or the last changes of one, which SQLite would mix into ours."""
    if not target.parent.is_dir():
        raise Refused("there is no such folder", place=str(target.parent), cure="make it, or name another")
    for path in (target, *(target.with_name(target.name + end) for end in ("-wal", "-journal"))):
        if path.exists() and path.stat().st_size:
            what = "there is a store already" if path == target else "here are changes of a store that was here"
            raise Refused(what, place=str(path), cure=ELSEWHERE)


def _into_server(
    archive: zipfile.ZipFile,
    manifest: Manifest,
    url: str,
    scratch: Path,
    finish: Finish,
    place_keys: Callable[[], None],
) -> None:
    """Fill an empty database in one transaction."""
    store = Store(url)
    try:
        names = set(inspect(store.engine).get_table_names())
        if names:
            schema.check(store)
        schema.migrate(store)
        with store.write() as session:
            if any(rows.count(session, table) for table in rows.tables()):
                raise Refused("there is a store already", place="store.url", cure=ELSEWHERE)
            if manifest.kind == "rows":
                _load(session, archive)
            else:
                _pour(_copy_of(archive, scratch / COPY), session)
            finish(session)
            place_keys()
    finally:
        store.close()


def _copy_of(archive: zipfile.ZipFile, path: Path) -> Store:
    """Write the SQLite file of a backup to ``path`` and open it."""
    with archive.open(COPY) as part, os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        shutil.copyfileobj(part, out)
    return Store(f"{SQLITE}{path}")


def _pour(origin: Store, session: Session) -> None:
    """Bring every row of a SQLite store into another one."""
    try:
        schema.migrate(origin)
        with origin.read() as reading:
            for table in rows.tables():
                rows.load(session, table, rows.dump(reading, table))
    finally:
        origin.close()


def _load(session: Session, archive: zipfile.ZipFile) -> None:
    for table in rows.tables():
        with archive.open(f"rows/{table.name}.jsonl") as part:
            rows.load(session, table, io.TextIOWrapper(part, encoding="utf-8"))


def _check(session: Session, manifest: Manifest, keys: Keys) -> None:
    """Compare what is there now with what the backup says of itself, and the keys with the store."""
    for table in rows.tables():
        expected, found = manifest.tables.get(table.name, 0), rows.count(session, table)
        if found != expected:
            raise BadInput(
                f"{table.name}: {found} rows came, {expected} were saved", place="backup", cure="take another"
            )
    known = session.execute(select(Fact.name, Fact.value).where(Fact.name.startswith(seal.PREFIX)))
    prints = keys.fingerprints()
    for name, value in known:
        if prints.get(name.removeprefix(seal.PREFIX)) != value:
            raise BadInput("its keys are not those of its store", place="backup", cure="take another")


def _must_be_ours(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Refuse a backup of tables this program cannot bring forward."""
    known = {schema.newest()} if manifest.kind == "rows" else schema.known()
    if manifest.schema not in known:
        raise BadInput(
            f"holds tables of version {manifest.schema}, this program works with {schema.newest()}",
            place=str(archive.filename),
            cure=f"restore it with mailer {manifest.program}, then migrate",
        )


def _keys(archive: zipfile.ZipFile, scratch: Path) -> Keys:
    folder = scratch / "keys"
    folder.mkdir(mode=0o700)
    for name in KEY_FILES:
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(archive.read(f"keys/{name}"))
    keys = read_keys(folder)
    if keys is None:
        raise BadInput("holds no keys", place=str(archive.filename), cure="take another")
    return keys


def _signing_keys(archive: zipfile.ZipFile, manifest: Manifest, key_folder: Path) -> dict[str, bytes]:
    """Return path from the key folder → content; Refused if there is another key at one of these places."""
    found = {}
    for name in manifest.parts:
        inside = SIGNING.fullmatch(name)
        if inside and ".." not in name:
            found[inside[1]] = archive.read(name)
            path = key_folder / inside[1]
            if path.exists() and path.read_bytes() != found[inside[1]]:
                raise Refused("there is another key", place=str(path), cure=ELSEWHERE)
    return found


def _write_signing_keys(key_folder: Path, signing: dict[str, bytes]) -> None:
    for name, content in signing.items():
        path = key_folder / name
        for folder in (path.parent.parent, path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
