"""The letters a preview shows: every notice, and an edition of a sample statement, in a language."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from mailer.compose import catalogue, daywords
from mailer.compose.edition import Edition, compile_edition, compile_notice
from mailer.config import Config, template_folders
from mailer.mailing import rehearsal
from mailer.mailing.links import Links
from mailer.tokens import Keys
from mailer.web.preview import Letter

READER = {"name": "Anna", "address": "anna.miller@example.org"}
SINCE = date(2026, 3, 2)
SEVERAL = {"lists": ["Press statements", "Planned works"]}


def letters(config: Config, keys: Keys) -> Mapping[str, Callable[[str], Letter]]:
    """Return what makes each letter in a language, by its name."""
    made: dict[str, Callable[[str], Letter]] = {}
    for name, said in rehearsal.SAID.items():
        made[name] = partial(_notice, config, keys, name, {})
        if "lists" in said:
            made[f"{name}-several"] = partial(_notice, config, keys, name, SEVERAL)
    for name in rehearsal.editions(config):
        made[f"edition-{name}"] = partial(_edition, config, keys, name)
    return made


def _notice(config: Config, keys: Keys, name: str, other: Mapping[str, Any], language: str) -> Letter:
    facts = rehearsal.notice(config, name)
    facts = replace(
        facts,
        language=language,
        direction=catalogue.direction(language),
        notice={**facts.notice, **other},
    )
    return _letter(config, keys, language, compile_notice(facts, template_folders(config)))


def _edition(config: Config, keys: Keys, name: str, language: str) -> Letter:
    facts = rehearsal.edition(config, name, "html")
    mailing = replace(facts.mailing, language=language, direction=catalogue.direction(language))
    return _letter(config, keys, language, compile_edition(replace(facts, mailing=mailing), template_folders(config)))


def _letter(config: Config, keys: Keys, language: str, edition: Edition) -> Letter:
    nobody = Links(config.site.base_url, keys).nobody()
    links = dict.fromkeys(("unsubscribe", "manage", "confirm", "not_me", "desk"), nobody)
    reader = {**dict.fromkeys(config.people.attributes, ""), **READER, "since": daywords.day(SINCE, language)}
    return Letter(edition.subject_for(reader, links), edition.html_for(reader, links), edition.text_for(reader, links))
