"""One line: every message comes back exactly once, with what the relay really said of it."""

import asyncio
from collections import deque

import pytest

from mailer.send.manners import ACROSS, CHUNKED, PLAIN, WITHIN, Manners
from tests.relay import DROP, STALL, relay
from tests.send.lines import LETTER, Desk, Letter, carry, line, parcel, settings

pytestmark = pytest.mark.anyio
OFFERS = {
    "plain": ("SIZE 1000000", "8BITMIME"),
    "pipelining": ("SIZE 1000000", "8BITMIME", "PIPELINING"),
    "chunking": ("SIZE 1000000", "8BITMIME", "PIPELINING", "CHUNKING"),
}
every_way = pytest.mark.parametrize("offer", OFFERS)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def names(number: int) -> list[str]:
    return [f"r{index}" for index in range(number)]


@every_way
async def test_every_message_arrives_once_and_in_order(offer) -> None:
    async with relay(capabilities=OFFERS[offer]) as peer:
        desk = await carry(settings(peer.port), *names(40))
        assert desk.back == [(name, "accepted") for name in names(40)]
        assert peer.received() == [f"{name}@example.org" for name in names(40)]
        assert {item.message for item in peer.taken} == {LETTER}
        assert peer.connections == 1
        assert desk.ends == [("", False)]


@every_way
@pytest.mark.parametrize(
    ("stage", "said", "kind"),
    [
        ("mail", "450 4.7.1 slow down", "later"),
        ("mail", "550 5.7.1 we do not like you", "policy"),
        ("rcpt", "550 5.1.1 no such user", "gone"),
        ("rcpt", "452-4.2.2 the mailbox\r\n452 4.2.2 is full", "full"),
        ("end", "554 5.7.1 spam", "policy"),
        ("end", "451", "later"),
    ],
)
async def test_a_refusal_is_of_its_own_message_and_the_others_go(offer, stage, said, kind) -> None:
    async with relay(of_one(stage, said), capabilities=OFFERS[offer]) as peer:
        desk = await carry(settings(peer.port), *names(9))
        assert dict(desk.back) == {name: kind if name == "r4" else "accepted" for name in names(9)}
        assert len(peer.taken) == 8
        assert peer.connections == 1


def of_one(stage: str, said: str):
    """Behave badly to the fifth message only."""

    def behave(at: str, rcpt: str, times: int) -> str | None:
        is_it = times == 5 if stage == "mail" else rcpt.startswith("r4@")
        return said if at == stage and is_it else None

    return behave


@every_way
@pytest.mark.parametrize("said", [DROP, "rubbish", "250-without end\r\n" * 2000, "999 what", "25", "250-a\r\n550 b"])
async def test_an_answer_that_is_none_leaves_what_was_written_uncertain(offer, said) -> None:
    async with relay(of_one("end", said), capabilities=OFFERS[offer]) as peer:
        desk = await carry(settings(peer.port), *names(12))
        found = dict(desk.back)
        assert [found[name] for name in names(4)] == ["accepted"] * 4
        assert found["r4"] == "uncertain"
        # Only what was written too can be in doubt; the rest goes back as it was.
        doubtful = [name for name, kind in desk.back if kind == "uncertain"]
        assert 1 <= len(doubtful) <= (4 if offer == "chunking" else 1)
        assert {found[name] for name in names(12) if name not in doubtful} == {"accepted", "unwritten"}
        assert len(set(dict(desk.back))) == len(desk.back) == 12


@every_way
@pytest.mark.parametrize("stage", ["mail", "rcpt", "end"])
async def test_after_421_nothing_was_taken_of_what_stands_behind(offer, stage) -> None:
    async with relay(of_one(stage, "421 4.3.2 closing"), capabilities=OFFERS[offer]) as peer:
        desk = await carry(settings(peer.port), *names(9))
        found = dict(desk.back)
        assert found["r4"] == ("unwritten" if stage == "mail" else "later")
        assert {found[name] for name in names(9)[5:]} == {"unwritten"}
        assert len(peer.taken) == 4


@every_way
@pytest.mark.parametrize(("stage", "kind"), [("rcpt", "later"), ("end", "uncertain")])
async def test_an_answer_that_does_not_come_is_waited_for_as_long_as_configured(offer, stage, kind) -> None:
    async with relay(of_one(stage, STALL), capabilities=OFFERS[offer]) as peer:
        desk = await carry(settings(peer.port, command_seconds=0.3, data_seconds=0.3), *names(6))
        assert dict(desk.back)["r4"] in (kind, "uncertain" if offer == "chunking" else kind)
        assert "in time" in await desk.until_ended()


@every_way
async def test_a_reply_too_many_is_never_taken_for_another_message(offer) -> None:
    # r4 gets two answers; r5 and r6 are refused: whatever is said of them must be their own.
    def behave(at: str, rcpt: str, times: int) -> str | None:
        if at == "end" and rcpt.startswith("r4@"):
            return "250 2.0.0 taken\r\n250 2.0.0 taken twice"
        return "550 5.1.1 no such user" if at == "rcpt" and rcpt[:3] in ("r5@", "r6@") else None

    async with relay(behave, capabilities=OFFERS[offer]) as peer:
        manners = Manners()
        desk = await carry(settings(peer.port), *names(9), manners=manners)
        arrived = {item.rcpt.split("@")[0] for item in peer.taken}
        for name, kind in desk.back:
            assert kind != "accepted" or name in arrived, name
            assert kind not in ("gone", "policy", "unwritten") or name not in arrived, name
        assert manners.most == (PLAIN if offer == "plain" else WITHIN)


@pytest.mark.parametrize("offer", ["plain", "pipelining"])
@pytest.mark.parametrize(
    ("stage", "said", "kind"),
    [
        ("data", "250 2.0.0 why not", "unwritten"),
        ("data", "354 go on\r\n250 2.0.0 already", "unwritten"),
        ("end", "354 go on", "uncertain"),
        ("end", "251 2.1.5 will forward", "accepted"),
        ("end", "250 2.0.0 ok\r\n550 5.1.1 no such user", "accepted"),
    ],
)
async def test_an_answer_before_its_question_is_none(offer, stage, said, kind) -> None:
    async with relay(of_one(stage, said), capabilities=OFFERS[offer]) as peer:
        desk = await carry(settings(peer.port), *names(7))
        assert dict(desk.back)["r4"] == kind
        taken = {item.rcpt.split("@")[0] for item in peer.taken}
        assert {name for name, verdict in desk.back if verdict == "accepted"} <= taken
        assert not {name for name, verdict in desk.back if verdict == "unwritten"} & taken


async def test_an_unknown_wording_is_not_trusted_with_several_chunks() -> None:
    same = {"mail": "250 fine", "rcpt": "250 fine", "end": "250 fine"}
    async with relay(lambda at, *_: same.get(at), capabilities=OFFERS["chunking"]) as peer:
        desk = Desk(deque(Letter(parcel(f"{name}@example.org")) for name in names(5)))
        async with line(desk, settings(peer.port)) as pipeline:
            await desk.until(5)
            assert pipeline.capacity == 2
        assert [kind for _, kind in desk.back] == ["accepted"] * 5


async def test_bytes_when_none_are_due_end_the_line() -> None:
    async with relay(lambda at, *_: "250 2.0.0 taken\r\n25" if at == "end" else None) as peer:
        desk = await carry(settings(peer.port), "ann")
        assert desk.back == [("ann", "accepted")]
        assert "out of step" in await desk.until_ended()


@every_way
async def test_answers_in_any_pieces_are_read_right(offer) -> None:
    def behave(at: str, rcpt: str, times: int) -> str | None:
        return "250-2.0.0 one\r\n250-\r\n250 2.0.0 " + "x" * 700 if at == "end" else None

    async with relay(behave, capabilities=OFFERS[offer], piece=3) as peer:
        desk = await carry(settings(peer.port), *names(6))
        assert [kind for _, kind in desk.back] == ["accepted"] * 6


@every_way
async def test_a_lease_that_ran_out_writes_nothing_more(offer) -> None:
    async with relay(capabilities=OFFERS[offer]) as peer:
        desk = Desk(deque(Letter(parcel(f"{name}@example.org")) for name in names(3)), may_write=False)
        async with line(desk, settings(peer.port)):
            assert await desk.until(3) == [(name, "unwritten") for name in names(3)]
        assert peer.mails == []


@pytest.mark.parametrize("offer", ["plain", "pipelining"])
async def test_a_lease_that_runs_out_before_the_message_aborts(offer) -> None:
    desk = Desk(deque([Letter(parcel())]))

    def behave(at: str, rcpt: str, times: int) -> str | None:
        if at == "data":
            desk.may_write = False
        return None

    async with relay(behave, capabilities=OFFERS[offer]) as peer, line(desk, settings(peer.port)):
        assert await desk.until(1) == [("ann", "unwritten")]
        assert await desk.until_ended() == "our time for it was over"
        assert peer.written == []


@every_way
async def test_what_the_relay_cannot_take_never_leaves(offer) -> None:
    async with relay(capabilities=(*OFFERS[offer], "SIZE 100")) as peer:
        desk = Desk(deque([Letter(parcel(message=b"x" * 101)), Letter(parcel("jürgen@example.org")), Letter(parcel())]))
        desk.waiting.append(Letter(parcel("a b@example.org")))
        desk.waiting.append(Letter(parcel("bob@example.org>\r\nRCPT TO:<eve@example.org")))
        async with line(desk, settings(peer.port)):
            await desk.until(5)
        assert [kind for _, kind in desk.back].count("accepted") == 1
        assert peer.received() == ["ann@example.org"]
        assert len(peer.rcpts) == 1


async def test_an_international_address_is_announced() -> None:
    async with relay(capabilities=("SMTPUTF8", "8BITMIME", "PIPELINING")) as peer:
        assert (await carry(settings(peer.port), "jürgen")).back == [("jürgen", "accepted")]
        assert peer.received() == ["jürgen@example.org"]
        assert "SMTPUTF8 BODY=8BITMIME" in peer.commands[-4]


async def test_bounces_are_asked_for_with_our_name_of_the_message() -> None:
    async with relay(capabilities=("DSN",)) as peer:
        await carry(settings(peer.port), "ann", envid="abc123")
        assert "MAIL FROM:<bounces@water.example> RET=HDRS ENVID=abc123" in peer.commands
        assert "RCPT TO:<ann@example.org> NOTIFY=FAILURE" in peer.commands


@every_way
async def test_after_so_many_messages_the_line_says_quit(offer) -> None:
    async with relay(capabilities=OFFERS[offer]) as peer:
        desk = Desk(deque(Letter(parcel(f"{name}@example.org")) for name in names(5)))
        async with line(desk, settings(peer.port, messages_per_connection=3)):
            await desk.until_ended()
        assert len(desk.back) == 3
        assert peer.commands[-1] == "QUIT"


async def test_a_relay_that_stumbled_is_asked_for_less() -> None:
    for level, after in ((CHUNKED, WITHIN), (ACROSS, WITHIN), (WITHIN, PLAIN), (PLAIN, PLAIN)):
        manners = Manners()
        manners.stumbled(level)
        assert manners.most == after


@every_way
async def test_a_relay_that_stops_reading_is_given_up(offer) -> None:
    async with relay(of_one("rcpt", STALL), capabilities=OFFERS[offer]) as peer:
        big = b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n" * 100_000
        desk = Desk(deque(Letter(parcel(f"{name}@example.org", big)) for name in names(12)))
        async with line(desk, settings(peer.port, command_seconds=0.3, data_seconds=0.3)):
            await desk.until_ended()
            assert len(desk.back) < 12
        assert len(dict(desk.back)) == len(desk.back)


async def test_dripping_does_not_prolong_the_time_limit() -> None:
    async with relay(of_one("end", "250-2.0.0 and so on\r\n" * 400 + "250 2.0.0 taken"), piece=1, pause=0.01) as peer:
        desk = Desk(deque(Letter(parcel(f"{name}@example.org")) for name in names(5)))
        async with line(desk, settings(peer.port, data_seconds=0.5)), asyncio.timeout(20):
            await desk.until(5)
        assert desk.back[-1] == ("r4", "uncertain")
