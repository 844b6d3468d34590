"""The archive: what was sent to a list, and each mailing in the browser, with nobody's links in it."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mailer.errors import NotFound
from mailer.mailing import archive, copies
from mailer.mailing.archive import PUBLIC, SUBSCRIBERS, Moved
from mailer.people import lists
from mailer.web import feeds, fresh, headers, reading, tongue
from mailer.web.house import House

LAST_PAGE = 10_000
HTML = "text/html; charset=utf-8"
SHORT = {headers.CACHE: "public, max-age=60"}


async def show_all(house: House, request: Request) -> Response:
    """Show every archive that is for everybody."""
    found = await house.read(archive.offered)
    page = house.page("public/archives.html", offers=found, canonical=house.links.archives())
    return _answer(request, page, headers.OPEN)


async def show(house: House, request: Request) -> Response:
    """Show the mailings of a list, newest first."""
    page = number(request.query_params.get("page", "1"), LAST_PAGE)
    shelf = await house.read(archive.shelf, _name(request), page)
    if isinstance(shelf, Moved):
        return _to(house, shelf, permanent=True)
    if shelf.visibility == SUBSCRIBERS:
        return house.page(
            "public/archive_closed.html", status=403, offer=shelf.offer, list_language=shelf.offer.language
        )
    values = reading.shelf_values(shelf, page, house.links)
    return _answer(request, house.page("public/archive.html", **values), _fields(shelf.visibility))


async def latest(house: House, request: Request) -> Response:
    """Lead on to the newest mailing of a list."""
    return _to(house, await house.read(archive.latest, _name(request)), permanent=False)


async def view(house: House, request: Request) -> Response:
    """Show one mailing in the looks of our pages, with what was corrected since."""
    name, slug = _name(request), _name(request, "slug")
    try:
        found = await house.read(copies.copy, house.keys, name, slug)
    except NotFound:
        return _to(house, await house.read(archive.moved, name, slug), permanent=True)
    page = house.page("public/mailing.html", **reading.copy_values(house, found, house.links))
    fields = _fields(found.visibility) | {headers.CONTENT: reading.policy(house)}
    return _answer(request, page, fields | reading.canonical_field(found.source))


async def letter(house: House, request: Request) -> Response:
    """Show one mailing as it was sent, under a policy that lets it do nothing but be read."""
    name, slug = _name(request), _name(request, "slug")
    try:
        found = await house.read(copies.as_sent, house.links, name, slug)
    except NotFound:
        moved = await house.read(archive.moved, name, slug)
        return _to(house, moved, permanent=True, rest="/letter")
    # The page with the same text, and with its corrections, is the one to be found.
    fields = SHORT | {headers.CONTENT: reading.letter_policy(house), headers.ROBOTS: "noindex, follow"}
    fields |= {"Link": f'<{house.links.view(name, slug)}>; rel="canonical"', "Vary": "Accept-Language"}
    page = reading.letter(house, found, house.links.view(name, slug))
    return fresh.answer(request, page.encode(), HTML, fields)


def feed(name: str) -> Callable[[House, Request], Awaitable[Response]]:
    """Return the door of a feed by the name of its file."""

    async def answer(house: House, request: Request) -> Response:
        count = number(request.query_params.get("count", str(feeds.COUNT)), feeds.MOST, feeds.COUNT)
        found = await house.read(copies.feed, house.keys, _name(request), count)
        if isinstance(found, Moved):
            return _to(house, found, permanent=True, rest=f"/{name}")
        body = feeds.write(found, name, house.links, house.config.site.name)
        # Feed readers of other sites may fetch it from a page of theirs: there is nothing personal in it.
        fields = _fields(found.visibility) | {"Access-Control-Allow-Origin": "*"}
        fields["Cross-Origin-Resource-Policy"] = "cross-origin"
        return fresh.answer(request, body, feeds.KINDS[name], fields, feeds.changed_at(found))

    return answer


def _answer(request: Request, page: HTMLResponse, fields: Mapping[str, str]) -> Response:
    """Answer with a page, or with 304; it is another one in another language."""
    spoken = {name: page.headers[name] for name in ("Content-Language", "Vary")}
    return fresh.answer(request, bytes(page.body), HTML, {**spoken, **fields})


def _fields(visibility: str) -> dict[str, str]:
    return headers.OPEN if visibility == PUBLIC else SHORT | {headers.ROBOTS: reading.NO_INDEX}


def _to(house: House, moved: Moved, *, permanent: bool, rest: str = "") -> Response:
    path = f"{house.prefix}/a/{moved.list_name}" + (f"/{moved.slug}" if moved.slug else "") + rest
    return RedirectResponse(tongue.address(path), 301 if permanent else 302, headers=SHORT)


def _name(request: Request, part: str = "list") -> str:
    text: str = request.path_params[part]
    if not lists.NAME.fullmatch(text):
        raise NotFound("no list and no mailing has such a name")
    return text


def number(text: str, most: int, otherwise: int = 1) -> int:
    """Return the number somebody put into an address, within bounds; ``otherwise`` for what is none."""
    return min(max(int(text), 1), most) if text.isascii() and text.isdigit() and len(text) < 9 else otherwise
