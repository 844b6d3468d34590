"""Limits on what strangers can set off: tries are counted by kind and subject."""

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.address import Address
from mailer.people.cleaning import one_line
from mailer.people.rows import changed
from mailer.store.tables import Hit

SIGN_UP = "sign-up from a network"
CONFIRM = "confirm mail to an address"
ALREADY = "already-subscribed mail to an address"
LINK = "link mail to an address"
MOVE = "change of an address"

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

# All spellings of one mailbox there: dots do not count.
DOTLESS = ("gmail.com", "googlemail.com")
# Read by machines, or by people who treat every letter as a complaint (RFC 2142 sections 4 and 5).
ROLES = frozenset(
    {
        "abuse",
        "do-not-reply",
        "donotreply",
        "mailer-daemon",
        "no-reply",
        "noreply",
        "nospam",
        "postmaster",
        "spam",
    }
)


def hit(session: Session, kind: str, subject: str) -> None:
    """Count one try."""
    session.add(Hit(kind=kind, subject=subject[:100], at=clock.now()))
    session.flush()


def count(session: Session, kind: str, subject: str, since: datetime, until: datetime | None = None) -> int:
    """Return the tries of this kind and subject after ``since``, up to ``until``."""
    found = select(func.count()).where(Hit.kind == kind, Hit.subject == subject[:100], Hit.at > since)
    if until is not None:
        found = found.where(Hit.at <= until)
    return session.scalar(found) or 0


def draw(session: Session, kind: str, subject: str, *, allowed: int, per: timedelta) -> bool:
    """Count one try if fewer than ``allowed`` happened in the time before; False if not."""
    if count(session, kind, subject, clock.now() - per) >= allowed:
        return False
    hit(session, kind, subject)
    return True


def forget(session: Session, before: datetime) -> int:
    """Remove tries older than ``before``; return how many."""
    return changed(session, delete(Hit).where(Hit.at < before))


def network(text: str) -> str:
    """Return what one subscriber of a provider has: the IPv4 address, or the /64 around an IPv6 address."""
    try:
        found = ipaddress.ip_address(text.strip())
    except ValueError:
        return one_line(text, 60)
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), 64), strict=False))


def mailbox(found: Address) -> str:
    """Return a name all spellings of one mailbox share, so that ``ann+1@`` does not escape Ann's limit."""
    local = found.key.rpartition("@")[0].partition("+")[0]
    if found.domain in DOTLESS:
        local = local.replace(".", "")
    return f"{local}@{found.domain}"


def is_role(found: Address) -> bool:
    """Say whether no person reads this mailbox as a reader: abuse@, postmaster@, noreply@ and the like."""
    return mailbox(found).rpartition("@")[0] in ROLES
