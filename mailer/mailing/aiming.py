"""Who a draft is for is changed: its lists, languages and conditions; every change is a new revision."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.orm import Session

from mailer.config import Config
from mailer.errors import BadInput, Refused
from mailer.mailing import mailings, segments
from mailer.mailing.segments import Rules
from mailer.people import lists
from mailer.people.cleaning import language as language_tag
from mailer.people.cleaning import one_line
from mailer.store.tables import Mailing, MailingAim, MailingTarget


@dataclass(frozen=True)
class Aim:
    """Whom a mailing is for: lists by name, languages, and conditions on readers."""

    include: Sequence[str]
    exclude: Sequence[str] = ()
    languages: tuple[str, ...] = ()
    rules: Rules = segments.EVERYBODY


def of_mailing(session: Session, mailing_id: int) -> Aim:
    """Return whom this mailing is for."""
    row = session.get(MailingAim, mailing_id, populate_existing=True)
    return Aim(
        include=[mlist.name for mlist in mailings.lists_of(session, mailing_id)],
        exclude=[mlist.name for mlist in mailings.lists_of(session, mailing_id, "exclude")],
        languages=tuple(row.languages) if row else (),
        rules=segments.of_kept(row.rules) if row else segments.EVERYBODY,
    )


def change(session: Session, config: Config, mailing: Mailing, aim: Aim) -> Aim:
    """Aim a draft anew and return it tidied; Refused once it is scheduled, BadInput for what cannot be used."""
    better = checked(session, config, mailing.id, aim)
    before = of_mailing(session, mailing.id)
    if better == before:
        return better
    # Refused here if it is too late; whoever approved or tested it did so with other readers.
    mailings.edit(session, mailing, subject=mailing.subject, preheader=mailing.preheader)
    session.execute(delete(MailingTarget).where(MailingTarget.mailing_id == mailing.id))
    for position, name in enumerate([*better.include, *better.exclude]):
        role = "include" if position < len(better.include) else "exclude"
        list_id = lists.named(session, name).id
        session.add(MailingTarget(mailing_id=mailing.id, list_id=list_id, position=position, role=role))
    row = MailingAim(mailing_id=mailing.id, languages=list(better.languages), rules=better.rules.kept())
    row.zone = config.site.zone
    session.merge(row)
    session.flush()
    return better


def checked(session: Session, config: Config, mailing_id: int, aim: Aim) -> Aim:
    """Return the aim tidied; BadInput for no list, a doubled list, a wrong language or condition."""
    if not aim.include:
        raise BadInput("no list is chosen", place="list", cure="choose at least one")
    both = [name for name in aim.include if name in aim.exclude]
    if both:
        title = lists.named(session, both[0]).title
        raise BadInput(f"{title} is chosen and left out at once", place="list", cure="take one of the two away")
    had = {mlist.name for mlist in mailings.lists_of(session, mailing_id)}
    for name in aim.include:
        if lists.named(session, name).closed_at is not None and name not in had:
            raise Refused("this list is closed", place=f"list {name}", cure="choose another")
    for name in aim.exclude:
        lists.named(session, name)
    rules = segments.checked(session, aim.rules, list(config.people.attributes))
    tags = []
    for text in aim.languages:
        if not language_tag(text):
            raise BadInput(f"{one_line(text, 40)!r} is not a language", place="languages", cure="write en, de …")
        tags.append(language_tag(text))
    return Aim(list(dict.fromkeys(aim.include)), list(dict.fromkeys(aim.exclude)), tuple(dict.fromkeys(tags)), rules)
