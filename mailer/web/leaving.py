"""The link in every mail: leaving in one click (RFC 8058), or on a page with one button; pausing; taking it back."""

import asyncio
import time
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mailer.errors import NotFound, Refused
from mailer.mailing import links
from mailer.outcomes import events, leave_link
from mailer.outcomes.leave_link import Place
from mailer.people import subscriptions
from mailer.web import forms
from mailer.web.forms import Form
from mailer.web.house import House, Session

ONE_CLICK = ("List-Unsubscribe", "One-Click")
WAIT_SECONDS, LOOK_SECONDS = 2.0, 0.05
DONE = "You will get no more of these mails.\n"
PAGES = {
    leave_link.OPEN: "public/leave.html",
    leave_link.LEFT: "public/left_before.html",
    leave_link.GONE: "public/leave_gone.html",
}
NOBODY = (0, 0)
LEAVE, LEAVE_ALL, REASON, PAUSE, RESUME = "leave", "leave_all", "reason", "pause", "resume"
ACTIONS = (LEAVE, LEAVE_ALL, REASON, PAUSE, RESUME)


async def show(house: House, request: Request) -> Response:
    """Show where the link leads and what can be done there; changes nothing."""
    subscription_id, mailing_id = _read(house, request)
    if (subscription_id, mailing_id) == NOBODY:
        return house.page("public/leave_test.html")
    return _page(house, request, await house.read(leave_link.look, subscription_id))


async def act(house: House, request: Request) -> Response:
    """Do what was posted: the one click of a mail program, or a button of our page."""
    form = await forms.read(request)
    subscription_id, mailing_id = _read(house, request)
    one_click = form.fields.get(ONE_CLICK[0]) == (ONE_CLICK[1],)
    action = form.one("action")
    if not one_click and action not in ACTIONS:
        raise HTTPException(400)
    if (subscription_id, mailing_id) == NOBODY:
        return PlainTextResponse(DONE) if one_click else house.page("public/leave_test.html")
    if action == REASON and not one_click:
        return await _take_reason(house, subscription_id, form.one("reason"))
    if action in (PAUSE, RESUME) and not one_click:
        return await _pause(house, request, subscription_id, days_of(form) if action == PAUSE else None)
    return await _leave(house, request, subscription_id, mailing_id, action="" if one_click else action)


async def undo(house: House, request: Request) -> Response:
    """Take the leaving back, in the days in which that is possible."""
    form = await forms.read(request)
    subscription_id, mailing_id = _read(house, request)
    if (subscription_id, mailing_id) == NOBODY:
        return house.page("public/leave_test.html")
    everything, network = form.one("action") == "leave_all", house.network(request)
    try:
        titles = await house.write(
            leave_link.undo, subscription_id, everything=everything, actor="leave page", network=network
        )
    except NotFound:
        return _page(house, request, Place(leave_link.GONE))
    except Refused:
        place = await house.read(leave_link.look, subscription_id)
        return house.page("public/undo_refused.html", status=409, place=place)
    return house.page("public/back.html", titles=titles)


async def _leave(house: House, request: Request, subscription_id: int, mailing_id: int, *, action: str) -> Response:
    network = house.network(request)
    try:
        titles, begun = await house.write(_end, subscription_id, mailing_id, action, network)
    except NotFound:
        # Never been here, or forgotten: whoever asks gets nothing from us, and learns nothing.
        return _page(house, request, Place(leave_link.GONE)) if action else PlainTextResponse(DONE)
    under_way = await settled(house, begun)
    if not action:
        return PlainTextResponse(DONE + ("One mail was already on its way.\n" if under_way else ""))
    place = await house.read(leave_link.look, subscription_id)
    return house.page(
        "public/left.html",
        place=place,
        titles=titles,
        action=action,
        under_way=under_way,
        reasons=leave_link.REASONS,
        token=request.path_params["token"],
    )


def days_of(form: Form) -> int:
    """Return for how long a pause was asked for, in days; HTTPException 400 for what our pages do not offer."""
    text = form.one("days", 4)
    if text not in {str(each) for each in subscriptions.PAUSES}:
        raise HTTPException(400)
    return int(text)


async def _pause(house: House, request: Request, subscription_id: int, days: int | None) -> Response:
    """Pause the list for so many days, for None go on with it; what cannot be paused is shown as it is."""
    try:
        if days is None:
            await house.write(_resume, subscription_id)
        else:
            await house.write(subscriptions.pause_for, subscription_id, days)
    except (NotFound, Refused):
        return _page(house, request, await house.read(leave_link.look, subscription_id))
    place = await house.read(leave_link.look, subscription_id)
    return house.page("public/paused.html" if place.paused_until else "public/going_on.html", place=place)


async def _take_reason(house: House, subscription_id: int, reason: str) -> Response:
    if reason not in leave_link.REASONS:
        raise HTTPException(400)
    await house.write(leave_link.give_reason, subscription_id, reason)
    return house.page("public/thanks.html")


async def settled(house: House, begun: Sequence[int]) -> int:
    """Wait for mails that were on the wire when their reader left; return how many still are after 2 seconds."""
    end = time.monotonic() + WAIT_SECONDS
    left = len(begun)
    while left:
        left = await house.read(events.still_begun, begun)
        if not left or time.monotonic() >= end:
            break
        await asyncio.sleep(LOOK_SECONDS)
    return left


def _read(house: House, request: Request) -> tuple[int, int]:
    return links.read(house.keys, links.LEAVE, request.path_params["token"])


def _page(house: House, request: Request, place: Place) -> Response:
    token = request.path_params["token"]
    return house.page(PAGES[place.state], place=place, token=token, pauses=subscriptions.PAUSES)


def _resume(session: Session, subscription_id: int) -> None:
    subscriptions.resume(session, subscriptions.need(session, subscription_id))


def _end(
    session: Session, subscription_id: int, mailing_id: int, action: str, network: str
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Leave one list or all; return the titles that were left and the deliveries on the wire."""
    if action == "leave_all":
        subscriber_id = subscriptions.need(session, subscription_id).subscriber_id
        everything = events.leave_all(
            session, subscriber_id, actor="leave page", mailing_id=mailing_id, network=network
        )
        return everything.list_titles, everything.begun
    why, actor = (events.BY_LINK, "leave page") if action else (events.BY_ONE_CLICK, "one-click")
    one = events.leave(session, subscription_id, why=why, actor=actor, mailing_id=mailing_id, network=network)
    return (one.list_title,), one.begun
