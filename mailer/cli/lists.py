"""`mailer list`: the named reasons to write."""

from typing import Annotated, Any

import typer

from mailer.cli.door import AsJson, answer, room, table

app = room("Lists: the named reasons to write.")


@app.command("add")
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits, hyphens: press-statements.")],
    title: Annotated[str, typer.Option("--title", help="What readers call it.")],
    from_address: Annotated[str, typer.Option("--from", metavar="ADDR", help="Sender of its mail.")],
    postal_address: Annotated[str, typer.Option("--postal", metavar="TEXT", help="Postal address in every mail.")],
    from_name: Annotated[str, typer.Option("--from-name", help="Name beside the sender; the title if empty.")] = "",
    reply_to: Annotated[str, typer.Option("--reply-to", metavar="ADDR", help="Where answers go.")] = "",
    bounces: Annotated[str, typer.Option("--bounces", metavar="ADDR", help="Where undeliverable mail goes.")] = "",
    description: Annotated[str, typer.Option("--description", help="What readers get, and how often.")] = "",
    language: Annotated[str, typer.Option("--language", metavar="TAG", help="Language of the list.")] = "en",
    archive: Annotated[
        str, typer.Option("--archive", help="Who may read it: public, unlisted, subscribers or off.")
    ] = "public",
    two_persons: Annotated[
        bool, typer.Option("--two-persons", metavar="", help="Somebody who did not write a mailing must approve it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a list."""
    from mailer.cli.opened import done, opened
    from mailer.people import lists

    with opened(context) as app, app.store.write() as session:
        mlist = lists.add(
            session,
            name=name,
            title=title,
            from_address=from_address,
            postal_address=postal_address.replace("\\n", "\n"),
            from_name=from_name,
            description=description,
            language=language,
            reply_to=reply_to,
            bounce_address=bounces,
            archive=archive,
        )
        lists.change(session, mlist, two_persons=two_persons)
        done(session, "list made", f"list {mlist.name}", title=mlist.title)
        facts = _facts(mlist)
    answer(facts, f"the list {facts['name']} is made", as_json=as_json)


@app.command("show")
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a list; all if left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show all lists, or one with everything it holds."""
    from mailer.cli.opened import opened
    from mailer.people import lists

    with opened(context) as app, app.store.read() as session:
        found = [lists.named(session, name)] if name else list(lists.every(session))
        facts = [{**_facts(mlist), "people": lists.counts(session, mlist.id)} for mlist in found]
    if name:
        answer(facts[0], "\n".join(f"{key:<15} {_shown(value)}" for key, value in facts[0].items()), as_json=as_json)
    elif not facts and not as_json:
        answer([], "there is no list yet; `mailer list add --help` tells how to make one", as_json=False)
    else:
        rows = [(each["name"], each["title"], each["from_address"], each["people"]["active"]) for each in facts]
        answer(facts, table(("name", "title", "from", "active"), rows), as_json=as_json)


@app.command("reasons")
def reasons(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a list.")],
    as_json: AsJson = False,
) -> None:
    """Say why readers left, and which import or form brought those who say they never signed up."""
    from mailer.cli.opened import opened
    from mailer.outcomes import reasons
    from mailer.people import lists

    with opened(context) as app, app.store.read() as session:
        told = reasons.of_list(session, lists.named(session, name).id)
    facts = {"reasons": dict(told.reasons), "never_signed_up": {one.name: one.number for one in told.doubted}}
    lines = [f"{number:>9,}  {why}" for why, number in told.reasons.items()]
    lines += [f"{one.number:>9,}  never signed up: brought by {one.name}" for one in told.doubted]
    answer(facts, "\n".join(lines) or "nobody who left said why", as_json=as_json)


def _facts(mlist: Any) -> dict[str, Any]:
    names = (
        *("name", "title", "description", "language", "from_name", "from_address", "reply_to"),
        *("bounce_address", "postal_address", "archive", "open_signup", "two_persons"),
    )
    closed = mlist.closed_at.isoformat(timespec="seconds") if mlist.closed_at else None
    return {**{name: getattr(mlist, name) for name in names}, "closed_at": closed}


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{number} {state}" for state, number in value.items())
    return str(value if value is not None else "").replace("\n", ", ")
