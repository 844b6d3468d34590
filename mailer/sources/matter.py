"""Front matter: the facts a writer states in YAML above a statement, checked one by one."""

import datetime
import difflib
import re
from collections.abc import Hashable
from typing import Any

import yaml
from frontmatter.default_handlers import YAMLHandler

from mailer.compose import links
from mailer.compose.characters import clean, one_line
from mailer.errors import BadInput
from mailer.sources import dates, language

KEYS = ("title", "deck", "date", "language", "author", "source", "note")
_ALSO = {
    "headline": "title",
    "subtitle": "deck",
    "standfirst": "deck",
    "lang": "language",
    "authors": "author",
    "byline": "author",
    "url": "source",
    "link": "source",
    "canonical": "source",
    "published": "date",
}
_WEBSITES = """
    layout template type id slug permalink path aliases redirect_from category categories tags tag keywords series
    draft weight order menu nav parent image images thumbnail cover featured toc comments summary description excerpt
    abstract lastmod updated modified expirydate sitemap seo robots translationkey translations format published_at
"""
_OF_WEBSITES = frozenset(_WEBSITES.split())
"""Keys that generators of websites read in the same file and that say nothing a mail needs."""
_LONGEST = 16_384
_BEGINS = re.compile(r"\A-{3,}[ \t]*\n(?=\s*(?:[\w\"'-]+[ \t]*:|#|-{3,}))")
_HANDLER = YAMLHandler()


class _Words(yaml.BaseLoader):
    """Reads every value as the words that were written: no date, number or truth value is made of it."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        # An alias repeats what it names: a few lines of them become gigabytes.
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("references (*name) are not allowed here")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [str(key.value).lower() for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"{key!r} stands there twice")
        return super().construct_mapping(node, deep)


def split(text: str, name: str) -> tuple[dict[str, str], str]:
    """Return the facts of the front matter, still as words, and the text below it.

    Raises BadInput naming the line, key or value that is wrong.
    """
    if not _BEGINS.match(text):
        return {}, text
    try:
        matter, body = _HANDLER.split(text)
    except ValueError:
        return {}, text
    if len(matter) > _LONGEST:
        raise BadInput("the front matter is longer than 16 kB", place=name, cure="move the text below the second ---")
    try:
        values = yaml.load(matter, Loader=_Words)  # noqa: S506  a BaseLoader makes nothing but words and lists
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise BadInput(
            f"the front matter cannot be read: {problem.problem or 'not YAML'}",
            place=f"{name}, line {line}",
            cure='write one "key: value" in a line and quote values that hold a colon',
        ) from None
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        why = "it is nested too deeply" if isinstance(problem, RecursionError) else str(problem)
        raise BadInput(
            f"the front matter cannot be read: {why}", place=name, cure="write plain keys and values"
        ) from None
    if values is None or values == "":
        return {}, body
    if not isinstance(values, dict):
        raise BadInput("the front matter holds no keys", place=name, cure='write one "key: value" in a line')
    stated: dict[str, str] = {}
    for written, value in values.items():
        key = _key(written, name)
        if key in stated:
            raise BadInput(f"{key!r} stands in the front matter twice", place=name, cure="keep one of the two")
        if key:
            stated[key] = _words(key, value, name)
    return stated, body


def checked_date(words: str, name: str) -> datetime.date | None:
    """Return the date, or None for no words; raises BadInput for anything that is not one."""
    date = dates.exact(words)
    if words and not date:
        raise BadInput(f"date: {_short(words)} is not a date", place=name, cure="write it like 2023-10-05")
    return date


def checked_language(words: str, name: str) -> str:
    """Return the language tag (RFC 5646); raises BadInput for anything that is not one."""
    tag = language.tag(words)
    if words and not tag:
        raise BadInput(f"language: {_short(words)} is not a language tag", place=name, cure="write it like en or pt-BR")
    return tag


def checked_source(words: str, name: str) -> str:
    """Return the address of the page; raises BadInput unless it begins with http:// or https://."""
    url = links.page(words)
    if words and not url:
        raise BadInput(
            f"source: {_short(words)} is not the address of a page",
            place=name,
            cure="write it with https:// in front",
        )
    return url


def _key(key: object, name: str) -> str:
    """Return which of our keys it is, or nothing for one that is a website's own."""
    word = str(key).strip().lower()
    if word in KEYS or word in _ALSO:
        return _ALSO.get(word, word)
    if word in _OF_WEBSITES:
        return ""
    close = difflib.get_close_matches(word, KEYS, n=1)
    cure = f"did you mean {close[0]}?" if close else f"the keys are {', '.join(KEYS)}"
    raise BadInput(f"unknown key {_short(str(key))} in the front matter", place=name, cure=cure)


def _words(key: str, value: object, name: str) -> str:
    if isinstance(value, list) and all(isinstance(each, str) for each in value) and key == "author":
        value = ", ".join(value)
    if not isinstance(value, str):
        raise BadInput(f"{_short(key)} holds more than words", place=name, cure="write one value behind the colon")
    return clean(value).strip() if key == "note" else one_line(value)


def _short(words: str) -> str:
    line = one_line(words)
    return repr(line if len(line) <= 40 else f"{line[:39]}…")
