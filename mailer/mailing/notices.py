"""The house's own letters: written as rows by the verb that needs them, compiled when they are sent."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.address import Address
from mailer.compose import catalogue, daywords
from mailer.compose.edition import NoticeFacts, compile_edition, compile_notice
from mailer.compose.wire import Program
from mailer.config import Config, template_folders
from mailer.mailing import editions, mailings
from mailer.mailing.links import Links
from mailer.mailing.visit import FRESH_MINUTES
from mailer.people import limits, signups
from mailer.store.tables import MailingList, Notice, Subscriber, Subscription
from mailer.tokens import Keys

KINDS = ("confirm", "welcome", "already", "link", "move", "moved", "staff_link", "alarm", "test")
# Facts of a notice that are lists in its template; kept as lines in the row.
MANY = ("lists", "lines")
HOST_NAME = re.compile(r"[a-z0-9.-]{1,253}")
# Written before the person said that it was them: what stands in the row as their name is a stranger's text.
NAMELESS = ("confirm", "link")


@dataclass(frozen=True)
class Ready:
    """A compiled notice and who it comes from."""

    program: Program
    mail_from: str
    domain: str
    values: Mapping[str, str]
    links: Mapping[str, str]
    unsubscribe_url: str = ""


def answer_signups(session: Session, config: Config, keys: Keys, limit: int = 50) -> bool:
    """Write the notice that follows from each new sign-up, oldest first; True while more than ``limit`` waited."""
    links = Links(config.site.base_url, keys)
    followups = signups.take(session, keys, config, limit)
    for followup in followups:
        subscriber = session.get_one(Subscriber, followup.subscriber_id)
        lists = [session.get_one(MailingList, key) for key in followup.list_ids]
        facts = {"lists": "\n".join(mlist.title for mlist in lists)}
        urls = {"manage": links.choices(subscriber.id)}
        if followup.kind == "confirm":
            facts |= {
                "asked_at": daywords.moment(followup.asked_at, subscriber.language, config.site.zone),
                "page": _page_of(config, followup.page, lists),
                "network": _place_of(followup.network),
                "days": str(config.signup.link_days),
            }
            urls = {
                "confirm": links.confirm(subscriber.id, followup.asked_at),
                "not_me": links.not_me(subscriber.id, followup.asked_at),
            }
        elif followup.kind == "link":
            facts["minutes"] = str(FRESH_MINUTES)
            urls = {"manage": links.fresh(subscriber.id, subscriber.address_hash, clock.now())}
        to_person(session, followup.kind, subscriber, lists, facts, urls)
    return signups.some_wait(session)


def welcome(session: Session, config: Config, keys: Keys, confirmed: Sequence[Subscription]) -> None:
    """Write the welcome for subscriptions that were confirmed together."""
    if not confirmed:
        return
    links = Links(config.site.base_url, keys)
    subscriber = session.get_one(Subscriber, confirmed[0].subscriber_id)
    lists = [session.get_one(MailingList, item.list_id) for item in confirmed]
    facts = {
        "lists": "\n".join(mlist.title for mlist in lists),
        "about": lists[0].description if len(lists) == 1 else "",
        "sender": lists[0].from_address,
    }
    urls = {"manage": links.choices(subscriber.id), "unsubscribe": links.leave(confirmed[0].id)}
    to_person(session, "welcome", subscriber, lists, facts, urls)


def to_person(
    session: Session,
    kind: str,
    subscriber: Subscriber,
    lists: Sequence[MailingList],
    facts: Mapping[str, str],
    urls: Mapping[str, str],
) -> Notice:
    """Write a notice to a subscriber; the senders are woken when the transaction commits."""
    notice = Notice(
        kind=kind,
        address=subscriber.address,
        address_hash=subscriber.address_hash,
        subscriber_id=subscriber.id,
        list_id=lists[0].id if lists else None,
        name="" if kind in NAMELESS else subscriber.name,
        language=subscriber.language,
        facts=dict(facts),
        links=dict(urls),
        made_at=clock.now(),
    )
    session.add(notice)
    session.flush()
    return notice


def to_address(
    session: Session,
    keys: Keys,
    kind: str,
    address: Address,
    *,
    language: str,
    facts: Mapping[str, str],
    urls: Mapping[str, str],
    list_id: int | None = None,
) -> Notice:
    """Write a notice to somebody who need not be a subscriber: staff, or the receiver of a test."""
    notice = Notice(
        kind=kind,
        address=address.spelled,
        address_hash=keys.address_hash(address.key),
        list_id=list_id,
        language=language,
        facts=dict(facts),
        links=dict(urls),
        made_at=clock.now(),
    )
    session.add(notice)
    session.flush()
    return notice


def compile_notice_row(session: Session, config: Config, keys: Keys, row: Row[Any]) -> Ready:
    """Compile the letter of one notice row; BadInput where an operator's own template is wrong."""
    mlist = _list_for(session, row.list_id)
    host = urlsplit(config.site.base_url).hostname or "localhost"
    sender = mlist.from_address if mlist else f"postmaster@{host}"
    bounces = mlist.bounce_address if mlist else sender
    domain = sender.rpartition("@")[2]
    if row.kind == "test":
        return _test(session, config, keys, row, bounces, domain)
    facts: dict[str, Any] = {name: value.split("\n") if name in MANY else value for name, value in row.facts.items()}
    notice = NoticeFacts(
        name=row.kind,
        from_address=sender,
        from_name=mlist.from_name if mlist else config.site.name,
        reply_to=mlist.reply_to if mlist else "",
        language=row.language,
        direction=catalogue.direction(row.language),
        organisation=config.site.name,
        site_name=config.site.name,
        site_url=config.site.base_url,
        notice=facts,
        declared=frozenset(config.people.attributes),
    )
    edition = compile_notice(notice, template_folders(config))
    return Ready(edition.program, bounces, domain, {"language": row.language}, row.links)


def _test(session: Session, config: Config, keys: Keys, row: Row[Any], bounces: str, domain: str) -> Ready:
    """Compile a mailing as it would go out, marked as a test and with links that belong to nobody."""
    links = Links(config.site.base_url, keys)
    mailing = mailings.need(session, int(row.facts["mailing_id"]))
    facts = editions.facts_of(session, config, keys, mailing, "[TEST] ")
    edition = compile_edition(facts, template_folders(config))
    nobody = links.nobody()
    values = {name: value for name, value in row.facts.items() if name != "mailing_id"}
    return Ready(edition.program, bounces, domain, values, {"unsubscribe": nobody, "manage": nobody}, nobody)


def _page_of(config: Config, page: str, lists: Sequence[MailingList]) -> str:
    """Return where a page a stranger named is, or nothing: they write no text into our mail.

    Of our own forms that is the address, of the organisation's other sites the host: those in ``forms.sites``, and
    what is below the domains the lists write from.
    """
    host = _host_of(page)
    path = urlsplit(page).path.rstrip("/") if host else ""
    if host and host == urlsplit(config.site.base_url).hostname:
        forms = {f"{urlsplit(config.site.base_url).path}/s/{mlist.name}" for mlist in lists}
        return host + path if path in forms else host
    allowed = config.forms.sites_of(tuple(mlist.name for mlist in lists))
    if host in {urlsplit(site).hostname for site in allowed}:
        return host
    ours = {mlist.from_address.rpartition("@")[2].lower() for mlist in lists}
    return host if any(host == domain or host.endswith(f".{domain}") for domain in ours) else ""


def _place_of(network: str) -> str:
    """Return the neighbourhood of a network in the internet; "" for one of our own house, which says nothing."""
    place = limits.neighbourhood(network)
    return place if place and ip_network(place).is_global else ""


def _host_of(page: str) -> str:
    """Return the bare host of an http address, "" for anything else."""
    try:
        parts = urlsplit(page)
        host = (parts.hostname or "").encode("idna").decode("ascii").lower()
    except ValueError:
        return ""
    return host if parts.scheme in ("http", "https") and HOST_NAME.fullmatch(host) else ""


def _list_for(session: Session, list_id: int | None) -> MailingList | None:
    if list_id is not None:
        return session.get_one(MailingList, list_id)
    return session.scalars(select(MailingList).order_by(MailingList.id).limit(1)).first()
