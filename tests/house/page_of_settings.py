"""Prints docs/config.md and config.example.toml from the model of the configuration."""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mailer.config import Config

HEAD = """\
# All that can be set, with its default. Take away the # before a line to change it.
# `mailer check` tells what is wrong; docs/config.md says the same as a table.
# A variable wins over this file: MAILER_WEB__PORT=8080 is port in [web].
"""
WORDS = {
    str: "text",
    int: "whole number",
    float: "number",
    Path: "path",
    bool: "true or false",
    SecretStr: "text",
}


@dataclass(frozen=True)
class Section:
    """One table of config.toml; ``name`` is what stands in its brackets, ``variable`` is empty for an example."""

    name: str
    told: str
    fields: dict[str, FieldInfo]
    variable: str


def sections() -> Iterator[Section]:
    """Yield the tables of config.toml; one that may come several times is shown under its default's name."""
    for name, field in Config.model_fields.items():
        model: Any = field.annotation
        variable = f"MAILER_{name.upper()}__"
        if get_origin(model) is dict:
            model = get_args(model)[1]
            given = next(iter(_default(field)), None)
            # Where there is none to begin with, it is shown under the name of its example.
            shown = given or f'"{(field.examples or ["NAME"])[0]}"'
            yield Section(
                f"{name}.{shown}", _told(model), model.model_fields, f"{variable}{given.upper()}__" if given else ""
            )
        else:
            yield Section(name, _told(model), model.model_fields, variable)


def table() -> str:
    """Return every key with its type, default and reason, a table for each section."""
    parts = []
    for section in sections():
        rows = [
            f"| `{key}` | {kind(field)} | {_shown(field)} | {field.description} |"
            for key, field in section.fields.items()
        ]
        variables = f" Variables: `{section.variable}…`" if section.variable else ""
        parts.append(
            f"## [{section.name}]\n\n{section.told}{variables}\n\n"
            "| key | type | default | what for |\n|---|---|---|---|\n" + "\n".join(rows)
        )
    return "\n\n".join(parts)


def example(*, samples: bool = True) -> str:
    """Return config.example.toml: every key, commented out, with its default; sections there may be, or without."""
    parts = [HEAD]
    for section in sections():
        if not (samples or section.variable):
            continue
        # A table that may come several times is an example as a whole: beside one of your own it would be a second.
        several = "." in section.name
        lines = [f"# [{section.name}]" if several else f"[{section.name}]", f"# {section.told}"]
        if several:
            yours = "the name after the point" if section.variable else "the domain in quotes"
            lines.append(f"# Take away the # before the line in brackets too; {yours} is yours.")
        for key, field in section.fields.items():
            lines += ["", *textwrap.wrap(f"# {field.description}", 100, subsequent_indent="# ")]
            lines.append(f"# {key} = {_toml(_default(field))}")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def kind(field: FieldInfo) -> str:
    """Return what may be written there, in words, with its bounds."""
    annotation: Any = field.annotation
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    if get_origin(annotation) is tuple:
        return "list of texts" if get_args(annotation)[0] is str else "list of whole numbers"
    if get_origin(annotation) is dict:
        value = get_args(annotation)[1]
        if get_origin(value) is tuple:
            return "table of lists"
        return "table of texts" if value is str else "table of numbers"
    given = [part for part in get_args(annotation) or (annotation,) if part is not type(None)]
    bounds = {
        name: getattr(rule, name) for rule in field.metadata for name in ("ge", "gt", "le") if hasattr(rule, name)
    }
    low = f"over {bounds['gt']:g}" if "gt" in bounds else f"{bounds['ge']:g}" if "ge" in bounds else ""
    high = f" to {int(bounds['le'])}" if "le" in bounds else ""
    return f"{WORDS[given[0]]}{f', {low}{high}' if low else ''}"


def _told(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").splitlines()[0]


def _default(field: FieldInfo) -> Any:
    value = field.get_default(call_default_factory=True)
    assert value is not PydanticUndefined, "every key has a default"
    return value


def _shown(field: FieldInfo) -> str:
    value = _default(field)
    return "not set" if value is None else f"`{_toml(value)}`"


def _toml(value: Any) -> str:
    if value is None:
        return '"…"'
    if isinstance(value, SecretStr):
        return json.dumps(value.get_secret_value())
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return "{}"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)
