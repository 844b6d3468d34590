"""One file with everything a store holds and the keys that belong to it."""

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy.orm import Session

from mailer import __version__, clock
from mailer.config_dkim import FOLDER
from mailer.errors import BadInput, Refused
from mailer.store import rows, schema
from mailer.store.engine import Store
from mailer.tokens import RING_FILE, SUPPRESSION_FILE

FORMAT = 1
MANIFEST, COPY = "manifest.json", "store.db"
KEY_FILES = (RING_FILE, SUPPRESSION_FILE)
PIECE = 1 << 20


@dataclass
class Manifest:
    """What a backup says of itself: when, by which program, of which tables, and how its parts look."""

    made_at: str
    program: str
    schema: str
    kind: str
    tables: dict[str, int] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def moment(self) -> datetime:
        """Return when it was made."""
        return datetime.fromisoformat(self.made_at)


def backup(store: Store, key_folder: Path, target: Path) -> Manifest:
    """Write store and keys into one new file (mode 0600) while others go on writing the store.

    It holds one moment of the store. The file appears under its name when it is whole and was read back.
    Refused if there is such a file.
    """
    if target.exists():
        raise Refused("there is such a file already", place=str(target), cure="name another")
    if not target.parent.is_dir():
        raise Refused("there is no such folder", place=str(target.parent), cure="make it, or name another")
    try:
        return _written(store, key_folder, target)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        cure = "is there room on its disk, and may we write there?"
        raise Refused(f"the backup was not made ({reason})", place=str(target), cure=cure) from error


def _written(store: Store, key_folder: Path, target: Path) -> Manifest:
    with tempfile.TemporaryDirectory(prefix=".mailer-backup-", dir=target.parent) as folder:
        part = Path(folder) / "whole"
        manifest = Manifest(
            made_at=clock.now().isoformat(),
            program=__version__,
            schema=schema.version(store),
            kind="sqlite" if store.is_sqlite else "rows",
        )
        with _new_file(part) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            if store.is_sqlite:
                _put_copy(archive, manifest, store, Path(folder))
            else:
                _put_rows(archive, manifest, store)
            for name in (*KEY_FILES, *_signing_files(key_folder)):
                with (key_folder / name).open("rb") as source:
                    _put(archive, manifest, f"keys/{name}", source)
            archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=2))
        with opened(part) as archive:
            verify(archive, manifest)
        _appear(part, target)
    return manifest


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a backup; BadInput if it is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError:
        raise BadInput("there is no such file", place=str(path), cure="check the path") from None
    except zipfile.BadZipFile:
        raise BadInput("is no backup, or is damaged", place=str(path), cure="take another one") from None


def manifest_of(archive: zipfile.ZipFile) -> Manifest:
    """Return what a backup says of itself; BadInput if another program, or a newer one, made it."""
    try:
        told = json.loads(archive.read(MANIFEST))
        known = Manifest(**told) if told.get("format") == FORMAT else None
    except (KeyError, ValueError, TypeError, AttributeError):
        raise BadInput("is no backup of a mailer", place=str(archive.filename), cure="take another one") from None
    if known is None:
        raise BadInput("was made by a newer mailer", place=str(archive.filename), cure="install that one")
    return known


def verify(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Read every part and compare it with its checksum; BadInput if one is missing or differs."""
    for name, expected in manifest.parts.items():
        try:
            digest = hashlib.sha256()
            with archive.open(name) as source:
                while piece := source.read(PIECE):
                    digest.update(piece)
            found = digest.hexdigest()
        except (KeyError, OSError, zipfile.BadZipFile, EOFError):
            found = ""
        if found != expected:
            raise BadInput(f"its part {name} is damaged", place=str(archive.filename), cure="take another backup")


def _signing_files(key_folder: Path) -> list[str]:
    """Return the keys that sign the mail of a domain, as paths from the folder of the keys."""
    found = (key_folder / FOLDER).glob("*/*.pem")
    return sorted(path.relative_to(key_folder).as_posix() for path in found)


def _put_copy(archive: zipfile.ZipFile, manifest: Manifest, store: Store, folder: Path) -> None:
    """Copy a SQLite store inside one reading transaction; in WAL mode nobody waits for it."""
    copy = folder / COPY
    pooled = store.engine.raw_connection()
    try:
        pooled.cursor().execute("VACUUM INTO ?", (str(copy),))
    finally:
        pooled.close()
    with sqlite3.connect(copy) as connection:
        for table in rows.tables():
            (manifest.tables[table.name],) = connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()  # noqa: S608 - names of our own tables
    connection.close()
    with copy.open("rb") as source:
        _put(archive, manifest, COPY, source)


def _put_rows(archive: zipfile.ZipFile, manifest: Manifest, store: Store) -> None:
    """Write every row of a database server inside one transaction that sees one moment of it."""
    engine = store.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with Session(engine) as session:
        for table in rows.tables():
            name, digest, lines = f"rows/{table.name}.jsonl", hashlib.sha256(), -1
            with archive.open(name, "w", force_zip64=True) as part:
                for line in rows.dump(session, table):
                    data = f"{line}\n".encode()
                    digest.update(data)
                    part.write(data)
                    lines += 1
            manifest.parts[name], manifest.tables[table.name] = digest.hexdigest(), lines


def _put(archive: zipfile.ZipFile, manifest: Manifest, name: str, source: IO[bytes]) -> None:
    digest = hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as part:
        while piece := source.read(PIECE):
            digest.update(piece)
            part.write(piece)
    manifest.parts[name] = digest.hexdigest()


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a new file nobody else can read, and see it on the disk."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _appear(part: Path, target: Path) -> None:
    """Give the finished file its name, unless somebody took it meanwhile."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise Refused("there is such a file already", place=str(target), cure="name another") from None
    except OSError:
        # A file system without hard links.
        shutil.move(part, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
