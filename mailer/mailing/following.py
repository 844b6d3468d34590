"""A mailing sent again to those who did not get it; nobody who got it, or may have, gets it twice."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from mailer.config import Config
from mailer.errors import BadInput, Refused
from mailer.mailing import archive, deliveries, mailings
from mailer.store.tables import FOLLOWED, Delivery, Followup, Mailing, MailingAim

OVER = ("sent", "stopped", "failed")
# Who has it, may have it, or is about to get it.
REACHED = ("queued", "begun", "waiting", "accepted", "uncertain")
WHOM: Mapping[str, ColumnElement[bool]] = {
    "rest": and_(Delivery.state == "left_out", Delivery.why == "stopped"),
    "refused": Delivery.state == "refused",
}
assert tuple(WHOM) == FOLLOWED


@dataclass(frozen=True)
class Followed:
    """What a mailing follows: whose people, which of them, and the other mailings of the family."""

    origin_id: int
    whom: str
    family: tuple[int, ...]


def of(session: Session, mailing_id: int) -> Followed | None:
    """Return what a mailing follows; None for one that stands for itself."""
    row = session.get(Followup, mailing_id)
    if row is None:
        return None
    others = session.scalars(
        select(Followup.mailing_id).where(Followup.root_id == row.root_id, Followup.mailing_id != mailing_id)
    )
    return Followed(row.origin_id, row.whom, (row.root_id, *sorted(others)))


def is_meant(followed: Followed, person: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Say of a subscriber's number whether they did not get what is followed, nor anything of its family."""
    missed = exists().where(
        Delivery.mailing_id == followed.origin_id, Delivery.subscriber_id == person, WHOM[followed.whom]
    )
    reached = exists().where(
        Delivery.mailing_id.in_(followed.family), Delivery.subscriber_id == person, Delivery.state.in_(REACHED)
    )
    return and_(missed, ~reached)


def draft(session: Session, config: Config, origin_id: int, whom: str, *, actor: str) -> tuple[Mailing, bool]:
    """Make a draft for those of a mailing who did not get it, and say whether it is new.

    Asked for twice, it is the same draft: as long as one of a family is not over, there is no other. Refused while
    the origin goes on; BadInput for a word that means nobody.
    """
    if whom not in WHOM:
        raise BadInput(f"{whom[:20]!r} means nobody", place="whom", cure=f"write one of {', '.join(WHOM)}")
    origin = mailings.need(session, origin_id)
    known = session.get(Followup, origin_id)
    root_id = known.root_id if known else origin_id
    # Two who press the button at the same moment come one after the other.
    session.get_one(Mailing, root_id, with_for_update=True, populate_existing=True)
    unfinished = session.scalars(
        select(Followup)
        .join(Mailing, Mailing.id == Followup.mailing_id)
        .where(Followup.root_id == root_id, Mailing.state.not_in(OVER))
    ).first()
    if unfinished is not None:
        if (unfinished.origin_id, unfinished.whom) == (origin_id, whom):
            return mailings.need(session, unfinished.mailing_id), False
        raise Refused(
            f"mailing {unfinished.mailing_id} is already on its way to some of them",
            place=f"mailing {origin_id}",
            cure=f"finish mailing {unfinished.mailing_id} first",
        )
    if origin.state not in OVER or origin.frozen_at is None or deliveries.is_on_its_way(session, origin_id):
        raise Refused("it is not over yet", place=f"mailing {origin_id}", cure="wait until every letter has its end")
    if not session.scalar(select(exists().where(Delivery.mailing_id == origin_id, WHOM[whom]))):
        raise Refused("everybody got it", place=f"mailing {origin_id}", cure="there is nobody to send it to")
    return _make(session, config, origin, root_id, whom, actor), True


def drafts_after(session: Session, mailing_id: int) -> list[tuple[int, str]]:
    """Return (number, state) of the mailings that follow this one."""
    wanted = select(Mailing.id, Mailing.state).join(Followup, Followup.mailing_id == Mailing.id)
    rows = session.execute(wanted.where(Followup.origin_id == mailing_id).order_by(Mailing.id))
    return [(number, state) for number, state in rows]


def _make(session: Session, config: Config, origin: Mailing, root_id: int, whom: str, actor: str) -> Mailing:
    included = mailings.lists_of(session, origin.id)
    statement, wanted = mailings.statement_of(session, origin.id), mailings.like(session, origin)
    made = mailings.draft(session, config, statement, wanted, actor=actor)
    # It stands in the archive once; who gets it now can open it in the browser all the same.
    shown = {archive.visibility(origin, mlist) for mlist in included}
    made.archive = "unlisted" if shown <= {"public", "unlisted"} else "off"
    aim = session.get(MailingAim, origin.id)
    if aim is not None:
        session.add(MailingAim(mailing_id=made.id, languages=aim.languages, rules=aim.rules, zone=aim.zone))
    session.add(Followup(mailing_id=made.id, origin_id=origin.id, root_id=root_id, whom=whom))
    session.flush()
    return made
