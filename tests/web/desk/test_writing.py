"""Writing on a draft: what is typed becomes the letter, is kept, and is never overwritten unseen."""

from typing import Any

from sqlalchemy import func, select

from mailer.mailing import mailings, writing
from mailer.people import lists
from mailer.store.tables import DraftVersion, StatementRow
from tests.compose.samples import WATER
from tests.web.desk.office import Office

TYPED = {
    "subject": "Boil water no more",
    "preheader": "The notice is lifted",
    "title": "The notice is lifted",
    "deck": "From today the water is safe.",
    "date": "2026-05-04",
    "language": "en",
    "slug": "",
    "note": "",
    "body": "## What we found\n\nNothing *at all*.\n\n<script>alert(1)</script>",
}


def write(office: Office, number: int, revision: int, who: str = "operator", **changed: str) -> Any:
    return office.post(f"/desk/mailings/{number}/write", who, revision=str(revision), **TYPED | changed)


def now(office: Office, number: int) -> tuple[int, writing.Words, list[writing.Version]]:
    with office.store.read() as session:
        mailing = mailings.need(session, number)
        return mailing.revision, writing.words_of(session, mailing), writing.versions(session, number)


def test_what_is_typed_becomes_the_letter_and_a_version(small_office: Office) -> None:
    number = small_office.draft()
    page = small_office.client().get(f"/desk/mailings/{number}/write")
    assert page.status_code == 200
    assert WATER.title in page.text
    assert page.text.count('sandbox="allow-popups allow-popups-to-escape-sandbox"') == 1
    assert write(small_office, number, 1, slug="lifted").status_code == 303
    letter = small_office.client().get(f"/desk/mailings/{number}/preview.html").text
    assert "Nothing <em" in letter
    assert "alert(1)" not in letter
    revision, words, versions = now(small_office, number)
    assert (revision, words.subject, words.date.isoformat()) == (2, "Boil water no more", "2026-05-04")
    # What it was before is kept too, under the name of who made it.
    assert [(each.revision, each.made_by) for each in versions] == [(2, "desk:Ola Operator"), (1, "desk:Wim Writer")]
    assert small_office.mailing(number).slug == "lifted"
    again = small_office.client().get(f"/desk/mailings/{number}/write").text
    assert "Nothing *at all*." in again
    assert write(small_office, number, 2).status_code == 303
    assert now(small_office, number)[0] == 2, "the same words change nothing"


def test_two_at_once_lose_nothing(small_office: Office) -> None:
    number = small_office.draft()
    assert write(small_office, number, 1, body="Theirs & ours.").status_code == 303
    answer = write(small_office, number, 1, who="writer", body="Mine <b>own</b>.", title="Mine")
    assert answer.status_code == 409
    for words in ("Theirs &amp; ours.", "Mine &lt;b&gt;own&lt;/b&gt;.", "Ola Operator", 'name="revision" value="2"'):
        assert words in answer.text
    assert 'name="title" value="Mine"' in answer.text
    assert now(small_office, number)[1].body == "Theirs & ours.\n"
    short = write(small_office, number, 1, who="writer", body="Mine", auto="1")
    assert (short.status_code, "meanwhile" in short.json()["error"]) == (409, True)
    assert write(small_office, number, 2, who="writer", body="Both.").status_code == 303
    assert [each.words.body for each in now(small_office, number)[2]][:2] == ["Both.\n", "Theirs & ours.\n"]


def test_what_saves_itself_is_one_version_until_the_button_is_pressed(small_office: Office, moving_clock) -> None:
    number = small_office.draft()
    with small_office.store.read() as session:
        before = session.scalar(select(func.count()).select_from(StatementRow))
    for revision in range(1, 6):
        answer = write(small_office, number, revision, body=f"Letter {revision}", auto="1")
        assert answer.json() == {"revision": revision + 1}
    assert [each.revision for each in now(small_office, number)[2]] == [6, 1]
    with small_office.store.read() as session:
        assert session.scalar(select(func.count()).select_from(StatementRow)) == before + 1
    assert write(small_office, number, 6, body="Letter 5").status_code == 303
    write(small_office, number, 6, body="Letter 6", auto="1")
    moving_clock.move(minutes=11)
    write(small_office, number, 7, body="Letter 7", auto="1")
    write(small_office, number, 8, who="writer", body="Letter 8", auto="1")
    assert [each.revision for each in now(small_office, number)[2]] == [9, 8, 7, 6, 1]


def test_a_version_is_compared_and_brought_back(small_office: Office) -> None:
    number, address = small_office.draft(), "/desk/mailings/{}/versions"
    assert "Nothing was written" in small_office.client().get(address.format(number)).text
    write(small_office, number, 1, body="One fine day")
    write(small_office, number, 2, body="One wet day")
    page = small_office.client().get(address.format(number) + "?from=2&to=3").text
    assert "<del>fine</del>" in page
    assert "<ins>wet</ins>" in page
    assert small_office.post(address.format(number), revision="2", version="1").status_code == 409
    assert small_office.post(address.format(number), revision="3", version="77").status_code == 404
    assert small_office.post(address.format(number), revision="3", version="1").status_code == 303
    revision, words, versions = now(small_office, number)
    assert (revision, words.title, len(versions)) == (4, WATER.title, 4)
    assert small_office.client().get(address.format(number) + "?from=9&to=3").status_code == 404


def test_what_cannot_be_used_is_said_beside_every_word(small_office: Office) -> None:
    number = small_office.draft()
    for field, value in (("title", " "), ("language", "!!"), ("date", "soon"), ("slug", "A b")):
        answer = write(small_office, number, 1, **{field: value, "body": "Kept <here>"})
        assert answer.status_code == 422, field
        assert "Kept &lt;here&gt;" in answer.text
        assert f'href="#{field}"' in answer.text
    assert now(small_office, number)[0] == 1
    other = small_office.scheduled()
    answer = write(small_office, other, 1, body="Kept <here>")
    assert answer.status_code == 409
    assert "Kept &lt;here&gt;" in answer.text
    assert write(small_office, other, 1, auto="1").json()["error"]


def test_the_letter_is_shown_of_what_is_not_saved(small_office: Office) -> None:
    number = small_office.draft()
    small_office.secret("operator")
    before = small_office.dump()
    address = f"/desk/mailings/{number}/render"
    answer = small_office.post(address, **TYPED)
    assert "The notice is lifted" in answer.text
    assert "alert(1)" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "sandbox allow-popups" in policy
    assert "script" not in policy
    assert 'dir="rtl"' in small_office.post(address, **TYPED | {"language": "ar"}).text
    assert "title: is empty" in small_office.post(address, **TYPED | {"title": ""}).text
    assert small_office.dump() == before


def test_what_is_pasted_becomes_markdown(small_office: Office) -> None:
    html = "<p style='x'>A <b>b</b><script>x()</script></p><p class=MsoListParagraph>·  one</p><p>· two</p><h1>T</h1>"
    answer = small_office.post("/desk/paste", html=html)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text == "A **b**\n\n- one\n- two\n\n## T\n"
    assert small_office.post("/desk/paste", html="<p>" * 400_000).status_code == 422


def test_versions_are_kept_for_each_draft_by_itself(small_office: Office) -> None:
    first, second = small_office.draft(), small_office.draft()
    write(small_office, first, 1)
    write(small_office, second, 1)
    with small_office.store.read() as session:
        rows = session.scalars(select(DraftVersion.statement_id).where(DraftVersion.revision == 2)).all()
    assert len(set(rows)) == 1, "the same text is kept once"
    write(small_office, first, 2, body="other", auto="1")
    write(small_office, first, 3, body="another", auto="1")
    assert now(small_office, second)[1].body == TYPED["body"] + "\n"


def test_who_wrote_on_it_or_brought_a_version_back_is_no_second_person(small_office: Office) -> None:
    for restored in (False, True):
        number = small_office.draft()
        with small_office.store.write() as session:
            lists.change(session, lists.named(session, "press"), two_persons=True)
        path = f"/desk/mailings/{number}"
        assert write(small_office, number, 1, who="writer").status_code == 303
        if restored:
            answer = small_office.post(f"{path}/versions", "approver", revision="2", version="1")
        else:
            answer = write(small_office, number, 2, who="approver", body="Other", auto="1")
        assert answer.status_code in (200, 303)
        assert small_office.post(f"{path}/review", "writer").status_code == 303
        assert "You wrote it" in small_office.client("approver").get(path).text
        # Writing on what is in review makes it a draft again.
        assert write(small_office, number, 3, who="writer", body="Newest").status_code == 303
        assert small_office.mailing(number).state == "draft"


def test_a_subject_somebody_else_changed_is_not_overwritten_unseen(small_office: Office) -> None:
    number = small_office.draft()
    path = f"/desk/mailings/{number}"
    assert small_office.post(path, subject="The first of two", preheader="", revision="1").status_code == 303
    late = small_office.post(path, who="writer", subject="The second of two", preheader="", revision="1")
    assert late.status_code == 409
    assert "its subject is “The first of two” now" in late.text
    assert 'value="The second of two"' in late.text
    assert 'name="revision" value="2"' in late.text
    assert small_office.mailing(number).subject == "The first of two"
    assert small_office.post(path, subject="The second of two", preheader="", revision="2").status_code == 303
