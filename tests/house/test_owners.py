"""Every dependency has an owner, a reason and a use; nothing is imported that is not declared."""

import re
import sys
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.floorplan import ROOT, Module, Rule, imports, modules, sample
from tests.house.owners import ONLY, OWNERS, PICKED_UP

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DEPENDENCIES = [Requirement(line) for line in PROJECT["dependencies"]]
DEVELOPMENT = [Requirement(line) for line in PROJECT["optional-dependencies"]["dev"]]
BY_PACKAGE = {package: owner for owner in OWNERS for package in owner.packages}


def foreign(module: Module) -> Iterator[tuple[str, str]]:
    """Yield the package and the place of every import from somebody else."""
    for found in imports(module.tree):
        root = found.target.split(".")[0]
        if root not in ("", "mailer", *sys.stdlib_module_names):
            yield root, module.at(found.node)


def trespasses(module: Module) -> Iterator[str]:
    """Yield every import of a package that another room owns."""
    for package, at in foreign(module):
        owner = BY_PACKAGE.get(package)
        if owner and not {module.room, module.place} & set(owner.rooms):
            yield f"{at}: {package} belongs to {', '.join(owner.rooms)} (docs/decisions.md says why)"
        elif module.name not in ONLY.get(package, (module.name,)):
            yield f"{at}: {package} belongs to {', '.join(ONLY[package])} alone"


def undeclared(module: Module) -> Iterator[str]:
    """Yield every import of a package that no dependency brings."""
    for package, at in foreign(module):
        if package not in BY_PACKAGE and package not in PICKED_UP:
            yield f"{at}: {package} has no owner in tests/house/owners.py and no line in pyproject.toml"


def reasons(heading: str) -> dict[str, tuple[str, str]]:
    """Return name -> (rooms, reason) of the table below ``heading`` in docs/decisions.md."""
    text = (ROOT / "docs" / "decisions.md").read_text()
    part = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]*) \| ([^|]+) \|$", part, re.M)
    return {name.strip(): (rooms.strip(), why.strip()) for name, rooms, why in rows[1:]}


@pytest.mark.parametrize("rule", [trespasses, undeclared], ids=lambda rule: rule.__name__)
def test_the_rule_holds_everywhere(rule: Rule) -> None:
    found = [line for module in modules() for line in rule(module)]
    assert not found, "\n" + "\n".join(found)


def test_every_dependency_has_an_owner() -> None:
    declared = {requirement.name for requirement in DEPENDENCIES}
    owned = {owner.distribution for owner in OWNERS} | set(PICKED_UP)
    assert declared == owned, f"pyproject.toml and tests/house/owners.py differ in {sorted(declared ^ owned)}"


def test_every_dependency_is_used() -> None:
    used = {package for module in modules() for package, _ in foreign(module)}
    idle = [owner.distribution for owner in OWNERS if not used & set(owner.packages)]
    assert not idle, f"nothing imports {idle}; take them out of pyproject.toml and the owners"


def test_every_dependency_has_a_reason() -> None:
    told = reasons("What we stand on")
    expected = {owner.distribution: ", ".join(owner.rooms) for owner in OWNERS}
    expected |= dict.fromkeys(PICKED_UP, "-")
    assert {name: rooms for name, (rooms, _) in told.items()} == expected
    assert all(len(why) > 20 for _, why in told.values())


def test_every_tool_has_a_reason() -> None:
    told = reasons("What we work with")
    assert set(told) == {requirement.name for requirement in DEVELOPMENT}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_fits_the_declared_versions(name: str) -> None:
    text = (ROOT / name).read_text()
    pinned = {canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", text, re.M)}
    wanted = DEPENDENCIES + (DEVELOPMENT if "dev" in name else [])
    for requirement in wanted:
        version = pinned.get(canonicalize_name(requirement.name), "nothing")
        assert version in requirement.specifier, f"{name} has {version} for {requirement}: run `make lock`"
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries), "an entry without a hash"


def test_both_locks_name_the_same_versions() -> None:
    lines = {
        name: set(re.findall(r"^[\w.-]+==\S+", (ROOT / name).read_text(), re.M))
        for name in ("requirements.lock", "requirements-dev.lock")
    }
    assert lines["requirements.lock"] <= lines["requirements-dev.lock"]


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("mailer.web.public", "import aiosmtplib", trespasses),
        ("mailer.web.public", "from sqlalchemy import select", trespasses),
        ("mailer.cli.main", "def run():\n    from starlette.applications import Starlette", trespasses),
        ("mailer.errors", "from pydantic import BaseModel", trespasses),
        ("mailer.send.worker", "from cryptography.hazmat.primitives import hashes", trespasses),
        ("mailer.sources.feed", "import feedparser", undeclared),
    ],
)
def test_the_rule_bites(name: str, text: str, rule: Rule) -> None:
    assert list(rule(sample(text, name)))
