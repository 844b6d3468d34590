"""`mailer serve`, `work` and `demo`: the processes that stay."""

import sys
from contextlib import nullcontext
from typing import Annotated

import typer

from mailer.cli.door import AsJson, answer, remark
from mailer.cli.ourselves import sending_command
from mailer.errors import Refused

Processes = Annotated[
    int,
    typer.Option(
        "--processes",
        metavar="N",
        min=1,
        max=64,
        help="How many sending processes; more than one gain where the machine has cores to spare.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for verb in (serve, work, demo):
        app.command(verb.__name__)(verb)


def serve(
    context: typer.Context,
    pages_only: Annotated[
        bool,
        typer.Option(
            "--pages-only", metavar="", help="No sending process beside the pages: `mailer work` runs elsewhere."
        ),
    ] = False,
    processes: Processes = 1,
    as_json: AsJson = False,
) -> None:
    """Serve the pages, tick and send, until SIGTERM or Ctrl-C; a new store is made on the first run."""
    from mailer import staff
    from mailer.app import logs, serving
    from mailer.app.opening import open_app
    from mailer.cli.opened import config_of, config_path

    if pages_only and processes > 1:
        raise Refused("--pages-only starts no sending process", place="serve", cure="leave out one of the two")
    config = config_of(context)
    logs.set_up(config.log)
    app = open_app(config, migrate=True)
    with app.store.write() as session:
        link = staff.first_link(session, config)

    def ready(address: str) -> None:
        if as_json:
            answer({"listening": address, "base_url": config.site.base_url, "first_link": link}, "", as_json=True)
            sys.stdout.flush()
            return
        remark(f"listening on {address}; readers reach it at {config.site.base_url}")
        if link:
            remark(f"nobody is staff yet; become the first operator, once: {link}")

    try:
        serving.serve(app, sending_command(config_path(context)), 0 if pages_only else processes, ready)
    finally:
        app.close()


def work(
    context: typer.Context,
    clock: Annotated[bool, typer.Option(metavar="", help="Start what is due, answer sign-ups.")] = True,
    processes: Processes = 1,
    as_child: Annotated[
        bool, typer.Option("--as-child", metavar="", hidden=True, help="Stop when standard input ends.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send until SIGTERM or Ctrl-C, then finish what is on the wire; any number may run beside each other.

    In a terminal it shows how sending goes.
    """
    from mailer.app import logs, working
    from mailer.cli import live
    from mailer.cli.opened import config_of, config_path, opened

    logs.set_up(config_of(context).log)
    with opened(context) as app:
        if as_json:
            answer({"working": True, "clock": clock, "processes": processes}, "", as_json=True)
            sys.stdout.flush()
        with nullcontext() if as_child or as_json else live.drawn(app):
            if processes > 1:
                working.supervise(app, sending_command(config_path(context)), processes, ticking=clock)
            else:
                working.work(app, ticking=clock, as_child=as_child)


def demo(
    once: Annotated[bool, typer.Option("--once", metavar="", help="End when the story is told.")] = False,
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port of the pages.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show everything on this machine: three readers, two mailings, one who leaves, and the accounts."""
    from mailer.cli.demo import command

    result = command.show(port, once=once, tell=command.quiet if as_json else command.aloud)
    if result is None:
        raise typer.Exit(130)
    if as_json:
        answer(result, "", as_json=True)
