"""The shipped templates compiled with the sample statements, each combination once."""

from functools import lru_cache
from pathlib import Path

from mailer.compose.edition import Edition, compile_edition, compile_notice
from mailer.compose.facts import EditionFacts, ListFacts, MailingFacts, NoticeFacts
from tests.compose.samples import MUSEUM, STATEMENTS, WATER, Sample

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
HOUSE = "https://lists.example.org"
LANGUAGES = {"en": "ltr", "de": "ltr", "fr": "ltr", "es": "ltr", "ar": "rtl"}

READER = {"name": "", "address": "a.reader@example.net", "language": "en", "since": "3 May 2026"}
NOBODY = dict.fromkeys(READER, "")
LINKS = {
    name: f"{HOUSE}/{name}/Zk3T9xq0aB4cD5eF6gH7iJ8kL9mN0pQ1"
    for name in ("unsubscribe", "manage", "confirm", "not_me", "desk")
}
NO_LINKS = dict.fromkeys(LINKS, "")

NOTICES = {
    "confirm": {
        "lists": ["Service statements", "Statements of the board"],
        "asked_at": "3 May 2026, 14:02",
        "page": "https://www.example.org/news",
        "network": "203.0.113.0/24",
        "days": 7,
    },
    "welcome": {
        "lists": ["Service statements"],
        "about": "About two statements a week, never more than one a day.",
        "sender": "statements@example.org",
    },
    "already": {"lists": ["Service statements"]},
    "link": {"minutes": 30},
    "move": {"address": "a…r@example.net", "asked_at": "3 May 2026, 14:02", "hours": "24"},
    "moved": {"address": "a…r@example.net", "asked_at": "3 May 2026, 14:02"},
    "test_relay": {"relay": "main", "lines": ["Relay main: mail.example.org, port 587, STARTTLS"]},
    "staff_link": {"minutes": 30},
    "alarm": {
        "title": "Relay main refuses every message",
        "lines": ["Since 14:02 the relay main answers 454 4.7.0.", "9,120 deliveries wait; none is lost."],
    },
}
FOR_READERS = ("confirm", "welcome", "already", "link", "move", "moved")


@lru_cache
def compiled(sample: Sample, *others: Sample, template: str = "statement") -> Edition:
    """Compile a mailing of one sample, or of several."""
    several = bool(others)
    mlist = ListFacts(
        name="service",
        title=sample.list_title,
        from_address="statements@example.org",
        organisation=sample.organisation,
        postal_address=sample.postal_address,
        archive_url=f"{HOUSE}/a/service",
        subscribe_url=f"{HOUSE}/s/service",
    )
    mailing = MailingFacts(
        subject="Two statements of this week" if several else sample.title,
        preheader=sample.preheader,
        language=sample.language,
        direction=sample.direction,
        view_url=f"{HOUSE}/a/service/42",
        name=sample.organisation,
    )
    statements = tuple(each.statement() for each in (sample, *others))
    return compile_edition(EditionFacts(statements, mlist, mailing, template), (TEMPLATES,))


def notice(name: str, language: str = "en", direction: str = "ltr", **changed: object) -> Edition:
    """Compile a notice of the shipped templates."""
    facts = NoticeFacts(
        name=name,
        from_address="statements@example.org",
        language=language,
        direction=direction,
        organisation="Arden Valley Water",
        site_name="Arden Valley Water",
        site_url=HOUSE,
        notice={**NOTICES[name], **changed},
    )
    return compile_notice(facts, (TEMPLATES,))


@lru_cache
def shipped(name: str) -> Edition:
    """Compile what goes by a name of ``EVERY``."""
    if name in NOTICES:
        return notice(name)
    if name == "two":
        return compiled(WATER, MUSEUM)
    return compiled(next(sample for sample in STATEMENTS if sample.name == name))


EVERY = (*(sample.name for sample in STATEMENTS), "two", *NOTICES)
