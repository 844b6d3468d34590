"""Templates and readers grown by Hypothesis: every kind of output, test, block and place, nested at will."""

from types import SimpleNamespace

from hypothesis import strategies as st

from tests.compose.making import reader

EARLY = {
    "yes": True,
    "no": False,
    "nothing": "",
    "gone": None,
    "house": "Water & Sons <Ltd>",
    "sections": [
        SimpleNamespace(title="Pipes & pumps", tag="Bern"),
        SimpleNamespace(title="Tolls", tag="Ulm"),
        SimpleNamespace(title="Dams", tag=""),
    ],
}
STYLE = (
    ".a { color: red } td { padding: 1px } div b { font-weight: 700 }"
    " p { margin: 0; color: blue } a:hover { color: red } ul > li { padding: 2px } table b, .a b { width: 3px }"
    " p { color: green !important } tr td img { border: 0 } li:nth-child(2) { color: red } a[title] { color: red }"
)
FILES = {
    "words.html": '{% macro greet() %}Dear {{ reader.name or "reader" }}{% endmacro %}'
    "{% macro box(word) %}<div>{{ word }}: {{ caller() }}</div>{% endmacro %}"
    "{% macro shout(word) %}{{ word|upper }}{% if reader.city %}!{% endif %}{% endmacro %}",
    "row.html": "{% if reader.city %}<b>{{ reader.city }}</b>{% else %}<i>{{ house }}</i>{% endif %}",
    "base.html": "<html><head><title>{% block title %}{{ house }}{% endblock %}</title>"
    "<style>" + STYLE + "</style></head><body>{% block body %}<p>{{ reader.name }}</p>{% endblock %}</body></html>",
}
START = (
    '{% from "words.html" import greet, box, shout %}<!DOCTYPE html>\n<html lang="en" dir="ltr"><head>'
    f"<title>{{{{ house }}}}</title><style>{STYLE}</style></head>\n<body>\n"
)
END = "\n</body></html>\n"

outputs = st.sampled_from(
    [
        "reader.name",
        "reader['city']",
        "reader.city or 'your town'",
        "reader.city|default('somewhere')",
        "reader.name|upper",
        "reader.name|truncate(5, true)",
        "'Dear ' ~ reader.name",
        "reader.name ~ ' & ' ~ house",
        "reader.city if reader.name else house",
        "house if yes else reader.city",
        "(reader.city and reader.name) or nothing",
        "reader.topics|split|join(' + ')",
        "reader.topics|split(';')|first",
        "reader.name|replace('a', house)",
        "reader.age|int(3)",
        "reader.name|length",
        "not reader.name",
        "reader.city == 'Bern'",
        "[reader.name, house]|join(', ')",
        "reader.name|e",
        "'&amp;'|safe if reader.city else 'y'",
        "greet()",
        "shout('go')",
        "house",
        "sections|map(attribute='title')|join(', ')",
        "reader.page|urlencode",
        "reader.name|last",
    ]
)
conditions = st.sampled_from(
    [
        "reader.city",
        "not reader.city",
        "reader.city == 'Bern'",
        "reader.city != reader.name",
        "yes and reader.name",
        "no and reader.name",
        "no or reader.name",
        "yes or reader.name",
        "reader.name|length > 3",
        "'a' in reader.name",
        "reader.city in ['Bern', 'Ulm', house]",
        "reader.name < reader.city",
        "'A' <= reader.name < 'b'",
        "reader.age|int > 17",
        "reader.name is defined",
        "reader.age|int is even",
        "reader.topics and (reader.city or reader.name)",
        "yes",
        "no",
        "reader.city|lower == 'bern'",
    ]
)
words = st.sampled_from(["Hello", "a &amp; b", "“Grüße”", "1 &lt; 2", " ", "x = y", ".", "From here", "&nbsp;"])
whole_urls = st.sampled_from(
    [
        "{{ links.manage }}",
        "{% if reader.city %}{{ links.manage }}{% else %}https://water.example/a{% endif %}",
        "https://water.example/?c={{ reader.city }}",
        "https://water.example/{{ reader.page|urlencode }}/x",
        "{{ 'https://water.example/b' if reader.city else links.unsubscribe }}",
        "mailto:{{ reader.city }}@water.example",
        "https://water.example/{% for x in reader.topics|split %}{{ x }}/{% endfor %}",
        "{{ links.manage }}&amp;c={{ reader.name }}",
    ]
)
attributes = st.one_of(
    st.just(""),
    st.just(' class="a"'),
    outputs.filter(lambda text: "safe" not in text).map(lambda text: f' title="{{{{ {text} }}}}"'),
    st.tuples(conditions, words).map(lambda both: f' title="{{% if {both[0]} %}}{both[1]}{{% endif %}}z"'),
)


def chosen(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return blocks around a kind of content: if, elif, else, the three kinds of for, with, call."""
    return st.one_of(
        st.tuples(conditions, inner).map(lambda p: f"{{% if {p[0]} %}}{p[1]}{{% endif %}}"),
        st.tuples(conditions, inner, inner).map(lambda p: f"{{% if {p[0]} %}}{p[1]}{{% else %}}{p[2]}{{% endif %}}"),
        st.tuples(conditions, inner, conditions, inner, inner).map(
            lambda p: f"{{% if {p[0]} %}}{p[1]}{{% elif {p[2]} %}}{p[3]}{{% else %}}{p[4]}{{% endif %}}"
        ),
        inner.map(lambda text: f"{{% for s in sections %}}{text}{{{{ loop.index }}}}{{% endfor %}}"),
        st.tuples(inner, inner).map(
            lambda p: (
                "{% for s in sections if s.tag == reader.city or s.tag in reader.topics %}"
                f"{p[0]}{{{{ loop.index ~ s.title }}}}{{% if not loop.last %}}, {{% endif %}}"
                f"{{% else %}}{p[1]}{{% endfor %}}"
            )
        ),
        st.tuples(inner.filter(lambda text: "include" not in text), inner).map(
            lambda p: (
                "{% for t in reader.topics|split if t != reader.city %}"
                f"{{{{ t }}}}{{{{ loop.revindex }}}}{p[0]}{{% if loop.first and t %}}{{{{ house }}}}{{% endif %}}"
                f"{{% else %}}{p[1]}{{% endfor %}}"
            )
        ),
        inner.map(lambda text: f"{{% with w = house %}}{text}{{{{ w ~ reader.city }}}}{{% endwith %}}"),
    )


phrases = st.recursive(
    st.one_of(
        words,
        outputs.map(lambda text: f"{{{{ {text} }}}}"),
        st.tuples(whole_urls, attributes, words).map(lambda p: f'<a href="{p[0]}"{p[1]}>{p[2]}</a>'),
        attributes.map(lambda text: f'<img src="https://water.example/i.png" alt="i"{text}>'),
        st.just('<!--[if mso]><b>{{ reader.name }}</b><i title="{{ reader.city }}">z</i><![endif]-->'),
        st.just('{% include "row.html" %}'),
        st.just("<br>"),
    ),
    lambda inner: st.one_of(
        chosen(inner),
        st.tuples(inner, attributes).map(lambda p: f"<b{p[1]}>{p[0]}</b>"),
        st.tuples(inner, inner).map("".join),
    ),
    max_leaves=6,
)
flows = st.recursive(
    st.one_of(
        phrases.map(lambda text: f"<p>{text}</p>"),
        phrases.map(lambda text: f"<table><tr><td>{text}</td></tr></table>"),
        chosen(phrases.map(lambda text: f"<tr><td>{text}</td></tr>")).map(
            lambda text: f"<table>\n<tbody>{text}</tbody></table>"
        ),
        chosen(phrases.map(lambda text: f"<li>{text}</li>")).map(lambda text: f"<ul>\n{text}\n</ul>"),
        phrases.map(lambda text: f"{{% call box('w') %}}{text}{{% endcall %}}"),
    ),
    lambda inner: st.one_of(
        chosen(inner),
        st.tuples(inner, attributes).map(lambda p: f"<div{p[1]}>{p[0]}</div>"),
        st.tuples(inner, inner).map("\n".join),
    ),
    max_leaves=4,
)

values = st.one_of(
    st.sampled_from(
        ["", "Bern", "Ulm", "Jo", "a,b", "<b>&\"'", "x\r\ny", "17", ".", "From me", "https://a.example/ü?q=1"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
readers = st.fixed_dictionaries(dict.fromkeys(("name", "city", "topics", "page", "age"), values)).map(
    lambda given: reader(**given)
)
