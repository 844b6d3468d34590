"""`mailer relay`: the servers that carry mail away."""

from typing import Annotated

import typer

from mailer.cli.door import AsJson, answer, room

app = room("Relays: the servers that carry mail away.")


@app.callback()
def _relays() -> None:
    """Keep `check` a word of its own, though it is the only one."""


@app.command("check")
def check(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the relay in config.toml.")],
    to: Annotated[str, typer.Option("--to", metavar="ADDR", help="Send one letter there.")] = "",
    sender: Annotated[str, typer.Option("--from", metavar="ADDR", help="Its sender; else the first list's.")] = "",
    as_json: AsJson = False,
) -> None:
    """Connect to a relay, log in, show what it offers; with --to send one letter through it."""
    import asyncio
    from dataclasses import asdict

    from mailer.address import parse
    from mailer.cli.opened import config_of, opened
    from mailer.people import lists
    from mailer.send.probe import probe

    config = config_of(context)
    found = parse(to, place="to") if to else None
    if found and not sender:
        with opened(context) as app, app.store.read() as session:
            sender = next((mlist.from_address for mlist in lists.every(session)), found.spelled)
    done = asyncio.run(probe(config, name, parse(sender, place="from").spelled if sender else "", found))
    text = f"{name}: {done.where}\n" + "\n".join(
        f"  {word.upper()} {rest}".rstrip() for word, rest in sorted(done.capabilities.items())
    )
    answer(asdict(done), f"{text}\nit took the letter: {done.reply}" if found else text, as_json=as_json)
