"""One word for one thing: the words of docs/words.md, and none of those it refuses."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from mailer.store.tables import Table
from tests.house.floorplan import ROOT, Module, Rule, all_modules, sample, shipped_files, templates

# "email" is refused as a noun only, but a verb of that name would be no better.
REFUSED = {
    "campaign": "mailing",
    "blast": "mailing",
    "contact": "subscriber",
    "member": "subscriber, or staff",
    "blacklist": "suppression",
    "transactional": "notice",
    "article": "statement",
    "email": "address, message or edition",
}
REFUSED_FOLDERS = ("utils", "util", "common", "core", "services", "service", "helpers", "helper", "manager")
# Words that take the refused one's plural form too.
FORMS = {form: word for word in REFUSED for form in (word, word + "s")}
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
TEMPLATE_WORDS = Environment(
    extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.i18n"], autoescape=True
)


def refused_in(identifier: str) -> Iterator[str]:
    """Yield a sentence for every part of an identifier that is a refused word."""
    if identifier.startswith("__"):  # Python's own
        return
    for part in PART.findall(identifier):
        word = FORMS.get(part.lower())
        if word:
            yield f"{identifier!r} says {word!r}; our word is {REFUSED[word]} (docs/words.md)"


def names_made(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Yield every name a file makes: of a class, function, argument, variable, attribute, alias."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, node.name
        elif isinstance(node, ast.arg):
            yield node, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node, node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node, node.asname
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node, node.name


def bad_names(module: Module) -> Iterator[str]:
    """Yield every name in a module that holds a refused word."""
    for node, name in names_made(module.tree):
        yield from (f"{module.at(node)}: {sentence}" for sentence in refused_in(name))


def bad_routes(module: Module) -> Iterator[str]:
    """Yield every path of a door that holds a refused word."""
    if module.room not in ("web", "api"):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.match(r"/[\w/{}:.-]*$", node.value):
            yield from (f"{module.at(node)}: {sentence}" for sentence in refused_in(node.value))


def bad_template_names(path: Path, text: str) -> Iterator[str]:
    """Yield every variable, attribute, macro, block and form field that holds a refused word."""
    tree = TEMPLATE_WORDS.parse(text)
    named = [(node.lineno, getattr(node, "name", "")) for node in tree.find_all((nodes.Name, nodes.Macro, nodes.Block))]
    named += [(node.lineno, node.attr) for node in tree.find_all(nodes.Getattr)]
    for number, line in enumerate(text.splitlines(), 1):
        named += [(number, field) for field in re.findall(r"\bname=\"([^\"{]+)\"", line)]
    for number, name in named:
        yield from (f"{path}:{number}: {sentence}" for sentence in refused_in(name))


@pytest.mark.parametrize("rule", [bad_names, bad_routes], ids=lambda rule: rule.__name__)
def test_the_rule_holds_everywhere(rule: Rule) -> None:
    found = [line for module in all_modules() for line in rule(module)]
    assert not found, "\n" + "\n".join(found)


def test_templates_use_our_words() -> None:
    found = [line for path in templates() for line in bad_template_names(path.relative_to(ROOT), path.read_text())]
    assert not found, "\n" + "\n".join(found)


def test_tables_and_columns_use_our_words() -> None:
    names = {
        str(name)
        for table in Table.metadata.tables.values()
        for name in (
            table.name,
            *(column.name for column in table.columns),
            *(index.name for index in table.indexes),
            *(rule.name for rule in table.constraints if rule.name),
        )
    }
    found = [sentence for name in sorted(names) for sentence in refused_in(name)]
    assert not found, "\n" + "\n".join(found)


def test_files_and_folders_use_our_words() -> None:
    paths = [path.relative_to(ROOT) for path in shipped_files()]
    parts = {part.split(".")[0] for path in paths for part in path.parts}
    found = [sentence for part in sorted(parts) for sentence in refused_in(part)]
    found += [f"{part}/ says nothing; name it after what it is about" for part in parts & set(REFUSED_FOLDERS)]
    assert not found, "\n" + "\n".join(found)


def test_the_page_refuses_the_same_words() -> None:
    text = (ROOT / "docs" / "words.md").read_text().split("\n## Words we do not use\n", 1)[1]
    rows = re.findall(r"^\| `([a-z]+)` \| ([^|]+) \|$", text, re.M)
    assert {word: instead.strip() for word, instead in rows} == REFUSED
    folders = re.search(r"^No folder or module is called (.+)\.$", text, re.M)
    assert folders is not None
    assert tuple(re.findall(r"`(\w+)`", folders[1])) == REFUSED_FOLDERS


def test_the_page_has_a_word_for_every_table() -> None:
    text = (ROOT / "docs" / "words.md").read_text()
    told = set(re.findall(r"^\| [^|]+ \| `(\w+)` \|", text, re.M))
    assert told == set(Table.metadata.tables), "docs/words.md and the tables of the store differ"


@pytest.mark.parametrize(
    ("name", "bites"),
    [
        ("campaign_id", True),
        ("CampaignRow", True),
        ("list_members", True),
        ("EMAIL", True),
        ("userEmail", True),
        ("blast2", True),
        ("remember", False),
        ("__members__", False),
        ("emailed", False),
        ("particle", False),
        ("HTMLArticle", True),
    ],
)
def test_identifiers_are_taken_apart(name: str, bites: bool) -> None:
    assert bool(list(refused_in(name))) == bites


def test_the_rule_bites() -> None:
    text = "def send(email):\n    self.contact = [campaign for campaign in email]\n"
    assert len(list(bad_names(sample(text, "mailer.sample")))) == 3
    assert not list(bad_names(sample("from email.message import EmailMessage\nremember(x.email)", "mailer.a")))
    assert list(bad_routes(sample("Route('/campaigns/{id}')", "mailer.web.desk")))
    page = '{% macro member(x) %}{{ reader.email }}{% endmacro %}<input type="email" name="contact">'
    assert len(list(bad_template_names(Path("page.html"), page))) == 3
