"""Forms for other sites: what is to be in them is chosen here, and what to paste is shown, ready to copy."""

from typing import Any

from starlette.responses import Response

from mailer.people import offers
from mailer.web import sites, snippets
from mailer.web.desk.call import Call


async def show(call: Call) -> Response:
    """Show the form, the element, the call by script and the words on privacy, for the lists that are chosen."""
    every = await call.read(offers.everything)
    named = call.request.query_params.getlist("list")
    chosen = tuple(offer for offer in every if offer.name in named) or every[:1]
    return call.page("desk/embedding.html", here="lists", every=every, chosen=chosen, **_shown(call, chosen))


def _shown(call: Call, chosen: tuple[offers.Offer, ...]) -> dict[str, Any]:
    house, forms = call.house, call.config.forms
    names = tuple(offer.name for offer in chosen)
    asked = call.request.query_params.getlist("ask")
    possible = forms.attributes_of(names)
    following = call.asked("next").strip()
    wish = snippets.Wish(
        name="name" in asked,
        attributes=tuple(one for one in possible if one in asked),
        next=sites.onward(house, following, names),
    )
    return {
        "wish": wish,
        "possible": [(one, call.config.people.attributes[one]) for one in possible],
        "following": following,
        "refused": bool(following) and not wish.next,
        "sites": forms.sites_of(names),
        "host": sites.own_origin(house),
        "privacy_url": forms.privacy_url,
        "texts": {
            name: make(house, chosen, wish) if chosen else ""
            for name, make in (
                ("form", snippets.form),
                ("element", snippets.element),
                ("call", snippets.call),
                ("privacy", snippets.privacy),
            )
        },
    }
