"""What a reader ticks on their own page: lists to get and to leave, how often, and pauses."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailer.errors import BadInput, NotFound
from mailer.outcomes import events
from mailer.people import choices, signups, subscriptions
from mailer.people.choices import Choice
from mailer.store.tables import MailingList, Subscriber

ACTOR = "choices page"


@dataclass(frozen=True)
class Kept:
    """What came of the ticks, as (name, title) of lists; ``begun`` are deliveries of left lists on the wire."""

    joined: tuple[tuple[str, str], ...] = ()
    asked: tuple[tuple[str, str], ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    begun: tuple[int, ...] = ()


def keep_lists(
    session: Session,
    words: str,
    subscriber_id: int,
    *,
    shown: Collection[str],
    wanted: Collection[str],
    often: Mapping[str, str],
    is_fresh: bool,
    page: str,
    network: str,
) -> Kept:
    """Give the reader what they ticked of the lists they were ``shown``, and leave what they did not.

    For what is new they said ``words``, in which {list} is its title.

    Who comes by a fresh link is at the mailbox, so a new list begins at once; by the link of an old mail,
    which may be forwarded, it begins when the mail that asks is answered. NotFound as in choices.look().
    """
    events.hold_still(session, subscriber_id)
    offered = [one for one in choices.look(session, subscriber_id).choosable if one.list_name in shown]
    new = [one for one in offered if one.list_name in wanted and not one.is_had]
    where = {"page": page, "network": network}
    if is_fresh:
        _join(session, words, subscriber_id, new, where)
    elif new:
        _ask(session, words, subscriber_id, new, often, where)
    gone = [one for one in offered if one.list_name not in wanted and one.is_had]
    begun: list[int] = []
    for one in gone:
        begun += _leave(session, subscriber_id, one, network)
    for one in offered:
        if one.list_name in wanted and one.list_name in often and (one.is_had or is_fresh):
            _write_how_often(session, subscriber_id, one, often[one.list_name])
    named = _names(new)
    return Kept(named if is_fresh else (), () if is_fresh else named, _names(gone), tuple(begun))


def pause(session: Session, subscriber_id: int, name: str, day: date, zone: str) -> tuple[str, ...]:
    """Pause one list until a day begins, for "" everything that is running; return the titles.

    NotFound if there is nothing to pause, Refused as in subscriptions.pause().
    """
    found = [
        one
        for one in choices.look(session, subscriber_id).lists
        if one.list_name == name or (not name and one.state == subscriptions.ACTIVE)
    ]
    if not found:
        raise NotFound("there is nothing to pause")
    for one in found:
        key = choices.subscription_to(session, subscriber_id, one.list_name)
        subscriptions.pause_until_day(session, key, day, zone)
    return tuple(one.list_title for one in found)


def resume(session: Session, subscriber_id: int, name: str) -> str:
    """End the pause of one list and return its title; NotFound and Refused as in subscriptions.resume()."""
    key = choices.subscription_to(session, subscriber_id, name)
    done = subscriptions.resume(session, subscriptions.need(session, key))
    return session.get_one(MailingList, done.list_id).title


def _join(session: Session, words: str, subscriber_id: int, new: Sequence[Choice], where: Mapping[str, Any]) -> None:
    """Make lists active on the word of a reader who is at their mailbox this moment; both steps leave their proof."""
    person = session.get_one(Subscriber, subscriber_id)
    for one in new:
        said = words.replace("{list}", one.list_title)
        mlist = _list(session, one)
        asked = subscriptions.ask(session, person, mlist, words=said, actor=ACTOR, **where)
        subscriptions.confirm(session, [asked], actor=ACTOR, **where)


def _ask(
    session: Session,
    words: str,
    subscriber_id: int,
    new: Sequence[Choice],
    often: Mapping[str, str],
    where: Mapping[str, Any],
) -> None:
    """Let one mail ask about lists, the way of everybody who signs up."""
    person = session.get_one(Subscriber, subscriber_id)
    signups.write(
        session,
        address_text=person.address,
        lists=[one.list_name for one in new],
        name=person.name,
        language=person.language,
        attributes=person.attributes,
        words=words,
        often={one.list_name: often[one.list_name] for one in new if one.list_name in often},
        **where,
    )


def _leave(session: Session, subscriber_id: int, one: Choice, network: str) -> tuple[int, ...]:
    key = choices.subscription_to(session, subscriber_id, one.list_name)
    return events.leave(session, key, why=events.BY_CHOICES, actor=ACTOR, network=network).begun


def _write_how_often(session: Session, subscriber_id: int, one: Choice, frequency: str) -> None:
    subscriptions.write_how_often(session, choices.subscription_to(session, subscriber_id, one.list_name), frequency)


def _list(session: Session, one: Choice) -> MailingList:
    return session.scalars(select(MailingList).where(MailingList.name == one.list_name)).one()


def _names(found: Sequence[Choice]) -> tuple[tuple[str, str], ...]:
    return tuple((one.list_name, one.list_title) for one in found)


def day_of(text: str, today: date) -> date:
    """Return the day somebody wrote into a form as 2026-03-31; BadInput unless it is one of the coming year."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise BadInput("this is not a day", place="until", cure="write it like 2026-03-31") from None
    if not today < day <= today + subscriptions.LONGEST_PAUSE:
        raise BadInput("this day is not within a year from now", place="until", cure="name a day to come")
    return day
