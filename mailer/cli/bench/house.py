"""The installation that is measured: a list of different readers, and a fresh copy of its store for every run."""

import csv
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mailer.app.opening import App, open_app
from mailer.cli.door import ACTOR
from mailer.config import load
from mailer.people import lists, roster

# Half of the readers are at three large receivers, as on most lists; the others are everywhere.
DOMAINS = ("one.example", "one.example", "one.example", "two.example", "three.example")
SMALL_DOMAINS = 400
CITIES = ("Arden", "Bree", "Corvo", "Dale", "Elm", "Fenn", "Gars", "Holt", "Ilm", "Jura", "Kell")
EVERYBODY, FEW, SAMPLE = "everybody", "few", "sample"
BASE_URL = "https://letters.bench.example"
CONFIG = """\
[site]
name = "Bench"
base_url = "{base_url}"

[store]
url = "{url}"

[keys]
folder = "{keys}"

[templates]
folder = "{templates}"

[people.attributes]
city = "Where somebody lives"

[relay.bench]
port = {port}
connections = {connections}
ehlo_name = "bench.example"

[log]
level = "warning"
"""


class Stores(Protocol):
    """A kind of store: an empty one to fill, and copies of it."""

    kind: str

    def first(self) -> str:
        """Return the address of the store that is filled once."""

    def filled(self) -> None:
        """Make ready to be copied what was filled."""

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Give the address of a copy that nobody has sent from; it is gone afterwards."""


class SqliteStores:
    """Files in a folder."""

    kind = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def first(self) -> str:
        """Return the address of the store that is filled once."""
        return f"sqlite:///{self._folder / 'first.db'}"

    def filled(self) -> None:
        """Nothing to do: the last connection that was closed left one whole file."""

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Give the address of a copy, on the disk already: it must not be written out while we measure."""
        folder = self._folder / "copy"
        folder.mkdir()
        file = folder / "subscribers.db"
        try:
            shutil.copy(self._folder / "first.db", file)
            with file.open("rb") as copied:
                os.fsync(copied.fileno())
            yield f"sqlite:///{file}"
        finally:
            shutil.rmtree(folder)


@dataclass(frozen=True)
class Relay:
    """Where a run is sent: the port on loopback, over how many connections of how many processes in all."""

    port: int
    connections: int
    most_processes: int = 1

    @property
    def processes(self) -> int:
        """Return how many processes send: no more than there are connections to share out."""
        return min(self.most_processes, self.connections)


class House:
    """The installation: its folder, its kind of store, and its lists, each with how many are on it.

    ``settings`` are tables of config.toml beside those of the bench.
    """

    def __init__(self, folder: Path, stores: Stores, sizes: Mapping[str, int], settings: str = "") -> None:
        self.folder, self.stores, self.sizes = folder, stores, dict(sizes)
        self._settings = settings
        self.import_seconds: dict[str, float] = {}
        app = self._open(stores.first(), Relay(25, 1), migrate=True)
        try:
            for name, number in self.sizes.items():
                file, began = _readers(folder, name, number), time.monotonic()
                _bring(app, name, file)
                self.import_seconds[name] = time.monotonic() - began
                file.unlink()
        finally:
            app.close()
        stores.filled()

    @property
    def config_file(self) -> Path:
        """Return the configuration of the run."""
        return self.folder / "config.toml"

    @contextmanager
    def fresh(self, relay: Relay) -> Iterator[App]:
        """Open a copy of the store that sends to ``relay``; its configuration is in config_file."""
        with self.stores.copy() as url:
            app = self._open(url, relay)
            try:
                yield app
            finally:
                app.close()

    def _open(self, url: str, relay: Relay, *, migrate: bool = False) -> App:
        text = CONFIG.format(
            base_url=BASE_URL,
            url=url,
            keys=self.folder / "keys",
            templates=Path(__file__).with_name("templates"),
            port=relay.port,
            connections=relay.connections // relay.processes,
        )
        self.config_file.write_text(f"{text}\n{self._settings}", encoding="utf-8")
        return open_app(load(self.config_file), migrate=migrate)


def address_of(number: int) -> str:
    """Return the address of the reader with that number."""
    spread = number % 10
    domain = DOMAINS[spread] if spread < len(DOMAINS) else f"town{number % SMALL_DOMAINS}.example"
    return f"reader{number}@{domain}"


def name_of(number: int) -> str:
    """Return the name of the reader with that number; no two have the same."""
    return f"Reader-{number}-of-many"


def city_of(number: int) -> str:
    """Return where that reader lives."""
    return CITIES[number % len(CITIES)]


def _readers(folder: Path, name: str, number: int) -> Path:
    file = folder / f"{name}.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["address", "name", "city"])
        rows.writerows((address_of(each), name_of(each), city_of(each)) for each in range(number))
    return file


def _bring(app: App, name: str, file: Path) -> None:
    """Make a list and bring its readers in, as `mailer subscriber import` does."""
    with app.store.write() as session:
        mlist = lists.add(
            session,
            name=name,
            title=f"The list {name}",
            from_address=f"{name}@sender.example",
            postal_address="Bench, 1 Loop Road, Arden",
        )
        run = roster.begin(session, mlist, file=file.name, statement="made up for measuring", actor=ACTOR)
    for rows in roster.chunks(roster.read_rows(file, app.config)):
        with app.store.write(quiet=True) as session:
            roster.import_chunk(session, app.keys, mlist, rows, run)
