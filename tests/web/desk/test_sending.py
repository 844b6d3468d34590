"""Before a mailing goes, while it goes, and what may be sent after it."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

from mailer import clock
from mailer.mailing import mailings
from mailer.outcomes import progress
from mailer.store.tables import Outcome, Subscriber, Subscription
from mailer.web.desk import kept as keeping
from mailer.web.desk import pictures
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


def test_pictures_say_the_same_as_the_account(office: Office) -> None:
    number = office.sending()
    text = office.client().get(f"/desk/mailings/{number}/pictures").text
    rows = re.findall(r"<tr><th scope=\"row\">([^<]+)</th>(.*?)</tr>", text, re.S)
    slots = [re.findall(r'number">(\d+)<', cells) for name, cells in rows if "November" in name or "20" in name]
    assert [sum(int(slot[place]) for slot in slots) for place in (0, 1)] == [5, 1]
    assert ">greylisted<" in text
    assert 'role="img" aria-labelledby="sending-title sending-desc"' in text
    domain = next(cells for name, cells in rows if name == "example.org" and "<svg" in cells)
    assert re.findall(r'number">(\d+)<', domain) == ["12", "5", "1", "1", "1", "0"]
    part = office.client("writer").get(f"/desk/mailings/{number}/pictures", headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert "greylisted" in part


def test_columns_stand_side_by_side_and_fill_the_picture() -> None:
    drawn = pictures.columns([{"accepted": 3, "refused": 1}, {"accepted": 0}, {"accepted": 2}])
    assert drawn.most == 4
    assert [(part.state, part.x, part.y, part.height) for part in drawn.parts] == [
        ("accepted", "3.75", "30.00", "90.00"),
        ("refused", "3.75", "0.00", "30.00"),
        ("accepted", "103.75", "60.00", "60.00"),
    ]
    assert pictures.columns([]).parts == []


def test_what_takes_long_to_count_is_kept_and_renewed_meanwhile(small_office: Office, monkeypatch) -> None:
    counted = iter(range(9))

    async def count() -> int:
        return next(counted)

    async def ask() -> list[int]:
        found = [await keeping.kept(small_office.store, "x", count) for _ in range(2)]
        monkeypatch.setattr(keeping, "QUICK_SECONDS", -1)
        found += [await keeping.kept(small_office.store, "x", count) for _ in range(2)]
        renewing = keeping._all[small_office.store]["x"].renewing
        assert renewing is not None
        await renewing
        return [*found, keeping._all[small_office.store]["x"].value]

    monkeypatch.setattr(keeping, "SHARE", -1)
    assert asyncio.run(ask()) == [0, 1, 2, 2, 3]


def test_a_list_grows_week_by_week(office: Office) -> None:
    office.lists()
    with office.store.write() as session:
        rows = session.query(Subscription).filter_by(list_id=1).order_by(Subscription.id).all()
        rows[0].confirmed_at = rows[1].confirmed_at = clock.now() - timedelta(days=30)
        list_id = rows[0].list_id
        rows[1].state, rows[1].ended_why, rows[1].ended_at = "ended", "left", clock.now()
    with office.store.read() as session:
        weeks = progress.growth(session, list_id)
        on_it = session.query(Subscription).filter_by(list_id=list_id).count()
    assert len(weeks) == 52
    assert (weeks[-1].readers, weeks[-1].went) == (on_it - 1, 1)
    assert weeks[0].readers == 0
    assert max(week.readers for week in weeks[:-1]) == 2
    assert f"{on_it:,} came and 1 went" in office.client("writer").get(f"/desk/lists/{list_id}/growth").text
    assert office.client().get("/desk/lists/99/growth").status_code == 404


def test_every_figure_is_a_list_and_a_file(small_office: Office) -> None:
    number, client = small_office.sent(), small_office.client()
    chosen = client.get(f"/desk/mailings/{number}/people/chosen").text
    assert len(set(re.findall(r"reader\d+@example.org", chosen))) == 12
    assert "<td>left out</td>" in chosen
    refused = client.get(f"/desk/mailings/{number}/account.csv?state=refused").text.splitlines()
    assert [line.partition(",")[0] for line in refused] == ["address", "reader0@example.org"]
    assert client.get(f"/desk/mailings/{number}/account.csv?state=gone").status_code == 422
    with small_office.store.write() as session:
        who = session.query(Subscriber).filter_by(address="reader5@example.org").one().id
        session.add(Outcome(kind="unsubscribed", at=clock.now(), subscriber_id=who, mailing_id=number,
                            origin="test", origin_id="1", detail="<b>left</b>"))  # fmt: skip
    assert f'/desk/mailings/{number}/back/unsubscribed">1 unsubscribed' in page(small_office, number)
    back = client.get(f"/desk/mailings/{number}/back/unsubscribed").text
    assert "reader5@example.org" in back
    assert "&lt;b&gt;left" in back
    assert client.get(f"/desk/mailings/{number}/back/dancing").status_code == 422


def test_a_page_to_print_has_the_whole_account(small_office: Office) -> None:
    number = small_office.paused()
    text = small_office.client("writer").get(f"/desk/mailings/{number}/print").text
    for part in ("adds up", "Sending over time", "By receiving domain", "mailing paused", "Ola Operator", "greylisted"):
        assert part in text
    assert "@example.org" not in text


def test_the_calendar_has_each_mailing_on_its_day_in_the_zone_of_the_house(small_office: Office) -> None:
    numbers = [small_office.scheduled() for _ in range(3)]
    # Half past midnight in London on 1 July is still June in UTC; clocks went back at 1:00 UTC on 25 October.
    moments = (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
               datetime(2026, 10, 25, 1, 30, tzinfo=UTC))  # fmt: skip
    with small_office.store.write() as session:
        for number, moment in zip(numbers, moments, strict=True):
            mailings.need(session, number).due_at = moment
    writer = small_office.client("writer")
    july, june, october = (writer.get(f"/desk/calendar?month=2026-{month}").text for month in ("07", "06", "10"))
    assert "Wednesday 1 July, 00:30" in july
    assert "Nothing goes out" in june
    assert october.count("Sunday 25 October, 01:30") == 2
    assert [int(each) for each in re.findall(r'<h3><a href="/desk/mailings/(\d+)"', october)] == numbers[1:]
    assert "month=2026-11" in october
    for odd in ("2026-13", "x", "99999-01"):
        assert writer.get(f"/desk/calendar?month={odd}").status_code == 200


def test_the_first_page_says_what_needs_somebody(small_office: Office) -> None:
    small_office.sent()
    assert "Needs you now" not in small_office.client().get("/desk").text
    paused, late = small_office.paused(), small_office.late()
    text = small_office.client().get("/desk").text.partition("Needs you now")[2]
    assert [int(each) for each in re.findall(r'href="/desk/mailings/(\d+)">(?:Answer|Look)', text)] == [late, paused]
