"""The delaying proxy: nothing is sooner than the round trip, nothing is changed, both ends are told of the end."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mailer.cli.bench.distance import distance
from mailer.cli.bench.process import free_port

ROUND_TRIP = 0.05
SECONDS = 60.0


@contextmanager
def echo() -> Iterator[int]:
    """Run a server that sends everything back until the other side has said everything."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    talk, _ = server.accept()
                except OSError:
                    return
                with talk:
                    while data := talk.recv(65536):
                        talk.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        thread.join(SECONDS)


@contextmanager
def connection(round_trip: float) -> Iterator[socket.socket]:
    """Connect to an echo that is so far away."""
    with echo() as target, distance(target, round_trip) as port, connected(port) as talk:
        yield talk


def connected(port: int) -> socket.socket:
    """Connect to a port of loopback."""
    return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)


def test_an_answer_takes_the_round_trip() -> None:
    with connection(ROUND_TRIP) as talk:
        for _ in range(3):
            began = time.monotonic()
            talk.sendall(b"there?")
            assert talk.recv(100) == b"there?"
            # Its timers count milliseconds, and may round down.
            assert time.monotonic() - began > ROUND_TRIP - 0.004


def test_bytes_come_whole_and_in_order() -> None:
    sent = random.Random(1).randbytes(40 * 2**20)  # more than waits in it at a time
    with connection(0.002) as talk:
        writing = threading.Thread(target=talk.sendall, args=(sent,))
        writing.start()
        came = bytearray()
        while len(came) < len(sent):
            data = talk.recv(2**20)
            assert data
            came += data
        writing.join()
    assert bytes(came) == sent


def test_the_end_is_told_on_the_other_side() -> None:
    with connection(0.002) as talk:
        talk.sendall(b"last")
        talk.shutdown(socket.SHUT_WR)
        assert talk.recv(100) == b"last"
        assert talk.recv(100) == b""


def test_nobody_at_the_other_end_closes_the_connection() -> None:
    with distance(free_port(), 0.002) as port, connected(port) as talk:
        assert talk.recv(100) == b""
