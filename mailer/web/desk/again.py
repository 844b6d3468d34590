"""A mailing is sent again to those who did not get it: the button makes a draft, and nothing leaves by that."""

from starlette.responses import Response

from mailer.mailing import following
from mailer.web.desk.call import Call
from mailer.web.house import Session


async def make(call: Call) -> Response:
    """Make the draft, or lead to the one there is."""
    number, is_new = await call.write(_make, call, call.number(), call.form.one("whom"))
    return call.to(f"/desk/mailings/{number}", "drafted" if is_new else "")


def _make(session: Session, call: Call, mailing_id: int, whom: str) -> tuple[int, bool]:
    made, is_new = following.draft(session, call.config, mailing_id, whom, actor=call.me.actor)
    if is_new:
        call.done(session, "draft made to send again", f"mailing {made.id}", after=mailing_id, whom=whom)
    return made.id, is_new
