"""Watching a mailing, and its account: figures that add up, the people behind each, files."""

import csv
import io
import json
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from mailer import clock
from mailer.outcomes.account import Account
from mailer.send import going
from mailer.send.watch import Live, RelayView
from mailer.store.tables import Delivery, Subscriber, Worker
from mailer.web.desk.accounts import _bar, _pause, _percent
from tests.web.desk.office import Office

HTMX = {"HX-Request": "true"}


def watch(office: Office, number: int, state: str):
    return office.client().get(f"/desk/mailings/{number}/watch?state={state}", headers=HTMX)


def figures(text: str) -> dict[str, int]:
    """Return the figures of the account's table, the sum too."""
    rows = re.findall(
        r'<th scope="row">(?:<span[^>]*></span>)?(\w[\w ]*)<.*?</th>\s*<td class="number">(.*?)</td>', text, re.S
    )
    return {name: int(re.sub(r"<span.*?</span>|<[^>]+>|,", "", cell)) for name, cell in rows}


def test_it_is_said_when_the_mail_server_takes_nothing(office: Office) -> None:
    number = office.sending()
    assert "nobody sends" in watch(office, number, "sending").text
    now = clock.now()
    with office.store.write() as session:
        session.add(Worker(name="w", started_at=now, seen_at=now, trouble="mail.test:25: Connection <refused>"))
    for text in (watch(office, number, "sending").text, office.client().get("/desk").text):
        assert "Nothing gets out at the moment" in text
        assert "mail.test:25: Connection &lt;refused&gt;" in text
    assert "Nothing gets out" in office.client().get(f"/desk/mailings/{number}/status").text
    with office.store.write() as session:
        session.query(Worker).update({"trouble": ""})
    assert "Nothing gets out" not in watch(office, number, "sending").text


def test_the_figures_are_those_of_the_ledger_and_add_up(office: Office) -> None:
    number = office.sending()
    text = watch(office, number, "sending").text
    found = figures(text.replace('<tfoot>\n<tr><th scope="row">chosen</th>', '<th scope="row">chosen<i></i></th>'))
    assert found.pop("chosen") == 12 == sum(found.values())
    assert found == {"queued": 3, "begun": 1, "waiting": 1, "accepted": 5, "refused": 1, "uncertain": 1, "left out": 0}
    assert "adds up" in text
    assert "1 reader possibly got it twice" in text
    assert 'role="progressbar"' in text
    assert 'aria-valuenow="58"' in text
    assert "1 greylisted" in text


def test_asking_goes_on_until_the_end(small_office: Office) -> None:
    number = small_office.sending()
    going = watch(small_office, number, "sending")
    assert going.status_code == 200
    assert f'data-hx-get="/desk/mailings/{number}/watch?state=sending" data-hx-trigger="every 2s"' in going.text
    small_office.post(f"/desk/mailings/{number}/pause")
    changed = watch(small_office, number, "sending")
    assert changed.headers["hx-redirect"] == f"/desk/mailings/{number}"
    assert changed.text == ""
    assert watch(small_office, number, "paused").status_code == 200
    small_office.post(f"/desk/mailings/{number}/stop", word="stop")
    over = watch(small_office, number, "stopped")
    assert over.status_code == 286
    assert "hx-get" not in over.text
    status = small_office.client().get(f"/desk/mailings/{number}/status", headers=HTMX)
    assert status.status_code == 286
    assert "5 of 12 accepted" in status.text


def test_there_is_a_way_to_look_again_without_script(small_office: Office) -> None:
    number = small_office.sending()
    text = small_office.client().get(f"/desk/mailings/{number}").text
    assert f'<noscript><p><a href="/desk/mailings/{number}">' in text
    assert re.search(r'role="status" data-hx-get="[^"]+/status" data-hx-trigger="every 15s"', text)
    assert "noscript" not in small_office.client().get(f"/desk/mailings/{small_office.sent()}").text


def test_one_that_is_over_shows_its_account(small_office: Office) -> None:
    number = small_office.sent()
    text = small_office.client().get(f"/desk/mailings/{number}").text
    assert 'aria-valuenow="100"' in text
    assert "9</strong> of 12 accepted" in text
    assert "1 suppressed" in text
    assert "/pause" not in text
    assert 'hx-trigger="every' not in text.split('id="preview"')[0]


def test_who_is_behind_a_figure(office: Office) -> None:
    number = office.sent()
    text = office.client("list keeper").get(f"/desk/mailings/{number}/people/refused").text
    assert "reader0@example.org" in text
    assert "mailbox gone" in text
    assert "550 5.1.1 No such user here" in text
    accepted = office.client().get(f"/desk/mailings/{number}/people/accepted").text
    assert accepted.count("possibly twice") == 1
    assert office.client().get(f"/desk/mailings/{number}/people/dancing").status_code == 422
    plain = office.client("writer").get(f"/desk/mailings/{number}").text
    assert "/people/" not in plain
    assert "account.csv" not in plain


def test_who_possibly_got_it_twice_is_named(small_office: Office, monkeypatch) -> None:
    number, client = small_office.sent(), small_office.client()
    assert f"/desk/mailings/{number}/people/twice" in client.get(f"/desk/mailings/{number}").text
    text = client.get(f"/desk/mailings/{number}/people/twice").text
    assert re.findall(r"reader\d+@example.org", text) == ["reader4@example.org"]
    assert "Look further" not in text
    monkeypatch.setattr("mailer.web.desk.accounts.CHUNK", 2)
    monkeypatch.setattr("mailer.web.desk.accounts.LOOKS", 2)
    seen, path = [], f"/desk/mailings/{number}/people/twice"
    while path:
        text = client.get(path).text
        seen += re.findall(r"reader\d+@example.org", text)
        found = re.search(r'href="([^"]+\?after=\w+-\d+)"', text)
        path = found[1] if found else ""
    assert seen == ["reader4@example.org"]


def test_many_people_are_shown_page_by_page(small_office: Office, monkeypatch) -> None:
    monkeypatch.setattr("mailer.web.desk.accounts.PAGE", 4)
    number, seen = small_office.sent(), []
    path = f"/desk/mailings/{number}/people/accepted"
    while path:
        text = small_office.client().get(path).text
        seen += re.findall(r"reader\d+@example.org(?=</a>)", text)
        after = re.search(r'href="([^"]+\?after=\d+)"', text)
        path = after[1] if after else ""
    assert len(seen) == len(set(seen)) == 9


def test_an_unknown_fate_is_decided_by_a_person_once(small_office: Office) -> None:
    number, other = small_office.sent(), small_office.sent()
    text = small_office.client().get(f"/desk/mailings/{number}/people/uncertain").text
    found = re.search(rf"/desk/mailings/{number}/people/(\d+)/settle", text)
    assert found is not None
    path = f"/desk/mailings/{number}/people/{found[1]}/settle"
    assert "settle" not in small_office.client("list keeper").get(f"/desk/mailings/{number}/people/uncertain").text
    assert small_office.post(path.replace(f"/{number}/", f"/{other}/", 1), decision="accepted").status_code == 409
    assert small_office.post(path, decision="queued").status_code == 422
    assert small_office.post(path, decision="accepted").status_code == 303
    assert small_office.post(path, decision="left_out").status_code == 409
    with small_office.store.read() as session:
        row = session.get_one(Delivery, int(found[1]))
        assert (row.state, row.why) == ("accepted", "decided by Ola Operator: it arrived")


def test_the_account_as_json(small_office: Office) -> None:
    number = small_office.sent()
    answer = small_office.client("writer").get(f"/desk/mailings/{number}/account.json")
    assert answer.headers["content-disposition"] == f'attachment; filename="mailing-{number}-account.json"'
    found = json.loads(answer.text)
    assert found["account"] == {
        "chosen": 12, "queued": 0, "begun": 0, "waiting": 0, "accepted": 9, "refused": 1, "uncertain": 1, "left_out": 1,
        "balanced": True,
    }  # fmt: skip
    assert found["possibly_twice"] == 1
    assert found["reasons"]["refused"] == {"mailbox gone": 1}


def test_everybody_as_csv_and_no_cell_is_a_formula(small_office: Office, monkeypatch) -> None:
    monkeypatch.setattr("mailer.web.desk.accounts.CHUNK", 4)
    number = small_office.sent()
    with small_office.store.write() as session:
        row = session.query(Delivery).filter_by(mailing_id=number, state="refused").one()
        row.why, row.reply_text = "=HYPERLINK(1)", "+1 No,\r\n such user"
        row.address = "@evil"
    answer = small_office.client().get(f"/desk/mailings/{number}/account.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["address", "state", "why", "reply", "tries", "possibly_twice"]
    assert len(rows) == 13
    assert [row[5] for row in rows].count("yes") == 1
    refused = next(row for row in rows if row[1] == "refused")
    assert refused[0] == "'@evil"
    assert refused[2] == "'=HYPERLINK(1)"
    assert not any(cell[:1] in "=+-@\t\r" for row in rows for cell in row if cell)


def test_who_was_erased_is_nobody(small_office: Office) -> None:
    number = small_office.sent()
    with small_office.store.write() as session:
        row = session.query(Delivery).filter_by(mailing_id=number, state="refused").one()
        row.address = ""
        assert session.get(Subscriber, row.subscriber_id) is not None
    text = small_office.client().get(f"/desk/mailings/{number}/people/refused").text
    assert "(erased)" in text
    assert "?q=" not in text


@pytest.mark.parametrize(
    ("final", "chosen", "frozen", "percent"),
    [
        (0, 0, False, 0),
        (0, 0, True, 100),
        (3, 12, True, 25),
        (999, 1000, True, 99),
        (12, 12, False, 99),
        (5, 5, True, 100),
    ],
)
def test_a_hundred_percent_is_the_end(final: int, chosen: int, frozen: bool, percent: int) -> None:
    assert _percent(final, chosen, frozen) == percent


def test_the_bar_never_runs_over() -> None:
    parts = _bar(Account(10, 1, 1, 1, 3, 1, 1, 2))
    assert [part["state"] for part in parts] == ["accepted", "refused", "uncertain", "left_out", "waiting", "begun"]
    assert float(parts[-1]["x"]) + float(parts[-1]["width"]) == pytest.approx(90)
    assert _bar(Account(0, 0, 0, 0, 0, 0, 0, 0)) == []


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "1 second"), (43, "43 seconds"), (119, "119 seconds"), (125, "2 minutes"), (90000, "25 hours")],
)
def test_time_left_is_said_in_words(seconds: int, said: str) -> None:
    assert going.spell(seconds) == said


def test_the_longer_counting_takes_the_more_seldom_a_page_asks(moving_clock) -> None:
    now = moving_clock.now()
    assert [_pause("flight", None, cost) for cost in (0.01, 0.2, 1.15, 9)] == [2, 2, 12, 30]
    assert _pause("waiting", now + timedelta(seconds=60), 0.01) == 2
    assert _pause("waiting", now + timedelta(days=1), 0.01) == 30


def test_pace_is_said_once_there_is_enough_to_say_it_by(moving_clock) -> None:
    started = moving_clock.now()
    mailing = SimpleNamespace(state="sending", started_at=started, frozen_at=started, paused_seconds=30)
    moving_clock.move(seconds=90)
    half, unknown = Account(1200, 600, 0, 0, 600, 0, 0, 0), Live()
    assert going.pace(mailing, half, unknown, 1) == "600 a minute, about 60 seconds left"
    assert going.pace(mailing, Account(1200, 1190, 0, 0, 10, 0, 0, 0), unknown, 1) == ""
    assert going.pace(SimpleNamespace(**{**vars(mailing), "state": "paused"}), half, unknown, 1) == ""
    assert going.pace(SimpleNamespace(**{**vars(mailing), "frozen_at": None}), half, unknown, 1) == "600 a minute"
    assert going.pace(mailing, Account(1200, 0, 0, 600, 600, 0, 0, 0), unknown, 1) == "600 a minute"


@pytest.mark.parametrize(
    ("rate", "sharing", "said"),
    [
        (5.0, 1, "300 a minute, about 2 minutes left"),
        (5.0, 2, "150 a minute, about 4 minutes left"),
        (0.0, 1, ""),
    ],
)
def test_what_goes_out_now_decides_how_long_it_takes(moving_clock, rate: float, sharing: int, said: str) -> None:
    started = moving_clock.now()
    mailing = SimpleNamespace(state="sending", started_at=started, frozen_at=started, paused_seconds=0)
    moving_clock.move(seconds=90)
    now = Live([RelayView("main", rate, 4, 9, None, None, "", ())], 1)
    assert going.pace(mailing, Account(1200, 600, 0, 0, 600, 0, 0, 0), now, sharing) == said


def test_who_is_left_is_told_with_the_next_try(office: Office) -> None:
    number = office.sending()
    with office.store.write() as session:
        for row in session.query(Delivery).filter(Delivery.state.in_(("queued", "begun"))):
            row.state, row.first_begun_at, row.final_at = "accepted", row.made_at, row.made_at
    assert re.search(
        r"sent, 1 still being tried, the next in \d+ (minutes|seconds)", watch(office, number, "sending").text
    )


def test_reasons_that_say_the_same_in_other_words_are_one() -> None:
    replies = {f"the mailbox is full: 452 4.2.2 over quota, id {number}": 2 for number in range(50)}
    others = {f"because {number}": 1 for number in range(10)}
    shown = going.reasons({**replies, "no value: city": 3, **others})
    assert list(shown.items())[:2] == [("the mailbox is full", 100), ("no value: city", 3)]
    assert (shown["for other reasons"], sum(shown.values())) == (6, 113)


def test_every_mail_server_is_shown_with_how_it_is(office: Office) -> None:
    number = office.sending()
    assert "Mail server" not in watch(office, number, "sending").text
    office.reports()
    text = watch(office, number, "sending").text
    assert "What carries it now" in text
    assert re.search(
        r'backup<span[^>]*>rests.*?<td class="number">0<.*?has taken nothing for 5 minutes; it is tried again in',
        text,
        re.S,
    )
    assert "main.test:25: no &lt;answer&gt;" in text
    assert re.search(r'main<span[^>]*>well.*?<td class="number">1,500<.*?8 connections, 12 on the wire', text, re.S)
    assert "slower for gmail.com, as they ask" in text
    assert "What carries it now" not in watch(office, office.paused(), "paused").text
