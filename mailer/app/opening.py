"""A configuration becomes a store that is open and the keys that belong to it; a folder becomes an installation."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import mailer
from mailer.config import Config, load
from mailer.errors import ConfigError, Refused
from mailer.store import schema, seal
from mailer.store.engine import SQLITE, Store
from mailer.tokens import Keys


@dataclass(frozen=True)
class App:
    """What every door needs: what was configured, the open store, and its keys."""

    config: Config
    store: Store
    keys: Keys

    def close(self) -> None:
        """Close every connection to the store."""
        self.store.close()


def open_app(config: Config, *, migrate: bool = False) -> App:
    """Open the store and the keys; with ``migrate`` a store that is new is made, else it is refused.

    A store of another version is never changed here. Raises ConfigError for what cannot be reached or read,
    WrongSchema for another version.
    """
    file = store_file(config)
    if file and not migrate and not file.exists():
        raise ConfigError(
            f"there is no store {file}",
            place="store.url",
            cure="name the right configuration with --config, or make a store with `mailer init DIR`",
        )
    store = Store(config.store.url)
    try:
        if migrate and not schema.version(store):
            schema.migrate(store)
        schema.check(store)
        return App(config, store, seal.open_keys(store, config.keys.folder))
    except BaseException:
        store.close()
        raise


def store_file(config: Config) -> Path | None:
    """Return the file of a SQLite store; None for a database server."""
    url = config.store.url
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


def found(folder: Path) -> Path:
    """Make a new installation in a folder: configuration, store, keys; return its config.toml.

    Refused if there is anything in the folder already. What fails leaves nothing behind.
    """
    if folder.exists() and not folder.is_dir():
        raise Refused("this is a file", place=str(folder), cure="name a new or an empty folder")
    is_new = not folder.exists()
    if not is_new and any(folder.iterdir()):
        raise Refused("there is something in it already", place=str(folder), cure="name a new or an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return _furnish(folder)
    except BaseException:
        for entry in folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        if is_new:
            folder.rmdir()
        raise


def _furnish(folder: Path) -> Path:
    file = folder / "config.toml"
    # It may hold a password one day.
    file.touch(mode=0o600)
    file.write_text(example().read_text(encoding="utf-8"), encoding="utf-8")
    open_app(load(file), migrate=True).close()
    return file


def example() -> Path:
    """Return the file that names every key with its default."""
    packaged = Path(mailer.__file__).parent / "config.example.toml"
    return packaged if packaged.is_file() else Path(mailer.__file__).parents[1] / "config.example.toml"
