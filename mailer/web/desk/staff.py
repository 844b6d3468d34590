"""Who works here: added, given a link, given another role, disabled; and what was done lately."""

from typing import Any

from starlette.responses import Response

from mailer.errors import BadInput, MailerError, Refused
from mailer.staff import deeds, entry, roles, second_step, team
from mailer.store.tables import ROLES
from mailer.web.desk import audit
from mailer.web.desk.call import Call
from mailer.web.desk.plain import plain
from mailer.web.house import Session

DEEDS = 30
FIELDS = ("name", "address", "role")


async def show(call: Call) -> Response:
    """Show all staff, and the last deeds."""
    return await _page(call)


async def add(call: Call) -> Response:
    """Add somebody, and show the link to hand over to them."""
    given = {name: call.form.one(name) for name in FIELDS}
    try:
        person, link = await call.write(_add, call, given)
    except Refused as error:
        return await _page(call, given=given, error=error)
    return await _page(call, link=link, whose=person)


async def make_link(call: Call) -> Response:
    """Make a one-time link for somebody who has none or forgot their password, and show it once."""
    person, link = await call.write(_link, call, call.number())
    return await _page(call, link=link, whose=person)


async def change(call: Call) -> Response:
    """Disable, enable, or give another role."""
    what = call.form.one("what")
    await call.write(_change, call, call.number(), what, call.form.one("role"))
    return call.to("/desk/staff", "staffed")


def _add(session: Session, call: Call, given: dict[str, str]) -> tuple[Any, str]:
    person = team.add(session, **given, actor=call.me.actor)
    return plain(person), entry.link(session, call.config, person)


def _link(session: Session, call: Call, staff_id: int) -> tuple[Any, str]:
    person = team.need(session, staff_id)
    link = entry.link(session, call.config, person)
    call.done(session, "link made", team.subject(person))
    return plain(person), link


def _change(session: Session, call: Call, staff_id: int, what: str, role: str) -> None:
    person = team.need(session, staff_id)
    if what == "disable":
        team.disable(session, person, actor=call.me.actor)
    elif what == "enable":
        team.enable(session, person, actor=call.me.actor)
    elif what == "one step":
        second_step.turn_off(session, person, actor=call.me.actor)
    elif what == "role":
        team.set_role(session, person, role, actor=call.me.actor)
    else:
        raise BadInput("nothing was chosen", place="what", cure="press one of the buttons")


def _look(session: Session, call: Call) -> dict[str, Any]:
    return {
        "people": [plain(person) for person in team.every(session)],
        "two_steps": second_step.those_on(session),
        "deeds": [audit.told(call, deed) for deed in deeds.latest(session, DEEDS)],
    }


def _hint(role: str) -> str:
    """Return what somebody with a role may do beyond looking, which everybody may."""
    acts = [words for act, words in roles.ACTS.items() if act != roles.LOOK and roles.may(role, act)]
    return "everything" if len(acts) == len(roles.ACTS) - 1 else "; ".join(acts)


async def _page(
    call: Call,
    given: dict[str, str] | None = None,
    error: MailerError | None = None,
    link: str = "",
    whose: Any = None,
) -> Response:
    values = await call.read(_look, call)
    return call.page(
        "desk/staff.html",
        status=422 if error else 200,
        here="staff",
        typed=dict.fromkeys(FIELDS, "") | (given or {}),
        error=error,
        link=link,
        whose=whose,
        hours=call.config.desk.link_hours,
        roles={role: _hint(role) for role in ROLES},
        **values,
    )
