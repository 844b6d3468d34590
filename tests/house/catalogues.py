"""The catalogues of templates/words brought in line with the texts: ``python -m tests.house.catalogues --write``.

What is new stands there without a translation until somebody writes one; what is gone goes.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po

from mailer.config_sections import Signup
from tests.house.floorplan import PACKAGE, ROOT, templates

WORDS = ROOT / "templates" / "words"
LANGUAGES = ("ar", "de", "es", "fr")
# The desk and the demo speak English, and so does what is written for staff.
ENGLISH_ONLY = ("pages/desk/", "pages/inbox/", "pages/preview/", "notices/alarm/", "notices/staff_link/")
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None}
ARABIC = "n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5"
OPTIONS = {"trimmed": "true", "silent": "false"}


def texts() -> Catalog:
    """Return every text that is said in the reader's language, with the file it stands in."""
    found = Catalog(project="mailer", charset="utf-8", fuzzy=False)
    for path in sorted([*templates(), *PACKAGE.rglob("*.py")]):
        name = path.relative_to(ROOT).as_posix()
        if not name.removeprefix("templates/").startswith(ENGLISH_ONLY):
            for text in _extracted(path):
                found.add(text, locations=[(name, 0)])
    found.add(Signup.model_fields["consent_words"].default, locations=[("mailer/config_sections.py", 0)])
    return found


def _extracted(path: Path) -> Iterator[str | tuple[str, ...]]:
    is_python = path.suffix == ".py"
    with path.open("rb") as opened:
        method = "python" if is_python else "jinja2.ext:babel_extract"
        for _line, text, _comments, _context in extract(method, opened, KEYWORDS, options={} if is_python else OPTIONS):
            # What is only handed on, as in _(words), is marked where it is written.
            if text and (text[0] if isinstance(text, tuple) else text):
                yield text


def kept(language: str) -> Catalog:
    """Return the catalogue of a language as it is kept."""
    file = WORDS / f"{language}.po"
    if not file.exists():
        return Catalog(locale=language, charset="utf-8", fuzzy=False)
    with file.open("rb") as opened:
        return read_po(opened, locale=language)


def brought_in_line(language: str) -> Catalog:
    """Return the catalogue with exactly the texts there are, each in the words it had."""
    old, new = kept(language), texts()
    made = Catalog(locale=language, project="mailer", charset="utf-8", fuzzy=False)
    for message in new:
        if message.id:
            before = old.get(message.id)
            flags = ["python-format"] if message.python_format else []
            made.add(message.id, before.string if before else "", locations=message.locations, flags=flags)
    return made


def written(catalogue: Catalog) -> str:
    """Return the text of a catalogue file, the same for the same words on every day."""
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    if catalogue.locale.language == "ar":
        # As GNU gettext and CLDR have it, many before other; Babel's own rule has them the other way round.
        catalogue._plural_expr = f"({ARABIC})"
    catalogue.version, catalogue.msgid_bugs_address = "1", ""
    catalogue.last_translator = catalogue.language_team = ""
    catalogue.header_comment = f"# The words of readers' pages and letters in {catalogue.locale.english_name}."
    out = BytesIO()
    write_po(out, catalogue, width=100, include_lineno=False, include_previous=False)
    return out.getvalue().decode()


def main(words: list[str]) -> None:
    """Write the catalogues, or say what is missing in them."""
    for language in LANGUAGES:
        catalogue = brought_in_line(language)
        if "--write" in words:
            (WORDS / f"{language}.po").write_text(written(catalogue), encoding="utf-8")
        empty = [message for message in catalogue if message.id and not all(forms(message.string))]
        print(f"{language}: {len(catalogue)} texts, {len(empty)} without words")  # noqa: T201


def forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the forms of a text, of which most have one."""
    return (text or "",) if isinstance(text, str | None) else tuple(text)


if __name__ == "__main__":
    main(sys.argv[1:])
