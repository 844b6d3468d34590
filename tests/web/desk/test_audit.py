"""What was done: found by person, action, thing and day, a page at a time, and handed out as a file."""

import csv
import io
import re
from datetime import timedelta

import pytest

from mailer import clock
from mailer.staff import deeds
from mailer.store.tables import Deed
from mailer.web.desk import audit
from tests.web.desk.office import Office
from tests.web.desk.test_attacks import PAYLOADS, harmless

PATH = "/desk/deeds"


def rows(text: str) -> list[list[str]]:
    """Return what stands in the table of the page."""
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in body.split("<tr>")[1:]]


def subjects(office: Office, query: str) -> list[str]:
    return [row[3] for row in rows(office.client().get(f"{PATH}?{query}").text)]


def test_deeds_are_found(office: Office) -> None:
    office.secret("operator")
    with office.store.write() as session:
        for number in (3, 31):
            deeds.record(session, "desk:Wim Writer", "draft edited", f"mailing {number}", {"subject": "100% <b>"})
        deeds.record(session, "cli", "list made", "list press_1")
        session.flush()
        old = session.query(Deed).filter_by(subject="mailing 31").one()
        # The site is in London: on this day an hour ahead of UTC.
        old.at = clock.now().replace(year=2026, month=7, day=9, hour=23, minute=30)
    assert subjects(office, "subject=mailing+3") == ["mailing 3"]
    assert subjects(office, "actor=wim") == ["mailing 31", "mailing 3"]
    assert subjects(office, "action=draft&since=2026-07-10&until=2026-07-10") == ["mailing 31"]
    assert subjects(office, "until=2026-07-09") == []
    assert subjects(office, "subject=list+press%25") == []
    assert subjects(office, "subject=press_1&actor=%25") == []
    shown = office.client().get(f"{PATH}?subject=mailing+3").text
    assert "subject: 100% &lt;b&gt;" in shown
    assert '<option value="draft edited">' in shown
    assert "Nothing like this was done" in office.client().get(f"{PATH}?actor=nobody").text


@pytest.mark.parametrize("day", ["yesterday", "9999-12-31", "0001-01-01", "2026-02-30"])
def test_a_slip_in_a_day_is_said_beside_what_was_typed(small_office: Office, day: str) -> None:
    for name in ("since", "until"):
        answer = small_office.client().get(f"{PATH}?actor=Ola&{name}={day}")
        assert answer.status_code == 422
        assert "is no day" in answer.text
        assert 'value="Ola"' in answer.text
        assert small_office.client().get(f"{PATH}.csv?{name}={day}").status_code == 422


def test_pages_and_the_file_hold_every_deed_once(small_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    client = small_office.client()
    monkeypatch.setattr(audit, "CHUNK", 7)
    at = clock.now() - timedelta(days=1)
    with small_office.store.write() as session:
        session.add_all(
            Deed(at=at, actor="cli", action="tried", subject=f"=1+{number}", detail={"n": number})
            for number in range(audit.PAGE * 2 + 5)
        )
    seen: list[str] = []
    path = f"{PATH}?action=tried"
    while path:
        text = client.get(path).text
        seen += [row[3] for row in rows(text)]
        older = re.search(r'href="([^"]+)">Older ones', text)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == [f"=1+{number}" for number in reversed(range(audit.PAGE * 2 + 5))]
    answer = client.get(f"{PATH}.csv?action=tried")
    assert answer.headers["content-disposition"] == 'attachment; filename="deeds.csv"'
    lines = list(csv.reader(io.StringIO(answer.text)))
    assert lines[0] == audit.COLUMNS
    assert [line[4] for line in lines[1:]] == [f"'{subject}" for subject in seen]
    assert lines[-1][5] == '{"n": 0}'


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_looked_for_is_only_looked_for(office: Office, payload: str) -> None:
    typed = payload.encode("utf-8", "replace").decode()
    asked = dict.fromkeys(("actor", "action", "subject", "before"), typed)
    answer = office.client().get(PATH, params=asked)
    assert answer.status_code == 200
    harmless(answer.text)
    assert office.client().get(f"{PATH}.csv", params=asked).status_code == 200
    harmless(office.client().get(PATH, params={"since": typed}).text)
