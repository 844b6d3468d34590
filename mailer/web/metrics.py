"""Figures for Prometheus: how sending goes, what waits, whether relays and store are well; nobody's data."""

import asyncio
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailer import clock
from mailer.errors import WrongSchema
from mailer.send import gauges
from mailer.send.gauges import Gauges
from mailer.store import pulse
from mailer.store.engine import StoreTrouble
from mailer.web import network
from mailer.web.house import House

log = logging.getLogger("mailer.web")
KEPT_SECONDS = 5.0


@dataclass
class Metrics:
    """Looks at most every five seconds, however often it is asked."""

    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _text: bytes = b""
    _until: float = 0.0

    async def answer(self, house: House, request: Request) -> Response:
        """Return the figures; 404 to whoever may not have them."""
        if not network.is_from(request, house.proxies, house.config.watch.metrics_from):
            raise HTTPException(404)
        async with self._looking:
            if time.monotonic() >= self._until:
                self._text = await run_in_threadpool(_look, house)
                self._until = time.monotonic() + KEPT_SECONDS
        return Response(self._text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Figures(Collector):
    """The figures of one moment."""

    def __init__(self, found: Gauges | None, *, is_writable: bool) -> None:
        self._found, self._is_writable = found, is_writable

    def collect(self) -> Iterator[Metric]:
        """Yield every figure; without a store only that there is none."""
        yield _one("mailer_store_writable", "Whether the store can be written.", self._is_writable)
        if self._found:
            yield from _work(self._found)
            yield from _relays(self._found)


def _look(house: House) -> bytes:
    found, is_writable = None, False
    try:
        with house.store.read() as session:
            found = gauges.read(session, house.config)
        pulse.feel(house.store)
        is_writable = not found.live.store
    except (WrongSchema, *StoreTrouble) as error:
        log.error("the store is not well: %s", " ".join(str(error).split()))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(found, is_writable=is_writable))
    return generate_latest(registry)


def _work(found: Gauges) -> Iterator[Metric]:
    yield _one("mailer_workers", "Sending processes heard of lately.", found.live.workers)
    yield _one("mailer_stuck", "Whether there is work and nobody sends.", found.is_stuck)
    yield _one("mailer_lease_age_seconds", "Since the lease renewed longest ago was renewed.", found.lease_age)
    yield _one("mailer_oldest_queued_seconds", "Age of the oldest batch of a mailing to be sent.", found.oldest_queued)
    yield _one("mailer_notices_waiting", "Letters of the house that are not out yet.", found.notices)
    yield _one("mailer_oldest_notice_seconds", "Age of the oldest of them.", found.oldest_notice)
    deliveries = GaugeMetricFamily(
        "mailer_deliveries", "Letters of the mailings being sent, by state.", labels=["state"]
    )
    for state, number in found.deliveries.items():
        deliveries.add_metric([state], number)
    yield deliveries
    tries = CounterMetricFamily("mailer_tries", "Tries that ended, by relay and state.", labels=["relay", "state"])
    for (relay, state), number in found.tries.items():
        tries.add_metric([relay, state], number)
    yield tries


def _relays(found: Gauges) -> Iterator[Metric]:
    now = clock.now()
    rate = _many("mailer_relay_rate", "Messages a second, lately.")
    connections = _many("mailer_relay_connections", "Connections open.")
    flight = _many("mailer_relay_in_flight", "Messages on the wire.")
    well = _many("mailer_relay_well", "Whether the relay carries what it is given.")
    rest = _many("mailer_relay_unwell_seconds", "How long it has carried nothing.")
    slowed = GaugeMetricFamily(
        "mailer_domain_slowed", "Receiving domains served slower because they ask for it.", labels=["relay", "domain"]
    )
    for relay in found.live.relays:
        rate.add_metric([relay.name], relay.rate)
        connections.add_metric([relay.name], relay.connections)
        flight.add_metric([relay.name], relay.in_flight)
        well.add_metric([relay.name], relay.unwell_since is None)
        rest.add_metric([relay.name], (now - relay.unwell_since).total_seconds() if relay.unwell_since else 0)
        for domain in relay.slowed:
            slowed.add_metric([relay.name, domain], 1)
    yield from (rate, connections, flight, well, rest, slowed)


def _one(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=float(value))


def _many(name: str, told: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, told, labels=["relay"])
