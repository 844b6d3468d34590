"""A delaying TCP proxy, a process of its own: what comes in goes out unchanged, half a round trip later.

Bytes wait in a queue for each direction with the moment they are due; nothing looks at them. A direction
that holds more than a few megabytes stops reading, as a network would.
"""

import asyncio
import contextlib
import socket
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from mailer.app.loop import fast_loop
from mailer.cli.bench.process import free_port, running
from mailer.cli.bench.sink import await_port

MOST_BYTES = 16 * 2**20


class Pipe(asyncio.Protocol):
    """One end of a connection: what arrives here is written to the other end when its time has come."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._queue: deque[tuple[float, int, Callable[[Pipe], None]]] = deque()
        self._held = 0
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._paused = self._heard_all = self._said_all = False
        self.other: Pipe | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # uvloop's transports do what asyncio's do, and are not of that class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Let the bytes wait for their time."""
        self._acknowledge()
        self._held += len(data)
        if self._held > MOST_BYTES and self._transport and not self._paused:
            self._transport.pause_reading()
            self._paused = True
        self._put(lambda other: other.write(data), len(data))

    def eof_received(self) -> bool:
        """Let the end wait for its time too; this side stays open as long as it has something to say."""
        self._heard_all = True
        self._put(lambda other: other.say_no_more())
        return not self._said_all

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        """Tell the other end, in time, and write nothing here any more."""
        self._transport = None
        self._put(lambda other: other.close())

    def write(self, data: bytes) -> None:
        """Write what came from the other end."""
        if self._transport is not None:
            self._transport.write(data)

    def say_no_more(self) -> None:
        """Tell that nothing more comes from the other end."""
        self._said_all = True
        if self._transport is not None:
            (self._transport.close if self._heard_all else self._transport.write_eof)()

    def close(self) -> None:
        """Close this end, for the other one is gone."""
        if self._transport is not None:
            self._transport.close()

    def _acknowledge(self) -> None:
        """Acknowledge at once: the system's wait of 40 ms for something to say is no part of the distance."""
        if self._transport is not None and hasattr(socket, "TCP_QUICKACK"):
            self._transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _put(self, act: Callable[["Pipe"], None], size: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._queue.append((loop.time() + self._delay, size, act))
        if self._timer is None:
            self._timer = loop.call_at(self._queue[0][0], self._due)

    def _due(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        # What came before there is another end waits for it: a loop may read on after it was told to pause.
        while self._queue and self._queue[0][0] <= now and self.other is not None:
            _, size, act = self._queue.popleft()
            self._held -= size
            act(self.other)
        if self._paused and self._held < MOST_BYTES // 2 and self._transport:
            self._transport.resume_reading()
            self._paused = False
        goes_on = self._queue and self.other is not None
        self._timer = loop.call_at(self._queue[0][0], self._due) if goes_on else None


class Gate(Pipe):
    """The end a sender connects to; it connects onwards before anything is read."""

    def __init__(self, delay: float, target: int) -> None:
        super().__init__(delay)
        self._target = target
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect to the target; the greeting comes half a round trip later, as all that follows."""
        super().connection_made(transport)
        assert self._transport is not None
        self._transport.pause_reading()
        self._connecting = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        onwards = Pipe(self._delay)
        onwards.other = self
        try:
            await asyncio.get_running_loop().create_connection(lambda: onwards, "127.0.0.1", self._target)
        except OSError:
            self.close()
            return
        self.other = onwards
        if self._timer is None:
            self._due()
        if self._transport is not None:
            self._transport.resume_reading()


class Leash(asyncio.Protocol):
    """Standard input: its end is the end of whoever started us."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        """Remember it."""
        self.ended.set()


async def serve(port: int, target: int, round_trip: float) -> None:
    """Carry connections from ``port`` to ``target`` until standard input ends."""
    loop = asyncio.get_running_loop()
    leash = Leash()
    await loop.connect_read_pipe(lambda: leash, sys.stdin)
    server = await loop.create_server(lambda: Gate(round_trip / 2, target), "127.0.0.1", port, backlog=1024)
    await leash.ended.wait()
    server.close()


@contextmanager
def distance(target: int, round_trip: float) -> Iterator[int]:
    """Give a port that leads to ``target`` and is ``round_trip`` seconds away."""
    port = free_port()
    words = [sys.executable, "-m", "mailer.cli.bench.distance", str(port), str(target), str(round_trip)]
    with running("the delaying proxy", words) as process:
        await_port(process, port)
        yield port


def main() -> None:
    """Carry connections as the arguments say."""
    port, target, round_trip = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(serve(port, target, round_trip))


if __name__ == "__main__":
    main()
