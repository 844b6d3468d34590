"""Subscribers: people with an address."""

import secrets
from collections.abc import Mapping, Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from mailer import address, clock
from mailer.errors import BadInput, NotFound
from mailer.people import cleaning
from mailer.people.rows import insert_new
from mailer.store.tables import Subscriber
from mailer.tokens import Keys

FORMATS = ("html", "text")
NAME_LETTERS = 150
VALUE_LETTERS = 200


def find(session: Session, text: str) -> Subscriber | None:
    """Return the person with this address, however it is spelled; BadInput if it is not an address."""
    return _with_key(session, address.parse(text).key)


def need(session: Session, text: str) -> Subscriber:
    """Return the person with this address; NotFound if we do not know it."""
    found = find(session, text)
    if found is None:
        raise NotFound(f"nobody here has the address {cleaning.one_line(text, 80)}", cure="check the spelling")
    return found


def find_or_make(
    session: Session,
    keys: Keys,
    mailbox: address.Address,
    *,
    name: str = "",
    language: str = "",
    attributes: Mapping[str, str] | None = None,
) -> Subscriber:
    """Return the person with this address, made now if new; a known person is not changed."""
    row = new_row(keys, mailbox, name=name, language=language, attributes=attributes or {})
    insert_new(session, Subscriber, row)
    found = _with_key(session, mailbox.key)
    if found is None:
        raise NotFound(f"{mailbox.spelled} was erased this moment", cure="try again")
    return found


def new_row(
    keys: Keys, mailbox: address.Address, *, name: str, language: str, attributes: Mapping[str, str]
) -> dict[str, object]:
    """Return the columns of a person not yet known."""
    return {
        "address": mailbox.spelled,
        "address_key": mailbox.key,
        "address_hash": keys.address_hash(mailbox.key),
        "domain": mailbox.domain,
        "name": cleaning.one_line(name, NAME_LETTERS),
        "language": cleaning.language(language) or "en",
        "format": "html",
        "attributes": values(attributes),
        "created_at": clock.now(),
        "erased_at": None,
    }


def values(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return attribute values tidied, without the empty ones."""
    tidy = {name: cleaning.one_line(value, VALUE_LETTERS) for name, value in attributes.items()}
    return {name: value for name, value in tidy.items() if value}


def change(
    session: Session,
    subscriber: Subscriber,
    *,
    name: str | None = None,
    language: str | None = None,
    format: str | None = None,
    attributes: Mapping[str, str] | None = None,
) -> Subscriber:
    """Change what is given; an attribute given as "" is removed. BadInput for a wrong language or format."""
    if name is not None:
        subscriber.name = cleaning.one_line(name, NAME_LETTERS)
    if language is not None:
        subscriber.language = cleaning.language(language)
        if not subscriber.language:
            raise BadInput(
                f"{cleaning.one_line(language, 40)!r} is not a language",
                place="language",
                cure="write en, de …",
            )
    if format is not None:
        if format not in FORMATS:
            raise BadInput(
                f"{cleaning.one_line(format, 40)!r} is not a format",
                place="format",
                cure="write html or text",
            )
        subscriber.format = format
    if attributes is not None:
        kept = {key: value for key, value in subscriber.attributes.items() if key not in attributes}
        subscriber.attributes = kept | values(attributes)
    session.flush()
    return subscriber


def readdress(session: Session, keys: Keys, subscriber: Subscriber, mailbox: address.Address) -> None:
    """Give a person another address, which nobody else here has; that it is theirs is for the caller to know."""
    subscriber.address, subscriber.domain = mailbox.spelled, mailbox.domain
    subscriber.address_key, subscriber.address_hash = mailbox.key, keys.address_hash(mailbox.key)
    session.flush()


def blank(session: Session, subscriber: Subscriber) -> None:
    """Remove everything that says who this was; the keyed hash stays, so that the wish can be respected."""
    subscriber.address = subscriber.name = subscriber.domain = ""
    subscriber.attributes = {}
    subscriber.address_key = f"erased:{secrets.token_hex(16)}"
    subscriber.erased_at = clock.now()
    session.flush()


def take_turn(session: Session, subscriber_id: int, *, alone: bool = False) -> Subscriber:
    """Hold this person until the transaction ends, so that what happens to them happens in some order.

    Returns them as they are now. ``alone`` keeps others even from writing rows that refer to the person;
    hold only one person like that in a transaction. NotFound if there is no such person.
    """
    found = session.scalars(
        select(Subscriber)
        .where(Subscriber.id == subscriber_id)
        .with_for_update(key_share=not alone)
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise NotFound("there is no such subscriber", cure="perhaps the link was made by another installation")
    return found


def search(session: Session, text: str, limit: int = 50, after: str = "") -> Sequence[Subscriber]:
    """Return people whose address or name contains ``text``, by address key.

    ``after`` is the ``address_key`` of the last one seen; no page costs more than the first.
    """
    wanted = cleaning.one_line(text, 320).casefold()
    found = select(Subscriber).where(Subscriber.erased_at.is_(None), Subscriber.address_key > after)
    if wanted:
        found = found.where(
            or_(
                *(Subscriber.address_key.contains(one, autoescape=True) for one in {wanted, _a_label(wanted)}),
                func.lower(Subscriber.name).contains(wanted, autoescape=True),
            )
        )
    return session.scalars(found.order_by(Subscriber.address_key).limit(limit)).all()


def _with_key(session: Session, address_key: str) -> Subscriber | None:
    return session.scalars(select(Subscriber).where(Subscriber.address_key == address_key)).first()


def _a_label(text: str) -> str:
    """Return the domain in ``text`` as it is stored, if it can be a domain."""
    local, at, domain = text.rpartition("@")
    try:
        return local + at + domain.encode("idna").decode()
    except UnicodeError:
        return text
