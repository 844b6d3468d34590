"""A sending process for the fault tests: `mailer work` as it is, forked from one that has imported everything."""

import multiprocessing
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from mailer import clock, crash
from mailer.app import logs, working
from mailer.app.opening import open_app
from mailer.config import load

NOTHING: Callable[[], None] = int


def start(config_file: Path, crash_at: str, prepare: Callable[[], object]) -> BaseProcess:
    """Start `mailer work`; ``prepare`` runs in the new process before anything else."""
    # Starting Python costs a second, and a run has many of these.
    context: ForkServerContext = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=_work, args=(config_file, crash_at, prepare), daemon=True)
    process.start()
    return process


def _work(config_file: Path, crash_at: str, prepare: Callable[[], object]) -> None:
    said = os.open(config_file.with_name("sender.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    crash.arm(crash_at)
    prepare()
    config = load(config_file)
    logs.set_up(config.log)
    app = open_app(config)
    try:
        working.work(app, ticking=True, as_child=False)
    finally:
        app.close()


def stepped_clock(file: Path) -> None:
    """Put a wall clock in the place of the real one that is as many seconds ahead, or behind (-), as a file says."""
    real = clock.now

    def now() -> datetime:
        return real() + timedelta(seconds=float(file.read_text() or 0))

    clock.now = now
