"""The store remembers the fingerprints of its keys; a process with other keys refuses to start."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.errors import ConfigError
from mailer.store.engine import Store
from mailer.store.tables import Fact
from mailer.tokens import Keys, new_keys, read_keys, write_keys

PREFIX = "key "


def open_keys(store: Store, folder: Path) -> Keys:
    """Return the keys of this store; make them if, and only if, the store has never had any.

    Raises ConfigError when they are missing, damaged, or belong to another store: links in mail that was
    sent would die, and suppressed people would not be known any more.
    """
    with store.write() as session:
        known = _known(session)
        keys = read_keys(folder)
        if keys is None:
            if known:
                raise ConfigError(
                    "the keys of this store are missing",
                    place=str(folder),
                    cure="put them back from a backup, or correct keys.folder",
                )
            keys = new_keys()
            _write(folder, keys)
        _compare(known, keys.fingerprints(), folder)
        for name, fingerprint in keys.fingerprints().items():
            if PREFIX + name not in known:
                session.add(Fact(name=PREFIX + name, value=fingerprint))
    return keys


def _write(folder: Path, keys: Keys) -> None:
    try:
        write_keys(folder, keys)
    except OSError as error:
        problem = f"the keys cannot be written ({error.strerror})"
        raise ConfigError(problem, place=str(folder), cure="name a folder we may write, as keys.folder") from None


def _known(session: Session) -> dict[str, str]:
    rows = session.execute(select(Fact.name, Fact.value).where(Fact.name.startswith(PREFIX)))
    return dict(rows.all())


def _compare(known: dict[str, str], found: dict[str, str], folder: Path) -> None:
    for name, fingerprint in known.items():
        if found.get(name.removeprefix(PREFIX)) != fingerprint:
            raise ConfigError(
                f"these are not the keys of this store (the {name.removeprefix(PREFIX)} key differs)",
                place=str(folder),
                cure="put the right ones back from a backup, or correct keys.folder",
            )
