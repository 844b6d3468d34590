"""Leaving is written down outside the store too."""

import logging

from mailer.outcomes import events
from tests.make import make_list, make_reader, subscription_of


def test_who_left_stands_in_the_mail_log_with_the_address_masked(store, keys, caplog) -> None:
    with store.write() as session:
        mlist = make_list(session)
        subscription = subscription_of(session, make_reader(session, keys, "ann@example.org", mlist), mlist)
    with caplog.at_level(logging.INFO, "mailer.mail"), store.write() as session:
        for _ in range(2):
            events.leave(session, subscription.id, why=events.BY_LINK, actor="reader")
    lines = [record.getMessage() for record in caplog.records if record.name == "mailer.mail"]
    assert lines == [
        f'left to=a…n@example.org subscription={subscription.id} list={mlist.id} why="{events.BY_LINK}" by=reader'
    ]
