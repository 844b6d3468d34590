"""What the pages of the archive are made of: the same for the site and for files on another server."""

import json
import re
from typing import Any
from urllib.parse import quote, urlsplit

from markupsafe import Markup

from mailer.compose import catalogue, daywords, webcopy
from mailer.compose import links as pages
from mailer.compose.statement import Statement
from mailer.mailing.archive import OPEN, PUBLIC, Shelf
from mailer.mailing.copies import Copy, Letter
from mailer.web import feeds, headers, tongue
from mailer.web.feeds import Addresses
from mailer.web.house import House

NO_INDEX = "noindex, nofollow"
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


def shelf_values(shelf: Shelf, page: int, to: Addresses) -> dict[str, Any]:
    """Return what ``public/archive.html`` shows of one page of a list's archive."""
    return {
        "list_language": shelf.offer.language,
        "shelf": shelf,
        "page": page,
        "own": None,
        "feeds": shelf.visibility in OPEN,
        "robots": "" if shelf.visibility == PUBLIC else NO_INDEX,
        "canonical": to.archive(shelf.offer.name) if page == 1 else "",
    }


def copy_values(house: House, copy: Copy, to: Addresses) -> dict[str, Any]:
    """Return what ``public/mailing.html`` shows of one mailing."""
    canonical = feeds.address_of(copy, to)
    return {
        "list_language": copy.offer.language,
        "copy": copy,
        "own": None,
        "texts": [_text(text, copy) for text in copy.texts],
        "direction": catalogue.direction(copy.language),
        # Sanitised by compose.content before it became a Statement, and only taken from since.
        "shown": lambda html, *words: Markup(webcopy.body(html, house.config.archive.pictures_from, *words)),  # noqa: S704
        "robots": "" if copy.visibility == PUBLIC else NO_INDEX,
        "canonical": canonical,
        "address": to.view(copy.offer.name, copy.slug),
        "published": _stamp(copy.sent_at),
        "changed": _stamp(copy.changed_at),
        "facts": _facts(house, copy, canonical, to),
        "words": house.config.signup.consent_words,
    }


def policy(house: House) -> str:
    """Return the Content-Security-Policy of a page with a statement: its pictures from nowhere else than allowed."""
    hosts = "".join(f" https://{host}" for host in house.config.archive.pictures_from)
    return headers.POLICY.replace("img-src 'self'", f"img-src 'self'{hosts}")


def letter_policy(house: House) -> str:
    """Return the policy of a letter in the browser: its own styles, nothing that acts, nothing from elsewhere."""
    hosts = "".join(f" https://{host}" for host in house.config.archive.pictures_from)
    return headers.EDITION_POLICY.replace("img-src https: data:", f"img-src data:{hosts}")


def letter(house: House, found: Letter, address: str) -> str:
    """Return the letter as a page; of one that was corrected since, with a word above it that leads to ``address``."""
    if found.corrected_at is None:
        return found.html
    template = house.templates.get_template("public/letter_corrected.html")
    spoken = tongue.words()
    words = template.render(at=found.corrected_at, address=address, lang=spoken.language, dir=spoken.direction)
    return _BODY.sub(lambda body: body[0] + words, found.html, count=1)


def canonical_field(source: str) -> dict[str, str]:
    """Return the Link field that names the statement on the organisation's own pages as the original (RFC 6596)."""
    if urlsplit(source).scheme not in ("http", "https"):
        return {}
    return {"Link": f'<{quote(source, safe=":/?#[]@!$&()*+,;=%-._~")}>; rel="canonical"'}


def _text(text: Statement, copy: Copy) -> dict[str, Any]:
    return {
        "title": text.title,
        "deck": text.deck,
        "byline": _byline(text, text.language or copy.language),
        "note": text.note,
        "source": pages.page(text.source),
        "language": text.language or copy.language,
        "direction": catalogue.direction(text.language or copy.language),
        "body": text.body_html,
    }


def _byline(text: Statement, language: str) -> str:
    """Return day and author in the words of the statement's own language, as its letter has them."""
    return " · ".join(part for part in (daywords.day(text.date, language) if text.date else "", text.author) if part)


def _facts(house: House, copy: Copy, canonical: str, to: Addresses) -> Markup:
    """Return what search programs read of a mailing (schema.org), safe between the tags of a script."""
    organisation = {"@type": "Organization", "name": house.config.site.name}
    authors = list(dict.fromkeys(text.author for text in copy.texts if text.author))
    found = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": copy.title,
        "description": copy.preheader,
        "inLanguage": copy.language,
        "datePublished": _stamp(copy.sent_at),
        "dateModified": _stamp(copy.changed_at),
        "author": [{"@type": "Person", "name": name} for name in authors] or organisation,
        "publisher": organisation,
        "mainEntityOfPage": canonical,
        "url": to.view(copy.offer.name, copy.slug),
        "correction": [said.note for said in copy.corrections],
    }
    text = json.dumps({name: value for name, value in found.items() if value}, ensure_ascii=False)
    # "<" as JSON writes it: no text can end the script, or begin a comment in it.
    escaped = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(escaped)  # noqa: S704


def _stamp(moment: Any) -> str:
    return str(moment.replace(microsecond=0).isoformat())
