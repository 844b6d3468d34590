"""`mailer subscriber`: people, one by one."""

from typing import Annotated, Any

import typer

from mailer.cli import roster
from mailer.cli.door import ACTOR, AsJson, ListName, answer, room, table

app = room("Subscribers: people with an address, and what they agreed to.")
roster.add_to(app)
Addr = Annotated[str, typer.Argument(metavar="ADDR", help="The address.")]


@app.command("add")
def add(
    context: typer.Context,
    address: Addr,
    mlist: ListName,
    consent: Annotated[str, typer.Option("--consent", metavar="TEXT", help="How and when this person agreed.")],
    name: Annotated[str, typer.Option("--name", help="Name of the person.")] = "",
    language: Annotated[str, typer.Option("--language", metavar="TAG", help="Language of the person.")] = "",
    as_json: AsJson = False,
) -> None:
    """Add one person who agreed; nobody who left or is suppressed comes back by it."""
    from mailer.address import parse
    from mailer.cli.opened import done, opened
    from mailer.people import lists, subscribers, subscriptions

    found = parse(address)
    with opened(context) as app, app.store.write() as session:
        wanted = lists.named(session, mlist)
        person = subscribers.find_or_make(session, app.keys, found, name=name, language=language or wanted.language)
        subscriptions.add_confirmed(session, person, wanted, statement=consent, actor=ACTOR)
        done(session, "reader added", f"reader {person.id}", list=mlist)
        facts, text = {"address": person.address, "list": mlist}, f"{person.address} gets {wanted.title}"
    answer(facts, text, as_json=as_json)


@app.command("find")
def find(context: typer.Context, address: Addr, as_json: AsJson = False) -> None:
    """Show everything we know of one person."""
    from mailer.cli.opened import opened
    from mailer.people import subscribers

    with opened(context) as app, app.store.read() as session:
        person = subscribers.need(session, address)
        facts = _facts(session, person)
    text = "\n".join(
        f"{key:<13} {value}" for key, value in facts.items() if value and not isinstance(value, list | dict)
    )
    for key, rows in facts.items():
        if isinstance(rows, list) and rows:
            text += f"\n\n{key}\n" + table(list(rows[0]), [[value or "" for value in row.values()] for row in rows])
    answer(facts, text, as_json=as_json)


@app.command("leave")
def leave(
    context: typer.Context,
    address: Addr,
    mlist: Annotated[str, typer.Option("--list", metavar="NAME", help="The list to leave.")] = "",
    everything: Annotated[bool, typer.Option("--all", metavar="", help="Leave every list.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a person off one list, or off all; nothing more is sent from this moment on."""
    from mailer.cli.opened import done, opened
    from mailer.errors import Refused
    from mailer.outcomes import events
    from mailer.people import lists, subscribers, subscriptions

    if bool(mlist) == everything:
        raise typer.BadParameter("name one list with --list, or say --all")
    with opened(context) as app, app.store.write() as session:
        person = subscribers.need(session, address)
        if everything:
            every = events.leave_all(session, person.id, actor=ACTOR)
            titles, begun = every.list_titles, every.begun
        else:
            wanted = lists.named(session, mlist)
            subscription = subscriptions.between(session, person.id, wanted.id)
            if subscription is None:
                raise Refused(f"{person.address} never had {wanted.title}", cure="check the list")
            left = events.leave(session, subscription.id, why=events.BY_STAFF, actor=ACTOR)
            titles, begun = () if left.already else (left.list_title,), left.begun
        done(session, "reader taken off", f"reader {person.id}", lists=list(titles))
    text = f"{person.address} left {', '.join(titles)}" if titles else f"{person.address} had left already"
    text += f"; {len(begun)} on the wire cannot be called back" if begun else ""
    answer({"address": person.address, "left": list(titles), "on_the_wire": len(begun)}, text, as_json=as_json)


@app.command("erase")
def erase(
    context: typer.Context,
    address: Addr,
    yes: Annotated[bool, typer.Option("--yes", metavar="", help="Yes, it cannot be undone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget a person: everything that says who it was; that they must not be written to is kept as a hash."""
    from dataclasses import asdict

    from mailer.cli.opened import done, opened
    from mailer.outcomes import erasure
    from mailer.people import subscribers

    if not yes:
        raise typer.BadParameter("this cannot be undone; say --yes")
    with opened(context) as app:
        with app.store.write() as session:
            person = subscribers.need(session, address)
            receipt = asdict(erasure.erase(session, app.keys, person.id, actor=ACTOR))
            done(session, "reader erased", f"reader {person.id}")
        app.store.wipe()
    text = "\n".join(f"{key.replace('_', ' '):<14} {value}" for key, value in receipt.items())
    answer({key: _plain(value) for key, value in receipt.items()}, text, as_json=as_json)


def _facts(session: Any, person: Any) -> dict[str, Any]:
    from mailer.outcomes import account
    from mailer.people import consent, lists, subscriptions, suppression

    names = {mlist.id: mlist.name for mlist in lists.every(session)}
    return {
        "address": person.address,
        "name": person.name,
        "language": person.language,
        "format": person.format,
        "attributes": dict(person.attributes),
        "known_since": _plain(person.created_at),
        "subscriptions": [
            {
                "list": mlist.name,
                "state": one.state,
                "asked": _plain(one.asked_at),
                "confirmed": _plain(one.confirmed_at),
                "ended": _plain(one.ended_at),
                "why": one.ended_why,
            }
            for one, mlist in subscriptions.of_person(session, person.id)
        ],
        "suppressions": [
            {"scope": row.scope, "reason": row.reason, "since": _plain(row.made_at)}
            for row in suppression.find_hash(session, person.address_hash)
        ],
        "consents": [
            {"at": _plain(row.at), "list": names[row.list_id], "kind": row.kind, "by": row.actor, "words": row.words}
            for row in consent.history(session, person.id)
        ],
        "deliveries": [
            {"mailing": row.mailing_id, "state": row.state, "why": row.why, "at": _plain(row.begun_at)}
            for row in account.story(session, person)
        ],
    }


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="seconds") if hasattr(value, "isoformat") else value
