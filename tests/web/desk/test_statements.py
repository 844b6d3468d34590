"""From a text to a draft: understood, corrected, refused in one line with every word kept."""

import pytest

from mailer.mailing import mailings
from mailer.sources import fetch, kept
from mailer.store.tables import StatementRow
from tests.compose.samples import WATER
from tests.web.desk.office import Office
from tests.web.neighbour import Neighbour

TEXT = f"# {WATER.title}\n\n*{WATER.deck}*\n\n3 May 2026\n\n{WATER.markdown}"
HTML = "<html><head><title>Museum opens</title></head><body><h1>Museum opens</h1><p>Come &amp; see.</p></body></html>"


def hand_in(office: Office, text: str = "", **files: tuple[str, bytes]) -> str:
    answer = office.post("/desk/statements/new", text=text, files=files or None)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_a_text_becomes_a_draft(office: Office) -> None:
    office.lists()
    path = hand_in(office, TEXT)
    page = office.client().get(path).text
    assert f'value="{WATER.title}"' in page
    assert "From noon today nobody in Upper Arden" in page
    assert "Service statements (12 readers)" in page
    answer = office.post(path, title=WATER.title, deck="", date="2026-05-03", language="en", note="", include="press")
    assert answer.status_code == 303, answer.text
    number = int(answer.headers["location"].split("/")[3].split("?")[0])
    mailing = office.mailing(number)
    assert (mailing.state, mailing.subject, mailing.made_by) == ("draft", WATER.title, "desk:Ola Operator")
    assert "The draft is made." in office.client().get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("name", "data", "title"),
    [
        ("boil-water.md", TEXT.encode(), WATER.title),
        ("museum.html", HTML.encode(), "Museum opens"),
        ("note.txt", "Die Brücke ist frei\n\nAb heute.".encode("windows-1252"), "Die Brücke ist frei"),
    ],
)
def test_a_file_is_understood_by_what_it_is(small_office: Office, name: str, data: bytes, title: str) -> None:
    path = hand_in(small_office, file=(name, data))
    with small_office.store.read() as session:
        row = session.query(StatementRow).one()
        assert (row.title, row.original, row.original_name) == (title, data, name)
    assert name in small_office.client().get(path).text


@pytest.mark.parametrize(
    ("text", "file", "said"),
    [
        ("", None, "Nothing was handed in"),
        ("  \n ", None, "Nothing was handed in"),
        ("!!!", None, "holds no words"),
        ("A title\n\nA text.", ("a.txt", b"Another\n\nText."), "came together"),
        ("", ("a.pdf", b"%PDF-1.7 x"), "is a PDF, not text"),
        ("", ("a.txt", b"\xff\xfe\x00"), "a.txt"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(small_office: Office, text, file, said) -> None:
    answer = small_office.post("/desk/statements/new", text=text, files={"file": file} if file else None)
    assert answer.status_code == 422
    assert said in answer.text
    assert answer.text.count('role="alert"') == 1
    assert f">\n{text}</textarea>" in answer.text


def test_corrections_are_a_statement_of_their_own(small_office: Office) -> None:
    small_office.lists()
    number = small_office.statement()
    better = {"title": "Tap water is safe", "deck": "New deck", "date": "", "language": "de", "note": "Two\r\nlines"}
    answer = small_office.post(f"/desk/statements/{number}", include="press", exclude="works", **better)
    assert answer.status_code == 303, answer.text
    with small_office.store.read() as session:
        mailing = mailings.latest(session)[0]
        row = mailings.statement_of(session, mailing.id)
        assert (row.title, row.deck, row.dated, row.language) == ("Tap water is safe", "New deck", None, "de")
        assert row.note == "Two\nlines"
        assert row.body_html == WATER.statement().body_html
        assert kept.need(session, number).title == WATER.title
        assert [mlist.name for mlist in mailings.lists_of(session, mailing.id, "exclude")] == ["works"]


GIVEN = {"title": "A title", "deck": "A deck", "date": "2026-05-03", "language": "en", "note": "A note",
         "subject": "A subject", "preheader": "A preheader", "include": "press"}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": " "}, "Title</a>: is empty"),
        ({"date": "yesterday"}, "is not a day"),
        ({"language": "Klingon language"}, "is not a language"),
        ({"include": []}, "no list is named"),
        ({"include": ["press", "press"]}, "named twice"),
        ({"exclude": "press"}, "named twice"),
    ],
)
def test_what_cannot_be_used_is_said_and_every_word_is_kept(small_office: Office, wrong, said) -> None:
    small_office.lists()
    number = small_office.statement()
    answer = small_office.post(f"/desk/statements/{number}", **(GIVEN | wrong))
    assert answer.status_code == 422
    assert said in answer.text
    for name in ("subject", "preheader"):
        assert f'value="{GIVEN[name]}"' in answer.text
    assert f"{GIVEN['deck']}</textarea>" in answer.text
    assert "A note</textarea>" in answer.text
    with small_office.store.read() as session:
        assert mailings.latest(session) == []


def test_an_unknown_list_or_statement_is_not_here(small_office: Office) -> None:
    small_office.lists()
    assert (
        small_office.post(f"/desk/statements/{small_office.statement()}", **GIVEN | {"include": "x"}).status_code == 404
    )
    assert small_office.client().get("/desk/statements/99").status_code == 404


def test_without_a_list_the_page_leads_to_one(small_office: Office) -> None:
    page = small_office.client().get(f"/desk/statements/{small_office.statement()}").text
    assert "There is no list yet" in page
    assert "<button disabled>Make the draft</button>" in page


def test_the_only_list_is_chosen_already(small_office: Office) -> None:
    with small_office.store.write() as session:
        from_list = {"name": "press", "title": "Press", "from_address": "p@arden.example", "postal_address": "1 Road"}
        mailings.lists.add(session, **from_list)
    page = small_office.client().get(f"/desk/statements/{small_office.statement()}").text
    assert 'id="include-press" checked' in page


def test_it_begins_with_nothing_but_a_title(small_office: Office) -> None:
    assert "There is no list yet" in small_office.client().get("/desk/statements/new").text
    small_office.lists()
    answer = small_office.post("/desk/statements/empty", title="A title", include=["press", "works"])
    assert answer.headers["location"] == "/desk/mailings/1/write?said=drafted"
    assert small_office.client().get("/desk/mailings/1/write").status_code == 200
    assert small_office.client().get("/desk/mailings/1/preview.html").status_code == 200
    for wrong, said in (({"title": ""}, "is empty"), ({"title": "Kept <one>"}, "no list is named")):
        answer = small_office.post("/desk/statements/empty", **wrong)
        assert answer.status_code == 422
        assert said in answer.text
    assert "Kept &lt;one&gt;" in answer.text
    assert small_office.post("/desk/statements/empty", title="A", include="nowhere").status_code == 422


def test_it_begins_with_an_earlier_mailing(small_office: Office) -> None:
    small_office.sent()
    words = {"title": "T", "language": "en", "body": "* typed\n* like this", "subject": "S", "revision": "1"}
    assert small_office.post(f"/desk/mailings/{small_office.draft()}/write", **words).status_code == 303
    for number, expected in ((1, "boil"), (2, "* typed\n* like this")):
        answer = small_office.post("/desk/statements/copy", mailing=str(number))
        assert answer.status_code == 303
        page = small_office.client().get(answer.headers["location"]).text
        assert expected in page
        assert small_office.mailing(number + 2).state == "draft"
    assert small_office.mailing(4).slug != small_office.mailing(2).slug
    assert small_office.post("/desk/statements/copy", mailing="x").status_code == 422
    assert small_office.post("/desk/statements/copy", mailing="99").status_code == 404


def test_it_begins_with_a_page_of_the_web(small_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("http://127.0.0.1/", "http://169.254.169.254/latest", "file:///etc/passwd", "", "nonsense <b>"):
        answer = small_office.post("/desk/statements/fetch", address=address)
        assert answer.status_code == 422
        assert 'href="#address"' in answer.text
    assert "nonsense &lt;b&gt;" in answer.text
    guard = fetch.Guard(allows=lambda found: found.is_loopback, ports=None)
    monkeypatch.setattr(fetch, "GUARD", guard)
    with Neighbour() as site:
        url = site.page("/water", "<p>It is safe.</p>")
        answer = small_office.post("/desk/statements/fetch", address=url)
    assert answer.status_code == 303
    page = small_office.client().get(answer.headers["location"]).text
    assert 'value="Our news"' in page
    assert url in page


def test_what_was_pasted_with_its_looks_is_read_as_markdown(small_office: Office) -> None:
    small_office.lists()
    answer = small_office.post("/desk/statements/new", text="Water\n=====\n\nIt is **safe**.", marked="1")
    assert answer.status_code == 303
    assert "**" not in small_office.client().get(answer.headers["location"]).text
