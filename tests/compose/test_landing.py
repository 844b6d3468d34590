"""Where a late value may stand in a page, and how it is written there."""

from pathlib import Path
from typing import Any

import pytest

from mailer.compose.inline import place_spots
from mailer.compose.spots import Part
from mailer.compose.template import render
from mailer.errors import BadInput
from tests.compose.making import KNOWN, PAGE

TAG = "a late value cannot stand inside a tag but outside a quoted attribute value"
QUOTES = "put it between quotes"
SIDES = "open and close every tag on the same side"
CLASS = "give the element a class"
TWICE = "write the element twice"

REFUSED = [
    ('<p class="{{ reader.city }}">x</p>', "cannot stand in the attribute class", TWICE),
    ('<p class="a {% if reader.city %}b{% endif %}">x</p>', "cannot stand in the attribute class", TWICE),
    ('<p id="{{ reader.city }}">x</p>', "cannot stand in the attribute id", TWICE),
    ('<p style="color: {{ reader.city }}">x</p>', "cannot stand in the attribute style", TWICE),
    ('<p onclick="{{ reader.city }}">x</p>', "cannot stand in the attribute onclick", TWICE),
    ('<img srcset="{{ reader.page }} 2x">', "cannot stand in the attribute srcset", TWICE),
    ("<style>p { color: {{ reader.city }} }</style>", "a late value cannot stand in <style>", "style every case"),
    ("<style>{% if reader.city %}p { color: red }{% endif %}</style>", "cannot stand in <style>", "style every case"),
    ("<!--[if mso]><style>{{ reader.city }}</style><![endif]-->", "cannot stand in <style>", "style every case"),
    ("<script>{{ reader.city }}</script>", "a late value cannot stand in <script>", ""),
    ("<p {{ reader.city }}>x</p>", TAG, QUOTES),
    ("<p {% if reader.city %}title='a'{% endif %}>x</p>", TAG, QUOTES),
    ("<p {{ reader.city }}='a'>x</p>", TAG, QUOTES),
    ("<{{ reader.city }}>x</p>", TAG, QUOTES),
    ("<!--[if mso]><p {{ reader.city }}>x</p><![endif]-->", TAG, QUOTES),
    ("<!--[if mso]><p title={{ reader.city }}>x</p><![endif]-->", TAG, QUOTES),
    ("</p {{ reader.city }}>", "a late value was lost between the template and the page", "print it as text"),
    ("{% if reader.city %}<b>{% endif %}x</b>", "the late block from p ends in b", SIDES),
    ("{% if reader.city %}<i>a</i><b>{% else %}x{% endif %}</b>", "the late block from p ends in b", SIDES),
    ("<div>{% if reader.city %}</div>{% endif %}", "the late block from div ends in body", SIDES),
    ("{% if reader.city %}<!--[if mso]>{% endif %}<![endif]-->", "the late block from p ends in", SIDES),
    ('{% if reader.city %}<a title="{% endif %}">x</a>', "the late block from p ends in a", SIDES),
    ('<a href="{{ reader.city }}" title="{% if reader.name %}" rel="{% endif %}">x</a>', "ends in a", SIDES),
    (
        '<a href="javascript:f({{ reader.city }})">x</a>',
        "an address that begins with javascript:",
        "https:// or mailto:",
    ),
    (
        '<a href="{% if reader.city %} DATA:text/html,{{ reader.city }}{% else %}https://a.ex/{% endif %}">x</a>',
        "an address that begins with DATA:",
        "https:// or mailto:",
    ),
    (
        '<a href="{% if reader.city %}https://a.example/{% endif %}{{ reader.page }}">x</a>',
        "whether an address begins here depends on the reader",
        "write each whole address in its own branch",
    ),
    (
        '<a href="{% for x in reader.city|split %}{{ x }}{% endfor %}">x</a>',
        "whether an address begins here depends on the reader",
        "write each whole address in its own branch",
    ),
]
STYLED = [
    ("p + p { color: red }", "<p>a</p>{% if reader.city %}<p>b</p>{% endif %}<p>c</p>", '"p + p" depends on which'),
    ("b ~ i { color: red }", "<p>{% if reader.city %}<b>b</b>{% endif %}<i>c</i></p>", '"b ~ i" depends on which'),
    ("p:first-child { color: red }", "{% if reader.city %}<p>b</p>{% endif %}<p>c</p>", '"p:first-child" depends on'),
    (
        "td:last-child { color: red }",
        "<table><tr><td>a</td>{% for x in reader.topics|split %}<td>b</td>{% endfor %}</tr></table>",
        '"td:last-child" depends on',
    ),
    ("p + p b { color: red }", "<p>a</p>{% if reader.city %}<p>b</p>{% endif %}<p>c</p>", '"p + p b" depends on which'),
    ('a[href^="https"] { color: red }', '<a href="{{ links.manage }}">x</a>', "looks at href, which is late here"),
]


def placed(folder: Path, page: str) -> Part:
    """Compile a page and take it apart."""
    (folder / "page.html").write_text(page)
    draft = render("page.html", {}, folders=(folder,), kind="html", known=KNOWN)
    return place_spots(draft.text, draft.spots)


@pytest.mark.parametrize(("body", "problem", "cure"), REFUSED, ids=[case[0] for case in REFUSED])
def test_a_bad_place_is_refused_with_line_and_cure(tmp_path: Path, body: str, problem: str, cure: str) -> None:
    with pytest.raises(BadInput) as caught:
        placed(tmp_path, PAGE.format("<p>\n\n" + body))
    assert problem in caught.value.problem
    assert caught.value.place == "page.html:3"
    assert cure in caught.value.cure


@pytest.mark.parametrize(("css", "body", "problem"), STYLED, ids=[case[0] for case in STYLED])
def test_a_selector_that_depends_on_late_blocks_is_refused(tmp_path: Path, css: str, body: str, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        placed(tmp_path, PAGE.format(f"<style>{css}</style>\n<div>\n{body}</div>"))
    assert problem in caught.value.problem
    assert caught.value.place == "page.html:3"
    assert CLASS in caught.value.cure


@pytest.mark.parametrize(
    ("css", "body"),
    [
        ("p + p { color: red }", "<p>a</p><p>b</p><div>{% if reader.city %}<b>x</b>{% endif %}</div>"),
        ("li:first-child { color: red }", "{% if reader.city %}<ul><li>a</li></ul>{% endif %}"),
        ("a[href] { color: red }", '<a href="{{ links.manage }}">x</a>'),
        ("a[title=b] { color: red }", '<a href="{{ links.manage }}" title="b">x</a>'),
        ("p:nth-child(2) { color: red }", "<p>a</p>{% if reader.city %}<p>b</p>{% endif %}"),
    ],
)
def test_a_selector_away_from_late_blocks_or_left_to_the_client_is_fine(tmp_path: Path, css: str, body: str) -> None:
    assert placed(tmp_path, PAGE.format(f"<style>{css}</style>{body}"))


def modes(part: Part) -> list[Any]:
    """Return how the spots of a part are written."""
    found: list[Any] = []
    for node in part:
        match node:
            case ["spot", mode, _]:
                found.append(mode)
            case ["if", _, yes, no]:
                found += modes(yes) + modes(no)
            case ["for", _, _, _, body, _]:
                found += modes(body)
    return found


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{{ reader.name }}", ["html"]),
        ('<b title="{{ reader.name }}">x</b>', ["html"]),
        ('<a href="{{ links.manage }}">x</a>', ["url"]),
        ('<a href=" {{ links.manage }}#{{ reader.city }}">x</a>', ["url", "component"]),
        ('<a href="https://a.example/?c={{ reader.city }}">x</a>', ["component"]),
        ('<a href="https://a.example/?c={{ reader.city|urlencode }}">x</a>', ["encoded"]),
        ('<a href="mailto:{{ reader.address }}">x</a>', ["component"]),
        ('<td background="{{ reader.page }}">x</td>', ["url"]),
        (
            '<a href="{% if reader.city %}{{ links.manage }}{% else %}https://a.ex/{{ reader.age }}{% endif %}"></a>',
            ["url", "component"],
        ),
        ('<a href="https://a.example/{% for x in reader.city|split %}{{ x }}{% endfor %}">x</a>', ["component"]),
        ("<!--[if mso]><v:rect href='{{ links.manage }}'>{{ reader.name }}</v:rect><![endif]-->", ["url", "html"]),
        ("<!-- {{ reader.name }} -->", ["html"]),
    ],
)
def test_the_place_decides_how_a_value_is_written(tmp_path: Path, body: str, expected: list[str]) -> None:
    assert modes(placed(tmp_path, PAGE.format(f"<p>{body}</p>"))) == expected


def test_late_blocks_may_stand_in_head_in_tables_and_in_conditional_comments(tmp_path: Path) -> None:
    page = (
        '<html><head>{% if reader.city %}<meta name="a">{% endif %}<title>{% if reader.city %}a{% else %}b{% endif %}'
        "</title></head><body><table>{% if reader.name %}<tr><td>x</td></tr>{% endif %}</table>"
        "<!--[if mso]>{% if reader.city %}<table><tr><td>{% else %}<p>{% endif %}<![endif]--></body></html>"
    )
    text = str(placed(tmp_path, page))
    assert "<head>', ['if'" in text
    assert "<table>', ['if'" in text
    assert "<!--[if mso]>', ['if'" in text
    assert "<title>', ['if'" in text


def test_a_value_printed_twice_by_the_inliner_is_refused(tmp_path: Path) -> None:
    # A late width that a rule of the sheet writes over is lost.
    page = PAGE.format('<style>td { width: 10px }</style>\n<table><tr><td width="{{ reader.age }}">x</td></tr></table>')
    with pytest.raises(BadInput) as caught:
        placed(tmp_path, page)
    assert caught.value.place == "page.html:2"
    assert "was lost" in caught.value.problem
