"""Leaving and stopping while everything is on the move: after the answer there is no MAIL FROM."""

import random
import time

import pytest
from sqlalchemy import select

from mailer.mailing import mailings
from mailer.outcomes import events
from mailer.store.tables import Delivery
from tests.faults.stage import CHUNKING, PIPELINING, Stage, end, staged

READERS = 240
SLOW = ("--slow", "0.01")


def leave(stage: Stage, who: Delivery) -> None:
    """Let a reader leave, and remember when they had the answer, unless it said that a mail is on its way."""
    with stage.app.store.write() as session:
        answer = events.leave(session, who.subscription_id, why="left by the link", actor="reader")
    if not answer.begun:
        stage.left[who.address] = time.time()


@pytest.mark.parametrize("offer", [CHUNKING, PIPELINING], ids=["chunking", "pipelining"])
def test_nobody_gets_mail_after_leaving(tmp_path, store_url, offer) -> None:
    with staged(tmp_path, store_url, *offer, *SLOW) as stage:
        stage.mail([f"reader{number}" for number in range(READERS)])
        process = stage.send()
        stage.until_taken(20)
        with stage.app.store.read() as session:
            everybody = session.scalars(select(Delivery)).all()
        for number, who in enumerate(random.sample(everybody, READERS // 2)):
            leave(stage, who)
            if number == READERS // 4:
                end(process)
                process = stage.send()
        stage.until_sent()
        assert stage.left
        stage.check()


def test_stopping_takes_effect_within_five_seconds(tmp_path, store_url) -> None:
    with staged(tmp_path, store_url, *PIPELINING, *SLOW) as stage:
        stage.mail([f"reader{number}" for number in range(READERS)])
        stage.send()
        stage.until_taken(20)
        with stage.app.store.write() as session:
            mailings.stop(session, mailings.need(session, stage.mailing_id), "a person")
        effective = time.time() + 5
        stage.send()
        stage.until_quiet()
        assert stage.account.left_out > 0
        with stage.app.store.read() as session:
            stage.left = dict.fromkeys(session.scalars(select(Delivery.address)), effective)
        stage.check()
