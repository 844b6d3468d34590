"""What is wrong with a configuration, one line each: place, mistake, cure."""

import codecs
import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from mailer.errors import ConfigError

PREFIX = "MAILER_"
# Variables that are not keys: which file to read, and the fail points of the fault tests.
OTHER_VARIABLES = {"MAILER_CONFIG", "MAILER_CRASH_AT"}


def explain(error: Exception, model: type[BaseModel], file: Path) -> list[ConfigError]:
    """Return one ConfigError for each mistake in ``error``, with a suggestion where one is near."""
    if isinstance(error, tomllib.TOMLDecodeError):
        if file.read_bytes().startswith(codecs.BOM_UTF8):
            mark = "this begins with an invisible mark (BOM)"
            return [ConfigError(mark, place=file.name, cure="save it as UTF-8 without BOM")]
        return [ConfigError(f"this is not TOML: {error}", place=file.name, cure="mend that line")]
    if isinstance(error, UnicodeDecodeError):
        return [ConfigError("this is not UTF-8 text", place=file.name, cure="save it as UTF-8")]
    if isinstance(error, OSError):
        reason = f"this cannot be read ({error.strerror})"
        return [ConfigError(reason, place=str(file), cure="let the mailer read it")]
    if not isinstance(error, ValidationError):
        return [_unread_variable(error)]
    found = []
    for item in error.errors(include_url=False, include_input=False):
        path = [str(part) for part in item["loc"]]
        message, cure = _sentence(item, path, model)
        if path:
            found.append(ConfigError(message, place=_place(model, path, file), cure=cure))
            continue
        # What does not fit together: a line a mistake, each with the key where it is put right.
        for line in message.splitlines():
            key, problem = line.split(": ", 1)
            found.append(ConfigError(problem, place=_place(model, key.split("."), file), cure=cure))
    return found


def unknown_variables(model: type[BaseModel]) -> list[ConfigError]:
    """Return one ConfigError for each MAILER_* variable that is no key; a typo there must not pass unseen."""
    found = []
    for name in sorted(os.environ):
        if not name.upper().startswith(PREFIX) or name in OTHER_VARIABLES:
            continue
        path = name.lower().removeprefix(PREFIX.lower()).split("__")
        if len(path) == 2 and keys_at(model, path[:1]) is None and (meant := _parted(model, path)):
            found.append(ConfigError("no such key", place=name, cure=f"did you mean {meant}?"))
            continue
        for depth in range(len(path)):
            known = keys_at(model, path[:depth])
            if known is not None and path[depth] not in known:
                right = _nearest(model, path[: depth + 1])
                meant = _parted(model, path) or (_variable([*right, *path[depth + 1 :]]) if right else "")
                shown = ", ".join(_variable([*path[:depth], key]) for key in known)
                cure = f"did you mean {meant}?" if meant else f"known here: {shown}" if shown else "take it out"
                found.append(ConfigError("no such key", place=name, cure=cure))
                break
    return found


def _parted(model: type[BaseModel], path: list[str]) -> str:
    """Return the variable that was meant where one _ stands for two, as in MAILER_WEB_PORT."""
    words = "_".join(path)
    for section in keys_at(model, []) or []:
        rest = words.removeprefix(f"{section}_")
        if rest == words:
            continue
        known = keys_at(model, [section])
        if known is not None:
            near = difflib.get_close_matches(rest, known, n=1, cutoff=0.8)
            return _variable([section, near[0]]) if near else ""
        for key in keys_at(model, [section, "any"]) or []:
            if rest.endswith(f"_{key}") and (name := rest.removesuffix(f"_{key}").strip("_")):
                return _variable([section, name, key])
    return ""


def keys_at(model: type[BaseModel], path: Iterable[str]) -> list[str] | None:
    """Return the keys allowed below ``path``: none below a value, None where any name goes."""
    here: Any = model
    for part in path:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(part)
            here = field.annotation if field else None
        else:
            here = get_args(here)[1] if get_origin(here) is dict else None
    if isinstance(here, type) and issubclass(here, BaseModel):
        return list(here.model_fields)
    return None if get_origin(here) is dict else []


# Kind of mistake → what is wrong, and what to write; braces are filled with the bounds of the key.
SENTENCES = {
    "bool": ("this is neither true nor false", "write true or false"),
    "dict": ("this is not a section", "write [{section}] above its keys"),
    "float": ("this is not a number", "write it like 48 or 0.5, without quotes"),
    "greater_than": ("this is too small", "write more than {gt:g}"),
    "greater_than_equal": ("this is too small", "write at least {ge:g}"),
    "int": ("this is not a whole number", "write it like 8000, without quotes"),
    "less_than_equal": ("this is too large", "write at most {le:.15g}"),
    "literal": ("this is not one of {expected}", "write one of them"),
    "model": ("this is not a section", "write [{section}] above its keys"),
    "path": ("this is not a text", "write it in quotes"),
    "string_pattern": ("this does not have the right form", "write a language like en or pt-BR"),
    "string_too_long": ("this is too long", "write at most {max_length} characters"),
    "string_too_short": ("this is empty", "write something"),
    "string": ("this is not a text", "write it in quotes"),
    "too_short": ("there is none", "write [{section}] above its keys"),
    "tuple": ("this is not a list", 'write it like ["10.0.0.2"]'),
}


def _sentence(item: Any, path: list[str], model: type[BaseModel]) -> tuple[str, str]:
    kind, context = item["type"], {"section": _section(model, path)} | item.get("ctx", {})
    if kind == "extra_forbidden":
        return "no such key", _suggest(model, path)
    if kind == "value_error":
        return str(context["error"]), ""
    for start in (kind, *(kind.rsplit("_", count)[0] for count in (1, 2, 3))):
        if start in SENTENCES:
            problem, cure = (part.format_map(context) for part in SENTENCES[start])
            return problem, cure
    text = str(item["msg"])
    return text[0].lower() + text[1:], ""


def _section(model: type[BaseModel], path: list[str]) -> str:
    """Return how the section at ``path`` is headed; NAME stands where any name goes."""
    if path and keys_at(model, path[:-1]) is None:
        path = path[:-1]
    return ".".join([*path, *(["NAME"] if keys_at(model, path) is None else [])])


def _unread_variable(error: Exception) -> ConfigError:
    """Say which variable pydantic-settings could not take apart: it wants JSON for lists and sections."""
    named = re.search(r'field "(\w+)"', str(error))
    start = _variable([named[1] if named else ""])
    given = sorted(name for name in os.environ if name.upper().startswith(start))
    return ConfigError("this is not JSON", place=" or ".join(given), cure="""write it like '["10.0.0.2"]'""")


def _place(model: type[BaseModel], path: list[str], file: Path) -> str:
    """Name the variable that holds the value or breaks it by going below it, else the key in the file."""
    variable = _variable(path)
    given = [name for name in os.environ if name.upper() == variable or _holds(name, path)]
    if not given and not keys_at(model, path):
        given = [name for name in os.environ if name.upper().startswith(variable + "__")]
    return given[0] if given else f"{file.name}: {'.'.join(path)}" if path else file.name


def _holds(name: str, path: list[str]) -> bool:
    """Say whether this variable sets the key as part of a whole section, in JSON."""
    above = [depth for depth in range(1, len(path)) if name.upper() == _variable(path[:depth])]
    if not above:
        return False
    try:
        value = json.loads(os.environ[name])
    except ValueError:
        return False
    for part in path[above[0] :]:
        value = value.get(part) if isinstance(value, dict) else None
    return value is not None


def _variable(path: Iterable[str]) -> str:
    return PREFIX + "__".join(path).upper()


def _suggest(model: type[BaseModel], path: list[str]) -> str:
    known = keys_at(model, path[:-1]) or []
    right = _nearest(model, path)
    if right:
        return f"did you mean {right[-1] if len(right) == len(path) else '.'.join(right)}?"
    return f"known here: {', '.join(known)}" if known else "take it out"


def _nearest(model: type[BaseModel], path: list[str]) -> list[str]:
    """Return the existing key that ``path`` probably means: beside it, or one that lacks its section."""
    known = keys_at(model, path[:-1]) or []
    near = difflib.get_close_matches(path[-1], known, n=1, cutoff=0.6)
    if near:
        return [*path[:-1], near[0]]
    if len(path) == 1:
        return next(([section, path[0]] for section in known if path[0] in (keys_at(model, [section]) or [])), [])
    return []
