"""`make soak`: longer runs of the same faults, all at once, on both stores; each prints the checker's line.

A run is one mailing to readers of whom some bring a fault, carried by processes that are killed, frozen, stopped and
started again, while people leave. Everything is drawn from the seed, but for the moments of the machine itself.
It ends by itself: after so many runs, or so many minutes.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import select

from mailer.cli.bench import postgres
from mailer.store import schema
from mailer.store.engine import Store
from mailer.store.tables import Delivery
from tests.faults import stage as stages
from tests.faults.stage import CHUNKING, PIPELINING, PLAIN, Stage, end, freeze, staged
from tests.faults.test_leaving import leave
from tests.faults.test_processes import little_patience
from tests.faults.test_replies import EVERY

MANNERS = (CHUNKING, PIPELINING, PLAIN)
Place = Callable[[Path], str]
ACTS = ("kill", "kill", "term", "freeze", "leave", "restart relay")


def perform(stage: Stage, chance: random.Random, readers: int) -> None:
    """Send one mailing with something going wrong all the time; the last process is left alone."""
    # One reader in ten brings a fault of the relay.
    modes = [f"{chance.choice([*EVERY])}.{n}" if chance.random() < 0.1 else f"reader{n}" for n in range(readers)]
    stage.mail(modes)
    running = [stage.send(prepare=little_patience)]
    while stage.state != "sent" and stage.relay.taken() < 0.8 * readers:
        stage.until_taken(chance.randint(1, readers // 20))
        act, process = chance.choice(ACTS), running.pop(0)
        if act == "freeze":
            freeze(process.pid, stage.app.store.path)
            running.append(stage.send(prepare=little_patience))
            stage.until_taken(5)
            os.kill(process.pid, signal.SIGCONT)
            running.append(process)
        elif act == "leave":
            depart(stage, chance)
            running.append(process)
        elif act == "restart relay":
            stage.relay.order(tell=f"connect421x{chance.randint(1, 8)}")
            running.append(process)
        else:
            end(process, signal.SIGKILL if act == "kill" else signal.SIGTERM)
        if len(running) < 2:
            running.append(stage.send(prepare=little_patience))
    stage.until_sent()


def depart(stage: Stage, chance: random.Random) -> None:
    """Let ten readers leave."""
    with stage.app.store.read() as session:
        rows = session.scalars(select(Delivery).where(Delivery.state == "queued").limit(500)).all()
    for row in chance.sample(list(rows), min(10, len(rows))):
        leave(stage, row)


def made(url: str) -> str:
    """Migrate an empty store and return its address."""
    store = Store(url)
    schema.migrate(store)
    store.close()
    return url


@contextmanager
def places() -> Iterator[dict[str, Place]]:
    """Give, for each kind of store there is, the way to an empty one."""
    with postgres.databases(None) if postgres.is_brought() else nullcontext() as server:
        found = {"sqlite": lambda folder: made(f"sqlite:///{folder / 'subscribers.db'}")}
        if server:
            found["postgresql"] = lambda _folder: made(server.first())
        yield found


def run(seed: int, kind: str, place: Place, readers: int, slow: float) -> bool:
    """Do one run and print its line; say whether every promise was kept."""
    chance = random.Random(seed)
    manner = chance.choice(MANNERS)
    folder = Path(tempfile.mkdtemp(prefix="mailer-soak-"))
    try:
        sys.stdout.write(f"seed={seed} store={kind} offer={'+'.join(manner[1::2]) or 'nothing'} ")
        sys.stdout.flush()
        with staged(folder, place(folder), *manner, "--slow", str(slow), "--per-connection", "50", patience=2) as stage:
            perform(stage, chance, readers)
            stage.check()
    except AssertionError as error:
        sys.stdout.write(f"FAILED {error}\n")
        return False
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return True


def main() -> int:
    """Run until the runs or the minutes are over; 1 if a promise was broken."""
    asked = argparse.ArgumentParser(description="Longer runs of the fault tests.")
    asked.add_argument("--seed", type=int, default=int(time.time()), help="of the first run; each has the next (now)")
    asked.add_argument("--runs", type=int, default=20, help="how many (20)")
    asked.add_argument("--minutes", type=float, default=10, help="begin no run after so many (10)")
    asked.add_argument("--readers", type=int, default=2000, help="of each mailing (2000)")
    asked.add_argument("--slow", type=float, default=0.005, help="seconds the relay takes for a message (0.005)")
    options = asked.parse_args()
    stages.SECONDS = 300
    until, kept = time.monotonic() + 60 * options.minutes, True
    with places() as found:
        for number in range(options.runs):
            if time.monotonic() > until:
                break
            kind = list(found)[number % len(found)]
            kept &= run(options.seed + number, kind, found[kind], options.readers, options.slow)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
