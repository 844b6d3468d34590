"""Every template compiled with a sample text, so that a mistake is found before a reader's letter needs it."""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from mailer.compose.edition import (
    EditionFacts,
    ListFacts,
    MailingFacts,
    NoticeFacts,
    compile_edition,
    compile_notice,
)
from mailer.compose.statement import Statement
from mailer.config import Config, template_folders
from mailer.errors import BadInput

SENDER = "sample@example.org"
SAMPLE = Statement(
    title="Water in Mill Street is off on Tuesday",
    deck="From 9 to 12, while a valve is exchanged",
    date=datetime.date(2026, 3, 2),
    author="Arden Valley Water",
    source="https://example.org/statements/mill-street",
    note="Corrected on 3 March: the hours.",
    body_html="<p>Please draw what you need before nine.</p>",
    body_text="Please draw what you need before nine.\n",
)
# What the verbs that write notices tell their templates.
SAID: Mapping[str, Mapping[str, Any]] = {
    "confirm": {
        "lists": ["Statements"],
        "asked_at": "2 March 2026",
        "page": "example.org",
        "network": "203.0.113.0/24",
        "days": "7",
    },
    "welcome": {"lists": ["Statements"], "about": "Twice a month.", "sender": SENDER},
    "already": {"lists": ["Statements"]},
    "link": {"minutes": "30"},
    "move": {"address": "ann@example.org", "asked_at": "2 March 2026, 09:00", "hours": "24"},
    "moved": {"address": "new@example.org", "asked_at": "2 March 2026, 09:00"},
    "staff_link": {"minutes": "30"},
    "alarm": {"title": "The relay does not answer", "lines": ["Nothing is lost."]},
    "test_relay": {"relay": "local", "lines": ["127.0.0.1, port 25"]},
}


def mistakes(config: Config) -> Iterator[BadInput]:
    """Compile every template there is, in both formats, and yield what is wrong with each."""
    folders = template_folders(config)
    for name in editions(config):
        for form in ("html", "text"):
            try:
                compile_edition(edition(config, name, form), folders)
            except BadInput as error:
                yield error
    for name in SAID:
        try:
            compile_notice(notice(config, name), folders)
        except BadInput as error:
            yield error


def editions(config: Config) -> list[str]:
    """Return the names of the templates of editions there are."""
    rooms = [folder / "editions" for folder in template_folders(config)]
    return sorted({entry.name for room in rooms if room.is_dir() for entry in room.iterdir() if entry.is_dir()})


def edition(config: Config, template: str, form: str) -> EditionFacts:
    """Return a sample for a template of editions, in one format."""
    base = config.site.base_url
    return EditionFacts(
        statements=(SAMPLE,),
        mlist=ListFacts(
            name="statements",
            title="Statements",
            from_address=SENDER,
            organisation=config.site.name,
            postal_address="1 Mill Street, Arden",
            archive_url=f"{base}/a/statements",
            subscribe_url=f"{base}/s/statements",
        ),
        mailing=MailingFacts(subject=SAMPLE.title, view_url=f"{base}/a/statements/mill-street", name=config.site.name),
        template=template,
        format=form,
        declared=frozenset(config.people.attributes),
    )


def notice(config: Config, name: str) -> NoticeFacts:
    """Return a sample for the template of a notice."""
    return NoticeFacts(
        name=name,
        from_address=SENDER,
        from_name=config.site.name,
        organisation=config.site.name,
        site_name=config.site.name,
        site_url=config.site.base_url,
        notice=SAID[name],
        declared=frozenset(config.people.attributes),
    )
