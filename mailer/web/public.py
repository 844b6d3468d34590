"""The pages for everybody: which address and method leads where (docs/pages.md prints the same)."""

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mailer.web import archive, choices, confirming, leaving, own_archive, own_data, problems, sites, subscribing
from mailer.web.health import Health
from mailer.web.house import House
from mailer.web.metrics import Metrics

Handler = Callable[[House, Request], Awaitable[Response]]

ROUTES: tuple[tuple[str, dict[str, Handler]], ...] = (
    ("/", {"GET": subscribing.index}),
    ("/s", {"GET": subscribing.show, "POST": subscribing.take, "OPTIONS": sites.preflight}),
    ("/s/{list}", {"GET": subscribing.show, "POST": subscribing.take, "OPTIONS": sites.preflight}),
    ("/s/{list}/snippet", {"GET": subscribing.snippet}),
    ("/problems/{code}", {"GET": problems.explain}),
    ("/c/{token}", {"GET": confirming.show, "POST": confirming.act}),
    ("/n/{token}", {"GET": confirming.show_not_me, "POST": confirming.act_not_me}),
    ("/u/{token}", {"GET": leaving.show, "POST": leaving.act}),
    ("/u/{token}/undo", {"POST": leaving.undo}),
    ("/m", {"GET": choices.show_ask, "POST": choices.ask}),
    ("/m/{token}", {"GET": choices.show, "POST": choices.act}),
    ("/m/{token}/address", {"GET": own_data.show_address, "POST": own_data.take_address}),
    ("/m/{token}/data", {"GET": own_data.show_data, "POST": own_data.take_data}),
    ("/m/{token}/erase", {"GET": own_data.show_erase, "POST": own_data.take_erase}),
    ("/w/{token}", {"GET": own_data.show_move, "POST": own_data.act_move}),
    ("/a", {"GET": archive.show_all}),
    ("/a/{list}", {"GET": archive.show}),
    ("/a/{list}/latest", {"GET": archive.latest}),
    ("/a/{list}/feed.xml", {"GET": archive.feed("feed.xml")}),
    ("/a/{list}/feed.json", {"GET": archive.feed("feed.json")}),
    ("/a/{list}/{slug}", {"GET": archive.view}),
    ("/a/{list}/{slug}/letter", {"GET": archive.letter}),
    ("/r/{token}", {"GET": own_archive.show}),
    ("/r/{token}/letter", {"GET": own_archive.letter}),
)


def routes(house: House) -> list[BaseRoute]:
    """Return every public route."""
    found: list[BaseRoute] = [
        Route(path, partial(_dispatch, handlers, house), methods=list(handlers)) for path, handlers in ROUTES
    ]
    found.append(Route("/health", partial(Health().answer, house)))
    found.append(Route("/metrics", partial(Metrics().answer, house)))
    return found


async def _dispatch(handlers: dict[str, Handler], house: House, request: Request) -> Response:
    method = "GET" if request.method == "HEAD" else request.method
    return await handlers[method](house, request)
