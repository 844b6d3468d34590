"""Two relays, one of which dies, stalls or refuses: the other does not feel it, and who is in doubt stays there."""

import json
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import checker
from tests.faults.stage import PIPELINING, Relay, staged, until

READERS = 1200
# Its answers to the ends of messages take the time, so that the machine has nothing to do with its rate.
SLOW = ("--slow", "0.04")
SECONDS, WINDOW = 1.2, 0.2
# A machine that has other work to do may hold up one measurement; the promise is kept if one of them shows it.
KEPT, MEASUREMENTS = 0.9, 3


def dies(relay: Relay) -> None:
    relay.kill()


def stalls(relay: Relay) -> None:
    relay.order(hold=True)


def refuses(relay: Relay) -> None:
    relay.order(tell="mail421x9999")
    relay.order(tell="connect554x9999")


def is_well(relay: Relay, fault: Callable[[Relay], None]) -> None:
    if fault is dies:
        relay.start()
    relay.order(hold=False)
    for step in ("mail421", "connect554"):
        relay.order(tell=f"{step}x0")


@pytest.mark.parametrize("fault", [dies, stalls, refuses], ids=lambda fault: fault.__name__)
def test_the_other_relay_does_not_feel_it(tmp_path, sqlite_url, fault) -> None:
    with staged(tmp_path, sqlite_url, *PIPELINING, *SLOW, others={"well": (*PIPELINING, *SLOW)}, patience=1) as stage:
        ill, well = stage.relay, stage.relays["well"]
        stage.mail([f"reader{number}" for number in range(READERS)])
        stage.send()
        until(lambda: min(ill.taken(), well.taken()) > 20)
        shares = list[float]()
        while len(shares) < MEASUREMENTS and max(shares, default=0.0) < KEPT:
            before = rate(well)
            fault(ill)
            shares.append(rate(well) / before)
            is_well(ill, fault)
        for relay in (ill, well):
            relay.order(slow=0)
        stage.until_sent()
        stage.check()
        assert max(shares) >= KEPT
        # Who was in doubt at one relay did not go by the other.
        one, other = (checker.read([relay.truth]).copies.keys() for relay in (ill, well))
        assert not one & other


def rate(relay: Relay) -> float:
    """Return how many messages a relay takes in a window of time from now on, whatever a busy machine does once."""
    since = time.time()
    until(lambda: time.time() > since + SECONDS)
    windows = Counter(int((at - since) / WINDOW) for at in accepted(relay.truth) if since <= at < since + SECONDS)
    return statistics.median(windows[number] for number in range(round(SECONDS / WINDOW)))


def accepted(truth: Path) -> list[float]:
    facts = (json.loads(line) for line in truth.read_text().splitlines(keepends=True) if line.endswith("\n"))
    return [fact["at"] for fact in facts if fact["kind"] == "accepted"]
