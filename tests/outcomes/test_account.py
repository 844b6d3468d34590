"""The account: every figure has its people."""

import pytest

from mailer.errors import BadInput
from mailer.outcomes import account
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
