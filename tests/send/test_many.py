"""Several sending processes on one store: frozen, cut off, killed, outdated; counted at the relay."""

import asyncio
import contextlib
import os
import random
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from mailer.config import Config, load
from mailer.outcomes import account
from mailer.store import migrations, schema, seal
from mailer.tokens import Keys
from tests.make import make_draft, make_list, make_reader, make_started, start
from tests.processes import SECONDS, Process
from tests.relay import ScriptedRelay, relay
from tests.send.running import figures, quick, sending, state_of

pytestmark = pytest.mark.anyio

LATER = """
revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None
from alembic import op
import sqlalchemy

def upgrade():
    op.create_table("later", sqlalchemy.Column("id", sqlalchemy.Integer, primary_key=True))
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Machine:
    """A folder with a configuration and keys, in which sending processes are started."""

    def __init__(self, folder: Path, url: str, port: int, **send: float) -> None:
        folder.mkdir()
        self.folder = folder
        settings = {"tick_seconds": 0.05, "lease_seconds": 2, "uncertain_seconds": 0.05, **send}
        lines = "\n".join(f"{name} = {value}" for name, value in settings.items())
        keys = folder.parent / "keys"
        (folder / "config.toml").write_text(
            f'[store]\nurl = "{url}"\n[keys]\nfolder = "{keys}"\n[send]\n{lines}\n'
            f'[relay.local]\nhost = "127.0.0.1"\nport = {port}\nehlo_name = "us.test"\nconnections = 2\n'
        )
        self.config: Config = load(folder / "config.toml")

    @contextlib.contextmanager
    def work(self, *words: str):
        """Run `mailer work`; it is killed at the end, whatever becomes of it."""
        process = Process(self.folder, "work", *words)
        try:
            yield process
        finally:
            process.close()


def keys_of(store, tmp_path: Path) -> Keys:
    return seal.open_keys(store, tmp_path / "keys")


async def end(process: Process, number: signal.Signals = signal.SIGTERM) -> int:
    return await asyncio.to_thread(process.end, number)


async def freeze(process: Process, store) -> None:
    """Stop a process where it stands; on SQLite not in the middle of a transaction, which would stop everybody."""

    def stop() -> None:
        with store.write(quiet=True) as session:
            session.execute(text("SELECT 1"))
            os.kill(process.pid, signal.SIGSTOP)

    await asyncio.to_thread(stop)


def nobody_is_lost_and_whoever_got_it_twice_is_named(store, peer: ScriptedRelay, mailing_id: int, readers: int) -> None:
    got = Counter(peer.received())
    with store.read() as session:
        twice = {who.address for who in account.people(session, mailing_id, account.TWICE)}
        open_ones = {who.address for who in account.people(session, mailing_id, "uncertain")}
    result = figures(store, mailing_id)
    assert (result.chosen, result.balanced) == (readers, True)
    assert len(got.keys() | open_ones) == readers
    assert {address for address, times in got.items() if times > 1} <= twice | open_ones


async def waits_to_write(peer: ScriptedRelay) -> asyncio.Event:
    """Wait until a process has begun letters and asks to write them; who comes after it finds the door open."""
    door = peer.door
    await peer.until(lambda: peer.commands.count("DATA") >= 2, SECONDS)
    peer.door = asyncio.Event()
    peer.door.set()
    return door


async def test_a_frozen_process_is_replaced_and_begins_nothing_when_it_thaws(store, store_url, tmp_path) -> None:
    keys = keys_of(store, tmp_path)
    async with relay() as peer:
        machine = Machine(tmp_path / "machine", store_url, peer.port)
        mailing_id = make_started(store, machine.config, keys, readers=40)
        peer.door.clear()
        with machine.work() as frozen:
            door = await waits_to_write(peer)
            await freeze(frozen, store)
            with machine.work() as other:
                await peer.until(lambda: state_of(store, mailing_id) == "sent", SECONDS)
                assert Counter(peer.received()) == Counter(f"reader{n}@example.org" for n in range(40))
                begun = len(peer.mails)
                door.set()
                os.kill(frozen.pid, signal.SIGCONT)
                assert await end(frozen) == 0
                assert await end(other) == 0
        # What it had begun was not written: its time for it was over.
        assert (len(peer.mails), len(peer.written)) == (begun, 40)
        nobody_is_lost_and_whoever_got_it_twice_is_named(store, peer, mailing_id, 40)


class Cable:
    """What lies between a process and its database server; cut, it says nothing any more, not even that it is cut."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self.whole = asyncio.Event()
        self.whole.set()
        self._talks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def laid(self) -> AsyncIterator[str]:
        """Lay it, and say by which address the store is reached over it."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            url = self._url.set(host="127.0.0.1", port=port, query={})
            yield url.render_as_string(hide_password=False)
        finally:
            server.close()
            for talk in self._talks:
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)
            await server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        away, back = await asyncio.open_unix_connection(f"{self._url.query['host']}/.s.PGSQL.5432")
        both = [asyncio.create_task(self._carry(*ends)) for ends in ((reader, back), (away, writer))]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            for end in (back, writer):
                end.close()
            self._talks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self.whole.wait()
            writer.write(data)
            await writer.drain()


async def test_a_process_that_is_cut_off_from_the_store_begins_nothing_after_its_lease(
    store, store_url, tmp_path
) -> None:
    if store.is_sqlite:
        # There is nothing to cut between a process and a file.
        return
    keys = keys_of(store, tmp_path)
    cable = Cable(store_url)
    async with relay() as peer, cable.laid() as far_url:
        far = Machine(tmp_path / "far", far_url, peer.port)
        near = Machine(tmp_path / "near", store_url, peer.port)
        mailing_id = make_started(store, far.config, keys, readers=40)
        peer.door.clear()
        with far.work("--no-clock") as lost:
            door = await waits_to_write(peer)
            cable.whole.clear()
            with near.work() as other:
                await peer.until(lambda: state_of(store, mailing_id) == "sent", SECONDS)
                assert Counter(peer.received()) == Counter(f"reader{n}@example.org" for n in range(40))
                begun = len(peer.mails)
                door.set()
                cable.whole.set()
                assert await end(lost) == 0
                assert await end(other) == 0
        assert (len(peer.mails), len(peer.written)) == (begun, 40)
        nobody_is_lost_and_whoever_got_it_twice_is_named(store, peer, mailing_id, 40)


@pytest.fixture
def newer_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Make this process a program that has one more migration."""
    (tmp_path / "0002_later.py").write_text(LATER)
    ours, known = Path(migrations.__file__).parent / "versions", schema._alembic

    def with_one_more():
        config = known()
        config.set_main_option("version_locations", f"{ours}{os.pathsep}{tmp_path}")
        return config

    def put_on() -> None:
        monkeypatch.setattr(schema, "_alembic", with_one_more)
        schema.newest.cache_clear()

    yield put_on
    monkeypatch.undo()
    schema.newest.cache_clear()


async def test_a_process_of_an_older_version_begins_nothing_more_and_says_why(
    store, store_url, tmp_path, newer_program
) -> None:
    keys = keys_of(store, tmp_path)
    async with relay() as peer:
        machine = Machine(tmp_path / "machine", store_url, peer.port)
        mailing_id = make_started(store, machine.config, keys, readers=60)
        peer.gate.clear()
        with machine.work() as older:
            await peer.until(lambda: len(peer.written) >= 2, SECONDS)
            newer_program()
            assert await asyncio.to_thread(schema.migrate, store) == ("0001", "0002")
            with store.read() as session:
                begun = session.scalar(text("SELECT count(*) FROM deliveries WHERE state = 'begun'"))
            peer.gate.set()
            why = await asyncio.to_thread(older.read_until, re.compile(r"^mailer: (.*)$"))
            assert why.startswith("store.url: the store has version 0002, which is newer than this program (0001); ")
            assert await asyncio.to_thread(older.wait) == 1
            assert any("nothing more is begun" in line for line in older.said)
            # What it had begun before may have gone, and nothing else.
            assert len(set(peer.received())) <= begun < 60
        async with sending(store, quick(peer.port), keys):
            await peer.until(lambda: state_of(store, mailing_id) == "sent", SECONDS)
        nobody_is_lost_and_whoever_got_it_twice_is_named(store, peer, mailing_id, 60)


async def test_three_processes_that_are_killed_again_and_again_lose_nobody(store, store_url, tmp_path) -> None:
    keys = keys_of(store, tmp_path)
    dice = random.Random(7)
    async with relay() as peer:
        machine = Machine(tmp_path / "machine", store_url, peer.port)
        with store.write() as session:
            mlist = make_list(session)
            for number in range(360):
                # A route, and so a batch, for each domain: all three have something to do.
                make_reader(session, keys, f"reader{number}@town{number % 12}.example", mlist)
            mailing_id = make_draft(session, machine.config).id
        start(store, machine.config, keys, mailing_id)
        kills = 0
        with machine.work("--processes", "3") as parent:
            while kills < 5 and len(set(peer.received())) < 330:
                peer.gate.clear()
                waiting = len(peer.written)
                await peer.until(lambda seen=waiting: len(peer.written) > seen, SECONDS)
                os.kill(dice.choice(parent.children()), signal.SIGKILL)
                kills += 1
                peer.gate.set()
                taken = len(peer.taken)
                await peer.until(lambda seen=taken: len(peer.taken) > seen + 20, SECONDS)
            await peer.until(lambda: state_of(store, mailing_id) == "sent", SECONDS)
            assert await end(parent) == 0
        assert kills >= 3
        nobody_is_lost_and_whoever_got_it_twice_is_named(store, peer, mailing_id, 360)
