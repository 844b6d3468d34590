"""The links of a confirm mail: "yes, that was me" and "this was not me"; a visit alone does nothing."""

from contextlib import suppress

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailer.errors import NotFound, Refused
from mailer.mailing import links, welcome
from mailer.outcomes import events
from mailer.people import confirmation
from mailer.web import forms
from mailer.web.house import House

PAGES = {
    confirmation.OPEN: "public/confirm.html",
    confirmation.CONFIRMED: "public/confirmed.html",
    confirmation.ALREADY: "public/confirmed_before.html",
    confirmation.EXPIRED: "public/confirm_expired.html",
    confirmation.GONE: "public/confirm_gone.html",
}
# What the buttons of these pages say: a POST that says anything else, such as a program's, is nobody's press.
YES, AGAIN, NOT_ME = "confirm", "again", "not me"
# A link that was good once is gone (RFC 9110 section 15.5.11), not unknown.
STATUS = {confirmation.EXPIRED: 410, confirmation.GONE: 410}


async def show(house: House, request: Request) -> Response:
    """Show what the link confirms, and a button."""
    numbers = links.read(house.keys, links.CONFIRM, request.path_params["token"])
    return _page(house, await house.read(welcome.look, house.config, house.keys, *numbers))


async def act(house: House, request: Request) -> Response:
    """Confirm, or send a new link where this one is too old."""
    form = await forms.read(request)
    numbers = links.read(house.keys, links.CONFIRM, request.path_params["token"])
    action = form.one("action")
    if action not in (YES, AGAIN):
        raise HTTPException(400)
    person, minute = numbers
    where = {"page": house.links.base + "/c", "network": house.network(request)}
    try:
        if action == AGAIN:
            standing = await house.write(welcome.ask_again, house.config, house.keys, person, minute, **where)
        else:
            also = form.all("also")
            standing = await house.write(welcome.confirm, house.config, house.keys, person, minute, also=also, **where)
    except Refused:
        return house.page("public/confirm_refused.html", status=409)
    if action == AGAIN:
        return house.page("public/asked_again.html", standing=standing, days=house.config.signup.link_days)
    return _page(house, standing)


async def show_not_me(house: House, request: Request) -> Response:
    """Show what "this was not me" does, and a button."""
    numbers = links.read(house.keys, links.NOT_ME, request.path_params["token"])
    standing = await house.read(welcome.look, house.config, house.keys, *numbers)
    if standing.state == confirmation.ALREADY:
        return house.page("public/not_me_late.html", standing=standing)
    return house.page("public/not_me.html")


async def act_not_me(house: House, request: Request) -> Response:
    """Take back sign-ups somebody else made, and never write again where nothing else is wanted."""
    form = await forms.read(request)
    numbers = links.read(house.keys, links.NOT_ME, request.path_params["token"])
    if form.one("action") != NOT_ME:
        raise HTTPException(400)
    with suppress(NotFound):
        # Whoever this was may be forgotten by now; the answer is the same.
        done = await house.write(events.not_me, *numbers, actor="not-me link", network=house.network(request))
        standing = await house.read(welcome.look, house.config, house.keys, *numbers)
        if not done.list_titles and standing.state == confirmation.ALREADY:
            # Confirmed meanwhile: these mails go on until somebody leaves, so nothing is settled.
            return house.page("public/not_me_late.html", standing=standing)
    return house.page("public/not_me_done.html")


def _page(house: House, standing: welcome.Standing) -> Response:
    status = STATUS.get(standing.state, 200)
    return house.page(PAGES[standing.state], status=status, standing=standing)
