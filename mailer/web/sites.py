"""Other sites: whose scripts may sign people up, where a form may lead on to, and what browsers are told of it."""

import re
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from mailer.web import headers
from mailer.web.forms import JSON, kind_of
from mailer.web.house import House

# Browsers keep what they were told for two hours at most, whatever we say.
MAX_AGE = "86400"
ADDRESS = re.compile(r"https?://[!-~]+")


def by_script(request: Request) -> bool:
    """Say whether a script asks, and not a person who pressed the button of a form."""
    return wants_json(request) or request.headers.get("sec-fetch-mode", "navigate") != "navigate"


def wants_json(request: Request) -> bool:
    """Say whether the answer is to be JSON: what was posted is, or no page is wanted."""
    wanted = request.headers.get("accept", "")
    return kind_of(request) == JSON or (JSON in wanted and "text/html" not in wanted)


def may_call(house: House, request: Request, names: tuple[str, ...] = ()) -> bool:
    """Say whether a script of the asking site may sign people up for these lists; for any, if none is named.

    What has no origin is no browser's script: a program of the site's own, say, which needs no leave of ours.
    """
    origin = request.headers.get("origin", "")
    if origin in ("", own_origin(house)):
        return True
    listed = house.config.forms.sites_of(names) if names else tuple(house.config.forms.sites)
    return origin in listed


def answer_headers(house: House, request: Request) -> dict[str, str]:
    """Return what lets the script of a listed site read our answer; no cookie and no login ever goes with it."""
    found = {"Vary": "Origin"}
    origin = request.headers.get("origin", "")
    if origin and may_call(house, request):
        found["Access-Control-Allow-Origin"] = origin
        found["Access-Control-Expose-Headers"] = "Retry-After"
    return found


async def preflight(house: House, request: Request) -> Response:
    """Tell a browser whether the script of a site may post to us (Fetch, CORS preflight)."""
    found = answer_headers(house, request)
    if "Access-Control-Allow-Origin" in found:
        found |= {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "content-type",
            "Access-Control-Max-Age": MAX_AGE,
        }
    return Response(status_code=204, headers={**found, "Allow": "GET, HEAD, POST, OPTIONS"})


def own_origin(house: House) -> str:
    """Return the origin of our own pages."""
    return _origin(house.links.base)


def onward(house: House, address: str, names: tuple[str, ...]) -> str:
    """Return the address if a form for these lists may lead there, else ""."""
    # Compared whole: what has a name, a password or a port of its own in it is another site.
    allowed = (own_origin(house), *house.config.forms.sites_of(names))
    return address if ADDRESS.fullmatch(address) and "\\" not in address and _origin(address) in allowed else ""


def form_headers(onward_to: str) -> dict[str, str]:
    """Return the policy of a page whose form may lead on to another site.

    Browsers ask ``form-action`` also about the redirect that follows a form.
    """
    return {headers.CONTENT: f"{headers.POLICY} {_origin(onward_to)}"} if onward_to else {}


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"
