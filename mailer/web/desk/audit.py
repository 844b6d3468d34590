"""What was done here: everything that changed something, found by person, action, thing and day, and as a file."""

import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from mailer.errors import BadInput, MailerError
from mailer.people.roster_file import csv_line
from mailer.staff import deeds, team
from mailer.web.desk.call import HEADERS, Call, digits
from mailer.web.house import Session

PAGE = 50
CHUNK = 1000
FIELDS = ("actor", "action", "subject", "since", "until")
COLUMNS = ["number", "at", "who", "what", "to_what", "detail", "note"]
# Days beyond these are slips of the finger, and some of them no clock can add to.
YEARS = range(2000, 2200)


async def show(call: Call) -> Response:
    """Show deeds, newest first, a page at a time."""
    asked = {name: call.asked(name) for name in FIELDS}
    try:
        wanted, error = _wanted(call), None
    except BadInput as found:
        wanted, error = deeds.Wanted(), found
    return await _page(call, asked, wanted, error)


async def as_csv(call: Call) -> Response:
    """Hand out everything that matches as a file, piece by piece."""
    wanted = _wanted(call)
    headers = {**HEADERS, "Content-Disposition": 'attachment; filename="deeds.csv"'}
    return StreamingResponse(_lines(call, wanted), headers=headers, media_type="text/csv; charset=utf-8")


def told(call: Call, deed: Any) -> dict[str, str]:
    """Return a deed in the words of a page."""
    return {
        "at": call.at(deed.at),
        "actor": deed.actor.removeprefix("desk:"),
        "action": deed.action,
        "subject": deed.subject,
        "detail": "; ".join(f"{name}: {value}" for name, value in deed.detail.items() if value != ""),
    }


def _wanted(call: Call) -> deeds.Wanted:
    return deeds.Wanted(
        actor=call.asked("actor").strip(),
        action=call.asked("action").strip(),
        subject=" ".join(call.asked("subject").split()),
        since=_day(call, "since"),
        until=_day(call, "until"),
        zone=call.config.site.zone,
    )


def _day(call: Call, name: str) -> date | None:
    text = call.asked(name).strip()
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if found.year not in YEARS:
        raise BadInput("is no day", place=name, cure="write it as 2027-03-31, or leave it empty")
    return found


def _look(session: Session, call: Call, wanted: deeds.Wanted, before: int) -> dict[str, Any]:
    found = deeds.search(session, wanted, PAGE + 1, before)
    return {
        "deeds": [told(call, deed) for deed in found[:PAGE]],
        "older": found[PAGE - 1].id if len(found) > PAGE else 0,
        "actions": deeds.actions(session),
        "people": [person.name for person in team.every(session)],
    }


async def _page(call: Call, asked: dict[str, str], wanted: deeds.Wanted, error: MailerError | None) -> Response:
    before = 0 if error else digits(call.asked("before"))
    values = await call.read(_look, call, wanted, before)
    kept = urlencode({name: value for name, value in asked.items() if value})
    return call.page(
        "desk/deeds.html",
        status=422 if error else 200,
        here="staff",
        typed=asked,
        kept="" if error else kept,
        narrowed=bool(kept),
        before=before,
        error=error,
        **values,
    )


def _rows(session: Session, wanted: deeds.Wanted, before: int) -> tuple[str, int]:
    found = deeds.search(session, wanted, CHUNK, before)
    return "".join(csv_line(_cells(deed)) for deed in found), found[-1].id if found else 0


def _cells(deed: Any) -> list[str]:
    detail = json.dumps(deed.detail, ensure_ascii=False) if deed.detail else ""
    return [str(deed.id), deed.at.isoformat(), deed.actor, deed.action, deed.subject, detail, deed.note]


async def _lines(call: Call, wanted: deeds.Wanted) -> AsyncIterator[str]:
    yield csv_line(COLUMNS)
    before = 0
    while True:
        text, before = await call.read(_rows, wanted, before)
        if not text:
            return
        yield text
