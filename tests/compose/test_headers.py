"""Header fields: one field each whatever is put into them, folded, 7-bit, read back by a parser as they were."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from email.utils import getaddresses

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.compose import headers
from mailer.compose.characters import one_line
from mailer.errors import BadInput

texts = st.one_of(
    st.text(max_size=200),
    st.text(st.sampled_from("ab <>@,;:\"'()[]\\=?_.\r\n\té€😀"), max_size=120),
)
HOSTILE = [
    "x\r\nBcc: spy@evil.example",
    "x\nSubject: other",
    "=?utf-8?q?=0D=0ABcc:_spy@evil.example?=",
    'Jo" <spy@evil.example>, "',
    "a@evil.example, b@evil.example",
    "Jo (comment) ;group: x;",
    "\\",
    '\\"',
    "=?",
    "é" * 200,
    "x" * 2000,
    " ",
    "\0",
]
ENCODED = re.compile(r"=\?utf-8\?[qb]\?[!->@-~]*\?=")


def parsed(field: str) -> list[tuple[str, str]]:
    """Hold one field to the rules of the wire and return what a parser makes of it."""
    assert field.endswith("\r\n")
    assert field.isascii()
    assert field.count("\r") == field.count("\n") == field.count("\r\n")
    lines = field.removesuffix("\r\n").split("\r\n")
    assert all(line.startswith(" ") and line.strip() for line in lines[1:])
    assert all(len(line) <= 998 for line in lines)
    for line in lines:
        assert len(line) <= 76 or not ENCODED.search(line)
    assert all(len(word) <= 75 for word in ENCODED.findall(field))
    message = message_from_bytes(field.encode() + b"\r\n", policy=default)
    assert not message.defects
    assert not [defect for value in message.values() for defect in value.defects]
    return [(name, str(value)) for name, value in message.items()]


def with_hostile(test):
    """Add the texts that have broken others."""
    for text in HOSTILE:
        test = example(text)(test)
    return test


@with_hostile
@given(texts)
def test_a_text_field_is_one_field_and_reads_back(text: str) -> None:
    field = headers.text_field("Subject", text)
    assert parsed(field) == [("Subject", one_line(text))]
    assert all(len(line) <= 78 for line in field.split("\r\n"))


@with_hostile
@given(texts)
def test_a_display_name_is_one_mailbox_and_reads_back(text: str) -> None:
    field = headers.mailbox_field("From", text, "press@water.example")
    parsed(field)
    boxes = message_from_bytes(field.encode() + b"\r\n", policy=default)["From"].addresses
    assert [box.addr_spec for box in boxes] == ["press@water.example"]
    # Read with the older decoder: the newer one keeps the blank between two encoded words of a phrase.
    [(name, address)] = getaddresses([field.removeprefix("From: ").replace("\r\n", "")])
    assert address == "press@water.example"
    assert str(make_header(decode_header(name))) == one_line(text)


@with_hostile
@given(texts)
def test_a_list_title_leaves_the_list_id_alone(text: str) -> None:
    field = headers.list_id_field(text, "news.water.example")
    [(name, value)] = parsed(field)
    assert name == "List-Id"
    assert value.endswith("<news.water.example>")
    assert re.sub(r'"(?:[^"\\]|\\.)*"', "", field).count("<") == 1


def test_plain_things_stay_plain() -> None:
    assert headers.text_field("Subject", "Water is back") == "Subject: Water is back\r\n"
    assert headers.mailbox_field("To", "", "jo@a.example") == "To: jo@a.example\r\n"
    assert headers.mailbox_field("To", "Jo Reader", "jo@a.example") == "To: Jo Reader <jo@a.example>\r\n"
    assert headers.mailbox_field("To", "Reader, Jo", "jo@a.example") == 'To: "Reader, Jo" <jo@a.example>\r\n'
    assert headers.mailbox_field("To", "Jörg", "jo@a.example") == "To: =?utf-8?q?J=C3=B6rg?= <jo@a.example>\r\n"
    assert headers.text_field("Subject", "Водa") == "Subject: =?utf-8?b?0JLQvtC0YQ==?=\r\n"
    assert headers.text_field("Subject", "") == "Subject:\r\n"
    assert (
        headers.list_id_field("Nachrichten für alle", "n.a.example")
        == "List-Id: =?utf-8?q?Nachrichten_f=C3=BCr_alle?= <n.a.example>\r\n"
    )
    assert headers.list_id_field("Вода", "n.a.example") == "List-Id: =?utf-8?b?0JLQvtC00LA=?= <n.a.example>\r\n"
    assert headers.list_id_field(" ", "n.a.example") == "List-Id: <n.a.example>\r\n"


def test_long_plain_text_is_folded_at_blanks() -> None:
    field = headers.text_field("Subject", "word " * 40)
    assert "=?" not in field
    assert max(map(len, field.split("\r\n"))) <= 76


@pytest.mark.parametrize(
    "address",
    ["", "x", "a@b@c.example", "a@b.example, c@d.example", "a@b.example>", "<a@b.example", "a b@c.example",
     "a@b.example\r\nBcc: x@y.example", '"a"@b.example', "jörg@a.example", "a@bücher.example", "a@b.example\n"],
)  # fmt: skip
def test_what_is_not_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(BadInput) as caught:
        headers.mailbox_field("To", "Jo", address)
    assert caught.value.place == "To"
    assert caught.value.cure


def test_a_local_part_beyond_ascii_needs_smtputf8() -> None:
    with pytest.raises(BadInput, match="need SMTPUTF8"):
        headers.mailbox_field("To", "", "jörg@a.example")
    assert headers.mailbox_field("To", "", "jörg@a.example", smtputf8=True) == "To: jörg@a.example\r\n"
    for bad in ("jö rg@a.example", "jö\r\n@a.example", "jö,x@a.example", "jö<x@a.example"):
        with pytest.raises(BadInput):
            headers.mailbox_field("To", "", bad, smtputf8=True)


def test_a_long_uri_is_neither_encoded_nor_broken() -> None:
    uri = "https://water.example/u/" + "a=?b&" * 150
    field = headers.uri_field("List-Unsubscribe", [uri, "mailto:leave@water.example?subject=x"])
    assert field == f"List-Unsubscribe: <{uri}>,\r\n <mailto:leave@water.example?subject=x>\r\n"


@pytest.mark.parametrize("uri", ["http://127.0.0.1:8080/u/x", "http://localhost/u?x", "http://[::1]:80/u"])
def test_http_is_for_this_machine_only(uri: str) -> None:
    assert headers.uri_field("List-Unsubscribe", [uri]) == f"List-Unsubscribe: <{uri}>\r\n"


@pytest.mark.parametrize(
    "uri",
    ["http://water.example/u", "http://localhost.evil.example/", "http://127.0.0.1@evil.example/", "javascript:x",
     "https://", "https://a.example/x>, <https://evil.example", "https://a.example/ x", "https://a.example/\r\nBcc: x",
     "https://a.example/é", "ftp://a.example/x", "", "https://a.example/" + "x" * 1000],
)  # fmt: skip
def test_other_uris_are_refused(uri: str) -> None:
    with pytest.raises(BadInput) as caught:
        headers.uri_field("List-Unsubscribe", [uri])
    assert caught.value.place == "List-Unsubscribe"


@pytest.mark.parametrize(
    "unique",
    ["", "x", "a@b@c", "a b@c.example", "a@c.example>", ".a@b.example", "a..b@c.example", "a@c\r\n", "é@c.example"],
)
def test_a_bad_message_id_is_refused(unique: str) -> None:
    with pytest.raises(BadInput, match="not a message id"):
        headers.id_field("Message-ID", unique)


@pytest.mark.parametrize("unique", ["", "news", "news@a.example", "a b.example", "a.b>", "x." + "a" * 260])
def test_a_bad_list_id_is_refused(unique: str) -> None:
    with pytest.raises(BadInput, match="is not a list id"):
        headers.list_id_field("News", unique)


def test_a_field_of_our_own_is_ascii() -> None:
    with pytest.raises(BadInput):
        headers.plain_field("Feedback-ID", "a\r\nb")


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)),  # noqa: DTZ001 - the zone is drawn beside it
    st.integers(-14, 14),
)
def test_the_date_reads_back_and_has_a_numeric_zone(moment: datetime, hours: int) -> None:
    aware = moment.replace(microsecond=0, tzinfo=timezone(timedelta(hours=hours)))
    field = headers.date_field(aware)
    assert re.fullmatch(r"Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000\r\n", field)
    message = message_from_bytes(field.encode() + b"\r\n", policy=default)
    assert message["Date"].datetime == aware.astimezone(UTC)


def test_a_date_without_zone_is_refused() -> None:
    with pytest.raises(BadInput, match="no zone"):
        headers.date_field(datetime(2026, 3, 4))  # noqa: DTZ001 - the point of the test
