"""What is pasted into other sites: the plain form, the element around it, a call by script, and words on privacy."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from mailer.compose import catalogue
from mailer.people.offers import Offer
from mailer.web import tongue
from mailer.web.house import House

SCRIPT = "subscribe.js"


@dataclass(frozen=True)
class Wish:
    """What a form asks for beside the address, and where it leads on to."""

    name: bool = False
    attributes: tuple[str, ...] = ()
    next: str = ""


def form(house: House, offers: tuple[Offer, ...], wish: Wish = Wish()) -> str:
    """Return the plain form: no script, no style, as the site it stands in looks."""
    return _text(house, "form", offers, wish)


def element(house: House, offers: tuple[Offer, ...], wish: Wish = Wish()) -> str:
    """Return the same form inside the element that answers in place."""
    script = f"{house.links.base}/static/{SCRIPT}"
    return _text(house, "element", offers, wish, form=form(house, offers, wish), script=script)


def call(house: House, offers: tuple[Offer, ...], wish: Wish = Wish()) -> str:
    """Return a script that signs somebody up."""
    return _text(house, "call", offers, wish)


def privacy(house: House, offers: tuple[Offer, ...], wish: Wish = Wish()) -> str:
    """Return a paragraph for the site's page about personal data."""
    return _text(house, "privacy", offers, wish)


def consent(house: House, language: str) -> str:
    """Return the words of consent as a pasted form shows them."""
    with _speaking(house, language):
        return tongue.as_written(house.config.signup.consent_words)


def _speaking(house: House, language: str) -> AbstractContextManager[catalogue.Words]:
    languages = house.languages
    return languages.speaking(catalogue.best([language], languages.offered) or catalogue.ENGLISH)


def _text(house: House, name: str, offers: tuple[Offer, ...], wish: Wish, **more: str) -> str:
    """Return a text in the language of the first list: it is for readers, whoever copies it."""
    attributes = house.config.people.attributes
    template = house.templates.get_template(f"snippets/{name}.txt")
    with _speaking(house, offers[0].language):
        return template.render(
            offers=offers,
            titles=[offer.title for offer in offers],
            id="get-" + "-".join(offer.name for offer in offers),
            action=f"{house.links.base}/s/" + "+".join(offer.name for offer in offers),
            base=house.links.base,
            # Only where it could be any of several languages does the form say in which one it is.
            spoken=offers[0].language if len({offer.language for offer in offers}) > 1 else "",
            wish=wish,
            attributes=[(one, tongue.as_written(attributes[one])) for one in wish.attributes],
            words=tongue.as_written(house.config.signup.consent_words),
            privacy_url=house.config.forms.privacy_url,
            days=house.config.signup.pending_days,
            **more,
        ).strip()
