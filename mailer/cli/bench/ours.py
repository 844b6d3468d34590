"""One run of ours, by the whole path: a real sending process, told by the store, watched at the sink."""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import timedelta

from mailer import clock
from mailer.app.opening import App
from mailer.cli.bench import text
from mailer.cli.bench.figures import per_thousand
from mailer.cli.bench.house import House, Relay
from mailer.cli.bench.process import Crew, crew
from mailer.cli.bench.sink import Sink
from mailer.errors import Refused
from mailer.mailing import mailings, press
from mailer.outcomes import account
from mailer.send import watch

Beside = Callable[[App, int], AbstractContextManager[None]]
START_SECONDS, SETTLE_SECONDS, STOP_SECONDS = 60.0, 60.0, 40.0
LAST = "SELECT max(final_at) FROM deliveries WHERE mailing_id = {}"


@dataclass(frozen=True)
class Run:
    """What one run came to.

    rate: messages a second between the first and the last acceptance at the sink.
    whole: seconds of the whole work; ours: from the moment it was due to the last row settled, theirs: from
    the start of the program to its end.
    start: seconds until the program is ready; ours only, nothing is sent meanwhile.
    first: seconds from due (from the start) to the first acceptance.
    cpu: processor seconds of all sending processes per 1,000 messages, from due to settled (theirs: all).
    peak_mb: the most memory they ever held together; 0 where it is not known.
    """

    count: int
    rate: float
    whole: float
    start: float
    first: float
    cpu: float
    peak_mb: float

    def as_json(self) -> dict[str, float]:
        """Return the figures."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Job:
    """What is to be sent: to which list, a statement of how many sentences."""

    mlist: str
    sentences: int


def _nothing(_app: App, _mailing_id: int) -> AbstractContextManager[None]:
    return nullcontext()


def send(house: House, job: Job, sink: Sink, relay: Relay, beside: Beside = _nothing) -> Run:
    """Send a mailing to everybody on a list; Refused unless each message arrived once and every row says so.

    ``beside`` is entered before the mailing is due and left when its last row is settled.
    """
    count = house.sizes[job.mlist]
    with house.fresh(relay) as app:
        mailing_id = text.draft(app, job.mlist, job.sentences)
        with app.store.read() as session:
            proof = press.proofread(session, app.config, app.keys, mailing_id)
        began = time.monotonic()
        with crew("a sending process", work_command(house), relay.processes) as process, beside(app, mailing_id):
            await_ready(app, process, relay.processes)
            start = time.monotonic() - began
            sink.begin()
            before = process.used()
            with app.store.write() as session:
                press.schedule(session, proof, None, timedelta())
            due = clock.now().timestamp()
            seen = sink.watch(count, process.must_live)
            await_settled(app, process, mailing_id, count)
            after = process.used()
            if process.end(STOP_SECONDS):
                raise Refused(f"a sending process did not end well: {process.said()}", place="bench")
        sink.must_be(count)
        return Run(
            count=count,
            rate=seen.rate,
            whole=last_settled(app, mailing_id) - due,
            start=start,
            first=seen.first - due,
            cpu=per_thousand(after.cpu - before.cpu, count),
            peak_mb=after.peak_mb,
        )


def work_command(house: House) -> list[str]:
    """Return the command of a sending process that ends with its standard input."""
    return [sys.executable, "-m", "mailer", "--config", str(house.config_file), "work", "--as-child"]


def await_ready(app: App, process: Crew, number: int) -> None:
    """Wait until every sending process has said hello in the store."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        process.must_live()
        with app.store.read() as session:
            if watch.live(session, app.config).workers >= number:
                return
        time.sleep(0.02)
    raise Refused(f"sending is not ready after {START_SECONDS:g} s: {process.said()}", place="bench")


def await_settled(app: App, process: Crew, mailing_id: int, count: int) -> None:
    """Wait until every row is accepted; Refused if one ends otherwise, or the account does not balance."""
    end = time.monotonic() + SETTLE_SECONDS
    while True:
        with app.store.read() as session:
            figures = account.account(session, mailing_id)
            state = mailings.need(session, mailing_id).state
        if figures.accepted == count == figures.chosen and state == "sent":
            return
        process.must_live()
        if time.monotonic() > end:
            raise Refused(f"of {count:,} readers the ledger says {figures.as_json()}", place="bench")
        time.sleep(0.05)


def last_settled(app: App, mailing_id: int) -> float:
    """Return the moment the last row was settled, in seconds since 1970, as the ledger has it."""
    with app.store.engine.connect() as connection:
        # The store keeps moments as whole microseconds.
        return float(connection.exec_driver_sql(LAST.format(mailing_id)).scalar() or 0) / 1_000_000
