"""The whole river: a file of readers and a file with a statement go in, mail comes out at a real SMTP server."""

import asyncio
import csv
import json
import re
import signal
import sys
from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from mailer.app.opening import open_app
from mailer.config import Config, load
from mailer.mailing import links, mailings, press
from mailer.outcomes import account, events
from mailer.people import lists, roster, subscribers
from mailer.send import leases
from mailer.sources import kept
from mailer.sources.read import read_file
from mailer.store.engine import Store
from mailer.tokens import Keys
from tests.make import make_list
from tests.relay import DROP, ScriptedRelay, Taken, relay
from tests.send.running import figures, quick, sending, sent, state_of

pytestmark = pytest.mark.anyio

STATEMENT = """---
title: The museum opens its river room
deck: From Sunday on, with free entry for children
date: 2026-03-02
language: en
---
From Sunday on the river room can be visited again. For two years the roof was
mended, the floor was raised above the highest water of 1954, and the model of
the old port was cleaned boat by boat. Children and those who take care of them
enter free of charge; on Mondays the room stays closed.

- Sunday, ten to six: open to everybody
- Tuesday: guided tour at three, in sign language too
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def write_readers(path: Path, number: int) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["E-Mail", "Name", "Shoe size"])
        out.writerows([f"reader{n}@example.org", f"Reader {n}", 40] for n in range(number))
    return path


def bring_readers(store: Store, config: Config, keys: Keys, path: Path) -> Counter[str]:
    with store.write() as session:
        make_list(session, "museum", title="News of the museum", from_address="news@museum.example")
    with store.write() as session:
        mlist = lists.named(session, "museum")
        run = roster.begin(session, mlist, file=path.name, statement="signed in the visitors' book", actor="test")
    found: Counter[str] = Counter()
    for rows in roster.chunks(roster.read_rows(path, config)):
        with store.write() as session:
            found.update(one.result for one in roster.import_chunk(session, keys, mlist, rows, run))
    return found


def schedule_now(store: Store, config: Config, keys: Keys, folder: Path) -> int:
    """Read the statement, draft, check and schedule it without a hold, as every door does."""
    file = folder / "river-room.md"
    file.write_text(STATEMENT, encoding="utf-8")
    with store.write() as session:
        row = kept.keep(session, read_file(file), file.read_bytes(), file.name)
        mailing_id = mailings.draft(session, config, row, mailings.Draft(["museum"]), actor="test").id
    with store.read() as session:
        proof = press.proofread(session, config, keys, mailing_id)
    assert not proof.blocks
    with store.write() as session:
        press.schedule(session, proof, None, timedelta())
    return mailing_id


def leave_url(item: Taken) -> str:
    head = message_from_bytes(item.message, policy=policy.default)
    found = re.search(r"<(http[^>]+)>", head["List-Unsubscribe"])
    assert found is not None
    return found[1]


async def test_everybody_in_the_file_gets_the_statement_once(store, keys, tmp_path) -> None:
    async with relay() as peer:
        config = quick(peer.port)
        assert bring_readers(store, config, keys, write_readers(tmp_path / "readers.csv", 300)) == {"added": 300}
        async with sending(store, config, keys):
            mailing_id = schedule_now(store, config, keys, tmp_path)
            result = await sent(peer, store, mailing_id)
    assert Counter(peer.received()) == Counter(f"reader{n}@example.org" for n in range(300))
    assert result.as_json() == {
        "chosen": 300, "queued": 0, "begun": 0, "waiting": 0, "accepted": 300, "refused": 0, "uncertain": 0,
        "left_out": 0, "balanced": True,
    }  # fmt: skip
    assert len({leave_url(item) for item in peer.taken}) == 300
    one = message_from_bytes(peer.taken[0].message, policy=policy.default)
    assert one["Subject"] == "The museum opens its river room"
    assert one["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in ("plain", "html"):
        body = one.get_body((part,))
        assert body is not None
        assert "raised above the highest water" in " ".join(body.get_content().split())


async def test_who_chose_text_gets_text_and_nothing_else(store, keys, tmp_path) -> None:
    async with relay() as peer:
        config = quick(peer.port)
        bring_readers(store, config, keys, write_readers(tmp_path / "readers.csv", 6))
        with store.write() as session:
            for address in ("reader2@example.org", "reader4@example.org"):
                subscribers.change(session, subscribers.need(session, address), format="text")
        async with sending(store, config, keys):
            await sent(peer, store, schedule_now(store, config, keys, tmp_path))
    kinds = {}
    for item in peer.taken:
        letter = message_from_bytes(item.message, policy=policy.default)
        kinds[item.rcpt] = [part.get_content_type() for part in letter.walk()]
        plain = letter.get_body(("plain",))
        assert plain is not None
        assert "raised above the highest water" in " ".join(plain.get_content().split())
        assert leave_url(item) in plain.get_content(), "the way out stands in the text, too"
    assert {who for who, found in kinds.items() if found == ["text/plain"]} == {
        "reader2@example.org",
        "reader4@example.org",
    }
    assert sum(found == ["multipart/alternative", "text/plain", "text/html"] for found in kinds.values()) == 4


async def test_a_relay_in_trouble_costs_nobody_a_letter(store, keys, tmp_path) -> None:
    def trouble(stage: str, rcpt: str, times: int) -> str | None:
        number = int(re.sub(r"\D", "", rcpt) or -1)
        if stage == "rcpt" and number in range(20) and times == 1:
            return "450 4.2.1 greylisted"
        if stage == "rcpt" and number in range(20, 25):
            return "550 5.1.1 no such user"
        # The message was written and the connection is gone: nobody knows, except this server, which keeps it.
        return DROP if stage == "end" and number in range(30, 36) and times == 1 else None

    async with relay(trouble) as peer:
        config = quick(peer.port)
        bring_readers(store, config, keys, write_readers(tmp_path / "readers.csv", 80))
        async with sending(store, config, keys):
            mailing_id = schedule_now(store, config, keys, tmp_path)
            result = await sent(peer, store, mailing_id)
    assert (result.chosen, result.accepted, result.refused, result.balanced) == (80, 75, 5, True)
    copies: dict[str, list[bytes]] = {}
    for item in peer.written:
        copies.setdefault(item.rcpt, []).append(item.message)
    twice = {rcpt for rcpt, found in copies.items() if len(found) > 1}
    assert twice == {f"reader{n}@example.org" for n in range(30, 36)}
    assert all(found[0] == found[-1] for found in copies.values())
    with store.read() as session:
        assert account.possibly_twice(session, mailing_id) == 6
        gone = {who.address for who in account.people(session, mailing_id, "refused")}
    assert gone == {f"reader{n}@example.org" for n in range(20, 25)}
    assert [peer.rcpts.count(who) for who in sorted(gone)] == [1] * 5


async def test_leaving_by_the_link_of_the_last_mail_is_heeded_by_the_next(store, keys, tmp_path) -> None:
    async with relay() as peer:
        config = quick(peer.port)
        bring_readers(store, config, keys, write_readers(tmp_path / "readers.csv", 30))
        async with sending(store, config, keys):
            first = schedule_now(store, config, keys, tmp_path)
            await sent(peer, store, first)
            leaving = {item.rcpt: leave_url(item) for item in peer.taken[:10]}
            second = schedule_now(store, config, keys, tmp_path)
            titles, answered_at, begun = await asyncio.to_thread(leave, store, keys, leaving, peer)
            result = await sent(peer, store, second)
    assert titles == {"News of the museum"}
    late = set(peer.rcpts[answered_at:]) & set(leaving)
    assert late <= begun
    assert result.balanced
    assert result.chosen == result.accepted + result.left_out
    with store.read() as session:
        assert account.came_back(session, first) == {"unsubscribed": 10}


def leave(store: Store, keys: Keys, leaving: dict[str, str], peer: ScriptedRelay) -> tuple[set[str], int, set[str]]:
    """Press every link; return the lists that were left, how far the relay was then, who had one on the way."""
    titles, begun = set(), set()
    for rcpt, url in leaving.items():
        subscription_id, mailing_id = links.read(keys, links.LEAVE, url.rsplit("/", 1)[1])
        with store.write() as session:
            answer = events.leave(
                session, subscription_id, why=events.BY_ONE_CLICK, actor="one-click", mailing_id=mailing_id
            )
        titles.add(answer.list_title)
        begun |= {rcpt} if answer.begun else set()
    return titles, len(peer.rcpts), begun


KILLS = (60, 500, 1000)


async def test_killed_again_and_again_it_loses_nobody_and_names_who_got_it_twice(store_url, tmp_path) -> None:
    async with relay() as peer:
        file = write_config(tmp_path / "config.toml", store_url, peer.port)
        app = open_app(load(file), migrate=True)
        bring_readers(app.store, app.config, app.keys, write_readers(tmp_path / "readers.csv", 1500))
        mailing_id = schedule_now(app.store, app.config, app.keys, tmp_path)
        for at in KILLS:
            process = await mailer(file, "work")
            await peer.until(lambda at=at: len(peer.taken) >= at, 120)
            process.kill()
            await process.wait()
            assert figures(app.store, mailing_id).balanced
        process = await mailer(file, "work")
        await peer.until(lambda: state_of(app.store, mailing_id) == "sent", 120)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        app.close()
        told = {state: await account_of(file, mailing_id, state) for state in ("accepted", "uncertain", "twice")}
    copies = Counter(peer.received())
    assert set(copies) == {f"reader{n}@example.org" for n in range(1500)}
    assert names(told["accepted"]) | names(told["uncertain"]) == set(copies)
    assert names(told["uncertain"]) <= names(told["twice"])
    assert {rcpt for rcpt, number in copies.items() if number > 1} <= names(told["twice"])
    assert max(copies.values()) <= leases.MOST_LOSSES
    assert told["accepted"]["balanced"]
    assert told["accepted"]["accepted"] + told["accepted"]["uncertain"] == told["accepted"]["chosen"] == 1500


def write_config(file: Path, store_url: str, port: int) -> Path:
    file.write_text(
        f"[store]\nurl = {json.dumps(store_url)}\n[relay.local]\nport = {port}\nconnections = 4\n"
        "ehlo_name = 'us.test'\n[log]\nlevel = 'error'\n"
        "[send]\nlease_seconds = 1\ntick_seconds = 0.1\nuncertain_seconds = 0.1\n"
    )
    return file


async def mailer(file: Path, *words: str) -> asyncio.subprocess.Process:
    """Start the program as its own process, as a user does."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "mailer", "--config", str(file), *words, stdout=asyncio.subprocess.PIPE
    )


async def account_of(file: Path, mailing_id: int, state: str) -> dict[str, Any]:
    process = await mailer(file, "mailing", "account", str(mailing_id), "--list", state, "--json")
    said, _ = await process.communicate()
    found: dict[str, Any] = json.loads(said)
    return found


def names(account: dict[str, Any]) -> set[str]:
    return {person["address"] for person in account["people"]}
