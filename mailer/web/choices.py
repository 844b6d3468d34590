"""A reader's own page: what they get, how, pausing and stopping it; and how to come there without a mail at hand."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailer import address
from mailer.errors import BadInput, NotFound, Refused
from mailer.mailing import links
from mailer.outcomes import events, leave_link
from mailer.people import choices, signups, subscriptions
from mailer.web import forms, leaving
from mailer.web.forms import Form
from mailer.web.house import House, Session
from mailer.web.subscribing import HOUR

SAVE, STOP, STOP_ALL, UNDO, UNDO_ALL = "save", "stop", "stop_all", "undo", "undo_all"
PAUSE, RESUME = "pause", "resume"
ACTOR = "choices page"


async def show(house: House, request: Request) -> Response:
    """Show what this reader gets; changes nothing."""
    return await _page(house, _read(house, request))


async def act(house: House, request: Request) -> Response:
    """Save how the reader is written to, pause or stop a list, stop everything, or take that back."""
    form = await forms.read(request)
    subscriber_id = _read(house, request)
    network, action = house.network(request), form.one("action")
    try:
        if action == SAVE:
            return await _save(house, subscriber_id, form)
        if action in (STOP, STOP_ALL):
            return await _stop(house, subscriber_id, form, network)
        if action in (PAUSE, RESUME):
            name = form.one("list")
            await house.write(_pause, subscriber_id, name, leaving.days_of(form) if action == PAUSE else None)
            return await _page(house, subscriber_id, done=action, list_name=name)
        if action in (UNDO, UNDO_ALL):
            titles = await house.write(_undo, subscriber_id, form.one("list"), action == UNDO_ALL, network)
            return await _page(house, subscriber_id, done=action, titles=titles)
    except NotFound:
        return await _page(house, subscriber_id, done="nothing")
    except Refused:
        done = "not now" if action in (PAUSE, RESUME) else "refused"
        return await _page(house, subscriber_id, done=done, status=409)
    raise HTTPException(400)


async def show_ask(house: House, _request: Request) -> Response:
    """Show the form that asks for a link by mail."""
    return _ask(house)


async def ask(house: House, request: Request) -> Response:
    """Keep the wish for a link and answer the same to everybody, known or not."""
    form = await forms.read(request)
    text = form.one("address", 320)
    try:
        address.parse(text)
    except BadInput:
        return _ask(house, text, "not an address" if text else "empty")
    asker = forms.sender(house.keys, form)
    if asker == forms.UNSURE:
        shown_at = forms.shown_at(house.keys, again=True)
        fields = [("address", text)]
        return house.page("public/once_more.html", to="/m", fields=fields, address=text, shown_at=shown_at)
    if asker == forms.PERSON:
        network = house.network(request)
        if not await house.read(signups.is_welcome, house.config, network):
            raise HTTPException(429, headers=HOUR)
        await house.write(
            signups.write, address_text=text, lists=(), page=f"{house.links.base}/m", network=network, wish=signups.LINK
        )
    return house.page("public/link_sent.html", address=text)


async def _save(house: House, subscriber_id: int, form: Form) -> Response:
    try:
        await house.write(
            choices.keep,
            subscriber_id,
            name=form.one("name", 150),
            language=form.one("language", 20),
            format=form.one("format", 10),
        )
    except BadInput:
        # Only fields our page does not offer can be wrong.
        raise HTTPException(400) from None
    return await _page(house, subscriber_id, done=SAVE)


async def _stop(house: House, subscriber_id: int, form: Form, network: str) -> Response:
    action, name = form.one("action"), form.one("list")
    titles, begun = await house.write(_end, subscriber_id, name if action == STOP else None, network)
    under_way = await leaving.settled(house, begun)
    return await _page(house, subscriber_id, done=action, titles=titles, under_way=under_way, list_name=name)


async def _page(
    house: House,
    subscriber_id: int,
    *,
    status: int = 200,
    done: str = "",
    titles: tuple[str, ...] = (),
    under_way: int = 0,
    list_name: str = "",
) -> Response:
    try:
        found = await house.read(choices.look, subscriber_id)
    except NotFound:
        return house.page("public/choices_gone.html")
    return house.page(
        "public/choices.html",
        status=status,
        choices=found,
        done=done,
        titles=titles,
        under_way=under_way,
        list_name=list_name,
        pauses=subscriptions.PAUSES,
    )


def _ask(house: House, text: str = "", error: str = "") -> Response:
    status = 422 if error else 200
    return house.page("public/link.html", status=status, address=text, error=error, shown_at=forms.shown_at(house.keys))


def _read(house: House, request: Request) -> int:
    return links.read(house.keys, links.CHOICES, request.path_params["token"])[0]


def _end(
    session: Session, subscriber_id: int, list_name: str | None, network: str
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """End one list, or for None everything; return the titles that were left and the deliveries on the wire."""
    if list_name is None:
        everything = events.leave_all(session, subscriber_id, actor=ACTOR, network=network)
        return everything.list_titles, everything.begun
    subscription_id = choices.subscription_to(session, subscriber_id, list_name)
    left = events.leave(session, subscription_id, why=events.BY_CHOICES, actor=ACTOR, network=network)
    return (left.list_title,), left.begun


def _pause(session: Session, subscriber_id: int, list_name: str, days: int | None) -> None:
    """Pause one list for so many days; for None go on with it."""
    subscription_id = choices.subscription_to(session, subscriber_id, list_name)
    if days is None:
        subscriptions.resume(session, subscriptions.need(session, subscription_id))
    else:
        subscriptions.pause_for(session, subscription_id, days)


def _undo(session: Session, subscriber_id: int, list_name: str, everything: bool, network: str) -> tuple[str, ...]:
    subscription_id = choices.subscription_to(session, subscriber_id, list_name)
    return leave_link.undo(session, subscription_id, everything=everything, actor=ACTOR, network=network)
