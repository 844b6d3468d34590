"""Subscribing: the form, its answer that is the same for everybody, and the form to paste into other sites."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailer import address
from mailer.errors import BadInput
from mailer.people import lists, offers, signups
from mailer.people.offers import Offer
from mailer.web import forms, headers, tongue
from mailer.web.forms import Form
from mailer.web.house import House

HOUR = {"Retry-After": "3600"}


@dataclass(frozen=True)
class Filled:
    """What stands in the form, and what is wrong with it by field."""

    address: str = ""
    name: str = ""
    language: str = ""
    page: str = ""
    lists: tuple[str, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


async def index(house: House, _request: Request) -> Response:
    """Show the lists that are open to everybody."""
    found = await house.read(offers.everything)
    return house.page("public/index.html", headers=headers.OPEN, offers=found)


async def show_all(house: House, _request: Request) -> Response:
    """Show one form for every open list."""
    found = await house.read(offers.everything)
    return _form(house, found, Filled(), choose=len(found) > 1) if found else _closed(house)


async def show(house: House, request: Request) -> Response:
    """Show the form of one list."""
    offer = await _offer(house, request)
    return _form(house, (offer,), Filled()) if offer else _closed(house)


async def snippet(house: House, request: Request) -> Response:
    """Show the plain HTML form to paste into another site."""
    offer = await _offer(house, request)
    if offer is None:
        return _closed(house)
    words = tongue.as_written(house.config.signup.consent_words).replace("{list}", offer.title)
    form = house.templates.get_template("public/snippet.txt").render(
        offer=offer, action=f"{house.links.base}/s", words=words
    )
    return house.page("public/snippet.html", offer=offer, form=form)


async def take(house: House, request: Request) -> Response:
    """Keep what was typed and answer the same to everybody; what follows is told by mail only."""
    form = await forms.read(request)
    every = await house.read(offers.everything)
    named = tuple(name for name in form.all("list") if lists.NAME.fullmatch(name))
    chosen = tuple(offer for offer in every if offer.name in named)
    filled = _filled(request, form, chosen, bool(named))
    if named and not chosen:
        return _closed(house)
    if filled.errors:
        return _form(house, chosen or every, filled, status=422, choose=not chosen or len(chosen) > 1)
    asker = forms.sender(house.keys, form)
    if asker == forms.UNSURE:
        return _once_more(house, filled)
    network = house.network(request)
    if asker == forms.PERSON:
        if not await house.read(signups.is_welcome, house.config, network):
            raise HTTPException(429, headers=HOUR)
        await house.write(
            signups.write,
            address_text=filled.address,
            lists=filled.lists,
            name=filled.name,
            language=filled.language or house.languages.guess(),
            page=filled.page,
            network=network,
            words=tongue.as_written(house.config.signup.consent_words),
        )
    days = house.config.signup.link_days
    return house.page("public/check_inbox.html", filled=filled, offers=chosen, days=days)


def _filled(request: Request, form: Form, chosen: tuple[Offer, ...], named: bool) -> Filled:
    errors = {}
    text = form.one("address", 320)
    try:
        address.parse(text)
    except BadInput:
        errors["address"] = "not an address" if text else "empty"
    if not named:
        errors["list"] = "none"
    return Filled(
        address=text,
        name=form.one("name", 150),
        language=form.one("language", 20),
        page=form.one("page", 500) or request.headers.get("referer", "")[:500],
        lists=tuple(offer.name for offer in chosen),
        errors=errors,
    )


async def _offer(house: House, request: Request) -> Offer | None:
    name = request.path_params["list"]
    found = await house.read(offers.chosen, [name]) if lists.NAME.fullmatch(name) else ()
    return found[0] if found else None


def _form(
    house: House, found: tuple[Offer, ...], filled: Filled, *, status: int = 200, choose: bool = False
) -> Response:
    """Return the form: for one list with all that is to be said of it, for several to choose from."""
    return house.page(
        "public/subscribe.html",
        status=status,
        headers={headers.ROBOTS: "all"},
        offers=found,
        choose=choose,
        filled=filled,
        words=tongue.as_written(house.config.signup.consent_words),
        page=filled.page or f"{house.links.base}/s" + ("" if choose else f"/{found[0].name}"),
        shown_at=forms.shown_at(house.keys),
    )


def _once_more(house: House, filled: Filled) -> Response:
    fields = [("list", name) for name in filled.lists]
    fields += [(name, getattr(filled, name)) for name in ("address", "name", "language", "page")]
    shown_at = forms.shown_at(house.keys, again=True)
    return house.page("public/once_more.html", to="/s", fields=fields, address=filled.address, shown_at=shown_at)


def _closed(house: House) -> Response:
    return house.page("public/closed.html", status=404)
