"""`mailer serve`: the pages, the clock, and the sending process beside them."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator, Sequence

import uvicorn
from starlette.applications import Starlette

from mailer.app.child import Child, crew, stopper
from mailer.app.loop import fast_loop
from mailer.app.opening import App
from mailer.config_sections import Web
from mailer.duties import Duties
from mailer.errors import ConfigError
from mailer.send import dkim
from mailer.web.site import make_site

BACKLOG = 2048
# How long a page may still take when we are told to stop.
GRACE_SECONDS = 5


def listen(web: Web) -> socket.socket:
    """Return a socket that listens where the configuration says; ConfigError if that is impossible."""
    try:
        found = socket.getaddrinfo(web.host, web.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {web.host} port {web.port} ({_reason(error)})",
            place="web.port",
            cure="end what listens there, or name another",
        ) from None


def _reason(error: OSError) -> str:
    # What create_server() says repeats the address; a name that is not found has no number of the system's own.
    known = error.errno is not None and error.errno > 0
    return os.strerror(error.errno or 0) if known else str(error.strerror or error)


def address_of(listening: socket.socket) -> str:
    """Return the web address of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: App, command: Sequence[str], processes: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; ``command`` starts a sending process, of which there are ``processes``.

    ``ready`` is called with the address when it listens. A second signal ends the sending processes at once.
    ConfigError for a signing key that cannot be used: a sending process would start again and again.
    """
    dkim.signers(app.config)
    listening = listen(app.config.web)

    async def main() -> None:
        children = crew(command, processes)
        stop = stopper(children)
        ready(address_of(listening))
        await run(app, [Server(make_site(app.config, app.store, app.keys), listening)], children, stop)

    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(main())


async def run(app: App, servers: Sequence["Server"], children: Sequence[Child], stop: asyncio.Event) -> None:
    """Serve pages, tick and supervise until ``stop`` is set; everything has ended when it returns."""
    duties = Duties(app.store, app.config, app.keys)
    duties.start()
    tasks = [asyncio.create_task(child.run()) for child in children]
    pages = [asyncio.create_task(server.run_here()) for server in servers]
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([*pages, stopped], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        await duties.stop()
        for server in servers:
            server.should_exit = True
        for child in children:
            child.stop()
        await asyncio.gather(*pages, *tasks)


class Server(uvicorn.Server):
    """uvicorn inside our own loop: signals are ours, because a child process has to be ended too."""

    def __init__(self, site: Starlette, listening: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                site,
                log_config=None,
                access_log=False,
                server_header=False,
                # The site itself knows which proxies to believe.
                proxy_headers=False,
                ws="none",
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._listening = listening

    async def run_here(self) -> None:
        """Serve on the socket until ``should_exit`` is set."""
        await self.serve(sockets=[self._listening])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield
