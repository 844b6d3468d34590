"""A relay tried out: connected to, logged in, and asked to carry one letter."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailer import clock
from mailer.address import Address
from mailer.compose.edition import NoticeFacts, compile_notice
from mailer.compose.message import Letter, build
from mailer.config import Config, template_folders
from mailer.config_sections import Relay
from mailer.errors import ConfigError, Refused
from mailer.outcomes.verdict import Reply
from mailer.send import dkim
from mailer.send.connecting import RelayError, connect
from mailer.send.envelope import Parcel
from mailer.send.hands import Hands
from mailer.send.manners import Manners
from mailer.send.pipeline import Pipeline

TICK_SECONDS = 0.2


@dataclass(frozen=True)
class Probed:
    """What a relay offers (keyword → parameters), and what it said to the test letter, if one was sent."""

    relay: str
    where: str
    capabilities: dict[str, str] = field(default_factory=dict)
    reply: str = ""


async def probe(config: Config, name: str, sender: str, to: Address | None) -> Probed:
    """Connect to a relay, log in, and with ``to`` send one letter from ``sender``; never through the queue.

    ConfigError if there is no such relay or it cannot be reached, Refused if it does not take the letter.
    """
    relay = config.relay.get(name)
    if relay is None:
        raise ConfigError(f"no relay is called {name!r}", place="relay", cure=f"there is {', '.join(config.relay)}")
    try:
        letters = [_Letter(_letter(config, name, relay, sender, to))] if to else []
        offered, reply = await _carry(relay, letters)
    except RelayError as error:
        raise ConfigError(str(error), place=f"relay.{name}", cure="check host, port, tls, username, password") from None
    if reply is not None and reply.code // 100 != 2:
        raise Refused(f"did not take the letter ({reply.shown})", place=f"relay.{name}", cure=_cure(reply.code))
    return Probed(name, _where(relay), dict(offered), reply.shown if reply else "")


@dataclass(frozen=True)
class _Letter:
    """The one thing to carry."""

    parcel: Parcel


async def _carry(relay: Relay, letters: list[_Letter]) -> tuple[Mapping[str, str], Reply | None]:
    """Carry the letter, if there is one, the way mailings go; return what was offered and what was said."""
    opened = await connect(relay)
    answered: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()

    def finished(_letter: _Letter, reply: Reply | None) -> None:
        if not answered.done():
            answered.set_result(reply or Reply(0, "it closed the connection", "mail"))

    def take() -> _Letter | None:
        return letters.pop() if letters else None

    hands = Hands(take, lambda _: True, lambda _: False, finished, lambda *_: None)
    line = Pipeline(opened.transport, opened.offered, relay, Manners(), hands)
    try:
        if not letters:
            return opened.offered, None
        line.more()
        while not answered.done():
            await asyncio.wait([answered], timeout=TICK_SECONDS)
            line.tick(asyncio.get_running_loop().time())
        return opened.offered, answered.result()
    finally:
        await line.close()


def _letter(config: Config, name: str, relay: Relay, sender: str, to: Address) -> Parcel:
    facts = NoticeFacts(
        name="test_relay",
        from_address=sender,
        from_name=config.site.name,
        organisation=config.site.name,
        site_name=config.site.name,
        site_url=config.site.base_url,
        notice={"relay": name, "lines": [f"Relay {name}: {_where(relay)}"]},
        declared=frozenset(config.people.attributes),
    )
    program = compile_notice(facts, template_folders(config)).program
    now = clock.now()
    letter = Letter(
        address=to.spelled,
        name="",
        values={},
        links={},
        message_id=f"{secrets.token_hex(13)}@{sender.rpartition('@')[2]}",
        date=now,
    )
    return Parcel(sender, to.spelled, dkim.signers(config).sign(build(program, letter), now))


def _where(relay: Relay) -> str:
    return f"{relay.host}, port {relay.port}, TLS: {relay.tls}"


def _cure(code: int) -> str:
    return "read the reply; try again later" if code // 100 in (0, 4) else "read the reply; ask who runs the relay"
