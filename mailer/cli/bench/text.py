"""A statement long enough that its messages have the size that is wanted."""

from datetime import UTC, datetime

from mailer.app.opening import App
from mailer.cli.bench.house import city_of, name_of
from mailer.compose.message import Letter, build
from mailer.mailing import editions, mailings
from mailer.mailing.links import Links
from mailer.sources import kept
from mailer.sources.read import read_file
from mailer.store.tables import Mailing

TITLE = "The main in Mill Street is renewed"
SENTENCES = (
    "The old main is from 1938 and lost a tenth of its water last year.",
    "Work begins at the bridge and moves up the hill, sixty metres a week.",
    "Whoever lives there hears two days before when the water is off.",
    "A tank stands at the corner from seven in the morning.",
    "Nothing changes in what you pay.",
)
HEAD = """---
title: {title}
date: 2026-03-02
language: en
---
"""


def statement_of(sentences: int) -> str:
    """Return a statement of so many sentences, five to a paragraph."""
    said = [SENTENCES[at % len(SENTENCES)] for at in range(max(sentences, 1))]
    paragraphs = [" ".join(said[at : at + 5]) for at in range(0, len(said), 5)]
    return HEAD.format(title=TITLE) + "\n\n".join(paragraphs) + "\n"


def draft(app: App, mlist: str, sentences: int) -> int:
    """Make a mailing of such a statement and return its number."""
    file = app.config.keys.folder.parent / "statement.md"
    file.write_text(statement_of(sentences), encoding="utf-8")
    with app.store.write() as session:
        row = kept.keep(session, read_file(file), file.read_bytes(), file.name)
        wanted = mailings.Draft([mlist], subject=TITLE, template="letter")
        return mailings.draft(session, app.config, row, wanted, actor="bench").id


def fit(app: App, mlist: str, size: int) -> int:
    """Return how many sentences make messages of about ``size`` bytes; bytes grow with them in a straight line."""
    low, high = 1, 200
    least, most = _bytes(app, mlist, low), _bytes(app, mlist, high)
    return max(1, round(low + (size - least) * (high - low) / (most - least)))


def _bytes(app: App, mlist: str, sentences: int) -> int:
    mailing_id = draft(app, mlist, sentences)
    with app.store.read() as session:
        mailing = session.get_one(Mailing, mailing_id)
        compiled = editions.compile_all(session, app.config, app.keys, mailing)
    edition = next(item.edition for item in compiled if item.format == "html")
    links = Links(app.config.site.base_url, app.keys)
    letter = Letter(
        address="reader10000@one.example",
        name=name_of(10000),
        values={"city": city_of(0), "name": name_of(10000), "since": "2 March 2026"},
        links=links.of_nobody(),
        message_id="0123456789abcdef@sender.example",
        date=datetime(2026, 3, 2, tzinfo=UTC),
        unsubscribe_url=links.nobody(),
    )
    return len(build(edition.program, letter))
