"""The first page: what is under way, and for newcomers what to do next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from mailer import clock
from mailer.config import Config
from mailer.config_sections import Site
from mailer.mailing import mailings
from mailer.outcomes import account
from mailer.people import lists
from mailer.send import watch
from mailer.web.desk.call import Call, digits
from mailer.web.desk.phases import DONE, DRAFT, FLIGHT, WAITING, phase_of
from mailer.web.desk.plain import plain
from mailer.web.house import Session

SHOWN = 60
FAILED_LATELY = timedelta(days=7)
# What each needs from a person, the words of the way there, and the place on its page.
NEEDS = {
    "asked": ("It was due when nothing ran, and waits for an answer.", "Answer", ""),
    "paused": ("It is paused; nobody gets anything until it goes on.", "Look and go on", ""),
    "failed": ("It ended with a failure.", "See why", ""),
    "in review": ("A second person should look at it.", "Look at it", ""),
    "approved": ("It is approved, and not scheduled yet.", "Schedule it", "#schedule"),
}


@dataclass(frozen=True)
class Step:
    """One thing to do before the first mailing is out: what it is, how it is done, and where."""

    title: str
    how: str
    done: bool = False
    path: str = ""
    verb: str = ""
    command: str = ""


STEPS = (
    Step("Say who is writing", "[site] in config.toml: name and base_url. Now: {name}, {base}."),
    Step(
        "Name the server that carries mail away",
        "[relay.{relay}] in config.toml. Now: {where}. What sends is started by",
        command="mailer serve",
    ),
    Step(
        "Make a list",
        "A list is a reason to write: its title, its sender, its postal address.",
        path="/desk/lists",
        verb="Make a list",
    ),
    Step(
        "Have a reader",
        "Give people the list's subscribe page, or add one who agreed: yourself, to begin with.",
        path="/desk/readers",
        verb="Add a reader",
    ),
    Step(
        "Hand in a statement",
        "Paste a text or upload a file. You see what was understood and can correct it.",
        path="/desk/statements/new",
        verb="Hand in a statement",
    ),
    Step(
        "Send yourself a test",
        "On the draft's page. It comes as readers will get it, with [TEST] before the subject.",
        path="{draft}#test",
        verb="Go to the mailing",
    ),
    Step(
        "Send",
        "Now or at a time. A sentence says what will happen, and a minute is left to undo it.",
        path="{draft}#schedule",
        verb="Go to the mailing",
    ),
)


async def show(call: Call) -> Response:
    """Show every mailing by what can be done with it now."""
    before = call.asked("before")
    values = await call.read(_look, call.config, digits(before) or None)
    return call.page("desk/home.html", here="home", before=before, **values)


def _look(session: Session, config: Config, before: int | None) -> dict[str, Any]:
    rows = mailings.latest(session, SHOWN + 1, before)
    found = [_card(session, row) for row in rows[:SHOWN]]
    sender = watch.look(session, config)
    steps = [] if before or any(card["phase"] in (FLIGHT, DONE) for card in found) else _steps(session, config, found)
    return {
        "groups": [
            ("Being sent", [card for card in found if card["phase"] == FLIGHT]),
            ("Waiting for their moment", [card for card in found if card["phase"] == WAITING]),
            ("Waiting for a second person", [card for card in found if card["state"] == "in review"]),
            ("Drafts", [card for card in found if card["phase"] == DRAFT and card["state"] != "in review"]),
            ("Sent", [card for card in found if card["phase"] == DONE]),
        ],
        "needs": [] if before else _needs(found),
        "older": found[-1]["id"] if len(rows) > SHOWN else None,
        "stuck": sender == watch.STUCK,
        "trouble": watch.trouble(session, config) if any(card["state"] == "sending" for card in found) else "",
        "steps": steps,
        "next_step": next((step for step in steps if not step.done and step.path), None),
    }


def _needs(found: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """Return what waits for a person, most urgent first: what it is, what it needs, and where that is done."""
    order = ("asked", "paused", "failed", "in review", "approved")
    waits = [(order.index(kind), card, *NEEDS[kind]) for card in found if (kind := _kind(card)) in order]
    return [
        {"subject": card["subject"], "why": why, "verb": verb, "path": f"/desk/mailings/{card['id']}{place}"}
        for _, card, why, verb, place in sorted(waits, key=lambda each: each[0])
    ]


def _kind(card: Mapping[str, Any]) -> str:
    if card["asked"]:
        return "asked"
    # What failed long ago needs nobody any more.
    stale = card["state"] == "failed" and clock.now() - card["moment"] > FAILED_LATELY
    return "" if stale else str(card["state"])


def _card(session: Session, row: Any) -> dict[str, Any]:
    mailing = plain(row)
    phase = phase_of(mailing.state)
    moment = mailing.due_at if phase == WAITING else mailing.finished_at or mailing.started_at or mailing.made_at
    # Only what moves is counted: sums over old mailings of a million would make this page slow.
    figures = account.glance(session, mailing.id).account if phase == FLIGHT else None
    return {
        "id": mailing.id,
        "subject": mailing.subject,
        "state": mailing.state,
        "why": mailing.why,
        "asked": mailing.asked_at is not None,
        "phase": phase,
        "lists": [mlist.title for mlist in mailings.lists_of(session, mailing.id)],
        "moment": moment,
        "figures": figures,
        "chosen": mailing.chosen,
        "tested": mailing.tested_revision == mailing.revision,
    }


def _steps(session: Session, config: Config, found: Sequence[dict[str, Any]]) -> list[Step]:
    known = list(lists.every(session))
    readers = sum(lists.counts(session, mlist.id)["active"] for mlist in known)
    draft = f"/desk/mailings/{found[0]['id']}" if found else ""
    done = (
        config.site.name != Site().name,
        watch.look(session, config) == watch.SENDING,
        bool(known),
        readers > 0,
        bool(found),
        any(card["tested"] for card in found),
        False,
    )
    return [
        replace(step, done=is_done, how=step.how.format(**_now(config)), path=step.path.format(draft=draft))
        for step, is_done in zip(STEPS, done, strict=True)
    ]


def _now(config: Config) -> dict[str, str]:
    name, relay = next(iter(config.sending_relays().items()))
    where = f"{relay.host} port {relay.port}"
    return {"name": config.site.name, "base": config.site.base_url, "relay": name, "where": where}
