"""What a list sends, for who thinks about subscribing: its latest mailing, and how many came lately."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from mailer import clock
from mailer.errors import NotFound
from mailer.mailing import archive
from mailer.mailing.archive import Entry

LATELY_DAYS = 90


@dataclass(frozen=True)
class Sample:
    """The latest mailing in a list's archive, and how many of the last ``LATELY_DAYS`` stand there."""

    latest: Entry
    lately: int


def look(session: Session, list_name: str) -> Sample | None:
    """Return what a stranger may see of a list's mailings; None where nothing is, or nothing is for everybody."""
    try:
        shelf = archive.shelf(session, list_name)
    except NotFound:
        return None
    entries = () if isinstance(shelf, archive.Moved) else shelf.entries
    since = clock.now() - timedelta(days=LATELY_DAYS)
    return Sample(entries[0], sum(entry.sent_at > since for entry in entries)) if entries else None
