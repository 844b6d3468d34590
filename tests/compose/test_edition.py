"""Editions and notices: what templates see, what an edition asks of a reader, what is refused before it is sent."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.compose.edition import EditionFacts, NoticeFacts, compile_edition, compile_notice
from mailer.errors import BadInput
from tests.compose.making import DECLARED, LINKS, LIST, MAILING, PAGE, STATEMENT, edition, write

FACTS = EditionFacts((STATEMENT,), LIST, MAILING, "small", declared=DECLARED)

VARIABLES = """
{{ statement.title }}|{{ statement.deck }}|{{ statement.date }}|{{ statement.date_long }}|{{ statement.language }}
{{ statement.author }}|{{ statement.source }}|{{ statement.note }}|{{ statement.body }}|{{ statements|length }}
{{ mailing.subject }}|{{ mailing.preheader }}|{{ mailing.language }}|{{ mailing.direction }}|{{ mailing.view_url }}
{{ mailing.name }}|{{ mlist.name }}|{{ mlist.title }}|{{ mlist.description }}|{{ mlist.organisation }}
{{ mlist.postal_address }}|{{ mlist.from_name }}|{{ mlist.from_address }}
{{ mlist.archive_url }}|{{ mlist.subscribe_url }}
"""
SEEN = """
Water supply restored in the old town|All pumps are running again|2026-03-04|4. März 2026|en
Press office|https://water.example/news/restored||{body}|1
Water supply restored|All pumps run|de-CH|ltr|https://water.example/v
Riverside Water|news|News of the water works||Riverside Water
1 Mill Lane|Riverside Water|press@water.example
https://water.example/archive|
"""


def test_every_early_variable_is_there(tmp_path: Path) -> None:
    facts = replace(FACTS, mailing=replace(MAILING, language="de-CH", view_url="https://water.example/v"))
    made = edition(tmp_path, facts=facts, page_txt=VARIABLES, page_html=PAGE.format(f"<div>{VARIABLES}</div>"))
    assert made.text_for({}, {}) == SEEN.format(body="The burst main in Mill Lane is repaired.").strip() + "\n"
    html = SEEN.format(body="<p>The burst main in Mill Lane is repaired.</p>")
    assert f"<div>{html}</div>" in made.html_for({}, {})


def test_a_statement_without_a_date_and_a_language_nobody_knows(tmp_path: Path) -> None:
    facts = replace(FACTS, statements=(replace(STATEMENT, date=None),), mailing=replace(MAILING, language="x-none"))
    made = edition(tmp_path, facts=facts, page_txt="[{{ statement.date_long }}]", page_html=PAGE.format("x"))
    assert made.text_for({}, {}) == "[]\n"
    facts = replace(FACTS, mailing=replace(MAILING, language="x-none"))
    made = edition(tmp_path, facts=facts, page_txt="[{{ statement.date_long }}]", page_html=PAGE.format("x"))
    assert made.text_for({}, {}) == "[4 March 2026]\n"


def test_the_style_sheet_is_the_templates_own(tmp_path: Path) -> None:
    files = {"page_html": PAGE.format("<style>{{ style }}</style><p>x</p>"), "style_css": "body > p { color: red }"}
    made = edition(tmp_path, **files)
    assert '<p style="color:red">x</p>' in made.html_for({}, {})


def test_a_style_sheet_with_html_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="HTML in a style sheet"):
        edition(tmp_path, page_html=PAGE.format("{{ style }}"), style_css="</style><b>")


@pytest.mark.parametrize(
    ("body", "requires"),
    [
        ("{{ reader.city }}", ["city"]),
        ("{{ reader.city or 'town' }}", []),
        ("{{ reader.city|default('town') }}", []),
        ("{{ reader.city|upper|default('town') }}", []),
        ("{{ reader.city|upper }}", ["city"]),
        ("{{ 'In ' ~ reader.city ~ reader.name }}", ["city", "name"]),
        ("{{ reader.city if reader.city else 'town' }}", []),
        ("{{ reader.name if reader.city else reader.topics }}", ["name", "topics"]),
        ("{{ reader.city and 'In ' ~ reader.city }}", []),
        ("{{ 'x' if reader.city == 'Bern' else '' }}", []),
        ("{% if reader.city %}{{ reader.city }}{% endif %}", []),
        ("{% if reader.city %}{{ reader.name }}{% else %}{{ reader.city }}{% endif %}", ["city", "name"]),
        ("{% if not reader.city %}x{% else %}{{ reader.city }}{% endif %}", []),
        ("{% if reader.city and reader.name %}{{ reader.city }}{{ reader.name }}{% endif %}", []),
        ("{% if reader.city or reader.name %}{{ reader.city }}{% endif %}", ["city"]),
        ("{% if reader.city == 'Bern' %}{{ reader.city }}{% endif %}", []),
        ("{% if reader.city != '' %}{{ reader.city }}{% endif %}", []),
        ("{% if reader.city == '' %}x{% elif reader.name %}{{ reader.city }}{% endif %}", []),
        ("{% if reader.city|trim|length > 0 %}{{ reader.city }}{% endif %}", []),
        ("{% for t in reader.topics|split %}{{ t }}{% endfor %}", []),
        ("{% for t in reader.topics|split %}{{ reader.city }}{% endfor %}", ["city"]),
        ("{% for t in ['a', 'b'] if t == reader.city %}{{ t }}{{ reader.city }}{% endfor %}", []),
        ("{% for t in ['a', ''] if t == reader.city %}{{ t }}{{ reader.city }}{% endfor %}", ["city"]),
        ("{% if reader.city in ['a', 'b'] %}{{ reader.city }}{% endif %}", []),
        ("{% if reader.city in ['a', ''] %}{{ reader.city }}{% endif %}", ["city"]),
        ("{% if reader.city in ['a', reader.name] %}{{ reader.city }}{% endif %}", ["city"]),
        ("{% if not (reader.city == '') %}{{ reader.city }}{% endif %}", []),
        ("{% if not (not reader.city or not reader.name) %}{{ reader.city }}{% endif %}", []),
        ("{% if not reader.city and not reader.name %}x{% else %}{{ reader.city }}{% endif %}", ["city"]),
        ("{{ reader.address }}", []),
        ("{{ links.manage }}", []),
        ("{{ reader.age|int }}", []),
        ("{% set ask = false %}{{ reader.city if ask else 'x' }}", []),
        ('<a href="https://water.example/?c={{ reader.city }}">x</a>', ["city"]),
    ],
)
def test_what_is_printed_without_a_fallback_is_named(tmp_path: Path, body: str, requires: list[str]) -> None:
    made = edition(tmp_path, page_html=PAGE.format(f"<p>{body}</p>"))
    assert list(made.requires) == requires


def test_a_reader_who_has_what_is_required_leaves_no_gap(tmp_path: Path) -> None:
    made = edition(tmp_path, page_txt="Dear {{ reader.name }} of {{ reader.city }}", page_html=PAGE.format("x"))
    assert made.reads == made.requires == ("city", "name")
    assert made.text_for({"name": "Jo", "city": "Bern"}, {}) == "Dear Jo of Bern\n"
    assert made.text_for({}, {}) == "Dear  of \n"


def test_the_size_of_the_html_is_what_goes_over_the_wire(tmp_path: Path) -> None:
    small = edition(tmp_path, page_html=PAGE.format("<p>x</p>")).html_bytes
    large = edition(tmp_path, page_html=PAGE.format("<p>" + "é" * 1000 + "</p>")).html_bytes
    assert large - small > 6000


@pytest.mark.parametrize(
    ("changes", "files", "problem"),
    [
        ({"statements": ()}, {}, "an edition needs a statement"),
        ({"mailing": replace(MAILING, subject=" \n")}, {}, "the subject is empty"),
        ({"template": "absent"}, {}, 'there is no template "absent"'),
        ({"template": "../small"}, {}, 'there is no template "../small"'),
        ({"mlist": replace(LIST, from_address="a@b.example, c@d.example")}, {}, "is not an address"),
        ({"mlist": replace(LIST, reply_to="nobody")}, {}, "is not an address"),
        ({"mlist": replace(LIST, list_id="a b")}, {}, "is not a list id"),
        ({"mlist": replace(LIST, archive_url="http://water.example")}, {}, "cannot stand in List-Archive"),
        ({}, {"page_txt": " \n{{ '' }}\n"}, "the plain-text part is empty"),
        ({}, {"page_html": ""}, "the page has no <body>"),
    ],
)
def test_what_cannot_be_sent_is_refused(
    tmp_path: Path, changes: dict[str, object], files: dict[str, str], problem: str
) -> None:
    folders = write(tmp_path, **{"page_html": PAGE.format("x"), **files})
    with pytest.raises(BadInput) as caught:
        compile_edition(replace(FACTS, **changes), folders)  # type: ignore[arg-type]
    assert problem in caught.value.problem
    assert caught.value.place
    assert caught.value.cure


def test_a_subject_is_text_never_a_template(tmp_path: Path) -> None:
    facts = replace(FACTS, mailing=replace(MAILING, subject="{{ reader.name }} {% if %}"))
    made = edition(tmp_path, facts=facts, page_html=PAGE.format("x"))
    assert made.subject_for({"name": "Jo"}, LINKS) == "{{ reader.name }} {% if %}"


def test_a_reader_is_data_never_template(tmp_path: Path) -> None:
    made = edition(tmp_path, page_html=PAGE.format("<p>{{ reader.name }}</p>"))
    assert "<p>{{ 7 * 7 }}{% if %}</p>" in made.html_for({"name": "{{ 7 * 7 }}{% if %}"}, {})


def notice(folder: Path, **changes: object) -> NoticeFacts:
    """Write a notice's template and return its facts."""
    own = folder / "notices" / "alarm"
    own.mkdir(parents=True, exist_ok=True)
    (own / "subject.txt").write_text("[{{ site.name }}] {{ notice.title }}")
    (own / "body.txt").write_text("{% for line in notice.lines %}{{ line }}\n{% endfor %}{{ links.desk }}")
    (own / "body.html").write_text("<html><body><p>{{ notice.title }}</p></body></html>")
    facts = NoticeFacts(
        "alarm", "desk@water.example", site_name="Water", notice={"title": "Relay", "lines": ["a", "b"]}
    )
    return replace(facts, **changes)  # type: ignore[arg-type]


def test_a_notice_goes_through_the_same_engine(tmp_path: Path) -> None:
    made = compile_notice(notice(tmp_path), (tmp_path,))
    assert made.program.kind == "notice"
    assert made.subject_for({}, {}) == "[Water] Relay"
    assert made.text_for({}, {"desk": "https://water.example/desk"}) == "a\nb\nhttps://water.example/desk\n"
    assert "<p>Relay</p>" in made.html_for({}, {})
    text = compile_notice(notice(tmp_path, format="text"), (tmp_path,))
    assert text.html_bytes == 0


def test_a_notice_knows_other_links_than_an_edition(tmp_path: Path) -> None:
    facts = notice(tmp_path)
    (tmp_path / "notices" / "alarm" / "body.txt").write_text("\n{{ links.unheard }}")
    with pytest.raises(BadInput) as caught:
        compile_notice(facts, (tmp_path,))
    assert caught.value.place == "body.txt:2"
    assert caught.value.cure == "use one of: confirm, desk, manage, not_me, unsubscribe"


def test_an_empty_subject_of_a_notice_is_refused(tmp_path: Path) -> None:
    facts = notice(tmp_path)
    (tmp_path / "notices" / "alarm" / "subject.txt").write_text(" \n")
    with pytest.raises(BadInput, match="the subject is empty"):
        compile_notice(facts, (tmp_path,))


def test_the_hash_does_not_depend_on_the_process(tmp_path: Path) -> None:
    made = edition(tmp_path, page_html=PAGE.format("<p>{{ reader.name }}{% if reader.city %}x{% endif %}</p>"))
    code = (
        "from pathlib import Path; from tests.compose.making import *; import sys;"
        "print(compile_edition(EditionFacts((STATEMENT,), LIST, MAILING, 'small', declared=DECLARED),"
        " (Path(sys.argv[1]),)).hash)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    answer = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, env=environment
    )
    assert answer.stdout.strip() == made.hash


def test_without_a_preheader_an_inbox_shows_the_deck_or_how_the_text_begins(tmp_path: Path) -> None:
    def shown(**changed: str) -> str:
        facts = EditionFacts((replace(STATEMENT, **changed),), LIST, replace(MAILING, preheader=""), "small")
        made = edition(tmp_path, facts=facts, page_txt="{{ mailing.preheader }}", page_html=PAGE.format("x"))
        return made.text_for({}, {}).strip()

    assert shown(deck="The deck") == "The deck"
    assert shown(deck="", body_text="It begins\nhere.\n\nIt goes on.") == "It begins here."
    assert shown(deck="", body_text="word, " * 40) == "word, " * 17 + "word …"


def test_what_is_not_the_address_of_a_page_is_no_link(tmp_path: Path) -> None:
    statement = replace(STATEMENT, source="javascript:alert(1)")
    mlist = replace(LIST, subscribe_url="javascript:alert(1)")
    mailing = replace(MAILING, view_url="data:text/html,x")
    page = "{{ statement.source }}|{{ mlist.subscribe_url }}|{{ mailing.view_url }}|{{ mlist.archive_url }}"
    made = edition(
        tmp_path, facts=EditionFacts((statement,), mlist, mailing, "small"), page_txt=page, page_html=PAGE.format("x")
    )
    assert made.text_for({}, {}).strip() == f"|||{LIST.archive_url}"
