"""A reader's own page: what they get, how, pausing and stopping it; and how to come there without a mail at hand."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailer import address, clock
from mailer.errors import BadInput, NotFound, Refused
from mailer.mailing import visit
from mailer.mailing.visit import Visit
from mailer.outcomes import events, leave_link, wishes
from mailer.people import choices, signups, subscriptions
from mailer.people.choices import Choices
from mailer.web import forms, leaving, tongue
from mailer.web.forms import Form
from mailer.web.house import House, Session
from mailer.web.subscribing import HOUR

LISTS, SAVE, STOP, STOP_ALL, UNDO, UNDO_ALL = "lists", "save", "stop", "stop_all", "undo", "undo_all"
PAUSE, RESUME, FRESH = "pause", "resume", "fresh"
# Field and value by which the page says that its reader was asked whose it is.
MINE = ("mine", "yes")


@dataclass(frozen=True)
class Asked:
    """One button of the page that was pressed: by whom, and with what."""

    house: House
    seen: Visit
    form: Form
    network: str

    @property
    def page(self) -> str:
        """Return where consent was given, without the token."""
        return f"{self.house.links.base}/m"


@dataclass(frozen=True)
class Came:
    """What came of a button, to be told at the top of the page."""

    done: str = ""
    titles: tuple[str, ...] = ()
    list_name: str = ""
    under_way: int = 0
    kept: wishes.Kept = field(default_factory=wishes.Kept)
    until: datetime | None = None
    error: str = ""
    typed: str = ""
    status: int = 200


async def show(house: House, request: Request) -> Response:
    """Show what this reader gets; changes nothing. By the link of any mail it is asked first whose page it is."""
    seen = visit.read(house.keys, request.path_params["token"])
    is_mine = request.query_params.get(MINE[0]) == MINE[1]
    return await _page(house, request, seen, Came(), is_mine=is_mine)


async def act(house: House, request: Request) -> Response:
    """Do what a button of the page says; a form that was not asked whose it is does nothing."""
    form = await forms.read(request)
    seen = visit.read(house.keys, request.path_params["token"])
    action = form.one("action")
    if action not in ACTIONS:
        raise HTTPException(400)
    if form.one(MINE[0]) != MINE[1]:
        return await _page(house, request, seen, Came(), is_mine=False)
    try:
        came = await ACTIONS[action](Asked(house, seen, form, house.network(request)))
    except NotFound:
        came = Came(done="nothing")
    except Refused:
        came = Came(done="not now" if action in (PAUSE, RESUME) else "refused", status=409)
    return await _page(house, request, seen, came, is_mine=True)


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


async def _lists(asked: Asked) -> Came:
    form, house = asked.form, asked.house
    shown = form.all("shown")
    try:
        kept = await house.write(
            _keep_lists,
            house,
            asked.seen,
            shown=shown,
            wanted=form.all("list"),
            often={name: value for name in shown if (value := form.one(f"often-{name}", 10))},
            page=asked.page,
            network=asked.network,
        )
    except BadInput:
        # Only a frequency our page does not offer can be wrong.
        raise HTTPException(400) from None
    return Came(LISTS, kept=kept, under_way=await leaving.settled(house, kept.begun))


async def _save(asked: Asked) -> Came:
    form = asked.form
    told = {"name": form.one("name", 150), "language": form.one("language", 20), "format": form.one("format", 10)}
    try:
        await asked.house.write(choices.keep, asked.seen.subscriber_id, **told)
    except BadInput:
        # Only fields our page does not offer can be wrong.
        raise HTTPException(400) from None
    return Came(SAVE)


async def _stop(asked: Asked) -> Came:
    action, name = asked.form.one("action"), asked.form.one("list")
    titles, begun = await asked.house.write(
        _end, asked.seen.subscriber_id, name if action == STOP else None, asked.network
    )
    return Came(action, titles, name, await leaving.settled(asked.house, begun))


async def _undo(asked: Asked) -> Came:
    action, name = asked.form.one("action"), asked.form.one("list")
    titles = await asked.house.write(_take_back, asked.seen.subscriber_id, name, action == UNDO_ALL, asked.network)
    return Came(action, titles, name)


async def _pause(asked: Asked) -> Came:
    house, form = asked.house, asked.form
    name, length, typed = form.one("list", 60), form.one("days", 4), form.one("until", 20)
    if length == "day":
        try:
            day = wishes.day_of(typed, _today(house))
        except BadInput as error:
            wrong = "empty" if not typed else "no day" if "not a day" in error.problem else "too far"
            return Came(error=wrong, typed=typed, list_name=name, status=422)
    else:
        day = _today(house) + timedelta(days=leaving.days_of(form))
    zone = house.config.site.zone
    titles = await house.write(wishes.pause, asked.seen.subscriber_id, name, day, zone)
    return Came(PAUSE, titles, until=_midnight(house, day))


async def _resume(asked: Asked) -> Came:
    title = await asked.house.write(wishes.resume, asked.seen.subscriber_id, asked.form.one("list", 60))
    return Came(RESUME, (title,))


async def _send_fresh(asked: Asked) -> Came:
    house = asked.house
    if not await house.read(signups.is_welcome, house.config, asked.network):
        raise HTTPException(429, headers=HOUR)
    await house.write(_want_link, asked.seen.subscriber_id, asked.page, asked.network)
    return Came(FRESH)


ACTIONS: dict[str, Callable[[Asked], Awaitable[Came]]] = {
    LISTS: _lists,
    SAVE: _save,
    STOP: _stop,
    STOP_ALL: _stop,
    UNDO: _undo,
    UNDO_ALL: _undo,
    PAUSE: _pause,
    RESUME: _resume,
    FRESH: _send_fresh,
}


async def _page(house: House, request: Request, seen: Visit, came: Came, *, is_mine: bool) -> Response:
    try:
        found, is_fresh = await house.read(_look, seen)
    except NotFound:
        return house.page("public/choices_gone.html")
    if not (is_mine or is_fresh):
        return house.page("public/choices_whose.html", choices=found, mine=MINE)
    return house.page(
        "public/choices.html",
        status=came.status,
        choices=found,
        came=came,
        is_fresh=is_fresh,
        minutes=visit.FRESH_MINUTES,
        token=request.path_params["token"],
        mine=MINE,
        read=house.links.read,
        words=_words(house, found),
        languages=sorted({*found.languages, *house.languages.offered}),
        frequencies=(subscriptions.EACH, subscriptions.DAILY, subscriptions.WEEKLY),
        pauses=[(days, _midnight(house, _today(house) + timedelta(days=days))) for days in subscriptions.PAUSES],
        days=(_today(house) + timedelta(days=1), _today(house) + subscriptions.LONGEST_PAUSE),
    )


def _ask(house: House, text: str = "", error: str = "") -> Response:
    status = 422 if error else 200
    return house.page("public/link.html", status=status, address=text, error=error, shown_at=forms.shown_at(house.keys))


def _today(house: House) -> date:
    return clock.now().astimezone(ZoneInfo(house.config.site.zone)).date()


def _midnight(house: House, day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(house.config.site.zone))


def _look(session: Session, seen: Visit) -> tuple[Choices, bool]:
    return choices.look(session, seen.subscriber_id), visit.is_fresh(session, seen)


def _keep_lists(session: Session, /, house: House, seen: Visit, **told: Any) -> wishes.Kept:
    is_fresh = visit.is_fresh(session, seen)
    words = _words(house, choices.look(session, seen.subscriber_id))
    return wishes.keep_lists(session, words, seen.subscriber_id, is_fresh=is_fresh, **told)


def _words(house: House, found: Choices) -> str:
    """Return what this reader says by adding a list, as their page shows it."""
    house.languages.settle(found.reader_language)
    return tongue.as_written(house.config.signup.consent_words)


def _want_link(session: Session, subscriber_id: int, page: str, network: str) -> None:
    """Ask for a fresh link as the form does that asks for one by address; what follows comes by mail."""
    text = choices.address_of(session, subscriber_id)
    signups.write(session, address_text=text, lists=(), page=page, network=network, wish=signups.LINK)


def _end(
    session: Session, subscriber_id: int, list_name: str | None, network: str
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """End one list, or for None everything; return the titles that were left and the deliveries on the wire."""
    if list_name is None:
        everything = events.leave_all(session, subscriber_id, actor=wishes.ACTOR, network=network)
        return everything.list_titles, everything.begun
    subscription_id = choices.subscription_to(session, subscriber_id, list_name)
    left = events.leave(session, subscription_id, why=events.BY_CHOICES, actor=wishes.ACTOR, network=network)
    return (left.list_title,), left.begun


def _take_back(session: Session, subscriber_id: int, list_name: str, everything: bool, network: str) -> tuple[str, ...]:
    subscription_id = choices.subscription_to(session, subscriber_id, list_name)
    return leave_link.undo(session, subscription_id, everything=everything, actor=wishes.ACTOR, network=network)
