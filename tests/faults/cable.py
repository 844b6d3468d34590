"""A cable between our processes and a server, that can be cut, go still in one direction, or lose a COMMIT."""

import socket
import struct
import threading
from contextlib import suppress
from typing import Literal

from sqlalchemy import make_url

Way = Literal["there", "back"]
# As psycopg says it, and how the server begins its answer: nothing else that travels looks like it.
COMMIT, DONE = b"COMMIT\0", b"C\0\0\0\x0bCOMMIT\0"
# Closing resets the connection, as a machine does that knows nothing of it.
RESET = struct.pack("ii", 1, 0)


class Cable:
    """Carries connections made to ``port`` to a port or a socket file, until it is closed."""

    def __init__(self, target: int | str) -> None:
        self._target = target
        self._moves = {"there": threading.Event(), "back": threading.Event()}
        self.go_on()
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        # COMMITs to come that go wrong; those that did, by whether the server heard them.
        self._to_lose = 0
        self.lost = {True: 0, False: 0}
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def go_still(self, *ways: Way) -> None:
        """Carry nothing any more in these directions, or in both; nobody is told."""
        for way in ways or ("there", "back"):
            self._moves[way].clear()

    def go_on(self) -> None:
        """Carry everything again, and what was held back first."""
        for moves in self._moves.values():
            moves.set()

    def cut(self) -> None:
        """Reset every connection there is."""
        with self._lock:
            ends, self._ends = self._ends, []
        reset(*ends)

    def lose(self, commits: int) -> None:
        """Cut so many connections at their next COMMIT: in turn after the server did it, and before it hears of it."""
        with self._lock:
            self._to_lose += commits

    def close(self) -> None:
        """Take it away."""
        # A thread that waits for the next connection wakes up.
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.go_on()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                try:
                    far = connected(self._target)
                except OSError:
                    reset(near)
                    continue
                with self._lock:
                    self._ends += (near, far)
                is_lost = threading.Event()
                for ends in (("there", near, far), ("back", far, near)):
                    threading.Thread(target=self._carry, args=(*ends, is_lost), daemon=True).start()

    def _carry(self, way: Way, source: socket.socket, drain: socket.socket, is_lost: threading.Event) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._moves[way].wait()
                if way == "there" and COMMIT in data and (heard := self._loses()) is not None:
                    if not heard:
                        break
                    is_lost.set()
                if way == "back" and is_lost.is_set() and DONE in data:
                    break
                drain.sendall(data)
        reset(source, drain)

    def _loses(self) -> bool | None:
        """Say whether the server hears a COMMIT that goes wrong; None if it does not."""
        with self._lock:
            if not self._to_lose:
                return None
            self._to_lose -= 1
            heard = self.lost[True] <= self.lost[False]
            self.lost[heard] += 1
            return heard


def connected(target: int | str) -> socket.socket:
    """Connect to a port of this machine, or a socket file."""
    if isinstance(target, int):
        return socket.create_connection(("127.0.0.1", target))
    far = socket.socket(socket.AF_UNIX)
    far.connect(target)
    return far


def reset(*ends: socket.socket) -> None:
    """Reset connections."""
    for end in ends:
        with suppress(OSError):
            if end.family == socket.AF_INET:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            # A thread that waits for it wakes up; the other end of a socket file hears of it.
            end.shutdown(socket.SHUT_RD if end.family == socket.AF_INET else socket.SHUT_RDWR)
        end.close()


def through(url: str, cable_port: int) -> str:
    """Return the address of a PostgreSQL store as it is by a cable."""
    far = make_url(url).set(host="127.0.0.1", port=cable_port, query={})
    return far.render_as_string(hide_password=False)


def socket_of(url: str) -> str:
    """Return the socket file of a PostgreSQL server of the tests."""
    return f"{make_url(url).query['host']}/.s.PGSQL.5432"
