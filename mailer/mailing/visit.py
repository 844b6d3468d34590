"""Who comes to a reader's own page: by the link of any mail, or by a fresh one, which opens more."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from mailer import clock
from mailer.errors import BadInput, Refused
from mailer.mailing import links
from mailer.store.tables import Subscriber
from mailer.tokens import Keys

# For so long a link that was asked for shows that its reader has the mailbox now, and not just an old mail.
FRESH_MINUTES = 30


@dataclass(frozen=True)
class Visit:
    """Whose page it is, and for a fresh link: when it was made and for which address."""

    subscriber_id: int
    minute: int = 0
    mark: int = 0


def read(keys: Keys, token: str) -> Visit:
    """Return what the token of an own page says; BadInput if it is none of ours."""
    try:
        numbers = keys.ring.read(links.FRESH, token)
    except BadInput:
        return Visit(links.read(keys, links.CHOICES, token)[0])
    subscriber_id, minute, mark = numbers
    return Visit(subscriber_id, minute, mark)


def is_fresh(session: Session, visit: Visit) -> bool:
    """Say whether the link was made within 30 minutes for the address this person has now."""
    made_at = links.moment(visit.minute)
    if not made_at <= clock.now() < made_at + timedelta(minutes=FRESH_MINUTES):
        return False
    found = session.get(Subscriber, visit.subscriber_id)
    return found is not None and found.erased_at is None and links.mark(found.address_hash) == visit.mark


def need_fresh(session: Session, visit: Visit) -> None:
    """Raise Refused unless the link is fresh."""
    if not is_fresh(session, visit):
        raise Refused("this needs a fresh link", cure="ask for one on the page")
