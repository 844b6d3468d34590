"""The mailbox for trying things out: what a letter contains is shown, and can do nothing."""

from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from mailer.web.house import open_house
from mailer.web.inbox import Letter, make_inbox

MESSAGE = b"""From: Town <town@arden.example>\r
To: ann@example.org\r
Subject: =?utf-8?q?=3Cscript=3Ealert=281=29=3C/script=3E?=\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary="=_x"\r
\r
--=_x\r
Content-Type: text/plain; charset=utf-8\r
\r
<script>alert(2)</script> plain\r
--=_x\r
Content-Type: text/html; charset=utf-8\r
\r
<html><head></head><body><script>alert(3)</script><p>the letter</p></body></html>\r
--=_x--\r
"""
TEXT_ONLY = b"From: a@b.example\r\nTo: c@d.example\r\nSubject: Plain\r\n\r\nonly words\r\n"


@pytest.fixture
def inbox(store, config, keys) -> TestClient:
    letters: list[Letter] = []
    client = TestClient(make_inbox(open_house(config, store, keys), lambda: letters))
    client.letters = letters
    return client


def put(inbox: TestClient, message: bytes) -> None:
    number = len(inbox.letters) + 1
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    inbox.letters.append(Letter(number, at, "town@arden.example", "ann@example.org", message))


def test_an_empty_mailbox_says_so(inbox) -> None:
    assert "No mail has come yet." in inbox.get("/").text


def test_the_newest_is_first(inbox) -> None:
    put(inbox, TEXT_ONLY)
    put(inbox, TEXT_ONLY)
    text = inbox.get("/").text
    assert text.index("/letters/2") < text.index("/letters/1")


def test_what_a_letter_says_is_never_markup_of_the_page(inbox) -> None:
    put(inbox, MESSAGE)
    for path in ("/", "/letters/1"):
        page = inbox.get(path)
        assert "<script" not in page.text
        assert "script-src" not in page.headers["content-security-policy"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in inbox.get("/").text
    assert "&lt;script&gt;alert(2)&lt;/script&gt; plain" in inbox.get("/letters/1").text


def test_the_letter_itself_stands_in_a_frame_that_can_do_nothing(inbox) -> None:
    put(inbox, MESSAGE)
    page = inbox.get("/letters/1")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "frame-src 'self'" in page.headers["content-security-policy"]
    framed = inbox.get("/letters/1/html")
    assert "the letter" in framed.text
    assert "sandbox" in framed.headers["content-security-policy"]
    assert "script-src" not in framed.headers["content-security-policy"]
    source = inbox.get("/letters/1/source")
    assert source.headers["content-type"].startswith("text/plain")
    assert source.headers["x-content-type-options"] == "nosniff"


def test_a_letter_without_html_has_no_frame(inbox) -> None:
    put(inbox, TEXT_ONLY)
    page = inbox.get("/letters/1")
    assert "only words" in page.text
    assert "<iframe" not in page.text


def test_what_is_not_there(inbox) -> None:
    assert inbox.get("/letters/1").status_code == 404
    assert inbox.get("/static/house.css").status_code == 200
