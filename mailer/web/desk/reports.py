"""What is handed on about a mailing: a page to print, and the people behind what came back."""

from typing import Any

from starlette.responses import Response

from mailer import clock
from mailer.config import Config
from mailer.mailing import mailings
from mailer.outcomes import returned
from mailer.staff import deeds
from mailer.web.desk import accounts, pictures
from mailer.web.desk.call import Call, digits
from mailer.web.desk.phases import DONE, phase_of
from mailer.web.desk.plain import every, plain
from mailer.web.house import Session

PAGE = 100
# Shown on paper, in the words of the deeds: who let it go, who held it.
DEEDS = 12


async def show_print(call: Call) -> Response:
    """Show the account on one page that is made to be printed."""
    values = await call.read(_look, call.number(), call.config)
    drawn = await pictures.pictured(call, call.number())
    return call.page("desk/print.html", here="home", now=clock.now(), **(drawn | values))


async def show_returned(call: Call) -> Response:
    """Show the people behind one kind of what came back."""
    kind, after = call.request.path_params["kind"], digits(call.asked("after"))
    return call.page("desk/returned.html", here="home", **await call.read(_returned, call.number(), kind, after))


def _look(session: Session, mailing_id: int, config: Config) -> dict[str, Any]:
    mailing = plain(mailings.need(session, mailing_id))
    return {
        "mailing": mailing,
        "over": phase_of(mailing.state) == DONE,
        "lists": every(mailings.lists_of(session, mailing_id)),
        "excluded": every(mailings.lists_of(session, mailing_id, "exclude")),
        "watch": accounts.watch(session, mailing_id, config),
        "deeds": every(deeds.latest(session, DEEDS, f"mailing {mailing_id}"))[::-1],
    }


def _returned(session: Session, mailing_id: int, kind: str, after: int) -> dict[str, Any]:
    rows = returned.returned(session, mailing_id, kind, after, PAGE + 1)
    return {
        "mailing": plain(mailings.need(session, mailing_id)),
        "kind": kind,
        "people": rows[:PAGE],
        "after": rows[PAGE - 1].outcome_id if len(rows) > PAGE else None,
    }
