"""The link in every mail: leaving in one click (RFC 8058), or on a page with one button; pausing; taking it back."""

import asyncio
import time
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mailer.errors import NotFound, Refused
from mailer.mailing import links
from mailer.outcomes import events, leave_link, together
from mailer.outcomes.leave_link import Place
from mailer.outcomes.together import Wish
from mailer.people import subscriptions
from mailer.web import forms
from mailer.web.forms import Form
from mailer.web.house import House, Session

ONE_CLICK = ("List-Unsubscribe", "One-Click")
WAIT_SECONDS, LOOK_SECONDS = 2.0, 0.05
DONE = "You will get no more of these mails.\n"
ONE_LATE = "One mail was already on its way.\n"
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
    clicked = form.fields.get(ONE_CLICK[0]) == (ONE_CLICK[1],)
    action = form.one("action")
    if not clicked and action not in ACTIONS:
        raise HTTPException(400)
    if clicked:
        # Spelled in some way of its own; web/one_click.py answers the usual ones.
        return PlainTextResponse(await one_click(house, subscription_id, mailing_id, house.network(request)))
    if (subscription_id, mailing_id) == NOBODY:
        return house.page("public/leave_test.html")
    if action == REASON:
        return await _take_reason(house, subscription_id, form.one("reason"))
    if action in (PAUSE, RESUME):
        return await _pause(house, request, subscription_id, days_of(form) if action == PAUSE else None)
    return await _leave(house, request, subscription_id, mailing_id, action=action)


async def one_click(house: House, subscription_id: int, mailing_id: int, network: str) -> str:
    """Leave at the one click of a mail program, and return what to answer: the same to everybody."""
    if (subscription_id, mailing_id) == NOBODY:
        return DONE
    wish = Wish(subscription_id, events.BY_ONE_CLICK, "one-click", mailing_id, network)
    try:
        left = await house.write_together(together.leave_together, together.leave, wish)
    except NotFound:
        # Never been here, or forgotten: whoever asks gets nothing from us, and learns nothing.
        return DONE
    return DONE + (ONE_LATE if left.begun and await settled(house, left.begun) else "")


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
        if action == LEAVE_ALL:
            titles, begun = await house.write(_leave_all, subscription_id, mailing_id, network)
        else:
            wish = Wish(subscription_id, events.BY_LINK, "leave page", mailing_id, network)
            left = await house.write_together(together.leave_together, together.leave, wish)
            titles, begun = (left.list_title,), left.begun
    except NotFound:
        return _page(house, request, Place(leave_link.GONE))
    under_way = await settled(house, begun)
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


def _leave_all(
    session: Session, subscription_id: int, mailing_id: int, network: str
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Leave everything; return the titles that were left and the deliveries on the wire."""
    subscriber_id = subscriptions.need(session, subscription_id).subscriber_id
    left = events.leave_all(session, subscriber_id, actor="leave page", mailing_id=mailing_id, network=network)
    return left.list_titles, left.begun
