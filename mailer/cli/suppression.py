"""`mailer suppression`: addresses we must not write to."""

from typing import Annotated, Any

import typer

from mailer.cli.door import ACTOR, AsJson, answer, room, table

app = room("Suppression: addresses we must not write to.")
Addr = Annotated[str, typer.Argument(metavar="ADDR", help="The address.")]


@app.command("add")
def add(
    context: typer.Context,
    address: Addr,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    mailings_only: Annotated[
        bool,
        typer.Option(
            "--mailings-only", metavar="", help="Letters the person asks for, such as a confirm mail, still go."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write to an address no more."""
    from mailer.address import mask, parse
    from mailer.cli.opened import done, opened
    from mailer.people import suppression

    found = parse(address)
    scope = suppression.MAILINGS if mailings_only else suppression.ALL
    with opened(context) as app, app.store.write() as session:
        suppression.suppress(
            session, app.keys, found.key, scope=scope, reason=reason or suppression.BY_OPERATOR, origin=ACTOR
        )
        done(session, "address suppressed", mask(found.spelled), scope=scope)
        rows = _rows(suppression.find(session, app.keys, found.key))
    answer(rows, f"{found.spelled} gets {'no mailing' if mailings_only else 'nothing'} from now on", as_json=as_json)


@app.command("lift")
def lift(
    context: typer.Context,
    address: Addr,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="What allows it; kept with the record.")],
    as_json: AsJson = False,
) -> None:
    """Allow an address again; subscriptions that ended stay ended."""
    from mailer.address import mask, parse
    from mailer.cli.opened import done, opened
    from mailer.errors import NotFound
    from mailer.people import suppression

    found = parse(address)
    with opened(context) as app, app.store.write() as session:
        lifted = suppression.lift(session, app.keys, found.key, why=why)
        if not lifted:
            raise NotFound(f"{found.spelled} is not suppressed", cure="check the spelling")
        done(session, "suppression lifted", mask(found.spelled), why=why)
    answer({"lifted": lifted}, f"{found.spelled} may be written to again", as_json=as_json)


@app.command("find")
def find(context: typer.Context, address: Addr, as_json: AsJson = False) -> None:
    """Say whether an address is suppressed, and why."""
    from mailer.address import parse
    from mailer.cli.opened import opened
    from mailer.people import suppression

    found = parse(address)
    with opened(context) as app, app.store.read() as session:
        rows = _rows(suppression.find(session, app.keys, found.key))
    text = table(("scope", "reason", "since", "by"), [tuple(row.values()) for row in rows])
    answer(rows, text if rows else f"{found.spelled} is not suppressed", as_json=as_json)


def _rows(found: Any) -> list[dict[str, str]]:
    return [
        {
            "scope": row.scope,
            "reason": row.reason,
            "since": row.made_at.isoformat(timespec="seconds"),
            "by": row.origin,
        }
        for row in found
    ]
