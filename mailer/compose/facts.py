"""What editions and notices are made of, and how templates see it."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from mailer.compose import daywords, links
from mailer.compose.characters import one_line
from mailer.compose.statement import Statement

READER_FIELDS = frozenset({"name", "address", "language", "since"})
EDITION_LINKS = frozenset({"unsubscribe", "manage"})
_PREHEADER = 110
_LABEL = re.compile(
    r"(?:[\w’']+ ){0,2}(?:note|nota|anmerkung|noot|примечание|ملاحظة)(?: [\w’']+){0,4}\s*[:–—]\s*(?=\S)", re.IGNORECASE
)
NOTICE_LINKS = frozenset({"confirm", "not_me", "manage", "unsubscribe", "desk"})


@dataclass(frozen=True)
class ListFacts:
    """What an edition says of its list; ``list_id`` is the list's identifier (RFC 2919), made if empty."""

    name: str
    title: str
    from_address: str
    from_name: str = ""
    description: str = ""
    organisation: str = ""
    postal_address: str = ""
    archive_url: str = ""
    subscribe_url: str = ""
    reply_to: str = ""
    list_id: str = ""


@dataclass(frozen=True)
class MailingFacts:
    """What an edition says of its mailing; ``reference`` names it to mailbox providers (Feedback-ID)."""

    subject: str
    preheader: str = ""
    language: str = "en"
    direction: str = "ltr"
    view_url: str = ""
    name: str = ""
    reference: str = ""


@dataclass(frozen=True)
class EditionFacts:
    """Everything an edition is made of; ``format`` is html (with a text part) or text."""

    statements: tuple[Statement, ...]
    mlist: ListFacts
    mailing: MailingFacts
    template: str = "statement"
    format: str = "html"
    declared: frozenset[str] = frozenset()


@dataclass(frozen=True)
class NoticeFacts:
    """Everything a notice is made of; ``notice`` holds the strings of the verb that writes it."""

    name: str
    from_address: str
    from_name: str = ""
    reply_to: str = ""
    language: str = "en"
    direction: str = "ltr"
    organisation: str = ""
    site_name: str = ""
    site_url: str = ""
    notice: Mapping[str, Any] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    format: str = "html"


def early_of_edition(facts: EditionFacts, kind: str) -> dict[str, Any]:
    """Return the template variables of an edition; in a text template no value is markup."""
    seen = [_statement(statement, facts.mailing.language, kind) for statement in facts.statements]
    mlist = {**asdict(facts.mlist), **_pages(facts.mlist, "archive_url", "subscribe_url")}
    mlist["from_name"] = facts.mlist.from_name or facts.mlist.organisation
    mailing = {**asdict(facts.mailing), **_pages(facts.mailing, "view_url")}
    mailing["preheader"] = facts.mailing.preheader or _opening(facts.statements[0])
    return {
        "statement": seen[0],
        "statements": seen,
        "mailing": SimpleNamespace(**mailing),
        "mlist": SimpleNamespace(**mlist),
    }


def early_of_notice(facts: NoticeFacts) -> dict[str, Any]:
    """Return the template variables of a notice."""
    return {
        "mailing": SimpleNamespace(language=facts.language, direction=facts.direction, name=facts.organisation),
        "site": SimpleNamespace(name=facts.site_name, base_url=links.page(facts.site_url)),
        "notice": SimpleNamespace(**facts.notice),
    }


def _pages(facts: ListFacts | MailingFacts, *names: str) -> dict[str, str]:
    """Return the addresses by name; what is not the address of a page is no link."""
    return {name: links.page(getattr(facts, name)) for name in names}


def _scrolled(body: str) -> str:
    """Let a table that is wider than the screen scroll by itself; the sanitised ones have no attributes."""
    return body.replace("<table>", '<div class="scroll"><table>').replace("</table>", "</table></div>")


def _unlabelled(note: str) -> str:
    """Return the note without its own “Editor’s note:”, as the frame says that above it."""
    found = _LABEL.match(note)
    return note[found.end() :][:1].upper() + note[found.end() + 1 :] if found else note


def _opening(statement: Statement) -> str:
    """Return what an inbox shows beside the subject if nothing else is said: the deck, or how the text begins."""
    if statement.deck:
        return statement.deck
    line = one_line(statement.body_text.strip().split("\n\n")[0])
    return line if len(line) <= _PREHEADER else line[:_PREHEADER].rsplit(" ", 1)[0].rstrip(" ,;:.–—-") + " …"


def _statement(statement: Statement, language: str, kind: str) -> SimpleNamespace:
    html = kind == "html"
    return SimpleNamespace(
        title=statement.title,
        deck=statement.deck,
        date=statement.date,
        date_long=daywords.day(statement.date, language) if statement.date else "",
        language=statement.language,
        author=statement.author,
        source=links.page(statement.source),
        note=_unlabelled(statement.note),
        # Sanitised by compose.content before it became a Statement.
        body=Markup(_scrolled(statement.body_html)) if html else statement.body_text,  # noqa: S704
    )
