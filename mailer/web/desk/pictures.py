"""Pictures of sums, drawn by ourselves: sending over time, outcomes by domain, how a list grew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from mailer.mailing import mailings
from mailer.outcomes import progress
from mailer.people import lists
from mailer.send import going
from mailer.web.desk.call import Call
from mailer.web.desk.kept import kept
from mailer.web.desk.phases import DONE, FIGURES, phase_of
from mailer.web.desk.plain import plain
from mailer.web.house import Session

# The drawing's own units; it is stretched to the width of the page.
WIDE, HIGH = 600.0, 120.0
GAP = 0.15
# A picture of one column would be a wall.
FEWEST = 12
# The order of the parts of a bar, as in the bar of the account.
PARTS = ("accepted", "refused", "uncertain", "left_out", "waiting", "begun", "queued")


@dataclass(frozen=True)
class Part:
    """One rectangle: its colour by the state's class, and where it stands."""

    state: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True)
class Columns:
    """A picture of columns, and the greatest of them for the line beside it."""

    parts: Sequence[Part]
    most: int


def columns(values: Sequence[Mapping[str, int]]) -> Columns:
    """Draw columns side by side, each a stack of its numbers in their order; the greatest is as high as the picture."""
    most = max((sum(each.values()) for each in values), default=0)
    step, parts = WIDE / max(FEWEST, len(values)), []
    for place, each in enumerate(values):
        ground = HIGH
        for state, number in each.items():
            height = number * HIGH / most if most else 0.0
            if not height:
                continue
            ground -= height
            place_x, width = (place + GAP / 2) * step, step * (1 - GAP)
            parts.append(Part(state, f"{place_x:.2f}", f"{ground:.2f}", f"{width:.2f}", f"{height:.2f}"))
    return Columns(parts, most)


def strip(numbers: Mapping[str, int]) -> list[Part]:
    """Draw one bar of 100 by 2, its parts as wide as their share."""
    whole, start, parts = max(1, sum(numbers.values())), 0.0, []
    for state in PARTS:
        width = numbers.get(state, 0) * 100 / whole
        if width:
            parts.append(Part(state, f"{start:.3f}", "0", f"{width:.3f}", "2"))
        start += width
    return parts


async def show(call: Call) -> Response:
    """Show how a mailing goes in pictures: a page of its own, or only the part for the mailing's page."""
    values = await pictured(call, call.number())
    part = call.asked("part") == "1"
    template = "desk/pictures_part.html" if part else "desk/pictures.html"
    return call.page(template, here="home", part=part, **values)


async def pictured(call: Call, number: int) -> dict[str, Any]:
    """Return what the pictures of a mailing are made of."""
    state = await call.read(_state, number)

    async def count() -> dict[str, Any]:
        return await call.read(_look, number)

    found: dict[str, Any] = await kept(call.house.store, ("pictures", number, state), count)
    return {**found, "when": going.when}


async def show_growth(call: Call) -> Response:
    """Show how a list grew over a year."""
    number = call.number()

    async def count() -> dict[str, Any]:
        return await call.read(_growth, number)

    return call.page("desk/growth.html", here="lists", **await kept(call.house.store, ("growth", number), count))


def _state(session: Session, mailing_id: int) -> str:
    # What is kept of a mailing is of no use once it has ended.
    return mailings.need(session, mailing_id).state


def _look(session: Session, mailing_id: int) -> dict[str, Any]:
    mailing = mailings.need(session, mailing_id)
    found = progress.progress(session, mailing)
    return {
        "mailing": plain(mailing),
        "over": phase_of(mailing.state) == DONE,
        "found": found,
        "width": going.spell(found.width) if found.width != 60 else "1 minute",
        "picture": columns([slot.numbers for slot in found.slots]),
        "domains": [(domain, strip(domain.numbers)) for domain in found.domains],
        "labels": {state: words[0] for state, words in FIGURES.items()},
        "waiting": progress.waiting(session, mailing_id),
    }


def _growth(session: Session, list_id: int) -> dict[str, Any]:
    mlist = lists.need(session, list_id)
    weeks = progress.growth(session, list_id)
    return {
        "mlist": plain(mlist),
        "weeks": weeks,
        "picture": columns([{"accepted": week.readers} for week in weeks]),
        "came": sum(week.came for week in weeks),
        "went": sum(week.went for week in weeks),
    }
