"""A second person looks at a draft: handed over, approved as seen, or given back with a word on why."""

from starlette.responses import Response

from mailer.errors import BadInput, Refused
from mailer.mailing import approval, mailings, press
from mailer.web.desk import mailings as page
from mailer.web.desk.call import Call
from mailer.web.house import Session


async def ask(call: Call) -> Response:
    """Hand the draft over as it is now."""
    proof = await call.read(press.proofread, call.config, call.house.keys, call.number())
    try:
        await call.write(_ask, call, proof)
    except Refused as error:
        return await page.mailing_page(call, error)
    return call.to(f"/desk/mailings/{call.number()}", "asked")


async def decide(call: Call) -> Response:
    """Approve what was seen, or give it back."""
    what = call.form.one("what")
    try:
        if what == "approve":
            proof = await call.read(press.proofread, call.config, call.house.keys, call.number())
            await call.write(_approve, call, proof, call.form.one("seen"))
        elif what == "return":
            await call.write(_return, call, call.number(), call.form.one("note"))
        else:
            raise BadInput("nothing was chosen", place="what", cure="press one of the buttons")
    except Refused as error:
        return await page.mailing_page(call, error)
    return call.to(f"/desk/mailings/{call.number()}", "approved" if what == "approve" else "returned")


def _ask(session: Session, call: Call, proof: press.Proofread) -> None:
    row = press.hand_over(session, call.config, call.house.keys, proof, actor=call.me.actor)
    call.done(session, "approval asked", f"mailing {proof.mailing_id}", hash=row.hash)


def _approve(session: Session, call: Call, proof: press.Proofread, seen: str) -> None:
    row = approval.approve(session, proof, seen, actor=call.me.actor)
    call.done(session, "mailing approved", f"mailing {proof.mailing_id}", hash=row.hash)


def _return(session: Session, call: Call, mailing_id: int, note: str) -> None:
    row = approval.give_back(session, mailings.need(session, mailing_id), note, actor=call.me.actor)
    call.done(session, "mailing given back", f"mailing {mailing_id}", note=row.note)
