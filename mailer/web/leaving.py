"""The link in every mail: leaving in one click (RFC 8058), or on a page with one button; pausing; taking it back."""

import asyncio
import time
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mailer import clock
from mailer.compose.catalogue import N_
from mailer.errors import BadInput, NotFound, Refused
from mailer.mailing import links
from mailer.outcomes import events, leave_link, reasons, together
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
HOW_OFTEN = (subscriptions.WEEKLY, subscriptions.EACH)
ACTIONS = (LEAVE, LEAVE_ALL, REASON, PAUSE, RESUME, *HOW_OFTEN)
WHY = {
    "too many": N_("There are too many mails"),
    "not for me": N_("They are not about what I expected"),
    reasons.NEVER: N_("I never signed up for them"),
    "elsewhere": N_("I read them somewhere else"),
    "other": N_("Another reason"),
}
# In a hidden field: when the page was shown. Nobody reads it and presses in less than a second.
SHOWN, SHOWN_AT = "leave page shown", "shown_at"
HASTY_SECONDS = 1.0


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
        return await _take_reason(house, request, subscription_id, form)
    if action in HOW_OFTEN:
        return await _change_how_often(house, request, subscription_id, action)
    if action in (PAUSE, RESUME):
        return await _pause(house, request, subscription_id, days_of(form) if action == PAUSE else None)
    actor = events.PERHAPS_MACHINE if is_hasty(house, form) else events.BY_PAGE
    return await _leave(house, request, (subscription_id, mailing_id), action, actor)


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
            leave_link.undo,
            subscription_id,
            everything=everything,
            actor=events.BY_PAGE,
            network=network,
            mailing_id=mailing_id,
        )
    except NotFound:
        return _page(house, request, Place(leave_link.GONE))
    except Refused:
        place = await house.read(leave_link.look, subscription_id)
        return house.page("public/undo_refused.html", status=409, place=place)
    return house.page("public/back.html", titles=titles)


def is_hasty(house: House, form: Form) -> bool:
    """Say whether the button was pressed as only machines do: at once, or with the field filled in nobody sees.

    Mail scanners that send forms do so. A wish to leave is granted all the same; it is counted apart.
    """
    if form.one(forms.TRAP):
        return True
    try:
        shown = house.keys.ring.read(SHOWN, form.one(SHOWN_AT))[0] / 1000
    except BadInput:
        # A page of another program, or a browser that keeps hidden fields to itself.
        return False
    return 0 <= clock.now().timestamp() - shown < HASTY_SECONDS


async def _leave(house: House, request: Request, numbers: tuple[int, int], action: str, actor: str) -> Response:
    subscription_id, mailing_id = numbers
    network = house.network(request)
    try:
        if action == LEAVE_ALL:
            titles, begun = await house.write(_leave_all, subscription_id, mailing_id, actor, network)
        else:
            wish = Wish(subscription_id, events.BY_LINK, actor, mailing_id, network)
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
        reasons=WHY,
        undo_days=events.UNDO_DAYS,
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


async def _change_how_often(house: House, request: Request, subscription_id: int, frequency: str) -> Response:
    """Keep how often somebody wants the list; for who does not get it the page is shown as it is."""
    try:
        await house.write(leave_link.write_how_often, subscription_id, frequency)
    except (NotFound, Refused):
        return _page(house, request, await house.read(leave_link.look, subscription_id))
    place = await house.read(leave_link.look, subscription_id)
    return house.page("public/how_often.html", place=place)


async def _take_reason(house: House, request: Request, subscription_id: int, form: Form) -> Response:
    reason, words = form.one("reason"), form.one("words", reasons.WORDS)
    # Nothing has to be picked, nor written.
    reason = reason or ("other" if words else "")
    if reason and reason not in WHY:
        raise HTTPException(400)
    if reason:
        await house.write(reasons.give, subscription_id, reason, words)
    place = await house.read(leave_link.look, subscription_id)
    return house.page("public/thanks.html", place=place, token=request.path_params["token"])


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
    shown = house.keys.ring.sign(SHOWN, int(clock.now().timestamp() * 1000))
    return house.page(PAGES[place.state], place=place, token=token, shown_at=shown, pauses=subscriptions.PAUSES)


def _resume(session: Session, subscription_id: int) -> None:
    subscriptions.resume(session, subscriptions.need(session, subscription_id))


def _leave_all(
    session: Session, subscription_id: int, mailing_id: int, actor: str, network: str
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Leave everything; return the titles that were left and the deliveries on the wire."""
    subscriber_id = subscriptions.need(session, subscription_id).subscriber_id
    left = events.leave_all(session, subscriber_id, actor=actor, mailing_id=mailing_id, network=network)
    return left.list_titles, left.begun
