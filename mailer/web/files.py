"""The archive as files: what `mailer archive export` puts into a folder, and how it is kept in order there."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

from mailer.errors import BadInput, NotFound, Refused
from mailer.mailing import archive, copies
from mailer.mailing.archive import OPEN, PUBLIC
from mailer.web import feeds, reading, sitemap
from mailer.web.filing import Filing, Where, file_of
from mailer.web.house import House, Session

P = ParamSpec("P")
T = TypeVar("T")
MANIFEST, SCRATCH = ".mailer-archive.json", ".mailer-archive.new"
FEEDS = tuple(feeds.KINDS)
# A list's name, the slugs of its mailings, and how many pages its shelf has.
Plan = tuple[str, tuple[str, ...], int]


class Export:
    """One run: every file is replaced as a whole, a page before the pages that lead to it, and taken away last.

    So whoever reads meanwhile finds the old or the new of each, and no link that leads nowhere.
    """

    def __init__(self, house: House, folder: Path, base_url: str = "", *, unlisted: bool = False) -> None:
        base = base_url.rstrip("/")
        if base and urlsplit(base).scheme not in ("http", "https"):
            problem = f"{base_url!r} is not the address of a page"
            raise BadInput(problem, place="--base-url", cure="write it like https://www.example.org/archive")
        self._house, self._folder = house, folder
        self._kinds: Sequence[str] = OPEN if unlisted else (PUBLIC,)
        self._plans: list[Plan] = self._read(_plan, self._kinds)
        self._filing = Filing(house, Where(base) if base else None, self._names())
        self._before: set[str] = set()
        self._written: set[str] = set()
        self._changed = self._removed = 0

    @property
    def total(self) -> int:
        """Return how many steps there are."""
        return sum(len(slugs) + 1 for _, slugs, _ in self._plans) + 1

    def figures(self) -> dict[str, int]:
        """Return what was done, in numbers."""
        return {
            "lists": len(self._plans),
            "pages": sum(name.endswith(".html") for name in self._written),
            "written": self._changed,
            "unchanged": len(self._written) - self._changed,
            "removed": self._removed,
        }

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep the folder for this run alone; Refused if another works on it, or if files of others are in the way."""
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused("another export is at work on it", place=str(self._folder), cure="wait for it") from None
            self._before = self._known()
            self._must_be_ours()
            yield
        finally:
            os.close(descriptor)

    def steps(self) -> Iterator[str]:
        """Write everything, yielding the name of each list and mailing when it is there."""
        self._remember(self._before | set(self._filing.files.values()))
        for name, data in self._filing.assets():
            self._put(name, data)
        for list_name, slugs, pages in self._plans:
            for slug in slugs:
                self._mailing(list_name, slug)
                yield f"{list_name}/{slug}"
            self._shelf(list_name, slugs, pages)
            yield list_name
        self._top()
        for name in sorted(self._before - self._written):
            self._take_away(name)
        self._remember(self._written)
        yield "index"

    def _names(self) -> list[str]:
        paths = ["/a"]
        for name, slugs, pages in self._plans:
            here = f"/a/{name}"
            for slug in slugs:
                paths += [f"{here}/{slug}", f"{here}/{slug}/letter"]
            paths += [here, *(f"{here}?page={page}" for page in range(2, pages + 1))] if pages else []
            paths += [f"{here}/{feed}" for feed in FEEDS] if pages else []
            paths += [f"{here}/latest"] if pages and slugs else []
        return paths

    def _mailing(self, list_name: str, slug: str) -> None:
        """Write one mailing, its letter first; one that was taken off the web meanwhile is passed over."""
        path, house = f"/a/{list_name}/{slug}", self._house
        try:
            copy = self._read(copies.copy, house.keys, list_name, slug)
            letter = self._read(copies.as_sent, house.links, list_name, slug)
        except NotFound:
            return
        self._page(f"{path}/letter", self._filing.letter(letter, list_name, slug, copy.offer.language))
        values = reading.copy_values(house, copy, self._filing.to)
        self._page(path, self._filing.page(path, "public/mailing.html", values))

    def _shelf(self, list_name: str, slugs: Sequence[str], pages: int) -> None:
        here, house = f"/a/{list_name}", self._house
        if not pages:
            return
        feed = self._read(copies.feed, house.keys, list_name, feeds.COUNT)
        if isinstance(feed, copies.Feed):
            for name in FEEDS:
                self._page(f"{here}/{name}", feeds.write(feed, name, self._filing.to, house.config.site.name))
        for page in range(1, pages + 1):
            path = here if page == 1 else f"{here}?page={page}"
            shelf = self._read(archive.shelf, list_name, page)
            if isinstance(shelf, archive.Shelf):
                values = reading.shelf_values(shelf, page, self._filing.to)
                self._page(path, self._filing.page(path, "public/archive.html", values))
        if slugs:
            self._page(f"{here}/latest", self._filing.leads_to(f"{here}/latest", f"{here}/{slugs[0]}"))

    def _top(self) -> None:
        offers = self._read(archive.offered)
        values = {"offers": offers, "canonical": self._filing.to.archives()}
        self._page("/a", self._filing.page("/a", "public/archives.html", values))
        for name, data in self._filing.for_search(self._read(copies.places, sitemap.MOST)):
            self._put(name, data)

    def _page(self, path: str, data: bytes) -> None:
        self._put(file_of(path), data)

    def _put(self, name: str, data: bytes) -> None:
        """Write a file, unless it is there as it should be: then it keeps its date."""
        target = self._folder / name
        self._written.add(name)
        if target.is_file() and target.read_bytes() == data:
            return
        target.parent.mkdir(exist_ok=True)
        scratch = self._folder / SCRATCH
        scratch.write_bytes(data)
        scratch.replace(target)
        self._changed += 1

    def _take_away(self, name: str) -> None:
        target = self._folder / name
        if target.is_file():
            target.unlink()
            self._removed += 1
        if target.parent != self._folder and target.parent.is_dir() and not any(target.parent.iterdir()):
            target.parent.rmdir()

    def _known(self) -> set[str]:
        """Return the files of the export before; a name that leads out of the folder is none of ours."""
        try:
            names = json.loads((self._folder / MANIFEST).read_text("utf-8"))["files"]
            return {name for name in names if _is_below(name)}
        except FileNotFoundError:
            return set()
        except (ValueError, KeyError, TypeError):
            path = self._folder / MANIFEST
            raise Refused("is damaged", place=str(path), cure="export into an empty folder") from None

    def _must_be_ours(self) -> None:
        for name in sorted(set(self._filing.files.values()) - self._before):
            if (self._folder / name).exists():
                problem = "is a file that no export of ours has made"
                raise Refused(problem, place=str(self._folder / name), cure="export into an empty folder")

    def _remember(self, names: set[str]) -> None:
        scratch = self._folder / SCRATCH
        scratch.write_text(json.dumps({"files": sorted(names)}, indent=1) + "\n", "utf-8")
        scratch.replace(self._folder / MANIFEST)

    def _read(self, verb: Callable[Concatenate[Session, P], T], *args: P.args, **named: P.kwargs) -> T:
        # One look for each page: a long one would keep the store from tidying up.
        with self._house.store.read() as session:
            return verb(session, *args, **named)


def _plan(session: Session, kinds: Sequence[str]) -> list[Plan]:
    """Return what is to be written; a list whose own index is not for these people has no pages of it."""
    found: list[Plan] = []
    for mlist in archive.everything(session, archive.ALL):
        pages = archive.pages(session, mlist)
        slugs = tuple(mailing.slug for mailing, _ in pages if archive.visibility(mailing, mlist) in kinds)
        listed = sum(mailing.archive in ("", PUBLIC) for mailing, _ in pages)
        shelf_pages = max(1, -(-listed // archive.A_PAGE)) if mlist.archive in kinds else 0
        if slugs or (shelf_pages and listed):
            found.append((mlist.name, slugs, shelf_pages))
    return found


def _is_below(name: object) -> bool:
    return isinstance(name, str) and not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts
