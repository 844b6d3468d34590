"""Everything a store holds, brought into another one: piece by piece, and then compared row by row."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path

from sqlalchemy import Table, text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from mailer.config_sections import known_store
from mailer.errors import BadInput, Broken, ConfigError, Refused
from mailer.store import rows, schema
from mailer.store.engine import SQLITE, Store
from mailer.store.restore import must_be_empty

PIECE = 5000
PLACE = "TO_URL"
ANEW = "begin again in an empty place"


@dataclass(frozen=True)
class Copied:
    """A table in both stores: its rows, their SHA-256 in the order of the key, how many had been brought before."""

    table: str
    rows: int
    digest: str
    found: int


def copy(store: Store, url: str, may_begin: Callable[[Session], None]) -> list[Copied]:
    """Bring every row of ``store`` into the empty store at ``url``, of either kind, and compare all of them.

    Nobody else can write into ``store`` meanwhile. ``may_begin`` raises Refused if it is not at rest. Killed,
    the copy goes on where it was when it is called again; until it has ended no program works on the new store.
    """
    with _held(store) as session:
        may_begin(session)
        target = _opened(store, url)
        try:
            found = {table.name: _bring(session, target, table) for table in rows.tables()}
            copied = [_compared(session, target, table, found[table.name]) for table in rows.tables()]
            _settle(target)
            schema.end_copy(target)
        finally:
            target.close()
    return copied


@contextmanager
def _held(store: Store) -> Iterator[Session]:
    """Open a transaction that sees one moment of a store and keeps everybody else from writing."""
    try:
        with store.write(quiet=True, one_moment=True) as session:
            if not store.is_sqlite:
                names = ", ".join(table.name for table in rows.tables())
                session.execute(text("SET LOCAL lock_timeout = '10s'"))
                # The other store may take its time.
                session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
                session.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))
            yield session
    except OperationalError as error:
        if "lock timeout" not in str(error.orig):
            raise
        raise Refused("others write into this store", place=_shown(store), cure="stop every mailer process") from None


def _opened(store: Store, url: str) -> Store:
    """Open the other store and make its tables; Refused unless it is empty, or holds what a copy before brought."""
    try:
        target = _known(url)
        is_same = target.path.samefile(store.path) if target.path and store.path else target.url == store.url
        if is_same or not schema.begin_copy(target):
            target.close()
            problem = "this is the store itself" if is_same else "there is something already"
            raise Refused(problem, place=_shown(target), cure="name an empty place")
    except ConfigError as error:
        # It would name a key of the configuration as the place.
        raise BadInput(error.problem, place=PLACE, cure=error.cure) from None
    return target


def _known(url: str) -> Store:
    try:
        known_store(url)
    except ValueError as error:
        problem, _, cure = str(error).partition("; ")
        raise BadInput(problem, place=PLACE, cure=cure) from None
    path = Path(url.removeprefix(SQLITE)).absolute() if url.startswith(SQLITE) else None
    if path and not (path.exists() and path.stat().st_size):
        must_be_empty(path)
    return Store(url)


def _bring(session: Session, target: Store, table: Table) -> int:
    """Bring what is not there yet, a transaction for each piece; return how many rows were there."""
    with closing(rows.dump(session, table)) as lines:
        head = next(lines)
        found = _recognised(target, table, lines)
        while piece := list(islice(lines, PIECE)):
            _load(target, table, head, piece)
    return found


def _recognised(target: Store, table: Table, lines: Iterator[str]) -> int:
    """Take the rows that are there already off ``lines``, and return how many; Refused if they are other rows."""
    with target.read() as there, closing(rows.dump(there, table)) as theirs:
        found = rows.count(there, table)
        next(theirs)
        if found and any(ours != other for ours, other in zip_longest(islice(lines, found), theirs)):
            raise Refused(
                f"{table.name}: other rows are there than the copy before brought, or the old store was used since",
                place=_shown(target),
                cure=ANEW,
            )
    return found


def _load(target: Store, table: Table, head: str, piece: list[str]) -> None:
    """Load a piece; if a row of it does not fit, everything before that row, and then name the row."""
    try:
        with target.write(quiet=True) as session:
            rows.load(session, table, [head, *piece])
        return
    except (DataError, IntegrityError) as error:
        if len(piece) == 1:
            reason = str(error.orig).strip().splitlines()[0]
            key = piece[0][1:].split(",")[0]
            raise Refused(
                f"{table.name}: the row {key} does not fit ({reason})",
                place=_shown(target),
                cure="put it right in the old store, and begin again",
            ) from None
    half = len(piece) // 2
    for part in (piece[:half], piece[half:]):
        _load(target, table, head, part)


def _compared(session: Session, target: Store, table: Table, found: int) -> Copied:
    with target.read() as there:
        ours, theirs = _digest(rows.dump(session, table)), _digest(rows.dump(there, table))
    if ours != theirs:
        raise Broken(
            f"{table.name}: {theirs[0]} rows came out other than the {ours[0]} that went in",
            place=_shown(target),
            cure=ANEW,
        )
    return Copied(table.name, *ours, found)


def _digest(lines: Iterable[str]) -> tuple[int, str]:
    """Return how many rows there are, and the SHA-256 of their lines."""
    digest, count = hashlib.sha256(), -1
    for line in lines:
        digest.update(f"{line}\n".encode())
        count += 1
    return count, digest.hexdigest()


def _settle(target: Store) -> None:
    """Let the new store know what it holds, so that its first questions are answered as quickly as the later ones."""
    with target.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)" if target.is_sqlite else "ANALYZE")


def _shown(store: Store) -> str:
    return store.url.render_as_string(hide_password=True)
