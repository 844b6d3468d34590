"""Alarms: what staff must know now is written to every operator, and into the log for whoever watches that."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from mailer.address import parse
from mailer.config import Config
from mailer.mailing import notices
from mailer.people import breaker, limits
from mailer.people.breaker import Attack
from mailer.staff import team
from mailer.tokens import Keys

log = logging.getLogger("mailer.alarms")
SENT = "alarm to staff"
# The same alarm is not repeated before this.
AGAIN = timedelta(hours=6)
MAILBOX = "one mailbox"


def to_operators(session: Session, config: Config, keys: Keys, title: str, lines: Sequence[str], path: str) -> int:
    """Write an alarm to every operator who may log in; return to how many."""
    log.error("%s: %s", title, " ".join(lines))
    told = [one for one in team.every(session) if one.role == team.OPERATOR and one.disabled_at is None]
    facts = {"title": title, "lines": "\n".join(lines)}
    for one in told:
        urls = {"desk": f"{config.site.base_url}{path}"}
        notices.to_address(session, keys, "alarm", parse(one.address), language="en", facts=facts, urls=urls)
    return len(told)


def watch_forms(session: Session, config: Config, keys: Keys) -> bool:
    """Look at what the sign-up forms got, and tell the operators once of an attack; True if they were told now."""
    attacks = [one for one in breaker.watch(session, config) if _is_new(session, one.list_name)]
    hammered = breaker.hammered(session)
    if hammered and not _is_new(session, MAILBOX):
        hammered = 0
    if not attacks and not hammered:
        return False
    lines = _of_forms(attacks) + _of_mailbox(config, hammered)
    to_operators(session, config, keys, "Somebody misuses the sign-up forms", lines, "/desk/readers")
    return True


def _is_new(session: Session, subject: str) -> bool:
    return limits.draw(session, SENT, f"forms: {subject}", allowed=1, per=AGAIN)


def _of_forms(attacks: Sequence[Attack]) -> list[str]:
    if not attacks:
        return []
    forms = [f"{one.list_name}: {one.asked} sign-ups in an hour, {one.confirmed} confirmed." for one in attacks[:20]]
    more = [f"And {len(attacks) - 20} forms more."] if len(attacks) > 20 else []
    work = "These forms ask every visitor for a small proof of work until an hour after it has ended."
    return [*forms, *more, work, "You need not do anything. To close a form, take the list out of public sign-up."]


def _of_mailbox(config: Config, hammered: int) -> list[str]:
    if not hammered:
        return []
    day, ever = config.signup.per_address_day, config.signup.per_address_pending
    times = "one letter" if day == 1 else f"{day} letters"
    return [
        f"One address was entered {hammered} times in an hour, perhaps to annoy the person it belongs to.",
        f"It gets at most {times} a day from us, and {ever} in all, until it confirms.",
    ]
