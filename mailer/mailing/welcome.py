"""Confirming: the subscriptions of a confirm link become active, and a welcome follows by mail."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from mailer import address
from mailer.config import Config
from mailer.mailing import notices
from mailer.mailing.links import Links
from mailer.people import breaker, confirmation, limits, subscriptions
from mailer.store.tables import Subscriber
from mailer.tokens import Keys


@dataclass(frozen=True)
class Standing:
    """Where a confirm link stands (open, confirmed, already, expired or gone), for whom and which lists.

    ``others`` are names and titles of lists asked for after the letter was written.
    """

    state: str
    masked: str = ""
    list_titles: tuple[str, ...] = ()
    from_address: str = ""
    others: tuple[tuple[str, str], ...] = ()
    choices_url: str = ""
    reader_language: str = ""


def look(session: Session, config: Config, keys: Keys, subscriber_id: int, asked_minute: int) -> Standing:
    """Say where the link stands; changes nothing."""
    return _standing(config, keys, confirmation.look(session, config, subscriber_id, asked_minute))


def confirm(
    session: Session,
    config: Config,
    keys: Keys,
    subscriber_id: int,
    asked_minute: int,
    *,
    also: Sequence[str] = (),
    page: str,
    network: str,
) -> Standing:
    """Confirm what the link asked for, ``also`` some of the others, and welcome the reader; twice is no error.

    Refused while we were told never to write to this address.
    """
    asking = confirmation.confirm(session, config, subscriber_id, asked_minute, also=also, page=page, network=network)
    if asking.state == confirmation.CONFIRMED and asking.subscriber:
        _credit(session, keys, asking.subscriber, [mlist.name for mlist in asking.mlists])
        found = (subscriptions.between(session, subscriber_id, mlist.id) for mlist in asking.mlists)
        notices.welcome(session, config, keys, [one for one in found if one is not None])
    return _standing(config, keys, asking)


def ask_again(
    session: Session, config: Config, keys: Keys, subscriber_id: int, asked_minute: int, *, page: str, network: str
) -> Standing:
    """Ask for a new confirm link in the place of one that is too old; Refused if this link is not."""
    asking = confirmation.look(session, config, subscriber_id, asked_minute)
    confirmation.ask_again(session, config, subscriber_id, asked_minute, page=page, network=network)
    return _standing(config, keys, asking)


def _credit(session: Session, keys: Keys, subscriber: Subscriber, list_names: Sequence[str]) -> None:
    """Let whoever confirms lighten the limits: of the mailbox, the receiving domain, and the lists' forms."""
    found = address.parse(subscriber.address)
    limits.give_back(session, keys, found)
    breaker.note_confirmed(session, list_names, limits.domain_name(keys, found.domain))


def _standing(config: Config, keys: Keys, asking: confirmation.Asking) -> Standing:
    if asking.subscriber is None:
        return Standing(asking.state)
    return Standing(
        state=asking.state,
        masked=address.mask(asking.subscriber.address),
        list_titles=tuple(mlist.title for mlist in asking.mlists),
        from_address=asking.mlists[0].from_address,
        others=tuple((mlist.name, mlist.title) for mlist in asking.others),
        choices_url=Links(config.site.base_url, keys).choices(asking.subscriber.id),
        reader_language=asking.subscriber.language,
    )
