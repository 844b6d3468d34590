"""One delivery becomes one message: whole, well-formed, the same every time, and nobody can add to it."""

import datetime
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.compose.edition import Edition, EditionFacts, NoticeFacts, compile_edition, compile_notice
from mailer.compose.message import build
from mailer.errors import BadInput
from tests.compose.making import DECLARED, LINKS, LIST, MAILING, MOMENT, STATEMENT, letter, write
from tests.compose.received import hostile, pieces, received, text_of

PAGE_HTML = """<!DOCTYPE html>
<html lang="{{ mailing.language }}" dir="{{ mailing.direction }}"><head><meta charset="utf-8">
<title>{{ mailing.subject }}</title><style>{{ style }}</style></head><body>
<p class="a">Dear {{ reader.name or "reader" }}{% if reader.city %} in {{ reader.city }}{% endif %},</p>
{% for s in statements %}<h1>{{ s.title }}</h1>{{ s.body }}{{ s.deck }}{{ s.note }}{% endfor %}
<p>{{ mlist.title }} {{ mlist.organisation }} {{ mlist.postal_address }} {{ reader.page }}</p>
<p><a href="{{ links.unsubscribe }}">Leave</a> <a href="https://water.example/?c={{ reader.city }}">Town</a></p>
</body></html>
"""
PAGE_TXT = """Dear {{ reader.name or "reader" }}{% if reader.city %} in {{ reader.city }}{% endif %},

{% for s in statements %}{{ s.title }}

{{ s.body }} {{ s.deck }} {{ s.note }}
{% endfor %}
{{ mlist.title }} {{ mlist.organisation }} {{ mlist.postal_address }} {{ reader.page }}
Leave: {{ links.unsubscribe }}
"""
STYLE = "p.a { color: #333 } @media (max-width: 600px) { h1 { font-size: 20px } }"
FACTS = EditionFacts((STATEMENT,), LIST, MAILING, "small", declared=DECLARED)
ONCE = (
    "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "List-Id", "List-Unsubscribe", "Reply-To",
    "List-Unsubscribe-Post", "List-Post", "List-Archive", "Precedence", "Feedback-ID", "X-Auto-Response-Suppress",
    "Content-Type",
)  # fmt: skip


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Give the folder of the template."""
    return write(tmp_path_factory.mktemp("m"), page_html=PAGE_HTML, page_txt=PAGE_TXT, style_css=STYLE)


@pytest.fixture(scope="module")
def compiled(folders: tuple[Path, ...]) -> Edition:
    """Give the edition compiled from it."""
    return compile_edition(FACTS, folders)


@pytest.fixture(scope="module")
def notice(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """Give a compiled notice whose subject depends on the reader."""
    folder = tmp_path_factory.mktemp("n") / "notices" / "confirm"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("{{ reader.name or 'Reader' }}, confirm\n{{ notice.lists|join(', ') }}\n")
    (folder / "body.txt").write_text("{{ site.name }} {{ site.base_url }}: {{ links.confirm }}\n")
    (folder / "body.html").write_text(
        "<html><body><p>{{ mailing.name }}<a href='{{ links.confirm }}'>Confirm</a></p></body></html>"
    )
    facts = NoticeFacts(
        "confirm", "press@water.example", "Riverside Water", site_name="Water", site_url="https://water.example",
        organisation="Riverside Water", notice={"lists": ["News", "Tolls"]},
    )  # fmt: skip
    return compile_notice(facts, (folder.parents[1],))


def test_an_edition_arrives_whole(compiled: Edition) -> None:
    one = letter(values={"city": "Bern", "page": "p"})
    message = received(build(compiled.program, one))
    assert sorted(message.keys()) == sorted(ONCE)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    who = {"name": "Jo Reader", "city": "Bern", "page": "p"}
    assert text_of(message, "plain") == compiled.text_for(who, LINKS)
    assert text_of(message, "html") == compiled.html_for(who, LINKS)
    assert "Dear Jo Reader in Bern," in text_of(message, "plain")
    assert '<p class="a" style="color:#333">Dear Jo Reader in Bern,</p>' in text_of(message, "html")
    assert '<a href="https://water.example/?c=Bern">' in text_of(message, "html")


def test_the_head_of_an_edition(compiled: Edition) -> None:
    message = received(build(compiled.program, letter()))
    expected = {
        "From": "Riverside Water <press@water.example>",
        "To": "Jo Reader <jo@reader.example>",
        "Reply-To": "desk@water.example",
        "Subject": "Water supply restored",
        "Date": "Wed, 04 Mar 2026 09:30:00 +0000",
        "Message-ID": "<01h2.7x@water.example>",
        "MIME-Version": "1.0",
        "List-Id": "News of the water works <news.water.example>",
        "List-Unsubscribe": "<https://water.example/u/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Archive": "<https://water.example/archive>",
        "List-Post": "NO",
        "Precedence": "bulk",
        "X-Auto-Response-Suppress": "DR, RN, NRN, OOF, AutoReply",
    }
    for name, value in expected.items():
        assert message[name] == value
    assert message["Feedback-ID"].endswith(":news:edition:waterexample")
    assert message["Feedback-ID"].count(":") == 3
    assert "Auto-Submitted" not in message


def test_the_head_of_a_notice(notice: Edition) -> None:
    one = letter(links={"confirm": "https://water.example/c/1"}, name="Jörg")
    message = received(build(notice.program, one))
    assert message["Subject"] == "Jörg, confirm News, Tolls"
    assert message["Auto-Submitted"] == "auto-generated"
    assert not [name for name in message.keys() if name.startswith(("List-", "Precedence", "X-", "Feedback"))]  # noqa: SIM118
    assert 'href="https://water.example/c/1"' in text_of(message, "html")
    assert notice.subject_for({}, {}) == "Reader, confirm News, Tolls"


def test_no_one_click_address_no_fields(compiled: Edition) -> None:
    message = received(build(compiled.program, letter(unsubscribe_url="")))
    assert "List-Unsubscribe" not in message
    assert "List-Unsubscribe-Post" not in message


def test_a_mailto_stands_second(compiled: Edition) -> None:
    wire = build(compiled.program, letter(unsubscribe_mailto="mailto:leave-abc@water.example"))
    assert b"List-Unsubscribe: <https://water.example/u/abc>,\r\n <mailto:leave-abc@water.example>\r\n" in wire
    received(wire)


def test_a_long_one_click_address_stays_in_one_piece(compiled: Edition) -> None:
    url = "https://water.example/u/" + "a1-_" * 200
    wire = build(compiled.program, letter(unsubscribe_url=url))
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in wire
    received(wire)


def test_text_only_is_a_single_part(folders: tuple[Path, ...]) -> None:
    edition = compile_edition(replace(FACTS, format="text"), folders)
    message = received(build(edition.program, letter()))
    assert message.get_content_type() == "text/plain"
    assert not message.is_multipart()
    assert str(message.get_content()).replace("\r\n", "\n") == edition.text_for({"name": "Jo Reader"}, LINKS)
    assert edition.html_for({}, {}) == ""
    assert edition.html_bytes == 0


def test_the_same_delivery_gives_the_same_bytes(compiled: Edition, folders: tuple[Path, ...]) -> None:
    again = compile_edition(FACTS, folders)
    assert again == compiled
    assert again.hash == compiled.hash
    assert build(again.program, letter()) == build(compiled.program, letter())


def test_a_domain_beyond_ascii_becomes_an_a_label(compiled: Edition) -> None:
    message = received(build(compiled.program, letter(address="jo@bücher.example")))
    assert message["To"].addresses[0].addr_spec == "jo@xn--bcher-kva.example"


def test_a_local_part_beyond_ascii_needs_smtputf8(compiled: Edition) -> None:
    with pytest.raises(BadInput, match="SMTPUTF8"):
        build(compiled.program, letter(address="jörg@bücher.example"))
    wire = build(compiled.program, letter(address="jörg@bücher.example", smtputf8=True))
    assert "To: Jo Reader <jörg@xn--bcher-kva.example>\r\n".encode() in wire
    received(wire.replace("jörg".encode(), b"joerg"))


@pytest.mark.parametrize(
    "change",
    [
        {"address": "a@b.example, c@d.example"},
        {"address": "a@b.example\r\nBcc: c@d.example"},
        {"address": ""},
        {"message_id": "x>\r\nBcc: c@d.example"},
        {"unsubscribe_url": "http://water.example/u"},
        {"unsubscribe_url": "https://water.example/u>, <https://evil.example"},
        {"unsubscribe_mailto": "mailto:a@b.example>\r\nBcc: x"},
        {"date": datetime.datetime(2026, 3, 4)},  # noqa: DTZ001 - the point of the test
    ],
)
def test_a_letter_that_would_break_the_head_is_refused(compiled: Edition, change: dict[str, object]) -> None:
    with pytest.raises(BadInput) as caught:
        build(compiled.program, letter(**change))
    assert caught.value.place
    assert caught.value.cure


def test_values_are_read_from_the_frozen_delivery_only(compiled: Edition) -> None:
    assert compiled.reads == ("city", "name", "page")
    assert compiled.requires == ("city", "page")
    assert compiled.program.reads == ("links.unsubscribe", "reader.city", "reader.name", "reader.page")


@settings(max_examples=150)
@given(name=hostile, city=hostile, page=hostile, url=hostile)
@example(name="\r\n.\r\n", city="=_", page="x" * 3000, url="javascript:alert(1)")
def test_no_value_of_a_reader_can_add_anything(
    compiled: Edition, notice: Edition, name: str, city: str, page: str, url: str
) -> None:
    one = letter(name=name, values={"city": city, "page": page}, links={"unsubscribe": url, "confirm": url})
    message = received(build(compiled.program, one))
    assert sorted(message.keys()) == sorted(ONCE)
    assert [box.addr_spec for box in message["To"].addresses] == ["jo@reader.example"]
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    html = text_of(message, "html")
    assert html.count("<script") == 0
    assert html.count("<") == compiled.html_for({"city": "x" if city.strip() else ""}, {}).count("<")
    assert re.search(r'<a href="(#|https?://[^"<>\s]*|mailto:[^"<>\s]*)">Leave</a>', html)
    plain = received(build(notice.program, one))
    assert len(plain.keys()) == 8
    assert [box.addr_spec for box in plain["To"].addresses] == ["jo@reader.example"]


@settings(max_examples=60)
@given(given_texts=st.tuples(*[hostile] * 10))
def test_no_field_of_a_mailing_can_add_anything(folders: tuple[Path, ...], given_texts: tuple[str, ...]) -> None:
    subject, title, organisation, postal, name, headline, deck, note, body, preheader = given_texts
    facts = EditionFacts(
        (replace(STATEMENT, title=headline, deck=deck, note=note, body_text=body),),
        replace(LIST, title=title, organisation=organisation, postal_address=postal, from_name=name),
        replace(MAILING, subject="S" + subject, preheader=preheader),
        "small",
        declared=DECLARED,
    )
    message = received(build(compile_edition(facts, folders).program, letter()))
    assert sorted(message.keys()) == sorted(ONCE)
    assert [box.addr_spec for box in message["From"].addresses] == ["press@water.example"]
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert "<script" not in text_of(message, "html")


@pytest.mark.parametrize("body", list(pieces()), ids=lambda text: repr(text[:12]))
def test_hard_texts_arrive_as_they_were(folders: tuple[Path, ...], body: str) -> None:
    statement = replace(STATEMENT, body_text=body, body_html=f"<p>{'x' * 1200}</p><pre>{'.' * 300}\n.\n</pre>")
    edition = compile_edition(replace(FACTS, statements=(statement,)), folders)
    message = received(build(edition.program, letter()))
    assert text_of(message, "plain") == edition.text_for({"name": "Jo Reader"}, LINKS)
    assert text_of(message, "html") == edition.html_for({"name": "Jo Reader"}, LINKS)


def test_the_date_is_the_letters_own(compiled: Edition) -> None:
    later = MOMENT + datetime.timedelta(days=7)
    assert received(build(compiled.program, letter(date=later)))["Date"].datetime == later
