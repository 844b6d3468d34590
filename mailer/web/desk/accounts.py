"""A mailing that is under way or over: its figures, the people behind them, its account as a file."""

import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from starlette.responses import Response, StreamingResponse

from mailer import clock
from mailer.config import Config
from mailer.errors import BadInput, Refused
from mailer.mailing import mailings
from mailer.outcomes import account, decisions, reasons
from mailer.people.roster_file import csv_line
from mailer.send import going
from mailer.send import watch as sending
from mailer.store.tables import DELIVERY_STATES
from mailer.web.desk.call import HEADERS, Call
from mailer.web.desk.phases import BADGES, DONE, FIGURES, FLIGHT, WAITING, phase_of
from mailer.web.desk.plain import plain
from mailer.web.house import Session

PAGE = 100
CHUNK = 1000
# How many pieces one page looks through.
LOOKS = 50
STOP_POLLING = 286
SOON = timedelta(seconds=90)
# Shown in the bar, in this order, each with its colour in desk.css.
BAR = ("accepted", "refused", "uncertain", "left_out", "waiting", "begun")
COLUMNS = ["address", "state", "why", "reply", "tries", "possibly_twice"]


@dataclass(frozen=True)
class Figure:
    """One figure of the account: how many, and why, by reason."""

    state: str
    label: str
    means: str
    number: int
    reasons: Mapping[str, int]


async def show_watch(call: Call) -> Response:
    """Answer with the moving part of a mailing's page; tell the page to load anew when its phase is over."""
    watched = await call.read(watch, call.number(), call.config)
    if call.asked("state") != watched["state"]:
        # Not a refresh: what the address says was done ("It is scheduled.") is no longer so.
        mine = f"{call.house.prefix}/desk/mailings/{call.number()}"
        return Response(headers={**HEADERS, "HX-Redirect": mine})
    status = STOP_POLLING if watched["phase"] == DONE else 200
    return call.page("desk/watch.html", status=status, watch=watched)


async def show_status(call: Call) -> Response:
    """Answer with one line about how far it is, for who listens to the page."""
    watched = await call.read(watch, call.number(), call.config)
    status = STOP_POLLING if watched["phase"] == DONE else 200
    return call.page("desk/status.html", status=status, watch=watched)


async def show_people(call: Call) -> Response:
    """Show the people behind a figure."""
    state, after = call.request.path_params["state"], call.asked("after")
    start = int(after) if after.isdecimal() and len(after) < 18 else 0
    values = await call.read(_people_page, call.number(), state, start)
    return call.page("desk/people.html", here="home", decisions=decisions.DECISIONS, **values)


async def show_twice(call: Call) -> Response:
    """Name the people who possibly got it twice."""
    state, _, after = call.asked("after").partition("-")
    start = (state, int(after)) if state in DELIVERY_STATES and after.isdecimal() and len(after) < 18 else ("", 0)
    return call.page("desk/twice.html", here="home", **await call.read(_twice_page, call.number(), start))


async def settle(call: Call) -> Response:
    """Decide what became of a letter whose fate is unknown."""
    decision = call.form.one("decision")
    await call.write(_settle, call, call.number(), call.number("delivery"), decision)
    return call.to(f"/desk/mailings/{call.number()}/people/uncertain", "settled")


async def as_json(call: Call) -> Response:
    """Answer with the account: figures, reasons, what came back."""
    found = await call.read(_json, call.number())
    text = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    return Response(text, headers=_file(call, "json"), media_type="application/json")


async def as_csv(call: Call) -> Response:
    """Answer with everybody the mailing was for, or those of one figure, one line each; no cell becomes a formula."""
    await call.read(mailings.need, call.number())
    state = call.asked("state")
    if state not in ("", *DELIVERY_STATES):
        raise BadInput(f"{state[:20]!r} is no state", place="state", cure=f"write one of {', '.join(DELIVERY_STATES)}")
    return StreamingResponse(
        _lines(call, (state,) if state else DELIVERY_STATES),
        headers=_file(call, "csv"),
        media_type="text/csv; charset=utf-8",
    )


def watch(session: Session, mailing_id: int, config: Config) -> dict[str, Any]:
    """Return how far a mailing is: its figures, how fast it goes, when it will be done, what keeps it.

    A page asks the more seldom the longer it took.
    """
    begun = time.monotonic()
    mailing = plain(mailings.need(session, mailing_id))
    phase = phase_of(mailing.state)
    seen = account.glance(session, mailing_id)
    found, is_sending = seen.account, mailing.state == "sending"
    now = sending.live(session, config) if is_sending else sending.Live()
    final = found.accepted + found.refused + found.left_out + found.uncertain
    return {
        "id": mailing_id,
        "state": mailing.state,
        "phase": phase,
        "badge": BADGES.get(mailing.state, ""),
        "why": mailing.why,
        "asked": mailing.asked_at is not None,
        "account": found,
        "figures": _figures(seen),
        "final": final,
        "percent": _percent(final, found.chosen, mailing.frozen_at is not None),
        "bar": _bar(found),
        "counting": phase == FLIGHT and mailing.frozen_at is None,
        "pace": going.pace(mailing, found, now, sending.sending_now(session)),
        "relays": going.relays(now),
        "next": going.when(account.next_try(session, mailing_id)) if is_sending and found.waiting else "",
        "twice": seen.twice,
        "left_by_stop": seen.reasons.get("left_out", {}).get("stopped", 0),
        **(reasons.afterwards(session, mailing_id) if phase != WAITING else {"came_back": {}}),
        "countdown": _countdown(mailing, phase),
        "nobody": is_sending and sending.look(session, config) == sending.STUCK,
        "trouble": sending.trouble(session, config) if is_sending else "",
        "started": mailing.started_at,
        "finished": mailing.finished_at,
        "every": _pause(phase, mailing.due_at, time.monotonic() - begun),
    }


def figures_of(session: Session, mailing_id: int) -> list[Figure]:
    """Return the figures of the account in the order of DELIVERY_STATES."""
    return _figures(account.glance(session, mailing_id))


def _figures(seen: account.Glance) -> list[Figure]:
    numbers = seen.account.states
    return [
        Figure(state, *FIGURES[state], number=numbers[state], reasons=going.reasons(seen.reasons.get(state, {})))
        for state in DELIVERY_STATES
    ]


def _pause(phase: str, due_at: datetime | None, cost: float) -> int:
    """Return the seconds until the page asks again: a tenth of the time may go into counting."""
    soon = phase == FLIGHT or (due_at is not None and due_at - clock.now() < SOON)
    return min(30, max(2, ceil(10 * cost))) if soon else 30


def _percent(final: int, chosen: int, frozen: bool) -> int:
    if not chosen:
        return 100 if frozen else 0
    # Never a hundred before everything has its end.
    return 100 if final == chosen and frozen else min(99, final * 100 // chosen)


def _bar(found: account.Account) -> list[dict[str, str]]:
    numbers, whole, start = asdict(found), max(1, found.chosen), 0.0
    parts = []
    for state in BAR:
        width = numbers[state] * 100 / whole
        if width:
            parts.append({"state": state, "x": f"{start:.3f}", "width": f"{width:.3f}"})
        start += width
    return parts


def _countdown(mailing: Any, phase: str) -> str:
    if phase != WAITING or mailing.due_at is None or mailing.asked_at is not None:
        return ""
    seconds = int((mailing.due_at - clock.now()).total_seconds())
    return f"Starts in {going.spell(seconds)}." if seconds > 0 else "Starts at this moment."


def _people_page(session: Session, mailing_id: int, state: str, after: int) -> dict[str, Any]:
    mailing = plain(mailings.need(session, mailing_id))
    rows = account.people(session, mailing_id, state, after, PAGE + 1)
    everybody = Figure(account.CHOSEN, "chosen", "everybody the mailing was for", mailing.chosen, {})
    figure = next(each for each in (*figures_of(session, mailing_id), everybody) if each.state == state)
    return {
        "mailing": mailing,
        "figure": figure,
        "states": {name: words[0] for name, words in FIGURES.items()},
        "people": rows[:PAGE],
        "after": rows[PAGE - 1].delivery_id if len(rows) > PAGE else None,
        "first": not after,
    }


def _twice_page(session: Session, mailing_id: int, start: tuple[str, int]) -> dict[str, Any]:
    """Look through the people of a mailing for those, in pieces: they are few among many."""
    state, after = start if start[0] else (DELIVERY_STATES[0], 0)
    found: list[account.Person] = []
    for _ in range(LOOKS):
        rows = account.people(session, mailing_id, state, after, CHUNK)
        found += [row for row in rows if row.again]
        if len(rows) == CHUNK:
            after = rows[-1].delivery_id
        elif state != DELIVERY_STATES[-1]:
            state, after = DELIVERY_STATES[DELIVERY_STATES.index(state) + 1], 0
        else:
            state = ""
            break
        if len(found) >= PAGE:
            break
    return {
        "mailing": plain(mailings.need(session, mailing_id)),
        "number": account.possibly_twice(session, mailing_id),
        "people": [(row, FIGURES[row.state][0]) for row in found],
        "after": f"{state}-{after}" if state else "",
    }


def _settle(session: Session, call: Call, mailing_id: int, delivery_id: int, decision: str) -> None:
    if not decisions.decide(session, mailing_id, delivery_id, decision, call.me.name):
        raise Refused("this was decided already", cure="reload the page")
    call.done(session, "delivery decided", f"mailing {mailing_id}", delivery=delivery_id, decision=decision)


def _json(session: Session, mailing_id: int) -> dict[str, Any]:
    mailing = mailings.need(session, mailing_id)
    return {
        "mailing": mailing.id,
        "subject": mailing.subject,
        "state": mailing.state,
        "account": account.account(session, mailing_id).as_json(),
        "possibly_twice": account.possibly_twice(session, mailing_id),
        "reasons": account.reasons(session, mailing_id),
        **reasons.afterwards(session, mailing_id),
        "started_at": mailing.started_at.isoformat() if mailing.started_at else None,
        "finished_at": mailing.finished_at.isoformat() if mailing.finished_at else None,
    }


async def _lines(call: Call, states: Sequence[str]) -> AsyncIterator[str]:
    yield csv_line(COLUMNS)
    for state in states:
        after = 0
        while rows := await call.read(account.people, call.number(), state, after, CHUNK):
            yield "".join(
                csv_line([row.address, row.state, row.why, row.reply, str(row.tries), "yes" if row.again else ""])
                for row in rows
            )
            after = rows[-1].delivery_id


def _file(call: Call, ending: str) -> dict[str, str]:
    name = f"mailing-{call.number()}-account.{ending}"
    return {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
