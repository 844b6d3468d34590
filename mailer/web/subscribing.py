"""Subscribing: the form, its answer that is the same for everybody, and the form to paste into other sites."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from mailer.mailing import sample
from mailer.people import lists, offers
from mailer.people.offers import Offer
from mailer.send import watch
from mailer.web import asking, forms, guard, headers, problems, sites, snippets, tongue
from mailer.web.asking import Asked, Filled
from mailer.web.guard import Verdict
from mailer.web.house import House

HOUR = {"Retry-After": "3600"}
# What may come of an asking, beside what the guard says of it.
CLOSED, FORBIDDEN, WRONG = "closed", "forbidden", "wrong"
# The one answer to programs; whether the address is known is told by mail only.
CHECK_INBOX = {"status": "check_inbox"}


async def index(house: House, _request: Request) -> Response:
    """Show the lists that are open to everybody."""
    found = await house.read(offers.everything)
    return house.page("public/index.html", headers=headers.OPEN, offers=found)


async def show(house: House, request: Request) -> Response:
    """Show the form of one list, of several, or of every open one."""
    found = await _offered(house, request)
    return await _form(house, request, found, Filled()) if found else _closed(house)


async def snippet(house: House, request: Request) -> Response:
    """Show the plain HTML form to paste into another site."""
    found = await _offered(house, request)
    if not found:
        return _closed(house)
    return house.page("public/snippet.html", offers=found, form=snippets.form(house, found))


async def take(house: House, request: Request) -> Response:
    """Keep what was typed and answer the same to everybody; what follows is told by mail only."""
    form = await forms.read(request, json_too=True)
    asked = asking.read(house, request, form, await _offered(house, request))
    if asking.needs_any_letters(asked.filled) and await house.read(watch.is_narrow, house.config):
        asked = asking.with_mistake(asked, "address", asking.LETTERS)
    verdict = await _decide(house, request, form, asked)
    if verdict.kind == guard.TOO_MANY:
        raise HTTPException(429, headers=HOUR)
    if verdict.kind == FORBIDDEN or sites.wants_json(request):
        return _as_json(house, request, verdict.kind, asked)
    return await _as_page(house, request, verdict, asked)


async def _decide(house: House, request: Request, form: forms.Form, asked: Asked) -> Verdict:
    """Say what comes of an asking, and keep it if a person asked."""
    filled = asked.filled
    if sites.by_script(request) and not sites.may_call(house, request, filled.lists):
        return Verdict(FORBIDDEN)
    if asked.is_closed:
        return Verdict(CLOSED)
    if filled.errors:
        return Verdict(WRONG)
    allowed = house.config.forms.attributes_of(filled.lists)
    return await guard.hand_in(
        house,
        form,
        address_text=filled.address,
        lists=filled.lists,
        name=filled.name,
        language=filled.language or house.languages.guess(),
        attributes={name: value for name, value in filled.attributes.items() if name in allowed},
        page=filled.page,
        network=house.network(request),
        words=_consent(house, asked),
    )


def _consent(house: House, asked: Asked) -> str:
    """Return what was agreed to as it was shown: in the language of the form, which says it or is the list's."""
    return snippets.consent(house, asked.filled.spoken or asked.chosen[0].language)


async def _as_page(house: House, request: Request, verdict: Verdict, asked: Asked) -> Response:
    if verdict.kind == CLOSED:
        return _closed(house)
    if verdict.kind == WRONG:
        # A form that posts to /s may be another site's, for these lists only.
        shown = asked.offers if "list" in request.path_params else asked.chosen or asked.offers
        return await _form(house, request, shown, asked.filled, status=422)
    if verdict.kind != guard.TAKEN:
        more = sites.form_headers(asked.filled.next)
        return guard.answer(house, verdict, "/s", list(asked.filled.fields()), more)
    if asked.filled.next:
        return RedirectResponse(asked.filled.next, 303)
    days = house.config.signup.link_days
    language = _common(asked.chosen)
    return house.page(
        "public/check_inbox.html", list_language=language, filled=asked.filled, offers=asked.chosen, days=days
    )


def _as_json(house: House, request: Request, outcome: str, asked: Asked) -> Response:
    extra = sites.answer_headers(house, request)
    if outcome == CLOSED:
        return problems.answer(house, problems.CLOSED, extra=extra)
    if outcome == FORBIDDEN:
        return problems.answer(house, problems.ORIGIN, extra=extra)
    if outcome == WRONG:
        return _mistakes(house, asked.filled, extra)
    if outcome != guard.TAKEN:
        url = house.links.base + _path(asked.chosen)
        return problems.answer(house, problems.CHALLENGE, extra=extra, url=url)
    return JSONResponse(CHECK_INBOX, 202, headers=extra)


def _mistakes(house: House, filled: Filled, extra: Mapping[str, str]) -> Response:
    values = {"meant": filled.meant, "typed": filled.address}
    errors: list[dict[str, Any]] = [
        {"field": name, "pointer": f"#/{name}", "code": what.replace(" ", "_"),
         "detail": problems.mistake(house, what, **values)}
        for name, what in filled.errors.items()
    ]  # fmt: skip
    if filled.errors.get("address") != asking.MISTYPED:
        return problems.answer(house, problems.INVALID, extra=extra, errors=errors)
    choices = {what: problems.mistake(house, what, **values) for what in ("take", "keep")}
    code = problems.MISTYPED if len(errors) == 1 else problems.INVALID
    return problems.answer(house, code, extra=extra, errors=errors, suggestion=filled.meant, **choices)


async def _offered(house: House, request: Request) -> tuple[Offer, ...]:
    """Return the open lists the address names, joined by "+"; every one where it names none."""
    named = request.path_params.get("list", "")
    if not named:
        return await house.read(offers.everything)
    names = [name for name in named.split("+") if lists.NAME.fullmatch(name)]
    return await house.read(offers.chosen, names) if names else ()


async def _form(
    house: House, request: Request, found: tuple[Offer, ...], filled: Filled, *, status: int = 200
) -> Response:
    """Return the form: for one list with all that is to be said of it, for several to choose from."""
    choose = len(found) > 1
    path = _path(found) if "list" in request.path_params or not choose else "/s"
    asks = house.config.forms.attributes_of(tuple(offer.name for offer in found))
    house.languages.settle(mlist=_common(found))
    return house.page(
        "public/subscribe.html",
        status=status,
        headers={headers.ROBOTS: "all", **sites.form_headers(filled.next)},
        list_language=_common(found),
        offers=found,
        choose=choose,
        about=None if choose else await house.read(sample.look, found[0].name),
        action=path if choose else "/s",
        filled=replace(filled, page=filled.page or house.links.base + path),
        attributes=[(name, _label(house, name), filled.attributes.get(name, "")) for name in asks],
        languages=sorted({offer.language for offer in found}),
        privacy_url=house.config.forms.privacy_url,
        words=tongue.as_written(house.config.signup.consent_words),
        shown_at=forms.shown_at(house.keys),
    )


def _common(found: tuple[Offer, ...]) -> str:
    """Return the language all of these lists are in, "" if they differ."""
    first, *others = {offer.language for offer in found}
    return "" if others else first


def _label(house: House, name: str) -> str:
    """Return what an attribute means, as the page says it."""
    return tongue.as_written(house.config.people.attributes[name])


def _path(found: tuple[Offer, ...]) -> str:
    return "/s/" + "+".join(offer.name for offer in found)


def _closed(house: House) -> Response:
    return house.page("public/closed.html", status=404)
