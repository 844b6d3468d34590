"""Prints the pages that follow from the code: ``python -m tests.house.pages --write``.

A page is prose with printed parts, ``<!-- printed: name -->`` to ``<!-- end -->``; only those are replaced.
"""

import heapq
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping

from mailer import errors
from mailer.mailing import deliveries, mailings
from mailer.outcomes import verdict
from mailer.people import subscriptions
from mailer.send import retry
from tests.house import page_of_settings, page_of_verbs
from tests.house.floorplan import ROOT, Module, imports, modules

# The order in which data flows, then what it stands on, then the doors, then the floor under all.
RIVER = (
    *("people", "sources", "compose", "mailing", "send", "outcomes"),
    *("store", "staff", "duties", "web", "api", "cli", "app", "ground"),
)
MOVES = {
    "A subscription": subscriptions.MOVES,
    "A mailing": mailings.MOVES,
    "A delivery, and a notice": deliveries.MOVES,
}


def told(module: Module) -> str:
    """Return the first line of a module's docstring."""
    value = getattr(module.tree.body[0], "value", None) if module.tree.body else None
    text = getattr(value, "value", "") if value is not None else ""
    return text.splitlines()[0] if isinstance(text, str) and text else ""


def stations() -> str:
    """Return every module by room in the order of the river, each after those it stands on."""
    return "\n\n".join(_room(room, [module for module in modules() if module.room == room]) for room in RIVER)


def _room(room: str, found: list[Module]) -> str:
    """Return one room: what its package says of itself, then its modules."""
    package = [module for module in found if module.name == f"mailer.{room}" and module.path.name == "__init__.py"]
    intro = [told(module) for module in package]
    lines = [f"- `{_path(module)}`: {told(module)}" for module in _downstream(found) if module not in package]
    return "\n\n".join([f"## {room}", *intro, "\n".join(lines)]).strip()


def _path(module: Module) -> str:
    return module.path.relative_to(ROOT / "mailer").as_posix()


def _downstream(found: list[Module]) -> Iterable[Module]:
    """Yield modules so that each comes after those it imports; where that leaves a choice, by name."""
    by_name = {module.name: module for module in found}
    waits = {
        name: {each.target for each in imports(module.tree)} & by_name.keys() - {name}
        for name, module in by_name.items()
    }
    ready = [name for name, others in waits.items() if not others]
    heapq.heapify(ready)
    while ready:
        done = heapq.heappop(ready)
        del waits[done]
        yield by_name[done]
        for name, others in waits.items():
            if done in others:
                others.discard(done)
                if not others:
                    heapq.heappush(ready, name)


def moves() -> str:
    """Return the tables of allowed moves."""
    return "\n\n".join(_moves(title, table) for title, table in MOVES.items())


def _moves(title: str, table: Mapping[str, frozenset[str]]) -> str:
    rows = [f"| {state} | {', '.join(_in_order(table, to)) or 'nothing: it is final'} |" for state, to in table.items()]
    return f"### {title}\n\n| from | may become |\n|---|---|\n" + "\n".join(rows)


def _in_order(table: Mapping[str, frozenset[str]], states: frozenset[str]) -> list[str]:
    return [state for state in table if state in states] + sorted(states - table.keys())


def verdicts() -> str:
    """Return what can be concluded from a reply, and what follows from it."""
    rows = [f"| {kind} | {retry.WORDS[kind]} | {follows} |" for kind, follows in verdict.FOLLOWS.items()]
    return "| verdict | means | what follows |\n|---|---|---|\n" + "\n".join(rows)


def family() -> str:
    """Return the tree of errors as errors.py draws it, and what each one says."""
    drawn = (errors.__doc__ or "").split("\n\n", 1)[1].strip()
    return f"```\n{drawn}\n```\n\n| class | is a | means |\n|---|---|---|\n" + "\n".join(
        f"| `{each.__name__}` | `{each.__base__.__name__}` | {(each.__doc__ or '').splitlines()[0]} |"
        for each in family_of(errors.MailerError)
        if each.__base__
    )


def family_of(top: type[Exception]) -> list[type[Exception]]:
    """Return a class of errors.py and all below it, in the order of the file."""
    found = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, top)]
    return sorted(found, key=lambda each: inspect.getsourcelines(each)[1])


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "docs/config.md": {"keys": page_of_settings.table},
    "docs/flow.md": {"stations": stations},
    "docs/states.md": {"moves": moves, "verdicts": verdicts},
    "docs/errors.md": {"family": family},
}
if page_of_verbs.exists():
    PARTS["docs/cli.md"] = {"verbs": page_of_verbs.verbs}
EXAMPLE = "config.example.toml"
PAGES = (*PARTS, EXAMPLE)


def printed(page: str) -> str:
    """Return what a page has to be: its own prose, with the printed parts as they are now."""
    if page == EXAMPLE:
        return page_of_settings.example()
    text = (ROOT / page).read_text()
    for name, part in PARTS[page].items():
        frame = re.compile(rf"<!-- printed: {name} -->.*?<!-- end -->", re.S)
        assert len(frame.findall(text)) == 1, f"{page} has no place for {name}"
        before, after = frame.split(text)
        text = f"{before}<!-- printed: {name} -->\n\n{part()}\n\n<!-- end -->{after}"
    return text


def main() -> int:
    """Write every page that has changed, or with no argument name them."""
    stale = [page for page in PAGES if not (ROOT / page).exists() or (ROOT / page).read_text() != printed(page)]
    for page in stale:
        if "--write" in sys.argv:
            (ROOT / page).write_text(printed(page))
        sys.stdout.write(f"{page}\n")
    return 0 if "--write" in sys.argv else len(stale)


if __name__ == "__main__":
    sys.exit(main())
