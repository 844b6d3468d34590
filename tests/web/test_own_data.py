"""Another address, one's data, being erased: only by a fresh link, only by a button, and told to nobody else."""

import io
import json
import zipfile

import pytest

from mailer import clock
from mailer.mailing.links import Links
from mailer.people import lists, subscribers, subscriptions, suppression
from mailer.store.tables import Notice, Signup, Subscriber, Subscription
from tests.make import make_reader
from tests.web.town import Reader, Town

PLACES = ("address", "data", "erase")


def links_beside(town: Town, reader: Reader) -> list[str]:
    """Return links that must not open what a fresh one opens: old, for another address, of other purposes."""
    other = Links(town.links.base, town.keys)
    return [
        town.links.choices(reader.id),
        town.fresh(reader, ago=31),
        other.fresh(reader.id, town.keys.address_hash("somebody@example.org"), clock.now()),
    ]


def test_a_visit_changes_nothing_and_shows_no_address(town: Town) -> None:
    reader = town.reader()
    before = town.dump()
    for place in PLACES:
        for method in ("GET", "HEAD"):
            answer = town.client.request(
                method, f"{town.fresh(reader)}/{place}", params={"sure": "yes", "form": "json"}
            )
            assert (answer.status_code, reader.address in answer.text) == (200, False)
    assert town.dump() == before


def test_without_a_fresh_link_nothing_opens(town: Town) -> None:
    reader = town.reader()
    before = town.dump()
    for link in links_beside(town, reader):
        for place in PLACES:
            assert "This needs a fresh link" in town.client.get(f"{link}/{place}").text
            data = {"address": "new@example.net", "form": "json", "sure": "yes", "mine": "yes"}
            answer = town.client.post(f"{link}/{place}", data=data)
            assert answer.status_code == 409
            assert "This needs a fresh link" in answer.text
            assert reader.address not in answer.text
    for wrong in (town.leave(reader).replace("/u/", "/m/"), "/m/" + "A" * 40):
        assert town.client.post(f"{wrong}/erase", data={"sure": "yes"}).status_code == 404
    assert town.dump() == before


def test_a_fresh_link_comes_by_mail_and_only_by_mail(town: Town) -> None:
    reader = town.reader()
    said = town.client.post(town.links.choices(reader.id), data={"mine": "yes", "action": "fresh"}).text
    assert "A fresh link is on its way to a…" in said
    assert "/erase" not in said
    town.answer_signups()
    link = town.notice_links(reader, "link")["manage"]
    assert "Erase me" in town.client.get(link).text
    assert "Erase me" in town.client.get(f"{link}/erase").text


def test_the_data_come_as_json_and_as_tables(town: Town) -> None:
    reader = town.reader("press", "works")
    other = town.reader()
    link = f"{town.fresh(reader)}/data"
    answer = town.client.post(link, data={"form": "json"})
    assert answer.headers["content-disposition"].startswith('attachment; filename="town-water-20')
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/json", "no-store")
    found = json.loads(answer.text)
    assert (found["person"]["address"], found["house"]) == (reader.address, "Town Water")
    assert {row["list"] for row in found["subscriptions"]} == {"Press statements", "Planned works"}
    assert [row["words"] for row in found["consents"]] == ["asked at the counter"] * 2
    assert other.address not in answer.text
    answer = town.client.post(link, data={"form": "csv"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as made:
        assert {"person.csv", "subscriptions.csv", "consents.csv"} <= set(made.namelist())
    assert town.client.post(link, data={"form": "xls"}).status_code == 400


def test_erasing_takes_two_steps_and_is_done_at_once(town: Town) -> None:
    reader = town.reader("press", "works")
    link = town.fresh(reader)
    before = town.dump()
    asked = town.client.post(f"{link}/erase").text
    assert "Erase everything now?" in asked
    assert town.dump() == before
    receipt = town.client.post(f"{link}/erase", data={"sure": "yes"}).text
    assert "You are erased" in receipt
    assert "<dt>Lists you had</dt><dd>2</dd>" in receipt
    assert "anna" not in str(town.dump()).casefold()
    with town.store.read() as session:
        (held,) = suppression.find(session, town.keys, reader.address)
        assert (held.scope, held.reason, held.origin) == ("mailings", "erased", "choices page")
    for path in ("", *(f"/{place}" for place in PLACES)):
        assert "You get nothing from us" in town.client.get(link + path).text
        data = {"mine": "yes", "action": "stop_all", "sure": "yes", "form": "json", "address": "x@example.net"}
        assert "You get nothing from us" in town.client.post(link + path, data=data).text


def test_another_address_is_confirmed_there_and_told_here(town: Town) -> None:
    reader = town.reader()
    link = town.fresh(reader)
    said = town.client.post(f"{link}/address", data={"address": " Anna.New@Example.NET "})
    assert (said.status_code, "Anna.New@example.net" in said.text) == (200, True)
    confirm = town.notice_links(reader, "move")["confirm"]
    before = town.dump()
    asked = town.client.get(confirm).text
    assert "What Town Water sends to a…" in asked
    assert [spelled for spelled in (reader.address, "Anna.New") if spelled in asked] == []
    assert town.client.head(confirm).status_code == 200
    assert town.dump() == before
    assert "We write to your new address" in town.client.post(confirm).text
    assert town.person(reader).address == "Anna.New@example.net"
    assert "We write to your new address" in town.client.post(confirm).text, "twice is no error"
    with town.store.read() as session:
        assert [(row.kind, row.address) for row in session.query(Notice).order_by(Notice.id)] == [
            ("move", "Anna.New@example.net"),
            ("moved", reader.address),
        ]
    assert "This needs a fresh link" in town.client.get(f"{link}/erase").text, "it was sent to the old address"
    assert "Stop Press statements?" in town.client.get(town.leave(reader)).text


@pytest.mark.parametrize("text", ["", "anna", "anna@@example.org", "postmaster@example.net", "anna@example"])
def test_a_wrong_address_is_marked(small_town: Town, text: str) -> None:
    reader = small_town.reader()
    before = small_town.dump()
    answer = small_town.client.post(f"{small_town.fresh(reader)}/address", data={"address": text})
    assert (answer.status_code, '<a href="#address">' in answer.text) == (422, True)
    assert "<title>Error: " in answer.text
    assert small_town.dump() == before


def test_the_answer_is_the_same_for_known_suppressed_and_strange_addresses(small_town: Town) -> None:
    with small_town.store.write() as session:
        make_reader(session, small_town.keys, "known@example.net", lists.named(session, "press"))
        suppression.suppress(session, small_town.keys, "gone@example.net", scope="all", reason="mailbox gone")
    said = set()
    for name in ("known", "gone", "fresh"):
        reader = small_town.reader()
        answer = small_town.client.post(f"{small_town.fresh(reader)}/address", data={"address": f"{name}@example.net"})
        said.add((answer.status_code, answer.text.replace(name, "")))
        asked = small_town.client.get(small_town.notice_links(reader, "move")["confirm"]).text
        assert "Is this your new address?" in asked
    assert len(said) == 1


def test_who_is_known_at_the_new_address_is_joined(small_town: Town) -> None:
    reader, other = small_town.reader("works"), small_town.reader("press")
    small_town.client.post(f"{small_town.fresh(reader)}/address", data={"address": other.address})
    confirm = small_town.notice_links(reader, "move")["confirm"]
    assert "We write to your new address" in small_town.client.post(confirm).text
    assert small_town.client.post(confirm).status_code == 410
    assert "gets Planned works and Press statements." in small_town.client.get(small_town.fresh(other)).text
    one_click = {"List-Unsubscribe": "One-Click"}
    assert small_town.client.post(small_town.leave(reader, "works"), data=one_click).status_code == 200
    assert "gets Press statements." in small_town.client.get(small_town.fresh(other)).text


def test_forged_links_to_a_new_address_move_nobody(small_town: Town) -> None:
    reader = small_town.reader()
    small_town.client.post(f"{small_town.fresh(reader)}/address", data={"address": "new@example.net"})
    token = small_town.notice_links(reader, "move")["confirm"].rpartition("/")[2]
    before = small_town.dump()
    tried = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))]
    tried += [token[:-1], token + "A", small_town.fresh(reader).rpartition("/")[2]]
    assert {small_town.client.post(f"/w/{one}").status_code for one in tried} == {404}
    assert small_town.dump() == before
    assert small_town.client.post(f"/w/{token}").status_code == 200


def test_an_unhandled_wish_of_an_erased_person_is_gone(small_town: Town) -> None:
    reader = small_town.reader()
    small_town.client.post("/m", data={"address": reader.address})
    small_town.client.post(f"{small_town.fresh(reader)}/erase", data={"sure": "yes"})
    with small_town.store.read() as session:
        assert session.query(Signup).count() == 0
        assert session.get_one(Subscriber, reader.id).erased_at is not None
        assert [one.state for one in session.query(Subscription)] == [subscriptions.ENDED]
        assert subscribers.find(session, reader.address) is None
