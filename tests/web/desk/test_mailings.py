"""A mailing's page: what speaks against it, its test, the sentence, the hold, pause and stop."""

import re
from datetime import UTC, datetime

import pytest

from mailer import clock
from mailer.mailing import mailings
from mailer.staff import deeds
from mailer.store.tables import Notice, Suppression
from mailer.web.desk.mailings import meter
from tests.compose.samples import WATER
from tests.make import make_reader
from tests.web.desk.office import Office

AT = {"when": "at", "day": "2026-03-05", "time": "09:00", "zone": "Europe/Berlin"}


def page(office: Office, number: int, role: str = "operator", query: str = "") -> str:
    answer = office.client(role).get(f"/desk/mailings/{number}{query}")
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def ask(office: Office, number: int, **asked: str):
    return office.client().get(f"/desk/mailings/{number}/schedule", params=asked)


def test_a_draft_shows_what_speaks_against_it(small_office: Office) -> None:
    number = small_office.draft(subject="TODO")
    text = page(small_office, number)
    assert "1 to mend" in text
    assert "Something was left to be filled in." in text
    assert "<code>placeholder</code>" in text
    assert "subject.short" in text
    assert "It can be scheduled when what the check found is mended." in text
    assert f"/desk/mailings/{number}/schedule" not in text
    blocked = ask(small_office, number, when="now")
    assert "cannot be scheduled yet" in blocked.text
    assert "<button>Send" not in blocked.text
    assert small_office.post(f"/desk/mailings/{number}/schedule", when="now", revision="1").status_code == 422
    assert small_office.state(number) == "draft"


def test_editing_makes_a_new_revision(small_office: Office) -> None:
    number = small_office.draft(subject="TODO")
    answer = small_office.post(
        f"/desk/mailings/{number}", who="writer", subject="Tap water is safe", preheader="New", revision="1"
    )
    assert answer.status_code == 303
    mailing = small_office.mailing(number)
    assert (mailing.subject, mailing.preheader, mailing.revision) == ("Tap water is safe", "New", 2)
    assert "1 to mend" not in page(small_office, number)
    empty = small_office.post(f"/desk/mailings/{number}", subject=" ", preheader="Kept", revision="2")
    assert empty.status_code == 422
    assert "Subject</a>: is empty" in empty.text
    assert 'value="Kept"' in empty.text


def test_a_test_goes_to_oneself_and_is_of_this_text(office: Office) -> None:
    number = office.draft()
    assert "Nobody has been sent a test yet." in page(office, number)
    answer = office.post(f"/desk/mailings/{number}/test", address="operator@arden.example")
    assert answer.status_code == 303
    assert "on its way to operator@arden.example" in office.client().get(answer.headers["location"]).text
    with office.store.read() as session:
        notice = session.query(Notice).one()
        assert (notice.kind, notice.address, notice.facts["mailing_id"]) == (
            "test",
            "operator@arden.example",
            str(number),
        )
        assert notice.list_id == mailings.lists_of(session, number)[0].id
    assert "A test of this text was sent." in page(office, number)
    office.post(f"/desk/mailings/{number}", subject="Another subject", preheader="", revision="1")
    assert "changed since the last test" in page(office, number)


def test_a_link_cannot_make_the_desk_say_things(small_office: Office) -> None:
    number = small_office.draft()
    assert "bo@x.example." in page(small_office, number, query="?said=tested&to=bo@x.example")
    text = page(small_office, number, query="?said=tested&to=Call+0800+now")
    assert "on its way to the address you named." in text
    assert "Call 0800" not in text
    assert 'role="status"><p>' not in page(small_office, number, query="?said=anything")


def test_a_test_to_no_address_is_refused(small_office: Office) -> None:
    number = small_office.draft()
    answer = small_office.post(f"/desk/mailings/{number}/test", address="me and you")
    assert answer.status_code == 422
    assert 'value="me and you"' in answer.text
    assert small_office.mailing(number).tested_revision == 0


def test_the_sentence_says_when_to_how_many_and_who_is_left_out(small_office: Office, moving_clock) -> None:
    number = small_office.draft(preheader="x")
    with small_office.store.write() as session:
        mlist = mailings.lists_of(session, number)[0]
        person = make_reader(session, small_office.keys, "gone@example.org", mlist)
        session.add(
            Suppression(address_hash=person.address_hash, scope="all", reason="mailbox gone", made_at=clock.now())
        )
    answer = ask(small_office, number, **AT)
    said = re.search(r'id="sentence">([^<]+)<', answer.text)
    assert said is not None
    assert said[1] == (
        f"On Thu 5 March 2026, 09:00 (Europe/Berlin, UTC+1) “{WATER.title}” goes to 12 readers of "
        "Service statements. 1 is left out: 1 suppressed."
    )
    assert "<button>Schedule for 12 readers</button>" in answer.text
    done = small_office.post(f"/desk/mailings/{number}/schedule", who="approver", revision="1", **AT)
    assert done.status_code == 303, done.text
    mailing = small_office.mailing(number)
    assert (mailing.state, mailing.due_at) == ("scheduled", datetime(2026, 3, 5, 8, tzinfo=UTC))
    with small_office.store.read() as session:
        deed = deeds.latest(session, 1)[0]
        assert (deed.actor, deed.action, deed.detail["sentence"]) == ("desk:Ann Approver", "mailing scheduled", said[1])
    shown = page(small_office, number, "writer")
    assert said[1] in shown
    assert "Starts in 2 days." in shown
    assert "/undo" not in shown


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"day": "2026-03-01"}, "is in the past"),
        ({"day": "2026-02-31"}, "is not on the calendar"),
        ({"time": "soon"}, "is not a time"),
        ({"zone": "Middle/Earth"}, "is not a time zone"),
        ({"day": "2026-03-29", "time": "02:30"}, "clocks go forward"),
        ({"day": "2036-03-29"}, "two years"),
    ],
)
def test_a_time_that_cannot_be_is_said(small_office: Office, moving_clock, wrong: dict[str, str], said: str) -> None:
    number = small_office.draft()
    answer = ask(small_office, number, **(AT | wrong))
    assert answer.status_code == 422
    assert said in answer.text
    assert "Schedule for" not in answer.text
    assert small_office.post(f"/desk/mailings/{number}/schedule", revision="1", **(AT | wrong)).status_code == 422
    assert small_office.state(number) == "draft"


def test_now_is_held_and_can_be_undone(small_office: Office, moving_clock) -> None:
    number = small_office.draft()
    answer = ask(small_office, number, when="now")
    assert "<button>Send to 12 readers</button>" in answer.text
    assert "In 60 seconds, on Mon 2 March 2026, 09:01 (Europe/London, UTC)" in answer.text
    assert small_office.post(f"/desk/mailings/{number}/schedule", when="now", revision="1").status_code == 303
    assert small_office.state(number) == "holding"
    moving_clock.move(seconds=17)
    shown = page(small_office, number)
    assert "Starts in 43 seconds." in shown
    assert "Nothing has left yet." in shown
    assert f'data-hx-get="/desk/mailings/{number}/watch?state=holding" data-hx-trigger="every 2s"' in shown
    assert small_office.post(f"/desk/mailings/{number}/undo").status_code == 303
    assert small_office.state(number) == "draft"
    assert small_office.post(f"/desk/mailings/{number}/undo").status_code == 409


def test_what_was_changed_meanwhile_is_not_scheduled(small_office: Office) -> None:
    number = small_office.draft()
    small_office.post(f"/desk/mailings/{number}", subject="Another subject line", preheader="", revision="1")
    answer = small_office.post(f"/desk/mailings/{number}/schedule", when="now", revision="1")
    assert answer.status_code == 422
    assert "changed since you looked" in answer.text
    assert small_office.state(number) == "draft"


def test_for_many_readers_the_number_is_typed(small_office: Office, monkeypatch) -> None:
    monkeypatch.setattr("mailer.web.desk.scheduling.TYPED_OVER", 11)
    number = small_office.draft()
    assert "Type the number of readers" in ask(small_office, number, when="now").text
    for typed in ("", "11", "twelve", "120"):
        answer = small_office.post(f"/desk/mailings/{number}/schedule", when="now", revision="1", number=typed)
        assert answer.status_code == 422
        assert "type 12" in answer.text
    answer = small_office.post(f"/desk/mailings/{number}/schedule", when="now", revision="1", number=" 12 ")
    assert answer.status_code == 303


def test_one_that_is_too_late_asks(small_office: Office) -> None:
    number = small_office.late()
    shown = page(small_office, number)
    assert "waits for an answer" in shown
    assert "when nothing ran" in shown
    assert f"/desk/mailings/{number}/schedule?when=now" in shown
    assert small_office.post(f"/desk/mailings/{number}/schedule", when="now", revision="1").status_code == 303
    assert small_office.state(number) == "holding"


def test_pause_go_on_and_stop(office: Office) -> None:
    number = office.sending()
    assert office.post(f"/desk/mailings/{number}/pause", who="approver").status_code == 303
    shown = page(office, number)
    assert "Paused by Ann Approver." in shown
    assert office.post(f"/desk/mailings/{number}/pause").status_code == 409
    assert office.post(f"/desk/mailings/{number}/resume").status_code == 303
    assert office.state(number) == "sending"
    asked = office.client().get(f"/desk/mailings/{number}/stop")
    assert "5 readers got it." in asked.text
    for word in ("", "yes", "stopp"):
        assert office.post(f"/desk/mailings/{number}/stop", word=word).status_code == 422
    assert office.state(number) == "sending"
    assert office.post(f"/desk/mailings/{number}/stop", word="“Stop” ").status_code == 303
    mailing = office.mailing(number)
    assert (mailing.state, mailing.why) == ("stopped", "stopped by Ola Operator")


def test_a_writer_is_told_who_schedules(small_office: Office) -> None:
    shown = page(small_office, small_office.draft(), "writer")
    assert "An approver or operator schedules it." in shown
    assert "Send a test" in shown
    keeper = page(small_office, 1, "list keeper")
    assert "Send a test</button>" not in keeper
    assert "Change subject" not in keeper


@pytest.mark.parametrize(("size", "kind"), [(13_700, "good"), (80_001, "warn"), (100_001, "bad"), (500_000, "bad")])
def test_the_meter_knows_80_and_102_kilobytes(size: int, kind: str) -> None:
    shown = meter(size)
    assert shown["kind"] == kind
    assert float(shown["share"]) <= 100


def test_a_mailing_nobody_made_is_not_here(small_office: Office) -> None:
    for path in ("", "/schedule", "/stop", "/watch", "/status", "/account.json", "/people/accepted", "/preview.html"):
        assert small_office.client().get(f"/desk/mailings/99{path}").status_code == 404, path
    for path in ("/undo", "/pause", "/resume", "/test", "/schedule"):
        answer = small_office.post(f"/desk/mailings/99{path}", address="a@b.example", when="now")
        assert answer.status_code == 404, path


def test_the_first_page_groups_mailings_by_what_can_be_done(small_office: Office) -> None:
    client = small_office.client()
    assert "To your first mailing" in client.get("/desk").text
    for make in (
        small_office.draft,
        small_office.scheduled,
        small_office.late,
        small_office.sending,
        small_office.sent,
    ):
        make()
    text = client.get("/desk").text
    titles = re.findall(r"<h2>([^<]+)</h2>", text)
    assert titles == ["Being sent", "Waiting for their moment", "Drafts", "Sent"]
    assert "5 of 12" in text
    assert "for 12 readers" in text
    assert "To your first mailing" not in text
    assert "nobody sends" in text


def test_the_first_steps_are_ticked_off(small_office: Office) -> None:
    client = small_office.client()

    def done() -> int:
        return int(client.get("/desk").text.count('<li class="done">'))

    assert done() == 1
    small_office.lists()
    assert done() == 3
    number = small_office.draft()
    assert done() == 4
    assert f"/desk/mailings/{number}#test" in client.get("/desk").text
    small_office.post(f"/desk/mailings/{number}/test", address="ola@arden.example")
    assert done() == 5


def test_older_mailings_are_one_page_on(small_office: Office, monkeypatch) -> None:
    monkeypatch.setattr("mailer.web.desk.home.SHOWN", 2)
    for _ in range(3):
        small_office.draft()
    first = small_office.client().get("/desk").text
    assert "Older mailings" in first
    second = small_office.client().get("/desk?before=2").text
    assert "/desk/mailings/1" in second
    assert "Older mailings" not in second
    assert small_office.client().get("/desk?before=²").status_code == 200


def test_times_are_those_of_the_site(small_office: Office, moving_clock) -> None:
    moving_clock.move(days=120)
    number = small_office.draft()
    assert "made Tue 30 June 2026, 10:00" in page(small_office, number)
