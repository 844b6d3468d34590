"""/metrics: figures a watching program reads, for those who may, and nobody's address among them."""

import re
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from mailer import clock
from mailer.send.report import RelayReport, Report
from mailer.store import pulse
from mailer.store.tables import Batch, Delivery, Worker
from mailer.web import metrics
from tests.house.floorplan import ROOT
from tests.make import freeze_all
from tests.web.town import BASE, Town


@pytest.fixture(autouse=True)
def _look_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "KEPT_SECONDS", 0.0)


def asked(town: Town, peer: str = "127.0.0.1", **headers: str):
    client = TestClient(town.client.app, base_url=BASE, client=(peer, 5))
    return client.get("/metrics", headers=headers)


def figures(town: Town) -> dict[str, float]:
    """Return the figures by name and labels, as a watching program reads them."""
    answer = asked(town)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[" ".join([sample.name, *sample.labels.values()])] = sample.value
    return found


def test_an_empty_house_is_well(small_town: Town) -> None:
    found = figures(small_town)
    assert (found["mailer_store_writable"], found["mailer_workers"], found["mailer_stuck"]) == (1, 0, 0)
    assert (found["mailer_notices_waiting"], found["mailer_lease_age_seconds"]) == (0, 0)


def test_queue_relays_leases_and_tries_are_told(small_town: Town) -> None:
    small_town.reader()
    small_town.reader()
    small_town.publish()
    small_town.asked()
    freeze_all(small_town.store, small_town.mailing_id)
    now = clock.now()
    ill = RelayReport(unwell_since=now.timestamp() - 90, why="no answer", outcomes={"accepted": 7})
    well = RelayReport(rate=12.5, connections=4, in_flight=9, slowed=("gmail.com",), outcomes={"refused": 1})
    with small_town.store.write() as session:
        report = Report({"main": ill, "spare": well}).as_json()
        session.add(Worker(name="w", started_at=now, seen_at=now, report=report))
        gone = Report({"main": RelayReport(outcomes={"accepted": 3})}).as_json()
        session.add(Worker(name="gone", started_at=now, seen_at=now, ended_at=now, report=gone))
        for batch in session.query(Batch).filter_by(lane="mailing"):
            batch.made_at = now - timedelta(seconds=40)
            batch.owner, batch.lease_until = "w", now + timedelta(seconds=small_town.config.send.lease_seconds - 20)
        queued = session.query(Delivery).filter_by(mailing_id=small_town.mailing_id, state="queued").count()
    found = figures(small_town)
    assert queued
    assert found["mailer_deliveries queued"] == queued
    assert found["mailer_tries_total main accepted"] == 10, "what a process did before it ended stays counted"
    assert found["mailer_tries_total spare refused"] == 1
    assert (found["mailer_relay_well main"], found["mailer_relay_well spare"]) == (0, 1)
    assert 90 <= found["mailer_relay_unwell_seconds main"] < 150
    assert (found["mailer_relay_rate spare"], found["mailer_relay_connections spare"]) == (12.5, 4)
    assert found["mailer_relay_in_flight spare"] == 9
    assert found["mailer_domain_slowed gmail.com spare"] == 1
    assert found["mailer_notices_waiting"] == 1
    assert 40 <= found["mailer_oldest_queued_seconds"] < 100
    assert 20 <= found["mailer_lease_age_seconds"] < 80
    assert "@" not in asked(small_town).text


def test_the_manual_names_every_figure_and_no_other(small_town: Town) -> None:
    told = (ROOT / "docs/operate.md").read_text().partition("<!-- metrics -->")[2].partition("<!-- end -->")[0]
    named = set(re.findall(r"`(mailer_\w+)", told))
    real = set(re.findall(r"^# HELP (\w+)", asked(small_town).text, re.M))
    assert named == real


@pytest.mark.parametrize(("peer", "headers"), [("192.0.2.1", {}), ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"})])
def test_nobody_else_may_read_them(small_town: Town, peer: str, headers: dict[str, str]) -> None:
    assert asked(small_town, peer, **headers).status_code == 404


def test_without_a_store_that_can_be_written_it_still_answers(small_town: Town, monkeypatch) -> None:
    def fails(_store) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(pulse, "feel", fails)
    assert figures(small_town)["mailer_store_writable"] == 0
