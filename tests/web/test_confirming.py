"""Confirming by the link, asking for a new one, and "this was not me"."""

import re

import pytest

from mailer.people import suppression
from mailer.store.tables import Consent, Notice, Subscriber, Subscription, Suppression
from tests.web.states import CONFIRM, MINE, NOT_ME
from tests.web.town import Town


def states(town: Town) -> list[str]:
    with town.store.read() as session:
        return sorted(row.state for row in session.query(Subscription))


def kinds(town: Town, table: type) -> list[str]:
    with town.store.read() as session:
        return [row.kind for row in session.query(table).order_by(table.id)]


def test_a_visit_shows_and_the_button_confirms_and_welcomes(town: Town) -> None:
    reader = town.asked("press", "works")
    link = town.notice_links(reader)["confirm"]
    before = town.dump()
    for method in ("GET", "HEAD", "OPTIONS"):
        assert town.client.request(method, link).status_code in (200, 405)
    assert town.dump() == before
    shown = town.client.get(link).text
    assert "Press statements" in shown
    assert reader.address not in shown
    answer = town.client.post(link, data=CONFIRM)
    assert answer.status_code == 200
    assert "You are subscribed" in answer.text
    assert states(town) == ["active", "active"]
    assert kinds(town, Notice) == ["confirm", "welcome"]
    assert kinds(town, Consent) == ["asked", "asked", "confirmed", "confirmed"]
    own = re.search(r'href="([^"]+/m/[^"]+)"', answer.text)
    assert own
    assert "What you get" in town.client.get(own[1], params=MINE).text


def test_pressing_twice_is_no_error_and_welcomes_once(town: Town) -> None:
    link = town.notice_links(town.asked())["confirm"]
    town.client.post(link, data=CONFIRM)
    again = town.client.post(link, data=CONFIRM)
    assert (again.status_code, "confirmed already" in again.text) == (200, True)
    assert "confirmed already" in town.client.get(link).text
    assert kinds(town, Notice) == ["confirm", "welcome"]


def test_an_old_link_sends_a_new_one_without_typing(town: Town, moving_clock) -> None:
    reader = town.asked()
    link = town.notice_links(reader)["confirm"]
    moving_clock.move(days=town.config.signup.link_days, minutes=2)
    old = town.client.get(link)
    assert (old.status_code, "too old" in old.text) == (410, True)
    assert town.client.post(link, data=CONFIRM).status_code == 410
    assert states(town) == ["pending"]
    assert "Check your inbox" in town.client.post(link, data={"action": "again"}).text
    town.answer_signups()
    assert kinds(town, Notice) == ["confirm", "confirm"]
    newer = town.notice_links(reader)["confirm"]
    assert newer != link
    assert town.client.post(newer, data=CONFIRM).status_code == 200
    assert states(town) == ["active"]


def test_a_link_that_still_works_is_not_renewed(small_town: Town) -> None:
    link = small_town.notice_links(small_town.asked())["confirm"]
    before = small_town.dump()
    assert small_town.client.post(link, data={"action": "again"}).status_code == 409
    assert small_town.dump() == before


def test_not_me_takes_the_request_back_for_good(town: Town) -> None:
    reader = town.asked()
    links = town.notice_links(reader)
    before = town.dump()
    assert town.client.get(links["not_me"]).status_code == 200
    assert town.dump() == before
    for _ in range(2):
        assert "settled" in town.client.post(links["not_me"], data=NOT_ME).text
    assert states(town) == ["ended"]
    with town.store.read() as session:
        assert [(row.scope, row.reason) for row in session.query(Suppression)] == [("all", suppression.NOT_ME)]
    assert town.client.get(links["confirm"]).status_code == 410
    assert town.client.post(links["confirm"], data=CONFIRM).status_code == 410
    assert states(town) == ["ended"]


def test_not_me_after_it_was_confirmed_says_so_and_shows_the_way_out(town: Town) -> None:
    reader = town.asked()
    links = town.notice_links(reader)
    town.client.post(links["confirm"], data=CONFIRM)
    before = town.dump()
    for answer in (town.client.get(links["not_me"]), town.client.post(links["not_me"], data=NOT_ME)):
        assert answer.status_code == 200
        assert "confirmed meanwhile" in answer.text
        assert "settled" not in answer.text
        assert "Press statements" in answer.text
        assert reader.address not in answer.text
        assert f'href="{town.links.choices(reader.id)}"' in answer.text
    assert town.dump() == before
    town.client.post(town.links.choices(reader.id), data={**MINE, "action": "stop_all"})
    assert "settled" in town.client.post(links["not_me"], data=NOT_ME).text


def test_an_address_we_may_not_write_to_is_not_confirmed(town: Town) -> None:
    reader = town.asked()
    link = town.notice_links(reader)["confirm"]
    with town.store.write() as session:
        person = session.get_one(Subscriber, reader.id)
        suppression.suppress_hash(session, person.address_hash, scope="all", reason="mailbox gone")
    assert town.client.post(link, data=CONFIRM).status_code == 409
    assert states(town) == ["pending"]


@pytest.mark.parametrize("room", ["c", "n"])
def test_a_changed_link_and_one_of_nobody_lead_nowhere(small_town: Town, room: str) -> None:
    links = small_town.notice_links(small_town.asked())
    link = links["confirm" if room == "c" else "not_me"]
    before = small_town.dump()
    assert small_town.client.get(link[:-1]).status_code == 404
    action = CONFIRM if room == "c" else NOT_ME
    assert small_town.client.post(link + "A", data=action).status_code == 404
    other = small_town.client.post(
        f"/{'n' if room == 'c' else 'c'}/{link.rsplit('/', 1)[1]}", data=NOT_ME if room == "c" else CONFIRM
    )
    assert other.status_code == 404
    purpose = "confirm" if room == "c" else "not me"
    for numbers in [(0, 0), (999, 12345), (999,), (), (1, 2, 3)]:
        answer = small_town.client.post(
            f"/{room}/{small_town.keys.ring.sign(purpose, *numbers)}", data={"action": purpose}
        )
        assert answer.status_code in (200, 404, 410), numbers
    assert small_town.dump() == before


@pytest.mark.parametrize(
    "body", [{}, {"action": ""}, {"action": "Confirm"}, {"List-Unsubscribe": "One-Click"}, {"yes": "1"}]
)
def test_only_the_button_of_the_page_acts(small_town: Town, body: dict[str, str]) -> None:
    links = small_town.notice_links(small_town.asked())
    before = small_town.dump()
    for link in links.values():
        answer = small_town.client.post(link, data=body)
        assert answer.status_code == 400
        assert (
            small_town.client.post(link, files={name: (None, value) for name, value in body.items()}).status_code == 400
        )
    swapped = ((links["confirm"], NOT_ME), (links["not_me"], CONFIRM))
    assert [small_town.client.post(link, data=data).status_code for link, data in swapped] == [400, 400]
    assert small_town.dump() == before


def test_the_page_offers_what_was_asked_for_after_the_mail_and_ticks_nothing(town: Town) -> None:
    reader = town.asked("press")
    town.subscribe(reader.address, "works")
    town.answer_signups()
    assert kinds(town, Notice) == ["confirm"]
    link = town.notice_links(reader)["confirm"]
    shown = town.client.get(link).text
    assert 'name="also" value="works"' in shown
    assert " checked" not in shown
    answer = town.client.post(link, data={**CONFIRM, "also": ["works", "old"]})
    assert "Planned works" in answer.text
    assert states(town) == ["active", "active"]
    assert kinds(town, Notice) == ["confirm", "welcome"]
    town.subscribe(reader.address, "press")
    town.answer_signups()
    assert kinds(town, Notice) == ["confirm", "welcome", "already"]
