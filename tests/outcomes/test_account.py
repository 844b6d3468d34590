"""The account: every figure has its people."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import update

from mailer import clock
from mailer.errors import BadInput
from mailer.outcomes import account
from mailer.send import leases, ledger
from mailer.store.tables import DELIVERY_STATES, Delivery
from tests.make import freeze_all, make_started


def test_every_figure_has_its_people_the_sum_too(store, config, keys) -> None:
    mailing_id = make_started(store, config, keys, readers=3)
    freeze_all(store, mailing_id)
    with store.read() as session:
        figures = account.account(session, mailing_id).as_json()
        for figure, number in figures.items():
            if figure != "balanced":
                assert len(account.people(session, mailing_id, figure)) == number
        first, *rest = account.people(session, mailing_id, account.CHOSEN)
        assert account.people(session, mailing_id, account.CHOSEN, first.delivery_id, 2) == rest
        with pytest.raises(BadInput, match="write one of chosen, queued, begun"):
            account.people(session, mailing_id, "lost")


def test_a_glance_shows_what_counting_every_row_shows(store, config, keys) -> None:
    chance = random.Random(7)
    mailing_id = make_started(store, config, keys, readers=60)
    freeze_all(store, mailing_id, 20)
    for _ in range(12):
        with store.write() as session:
            mine = leases.lease(session, "mailing", "one", 60)
            for row in ledger.waiting_rows(session, mine, 0, 100) if mine else ():
                _, begun = ledger.begin(session, mine, [row.id], "local")
                for row_id in begun:
                    _end(session, row_id, chance.choice(DELIVERY_STATES), again=chance.random() < 0.2)
        with store.read() as session:
            seen, figures = account.glance(session, mailing_id), account.account(session, mailing_id)
            assert seen.account == figures
            assert seen.reasons == account.reasons(session, mailing_id)
            assert seen.twice == account.possibly_twice(session, mailing_id)
            assert figures.balanced
        if mine is None:
            break
        if chance.random() < 0.5:
            with store.write() as session:
                leases.close_batch(session, mine)
    assert mine is None
    assert 0 not in (figures.begun, figures.queued, figures.accepted, figures.refused, figures.uncertain, seen.twice)


def _end(session, row_id: int, state: str, *, again: bool) -> None:
    """Let a row that was begun end in any way it may, or stay begun."""
    why = "because" if state in account.TOLD_STATES else ""
    soon = clock.now() + timedelta(hours=1)
    session.execute(
        update(Delivery)
        .where(Delivery.id == row_id)
        .values(
            state=state,
            why=why,
            again=again,
            next_at=soon if state == "waiting" else None,
            final_at=soon if state in ("accepted", "refused", "left_out") else None,
        )
    )
