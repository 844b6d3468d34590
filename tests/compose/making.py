"""What the tests of the engine are made with: small templates, a list, a mailing, a reader."""

import datetime
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from lxml import etree

from mailer.compose.edition import Edition, EditionFacts, ListFacts, MailingFacts, compile_edition
from mailer.compose.facts import EDITION_LINKS, READER_FIELDS
from mailer.compose.fit import tidy
from mailer.compose.inline import inline, place_spots
from mailer.compose.landing import URL_ATTRIBUTES
from mailer.compose.message import Letter
from mailer.compose.run import steps, wired
from mailer.compose.statement import Statement
from mailer.compose.template import Sandbox, filled, render
from mailer.compose.wire import decoded

DECLARED = frozenset({"city", "topics", "page", "age"})
KNOWN = {"reader": READER_FIELDS | DECLARED, "links": EDITION_LINKS}
LINKS = {"unsubscribe": "https://water.example/u/abc", "manage": "https://water.example/m/abc?x=1&y=2"}
PAGE = "<html><head><title>T</title></head><body>{}</body></html>"
MOMENT = datetime.datetime(2026, 3, 4, 9, 30, tzinfo=datetime.UTC)

STATEMENT = Statement(
    title="Water supply restored in the old town",
    deck="All pumps are running again",
    date=datetime.date(2026, 3, 4),
    language="en",
    author="Press office",
    source="https://water.example/news/restored",
    body_html="<p>The burst main in Mill Lane is repaired.</p>",
    body_text="The burst main in Mill Lane is repaired.",
)
LIST = ListFacts(
    name="news",
    title="News of the water works",
    from_address="press@water.example",
    from_name="Riverside Water",
    organisation="Riverside Water",
    postal_address="1 Mill Lane",
    archive_url="https://water.example/archive",
    reply_to="desk@water.example",
)
MAILING = MailingFacts(subject="Water supply restored", preheader="All pumps run", name="Riverside Water")


def write(folder: Path, **files: str) -> tuple[Path, ...]:
    """Write a template named ``small``; ``page_html="…"`` becomes page.html. Return the search path."""
    own = folder / "editions" / "small"
    own.mkdir(parents=True, exist_ok=True)
    for name, text in {"page_txt": "{{ statement.body }}\n", **files}.items():
        stem, _, ending = name.rpartition("_")
        (own / f"{stem}.{ending}").write_text(text, encoding="utf-8")
    return (folder,)


def edition(folder: Path, *, facts: EditionFacts | None = None, **files: str) -> Edition:
    """Compile a small edition of the given template files."""
    wanted = facts or EditionFacts((STATEMENT,), LIST, MAILING, "small", declared=DECLARED)
    return compile_edition(wanted, write(folder, **files))


def letter(**changes: Any) -> Letter:
    """Return a delivery to one reader."""
    plain: dict[str, Any] = {
        "address": "jo@reader.example",
        "name": "Jo Reader",
        "values": {},
        "links": LINKS,
        "message_id": "01h2.7x@water.example",
        "date": MOMENT,
        "unsubscribe_url": LINKS["unsubscribe"],
    }
    return Letter(**{**plain, **changes})


def reader(**values: str) -> dict[str, str]:
    """Return a reader with every field, empty unless given."""
    return {**dict.fromkeys(sorted(KNOWN["reader"]), ""), **values}


def spliced(folder: Path, early: Mapping[str, Any], who: Mapping[str, str], kind: str = "html") -> str:
    """Compile page.html of a folder once and fill it for a reader."""
    name = "page.html" if kind == "html" else "page.txt"
    draft = render(name, early, folders=(folder,), kind=kind, known=KNOWN)
    if kind == "html":
        part = place_spots(draft.text, draft.spots)
    else:
        part = draft.spots.part(draft.text, lambda _token: "text")
    frame = {f"reader.{field}": tidy(value) for field, value in who.items()}
    frame |= {f"links.{field}": tidy(value) for field, value in LINKS.items()}
    return decoded(steps(wired(part)), frame)


def rendered(folder: Path, early: Mapping[str, Any], who: Mapping[str, str], kind: str = "html") -> str:
    """Render page.html with the reader as ordinary Jinja, then inline it: what splicing must equal."""
    sandbox = Sandbox((folder,), kind)
    # As globals, because imported macros see the late names too.
    sandbox.globals["reader"] = SimpleNamespace(**{field: tidy(value) for field, value in who.items()})
    sandbox.globals["links"] = SimpleNamespace(**LINKS)
    page = filled(sandbox, "page.html" if kind == "html" else "page.txt", early)
    return inline(page) if kind == "html" else page


def dom(html: str) -> Any:
    """Return a page as nested lists: tags, attributes, texts, comments."""
    return _shape(etree.fromstring(html, etree.HTMLParser()))


def _shape(element: etree._Element) -> Any:
    if isinstance(element, etree._Comment):
        return ["comment", element.text, element.tail or ""]
    attributes = {
        name: _address(str(value)) if name in URL_ATTRIBUTES else value for name, value in element.attrib.items()
    }
    return [element.tag, attributes, element.text or "", [_shape(child) for child in element], element.tail or ""]


def _address(value: str) -> str:
    # Both ways end at the same place; only how much of it is percent-encoded differs.
    return unquote(value)
