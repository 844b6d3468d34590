"""What a sending process tells of itself: in its row, in the log, and line by line in the mail log."""

import logging
import re

import pytest
from sqlalchemy import select

from mailer.send import report, reporter
from mailer.send.report import RelayReport, Report
from mailer.store.tables import Worker as WorkerRow
from tests.make import make_started
from tests.relay import relay
from tests.send.running import quick, sending, sent

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _told_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporter, "SECONDS", 0.05)


def told(store, name: str) -> Report:
    with store.read() as session:
        return report.read(session.scalars(select(WorkerRow.report).where(WorkerRow.name == name)).first() or {})


async def test_what_is_sent_over_which_relay_is_told_to_other_processes(store, keys) -> None:
    async with relay(lambda stage, rcpt, _: "550 5.1.1 no" if "reader1@" in rcpt and stage == "rcpt" else None) as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys, readers=20)
        async with sending(store, config, keys) as worker:
            await peer.until(lambda: told(store, worker.name).relays.get("local", RelayReport()).connections > 0)
            await sent(peer, store, mailing_id)
            await peer.until(lambda: told(store, worker.name).relays["local"].rate > 0)
        seen = told(store, worker.name)
    assert seen.relays["local"].outcomes == {"accepted": 19, "refused": 1}
    assert (seen.relays["local"].unwell_since, seen.store) == (0, "")
    assert seen == worker.report


async def test_a_relay_that_rests_and_is_well_again_is_told_of_once_each(store, keys, caplog) -> None:
    caplog.set_level(logging.INFO, "mailer.send")
    closed = ["554 5.3.2 closed for the night"]
    async with relay(lambda stage, *_: closed[0] if stage == "connect" and closed else None) as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys)
        async with sending(store, config, keys) as worker:

            def seen() -> RelayReport:
                return told(store, worker.name).relays.get("local", RelayReport())

            await peer.until(lambda: seen().unwell_since > 0)
            assert "554 5.3.2 closed for the night" in seen().why
            closed.clear()
            await sent(peer, store, mailing_id)
            await peer.until(lambda: not seen().unwell_since)
    lines = [line for line in caplog.messages if line.startswith("the relay local ")]
    assert [re.sub(": .*", "", line) for line in lines] == [
        "the relay local rests, and is tried again by itself", "the relay local is well again",
    ]  # fmt: skip


async def test_every_try_has_its_lines_in_the_mail_log_with_the_address_masked(store, keys, caplog) -> None:
    caplog.set_level(logging.INFO, "mailer.mail")

    def script(stage: str, rcpt: str, times: int) -> str | None:
        if stage == "rcpt" and "reader1@" in rcpt:
            return "550 5.1.1 <reader1@example.org> unknown"
        return "KEEP 451 4.7.1 greylisted" if stage == "end" and "reader2@" in rcpt and times == 1 else None

    async with relay(script) as peer:
        config = quick(peer.port)
        mailing_id = make_started(store, config, keys, readers=3)
        async with sending(store, config, keys):
            await sent(peer, store, mailing_id)
    lines = {row: [line for line in caplog.messages if f" row={row} " in f"{line} "] for row in (1, 2, 3)}
    common = "to=r…{n}@example.org mailing={m} row={row} lane=mailing relay=local"
    for row, fates in ((1, ["accepted"]), (2, ["refused"]), (3, ["waiting", "accepted"])):
        head = common.format(n=row - 1, m=mailing_id, row=row)
        begun = [line for line in lines[row] if line == f"begun {head}"]
        ends = [line.split(" ", 1) for line in lines[row] if line != f"begun {head}"]
        assert len(begun) == len(fates)
        assert [event for event, _ in ends] == fates
        assert all(rest.startswith(f'{head} reply="') for _, rest in ends)
    assert 'reply="550 5.1.1 <r…1@example.org> unknown"' in lines[2][-1]
    assert "reader" not in caplog.text


def test_a_report_of_another_version_is_read_as_far_as_it_goes() -> None:
    kept = Report({"main": RelayReport(rate=2.0, slowed=("gmail.com",), outcomes={"accepted": 3})}).as_json()
    assert report.read(kept).relays["main"].slowed == ("gmail.com",)
    kept["relays"]["main"] |= {"mood": "fine"}
    assert report.read({**kept, "more": 1}).relays["main"].rate == 2.0
    assert report.read({}) == Report()
