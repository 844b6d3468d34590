"""Answers for programs that cannot be given what they asked for (RFC 9457), and the page that explains each."""

import html
import json
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailer.web import headers
from mailer.web.house import House

KIND = "application/problem+json"
INVALID, MISTYPED, CLOSED = "invalid", "mistyped", "list_closed"
CHALLENGE, ORIGIN, TOO_MANY = "challenge_required", "origin_not_allowed", "too_many"
# What is wrong, as a program knows it → the status it comes with.
STATUS = {INVALID: 422, MISTYPED: 422, CLOSED: 404, CHALLENGE: 403, ORIGIN: 403, TOO_MANY: 429}
# Others have no more to say than their status does (RFC 9457 section 4.2.1).
PLAIN = {400: "damaged", 404: "not_here", 405: "no_such_method", 413: "too_large", 429: TOO_MANY, 503: "not_now"}


def answer(house: House, code: str, *, extra: Mapping[str, str] | None = None, **more: Any) -> Response:
    """Return a problem by its code; what is ``more`` stands in it as it is."""
    said = _words(house, code)
    body = {
        "type": f"{house.links.base}/problems/{code}",
        "title": said[0],
        "status": STATUS[code],
        "detail": said[1],
        "code": code,
    }
    return _json(body | more, STATUS[code], extra)


def of_status(house: House, status: int, extra: Mapping[str, str]) -> Response:
    """Return what a page of errors would say with this status."""
    code = PLAIN.get(status, "our_fault")
    if code in STATUS:
        return answer(house, code, extra=extra)
    said = _words(house, code)
    body = {"type": "about:blank", "title": said[0], "status": status, "detail": said[1], "code": code}
    return _json(body, status, extra)


def mistake(house: House, what: str, *, meant: str = "", typed: str = "") -> str:
    """Return what is to be said about one field, in the words of the page."""
    return _text(house, "public/mistake.txt", what=what, meant=meant, typed=typed)


async def explain(house: House, request: Request) -> Response:
    """Show what a problem is and what to do, to whoever opens its type."""
    code = request.path_params["code"]
    if code not in STATUS:
        raise HTTPException(404)
    title, detail = _words(house, code)
    return house.page("public/problem.html", headers=headers.OPEN, code=code, title=title, detail=detail)


def _words(house: House, code: str) -> tuple[str, str]:
    title, _, detail = _text(house, "public/problem.txt", code=code).partition("\n")
    return title, detail


def _text(house: House, template: str, **values: Any) -> str:
    """Return a page's words as plain text."""
    return html.unescape(bytes(house.page(template, **values).body).decode()).strip()


def _json(body: Mapping[str, Any], status: int, extra: Mapping[str, str] | None) -> Response:
    text = json.dumps(body, ensure_ascii=False)
    return Response(text, status, headers=dict(extra or {}), media_type=KIND)
