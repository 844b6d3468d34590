"""Sent again to those who did not get it: never twice to anybody, whatever is pressed how often."""

import re

from mailer.mailing import audience, deliveries, mailings
from mailer.staff import deeds
from mailer.store.tables import Delivery, Subscription
from tests.make import freeze_all, start
from tests.web.desk.office import Office


def states(office: Office, number: int) -> dict[str, str]:
    with office.store.read() as session:
        rows = session.query(Delivery).filter_by(mailing_id=number)
        return {row.address: row.state for row in rows}


def stopped(office: Office) -> int:
    """Stop a mailing half way and put away what was not sent, and let the answers of what was begun be lost."""
    number = office.stopped()
    with office.store.write() as session:
        assert deliveries.sweep_stopped(session, number)
        for row in session.query(Delivery).filter_by(mailing_id=number, state="begun"):
            row.state, row.why = "uncertain", "the answer was lost"
    return number


def again(office: Office, number: int, whom: str) -> int:
    answer = office.post(f"/desk/mailings/{number}/again", who="writer", whom=whom)
    assert answer.status_code == 303, answer.text
    return int(re.findall(r"/mailings/(\d+)", answer.headers["location"])[0])


def test_the_rest_get_it_and_nobody_else(office: Office) -> None:
    number = stopped(office)
    before = states(office, number)
    left = {address for address, state in before.items() if state == "left_out"}
    assert left
    assert f"Send to the rest: {len(left)} readers" in office.client("writer").get(f"/desk/mailings/{number}").text
    made = again(office, number, "rest")
    assert again(office, number, "rest") == made, "pressed twice, it is the same draft"
    refused = office.post(f"/desk/mailings/{number}/again", whom="refused")
    assert refused.status_code == 409
    assert f"finish mailing {made} first" in refused.text
    with office.store.write() as session:
        assert audience.count(session, made).written == len(left)
        # Somebody new on the list is not one of the rest, and who left is none any more.
        gone = session.query(Delivery).filter_by(mailing_id=number, state="left_out").first()
        row = session.query(Subscription).filter_by(id=gone.subscription_id).one()
        row.state, row.ended_at, row.ended_why = "ended", gone.made_at, "left"
        left.discard(gone.address)
        assert deeds.latest(session, 1)[0].action == "draft made to send again"
        assert mailings.need(session, made).archive == "unlisted"
    page = office.client().get(f"/desk/mailings/{made}").text
    assert f"mailing {number}</a> was stopped" in page
    start(office.store, office.config, office.keys, made)
    freeze_all(office.store, made, 50)
    assert set(states(office, made)) == left
    assert set(states(office, made).values()) == {"queued"}


def test_whom_it_was_refused_for_get_it_once_more_but_not_who_got_it_since(small_office: Office) -> None:
    number = small_office.sent()
    made = again(small_office, number, "refused")
    start(small_office.store, small_office.config, small_office.keys, made)
    freeze_all(small_office.store, made, 50)
    assert states(small_office, made) == {"reader0@example.org": "queued"}
    with small_office.store.write() as session:
        row = session.query(Delivery).filter_by(mailing_id=made).one()
        row.state, row.final_at, row.first_begun_at = "accepted", row.made_at, row.made_at
        over = mailings.need(session, made)
        over.why, over.finished_at, over.state = "over", row.made_at, "stopped"
    # They were refused the first time, and have it now.
    third = again(small_office, number, "refused")
    assert third != made
    with small_office.store.read() as session:
        assert audience.count(session, third).chosen == 0


def test_there_is_no_rest_while_it_goes_on_or_where_everybody_got_it(small_office: Office) -> None:
    for number, whom in (
        (small_office.sending(), "rest"),
        (small_office.draft(), "rest"),
        (small_office.sent(), "rest"),
    ):
        assert small_office.post(f"/desk/mailings/{number}/again", whom=whom).status_code == 409
    assert small_office.post(f"/desk/mailings/{number}/again", whom="everybody").status_code == 422
