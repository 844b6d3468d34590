"""The wire program: stored as JSON, the same after a round trip, never anything but data."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from mailer.compose.edition import Edition
from mailer.compose.message import build
from mailer.compose.wire import Program
from mailer.errors import Broken
from tests.compose.grown import phrases
from tests.compose.making import LINKS, PAGE, edition, letter

BODY = (
    "<p>{{ reader.name or 'x' }}{% if reader.city and reader.age|int > 17 %}{{ reader.city|upper }}{% endif %}</p>"
    "{% for t in reader.topics|split if t != 'a' %}<b>{{ loop.index }} {{ t }}</b>{% else %}none{% endfor %}"
    "{% for a in ['Bern', 'Ulm'] if a == reader.city %}<i>{{ loop.length }}</i>{% endfor %}"
    "<a href='{{ links.manage }}'>m</a>"
)


@pytest.fixture
def compiled(tmp_path: Path) -> Edition:
    """Give an edition that uses every kind of block."""
    return edition(tmp_path, page_html=PAGE.format(BODY))


def test_a_round_trip_gives_an_equal_program(compiled: Edition) -> None:
    stored = compiled.program.to_bytes()
    again = Program.from_bytes(stored)
    assert again == compiled.program
    assert hash(again) == hash(compiled.program)
    assert again.hash == compiled.hash
    assert Edition(again).requires == compiled.requires
    one = letter(values={"city": "Bern", "age": "18", "topics": "a,b,c"})
    assert build(again, one) == build(compiled.program, one)
    html = Edition(again).html_for({"city": "Bern", "age": "18", "topics": "a,b,c"}, LINKS)
    assert "<p>xBERN</p><b>1 b</b><b>2 c</b><i>1</i>" in html


def test_it_is_ascii_json_with_sorted_keys(compiled: Edition) -> None:
    stored = compiled.program.to_bytes()
    assert stored == json.dumps(json.loads(stored), sort_keys=True, separators=(",", ":")).encode("ascii")


def test_every_text_in_it_is_wire_bytes(compiled: Edition) -> None:
    def texts(part: list[Any]) -> list[str]:
        found = []
        for node in part:
            if isinstance(node, str):
                found.append(node)
            elif node[0] == "if":
                found += texts(node[2]) + texts(node[3])
            elif node[0] == "pick":
                found += [text for case in node[1] for text in texts(case[1])] + texts(node[2])
            elif node[0] == "for":
                found += texts(node[4]) + texts(node[5])
        return found

    tree = compiled.program.tree
    for text in texts(tree["html"]) + texts(tree["text"]):
        assert text.endswith("\r\n")
        assert all(len(line) <= 76 for line in text.split("\r\n"))


def damaged(compiled: Edition, **changes: object) -> bytes:
    """Return the stored program with other values."""
    return json.dumps({**compiled.program.tree, **changes}).encode()


EVIL: list[object] = [
    [["spot", "html", ["eval", "1"]]],
    [["spot", "html", ["filter", "attr", ["get", "reader", "name"], []]]],
    [["spot", "raw", ["get", "reader", "name"]]],
    [["spot", "html", ["const", None]]],
    [["spot", "html", ["cmp", ["const", 1], [["is", ["const", 1]]]]]],
    [["spot", "html", []]],
    [["spot", "html", "x"]],
    [["spot", "html", ["get", "reader"]]],
    [["exec", "x"]],
    [["if", ["const", True], ["x"]]],
    [[]],
    [3],
    "x\u00e9",
]


@pytest.mark.parametrize("part", EVIL, ids=repr)
@pytest.mark.parametrize("where", ["html", "text", "subject"])
def test_what_the_grammar_does_not_know_is_not_run(compiled: Edition, part: object, where: str) -> None:
    with pytest.raises(Broken):
        Program.from_bytes(damaged(compiled, **{where: part}))


@pytest.mark.parametrize("stored", [b"", b"{", b"[]", b"{}", b"null", b"\x80\x04N.", b'"x"'])
def test_other_bytes_are_refused(stored: bytes) -> None:
    with pytest.raises(Broken):
        Program.from_bytes(stored)


def test_another_version_is_refused(compiled: Edition) -> None:
    for changes in ({"version": 2}, {"kind": "spam"}, {"extra": 1}):
        with pytest.raises(Broken):
            Program.from_bytes(damaged(compiled, **changes))


@settings(max_examples=40)
@given(body=phrases.filter(lambda text: not any(word in text for word in ("greet", "shout", "row.html"))))
def test_any_template_survives_storage(tmp_path_factory: pytest.TempPathFactory, body: str) -> None:
    start = "{% set yes = true %}{% set no = false %}{% set nothing = '' %}{% set house = 'H' %}{% set sections = [] %}"
    made = edition(tmp_path_factory.mktemp("w"), page_html=start + PAGE.format(f"<p>{body}</p>"))
    again = Edition(Program.from_bytes(made.program.to_bytes()))
    who = {"name": "Jo", "city": "Bern", "topics": "a,b"}
    assert again.html_for(who, LINKS) == made.html_for(who, LINKS)
    assert again.hash == made.hash
