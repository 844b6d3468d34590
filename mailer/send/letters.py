"""One row of the ledger → envelope and bytes; what is the same for many rows is fetched once."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from mailer.compose import daywords
from mailer.compose.message import Letter, build
from mailer.compose.wire import Program
from mailer.config import Config
from mailer.errors import Broken
from mailer.mailing import notices
from mailer.mailing.links import Links
from mailer.send import dkim
from mailer.send.envelope import Parcel
from mailer.store.tables import EPOCH, EditionRow, MailingList
from mailer.tokens import Keys

KEPT = 64
MICROSECONDS_A_DAY = 86_400_000_000


@dataclass(frozen=True)
class Kit:
    """What all deliveries of one edition share."""

    program: Program
    mail_from: str
    domain: str
    language: str


class Letters:
    """Makes the message of a row; the same row always gives the same bytes."""

    def __init__(self, config: Config, keys: Keys) -> None:
        self._config = config
        self._keys = keys
        self._links = Links(config.site.base_url, keys)
        self._signers = dkim.signers(config)
        self._kits: OrderedDict[int, Kit] = OrderedDict()
        # List → the domain its notices are sent from.
        self._senders: dict[int, str] = {}

    def fetch(self, session: Session, edition_ids: set[int]) -> None:
        """Load the editions that are not at hand yet."""
        missing = [key for key in edition_ids if key not in self._kits]
        query = select(EditionRow, MailingList).join(MailingList, MailingList.id == EditionRow.list_id)
        for edition, mlist in session.execute(query.where(EditionRow.id.in_(missing))) if missing else ():
            domain = mlist.from_address.rpartition("@")[2]
            program = Program.from_bytes(edition.program)
            self._kits[edition.id] = Kit(program, mlist.bounce_address, domain, edition.language)
        for key in edition_ids:
            if key in self._kits:
                self._kits.move_to_end(key)
        while len(self._kits) > max(KEPT, len(edition_ids)):
            self._kits.popitem(last=False)

    def fetch_senders(self, session: Session, list_ids: set[int]) -> None:
        """Learn which domains the notices of these lists are sent from."""
        query = select(MailingList.id, MailingList.from_address).where(MailingList.id.in_(list_ids))
        self._senders = {list_id: sender.rpartition("@")[2] for list_id, sender in session.execute(query)}

    def domain(self, row: Row[Any]) -> str:
        """Return the domain a row is sent from, if it is known before its message is made; else ""."""
        if edition_id := getattr(row, "edition_id", None):
            kit = self._kits.get(edition_id)
            return kit.domain if kit else ""
        return self._senders.get(getattr(row, "list_id", None) or 0, "")

    def delivery(self, row: Row[Any], date: datetime) -> Parcel:
        """Return the message of a delivery that was begun at ``date`` for the first time."""
        kit = self._kits.get(row.edition_id)
        if kit is None:
            raise Broken(f"delivery {row.id} has no edition")
        envid = self._keys.opaque("delivery", row.id)
        leave = self._links.leave(row.subscription_id, row.mailing_id)
        letter = Letter(
            address=row.address,
            name=row.facts.get("name", ""),
            values=_said(row.facts, kit.language),
            links={"unsubscribe": leave, "manage": self._links.choices(row.subscriber_id)},
            message_id=f"{envid}@{kit.domain}",
            date=date,
            unsubscribe_url=leave,
            smtputf8=not row.address.isascii(),
        )
        message = self._signers.sign(build(kit.program, letter), date)
        return Parcel(kit.mail_from, row.address, message, envid)

    def notice(self, session: Session, row: Row[Any], date: datetime) -> Parcel:
        """Return the message of a notice, compiled for this one person."""
        ready = notices.compile_notice_row(session, self._config, self._keys, row)
        envid = self._keys.opaque("notice", row.id)
        letter = Letter(
            address=row.address,
            name=row.name,
            values=ready.values,
            links=ready.links,
            message_id=f"{envid}@{ready.domain}",
            date=date,
            unsubscribe_url=ready.unsubscribe_url,
            smtputf8=not row.address.isascii(),
        )
        message = self._signers.sign(build(ready.program, letter), date)
        return Parcel(ready.mail_from, row.address, message, envid)


def _said(facts: Mapping[str, str], language: str) -> Mapping[str, str]:
    """Return the facts with the one that is a moment said in the reader's language."""
    since = facts.get("since")
    if not since:
        return facts
    return {**facts, "since": _day_of(int(since) // MICROSECONDS_A_DAY, language)}


@lru_cache(maxsize=4096)
def _day_of(number: int, language: str) -> str:
    """Return a day since 1970 in words of a language, such as ``2 March 2026``."""
    return daywords.day((EPOCH + timedelta(days=number)).date(), language)
