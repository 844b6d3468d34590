"""The pages in docs/ are contracts: what they say is what the code says."""

import re
import tomllib
from pathlib import Path

import pytest

from mailer import errors
from mailer.config import Config, load
from mailer.store.tables import DELIVERY_STATES, MAILING_STATES, SUBSCRIPTION_STATES
from tests.house import page_of_settings, pages
from tests.house.floorplan import ROOT, modules

STATES = dict(zip(pages.MOVES, (SUBSCRIPTION_STATES, MAILING_STATES, DELIVERY_STATES), strict=True))


@pytest.mark.parametrize("page", pages.PAGES)
def test_the_page_is_printed_from_the_code(page: str) -> None:
    assert (ROOT / page).read_text() == pages.printed(page), f"{page} is out of date: run `make pages`"


def test_flow_names_every_module() -> None:
    named = re.findall(r"^- `([\w/]+\.py)`: (.+)$", (ROOT / "docs/flow.md").read_text(), re.M)
    rooms = {f"mailer.{room}" for room in pages.RIVER}
    expected = {
        module.path.relative_to(ROOT / "mailer").as_posix(): pages.told(module)
        for module in modules()
        if not (module.name in rooms and module.path.name == "__init__.py")
    }
    assert dict(named) == expected
    assert len(named) == len(expected)


@pytest.mark.parametrize("title", pages.MOVES)
def test_moves_and_tables_know_the_same_states(title: str) -> None:
    moves = pages.MOVES[title]
    assert set(moves) == set(STATES[title])
    assert set().union(*moves.values()) <= set(moves)


@pytest.mark.parametrize("title", pages.MOVES)
def test_every_state_is_explained(title: str) -> None:
    part = (ROOT / "docs/states.md").read_text().split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    assert set(re.findall(r"^- \*\*([^*]+)\*\*: \S", part, re.M)) == set(STATES[title])


def test_the_error_tree_is_drawn_as_it_is() -> None:
    drawn = re.findall(r"^([│├└─ ]*)(\w+)(?:  |$)", (errors.__doc__ or "").split("\n\n", 1)[1], re.M)
    depth = {name: len(frame) // 4 for frame, name in drawn}
    real = {
        each.__name__: len(each.__mro__) - len(errors.MailerError.__mro__)
        for each in pages.family_of(errors.MailerError)
    }
    assert depth == real
    parents = [each.__base__.__name__ for each in pages.family_of(errors.MailerError) if each.__base__]
    above: dict[int, str] = {-1: "Exception"}
    for (name, level), parent in zip(depth.items(), parents, strict=True):
        assert above[level - 1] == parent, f"{name} is drawn below {above[level - 1]}"
        above[level] = name


def test_the_example_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(page_of_settings.example())
    assert load(path) == load(_empty(tmp_path / "empty.toml"))


def test_every_line_of_the_example_is_its_default(tmp_path: Path) -> None:
    text = re.sub(r"^# (\w+ = |\[)(?!\"…\")", r"\1", page_of_settings.example(samples=False), flags=re.M)
    sections = [section for section in page_of_settings.sections() if section.variable]
    fields = [field for section in sections for field in section.fields.values()]
    assert len(re.findall(r"^\w+ = ", text, re.M)) == sum(
        field.get_default(call_default_factory=True) is not None for field in fields
    )
    path = tmp_path / "config.toml"
    path.write_text(text)
    assert load(path) == load(_empty(tmp_path / "empty.toml"))
    assert set(tomllib.loads(text)) == {section.name.split(".")[0] for section in sections}
    assert set(Config.model_fields) == {section.name.split(".")[0] for section in page_of_settings.sections()}


def test_every_key_tells_what_it_is_for() -> None:
    for section in page_of_settings.sections():
        for key, field in section.fields.items():
            assert (field.description or "").endswith("."), f"[{section.name}] {key} has no sentence"


def _empty(path: Path) -> Path:
    path.write_text("")
    return path
