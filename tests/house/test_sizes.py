"""A file over 300 lines or a function over 40 says why: one comment ``# size: why``."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.floorplan import Module, Rule, all_modules, functions, lineno, sample

FILE_LINES = 300
FUNCTION_LINES = 40
REASON = re.compile(r"# size: \S+ \S+")


def long_files(module: Module) -> Iterator[str]:
    """Yield the module if it is long and its first ten lines do not say why."""
    lines = module.text.splitlines()
    if len(lines) > FILE_LINES and not any(REASON.search(line) for line in lines[:10]):
        yield (
            f"{module.at(module.tree)}: {len(lines)} lines; split it by meaning, "
            f"or say `# size: why` in its first ten lines"
        )


def long_functions(module: Module) -> Iterator[str]:
    """Yield every long function that does not say why, directly above it or in its first line."""
    lines = module.text.splitlines()
    for function in functions(module.tree):
        length = _length(function)
        if length > FUNCTION_LINES and not any(REASON.search(line) for line in _spoken(function, lines)):
            yield (
                f"{module.at(function)}: {function.name} has {length} lines; split it by meaning, "
                f"or say `# size: why` above it"
            )


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines from def to the last one, the docstring not counted."""
    first = function.body[0]
    told = 0
    if ast.get_docstring(function) is not None:
        told = (first.end_lineno or 0) - first.lineno + 1
    return (function.end_lineno or 0) - function.lineno + 1 - told


def _spoken(function: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> Iterator[str]:
    """Yield the comment lines directly above a function, and those before its first statement."""
    top = min(lineno(node) for node in (function, *function.decorator_list)) - 1
    while top > 0 and lines[top - 1].lstrip().startswith("#"):
        top -= 1
        yield lines[top]
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    end = body[0].lineno if body else function.end_lineno
    yield from (line for line in lines[function.lineno - 1 : end] if line.lstrip().startswith("#"))


@pytest.mark.parametrize("rule", [long_files, long_functions], ids=lambda rule: rule.__name__)
def test_the_rule_holds_everywhere(rule: Rule) -> None:
    found = [line for module in all_modules() for line in rule(module)]
    assert not found, "\n" + "\n".join(found)


LONG = "".join(f"    x = {number}\n" for number in range(FUNCTION_LINES))
TOLD = '    """Told.\n\n' + "    more\n" * FUNCTION_LINES + '    """\n'


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"def f():\n{LONG}", 1),
        (f"class A:\n    async def f(self):\n{LONG.replace('    ', '        ')}", 1),
        (f"# size: it is a table\ndef f():\n{LONG}", 0),
        (f"@cache\ndef f():\n    # size: it is a table\n{LONG}", 0),
        (f"# size: it is a table\n@cache\ndef f():\n{LONG}", 0),
        (f"def f():\n{TOLD}    # size: it is a table\n{LONG}", 0),
        (f"# size:\ndef f():\n{LONG}", 1),
        (f"def f():\n{TOLD}    return 1\n", 0),
        (f"# size: it is a table\n\nx = 1\n\n\ndef f():\n{LONG}", 1),
    ],
)
def test_functions_over_the_line_are_found(text: str, count: int) -> None:
    assert len(list(long_functions(sample(text, "mailer.sample")))) == count


def test_files_over_the_line_are_found() -> None:
    text = '"""A long file."""\n' + "x = 1\n" * FILE_LINES
    assert list(long_files(sample(text, "mailer.sample")))
    assert not list(long_files(sample("# size: it is a table\n" + text, "mailer.sample")))
    assert not list(long_files(sample("x = 1\n" * FILE_LINES, "mailer.sample")))
