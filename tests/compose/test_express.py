"""Late expressions: what cannot be kept until the reader is known is refused with line and cure."""

from pathlib import Path

import pytest

from mailer.compose.template import render
from mailer.errors import BadInput
from tests.compose.making import KNOWN

EARLY = {"house": "Water", "thing": object(), "none": None, "numbers": [1, 2], "mixed": {"a": 1}}

REFUSED = [
    ("{{ reader.citty }}", "reader.citty is not a declared attribute", "did you mean reader.city?"),
    ("{{ reader.zzz }}", "reader.zzz is not a declared attribute", "declare it under [people.attributes]"),
    ("{{ reader['nmae'] }}", "reader.nmae is not a declared attribute", "did you mean reader.name?"),
    ("{{ links.unsubcribe }}", "links.unsubcribe does not exist here", "did you mean links.unsubscribe?"),
    ("{{ links.confirm }}", "links.confirm does not exist here", "use one of: manage, unsubscribe"),
    ("{{ reader }}", '"reader" alone has no value', "name one of its fields: reader."),
    ("{{ reader is defined }}", '"reader" alone has no value', "name one of its fields: reader."),
    ("{% if links %}{% endif %}", '"links" alone has no value', "name one of its fields: links."),
    ("{% for x in reader %}{% endfor %}", '"reader" alone has no value', "name one of its fields"),
    ("{{ reader.name|wordwrap(9) }}", 'the filter "wordwrap" cannot be used on a late value', "use one of: "),
    ("{{ reader.name|uper }}", 'the filter "uper" cannot be used on a late value', "did you mean upper?"),
    ("{{ reader.name|safe }}", 'the filter "safe" cannot be used on a late value', ""),
    ("{{ [reader.name]|map('upper')|join }}", 'the filter "map" cannot be used', ""),
    ("{{ reader.name is callable }}", 'the test "callable" cannot be used on a late value', "use a comparison"),
    ("{{ reader.name.upper() }}", "a late value has no methods", "use a filter"),
    ("{{ reader.name.first }}", 'a late value has no attribute "first"', "use a filter"),
    ("{{ reader.name[0] }}", "an index into a late value cannot be kept", "use |first"),
    ("{{ reader[house] }}", "an index into a late value cannot be kept", "reader.city"),
    ("{{ reader.name[1:3] }}", "an index into a late value cannot be kept", "use |first"),
    ("{{ reader.name + 'a' }}", "+ cannot be kept until the reader is known", "use comparison"),
    ("{{ reader.age|int * 2 }}", "* cannot be kept until the reader is known", "use comparison"),
    ("{{ -(reader.age|int) }}", "- cannot be kept until the reader is known", "use comparison"),
    ("{{ {'a': reader.name} }}", "a mapping cannot be kept until the reader is known", "use comparison"),
    ("{{ 'a' if reader.name }}", "an inline if without else has no value", 'add else ""'),
    ("{{ reader.name|default(value='x') }}", "takes its arguments by position only", "write default(value)"),
    ("{{ reader.name|replace('a') }}", '"replace" takes 2 to 3 arguments, not 1', ""),
    ("{{ reader.name|upper(1) }}", '"upper" takes 0 arguments, not 1', ""),
    ("{{ reader.name|truncate('x') }}", '"truncate" cannot take a text there', ""),
    ("{{ reader.name|upper|length|length }}", '"length" cannot work on a number', ""),
    ("{% if reader.age > 17 %}{% endif %}", "a text is neither more nor less than a number", "|int makes a number"),
    ("{% if reader.name is odd %}{% endif %}", '"odd" cannot work on a text', ""),
    ("{% if 1 in reader.name %}{% endif %}", '"in" cannot look for a number in a text', ""),
    ("{% for x in reader.age|int %}{% endfor %}", "a late loop needs a list", "use |split"),
    ("{% for x in reader.city|split %}{{ loop.cycle('a', 'b') }}{% endfor %}", "a late value has no methods", ""),
    ("{% for x in reader.city|split %}{{ loop.previtem }}{% endfor %}", "loop.previtem does not exist", "loop.index"),
    ("{% for x in reader.city|split %}{{ loop }}{% endfor %}", '"loop" alone has no value', "loop.index"),
    ("{% for x in reader.city|split %}{{ x.title }}{% endfor %}", 'a late value has no attribute "title"', ""),
    ("{{ reader.name ~ none }}", "a value beside a late one is none", ""),
    ("{{ reader.name == thing }}", "this value (object) cannot be kept beside a late one", "print one of its fields"),
    ("{{ reader.name or mixed }}", "this value (dict) cannot be kept beside a late one", "print one of its fields"),
    ("{{ reader.name or '<b>x</b>'|safe }}", "tags cannot be chosen inside a late expression", "{% if %}"),
    ("{{ reader.name or unheard }}", "'unheard' is undefined", "docs/templates.md"),
]


@pytest.mark.parametrize(("body", "problem", "cure"), REFUSED, ids=[case[0] for case in REFUSED])
def test_it_is_refused_with_line_and_cure(tmp_path: Path, body: str, problem: str, cure: str) -> None:
    (tmp_path / "page.html").write_text(f"\n<p>\n{body}</p>")
    with pytest.raises(BadInput) as caught:
        render("page.html", EARLY, folders=(tmp_path,), kind="html", known=KNOWN)
    assert problem in caught.value.problem
    assert caught.value.place == "page.html:3"
    assert cure in caught.value.cure


def only(tmp_path: Path, expression: str) -> object:
    """Return what becomes of one printed expression."""
    (tmp_path / "page.html").write_text("{{ " + expression + " }}")
    draft = render("page.html", EARLY, folders=(tmp_path,), kind="html", known=KNOWN)
    return draft.spots.part(draft.text, lambda _token: "html")


def test_early_parts_become_constants_and_decided_branches_go(tmp_path: Path) -> None:
    assert only(tmp_path, "reader.city ~ house|upper ~ numbers|length") == [
        ["spot", "html", ["cat", [["get", "reader", "city"], ["const", "WATER"], ["const", 2]]]]
    ]
    assert only(tmp_path, "reader.city if none else reader.name") == [["spot", "html", ["get", "reader", "name"]]]
    assert only(tmp_path, "(house and reader.city) or reader.name") == [
        ["spot", "html", ["or", ["get", "reader", "city"], ["get", "reader", "name"]]]
    ]
    assert only(tmp_path, "unheard|default(reader.city)") == [
        ["spot", "html", ["filter", "default", ["const", ""], [["get", "reader", "city"]]]]
    ]


def test_a_token_is_not_found_in_what_a_writer_typed(tmp_path: Path) -> None:
    assert only(tmp_path, "'MlrN0Q'") == ["MlrN0Q"]
