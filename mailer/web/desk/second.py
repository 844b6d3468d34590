"""The second step of logging in: asked for at the door, turned on and off on a page of one's own."""

from typing import Any

from starlette.responses import Response

from mailer.errors import BadInput, Refused
from mailer.staff import entry, second_step, sessions, team
from mailer.web.desk.call import Call
from mailer.web.house import Session

WRONG = "This code is wrong, or was used already. Wait for the next one."


def ask(call: Call, ticket: str, to: str, problem: str = "", status: int = 200) -> Response:
    """Answer with the page that asks for a code; ``ticket`` says whose password was right."""
    return call.page("desk/login_code.html", status=status, ticket=ticket, to=to, problem=problem)


async def check(call: Call, ticket: str) -> str:
    """Return the secret of a new session for a ticket and the code given with it; "" if the code is wrong.

    Refused while one has to wait after too many wrong codes; NotFound for a ticket that is not good any more.
    """
    wait = await call.write(_count, call, ticket)
    if wait:
        raise Refused(f"there were too many wrong codes; try again in {wait} seconds")
    return await call.write(_check, call, ticket)


async def show(call: Call) -> Response:
    """Show whether one is asked for a code, and the picture for the app while it is being set up."""
    return await _page(call)


async def change(call: Call) -> Response:
    """Begin, confirm with the first code, or turn off with one."""
    what, code = call.form.one("what"), call.form.one("code")
    try:
        if what == "begin":
            await call.write(second_step.begin, call.me.staff_id)
        elif what == "confirm":
            return await _page(call, fresh=await call.write(_confirm, call, code))
        elif what == "off":
            if not await call.write(_turn_off, call, code):
                raise BadInput("is wrong, or was used already", place="code", cure="wait for the next one")
        else:
            raise BadInput("nothing was chosen", cure="press one of the buttons")
    except BadInput as error:
        return await _page(call, error=error)
    return call.to("/desk/me/second-step", "" if what == "begin" else "one-step")


def _count(session: Session, call: Call, ticket: str) -> int:
    person = second_step.redeem(session, call.house.keys, ticket)
    return entry.try_code(session, person.id)


def _check(session: Session, call: Call, ticket: str) -> str:
    person = second_step.redeem(session, call.house.keys, ticket)
    if not second_step.use(session, person, call.form.one("code")):
        return ""
    entry.forget_codes(session, person.id)
    if call.visit:
        entry.end(session, call.visit.session_id)
    agent, network = call.request.headers.get("user-agent", ""), call.house.network(call.request)
    return entry.begin(session, person.id, person.password_hash, agent=agent, network=network, address=person.address)


def _confirm(session: Session, call: Call, code: str) -> list[str]:
    fresh = second_step.confirm(session, team.need(session, call.me.staff_id), code, actor=call.me.actor)
    # Whoever came in by the password alone does not stay.
    sessions.end_others(session, call.me.staff_id, call.me.session_id)
    return fresh


def _turn_off(session: Session, call: Call, code: str) -> bool:
    person = team.need(session, call.me.staff_id)
    wait = entry.try_code(session, person.id)
    if wait:
        raise Refused(f"there were too many wrong codes; try again in {wait} seconds")
    if second_step.is_on(session, person.id) and not second_step.use(session, person, code):
        # Not raised: the try has to be counted.
        return False
    entry.forget_codes(session, person.id)
    second_step.turn_off(session, person, actor=call.me.actor)
    return True


def _look(session: Session, call: Call) -> dict[str, Any]:
    secret = second_step.pending(session, call.me.staff_id)
    address = second_step.address(secret, call.me.address, call.config.site.name) if secret else ""
    return {
        "is_on": second_step.is_on(session, call.me.staff_id),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "address": address,
        "picture": second_step.picture(address) if secret else None,
    }


async def _page(call: Call, fresh: list[str] | None = None, error: Refused | None = None) -> Response:
    values = await call.read(_look, call)
    status = 422 if error else 200
    return call.page("desk/second_step.html", status=status, here="me", fresh=fresh, error=error, **values)
