"""Whatever is sent to whatever page, the answer is calm: never a fault of ours, never a change by accident."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.store.engine import Store
from mailer.tokens import Keys
from mailer.web import forms, public
from tests.web.town import Town, build

NASTY = [
    "\x00", "a\x00b@example.org", "\udc80", "\u202e\u200b\ufeff", "' OR 1=1 --", "<script>alert(1)</script>",
    "{{ 7*7 }}", "%s%n", "../../etc/passwd", "\r\nSet-Cookie: a=b", "a" * 5000, "é" * 3000, "🦦" * 500, "-1", "9" * 40,
    "true", "[]",
]  # fmt: skip
FIELDS = ["address", "list", "name", "language", "page", "website", "shown_at", "action", "reason", "format",
          "next", "keep", "take", "city", "List-Unsubscribe"]  # fmt: skip
PROPER = {"address": "a@example.org", "list": "press", "action": "save", "language": "en", "format": "html"}
KINDS = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=x; charset=idna",
    "multipart/form-data; boundary=x; charset=rot13",
    "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data; boundary=\xff",
    "application/json",
    ";;;===",
    "",
]
METHODS = ["GET", "POST", "POST", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "BREW"]
URLENCODED, MULTIPART = {"Content-Type": KINDS[0]}, {"Content-Type": KINDS[3]}


def doors(town: Town) -> list[str]:
    """Return every public address, filled with what is there and with what is not."""
    reader, asked = town.reader("press", "works"), town.asked()
    notice = town.notice_links(asked)
    real = {"c": notice["confirm"], "n": notice["not_me"], "u": town.leave(reader), "m": town.links.choices(reader.id)}
    return [
        path.format(token=token, list=name, slug=name, code=name)
        for path, _ in public.ROUTES
        for token, name in (
            (real.get(path.split("/")[1], "").rsplit("/", 1)[-1], "press"),
            ("AQ" + "x" * 22, "nothing"),
        )
    ]


def multipart(parts: list[tuple[str, bytes]]) -> bytes:
    """Return a multipart body with boundary x."""
    head = 'Content-Disposition: form-data; name="%s"\r\n\r\n'
    return b"".join(b"--x\r\n" + (head % name).encode() + value + b"\r\n" for name, value in parts) + b"--x--\r\n"


@pytest.fixture(scope="module")
def whole_town(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[Town]:
    path = tmp_path_factory.mktemp("town") / "subscribers.db"
    shutil.copy(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    # What robots do here must not end at the limit for one network.
    town = build(store, keys, signup={"per_network_hour": 10_000})
    with town.client:
        yield town
    store.close()


@pytest.fixture(scope="module")
def every_door(whole_town: Town) -> list[str]:
    return doors(whole_town)


BODIES = st.one_of(
    st.binary(max_size=300),
    st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(NASTY) | st.text(max_size=50)), max_size=8).map(
        lambda pairs: (
            "&".join(f"{name}={value}" for name, value in pairs).encode("utf-8", "surrogateescape")
            if not any("\ud800" <= letter < "\udc00" for _, value in pairs for letter in value)
            else b"name=\xed\xa0\x80"
        )
    ),
    st.lists(st.tuples(st.sampled_from(FIELDS), st.binary(max_size=40)), max_size=5).map(multipart),
)


@settings(max_examples=150)
@given(data=st.data(), body=BODIES, kind=st.sampled_from(KINDS), method=st.sampled_from(METHODS))
def test_any_body_of_any_kind_is_answered_calmly(
    whole_town: Town, every_door: list[str], data: st.DataObject, body: bytes, kind: str, method: str
) -> None:
    path = data.draw(st.sampled_from(every_door))
    answer = whole_town.client.request(method, path, content=body, headers={"Content-Type": kind.encode("latin-1")})
    assert answer.status_code < 500


@settings(max_examples=100)
@given(
    room=st.sampled_from(["", "s/", "c/", "u/", "m/", "a/", "a/press/", "static/"]),
    path=st.text(max_size=60),
    query=st.text(max_size=40),
)
def test_any_address_is_answered_calmly(whole_town: Town, room: str, path: str, query: str) -> None:
    quoted = (quote(part, errors="replace") for part in (path, query))
    answer = whole_town.client.get("/{}{}?page={}".format(room, *quoted))
    assert answer.status_code < 500


def test_nasty_words_in_every_field_of_every_form(town: Town) -> None:
    """On both stores: PostgreSQL refuses what SQLite keeps, and the other way round."""
    reader, asked = town.reader(), town.asked()
    posts = ["/s", "/m", town.leave(reader), town.links.choices(reader.id), town.notice_links(asked)["confirm"]]
    for nasty in NASTY:
        value = nasty.encode("utf-8", "surrogateescape")
        for door in posts:
            body = multipart([(name, value) for name in FIELDS])
            assert town.client.post(door, content=body, headers=MULTIPART).status_code < 500, (door, nasty)
    for field in FIELDS:
        for door in posts:
            data = {**PROPER, field: "\x00\u202e';--<b>"}
            assert town.client.post(door, data=data).status_code < 500, (door, field)
    for nasty in NASTY:
        for room in ("/s/", "/a/", "/a/press/", "/u/"):
            assert town.client.get(room + quote(nasty, errors="replace")).status_code == 404
    town.answer_signups()


def ask(town: Town, headers: dict[str, str], chunk: bytes) -> tuple[int, int]:
    """Post chunks without end, past what a client would send; return the status and how many were read."""
    sent: list[Any] = []
    read = [0]

    async def receive() -> dict[str, Any]:
        read[0] += 1
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(answer: Any) -> None:
        sent.append(answer)

    fields = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/s", "raw_path": b"/s", "query_string": b"", "headers": fields,
             "client": ("192.0.2.1", 1), "server": ("127.0.0.1", 8000), "scheme": "http", "root_path": "",
             "http_version": "1.1", "asgi": {"version": "3.0"}}  # fmt: skip
    asyncio.run(town.client.app(scope, receive, send))  # type: ignore[arg-type]
    return sent[0]["status"], read[0]


@pytest.mark.parametrize("length", ["300000000", "9" * 4000, "-5", "²", "", "0x10", "1_0"])
def test_a_body_said_to_be_large_or_odd_is_not_read(small_town: Town, length: str) -> None:
    assert ask(small_town, {"Content-Length": length}, b"x") == (413, 0)


def test_a_body_without_end_is_read_up_to_the_limit(small_town: Town) -> None:
    status, read = ask(small_town, {"Content-Length": "10"}, b"x" * 8192)
    assert (status, read) == (413, forms.BODY_BYTES // 8192 + 1)
    assert ask(small_town, {}, b"x" * 8192) == (413, forms.BODY_BYTES // 8192 + 1)


@pytest.mark.parametrize("body", [b"a=1&" * 16_000, b";" * 60_000, b"=" * 60_000, b"%" * 60_000, b"&" * 60_000])
def test_many_fields_are_refused_or_ignored(small_town: Town, body: bytes) -> None:
    before = small_town.dump()
    assert small_town.client.post("/s", content=body, headers=URLENCODED).status_code in (400, 422)
    assert small_town.dump() == before


@pytest.mark.parametrize(
    "parts",
    [
        [("field", b"x")] * 900,
        [("address", b"x" * 60_000)],
        [('file"; filename="a.txt', b"x")],
        [("x" * 30_000, b"x")],
    ],
    ids=["many", "long", "file", "long name"],
)
def test_hostile_multipart_is_refused_or_ignored(small_town: Town, parts: list[tuple[str, bytes]]) -> None:
    before = small_town.dump()
    assert small_town.client.post("/s", content=multipart(parts), headers=MULTIPART).status_code in (400, 422)
    assert small_town.dump() == before
