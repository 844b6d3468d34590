"""The value every source produces and every template reads: one published text."""

import datetime
from dataclasses import dataclass


@dataclass(frozen=True)
class Statement:
    """A published text; every field is one line except ``note`` and the two bodies.

    ``body_html`` is sanitised, ``body_text`` is its plain-text twin made from the same source.
    """

    title: str
    deck: str = ""
    date: datetime.date | None = None
    language: str = "en"
    author: str = ""
    source: str = ""
    note: str = ""
    body_html: str = ""
    body_text: str = ""

    def as_json(self) -> dict[str, str | None]:
        """Return the nine fields under their own names, the date as ISO 8601 or null."""
        return {
            "title": self.title,
            "deck": self.deck,
            "date": self.date.isoformat() if self.date else None,
            "language": self.language,
            "author": self.author,
            "source": self.source,
            "note": self.note,
            "body_html": self.body_html,
            "body_text": self.body_text,
        }
