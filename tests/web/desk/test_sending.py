"""Before a mailing goes, while it goes, and what may be sent after it."""

from mailer.mailing import mailings
from tests.web.desk.office import Office


def ask(office: Office, number: int, **asked: str):
    return office.client().get(f"/desk/mailings/{number}/schedule", params=asked)


def page(office: Office, number: int, role: str = "operator") -> str:
    return office.client(role).get(f"/desk/mailings/{number}").text


def test_far_more_than_usual_is_typed_and_far_fewer_are_told(small_office: Office, monkeypatch) -> None:
    for chosen in (5, 4, 5):
        past = small_office.sent()
        with small_office.store.write() as session:
            mailings.need(session, past).chosen = chosen
    number = small_office.draft()
    assert "Type the number" not in ask(small_office, number, when="now").text
    monkeypatch.setattr("mailer.mailing.usual.FROM", 10)
    text = ask(small_office, number, when="now").text
    assert "They are more than twice the usual: 12; the last mailings to these lists were for about 5." in text
    path = f"/desk/mailings/{number}/schedule"
    assert small_office.post(path, when="now", revision="1").status_code == 422
    assert small_office.post(path, when="now", revision="1", number="12").status_code == 303
    # Another list has no past, so nothing is unusual about it.
    assert "Type the number" not in ask(small_office, small_office.draft(("works",)), when="now").text
    with small_office.store.write() as session:
        for mailing in mailings.latest(session):
            mailing.chosen = 500 if mailing.state == "sent" else mailing.chosen
    assert "These are few" in ask(small_office, small_office.draft(), when="now").text


def test_what_happens_when_it_is_late_is_chosen_and_shown(small_office: Office) -> None:
    number, path = small_office.draft(), "/desk/mailings/{}/schedule"
    assert 'value="ask" selected' in ask(small_office, number, when="now").text
    assert small_office.post(path.format(number), when="now", revision="1", late="never").status_code == 422
    assert small_office.post(path.format(number), when="now", revision="1", late="skip").status_code == 303
    assert small_office.mailing(number).late == "skip"
    assert "late, it is not sent at all." in page(small_office, number)
    small_office.post(f"/desk/mailings/{number}/undo")
    assert 'value="skip" selected' in ask(small_office, number, when="now").text
