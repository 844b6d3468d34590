"""A million subscribers: import, freeze, send, and what it costs in time, memory, locks and disk.

``make million``, or ``python -m bench.million --readers 100000`` for less of it. It ends by itself.
"""

import argparse
import contextlib
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mailer.app.opening import App
from mailer.cli.bench import ours, page, proof, text
from mailer.cli.bench.command import stop_in_order
from mailer.cli.bench.figures import rate, shown
from mailer.cli.bench.house import SAMPLE, House, Relay, SqliteStores
from mailer.cli.bench.machine import describe, sentence
from mailer.cli.bench.ours import Job, Run
from mailer.cli.bench.programs import find
from mailer.cli.bench.sink import sink
from mailer.cli.door import table
from mailer.errors import MailerError
from mailer.mailing import mailings

STEPS = (10_000, 100_000, 1_000_000)
SAMPLE_READERS = 500
KILOBYTES, CONNECTIONS = 3, 16
PROBE_SECONDS = 0.05
HEAD = (
    *(
        "readers",
        "import s",
        "import /s",
        "store before MB",
        "freeze s",
        "first s",
        "/s",
        "end to end s",
        "longest wait ms",
    ),
    *("CPU s", "peak MB", "peak to first", "store after MB"),
)


@dataclass
class Looked:
    """What was seen beside a run: how long anybody had to wait to write, when the audience was frozen, the store."""

    waits: list[float] = field(default_factory=list)
    freeze_seconds: float = 0.0
    store_mb: float = 0.0

    @contextmanager
    def beside(self, app: App, mailing_id: int) -> Iterator[None]:
        """Write nothing again and again, as a page would write something, and note how long that had to wait."""
        over = threading.Event()
        prober = threading.Thread(target=self._probe, args=(app, over), name="bench-writer")
        prober.start()
        try:
            yield
            with app.store.read() as session:
                mailing = mailings.need(session, mailing_id)
            if mailing.frozen_at and mailing.started_at:
                self.freeze_seconds = (mailing.frozen_at - mailing.started_at).total_seconds()
            self.store_mb = megabytes(app)
        finally:
            over.set()
            prober.join()

    def _probe(self, app: App, over: threading.Event) -> None:
        while not over.wait(PROBE_SECONDS):
            began = time.monotonic()
            # Whoever is refused after twenty seconds has waited so long.
            with contextlib.suppress(MailerError), app.store.write(quiet=True):
                pass
            self.waits.append(time.monotonic() - began)


@dataclass(frozen=True)
class Step:
    """One size of audience, and what came of it."""

    readers: int
    import_seconds: float
    store_mb: float
    run: Run
    looked: Looked

    def row(self, first: "Step") -> list[str]:
        """Return the line of the table; memory is also told as a ratio to that of the smallest audience."""
        figures = (
            *(self.import_seconds, rate(self.readers, self.import_seconds), self.store_mb, self.looked.freeze_seconds),
            *(self.run.first, self.run.rate, self.run.whole, 1000 * max(self.looked.waits, default=0.0), self.run.cpu),
            *(self.run.peak_mb, self.run.peak_mb / first.run.peak_mb, self.looked.store_mb),
        )
        return [f"{self.readers:,}", *map(shown, figures)]


def megabytes(app: App) -> float:
    """Return the size of a SQLite store, its log of changes included."""
    file = app.store.path
    assert file is not None
    return sum(each.stat().st_size for each in file.parent.glob(f"{file.name}*")) / 2**20


def measure(readers: int, folder: Path) -> Iterator[Step]:
    """Send to 10,000, to 100,000 … and at last to all of the readers, each time in a new installation."""
    for number in [step for step in STEPS if step < readers] + [readers]:
        place = folder / str(number)
        place.mkdir()
        name = "audience"
        house = House(place, SqliteStores(place), {name: number, SAMPLE: min(number, SAMPLE_READERS)})
        with house.fresh(Relay(25, 1)) as app:
            sentences = text.fit(app, SAMPLE, KILOBYTES * 1000)
            size = megabytes(app)
        proof.prove(house, Job(SAMPLE, sentences))
        looked = Looked()
        with sink() as taking:
            run = ours.send(house, Job(name, sentences), taking, Relay(taking.port, CONNECTIONS), looked.beside)
        yield Step(number, house.import_seconds[name], size, run, looked)
        shutil.rmtree(place)


def main() -> int:
    """Measure, print, and write into a page if one is named."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--readers", type=int, default=STEPS[-1], help="the largest audience (1000000)")
    asked.add_argument("--folder", type=Path, help="where stores are put: on the disk that counts")
    asked.add_argument("--write", type=Path, metavar="FILE", help="put the table into this page of results")
    options = asked.parse_args()
    stop_in_order()
    folder = Path(tempfile.mkdtemp(prefix="mailer-million-", dir=options.folder))
    steps: list[Step] = []
    try:
        find("smtp-sink")
        machine = sentence(describe(folder))
        for step in measure(options.readers, folder):
            steps.append(step)
            rows = [each.row(steps[0]) for each in steps]
            sys.stdout.write(table(HEAD, rows) + "\n\n")
            sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except MailerError as error:
        sys.stderr.write(f"bench.million: {error}\n")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.write:
        how = f"{KILOBYTES} KB, {CONNECTIONS} connections, one sending process, SQLite."
        page.write(options.write, "million", f"{machine} {how}\n\n{page.markdown(HEAD, rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
