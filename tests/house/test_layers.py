"""Imports point down the river: no way back up, no way across, no cycle, no back door."""

import ast
from collections.abc import Iterator

import pytest

from tests.house.floorplan import LEVEL, SENTENCE, Module, Rule, functions, imports, modules, sample

# What a pure room must not touch: database, network, processes, clock.
IMPURE = (
    "aiosmtplib asyncio ftplib http httpx2 imaplib multiprocessing poplib psycopg requests sched select "
    "smtplib socket socketserver sqlalchemy sqlite3 ssl subprocess time urllib.request"
)
IMPURE_NAMES = frozenset(IMPURE.split())
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
}
WHY = f"the river runs {SENTENCE}; what is needed higher up belongs further down"


def room_of(target: str) -> str:
    """Return the room of one of our modules."""
    return sample("", target).room


def upward(module: Module) -> Iterator[str]:
    """Yield every import against the stream, or across it."""
    for found in imports(module.tree):
        if found.target.split(".")[0] != "mailer":
            continue
        there, here = room_of(found.target), module.room
        if there == here:
            continue
        if LEVEL.get(there, -1) < LEVEL[here]:
            yield f"{module.at(found.node)}: {here} imports {there}, which is upstream; {WHY}"
        elif LEVEL[there] == LEVEL[here]:
            yield f"{module.at(found.node)}: {here} and {there} are neighbours; {WHY}"


def back_doors(module: Module) -> Iterator[str]:
    """Yield imports that dodge the rule: in a function, for the type checker only, relative, by name."""
    for function in functions(module.tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom) and module.room != "cli":
                yield f"{module.at(node)}: only cli/ may import inside a function, to start quickly"
    for node in ast.walk(module.tree):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name == "TYPE_CHECKING":
            yield f"{module.at(node)}: TYPE_CHECKING hides an import; move the word it needs"
        if name in ("__import__", "import_module") and module.room != "cli":
            yield f"{module.at(node)}: {name} imports unseen; write the import at the top"
        if isinstance(node, ast.ImportFrom) and node.level:
            yield f"{module.at(node)}: a relative import; write it out, so that one sees where it points"


def impurities(module: Module) -> Iterator[str]:
    """Yield what compose imports although it is pure."""
    if module.room != "compose":
        return
    for found in imports(module.tree):
        roots = {found.target, found.target.split(".")[0]}
        if roots & IMPURE_NAMES or found.target.startswith(("mailer.clock", "mailer.store")):
            yield f"{module.at(found.node)}: compose is pure: no {found.target} here"


def other_clocks(module: Module) -> Iterator[str]:
    """Yield readings of the wall clock that tests could not move."""
    if module.name == "mailer.clock":
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            base = node.value
            name = base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""
            if (name, node.attr) in CLOCKS:
                yield f"{module.at(node)}: time comes only from clock.now(), not {name}.{node.attr}"
        if isinstance(node, ast.ImportFrom) and node.module == "mailer.clock":
            yield f"{module.at(node)}: import the module and call clock.now(), so that tests can move it"


def commits(module: Module) -> Iterator[str]:
    """Yield commits and rollbacks below the doors: verbs take the session, whoever opened it commits."""
    if module.room not in ("staff", "people", "sources", "mailing", "outcomes"):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in ("commit", "rollback"):
            yield f"{module.at(node)}: rooms never {node.attr}; whoever opened the session does"


RULES = (upward, back_doors, impurities, other_clocks, commits)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_holds_everywhere(rule: Rule) -> None:
    found = [line for module in modules() for line in rule(module)]
    assert not found, "\n" + "\n".join(found)


def test_every_module_has_a_room() -> None:
    lost = [module.name for module in modules() if module.room not in LEVEL]
    assert not lost, f"{lost}: no such room; {WHY}. A new ground module is named in tests/house/floorplan.py"


def test_no_modules_import_each_other_in_a_ring() -> None:
    edges = {module.name: {found.target for found in imports(module.tree)} - {module.name} for module in modules()}
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a ring of imports: {' -> '.join([*path[path.index(name) :], name])}; {WHY}"
        if name in done:
            return
        for target in sorted(edges.get(name, ())):
            walk(target, (*path, name))
        done.add(name)

    for module in edges:
        walk(module, ())


BAD = {
    "mailer.compose.page": [
        ("from mailer.store.engine import Store", impurities),
        ("import mailer.people.lists", upward),
        ("from mailer import staff", upward),
        ("import urllib.request", impurities),
        ("from mailer import clock", impurities),
    ],
    "mailer.people.lists": [
        ("from mailer.sources import text", upward),
        ("from mailer.send.worker import Worker", upward),
        ("def add(session):\n    session.commit()", commits),
        ("def add():\n    from mailer import clock", back_doors),
        ("from mailer.clock import now", other_clocks),
        ("import datetime\ndatetime.datetime.now()", other_clocks),
        ("import time\ntime.time()", other_clocks),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import mailer.app", back_doors),
        ("from . import consent", back_doors),
        ("import importlib\nimportlib.import_module('mailer.app')", back_doors),
    ],
    "mailer.web.desk": [("from mailer import duties", upward), ("from mailer.app import run", upward)],
    "mailer.config": [("from mailer.store import engine", upward)],
}


@pytest.mark.parametrize(
    ("name", "text", "rule"), [(name, text, rule) for name, cases in BAD.items() for text, rule in cases]
)
def test_the_rule_bites(name: str, text: str, rule: Rule) -> None:
    assert list(rule(sample(text, name)))


def test_lazy_imports_are_allowed_in_the_cli_only() -> None:
    text = "def serve():\n    import uvicorn"
    assert not list(back_doors(sample(text, "mailer.cli.main")))
    assert list(back_doors(sample(text, "mailer.app")))
