"""The gate before every page of the desk: who asks, may they, and did our own page ask."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailer.errors import BadInput, MailerError, NotFound, Refused
from mailer.staff import entry, roles
from mailer.web.desk import posted
from mailer.web.desk.call import COOKIE, HEADERS, TOKEN, Call, token_of
from mailer.web.house import House

Page = Callable[[Call], Awaitable[Response]]
OPEN = "open to everybody"
HTMX = "hx-request"


@dataclass(frozen=True)
class Way:
    """One address and method of the desk, what one must be allowed to go there, and the page."""

    method: str
    path: str
    act: str
    page: Page


async def enter(ways: Mapping[str, Way], house: House, request: Request) -> Response:
    """Answer a request: with the page, with the way to log in, or with why not."""
    way = ways["GET" if request.method == "HEAD" else request.method]
    secret = request.cookies.get(COOKIE, "")
    visit = await house.read(entry.visit, house.config, secret) if secret else None
    call = Call(house, request, visit, secret, posted.NOTHING)
    answer = _stopped(way, call) or await _answered(way, call)
    if visit is not None and visit.due and HTMX not in request.headers:
        await house.write(entry.touch, visit.session_id)
    return answer


def comes_from_us(request: Request, base_url: str) -> bool:
    """Say whether a form was sent by a page of ours (Fetch Metadata, else the Origin field of RFC 6454)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc in (urlsplit(base_url).netloc, request.headers.get("host", ""))


def _stopped(way: Way, call: Call) -> Response | None:
    """Return the answer to who may not go on, None if they may."""
    if way.method == "POST" and not comes_from_us(call.request, call.config.site.base_url):
        return _refuse(call, 403, "This came from another site", "Open the desk and press the button there.")
    if way.act == OPEN:
        return None
    if call.visit is None:
        return _to_login(call, way.method == "POST")
    if not roles.may(call.visit.role, way.act):
        text = f"Your role is {call.visit.role}. It does not let you {roles.ACTS[way.act]}."
        return _refuse(call, 403, "This is not for your role", text)
    return None


async def _answered(way: Way, call: Call) -> Response:
    try:
        if way.method == "POST":
            limit = call.config.web.max_upload_mb * posted.MEGABYTE if call.visit else posted.SMALL
            call = replace(call, form=await posted.read(call.request, limit))
            if way.act != OPEN and not _is_ours(call):
                text = "Go back, reload the page, and send it again. Nothing was changed."
                return _refuse(call, 403, "This form is from an earlier login", text)
        return await way.page(call)
    except NotFound as error:
        return _refuse(call, 404, "This is not here", _sentence(error))
    except Refused as error:
        return _refuse(call, 422 if isinstance(error, BadInput) else 409, "This cannot be done", _sentence(error))
    except HTTPException as error:
        if error.status_code == 413:
            return _refuse(call, 413, "That was too much", _too_much(call))
        text = error.detail if error.detail.endswith(".") else "Go back and try again."
        return _refuse(call, error.status_code, "This is not here", text)


def _is_ours(call: Call) -> bool:
    return hmac.compare_digest(call.form.one(TOKEN).encode(), token_of(call.secret).encode())


def _too_much(call: Call) -> str:
    return f"The desk takes at most {call.config.web.max_upload_mb} MB at a time. Nothing was changed."


def _refuse(call: Call, status: int, heading: str, text: str) -> Response:
    return call.page("desk/refused.html", status=status, heading=heading, text=text)


def _to_login(call: Call, posts: bool) -> Response:
    wanted = call.request.url.path.removeprefix(call.house.prefix)
    query = "" if wanted in ("/desk", "/desk/logout") else "?" + urlencode({"to": wanted})
    if HTMX in call.request.headers:
        login = f"{call.house.prefix}/desk/login"
        return Response(status_code=204, headers={**HEADERS, "HX-Redirect": login})
    if posts:
        text = "Nothing was changed. Log in in another tab, then go back here and send it again."
        return _refuse(call, 403, "You were logged out meanwhile", text)
    return call.to("/desk/login" + query)


def _sentence(error: MailerError) -> str:
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
