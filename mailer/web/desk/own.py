"""One's own page: who one is here, what one may do, and where one is logged in."""

from typing import Any

from starlette.responses import Response

from mailer.staff import passwords, roles, sessions, team
from mailer.web.desk.call import Call, digits
from mailer.web.house import Session

# What a browser says of itself (RFC 9110, section 10.1.5), the more particular name first.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("Windows", "Windows"),
    ("Mac OS X", "a Mac"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


async def show(call: Call) -> Response:
    """Show who one is here, what one may do, and where one is logged in."""
    return await page(call)


async def end_session(call: Call) -> Response:
    """Log out one other browser, or all others."""
    await call.write(_end, call, digits(call.form.one("which")))
    return call.to("/desk/me", "ended")


async def page(call: Call, problem: str = "", status: int = 200) -> Response:
    """Answer with one's own page, and with what went wrong."""
    acts = [said for act, said in roles.ACTS.items() if roles.may(call.me.role, act)]
    values = await call.read(_look, call)
    return call.page(
        "desk/me.html", status=status, problem=problem, acts=acts, shortest=passwords.SHORTEST, here="me", **values
    )


def browser(agent: str) -> str:
    """Return what a browser calls itself in a few words: ``Firefox on Windows``."""
    name = next((said for mark, said in BROWSERS if mark in agent), "A browser")
    system = next((said for mark, said in SYSTEMS if mark in agent), "")
    return f"{name} on {system}" if system else name


def _look(session: Session, call: Call) -> dict[str, Any]:
    found = sessions.every(session, call.config, call.me.staff_id)
    return {
        "sessions": [
            {
                "id": each.id,
                "browser": browser(each.agent),
                "since": each.created_at,
                "seen": each.seen_at,
                "mine": each.id == call.me.session_id,
            }
            for each in found
        ]
    }


def _end(session: Session, call: Call, session_id: int) -> None:
    me = call.me
    if session_id:
        sessions.end_one(session, me.staff_id, session_id)
    else:
        sessions.end_others(session, me.staff_id, me.session_id)
    call.done(session, "logged out elsewhere", team.subject(team.need(session, me.staff_id)))
