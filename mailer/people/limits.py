"""Limits on what strangers can set off: tries are counted by kind and subject."""

import ipaddress
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.address import Address
from mailer.config import Config
from mailer.people.cleaning import one_line
from mailer.people.rows import changed
from mailer.store.tables import EPOCH, Hit
from mailer.tokens import Keys

SIGN_UP = "sign-up from a network"
CONFIRM = "confirm mail to an address"
ALREADY = "already-subscribed mail to an address"
LINK = "link mail to an address"
# The same confirm mail under the address as it is spelled: confirming gives back what this spelling used up.
CONFIRM_SPELLED = "confirm mail to a spelling"
CONFIRM_DOMAIN = "confirm mail to a domain"
DOMAIN_CONFIRMED = "confirmed address of a domain"
MAILBOX = "sign-up of an address"
MOVE = "change of an address"

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

# Each reader of a domain who confirmed lets it have so many more confirm mails: nobody confirms for a bomber.
EARNED = 4
ONE_DOMAIN = {"googlemail.com": "gmail.com"}
# Where a tag begins, beside "+": at one large provider with a hyphen.
HYPHENS = ("yahoo.", "ymail.", "rocketmail.")
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
    hit_all(session, [(kind, subject)])


def hit_all(session: Session, tries: Sequence[tuple[str, str]]) -> None:
    """Count several tries, each a kind and a subject."""
    now = clock.now()
    rows = [{"kind": kind, "subject": subject[:100], "at": now} for kind, subject in tries]
    session.execute(insert(Hit), rows)


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


def domain_name(keys: Keys, domain: str) -> str:
    """Return the name a receiving domain is counted by: where one person has it, it would say who that is."""
    return keys.address_hash(f"@{domain}")


def draw_confirm(session: Session, config: Config, mailbox: str, spelled: str, domain: str) -> bool:
    """Count one confirm mail, if there may be one more to this mailbox and to this receiving domain.

    All three are hashes: of the name all spellings of the mailbox share, of this one, and of the domain.
    """
    now, signup = clock.now(), config.signup
    if (
        count(session, CONFIRM, mailbox, now - DAY) >= signup.per_address_day
        or count(session, CONFIRM, mailbox, EPOCH) >= signup.per_address_pending
        or not has_room(session, config, domain)
    ):
        return False
    hit_all(session, [(CONFIRM, mailbox), (CONFIRM_SPELLED, spelled), (CONFIRM_DOMAIN, domain)])
    return True


def has_room(session: Session, config: Config, domain: str) -> bool:
    """Say whether this receiving domain, known by its hash, may get one more confirm mail within this hour."""
    since = clock.now() - HOUR
    earned = EARNED * count(session, DOMAIN_CONFIRMED, domain, since)
    return count(session, CONFIRM_DOMAIN, domain, since) < config.signup.per_domain_hour + earned


def give_back(session: Session, keys: Keys, found: Address) -> None:
    """Take the confirm mails to this address from what its mailbox used up: its owner was here.

    Only those to this very spelling: somebody with a mailbox that looks alike must not free the way to another's.
    """
    mailbox_hash, spelled = keys.address_hash(mailbox(found)), keys.address_hash(found.key)
    moments = select(Hit.at).where(Hit.kind == CONFIRM_SPELLED, Hit.subject == spelled)
    changed(session, delete(Hit).where(Hit.kind == CONFIRM, Hit.subject == mailbox_hash, Hit.at.in_(moments)))
    changed(session, delete(Hit).where(Hit.kind == CONFIRM_SPELLED, Hit.subject == spelled))


def forget(session: Session, before: datetime) -> int:
    """Remove tries older than ``before``, but not the confirm mails to an address; return how many."""
    return changed(session, delete(Hit).where(Hit.at < before, Hit.kind.not_in((CONFIRM, CONFIRM_SPELLED))))


def forget_confirms(session: Session, before: datetime) -> int:
    """Remove the confirm mails to mailboxes that had their last one before; return how many.

    All of a mailbox or none: those of one pending sign-up are counted as long as it lasts.
    """
    gone = 0
    for kind in (CONFIRM, CONFIRM_SPELLED):
        old = select(Hit.subject).where(Hit.kind == kind).group_by(Hit.subject).having(func.max(Hit.at) < before)
        gone += changed(session, delete(Hit).where(Hit.kind == kind, Hit.subject.in_(old)))
    return gone


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


def neighbourhood(text: str) -> str:
    """Return the IPv4 /24 or the IPv6 /48 a network lies in, "" for what is none: a place, and nobody's own."""
    try:
        found = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return ""
    longest = 24 if found.version == 4 else 48
    return str(found if found.prefixlen <= longest else found.supernet(new_prefix=longest))


def mailbox(found: Address) -> str:
    """Return a name all spellings of one mailbox share, so that ``a.nn+1@`` does not escape Ann's limit.

    Tags, dots, case, accents, wide and invisible letters do not count. Some providers tell these apart, so it names
    nobody: two neighbours may share a limit, and nothing else.
    """
    letters = unicodedata.normalize("NFKD", found.key.rpartition("@")[0]).casefold()
    local = "".join(letter for letter in letters if unicodedata.category(letter)[0] not in "MC" and letter != ".")
    local = local.partition("+")[0]
    if found.domain.startswith(HYPHENS):
        local = local.partition("-")[0]
    return f"{local}@{ONE_DOMAIN.get(found.domain, found.domain)}"


def is_role(found: Address) -> bool:
    """Say whether no person reads this mailbox as a reader: abuse@, postmaster@, noreply@ and the like."""
    return mailbox(found).rpartition("@")[0] in ROLES
