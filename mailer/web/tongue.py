"""In which language a page answers, found out once for each request, and the words it then uses."""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mailer.compose import catalogue, daywords
from mailer.compose.catalogue import Words
from mailer.errors import BadInput

log = logging.getLogger("mailer.web")
# The query field of a language link; the only thing that carries the choice from page to page.
FIELD = "lang"
LONGEST = 500
_ENTRY = re.compile(r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?")


@dataclass(frozen=True)
class Wish:
    """What a request says about languages, and the words that were found for it."""

    is_staff: bool = True
    pressed: str = ""
    guesses: tuple[str, ...] = ()
    # The rest of the query, for the links to other languages; None where a link could not show the same again.
    query: str | None = None
    words: Words | None = None
    languages: "Languages | None" = None


# Outside of a request, as when a page is printed for a file, everything is English.
_OUTSIDE = Wish(words=Words())
_wish: ContextVar[Wish] = ContextVar("mailer_wish", default=_OUTSIDE)


def gettext(text: str, **values: object) -> str:
    """Return a text for readers in the language of this request; import it as ``_``."""
    return words().gettext(text, **values)


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """Return a text for readers that goes with a number, in the language of this request."""
    return words().ngettext(one, many, number, **values)


def words() -> Words:
    """Return the words of this request, chosen when they are first asked for: most requests of machines never do."""
    now = _wish.get()
    return now.words or (now.languages.settle() if now.languages else Words())


def as_written(text: str) -> str:
    """Return a sentence of the configuration in the language of this request, if a catalogue has it."""
    return words().as_written(text)


class Tongue:
    """Finds the language of each request: everything for readers in theirs, the desk in English."""

    def __init__(self, app: ASGIApp, languages: "Languages", staff: Sequence[str]) -> None:
        self._app = app
        self._languages = languages
        self._staff = tuple(staff)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note what the request wishes and pass it on."""
        if scope["type"] == "http":
            is_staff = scope["path"].startswith(self._staff)
            _wish.set(_OUTSIDE if is_staff else replace(wish(scope), languages=self._languages))
        await self._app(scope, receive, send)


class Languages:
    """The languages one site speaks."""

    def __init__(self, folders: tuple[Path, ...], house: str) -> None:
        self._folders = folders
        self._house = house
        self.offered: tuple[str, ...] = ()
        self.look()

    def look(self) -> None:
        """Find the languages there are words for; they are not looked for at every page."""
        self.offered = catalogue.languages(self._folders)

    def settle(self, reader: str = "", mlist: str = "") -> Words:
        """Choose the language of the page that answers this request.

        A link to a language that was pressed on our pages comes first, then what this reader chose, then what the
        browser asks for, then the language of the list and of the house. Staff read English.
        """
        now = _wish.get()
        if now.is_staff:
            return now.words or Words()
        wanted = [tag for tag in (now.pressed, reader, *now.guesses, mlist, self._house) if tag]
        try:
            chosen = catalogue.exactly(self._folders, catalogue.best(wanted, self.offered) or catalogue.ENGLISH)
        except BadInput as damaged:
            # It was whole when we started: whoever mends it now reads the log, and readers read English meanwhile.
            log.error("a catalogue cannot be read: %s", damaged)
            chosen = Words()
        _wish.set(replace(now, words=chosen))
        return chosen

    def guess(self) -> str:
        """Return the language the person behind this request seems to read, "" if nothing says so."""
        now = _wish.get()
        return catalogue.best([now.pressed, *now.guesses], self.offered)

    @contextmanager
    def speaking(self, language: str) -> Iterator[Words]:
        """Say everything inside in one language, whoever asks: what is made here is read by others."""
        now = _wish.get()
        chosen = catalogue.words(self._folders, language)
        _wish.set(replace(now, words=chosen))
        try:
            yield chosen
        finally:
            _wish.set(now)

    def check(self) -> None:
        """Raise BadInput with file and line where a catalogue is damaged."""
        for tag in self.offered:
            catalogue.exactly(self._folders, tag)

    def links(self) -> tuple[tuple[str, str, str], ...]:
        """Return (language, its own name, link to this page in it), nothing where a link could not show it again."""
        now, offered = _wish.get(), self.offered
        if now.query is None or len(offered) < 2:
            return ()
        rest = f"&{now.query}" if now.query else ""
        return tuple((tag, daywords.own_name(tag), f"?{FIELD}={tag}{rest}") for tag in offered)


def address(path: str, **query: object) -> str:
    """Return the address of a page of ours with its query; a language that was pressed goes with it."""
    pressed = _wish.get().pressed
    fields = {**query, **({FIELD: pressed} if pressed else {})}
    return f"{path}{'&' if '?' in path else '?'}{urlencode(fields)}" if fields else path


def wish(scope: Scope) -> Wish:
    """Return what a request says about languages."""
    fields = parse_qsl(scope["query_string"][: LONGEST * 4].decode("latin-1"), keep_blank_values=True)
    pressed = next((value for name, value in fields if name == FIELD), "")
    again = scope["method"] in ("GET", "HEAD")
    query = urlencode([each for each in fields if each[0] != FIELD]) if again else None
    asked = accepted(Headers(scope=scope).get("accept-language", ""))
    return Wish(False, pressed if _ENTRY.fullmatch(pressed) else "", asked, query)


def accepted(field: str) -> tuple[str, ...]:
    """Return the languages of an Accept-Language field (RFC 9110 section 12.5.4), the most wanted first."""
    found = []
    for entry in field[:LONGEST].split(","):
        if match := _ENTRY.fullmatch(entry.strip()):
            found.append((float(match[2] or 1), match[1]))
    return tuple(tag for weight, tag in sorted(found, key=lambda each: -each[0]) if weight)
