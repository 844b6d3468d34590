"""A calendar of what goes out when: a month by its days, and the same as a list."""

import re
from calendar import Calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from mailer import clock
from mailer.mailing import agenda, mailings
from mailer.web.desk.call import Call
from mailer.web.house import Session

MONTH = re.compile(r"^(20\d\d)-(0[1-9]|1[0-2])$", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """One mailing on the calendar, at its time in the site's zone."""

    mailing_id: int
    subject: str
    state: str
    lists: str
    day: date
    time: str


async def show(call: Call) -> Response:
    """Show a month, this one unless another is asked for."""
    zone = ZoneInfo(call.config.site.zone)
    today = clock.now().astimezone(zone).date()
    asked = MONTH.match(call.asked("month"))
    first = date(int(asked[1]), int(asked[2]), 1) if asked else today.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    entries = await call.read(_look, _midnight(first, zone), _midnight(following, zone), zone)
    days: dict[date, list[Entry]] = {}
    for entry in entries:
        days.setdefault(entry.day, []).append(entry)
    return call.page(
        "desk/calendar.html",
        here="calendar",
        first=first,
        today=today,
        weeks=Calendar().monthdatescalendar(first.year, first.month),
        days=days,
        before=f"{first - timedelta(days=1):%Y-%m}",
        after=f"{following:%Y-%m}",
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # A month is as long as the zone's clocks make it: an hour less in spring, one more in autumn.
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _look(session: Session, first: datetime, last: datetime, zone: ZoneInfo) -> list[Entry]:
    return [_entry(session, mailing, zone) for mailing in agenda.between(session, first, last)]


def _entry(session: Session, mailing: Any, zone: ZoneInfo) -> Entry:
    at = agenda.moment(mailing).astimezone(zone)
    lists = ", ".join(mlist.title for mlist in mailings.lists_of(session, mailing.id))
    return Entry(mailing.id, mailing.subject, mailing.state, lists, at.date(), f"{at:%H:%M}")
