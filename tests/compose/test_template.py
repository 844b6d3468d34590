"""Filling a compiled template for a reader equals rendering it with that reader; the sandbox holds."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.compose.template import render
from mailer.errors import BadInput
from tests.compose.grown import EARLY, END, FILES, START, chosen, flows, outputs, readers, words
from tests.compose.making import KNOWN, dom, reader, rendered, spliced


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Give one folder with the files the templates load."""
    made = Path(tempfile.mkdtemp())
    for name, text in FILES.items():
        (made / name).write_text(text, encoding="utf-8")
    yield made
    shutil.rmtree(made)


@settings(max_examples=150)
@given(page=flows, who=readers)
@example(page='{% if reader.city %}<p class="a">x</p>{% endif %}', who=reader(city=""))
def test_filling_equals_rendering_and_then_inlining(folder: Path, page: str, who: dict[str, str]) -> None:
    (folder / "page.html").write_text(START + page + END, encoding="utf-8")
    assert dom(spliced(folder, EARLY, who)) == dom(rendered(folder, EARLY, who))


@settings(max_examples=100)
@given(page=chosen(st.one_of(words, outputs.map(lambda text: f"{{{{ {text} }}}}\n"))), who=readers)
def test_a_text_filled_equals_the_text_rendered(folder: Path, page: str, who: dict[str, str]) -> None:
    (folder / "page.txt").write_text('{% from "words.html" import greet, shout %}\n' + page, encoding="utf-8")
    assert spliced(folder, EARLY, who, "text") == rendered(folder, EARLY, who, "text")


@pytest.mark.parametrize(
    "body",
    [
        "{% extends 'base.html' %}{% block title %}{{ super() }}: {{ reader.city }}{% endblock %}",
        "{% extends 'base.html' %}{% block body %}<p>{{ self.title() }}</p>{{ super() }}{% endblock %}",
        "{% extends 'base.html' %}{% if reader.city %}x{% endif %}{{ reader.name }}{% block title %}t{% endblock %}",
        "{% extends 'base.html' %}{% block body %}{% if reader.city %}{{ super() }}{% endif %}{% endblock %}",
        "<html><body>{% include ['absent.html', 'row.html'] %}{% include 'row.html' %}</body></html>",
        "<html><body>{% import 'words.html' as w %}{{ w.greet() }}{{ w.greet() }}</body></html>",
        "<html><body>{% macro m(n) %}{{ n }}{{ reader.city }}{% if n %}{{ m(n - 1) }}{% endif %}{% endmacro %}"
        "{{ m(3) }}</body></html>",
        "<html><body>{% for s in sections %}{{ loop.cycle('a', 'b') }}{{ loop.index ~ reader.city }}{% endfor %}"
        "</body></html>",
        "<html><body>{% if no and unheard.title and reader.city %}{{ unheard.title }}{% endif %}</body></html>",
        "<html><body>{% if no %}{{ unheard }}{% elif reader.city %}c{% endif %}</body></html>",
        "<html><head><!--[if mso]><xml><o:p>{{ house }}</o:p></xml><![endif]--></head>"
        "<body><b>{{ reader.city }}</b></body></html>",
    ],
)
@pytest.mark.parametrize("city", ["", "Bern <1>"])
def test_the_ways_templates_are_put_together(folder: Path, body: str, city: str) -> None:
    (folder / "page.html").write_text(body, encoding="utf-8")
    who = reader(city=city, name="Jo")
    assert dom(spliced(folder, EARLY, who)) == dom(rendered(folder, EARLY, who))


ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ sections[0].__init__.__globals__ }}",
    "{{ thing.method.__func__ }}",
    "{{ thing.method.__globals__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ '{0.__class__}'.format(thing) }}",
    "{{ ('{0.__class__}'|safe).format(thing) }}",
    "{{ '{a.__class__}'.format_map({'a': thing}) }}",
    "{{ range(1000000)|list|length }}",
    "{{ 'a' * 1000000000 }}",
    "{{ [1] * 1000000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ '%999999999d' % 1 }}",
    "{{ environment.late_mark(0, ()) }}",
    "{{ late_mark(0, ()) }}",
    "{{ sections.append(1) }}",
    "{{ sections.clear() }}",
    "{% include '../../../../etc/passwd' %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% include 'page.html' %}",
    "{{ reader.__class__ }}",
    "{{ reader['__class__'] }}",
    "{{ links.__init__ }}",
    "{{ gone }}",
    "{{ [1, 2]|random }}",
    "{{ unheard }}",
    "{{ house.unheard }}",
    "{{ house|unheard }}",
    "{{ 1 / 0 }}",
    "{% for x in 5 %}{% endfor %}",
    "{{ house",
    "{% if house %}",
    "{% unheard %}",
]


class Thing:
    """Something with a method, as the facts of a mailing have."""

    def method(self) -> str:
        """Return nothing of interest."""
        return ""


@pytest.mark.parametrize("payload", ESCAPES)
@pytest.mark.parametrize("kind", ["html", "text"])
def test_the_sandbox_and_strictness_hold(tmp_path: Path, payload: str, kind: str) -> None:
    (tmp_path / "page.html").write_text(f"<p>\n{payload}\n</p>")
    early = {**EARLY, "sections": list(EARLY["sections"]), "thing": Thing()}  # type: ignore[call-overload]
    with pytest.raises(BadInput) as caught:
        render("page.html", early, folders=(tmp_path,), kind=kind, known=KNOWN)
    assert caught.value.place.startswith("page.html")
    assert caught.value.cure


def test_a_fault_is_named_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>\n{% include 'deep/row.html' %}")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "row.html").write_text("\n\n{{ house.unheard }}")
    with pytest.raises(BadInput) as caught:
        render("page.html", EARLY, folders=(tmp_path,), kind="html", known=KNOWN)
    assert caught.value.place == "deep/row.html:3"


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no template") as caught:
        render("page.html", EARLY, folders=(tmp_path,), kind="html", known=KNOWN)
    assert caught.value.place == "page.html"


def test_the_operators_own_file_wins(tmp_path: Path) -> None:
    for name in ("own", "shipped"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.txt").write_text(name)
    folders = (tmp_path / "own", tmp_path / "shipped")
    assert render("page.txt", {}, folders=folders, kind="text", known=KNOWN).text == "own"
