"""The archive: what was sent to a list, and each mailing in the browser, with nobody's links in it."""

from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mailer.errors import NotFound
from mailer.mailing import archive
from mailer.people import lists
from mailer.web import headers
from mailer.web.house import House

LAST_PAGE = 10_000


async def show(house: House, request: Request) -> Response:
    """Show the mailings of a list, newest first."""
    page = _number(request.query_params.get("page", "1"))
    shelf = await house.read(archive.shelf, _name(request.path_params["list"]), page)
    return house.page("public/archive.html", headers=headers.OPEN, shelf=shelf, page=page)


async def view(house: House, request: Request) -> Response:
    """Show one mailing as it was sent, under a policy that lets it do nothing but be read."""
    name, slug = (_name(request.path_params[one]) for one in ("list", "slug"))
    found = await house.read(archive.copy, house.links, name, slug)
    fields = headers.OPEN | {headers.CONTENT: headers.EDITION_POLICY}
    if urlsplit(found.source).scheme in ("http", "https"):
        # RFC 6596: the statement on the organisation's own pages is the original.
        fields["Link"] = f'<{quote(found.source, safe=":/?#[]@!$&()*+,;=%-._~")}>; rel="canonical"'
    return HTMLResponse(found.html, headers=fields)


def _name(text: str) -> str:
    if not lists.NAME.fullmatch(text):
        raise NotFound("no list and no mailing has such a name")
    return text


def _number(text: str) -> int:
    return min(max(int(text), 1), LAST_PAGE) if text.isascii() and text.isdigit() and len(text) < 9 else 1
