"""What a template may not do with late values is refused with file, line and cure."""

from pathlib import Path

import pytest

from mailer.compose.template import render
from mailer.errors import BadInput
from tests.compose.making import KNOWN, edition

SET = "print it where it is needed"
MOVE = "move it before the block"
OTHER_NAME = "choose another name"

# (a body whose fault is in its second line, what is said, the cure)
REFUSED = [
    ("{% set x = reader.name %}", "a late value cannot be assigned", SET),
    ("{% set x = 'a' ~ reader.name|upper %}", "a late value cannot be assigned", SET),
    ("{% set x %}{{ reader.name }}{% endset %}", '"reader" cannot be used in a set block', "outside of the block"),
    ("{% set x %}{% if links.manage %}a{% endif %}{% endset %}", '"links" cannot be used in a set block', "outside"),
    ("{% filter upper %}{{ reader.name }}{% endfilter %}", "cannot be used in a filter block", "outside of the block"),
    ("{% autoescape false %}{{ reader.name }}{% endautoescape %}", "in an autoescape block", "outside of the block"),
    ("{% with x = reader.name %}{{ x }}{% endwith %}", "a late value cannot be assigned", SET),
    ("{% if reader.name %}{% set x = 1 %}{% endif %}", "an assignment cannot stand inside a block", MOVE),
    ("{% if reader.name %}{% else %}{% set x = 1 %}{% endif %}", "an assignment cannot stand inside a block", MOVE),
    ("{% for x in reader.name|split %}{% set y = 1 %}{% endfor %}", "an assignment cannot stand inside", MOVE),
    ("{% for x in [1] if reader.name %}{% set y = x %}{% endfor %}", "an assignment cannot stand inside", MOVE),
    ("{% if reader.name %}{% set x %}a{% endset %}{% endif %}", "an assignment cannot stand inside", MOVE),
    ("{% if reader.name %}{% macro m() %}{% endmacro %}{% endif %}", "a macro cannot stand inside a block", MOVE),
    ("{% if reader.name %}{% import 'foot.html' as f %}{% endif %}", "an import cannot stand inside", MOVE),
    ("{% if reader.name %}{% from 'foot.html' import m %}{% endif %}", "an import cannot stand inside", MOVE),
    ("{% include reader.name %}", "the name of an include cannot depend on the reader", "inside its own {% if %}"),
    ("{% import reader.name as x %}", "the name of an import cannot depend on the reader", "one named file"),
    ("{% extends reader.name %}", "the parent of a template cannot depend on the reader", "one named file"),
    ("{{ m(reader.name) }}", "a late value cannot be an argument of a macro", "inside the macro itself"),
    ("{{ m(x=reader.name) }}", "a late value cannot be an argument of a macro", "inside the macro itself"),
    ("{{ m('a' ~ reader.name) or 'b' }}", "a late value cannot be an argument of a macro", "inside the macro itself"),
    ("{{ m(*[reader.name]) }}", "a late value cannot be an argument of a macro", "inside the macro itself"),
    ("{% call m(reader.name) %}{% endcall %}", "a late value cannot be an argument of a macro", "the macro itself"),
    ("{{ m(m('')) }}", "text that depends on the reader cannot be changed", "print the macro or block directly"),
    ("{% if m('') == 'a' %}{% endif %}", "text that depends on the reader cannot be changed", "directly"),
    ("{{ m('')|upper }}", "text that depends on the reader cannot be changed", "directly"),
    ("{% set x = m('') %}{{ x }}", "text that depends on the reader cannot be changed", "directly"),
    ("{% set x %}{{ m('') }}{% endset %}{{ x }}", "text that depends on the reader cannot be changed", "directly"),
    ("{% filter upper %}{{ m('') }}{% endfilter %}", "text that depends on the reader cannot be changed", "directly"),
    ("{{ reader.city or m('') }}", "text that depends on the reader cannot be changed", "directly"),
    ("{{ self.foot()|length }}", "text that depends on the reader cannot be changed", "directly"),
    ("{% set reader = 1 %}", '"reader" is the name of a late value', OTHER_NAME),
    ("{% for links in [] %}{% endfor %}", '"links" is the name of a late value', OTHER_NAME),
    ("{% for a, reader in [] %}{% endfor %}", '"reader" is the name of a late value', OTHER_NAME),
    ("{% with reader = 1 %}{% endwith %}", '"reader" is the name of a late value', OTHER_NAME),
    ("{% macro n(reader) %}{% endmacro %}", '"reader" is the name of a late value', OTHER_NAME),
    ("{% macro reader() %}{% endmacro %}", '"reader" is the name of a late value', OTHER_NAME),
    ("{% call(links) m('') %}{% endcall %}", '"links" is the name of a late value', OTHER_NAME),
    ("{% import 'foot.html' as links %}", '"links" is the name of a late value', OTHER_NAME),
    ("{% from 'foot.html' import m as reader %}", '"reader" is the name of a late value', OTHER_NAME),
    ("{% for x in reader.name|split recursive %}{% endfor %}", "a late loop cannot be recursive", "remove"),
    ("{% for x in [1] if reader.name recursive %}{% endfor %}", "a late loop cannot be recursive", "remove"),
    ("{% for a, b in reader.name|split %}{% endfor %}", "a late loop has one variable", "name a single variable"),
    ("{% for x in reader.city|split %}{% include 'foot.html' %}{% endfor %}", "inside a late loop", "without context"),
    ("{% for x in reader.city|split %}{% block b %}{% endblock %}{% endfor %}", "inside a late loop", "put the loop"),
]


@pytest.mark.parametrize(("body", "problem", "cure"), REFUSED, ids=[case[0] for case in REFUSED])
def test_it_is_refused_with_line_and_cure(tmp_path: Path, body: str, problem: str, cure: str) -> None:
    start = "{% macro m(x) %}{{ reader.name or x }}{% endmacro %}{% block foot %}{{ reader.city }}{% endblock %}\n"
    (tmp_path / "foot.html").write_text("{% macro m() %}{% endmacro %}")
    (tmp_path / "page.html").write_text(start + body)
    with pytest.raises(BadInput) as caught:
        render("page.html", {}, folders=(tmp_path,), kind="html", known=KNOWN)
    assert problem in caught.value.problem
    assert caught.value.place == "page.html:2"
    assert cure in caught.value.cure


@pytest.mark.parametrize(
    ("page", "others"),
    [
        ("{% extends 'base.html' %}", {"base.html": "\n\n{% set x = reader.name %}"}),
        ("{% include 'base.html' %}", {"base.html": "\n\n{% set x = reader.name %}"}),
        ("{% import 'base.html' as b %}", {"base.html": "\n\n{% macro b() %}{% set x = reader.name %}{% endmacro %}"}),
        (
            "{% extends 'top.html' %}",
            {
                "top.html": "{% extends 'base.html' %}",
                "base.html": "\n\n{% filter upper %}{{ links.manage }}{% endfilter %}",
            },
        ),
    ],
)
def test_files_that_are_loaded_are_looked_through_too(tmp_path: Path, page: str, others: dict[str, str]) -> None:
    for name, text in {"page.html": page, **others}.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(BadInput) as caught:
        render("page.html", {}, folders=(tmp_path,), kind="html", known=KNOWN)
    assert caught.value.place == "base.html:3"


def test_the_error_is_one_line_an_editor_can_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        edition(tmp_path, page_html="<html><body>\n{{ reader.citty }}</body></html>")
    assert str(caught.value) == "page.html:2: reader.citty is not a declared attribute; did you mean reader.city?"


def test_what_is_early_inside_a_late_block_is_free_to_use_calls_and_includes(tmp_path: Path) -> None:
    (tmp_path / "foot.html").write_text("{{ house }}{{ reader.city }}")
    (tmp_path / "page.html").write_text(
        "{% macro m(x) %}{{ x }}{% endmacro %}"
        "{% for a, b in [(1, 2)] if reader.name %}{{ m(a) }}{% include 'foot.html' %}{% endfor %}"
        "{% if reader.city %}{% with y = b|default(3) %}{{ y }}{% endwith %}{% endif %}"
    )
    draft = render("page.html", {"house": "H"}, folders=(tmp_path,), kind="html", known=KNOWN)
    part = draft.spots.part(draft.text, lambda _token: "html")
    assert part[0][0] == "pick"
    assert part[0][1][0][1][0] == "1H"
    assert part[1][:3] == ["if", ["get", "reader", "city"], ["3"]]
