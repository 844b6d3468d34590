"""One connection to a relay that carries several messages at a time: CHUNKING, PIPELINING, or one by one.

aiosmtplib opens the connection; from then on this protocol owns the transport. It takes what is to be
carried when it has room, and gives each back exactly once, with the reply that decided, or with None when
nothing of it can have been taken by the relay.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic

from mailer.config_sections import Relay
from mailer.outcomes.verdict import Reply, Stage, printable
from mailer.send.envelope import Envelopes
from mailer.send.hands import C, Hands
from mailer.send.manners import ACROSS, CHUNKED, PLAIN, Manners, Wording
from mailer.send.replies import OutOfStep, ReplyReader, Said

QUIT_SECONDS = 5.0
# Linux has it; elsewhere the answers come a little later.
QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
# Answers that are about no message.
RESET: Stage = "connect"
QUIT: Stage = "none"


@dataclass(slots=True, eq=False)
class _Going(Generic[C]):
    """A message on its way: the first refusal, whether anything was answered, whether it was written whole."""

    cargo: C
    refused: Reply | None = None
    heard: bool = False
    written: bool = False


class Pipeline(asyncio.Protocol, Generic[C]):
    """Carries messages over one open connection until it ends.

    A reply that was not due, garbage, a reply without end or too late: the connection is aborted, a message
    written whole and not answered is uncertain (RFC 1047), the others go back untouched. After 421 the
    server takes nothing more (RFC 5321 section 3.8), so all that stands behind it goes back too.
    """

    def __init__(
        self, transport: asyncio.Transport, offered: Mapping[str, str], relay: Relay, manners: Manners, hands: Hands[C]
    ) -> None:
        self._transport, self._relay, self._manners, self._hands = transport, relay, manners, hands
        self._loop, self._socket = asyncio.get_running_loop(), transport.get_extra_info("socket")
        self._reader, self._wording, self._envelopes = ReplyReader(), Wording(), Envelopes(offered)
        self._level = manners.level(offered)
        self._going: deque[_Going[C]] = deque()
        # The answers that are due, in order (RFC 2920 section 3.1); the time limit is of the first.
        self._due: deque[tuple[Stage, _Going[C] | None]] = deque()
        self._deadline = 0.0
        self._patience: dict[Stage, float] = dict.fromkeys(("mail", "rcpt", "data", RESET), relay.command_seconds)
        self._patience |= {"end": relay.data_seconds, QUIT: QUIT_SECONDS}
        # What is not handed to the transport yet, and how many answers that will make due.
        self._out, self._unsaid = list[bytes](), 0
        self._is_choked = self._is_leaving = self._is_over = False
        self._closed = self._loop.create_future()
        self._begun = self._done = 0  # messages
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """Say whether it takes messages."""
        return not (self._is_over or self._is_leaving)

    @property
    def in_flight(self) -> int:
        """Return how many messages were taken and have not come back."""
        return len(self._going)

    @property
    def capacity(self) -> int:
        """Return how many messages may be on the way at a time."""
        if self._level == CHUNKED:
            # The first goes alone: its answers show how this server words them.
            return self._relay.depth if self._wording.is_clear else 1
        return 2 if self._level == ACROSS else 1

    def more(self) -> None:
        """There may be something to take."""
        self._fill()
        self._flush()

    def tick(self, now: float) -> None:
        """Let the time limit take effect; ``now`` is the loop's time."""
        if self._due and now >= self._deadline:
            self._end("no answer came in time")

    async def close(self) -> None:
        """Say QUIT and wait for the end, not long; with a message on the way end at once."""
        if not self._going:
            self._quit()
            self._flush()
            await asyncio.wait([self._closed], timeout=QUIT_SECONDS)
        self._end("we stopped before the answer came")

    def data_received(self, data: bytes) -> None:
        """Match what came with what is due, and go on."""
        try:
            for said in self._reader.feed(data):
                if self._is_over:
                    return
                self._heard(said)
            if self._reader.is_waiting and not self._due:
                raise OutOfStep("bytes came when no answer was due")
        except OutOfStep as error:
            self._manners.stumbled(self._level)
            self._end(f"out of step: {error}", is_in_step=False)
        self._fill()
        if self._due and not self._out:
            self._acknowledge()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Conclude what can be concluded."""
        self._end(f"the connection was lost ({exc})" if exc else "the relay closed the connection")

    def pause_writing(self) -> None:
        """Take nothing more while the relay does not read."""
        self._is_choked = True

    def resume_writing(self) -> None:
        """Go on."""
        self._is_choked = False
        self.more()

    def _heard(self, said: Said) -> None:
        if said.code == 421:
            self._dismissed(said)
            return
        if len(self._due) <= self._unsaid:
            raise OutOfStep(f"{said.code} came when no answer was due")
        step, going = self._due.popleft()
        if self._due:
            self._deadline = self._loop.time() + self._patience[self._due[0][0]]
        if going is not None:
            going.heard = True
            self._answered(step, going, said)
        elif step == QUIT:
            self._end("")
        elif said.code // 100 != 2:
            raise OutOfStep(f"{said.code} in answer to RSET")

    def _answered(self, step: Stage, going: _Going[C], said: Said) -> None:
        """Take one answer to one step of one message."""
        kind = said.code // 100
        if kind < 4 and (kind == 3) != (step == "data"):
            raise OutOfStep(f"{said.code} in answer to {step.upper()}")
        if said.code == 503 and step == "mail" and self._done:
            raise OutOfStep("503 in answer to MAIL: it has another message open")
        if kind >= 4 and going.refused is None:
            going.refused = Reply(said.code, said.text, step)
        elif kind == 2 and self._level == CHUNKED:
            self._wording.check(step, said)
        if step == "end":
            self._concluded(going, said)
        elif step == "data":
            self._give_up(going) if kind >= 4 else self._write_body(going)
        elif self._level == PLAIN:
            self._give_up(going) if going.refused else self._command_after(step, going)

    def _concluded(self, going: _Going[C], said: Said) -> None:
        """Conclude a message by the answer to its end."""
        if going.written and going.refused and said.code // 100 == 2:
            raise OutOfStep(f"{said.code} for a message whose recipient was refused")
        self._finish(going, going.refused or Reply(said.code, said.text, "end"))
        if self._level == CHUNKED and not self._wording.is_clear:
            self._level = ACROSS

    def _give_up(self, going: _Going[C]) -> None:
        """Conclude a message that was refused before it was written; its transaction is still open."""
        self._await((RESET, None), b"RSET\r\n")
        self._finish(going, going.refused)

    def _finish(self, going: _Going[C], reply: Reply | None) -> None:
        self._going.remove(going)
        self._done += 1
        self._hands.finished(going.cargo, reply)

    def _dismissed(self, said: Said) -> None:
        """The server closes (421): that is its answer to what is due; nothing behind it was taken."""
        step, going = self._due[0] if self._due else (QUIT, None)
        if going is not None and step != "mail":  # then it is about us, and the message goes back too
            self._finish(going, Reply(421, said.text, step))
        for behind in self._going:
            behind.written = False
        self._end(f"the relay said 421 {printable(said.text)}", is_in_step=False)

    def _end(self, why: str, *, is_in_step: bool = True) -> None:
        """Abort the connection and give back what is on the way."""
        if self._is_over:
            return
        self._is_over = True
        self._transport.abort()
        for _ in range(self._unsaid):
            if unsaid := self._due.pop()[1]:
                unsaid.written = False
        going, self._going = self._going, deque()
        step = next((step for step, one in self._due if one is not None), QUIT)
        for place, one in enumerate(going):
            # It counts as a try where the connection broke in the middle of this very message, or always does.
            is_cause = place == 0 and is_in_step and (one.heard or self._hands.is_bane(one.cargo))
            reply = Reply(0, why, "end" if one.written else step)
            self._hands.finished(one.cargo, reply if one.written or is_cause else None)
        self._hands.ended(why, bool(going) and not (self._done or (going[0].heard and is_in_step)))
        self._closed.set_result(None)

    def _fill(self) -> None:
        """Begin as many messages as there is room for."""
        while self._may_begin():
            cargo = self._hands.take()
            if cargo is None:
                break
            impossible = self._envelopes.impossible(cargo.parcel)
            if impossible or not self._hands.may_write(cargo):
                self._hands.finished(cargo, impossible)
            else:
                self._begin(_Going(cargo))
        if self._begun >= self._relay.messages_per_connection and not self._due:
            self._quit()

    def _may_begin(self) -> bool:
        # DATA is the last of its group (RFC 2920 section 3.1): the next begins behind the end of its message.
        is_free = not self._due or (self._level > PLAIN and self._due[-1][0] in ("end", RESET))
        has_room = len(self._going) < self.capacity and not self._is_choked
        is_worn = self._begun >= self._relay.messages_per_connection
        return is_free and has_room and self.is_open and not is_worn

    def _begin(self, going: _Going[C]) -> None:
        if self._level == CHUNKED and self._begun:
            # Always, because what is ahead may be refused, and then it must be (RFC 3030 section 2).
            self._await((RESET, None), b"RSET\r\n")
        self._begun += 1
        self._going.append(going)
        self._await(("mail", going), self._envelopes.mail(going.cargo.parcel))
        if self._level > PLAIN:
            self._command_after("mail", going)
            self._command_after("rcpt", going)

    def _command_after(self, step: Stage, going: _Going[C]) -> None:
        parcel = going.cargo.parcel
        if step == "mail":
            self._await(("rcpt", going), self._envelopes.rcpt(parcel))
        elif self._level == CHUNKED:
            going.written = True
            self._await(("end", going), b"BDAT %d LAST\r\n" % len(parcel.message), parcel.message)
        else:
            self._await(("data", going), b"DATA\r\n")

    def _write_body(self, going: _Going[C]) -> None:
        if going.refused:
            # It asks for the message of nobody (RFC 2920 section 3.1): an empty one.
            self._await(("end", going), b".\r\n")
        elif self._hands.may_write(going.cargo):
            going.written = True
            self._await(("end", going), going.cargo.parcel.message, b".\r\n")
        else:
            self._end("our time for it was over", is_in_step=False)

    def _quit(self) -> None:
        if self.is_open:
            self._is_leaving = True
            self._await((QUIT, None), b"QUIT\r\n")

    def _await(self, due: tuple[Stage, _Going[C] | None], *written: bytes) -> None:
        if not self._due:
            self._deadline = self._loop.time() + self._patience[due[0]]
        self._due.append(due)
        self._unsaid += 1
        self._out.extend(written)

    def _acknowledge(self) -> None:
        """Acknowledge at once what came, as nothing we say does it soon.

        A server that waits for this before it sends the next answers (RFC 9293 section 3.7.4) would lose 40 ms.
        """
        if QUICK_ACK is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)

    def _flush(self) -> None:
        out, self._out, self._unsaid = self._out, [], 0
        if out and not self._is_over:
            self._transport.writelines(out)
