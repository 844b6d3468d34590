"""A mailing's text is compiled once: rendered, inlined, written as wire bytes, frozen, hashed."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from markupsafe import Markup

from mailer import address
from mailer.compose import catalogue, headers
from mailer.compose.catalogue import Words
from mailer.compose.characters import clean, one_line
from mailer.compose.facts import (
    EDITION_LINKS,
    NOTICE_LINKS,
    READER_FIELDS,
    EditionFacts,
    ListFacts,
    MailingFacts,
    NoticeFacts,
    early_of_edition,
    early_of_notice,
)
from mailer.compose.inline import place_spots
from mailer.compose.parts import needs, reads
from mailer.compose.run import perform, steps, wired
from mailer.compose.spots import Part
from mailer.compose.template import render
from mailer.compose.wire import DATE, ID, SUBJECT, TO, UNSUBSCRIBE, VERSION, Program
from mailer.errors import BadInput

__all__ = [
    "Edition",
    "EditionFacts",
    "ListFacts",
    "MailingFacts",
    "NoticeFacts",
    "compile_edition",
    "compile_notice",
]

_FOLDER = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True)
class Edition:
    """A compiled text: the program that goes over the wire, and what it asks of a reader."""

    program: Program

    @property
    def hash(self) -> str:
        """Return the hex SHA-256 of the stored program."""
        return self.program.hash

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the reader fields the text looks up, sorted."""
        return tuple(key.removeprefix("reader.") for key in self.program.reads if key.startswith("reader."))

    @property
    def requires(self) -> tuple[str, ...]:
        """Return the reader fields the text prints with nothing to fall back on, sorted."""
        return tuple(self.program.tree["requires"])

    @cached_property
    def html_bytes(self) -> int:
        """Return the size of the HTML part on the wire in octets, as the anonymous reader gets it."""
        return len(perform(steps(self.program.tree["html"]), self.program.frame({}, {})))

    def html_for(self, reader: Mapping[str, Any], links: Mapping[str, Any]) -> str:
        """Return the HTML a reader sees, the anonymous one for empty mappings; empty if there is no HTML."""
        return self.program.html(self.program.frame(reader, links))

    def text_for(self, reader: Mapping[str, Any], links: Mapping[str, Any]) -> str:
        """Return the plain-text part a reader sees."""
        return self.program.text(self.program.frame(reader, links))

    def subject_for(self, reader: Mapping[str, Any], links: Mapping[str, Any]) -> str:
        """Return the subject a reader sees."""
        return one_line(self.program.subject(self.program.frame(reader, links)))


def compile_edition(facts: EditionFacts, folders: tuple[Path, ...]) -> Edition:
    """Compile what a mailing says to one list; BadInput names file, line and cure of a template's fault."""
    if not facts.statements:
        raise BadInput("an edition needs a statement", place="mailing", cure="choose at least one")
    subject = one_line(facts.mailing.subject)
    if not subject:
        raise BadInput("the subject is empty", place="subject", cure="write one line that says what it is about")
    words = catalogue.words(folders, facts.mailing.language)
    desk = _Desk(folders, "editions", facts.template, words, facts.declared, EDITION_LINKS)
    text = desk.text("page.txt", early_of_edition(facts, "text"))
    html = desk.html("page.html", early_of_edition(facts, "html")) if facts.format == "html" else []
    head = [
        DATE,
        *_sender(facts.mlist.from_name or facts.mlist.organisation, facts.mlist),
        *_list_head(facts),
    ]
    return _frozen("edition", head, [subject], text, html)


def compile_notice(facts: NoticeFacts, folders: tuple[Path, ...]) -> Edition:
    """Compile a letter of the house itself; its subject is a template and may depend on the reader."""
    words = catalogue.words(folders, facts.language)
    desk = _Desk(folders, "notices", facts.name, words, facts.declared, NOTICE_LINKS)
    early = early_of_notice(facts)
    subject = desk.subject("subject.txt", early)
    text = desk.text("body.txt", early)
    html = desk.html("body.html", early) if facts.format == "html" else []
    head = [DATE, *_sender(facts.from_name, facts), "Auto-Submitted: auto-generated\r\n"]
    return _frozen("notice", head, subject, text, html)


class _Desk:
    """The templates of one edition or notice: its own folder first, then the shared ones."""

    def __init__(
        self,
        folders: tuple[Path, ...],
        room: str,
        name: str,
        words: Words,
        declared: frozenset[str],
        links: frozenset[str],
    ) -> None:
        own = [folder / room / name for folder in folders]
        if not _FOLDER.fullmatch(name) or not any(folder.is_dir() for folder in own):
            raise BadInput(
                f'there is no template "{name}"',
                place=f"templates/{room}",
                cure="choose one of: " + ", ".join(_names(folders, room)),
            )
        self._words = words
        self._folders = (*own, *(folder / room for folder in folders), *folders)
        self._known = {"reader": READER_FIELDS | declared, "links": links}

    def subject(self, name: str, early: Mapping[str, Any]) -> Part:
        draft = render(name, early, folders=self._folders, kind="header", known=self._known, words=self._words)
        text = one_line(draft.text)
        if not text:
            raise BadInput("the subject is empty", place=name, cure="write one line")
        return draft.spots.part(text, lambda _token: "text")

    def text(self, name: str, early: Mapping[str, Any]) -> Part:
        draft = render(name, early, folders=self._folders, kind="text", known=self._known, words=self._words)
        text = clean(draft.text).strip()
        if not text:
            # RFC 2046 section 5.1.4: the alternatives say the same; an empty one says nothing.
            raise BadInput("the plain-text part is empty", place=name, cure="print the statement's body")
        return draft.spots.part(text + "\n", lambda _token: "text")

    def html(self, name: str, early: Mapping[str, Any]) -> Part:
        style = Markup(self._style())  # noqa: S704 - the template's own file
        values = {**early, "style": style}
        draft = render(name, values, folders=self._folders, kind="html", known=self._known, words=self._words)
        return place_spots(clean(draft.text), draft.spots, name)

    def _style(self) -> str:
        for folder in self._folders:
            file = folder / "style.css"
            if file.is_file():
                css = file.read_text(encoding="utf-8")
                if "</" in css or "<!--" in css:
                    raise BadInput("HTML in a style sheet", place="style.css", cure="leave only rules in it")
                return css
        return ""


def _names(folders: tuple[Path, ...], room: str) -> list[str]:
    rooms = [folder / room for folder in folders if (folder / room).is_dir()]
    return sorted({entry.name for place in rooms for entry in place.iterdir() if entry.is_dir()})


def _sender(name: str, facts: ListFacts | NoticeFacts) -> list[str]:
    fields = [
        headers.mailbox_field("From", name, address.parse(facts.from_address, place="From").spelled),
        TO,
        SUBJECT,
        ID,
    ]
    if facts.reply_to:
        fields.append(headers.mailbox_field("Reply-To", "", address.parse(facts.reply_to, place="Reply-To").spelled))
    return [*fields, "MIME-Version: 1.0\r\n"]


def _list_head(facts: EditionFacts) -> list[str]:
    mlist = facts.mlist
    domain = address.parse(mlist.from_address, place="From").domain
    fields = [
        headers.list_id_field(mlist.title, mlist.list_id or f"{mlist.name}.{domain}"),
        UNSUBSCRIBE,
        "List-Post: NO\r\n",
        *([headers.uri_field("List-Archive", [mlist.archive_url])] if mlist.archive_url else []),
        "Precedence: bulk\r\n",
        # Never NDR or All: they would ask for the bounces we need to be suppressed (MS-OXCMAIL 2.1.3.2.20).
        "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply\r\n",
    ]
    reference = facts.mailing.reference or hashlib.sha256(facts.mailing.subject.encode()).hexdigest()[:8]
    named = [re.sub(r"[^A-Za-z0-9_.-]", "-", part)[:40] for part in (reference, mlist.name, "edition")]
    # The last field names the sender, the same in all its mail, 5 to 15 characters.
    sender = re.sub(r"[^a-z0-9]", "", domain)[:15].ljust(5, "0")
    return [*fields, headers.plain_field("Feedback-ID", ":".join([*named, sender]))]


def _frozen(kind: str, head: list[str], subject: Part, text: Part, html: Part) -> Edition:
    if all(isinstance(node, str) for node in subject):
        static = headers.text_field("Subject", "".join(subject))
        head = [static if item == SUBJECT else item for item in head]
    whole = [*subject, *text, *html]
    tree = {
        "version": VERSION,
        "kind": kind,
        "head": _joined(head),
        "subject": wired(subject),
        "text": wired(text),
        "html": wired(html),
        "reads": sorted(reads(whole)),
        "requires": sorted(needs(whole)),
        "boundary": "",
    }
    if html:
        # "=_" cannot occur in quoted-printable, so no value can spell a boundary (RFC 2045 section 6.7).
        tree["boundary"] = "=_" + hashlib.sha256(repr(tree).encode()).hexdigest()[:32]
    return Edition(Program.of(tree))


def _joined(head: list[str]) -> list[str]:
    """Return the head with neighbouring finished fields as one piece; the places of late ones stay."""
    joined: list[str] = []
    for item in head:
        if joined and item.endswith("\r\n") and joined[-1].endswith("\r\n"):
            joined[-1] += item
        else:
            joined.append(item)
    return joined
