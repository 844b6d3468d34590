"""Networks that are cut, go still, or lose an answer, between a sending process and the store or the relay."""

from collections import Counter

import pytest
from sqlalchemy import func, select

from mailer.store.tables import Attempt
from tests.faults.cable import Cable, socket_of, through
from tests.faults.stage import CHUNKING, PIPELINING, Stage, staged, until

READERS = 160
SLOW = ("--slow", "0.01")
# Of each kind: after the server did it, and before it heard of it.
COMMITS = 6


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_commit_nobody_answers_is_looked_up(tmp_path, store_url) -> None:
    cable = Cable(socket_of(store_url))
    try:
        with staged(tmp_path, store_url, *CHUNKING, *SLOW, far=through(store_url, cable.port)) as stage:
            stage.mail([f"rcpt450.{n}" if n % 4 == 0 else f"reader{n}" for n in range(READERS)], is_due=False)
            stage.send()
            stage.until_taken(4)
            for _ in range(COMMITS):
                before = sum(cable.lost.values())
                cable.lose(2)
                until(lambda before=before: sum(cable.lost.values()) == before + 2 or stage.state == "sent")
                stage.until_taken(4)
            stage.until_sent()
            verdict = stage.check()
            assert min(cable.lost.values()) >= 2
            # What was begun in a transaction whose end nobody knows was never written: nobody is in doubt about it.
            assert (verdict.dup, verdict.begun, stage.account.accepted) == (0, 0, READERS)
            with stage.app.store.read() as session:
                tries = Counter(session.scalars(select(Attempt.row_id)))
            assert set(tries.values()) == {1}, "a try is written down twice"
    finally:
        cable.close()


def test_a_network_that_is_cut_or_still_costs_nobody_anything(tmp_path, store_url) -> None:
    with staged(tmp_path, store_url, *PIPELINING, *SLOW, patience=0.5, is_cabled=True) as stage:
        assert stage.cable
        stage.mail([f"reader{number}" for number in range(READERS)])
        stage.send()
        for ways in (("there",), ("back",), ("there", "back")):
            stage.until_taken(READERS // 8)
            known = doubts(stage)
            stage.cable.go_still(*ways)
            until(lambda known=known: doubts(stage) > known)
            stage.cable.go_on()
            stage.until_taken(READERS // 8)
            stage.cable.cut()
        stage.until_sent()
        stage.check()


def doubts(stage: Stage) -> int:
    """Return how often nobody knew what came of a message."""
    with stage.app.store.read() as session:
        return session.scalar(select(func.count()).where(Attempt.verdict == "uncertain")) or 0
