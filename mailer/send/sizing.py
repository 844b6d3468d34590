"""Whether the relays can carry what the lists need: who serves their senders, and how long the largest list takes."""

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.config import Config
from mailer.mailing import capacity
from mailer.store.tables import MailingList, Subscription


def warnings(session: Session, config: Config) -> Iterator[str]:
    """Yield a sentence for everything that would keep mail waiting, with what to do about it."""
    relays = config.sending_relays()
    today = clock.now().date()
    active = (
        select(func.count())
        .where(Subscription.list_id == MailingList.id, Subscription.state == "active")
        .correlate(MailingList)
        .scalar_subquery()
    )
    lists = session.execute(
        select(MailingList.name, MailingList.from_address, active.label("people"))
        .where(MailingList.closed_at.is_(None))
        .order_by(active.desc(), MailingList.name)
    ).all()
    largest: set[str] = set()
    for mlist in lists:
        domain = mlist.from_address.rpartition("@")[2]
        serving = capacity.serving(config, domain)
        if not serving:
            yield (
                f"list {mlist.name}: no relay carries mail from {domain}; "
                f"add it to the domains of one of {', '.join(relays)}"
            )
        elif domain not in largest:
            # The largest list of a domain; the lists are in that order.
            largest.add(domain)
            total = capacity.together(serving.values(), today)
            if total is not None and mlist.people > total:
                yield (
                    f"list {mlist.name}: its {mlist.people:,} readers take {mlist.people / total:.1f} days, for "
                    f"{', '.join(serving)} may carry {total:,} messages a day; raise the limits, or add a relay"
                )
