"""What only a fresh link opens: another address, a copy of one's data, being erased; and the link to a new address."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailer import clock
from mailer.errors import BadInput, NotFound, Refused
from mailer.mailing import links, visit
from mailer.mailing.visit import Visit
from mailer.outcomes import dossier, erasure, moving
from mailer.people import choices
from mailer.people.choices import Choices
from mailer.web import forms
from mailer.web.choices import MINE
from mailer.web.house import House, Session

ACTOR = "choices page"
ADDRESS, DATA, ERASE = "address", "data", "erase"
PAGES = {ADDRESS: "public/address.html", DATA: "public/data.html", ERASE: "public/erase.html"}
PLACES = {
    moving.OPEN: "public/move.html",
    moving.MOVED: "public/moved.html",
    moving.GONE: "public/move_gone.html",
}
KINDS = {"json": ("application/json", dossier.as_json), "csv": ("application/zip", dossier.as_zip)}
ENDINGS = {"json": "json", "csv": "zip"}


async def show_address(house: House, request: Request) -> Response:
    """Show the form for a new address."""
    return await _page(house, request, ADDRESS)


async def show_data(house: House, request: Request) -> Response:
    """Show in which forms the copy can be had."""
    return await _page(house, request, DATA)


async def show_erase(house: House, request: Request) -> Response:
    """Show what erasing does: the first of two steps."""
    return await _page(house, request, ERASE)


async def take_address(house: House, request: Request) -> Response:
    """Ask the new address; the answer is the same whether it is known here or not."""
    form = await forms.read(request)
    text = form.one("address", 320)
    try:
        new = await house.write(_ask_move, house, _read(house, request), text)
    except BadInput as error:
        wrong = "empty" if not text else "the same" if "already" in error.problem else "not an address"
        return await _page(house, request, ADDRESS, status=422, typed=text, error=wrong)
    except Refused:
        return await _page(house, request, ADDRESS, status=409, typed=text, error="not now")
    except NotFound:
        return house.page("public/choices_gone.html")
    return house.page("public/move_asked.html", address=new, hours=moving.LINK_HOURS)


async def take_data(house: House, request: Request) -> Response:
    """Hand out everything we hold of this person."""
    form = await forms.read(request)
    kind = form.one("form")
    if kind not in KINDS:
        raise HTTPException(400)
    try:
        found = await house.read(_collect, house, _read(house, request))
    except Refused:
        return await _page(house, request, DATA, status=409)
    except NotFound:
        return house.page("public/choices_gone.html")
    media_type, write = KINDS[kind]
    body = await run_in_threadpool(write, found)
    name = re.sub(r"[^a-z0-9]+", "-", house.config.site.name.casefold()).strip("-") or "data"
    shown = f'attachment; filename="{name}-{clock.now():%Y-%m-%d}.{ENDINGS[kind]}"'
    return Response(body, media_type=media_type, headers={"Content-Disposition": shown})


async def take_erase(house: House, request: Request) -> Response:
    """Ask once more, then erase the person at once, and show the receipt."""
    form = await forms.read(request)
    if form.one("sure") != "yes":
        return await _page(house, request, ERASE, step=2)
    try:
        receipt = await house.write(_erase, house, _read(house, request))
    except Refused:
        return await _page(house, request, ERASE, status=409)
    except NotFound:
        return house.page("public/choices_gone.html")
    # Done already; what the file remembers is wiped, if not now then in the night.
    await run_in_threadpool(house.store.wipe)
    return house.page("public/erased.html", receipt=receipt)


async def show_move(house: House, request: Request) -> Response:
    """Show what the link to a new address does, and a button."""
    place = await house.read(moving.look, *_read_move(house, request))
    return house.page(PLACES[place.state], status=_status(place), place=place)


async def act_move(house: House, request: Request) -> Response:
    """Write to the new address from now on."""
    await forms.read(request)
    numbers = _read_move(house, request)
    page, network = f"{house.links.base}/w", house.network(request)
    try:
        place = await house.write(moving.move, house.config, house.keys, numbers, page=page, network=network)
    except Refused:
        return house.page("public/confirm_refused.html", status=409)
    except NotFound:
        place = moving.Move(moving.GONE)
    return house.page(PLACES[place.state], status=_status(place), place=place)


def _status(place: moving.Move) -> int:
    # A link that was good once is gone (RFC 9110 section 15.5.11), not unknown.
    return 410 if place.state == moving.GONE else 200


async def _page(house: House, request: Request, what: str, *, status: int = 200, **more: Any) -> Response:
    """Return one of the three pages; for who comes by a link that is not fresh, how to get one."""
    token = request.path_params["token"]
    values: Mapping[str, Any] = {"typed": "", "error": "", "step": 1} | more
    try:
        found, is_fresh = await house.read(_look, visit.read(house.keys, token))
    except NotFound:
        return house.page("public/choices_gone.html")
    page = PAGES[what] if is_fresh else "public/not_fresh.html"
    return house.page(page, status=status, choices=found, minutes=visit.FRESH_MINUTES, token=token, mine=MINE, **values)


def _read(house: House, request: Request) -> Visit:
    return visit.read(house.keys, request.path_params["token"])


def _read_move(house: House, request: Request) -> tuple[int, int, int]:
    return links.read_move(house.keys, request.path_params["token"])


def _look(session: Session, seen: Visit) -> tuple[Choices, bool]:
    return choices.look(session, seen.subscriber_id), visit.is_fresh(session, seen)


def _ask_move(session: Session, house: House, seen: Visit, text: str) -> str:
    visit.need_fresh(session, seen)
    return moving.ask(session, house.config, house.keys, seen.subscriber_id, text).spelled


def _collect(session: Session, house: House, seen: Visit) -> dict[str, Any]:
    visit.need_fresh(session, seen)
    return dossier.collect(session, house.config, house.keys, seen.subscriber_id)


def _erase(session: Session, house: House, seen: Visit) -> erasure.Receipt:
    visit.need_fresh(session, seen)
    return erasure.erase(session, house.keys, seen.subscriber_id, actor=ACTOR)
