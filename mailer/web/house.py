"""What every page stands on: the store, the keys, the templates; and how a door calls a verb."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from mailer.compose import daywords
from mailer.config import Config, template_folders
from mailer.errors import Refused
from mailer.mailing.links import Links
from mailer.store.engine import Store
from mailer.tokens import Keys
from mailer.web import network, tongue
from mailer.web.group_commit import GroupCommit
from mailer.web.static import StaticFiles

P = ParamSpec("P")
T = TypeVar("T")
W = TypeVar("W")
# Doors hand a session from the store to a verb and never ask it anything themselves.
Session = Any
# The store writes one at a time on SQLite: more threads would only wait, and pages need threads to read.
WRITERS = 8


@dataclass(frozen=True)
class House:
    """The parts of one running site, handed to every page."""

    config: Config
    store: Store
    keys: Keys
    links: Links
    templates: Environment
    languages: tongue.Languages
    static: StaticFiles
    proxies: tuple[network.Network, ...]
    _writing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(WRITERS), repr=False)
    _groups: dict[Any, GroupCommit[Any, Any]] = field(default_factory=dict, repr=False)

    @cached_property
    def prefix(self) -> str:
        """Return the path all addresses begin with, where the site is not at the root of its host."""
        return urlsplit(self.config.site.base_url).path

    async def read(self, verb: Callable[Concatenate[Session, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Run a verb in a thread, in a transaction that sees one moment and changes nothing.

        What it returns must be plain values: rows of the store are not readable afterwards.
        """

        def run() -> T:
            with self.store.read() as session:
                return verb(session, *args, **named)

        return await run_in_threadpool(run)

    async def write(self, verb: Callable[Concatenate[Session, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Run a verb in a thread, in one transaction that commits unless it raises."""

        def run() -> T:
            with ExitStack() as transaction:
                try:
                    session = transaction.enter_context(self.store.write())
                except Refused as busy:
                    # Not the verb's no: nobody may take "the store is busy" for an answer about a person.
                    raise HTTPException(503, busy.problem) from busy
                return verb(session, *args, **named)

        async with self._writing:
            return await run_in_threadpool(run)

    def forget_templates(self) -> None:
        """Look for every template and catalogue anew: what appears in a folder is not noticed otherwise."""
        self.languages.look()
        if self.templates.cache is not None:
            self.templates.cache.clear()

    async def write_together(
        self, together: Callable[[Session, Sequence[W]], Sequence[T | None]], alone: Callable[[Session, W], T], wish: W
    ) -> T:
        """Run a verb that does many in one transaction, with what others wish for at this moment.

        Answers when that is committed; what ``together`` answers with None is done by ``alone``.
        """
        group = self._groups.get(together)
        if group is None:
            group = self._groups[together] = GroupCommit(self.write, together, alone)
        answer: T = await group.ask(wish)
        return answer

    def network(self, request: Request) -> str:
        """Return the network a request comes from: an IPv4 address or an IPv6 /64."""
        return network.of(request, self.proxies)

    def page(
        self,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        reader_language: str = "",
        list_language: str = "",
        **values: Any,
    ) -> HTMLResponse:
        """Return a page of ``templates/pages``, in the language this reader chose, or else the best guess.

        A value with a ``reader_language`` says what this reader chose, as well as the argument does.
        """
        fields = dict(headers or {})
        if template.startswith(("public/", "error")):
            known = reader_language or _known(values)
            self.languages.settle(known, list_language)
            fields |= {"Content-Language": tongue.words().language, "Vary": "Accept-Language"}
        text = self.templates.get_template(template).render(values)
        return HTMLResponse(text, status_code=status, headers=fields)


def _known(values: Mapping[str, Any]) -> str:
    return next((tag for each in values.values() if (tag := getattr(each, "reader_language", ""))), "")


def open_house(config: Config, store: Store, keys: Keys) -> House:
    """Return the house of a site; ConfigError where the configuration does not fit the web."""
    folders = template_folders(config)
    languages = tongue.Languages(folders, config.site.language)
    languages.check()
    links = Links(config.site.base_url, keys)
    proxies = network.trusted(config.web.trusted_proxies)
    house = House(config, store, keys, links, _environment(config), languages, StaticFiles(folders), proxies)
    house.templates.globals.update(
        site=config.site,
        language_links=languages.links,
        url=lambda path, **query: tongue.address(house.prefix + path, **query),
        static=lambda name: house.prefix + house.static.address(name),
    )
    return house


def _environment(config: Config) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder / "pages" for folder in template_folders(config)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.template_class = Spoken
    zone = ZoneInfo(config.site.zone)
    environment.filters.update(day=lambda at: _day(at, zone), listed=_listed, own_name=daywords.own_name)
    # Texts stand in _("…") and {% trans %}; they are said in the language of the request that is answered.
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: tongue.words().catalogue.gettext(text),
        ngettext=lambda one, many, number: tongue.words().catalogue.ngettext(one, many, number),
        newstyle=True,
    )
    return environment


class Spoken(Template):
    """A template that knows which language it is said in, by ``lang`` and ``dir``."""

    def render(self, *args: Any, **values: Any) -> str:
        """Return the page with these values."""
        words = tongue.words()
        return super().render({"lang": words.language, "dir": words.direction, **dict(*args, **values)})


def _day(at: datetime, zone: ZoneInfo) -> str:
    return daywords.day(at.astimezone(zone).date(), tongue.words().language)


def _listed(things: Iterable[str]) -> str:
    return daywords.listed(things, tongue.words().language)
