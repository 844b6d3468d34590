"""The fixed words of pages and letters in every language there is: gettext catalogues, the operator's before ours.

``words/<language>.po`` of each templates folder is one catalogue. English needs none: the texts in the templates are
English, and stand in wherever a catalogue has no other.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from mailer.errors import BadInput

ENGLISH = "en"
FOLDER = "words"
_LINE = re.compile(r'\s*(?:#.*|(?:msg(?:ctxt|id|id_plural|str(?:\[\d+\])?)\s+)?"(?:[^"\\]|\\.)*")?\s*')
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def N_(text: str) -> str:
    """Return the text as it is: it is marked for the catalogues here, and said in a language later."""
    return text


@dataclass(frozen=True)
class Words:
    """The words of one language; what its catalogue does not have is said in English."""

    language: str = ENGLISH
    direction: str = "ltr"
    catalogue: NullTranslations = field(default_factory=NullTranslations, repr=False, compare=False)

    def gettext(self, text: str, **values: object) -> str:
        """Return the text in this language, its ``%(name)s`` filled."""
        return self.catalogue.gettext(text) % values

    def ngettext(self, one: str, many: str, number: int, **values: object) -> str:
        """Return the form of the text that goes with the number, which is ``%(num)s`` in it."""
        return self.catalogue.ngettext(one, many, number) % {"num": number, **values}

    def as_written(self, text: str) -> str:
        """Return the text in this language with nothing filled in: a sentence of a configuration may hold any sign."""
        return self.catalogue.gettext(text) if text else ""


def direction(language: str) -> str:
    """Return ltr or rtl: where the lines of a language begin."""
    locale = _locale(language)
    return locale.text_direction if locale else "ltr"


def languages(folders: tuple[Path, ...]) -> tuple[str, ...]:
    """Return the languages there are words for: English, then the others by their tags."""
    found = {file.stem for folder in folders for file in (folder / FOLDER).glob("*.po") if _TAG.fullmatch(file.stem)}
    return (ENGLISH, *sorted(found - {ENGLISH}))


def best(wanted: Iterable[str], offered: Iterable[str]) -> str:
    """Return the first wanted language that is offered, itself or as the one it is a kind of; "" if none is."""
    known = {tag.lower(): tag for tag in offered}
    for tag in wanted:
        parts = tag.lower().split("-")
        for length in range(len(parts), 0, -1):
            if found := known.get("-".join(parts[:length])):
                return found
    return ""


def words(folders: tuple[Path, ...], language: str) -> Words:
    """Return the words of a language, English ones if there are none; BadInput where a catalogue is damaged."""
    return exactly(folders, best([language], languages(folders)) or ENGLISH)


def exactly(folders: tuple[Path, ...], tag: str) -> Words:
    """Return the words of a language that languages() names; BadInput where its catalogue is damaged.

    A catalogue that changed on the disk is read anew.
    """
    files = tuple(file for folder in folders if (file := folder / FOLDER / f"{tag}.po").is_file())
    return _words(tag, tuple((file, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=64)
def _words(tag: str, files: tuple[tuple[Path, int], ...]) -> Words:
    catalogue = NullTranslations()
    for file, _changed in reversed(files):
        # Each stands before the next, message by message: what it has not is looked for behind it.
        nearer = _compiled(_read(file, tag))
        nearer.add_fallback(catalogue)
        catalogue = nearer
    return Words(tag, direction(tag), catalogue)


def _compiled(catalogue: Catalog) -> NullTranslations:
    written = BytesIO()
    write_mo(written, catalogue)
    written.seek(0)
    return GNUTranslations(written)


def _read(file: Path, tag: str) -> Catalog:
    place = f"{FOLDER}/{file.name}"
    try:
        text = file.read_text("utf-8")
        if bad := next((n for n, line in enumerate(text.splitlines(), 1) if not _LINE.fullmatch(line)), 0):
            raise BadInput("this is no line of a catalogue", place=f"{place}:{bad}", cure="see the manual of gettext")
        catalogue = read_po(StringIO(text), locale=str(_locale(tag) or "") or None, abort_invalid=True)
    except PoFileError as error:
        raise BadInput(error.args[0], place=f"{place}:{error.lineno + 1}", cure="see the manual of gettext") from None
    except (ValueError, LookupError) as error:
        raise BadInput(
            f"this is no catalogue: {error}", place=place, cure="write it as gettext does, in UTF-8"
        ) from None
    for message in catalogue:
        if message.id and not message.fuzzy and (problem := _wrong(message, catalogue.num_plurals)):
            raise BadInput(problem, place=f"{place}:{message.lineno}", cure="keep what stands in %( )s as it is")
    return catalogue


def _wrong(message: Message, plurals: int) -> str:
    """Say what would fail when the message is said, or nothing."""
    asked, said = _forms(message.id), _forms(message.string)
    if len(asked) > 1 and any(said) and len([text for text in said if text]) != plurals:
        return f"{asked[0]!r} does not have the {plurals} forms of the language"
    names = {name: "" for text in asked for name in re.findall(r"%\((\w+)\)s", text)}
    if any(_unsayable(text, names) for text in asked):
        # A sentence of the configuration with a percent sign in it is said as it is written.
        return ""
    wrong = [text for text in said if text and _unsayable(text, names)]
    return f"{wrong[0]!r} asks for what {asked[0]!r} does not say" if wrong else ""


def _forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text or "",) if isinstance(text, str | None) else tuple(text)


def _unsayable(text: str, values: Mapping[str, Any]) -> bool:
    try:
        text % values
    except (KeyError, ValueError, TypeError):
        return True
    return False


@lru_cache(maxsize=64)
def _locale(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
