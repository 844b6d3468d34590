"""What search programs are told: which pages there are, and which are nobody's business."""

from collections.abc import Iterable
from xml.etree import ElementTree

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mailer.mailing import copies
from mailer.people import offers
from mailer.web import fresh, headers
from mailer.web.house import House, Session

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
# More than a sitemap may hold is not told (sitemaps.org): the newest are.
MOST = 50_000
CLOSED = ("/c/", "/n/", "/u/", "/m/", "/w/", "/r/", "/desk/")

Place = tuple[str, str]


def robots(base_url: str, prefix: str = "") -> str:
    """Return robots.txt: personal links are not to be fetched (RFC 9309), and where the map is."""
    closed = "".join(f"Disallow: {prefix}{path}\n" for path in CLOSED)
    return f"User-agent: *\n{closed}\nSitemap: {base_url}/sitemap.xml\n"


def written(places: Iterable[Place]) -> bytes:
    """Return a sitemap of addresses, each with the day it changed last, or "" where nobody knows."""
    root = ElementTree.Element("urlset", {"xmlns": NAMESPACE})
    for address, day in places:
        url = ElementTree.SubElement(root, "url")
        ElementTree.SubElement(url, "loc").text = address
        if day:
            ElementTree.SubElement(url, "lastmod").text = day
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + bytes(ElementTree.tostring(root)) + b"\n"


async def answer(house: House, request: Request) -> Response:
    """Return the map of the pages that everybody may find."""
    places = await house.read(_places, house)
    return fresh.answer(request, written(places), "application/xml", {headers.CACHE: "public, max-age=3600"})


async def answer_robots(house: House, _request: Request) -> Response:
    """Return robots.txt."""
    return PlainTextResponse(robots(house.links.base, house.prefix), headers=headers.OPEN)


def _places(session: Session, house: House) -> list[Place]:
    links = house.links
    places = [(f"{links.base}/", ""), (links.archives(), "")]
    places += [(links.subscribe(offer.name), "") for offer in offers.everything(session)]
    for found in copies.places(session, MOST):
        if not found.slug:
            places.append((links.archive(found.list_name), ""))
        elif not found.is_elsewhere:
            places.append((links.view(found.list_name, found.slug), found.changed_at.date().isoformat()))
    return places[:MOST]
