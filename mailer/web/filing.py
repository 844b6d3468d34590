"""The pages of the archive as files: the same templates, with addresses that work without a server of ours."""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from html import escape
from typing import Any
from urllib.parse import urlsplit

from mailer.compose import catalogue
from mailer.compose.catalogue import Words
from mailer.mailing.copies import Letter, Place
from mailer.web import reading, sitemap
from mailer.web.house import House

_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
STYLES = ("house.css", "icon.svg")


def file_of(path: str) -> str:
    """Return the file of a page of the archive; a dot tells apart what no slug and no list can be called."""
    parts = path.removeprefix("/a").strip("/")
    listed, _, page = parts.partition("?page=")
    if page:
        return f"{listed}/older.{page}.html"
    if "/" not in parts:
        return posixpath.join(parts, "index.html")
    if parts.endswith("/letter"):
        return f"{parts.removesuffix('/letter')}.letter.html"
    return parts if "." in parts else f"{parts}.html"


class Where:
    """The whole addresses of the files below an address."""

    def __init__(self, base: str) -> None:
        self.base = base

    def archives(self) -> str:
        """Return the address of the page that names every archive."""
        return f"{self.base}/"

    def archive(self, list_name: str) -> str:
        """Return the address of a list's archive."""
        return f"{self.base}/{list_name}/"

    def view(self, list_name: str, slug: str) -> str:
        """Return the address of a mailing."""
        return f"{self.base}/{file_of(f'/a/{list_name}/{slug}')}"

    def feed(self, list_name: str, name: str) -> str:
        """Return the address of a feed."""
        return f"{self.base}/{list_name}/{name}"


class Filing:
    """Renders the pages with addresses from file to file, and to the site for what only it can do."""

    def __init__(self, house: House, where: Where | None, paths: Iterable[str]) -> None:
        self._house, self._where = house, where
        self.to = where or house.links
        self.files = {path: file_of(path) for path in paths}
        statics = house.static.files
        self._assets = {name: name.replace(".", f".{statics[name].hash}.", 1) for name in STYLES}
        self.files |= {f"/static/{name}": file for name, file in self._assets.items()}
        if where:
            self.files["/sitemap.xml"] = "sitemap.xml"
            # Only at the root of a host does anybody look for it.
            self.files |= {} if urlsplit(where.base).path else {"/robots.txt": "robots.txt"}

    def assets(self) -> list[tuple[str, bytes]]:
        """Return the files the pages need."""
        return [(file, self._house.static.files[name].data) for name, file in self._assets.items()]

    def page(self, path: str, template: str, values: Mapping[str, Any]) -> bytes:
        """Return a page as it is in its file."""
        here = posixpath.dirname(self.files[path])

        def url(wanted: str, page: int = 0) -> str:
            file = self.files.get(f"{wanted}?page={page}" if page else wanted)
            return posixpath.relpath(file, here or ".") if file else self._house.links.base + wanted

        def static(name: str) -> str:
            return posixpath.relpath(self._assets[name], here or ".")

        with self._speaking(str(values.get("list_language", ""))):
            text = bytes(self._house.page(template, **{**values, "url": url, "static": static}).body).decode()
        return self._guarded(text, "style-src 'self' file:; img-src 'self' file: data:")

    def letter(self, found: Letter, list_name: str, slug: str, language: str) -> bytes:
        """Return the letter of a mailing as it is in its file."""
        with self._speaking(language):
            html = reading.letter(self._house, found, posixpath.basename(self.files[f"/a/{list_name}/{slug}"]))
        canonical = (
            f'<meta name="robots" content="noindex"><link rel="canonical" href="{self.to.view(list_name, slug)}">'
        )
        return self._guarded(html, "style-src 'unsafe-inline'; img-src data:", canonical)

    def leads_to(self, path: str, wanted: str) -> bytes:
        """Return a page that leads on at once (WCAG technique H76)."""
        to = escape(posixpath.relpath(self.files[wanted], posixpath.dirname(self.files[path])))
        return (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{to}</title>\n'
            f'<meta name="robots" content="noindex">\n<meta http-equiv="refresh" content="0; url={to}">\n</head>\n'
            f'<body><main><h1><a href="{to}">{to}</a></h1></main></body>\n</html>\n'
        ).encode()

    def for_search(self, places: Sequence[Place]) -> list[tuple[str, bytes]]:
        """Return the map of the files and robots.txt, where their address is known."""
        if self._where is None:
            return []
        told = [(self._where.archives(), "")]
        for place in places:
            if not place.slug:
                told.append((self._where.archive(place.list_name), ""))
            elif not place.is_elsewhere:
                told.append((self._where.view(place.list_name, place.slug), place.changed_at.date().isoformat()))
        found = [("sitemap.xml", sitemap.written(told))]
        if "/robots.txt" in self.files:
            found.append(
                ("robots.txt", f"User-agent: *\nDisallow:\n\nSitemap: {self._where.base}/sitemap.xml\n".encode())
            )
        return found

    def _speaking(self, language: str) -> AbstractContextManager[Words]:
        """Say what follows in a language, or else in that of the house: a file cannot ask who reads it."""
        languages = self._house.languages
        return languages.speaking(catalogue.best([language, self._house.config.site.language], languages.offered))

    def _guarded(self, html: str, sources: str, more: str = "") -> bytes:
        """Put into the page what our own server says in header fields."""
        hosts = "".join(f" https://{host}" for host in self._house.config.archive.pictures_from)
        form = urlsplit(self._house.links.base)
        policy = f"default-src 'none'; {sources}{hosts}; form-action {form.scheme}://{form.netloc}; base-uri 'none'"
        fields = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        fields += '<meta name="referrer" content="no-referrer">'
        return _HEAD.sub(lambda head: f"{head[0]}\n{fields}{more}", html, count=1).encode()
