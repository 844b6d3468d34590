"""`mailer work`: carry mail, and tick unless another process does, until told to stop; alone or several at once."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Sequence

from mailer.app.child import crew, stopper
from mailer.app.loop import fast_loop
from mailer.app.opening import App
from mailer.duties import Duties
from mailer.send import dkim
from mailer.send.worker import Worker


def work(app: App, *, ticking: bool, as_child: bool) -> None:
    """Work until SIGTERM or SIGINT, then finish what is on the wire; a second signal does not wait for it.

    ``as_child`` also stops when standard input ends: then the process that started us is gone. ConfigError
    for a signing key that cannot be used.
    """
    dkim.signers(app.config)

    async def main() -> None:
        worker = Worker(app.store, app.config, app.keys)
        duties = Duties(app.store, app.config, app.keys)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: _ask(worker, stopping))
        if as_child:
            await loop.connect_read_pipe(lambda: _Leash(worker), sys.stdin)
        if ticking:
            duties.start()
        try:
            await worker.run()
        finally:
            if ticking:
                await duties.stop()

    stopping: list[bool] = []
    _look_for_cycles_less_often()
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(main())


def supervise(app: App, command: Sequence[str], processes: int, *, ticking: bool) -> None:
    """Keep so many sending processes running until SIGTERM or SIGINT, then end all of them in order.

    A second signal ends them at once. This process sends nothing itself: it ticks, if it is to. ConfigError
    for a signing key that cannot be used: they would start again and again.
    """
    dkim.signers(app.config)

    async def main() -> None:
        children = crew(command, processes)
        duties = Duties(app.store, app.config, app.keys)
        stop = stopper(children)
        if ticking:
            duties.start()
        tasks = [asyncio.create_task(child.run()) for child in children]
        await stop.wait()
        for child in children:
            child.stop()
        await asyncio.gather(*tasks)
        # The clock goes on until the last has ended: what is due is not held up by them.
        if ticking:
            await duties.stop()

    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        runner.run(main())


def _look_for_cycles_less_often() -> None:
    """Leave what the program itself is made of out of every look for garbage; a twelfth of the rate went into it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _ask(worker: Worker, stopping: list[bool]) -> None:
    if stopping:
        # Rows on the wire stay begun and become uncertain when the lease has run out: nothing is lost.
        os._exit(130)
    stopping.append(True)
    worker.stop()


class _Leash(asyncio.Protocol):
    """Standard input of a child: nothing is ever said there, and its end is the end of the parent."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it so
        """Stop in order."""
        self._worker.stop()
