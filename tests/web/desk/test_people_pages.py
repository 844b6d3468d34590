"""Lists, readers and staff: made, found, added with a note, taken off, disabled."""

import html
import re
from urllib.parse import urlsplit

import pytest

from mailer.outcomes import erasure, events, reasons
from mailer.people import consent, lists, subscribers, subscriptions, suppression
from mailer.staff import deeds, team
from mailer.store.tables import ROLES, Subscriber
from tests.make import make_reader
from tests.web.desk.office import Office

LIST = {
    "name": "press-statements",
    "title": "Press statements",
    "description": "What we decide\r\nand why.",
    "from_name": "",
    "from_address": "press@arden.example",
    "reply_to": "",
    "bounce_address": "",
    "postal_address": "Arden Valley Water\r\n12 Reservoir Road",
    "language": "en",
    "archive": "off",
}
PERSON = {"address": "Ida@example.org", "name": "Ida", "language": "", "list": "press", "consent": "asked by phone"}


def number_of(office: Office, address: str) -> int:
    with office.store.read() as session:
        return subscribers.need(session, address).id


def test_a_list_is_made(office: Office) -> None:
    assert "There is no list yet" in office.client().get("/desk/lists").text
    answer = office.post("/desk/lists", who="list keeper", **LIST)
    assert answer.status_code == 303, answer.text
    with office.store.read() as session:
        mlist = lists.named(session, "press-statements")
        assert (mlist.from_name, mlist.archive, mlist.bounce_address) == (
            "Press statements",
            "off",
            "press@arden.example",
        )
        assert mlist.postal_address == "Arden Valley Water\n12 Reservoir Road"
    page = office.client("writer").get("/desk/lists").text
    assert "/s/press-statements" in page
    assert "/a/press-statements" not in page
    assert "Make the list" not in page


def test_a_list_is_changed_closed_and_opened_again(office: Office) -> None:
    office.lists()
    with office.store.read() as session:
        number = lists.named(session, "press").id
    path = f"/desk/lists/{number}"
    page = office.client("list keeper").get(path).text
    assert 'value="press@arden.example"' in page
    wrong = office.post(path, do="save", **(LIST | {"name": "works"}))
    assert wrong.status_code == 422
    assert "there is a list called" in html.unescape(wrong.text)
    assert office.post(path, do="dance").status_code == 422
    given = LIST | {"from_address": "news@arden.example", "archive": "subscribers", "reply_to": "desk@arden.example"}
    assert office.post(path, who="list keeper", do="save", **given).status_code == 303
    with office.store.read() as session:
        mlist = lists.need(session, number)
        assert (mlist.name, mlist.list_label, mlist.archive) == ("press-statements", "press", "subscribers")
        assert (mlist.from_address, mlist.bounce_address) == ("news@arden.example", "news@arden.example")
        assert (mlist.reply_to, mlist.open_signup) == ("desk@arden.example", False)
        assert deeds.latest(session)[0].detail["from_address"] == "news@arden.example"
    assert office.post(path, do="close").status_code == 303
    page = office.client().get(path).text
    assert "It is closed since" in page
    assert office.post(path, do="save", open_signup="yes", **given).status_code == 303
    with office.store.read() as session:
        assert not lists.need(session, number).open_signup
    assert office.post(path, do="reopen").status_code == 303
    assert "Close the list" in office.client().get(path).text


def test_everybody_on_a_list_is_written_as_a_file(office: Office, monkeypatch) -> None:
    office.lists()
    monkeypatch.setattr("mailer.people.roster_export.piece.__defaults__", (5,))
    with office.store.write() as session:
        mlist = lists.named(session, "press")
        make_reader(session, office.keys, "eve@example.org", mlist, name='=HYPERLINK("x")', city="@SUM(1)")
    answer = office.client("approver").get(f"/desk/lists/{mlist.id}/readers.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="press.csv"'
    rows = answer.text.splitlines()
    assert len(rows) == 14
    assert rows[0].startswith("address,name,language,city,state,")
    assert rows[-1].startswith('eve@example.org,"\'=HYPERLINK(""x"")",en,\'@SUM(1),active,')


@pytest.mark.parametrize(
    ("wrong", "label"),
    [
        ({"name": "Press!"}, "Short name"),
        ({"title": " "}, "Title"),
        ({"from_address": "press@gmail.com"}, "Sender's address"),
        ({"postal_address": ""}, "Postal address"),
        ({"language": "Elvish tongue"}, "Language"),
        ({"reply_to": "nobody"}, "Address for answers"),
    ],
)
def test_a_wrong_field_is_named_and_the_words_are_kept(small_office: Office, wrong, label) -> None:
    answer = small_office.post("/desk/lists", **(LIST | wrong))
    assert answer.status_code == 422
    assert f'role="alert"><p><a href="#{next(iter(wrong))}">{label}</a>' in html.unescape(answer.text)
    assert 'aria-invalid="true"' in answer.text
    assert "12 Reservoir Road" in answer.text or "postal_address" in wrong
    again = small_office.post("/desk/lists", **LIST)
    assert again.status_code == 303
    assert small_office.post("/desk/lists", **LIST).status_code == 422


def test_readers_are_found_by_a_part_of_address_or_name(small_office: Office, monkeypatch) -> None:
    small_office.lists()
    client = small_office.client()
    found = re.findall(r">(reader\d+)@", client.get("/desk/readers?q=READER1").text)
    assert found == ["reader10", "reader11", "reader1"]
    assert re.findall(r">(reader\d+)@", client.get("/desk/readers?q=der 7").text) == ["reader7"]
    assert "Nobody here has “zzz”" in client.get("/desk/readers?q=zzz").text
    monkeypatch.setattr("mailer.web.desk.readers.PAGE", 5)
    seen, path = [], "/desk/readers"
    while path:
        text = client.get(path).text
        seen += re.findall(r"(reader\d+@example.org)</a>", text)
        found = re.search(r'href="(/desk/readers\?q=&amp;after=[^"]+)"', text)
        path = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == len(set(seen)) == 12


def test_somebody_who_agreed_is_added_with_a_note(office: Office) -> None:
    office.lists()
    answer = office.post("/desk/readers", who="list keeper", **PERSON)
    assert answer.status_code == 303, answer.text
    page = office.client().get(answer.headers["location"]).text
    assert "They are added." in page
    assert "asked by phone" in page
    with office.store.read() as session:
        [row] = consent.history(session, number_of(office, "ida@example.org"))
        assert (row.kind, row.words, row.actor) == ("added", "asked by phone", "desk:Lea Keeper")


def test_without_a_note_nobody_is_added_and_the_words_are_kept(small_office: Office) -> None:
    small_office.lists()
    for wrong in ({"consent": " "}, {"address": "ida"}, {"list": "none"}):
        answer = small_office.post("/desk/readers", **(PERSON | wrong))
        assert answer.status_code == 422
        assert 'value="Ida"' in answer.text
    assert small_office.client().get("/desk/readers?q=ida").text.count("@example.org</a>") == 0


def test_who_left_is_not_brought_back(small_office: Office) -> None:
    small_office.lists()
    number = number_of(small_office, "reader4@example.org")
    page = small_office.client().get(f"/desk/readers/{number}").text
    subscription = re.findall(r'name="subscription" value="(\d+)"', page)
    assert len(subscription) == 2
    answer = small_office.post(f"/desk/readers/{number}/leave", who="list keeper", subscription=subscription[0])
    assert answer.status_code == 303
    page = small_office.client().get(f"/desk/readers/{number}").text
    assert "taken off by staff" in page
    assert page.count('name="subscription"') == 1
    again = small_office.post("/desk/readers", **(PERSON | {"address": "reader4@example.org", "list": "works"}))
    assert again.status_code == 422
    assert "left Planned works" in again.text


def test_only_a_readers_own_subscription_is_ended(small_office: Office) -> None:
    small_office.lists()
    number = number_of(small_office, "reader4@example.org")
    small_office.secret("operator")
    before = small_office.dump("sessions")
    for wrong in ("1", "999", "x", ""):
        assert small_office.post(f"/desk/readers/{number}/leave", subscription=wrong).status_code == 422
    assert small_office.dump("sessions") == before


def test_one_readers_story_is_told_whole(small_office: Office) -> None:
    small_office.sent()
    number = number_of(small_office, "reader0@example.org")
    with small_office.store.write() as session:
        person = session.get_one(Subscriber, number)
        person.attributes = {"city": "Upper Arden"}
        suppression.suppress_hash(session, person.address_hash, scope="all", reason="mailbox gone")
    page = small_office.client("approver").get(f"/desk/readers/{number}").text
    assert "Upper Arden" in page
    assert "We must not write to this address: mailbox gone" in page
    assert "refused: mailbox gone" in page
    assert "550 5.1.1 No such user here" in page
    assert "Take off" not in page


def test_who_was_erased_is_not_here(small_office: Office) -> None:
    small_office.lists()
    number = number_of(small_office, "reader0@example.org")
    with small_office.store.write() as session:
        erasure.erase(session, small_office.keys, number, actor="test")
    assert small_office.client().get(f"/desk/readers/{number}").status_code == 404
    assert small_office.client().get("/desk/readers/999").status_code == 404


@pytest.mark.parametrize("role", ROLES)
def test_staff_of_every_role_is_added_and_comes_in(small_office: Office, role: str) -> None:
    answer = small_office.post("/desk/staff", name="Bo New", address="bo@arden.example", role=role)
    assert answer.status_code == 200
    link = re.search(r"http://127\.0\.0\.1:8000(/desk/setup/[\w-]{43})", answer.text)
    assert link is not None
    assert "setup/" not in small_office.client().get("/desk/staff").text
    client = small_office.client("")
    page = client.get(link[1]).text
    assert "Welcome, Bo New" in page
    phrase = "seven herons on a weir"
    assert client.post(link[1], data={"password": phrase, "again": phrase}).status_code == 303
    assert f"You are <strong>{role}</strong>" in client.get("/desk/me").text


def test_what_cannot_be_staff_is_said(small_office: Office) -> None:
    for wrong in ({"name": " "}, {"address": "bo"}, {"role": "king"}, {"address": "operator@arden.example"}):
        given = {"name": "Bo New", "address": "bo@arden.example", "role": "writer"} | wrong
        answer = small_office.post("/desk/staff", **given)
        assert answer.status_code == 422
        assert "setup/" not in answer.text


def test_staff_is_disabled_enabled_and_given_another_role(office: Office) -> None:
    office.secret("writer")
    with office.store.read() as session:
        number = team.with_address(session, "writer@arden.example").id
    office.secret("operator")
    assert office.post(f"/desk/staff/{number}", what="role", role="approver").status_code == 303
    assert office.client("writer").get("/desk").status_code == 303, "a role that was taken away must not live on"
    office.renew("writer")
    assert "approver" in office.client("writer").get("/desk/me").text
    assert office.post(f"/desk/staff/{number}", what="disable").status_code == 303
    assert office.client("writer").get("/desk").status_code == 303
    assert office.post(f"/desk/staff/{number}/link").status_code == 409
    assert office.post(f"/desk/staff/{number}", what="enable").status_code == 303
    assert office.post(f"/desk/staff/{number}", what="dance").status_code == 422
    with office.store.read() as session:
        me = team.with_address(session, "operator@arden.example").id
        assert {deed.action for deed in deeds.latest(session)} >= {"staff disabled", "staff enabled"}
    assert office.post(f"/desk/staff/{me}", what="disable").status_code == 409
    assert office.post(f"/desk/staff/{me}", what="role", role="writer").status_code == 409


def test_a_new_link_kills_the_older(small_office: Office) -> None:
    small_office.secret("writer")
    with small_office.store.read() as session:
        number = team.with_address(session, "writer@arden.example").id
    links = []
    for _ in range(2):
        text = small_office.post(f"/desk/staff/{number}/link").text
        links.append(urlsplit(re.findall(r"http://\S+/desk/setup/[\w-]+", text)[0]).path)
    client = small_office.client("")
    assert [client.get(link).status_code for link in links] == [404, 200]


def test_the_word_of_the_last_success_is_not_said_again_over_a_refusal(small_office: Office) -> None:
    """A form without an address of its own posts to where it stands, which may be /desk/lists?said=listed."""
    small_office.lists()
    assert "The list is made." in small_office.client().get("/desk/lists?said=listed").text
    refused = small_office.post("/desk/lists?said=listed", name="Press!", language="en", archive="public")
    assert refused.status_code == 422
    assert "The list is made." not in refused.text


def test_what_brought_people_who_never_signed_up_is_named(office: Office) -> None:
    office.lists()
    assert "Why readers left" not in office.client().get("/desk/lists").text
    with office.store.write() as session:
        mlist = lists.named(session, "press")
        person = make_reader(session, office.keys, "eve@example.org", mlist)
        here = subscriptions.between(session, person.id, mlist.id)
        assert here is not None
        events.leave(session, here.id, why=events.BY_LINK, actor=events.BY_PAGE)
        reasons.give(session, here.id, reasons.NEVER)
    page = office.client("writer").get("/desk/lists").text
    assert "Why readers left: 1 never signed up" in page
    assert re.search(r"look into it.*1 reader\s+says they never signed up.*added by test", page)


def test_who_may_read_a_list_s_archive_is_changed(small_office: Office) -> None:
    small_office.lists()
    with small_office.store.read() as session:
        number = lists.named(session, "press").id
    assert small_office.post(f"/desk/lists/{number}/archive", archive="subscribers").status_code == 303
    assert small_office.post(f"/desk/lists/{number}/archive", archive="everyone").status_code == 422
    with small_office.store.read() as session:
        assert lists.need(session, number).archive == "subscribers"
    assert small_office.client("").get("/a/press").status_code == 403
