"""What somebody asks for by a sign-up form, ours or another site's, or by the same fields in JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from starlette.requests import Request

from mailer import address
from mailer.errors import BadInput
from mailer.people import cleaning, lists, typos
from mailer.people.offers import Offer
from mailer.web import sites
from mailer.web.forms import Form
from mailer.web.house import House

EMPTY, NO_ADDRESS, LETTERS, MISTYPED, NONE = "empty", "not an address", "letters", "mistyped", "none"


@dataclass(frozen=True)
class Filled:
    """What stands in the form, and what is wrong with it by field."""

    address: str = ""
    name: str = ""
    language: str = ""
    page: str = ""
    # The language the form is written in, where that is not the list's.
    spoken: str = ""
    lists: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    # Where to lead on to afterwards; "" where that is not allowed.
    next: str = ""
    # The address that was probably meant, if that is still to be asked; and whether a slip is none, as was said.
    meant: str = ""
    kept: bool = False
    errors: Mapping[str, str] = field(default_factory=dict)

    def fields(self) -> Iterator[tuple[str, str]]:
        """Yield what has to be posted again to ask for the same."""
        yield from (("list", name) for name in self.lists)
        yield from ((name, getattr(self, name)) for name in ("address", "name", "language", "page", "spoken", "next"))
        yield from self.attributes.items()
        if self.kept:
            yield "keep", self.address


@dataclass(frozen=True)
class Asked:
    """One asking: the lists the form offers, those that were chosen, and what was filled in.

    ``is_closed`` says that something was chosen that is not here.
    """

    offers: tuple[Offer, ...]
    chosen: tuple[Offer, ...]
    filled: Filled
    is_closed: bool = False


def needs_any_letters(filled: Filled) -> bool:
    """Say whether only a relay that carries letters beyond ASCII can write to this address."""
    return "address" not in filled.errors and address.parse(filled.address).needs_smtputf8


def with_mistake(asked: Asked, name: str, what: str) -> Asked:
    """Return the same asking with one thing more to correct."""
    filled = replace(asked.filled, errors={**asked.filled.errors, name: what})
    return replace(asked, filled=filled)


def read(house: House, request: Request, form: Form, offered: tuple[Offer, ...]) -> Asked:
    """Return what a form asks for that offers these lists; where it offers one, that is the one."""
    named = tuple(name for name in form.all("list") if lists.NAME.fullmatch(name))
    if not named and len(offered) == 1 and "list" in request.path_params:
        named = (offered[0].name,)
    chosen = tuple(offer for offer in offered if offer.name in named)
    names = tuple(offer.name for offer in chosen)
    asks = house.config.forms.attributes_of(tuple(offer.name for offer in offered))
    typed, meant, kept = _address(form)
    errors = {}
    if not named:
        errors["list"] = NONE
    if mistake := _mistake(typed, meant):
        errors["address"] = mistake
    filled = Filled(
        address=typed,
        name=form.one("name", 150),
        language=form.one("language", 20),
        page=form.one("page", 500) or request.headers.get("referer", "")[:500],
        spoken=cleaning.language(form.one("spoken", 20)),
        lists=names,
        attributes={one: form.one(one, 200) for one in asks if form.one(one)},
        next=sites.onward(house, form.one("next"), names),
        meant=meant,
        kept=kept,
        errors=errors,
    )
    return Asked(offered, chosen, filled, is_closed=not offered or bool(named and not chosen))


def _address(form: Form) -> tuple[str, str, bool]:
    """Return the address that counts, the one that may have been meant, and whether a slip is no slip.

    The buttons count only for the address they were shown with: who types on and presses Enter means the new one.
    """
    typed = form.one("address", 320)
    meant = _meant(typed)
    if meant and form.one("take", 320) == meant:
        return meant, "", False
    if meant and form.one("keep", 320) == typed:
        return typed, "", True
    return typed, meant, False


def _meant(typed: str) -> str:
    try:
        found = address.parse(typed)
    except BadInput:
        return ""
    domain = typos.suggest(found.domain)
    return f"{found.spelled.rpartition('@')[0]}@{domain}" if domain else ""


def _mistake(typed: str, meant: str) -> str:
    if not typed:
        return EMPTY
    try:
        address.parse(typed)
    except BadInput:
        return NO_ADDRESS
    return MISTYPED if meant else ""
