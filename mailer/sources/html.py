"""A statement as HTML: a page as a browser saved it, or a fragment."""

import datetime
import re

from mailer.compose import content, tidy, tree
from mailer.compose.characters import clean, one_line
from mailer.compose.statement import Statement
from mailer.compose.tree import HEADINGS, Element, remove
from mailer.errors import BadInput
from mailer.sources import dates, facts, head, language
from mailer.sources.page import Page, words

_HEAD_BLOCKS = 10


def statement(markup: str, name: str) -> Statement:
    """Return the statement in a page; raises BadInput naming ``name`` if there is no title or no text."""
    markup = clean(markup)
    root = tree.parse_page(markup)
    said = facts.read(root, markup)
    page = Page(root)
    headline, near = page.headline(said.site)
    deck = page.deck()
    date, author = _beside(page)
    body = tidy.tidied(page.finish(), said.base)
    found = _head(body, headline, said.title, frozenset() if near else said.parts)
    if not found.title:
        raise BadInput("no title found", place=name, cure="give the page a <title> or its text an <h1>")
    made = content.from_html(tidy.inner_html(body), said.base)
    if not made.text.strip():
        raise BadInput("no text found in the page", place=name, cure="save the text itself as Markdown or plain text")
    return Statement(
        title=one_line(found.title),
        deck=deck or one_line(found.deck),
        date=date or _written(said.date) or found.date or dates.of_text(made.text, found.title, found.deck),
        language=said.language or language.guess(f"{found.title}\n{deck}\n{made.text}"),
        author=author or one_line(found.author) or said.author,
        source=said.source or found.source,
        note=found.note,
        body_html=made.html,
        body_text=made.text,
    )


def _beside(page: Page) -> tuple[datetime.date | None, str]:
    """Take date and author from the elements beside the headline, and these out of the text."""
    date, author = _timed(page)
    for element in page.beside():
        text = words(element)
        line, by = head.dated(text)
        date = date or line
        of_author = element.get("rel") == "author" or element.get("itemprop") == "author"
        name = by or head.byline(text) or (text if of_author and not line else "")
        author = author or (name if len(name) <= 100 else "")
        if line or name or dates.find(text):
            remove(element)
    return date, author


def _timed(page: Page) -> tuple[datetime.date | None, str]:
    """Take the date from the time elements, with what stands in their lines: a label, a byline."""
    date, author = None, ""
    for element in page.times():
        written = _written(element.get("datetime", "")) or dates.of_line(words(element))
        if not written:
            continue
        line, by = element, ""
        above = element.getparent()
        while above is not None and above not in (page.main, page.scope):
            found, name = head.dated(words(above).replace(words(element), written.isoformat(), 1))
            if not found:
                break
            line, by, above = above, name, above.getparent()
        marks = f"{element.get('class', '')} {element.get('itemprop', '')} {line.get('class', '')}".lower()
        if not re.search("updated|modified", marks):
            date, author = date or written, author or by
        remove(line)
    return date, author


def _written(text: str) -> datetime.date | None:
    found = dates.find(text[:40])
    return found.date if found else None


def _head(body: Element, headline: str, named: str, parts: frozenset[str]) -> head.Head:
    """Read the first blocks as the lines of a head and take these out of the body.

    A first block that is one of the ``parts`` of the page's title is the headline of a page without h1, and so
    is a heading with a date below it: the title of such a page may be that of the whole site.
    """
    title = headline or named
    blocks = list(body)[:_HEAD_BLOCKS]
    units = [
        head.Unit(
            words(each),
            HEADINGS.get(each.tag, 0),
            italic=len(each) == 1
            and each[0].tag in ("em", "i")
            and not ((each.text or "") + (each[0].tail or "")).strip(),
            plain=(each.tag == "p" or each.tag in HEADINGS) and bool(words(each)) and each.find(".//img") is None,
        )
        for each in blocks
    ]
    first = units[0].text if units else ""
    dated = len(units) > 1 and bool(units[0].level) and bool(dates.of_line(units[1].text))
    if first and (first.casefold() in {title.casefold(), *parts} or (dated and not headline)):
        title = first
        remove(blocks.pop(0))
        units.pop(0)
    found = head.read(units, title, decked=False)
    for at, each in enumerate(blocks[: found.taken]):
        remove(each)
        if at in found.moved:
            body.append(each)
    return found
