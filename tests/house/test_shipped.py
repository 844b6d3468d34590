"""What is shipped speaks of the project only, is finished, explained, and holds nothing private."""

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import nodes

from tests.house.floorplan import ROOT, Module, all_modules, git, modules, sample, shipped_files, templates
from tests.house.test_words import TEMPLATE_WORDS

# One letter of each is in brackets, so that this file does not hold what it looks for.
PRIVATE = {
    "a path of somebody's machine": r"(?<![\w.<{/])/(wor[k]|roo[t]|hom[e]|Use[r]s|op[t]/wheels|share[d])/\w",
    "a package registry": r"[p]ypi\.org|[p]ythonhosted\.org|registry\.[n]pmjs|[-]-index-url\b",
    "a working paper": r"[D]ESIGN\.md|[C]ONTRACT\.md|reference/(?:[s]tandards|[r]eliability|[e]xperience|[p]eers)",
    "an id from a working paper": r"\b[A-I]-\d\d\b(?!-\d)",
    "talk about how it was written": r"\b[L]LM\b|\bA[I]\b|[l]anguage model|[a]s requested|[t]he brief\b",
    "something unfinished": r"(?:#|//|<!--|/\*)\s*(?:T[O]DO|F[I]XME|X[X]X)\b|[N]otImplementedError",
}
# What git must never take: people's addresses, keys, secrets, what is made here.
NEVER = ("subscribers.db", "subscribers.db-wal", "keys/signing.keys", "config.toml", ".venv/x", "dist/x.whl")


def text_of(path: Path) -> str:
    """Return the text of a file, "" for pictures, fonts and what others wrote and we only pass on."""
    data = path.read_bytes()
    passed_on = path.name.endswith((".min.js", ".min.css")) or "vendor" in path.parts
    return "" if b"\0" in data or passed_on else data.decode(errors="replace")


def private_lines(name: str, text: str) -> Iterator[str]:
    """Yield every line that says something that is nobody's business."""
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in PRIVATE.items():
            if re.search(pattern, line):
                yield f"{name}:{number}: {what}: {line.strip()[:100]}"


def unexplained(module: Module) -> Iterator[str]:
    """Yield the module if it does not begin with one sentence, and public parts of mailer/ without a docstring."""
    first = (ast.get_docstring(module.tree, clean=False) or "").splitlines()[:2]
    if module.tree.body and (not first or not first[0].endswith((".", "?")) or "".join(first[1:])):
        yield f"{module.at(module.tree)}: begin with one line that says what the module is for"
    if module.name.split(".")[0] == "mailer":
        yield from _silent(module, module.tree)


def _silent(module: Module, where: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in where.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            doc = ast.get_docstring(node)
            if not doc:
                yield f"{module.at(node)}: {node.name} does not say what it promises"
            elif not doc.splitlines()[0].endswith((".", "?", ":")):
                yield f"{module.at(node)}: {node.name}: the first line of its docstring is not a sentence"
            if isinstance(node, ast.ClassDef):
                yield from _silent(module, node)


def lost_templates(path: Path) -> Iterator[str]:
    """Yield every template that this one names and that is neither beside it nor in a folder above."""
    folders = [path.parent, *(folder for folder in path.parents if (ROOT / "templates") in (folder, *folder.parents))]
    naming = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
    for node in TEMPLATE_WORDS.parse(path.read_text()).find_all(naming):
        named = getattr(node, "template", None)
        if isinstance(named, nodes.Const) and not any((folder / named.value).is_file() for folder in folders):
            yield f"{path.relative_to(ROOT)}:{node.lineno}: there is no template {named.value}"


def test_nothing_private_is_shipped() -> None:
    assert len(shipped_files()) > 100, "git does not answer, so nothing was looked at"
    found = [line for path in shipped_files() for line in private_lines(str(path.relative_to(ROOT)), text_of(path))]
    assert not found, "\n" + "\n".join(found)


def test_everything_is_explained() -> None:
    found = [line for module in all_modules() for line in unexplained(module)]
    assert not found, "\n" + "\n".join(found)


def test_named_templates_exist() -> None:
    found = [line for path in templates() for line in lost_templates(path)]
    known = [path.relative_to(ROOT).as_posix() for path in templates()]
    for module in modules():
        if module.room in ("web", "api", "cli"):
            for node in ast.walk(module.tree):
                name = str(node.value) if isinstance(node, ast.Constant) else ""
                if re.fullmatch(r"[\w/-]+\.(html|jinja)", name) and not any(
                    path.endswith(f"/{name}") for path in known
                ):
                    found.append(f"{module.at(node)}: there is no template {name}")
    assert not found, "\n" + "\n".join(found)


def test_links_between_pages_lead_somewhere() -> None:
    found = []
    for path in [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\((?!\w+:|#)([^)#\s]+)", path.read_text()):
            if not (path.parent / target).exists():
                found.append(f"{path.relative_to(ROOT)}: there is no {target}")
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("name", NEVER)
def test_git_never_takes_what_is_private(name: str) -> None:
    assert git("check-ignore", "-q", name).returncode == 0, f".gitignore has no line for {name}"


def test_no_store_or_key_is_shipped() -> None:
    taken = [path.name for path in shipped_files() if path.suffix in (".db", ".sqlite", ".keys", ".key", ".pem")]
    assert not taken


def test_commands_of_the_makefile_and_the_complete_test_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in ("demo", "test", "check", "lock", "wheel", "pages", "bench", "million"):
        assert re.search(rf"^{target}:", makefile, re.M), f"there is no `make {target}`"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)


@pytest.mark.parametrize(
    "line",
    [
        "see /" + "work/main/mailer",
        "cd /" + "home/ann/mailer",
        "pip install -i https://py" + "pi.org/simple",
        "as D-" + "05 says",
        "# TO" + "DO: later",
        "as the DES" + "IGN.md says",
    ],
)
def test_private_lines_are_found(line: str) -> None:
    assert list(private_lines("x.py", line))


@pytest.mark.parametrize("line", ["<a href='https://example.org/work/1'>", "A-Z 0-9", "ISO 8601: 2026-10-01"])
def test_other_lines_are_not(line: str) -> None:
    assert not list(private_lines("x.py", line))


def test_unexplained_parts_are_found() -> None:
    text = (
        'def a():\n    pass\nclass B:\n    """B."""\n    def c(self):\n        pass\n    def _d(self):\n        pass\n'
    )
    assert len(list(unexplained(sample(text, "mailer.sample")))) == 3
    assert not list(unexplained(sample('"""What it is for."""\ndef _x():\n    pass\n', "mailer.sample")))
