"""The whole site joined: routes, headers, and calm pages for everything that goes wrong."""

import logging
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

from mailer.config import Config
from mailer.errors import BadInput, MailerError, NotFound
from mailer.store.engine import Store, StoreTrouble
from mailer.tokens import Keys
from mailer.web import desk, headers, problems, public, sitemap, sites, tongue
from mailer.web.house import House, open_house
from mailer.web.one_click import OneClick

log = logging.getLogger("mailer.web")


def make_site(config: Config, store: Store, keys: Keys) -> Starlette:
    """Return the site of one installation; ConfigError where the configuration does not fit the web."""
    house = open_house(config, store, keys)
    routes: list[BaseRoute] = [
        *public.routes(house),
        *desk.routes(house),
        Route("/static/{name}", house.static.answer),
        Route("/robots.txt", partial(sitemap.answer_robots, house)),
        Route("/sitemap.xml", partial(sitemap.answer, house)),
    ]
    if house.prefix:
        # A proxy may pass the path on as readers see it, or cut to what is below ours.
        routes.append(Mount(house.prefix, routes=list(routes)))
    fields = headers.defaults(config.site.base_url)
    site = Starlette(
        routes=routes,
        middleware=[
            Middleware(OneClick, house=house),
            Middleware(headers.SafeHeaders, fields=fields),
            Middleware(Slashes, prefix=house.prefix),
            Middleware(tongue.Tongue, languages=house.languages, staff=("/desk", f"{house.prefix}/desk")),
        ],
        exception_handlers=_handlers(house, fields),
    )
    site.state.house = house
    # Its redirect would say whatever host was asked for, and a one click must not be redirected (RFC 8058).
    site.router.redirect_slashes = False
    return site


class Slashes:
    """Answers an address with a slash too many, or the site's own path with none, as the one that was meant."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its slashes in order."""
        if scope["type"] == "http":
            bare = scope["path"].rstrip("/")
            scope = {**scope, "path": f"{bare}/" if bare == self._prefix else bare}
        await self._app(scope, receive, send)


def _handlers(house: House, fields: dict[str, str]) -> dict[int | type[Exception], ExceptionHandler]:
    say = partial(_say, house, fields)
    return {
        HTTPException: say,
        Exception: say,
        **dict.fromkeys((*StoreTrouble, MailerError), say),
    }


async def _say(house: House, fields: dict[str, str], request: Request, error: Exception) -> Response:
    """Answer an error with a page that says what to do, and nothing about our insides; programs get a problem."""
    # The outermost handler answers outside of every middleware: it needs the headers of all pages too.
    status, extra = _status(error), dict(fields)
    if isinstance(error, HTTPException):
        extra |= error.headers or {}
    if status == 503:
        log.error("a page could not be answered: %s", " ".join(str(error).split()))
        extra["Retry-After"] = "5"
    if sites.wants_json(request):
        return problems.of_status(house, status, extra | sites.answer_headers(house, request))
    return house.page("error.html", status=status, headers=extra, error=status)


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, NotFound | BadInput):
        # A link that was cut or changed is a page that is not here.
        return 404
    return 503 if isinstance(error, StoreTrouble) else 500
