"""Leaving: one click as RFC 8058 wants it, the page, the undo; and that nothing else ever leaves."""

import re
from datetime import timedelta

import pytest

from mailer.outcomes import account, events
from mailer.store.tables import Consent, Delivery, Outcome, Reason, Subscription, Suppression
from mailer.web import leaving
from tests.web.town import Town

CLICK = {"List-Unsubscribe": "One-Click"}
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


def state_of(town: Town, subscription_id: int) -> str:
    with town.store.read() as session:
        return session.get_one(Subscription, subscription_id).state


def withdrawals(town: Town) -> list[tuple[str, int | None]]:
    with town.store.read() as session:
        rows = session.query(Consent).filter_by(kind="withdrawn").order_by(Consent.id)
        return [(row.actor, row.mailing_id) for row in rows]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_only_a_post_acts(town: Town, method: str) -> None:
    link = town.leave(town.reader())
    before = town.dump()
    for path in (link, f"{link}/undo"):
        answer = town.client.request(method, path, params=CLICK)
        assert answer.status_code in (200, 405)
    assert town.dump() == before


def test_a_link_with_any_letter_changed_leads_nowhere(small_town: Town) -> None:
    link = small_town.leave(small_town.reader(), mailing_id=5)
    head, token = link.rsplit("/", 1)
    before = small_town.dump()
    wrong = [f"{token[:at]}{'A' if token[at] != 'A' else 'B'}{token[at + 1 :]}" for at in range(len(token))]
    for each in [*wrong, token[:-1], token + "A", token.swapcase(), token * 20, "%00", "é", "=", "AQ=="]:
        assert small_town.client.post(f"{head}/{each}", data=CLICK).status_code == 404, each
    assert small_town.dump() == before


@pytest.mark.parametrize("room", ["c", "n", "m"])
def test_a_link_made_for_something_else_does_not_leave(small_town: Town, room: str) -> None:
    reader = small_town.reader()
    token = small_town.leave(reader).rsplit("/", 1)[1]
    before = small_town.dump()
    assert small_town.client.post(f"/{room}/{token}", data={"action": "stop_all"}).status_code == 404
    choices = small_town.links.choices(reader.id).rsplit("/", 1)[1]
    assert small_town.client.post(f"/u/{choices}", data=CLICK).status_code == 404
    assert small_town.dump() == before


def test_the_link_of_a_test_belongs_to_nobody(small_town: Town) -> None:
    link = small_town.links.nobody()
    before = small_town.dump()
    assert "came from a test" in small_town.client.get(link).text
    assert small_town.client.post(link, data=CLICK).status_code == 200
    assert "came from a test" in small_town.client.post(link, data={"action": "leave_all"}).text
    assert "came from a test" in small_town.client.post(f"{link}/undo").text
    assert small_town.dump() == before


def test_the_page_asks_by_the_name_of_the_list_and_masks_the_address(town: Town) -> None:
    reader = town.reader()
    text = town.client.get(town.leave(reader)).text
    assert "<h1>Stop Press statements?</h1>" in text
    assert reader.address not in text
    assert "a…" in text
    assert re.findall(r'name="action" value="(\w+)"', text) == ["leave", "weekly", "pause", "leave_all"]
    assert text.count("<button class") == 3


def test_the_button_leaves_and_undo_brings_back(town: Town) -> None:
    reader = town.reader("press", "works")
    link, here = town.leave(reader), reader.subscription_ids["press"]
    answer = town.client.post(link, data={"action": "leave"})
    assert "You are out of Press statements" in answer.text
    assert "Nothing more will be sent." in answer.text
    assert state_of(town, here) == "ended"
    assert "left on" in town.client.get(link).text
    assert "You are back" in town.client.post(f"{link}/undo", data={"action": "leave"}).text
    assert state_of(town, here) == "active"
    assert "You are back" in town.client.post(f"{link}/undo", data={"action": "leave"}).text


def test_who_never_left_has_nothing_to_undo(small_town: Town) -> None:
    link = small_town.leave(small_town.reader())
    before = small_town.dump()
    for action in ("leave", "leave_all"):
        said = small_town.client.post(f"{link}/undo", data={"action": action}).text
        assert "Nothing was to be undone: you get these mails." in said
        assert "You are back" not in said
    assert small_town.dump() == before


def test_stop_everything_ends_all_and_undo_brings_all_back(town: Town) -> None:
    reader = town.reader("press", "works")
    link = town.leave(reader)
    assert "everything from Town Water" in town.client.post(link, data={"action": "leave_all"}).text
    assert {state_of(town, each) for each in reader.subscription_ids.values()} == {"ended"}
    with town.store.read() as session:
        assert [row.scope for row in session.query(Suppression)] == ["mailings"]
    back = town.client.post(f"{link}/undo", data={"action": "leave_all"}).text
    assert "Planned works" in back
    assert "Press statements" in back
    assert {state_of(town, each) for each in reader.subscription_ids.values()} == {"active"}
    with town.store.read() as session:
        assert [row.lifted_at for row in session.query(Suppression)] != [None]


def test_a_list_left_before_stays_left_when_leaving_everything_is_undone(small_town: Town, monkeypatch) -> None:
    reader = small_town.reader("press", "works")
    small_town.client.post(small_town.leave(reader, "press"), data={"action": "leave"})
    link = small_town.leave(reader, "works")
    small_town.client.post(link, data={"action": "leave_all"})
    back = small_town.client.post(f"{link}/undo", data={"action": "leave_all"}).text
    assert "Planned works" in back
    assert "Press statements" not in back
    assert state_of(small_town, reader.subscription_ids["press"]) == "ended"


def test_after_a_week_it_cannot_be_undone(small_town: Town, moving_clock) -> None:
    reader = small_town.reader()
    link = small_town.leave(reader)
    small_town.client.post(link, data={"action": "leave"})
    moving_clock.move(days=8)
    answer = small_town.client.post(f"{link}/undo", data={"action": "leave"})
    assert answer.status_code == 409
    assert "/s/press" in answer.text
    assert state_of(small_town, reader.subscription_ids["press"]) == "ended"


def test_a_reason_is_kept_with_the_leaving(town: Town) -> None:
    reader = town.reader()
    link = town.leave(reader)
    town.client.post(link, data={"action": "leave"})
    told = {"action": "reason", "reason": "too many", "words": " Ten a\r\nday! "}
    for _ in range(2):
        assert "Thank you" in town.client.post(link, data=told).text
    with town.store.read() as session:
        assert [(row.reason, row.words) for row in session.query(Reason)] == [("too many", "Ten a day!")]
        assert [row.detail for row in session.query(Outcome)] == ["left by the link"]
    before = town.dump()
    assert "Thank you" in town.client.post(link, data={"action": "reason", "words": ""}).text
    assert town.dump() == before
    town.client.post(link, data={"action": "reason", "words": "moved away"})
    with town.store.read() as session:
        assert [(row.reason, row.words) for row in session.query(Reason)] == [("other", "moved away")]


def test_a_reason_without_leaving_is_thanked_and_forgotten(small_town: Town) -> None:
    link = small_town.leave(small_town.reader())
    before = small_town.dump()
    small_town.client.post(link, data={"action": "reason", "reason": "too many"})
    assert small_town.dump() == before


def test_the_answer_waits_until_the_mail_on_the_wire_is_through(town: Town, monkeypatch) -> None:
    reader = town.reader()
    row_id = town.begin(reader)
    waits = []

    async def arrive(seconds: float) -> None:
        waits.append(seconds)
        with town.store.write() as session:
            row = session.get_one(Delivery, row_id)
            row.state, row.final_at = "accepted", row.begun_at + timedelta(seconds=1)

    monkeypatch.setattr(leaving.asyncio, "sleep", arrive)
    assert town.client.post(town.leave(reader), data=CLICK).text == leaving.DONE
    assert waits == [leaving.LOOK_SECONDS]


def test_a_mail_that_stays_on_the_wire_is_named(town: Town, monkeypatch) -> None:
    monkeypatch.setattr(leaving, "WAIT_SECONDS", 0.0)
    reader = town.reader()
    town.begin(reader)
    link = town.leave(reader)
    assert "One mail had been handed over" in town.client.post(link, data={"action": "leave"}).text
    assert "One mail was already on its way." in town.client.post(link, data=CLICK).text


def test_the_wait_is_two_seconds_at_most(small_town: Town, monkeypatch) -> None:
    reader = small_town.reader()
    small_town.begin(reader)
    passed = [0.0]

    async def pass_by(seconds: float) -> None:
        passed[0] += seconds

    monkeypatch.setattr(leaving.asyncio, "sleep", pass_by)
    monkeypatch.setattr(leaving.time, "monotonic", lambda: 1000.0 + passed[0])
    assert "already on its way" in small_town.client.post(small_town.leave(reader), data=CLICK).text
    assert 1.9 <= passed[0] <= 2.05


def test_the_leave_page_offers_a_pause_and_its_end(town: Town) -> None:
    reader = town.reader("press", "works")
    link = town.leave(reader)
    assert "Pause for 30 days" in town.client.get(link).text
    assert "A pause from Press statements" in town.client.post(link, data={"action": "pause", "days": "30"}).text
    assert state_of(town, reader.subscription_ids["press"]) == "paused"
    assert state_of(town, reader.subscription_ids["works"]) == "active"
    seen = town.client.get(link).text
    assert "They pause until" in seen
    assert "Pause for" not in seen
    for _ in range(2):
        assert "The pause is over" in town.client.post(link, data={"action": "resume"}).text
    assert state_of(town, reader.subscription_ids["press"]) == "active"


def test_what_was_left_can_neither_pause_nor_go_on(small_town: Town) -> None:
    link = small_town.leave(small_town.reader())
    small_town.client.post(link, data=CLICK)
    before = small_town.dump()
    for action in ("pause", "resume"):
        answer = small_town.client.post(link, data={"action": action, "days": "30"})
        assert (answer.status_code, "You are out of" in answer.text) == (200, True)
    assert small_town.dump() == before
    nobody = small_town.links.nobody()
    assert "from a test" in small_town.client.post(nobody, data={"action": "pause", "days": "30"}).text


def test_once_a_week_instead_is_a_wish_that_can_be_taken_back(town: Town) -> None:
    reader = town.reader()
    link = town.leave(reader)
    assert "once a week" in town.client.post(link, data={"action": "weekly"}).text
    assert state_of(town, reader.subscription_ids["press"]) == "active"
    assert "Only once a week" not in town.client.get(link).text
    assert "as before" in town.client.post(link, data={"action": "each"}).text
    assert "Only once a week" in town.client.get(link).text
    town.client.post(link, data=CLICK)
    before = town.dump()
    assert "You are out of" in town.client.post(link, data={"action": "weekly"}).text
    assert town.dump() == before


def test_the_same_mail_undoes_it_the_next_day(small_town: Town, moving_clock) -> None:
    reader = small_town.reader("press", "works")
    for action in ("leave", "leave_all"):
        link = small_town.leave(reader, mailing_id=4)
        assert "for 7 days" in small_town.client.post(link, data={"action": action}).text
        moving_clock.move(days=1, hours=3)
        seen = small_town.client.get(link).text
        assert re.findall(r'name="action" value="(\w+)"', seen)[0] == action
        assert "You are back" in small_town.client.post(f"{link}/undo", data={"action": action}).text
        assert {state_of(small_town, one) for one in reader.subscription_ids.values()} == {"active"}


def _hidden(text: str) -> dict[str, str]:
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', text.split("</form>")[0]))


def test_a_machine_that_sends_the_form_is_flagged_and_undone_in_one_click(town: Town, moving_clock) -> None:
    mailing_id = town.publish()
    for hasty, trapped in ((True, False), (False, True), (False, False)):
        reader = town.reader()
        link = town.leave(reader, mailing_id=mailing_id)
        form = {**_hidden(town.client.get(link).text), **({"website": "x"} if trapped else {})}
        assert set(form) >= {"shown_at", "action"}
        moving_clock.move(seconds=0.3 if hasty else 4)
        town.client.post(link, data=form)
        assert state_of(town, reader.subscription_ids["press"]) == "ended"
        assert withdrawals(town)[-1][0] == (events.PERHAPS_MACHINE if hasty or trapped else events.BY_PAGE)
        town.client.post(f"{link}/undo", data={"action": "leave"})
        assert state_of(town, reader.subscription_ids["press"]) == "active"
    with town.store.read() as session:
        assert account.came_back(session, mailing_id) == {"unsubscribed": 3, "undone": 3}
        assert account.by_machines(session, mailing_id) == 2
