"""`mailer mailing review`: the rule of two persons, at the command line."""

from typing import Annotated, Any

import typer

from mailer.cli.door import ACTOR, AsJson, MailingId, answer


def add_to(room: typer.Typer) -> None:
    """Add the command to those of mailings."""
    room.command("review")(review)


def review(
    context: typer.Context,
    mailing_id: MailingId,
    ask: Annotated[bool, typer.Option("--ask", metavar="", help="Hand the draft to a second person.")] = False,
    approve: Annotated[str, typer.Option("--approve", metavar="HASH", help="Approve what has this hash.")] = "",
    give_back: Annotated[str, typer.Option("--return", metavar="TEXT", help="Make it a draft again; why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show whether a second person approved a mailing and the hash of what would be sent; ask, approve or give back."""
    from mailer.cli.opened import done, opened
    from mailer.mailing import approval, mailings, press

    if sum((ask, bool(approve), bool(give_back))) > 1:
        raise typer.BadParameter("say one of --ask, --approve HASH and --return TEXT")
    with opened(context) as app:
        with app.store.read() as session:
            proof = press.proofread(session, app.config, app.keys, mailing_id)
        with app.store.write() as session:
            subject = f"mailing {mailing_id}"
            if ask:
                row = press.hand_over(session, app.config, app.keys, proof, actor=ACTOR)
                done(session, "approval asked", subject, hash=row.hash)
            elif approve:
                row = approval.approve(session, proof, approve, actor=ACTOR)
                done(session, "mailing approved", subject, hash=row.hash)
            elif give_back:
                row = approval.give_back(session, mailings.need(session, mailing_id), give_back, actor=ACTOR)
                done(session, "mailing given back", subject, note=row.note)
            facts = _facts(session, proof)
    answer(facts, "\n".join(f"{key:<8} {value}" for key, value in facts.items() if value != ""), as_json=as_json)


def _facts(session: Any, proof: Any) -> dict[str, Any]:
    from mailer.mailing import approval, mailings

    row = approval.last(session, proof.mailing_id)
    return {
        "mailing": proof.mailing_id,
        "state": mailings.need(session, proof.mailing_id).state,
        "needed": approval.is_needed(session, proof.mailing_id),
        "hash": approval.digest(session, proof),
        "asked": row.asked_by if row else "",
        "verdict": row.verdict if row else "",
        "by": row.decided_by if row else "",
        "note": row.note if row else "",
    }
