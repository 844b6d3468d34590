"""`mailer staff`: people who may work at the desk."""

from typing import Annotated, Any

import typer

from mailer.cli.door import ACTOR, AsJson, answer, room, table

app = room("Staff: people who may work at the desk.")
Addr = Annotated[str, typer.Argument(metavar="ADDR", help="The address.")]


@app.command("add")
def add(
    context: typer.Context,
    address: Addr,
    name: Annotated[str, typer.Option("--name", help="How colleagues know this person.")],
    role: Annotated[str, typer.Option("--role", help="writer, approver, list keeper or operator.")],
    as_json: AsJson = False,
) -> None:
    """Add somebody and print the link by which they choose a password, once."""
    from mailer import staff
    from mailer.cli.opened import opened

    with opened(context) as app, app.store.write() as session:
        person = staff.add(session, name=name, address=address, role=role, actor=ACTOR)
        link = staff.link(session, app.config, person)
        facts = {**_facts(person), "link": link}
    answer(facts, f"hand this link to {name}, it works once:\n{link}", as_json=as_json)


@app.command("show")
def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show everybody on the staff."""
    from mailer import staff
    from mailer.cli.opened import opened

    with opened(context) as app, app.store.read() as session:
        facts = [_facts(person) for person in staff.every(session)]
    rows = [list(each.values()) for each in facts]
    text = table(("name", "address", "role", "state"), rows) if rows else "nobody is staff yet"
    answer(facts, text, as_json=as_json)


@app.command("link")
def link(context: typer.Context, address: Addr, as_json: AsJson = False) -> None:
    """Print a new link by which somebody chooses a password, once; older links die."""
    _new_link(context, address, as_json=as_json)


@app.command("reset")
def reset(context: typer.Context, address: Addr, as_json: AsJson = False) -> None:
    """End every session of somebody who lost a password or a machine, and print a new link."""
    _new_link(context, address, shut_out=True, as_json=as_json)


@app.command("one-step")
def one_step(context: typer.Context, address: Addr, as_json: AsJson = False) -> None:
    """Ask somebody for no code any more, who lost telephone and recovery codes; their sessions end."""
    from mailer import staff
    from mailer.cli.opened import opened
    from mailer.staff import second_step, sessions

    with opened(context) as app, app.store.write() as session:
        person = staff.with_address(session, address)
        second_step.turn_off(session, person, actor=ACTOR)
        sessions.end_others(session, person.id)
        facts = _facts(person)
    answer(facts, f"{person.name} logs in with the password alone now", as_json=as_json)


def _new_link(context: typer.Context, address: str, *, shut_out: bool = False, as_json: bool) -> None:
    from mailer import staff
    from mailer.cli.opened import done, opened
    from mailer.staff import team

    with opened(context) as app, app.store.write() as session:
        person = staff.with_address(session, address)
        if shut_out:
            team.shut_out(session, person.id)
        done(session, "link made", team.subject(person))
        link = staff.link(session, app.config, person)
        facts = {**_facts(person), "link": link}
    answer(facts, f"hand this link to {person.name}, it works once:\n{link}", as_json=as_json)


def _facts(person: Any) -> dict[str, str]:
    state = "disabled" if person.disabled_at else "" if person.password_hash else "has to choose a password"
    return {"name": person.name, "address": person.address, "role": person.role, "state": state}
