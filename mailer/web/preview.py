"""Every page and letter for readers beside each other while somebody edits them; they load anew when a file changes."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from jinja2 import TemplateError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from mailer.compose import daywords
from mailer.errors import MailerError
from mailer.web.desk.previews import HEADERS, lit
from mailer.web.headers import CACHE, CONTENT
from mailer.web.house import House
from mailer.web.static import StaticFiles

FRESH = {CACHE: "no-store"}
# The page may load itself anew, which it may do nowhere else.
OPENED = FRESH | {
    CONTENT: "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src * data:; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}
# What a template that is being edited goes wrong with; everything else is a fault of the program.
FAULTS = (MailerError, TemplateError)


@dataclass(frozen=True)
class Letter:
    """A letter as somebody gets it."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class Shown:
    """What there is to see: by name, each made for a language when it is looked at."""

    pages: Mapping[str, Callable[[str], str]]
    letters: Mapping[str, Callable[[str], Letter]]
    # Called when a file changed, before anything is made of it.
    forget: Callable[[], None]


def make_preview(house: House, folders: tuple[Path, ...], site: ASGIApp, shown: Shown) -> Starlette:
    """Return the previews at /preview; every other address is the site itself, to walk on from what is shown."""
    doors = _Doors(house, folders, shown)
    return Starlette(
        routes=[
            Route("/preview", doors.index),
            Route("/preview/stamp", doors.stamp),
            Route("/preview/pages/{name}", doors.page),
            Route("/preview/letters/{name}", doors.letter),
            Route("/preview/letters/{name}/html", doors.letter_html),
            Route("/static/{name}", doors.static),
            Mount("/", site),
        ]
    )


class _Doors:
    """What is answered at each address."""

    def __init__(self, house: House, folders: tuple[Path, ...], shown: Shown) -> None:
        self._house = house
        self._folders = folders
        self._shown = shown
        self._seen = _stamp(folders)
        # Whatever makes a page turns clocks and limits for a moment: one at a time.
        self._lock = threading.Lock()

    async def index(self, _request: Request) -> Response:
        """Lead to everything there is."""
        return self._house.page(
            "preview/index.html",
            headers=OPENED,
            pages=list(self._shown.pages),
            letters=list(self._shown.letters),
            tongues=[(tag, daywords.own_name(tag)) for tag in self._house.languages.offered],
            stamp=_stamp(self._folders),
        )

    async def page(self, request: Request) -> Response:
        """Show one page in one state."""
        stamp = _stamp(self._folders)
        try:
            text = str(await asyncio.to_thread(self._made, self._shown.pages, request))
        except FAULTS as fault:
            return _faulty(fault, stamp)
        return HTMLResponse(_reloading(text, stamp), headers=OPENED)

    async def letter(self, request: Request) -> Response:
        """Show a letter: its subject, and what stands in it in both forms."""
        stamp = _stamp(self._folders)
        try:
            found = await asyncio.to_thread(self._made, self._shown.letters, request)
        except FAULTS as fault:
            return _faulty(fault, stamp)
        name, language = request.path_params["name"], self._language(request)
        return self._house.page(
            "preview/letter.html", headers=OPENED, letter=found, name=name, language=language, stamp=stamp
        )

    async def letter_html(self, request: Request) -> Response:
        """Answer with the letter itself, in a frame that can do nothing."""
        found = await asyncio.to_thread(self._made, self._shown.letters, request)
        html = found.html if isinstance(found, Letter) else ""
        return HTMLResponse(lit(html, request.query_params.get("scheme", "light")), headers=HEADERS | FRESH)

    async def static(self, request: Request) -> Response:
        """Answer with a file as it is now."""
        answer = StaticFiles(self._folders).answer(request)
        answer.headers[CACHE] = "no-store"
        return answer

    async def stamp(self, _request: Request) -> Response:
        """Say whether anything changed."""
        return PlainTextResponse(_stamp(self._folders), headers=FRESH)

    def _made(self, kinds: Mapping[str, Callable[[str], object]], request: Request) -> object:
        maker = kinds.get(request.path_params["name"])
        if maker is None:
            raise HTTPException(404)
        with self._lock:
            if self._seen != (now := _stamp(self._folders)):
                self._seen = now
                self._shown.forget()
            return maker(self._language(request))

    def _language(self, request: Request) -> str:
        asked, offered = request.query_params.get("lang", ""), self._house.languages.offered
        return asked if asked in offered else offered[0]


def _stamp(folders: tuple[Path, ...]) -> str:
    """Return what changes when any file of the templates does."""
    files = [path.stat() for folder in folders for path in folder.rglob("*") if path.is_file()]
    return f"{len(files)}-{sum(file.st_mtime_ns for file in files)}"


def _reloading(text: str, stamp: str) -> str:
    script = f'<script src="/static/preview.js" data-stamp="{stamp}" defer></script>'
    return text.replace("</body>", f"{script}</body>", 1) if "</body>" in text else text + script


def _faulty(fault: Exception, stamp: str) -> Response:
    """Say what is wrong with a template, until it is mended."""
    place = f"{getattr(fault, 'filename', None) or ''}:{getattr(fault, 'lineno', '')}".strip(":")
    words = " ".join(part for part in (place, str(fault)) if part)
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Fault</title><pre>{escape(words)}</pre></html>'
    return HTMLResponse(_reloading(page, stamp), status_code=500, headers=OPENED)
