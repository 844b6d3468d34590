"""`mailer mailing decide`: a person says what became of letters whose fate is unknown."""

from typing import Annotated

import typer

from mailer.cli.door import ACTOR, AsJson, MailingId, answer
from mailer.errors import Refused


def add_to(room: typer.Typer) -> None:
    """Add the command to those of mailings."""
    room.command("decide")(decide)


def decide(
    context: typer.Context,
    mailing_id: MailingId,
    address: Annotated[
        str, typer.Argument(metavar="[ADDRESS]", help="Whose letter; everybody's that is uncertain if left out.")
    ] = "",
    arrived: Annotated[
        bool | None, typer.Option("--arrived/--lost", help="That it arrived, or that it did not.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what became of letters no relay answered for; `mailing account ID --list uncertain` names them."""
    from mailer.cli.opened import done, opened
    from mailer.outcomes import decisions

    if arrived is None:
        raise typer.BadParameter("say either --arrived or --lost")
    decision, number = "accepted" if arrived else "left_out", 0
    with opened(context) as app:
        while True:
            with app.store.write() as session:
                if address:
                    some = int(decisions.decide_for(session, mailing_id, address, decision, ACTOR))
                else:
                    some = decisions.decide_some(session, mailing_id, decision, ACTOR)
                number += some
                if some:
                    done(session, "delivery decided", f"mailing {mailing_id}", decision=decision, number=some)
            if address or not some:
                break
    if address and not number:
        raise Refused(f"the fate of the letter to {address} is known", place=f"mailing {mailing_id}")
    answer({"mailing": mailing_id, "decision": decision, "decided": number}, f"decided: {number}", as_json=as_json)
