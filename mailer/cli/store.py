"""`mailer init`, `check`, `migrate`, `backup`, `restore`, `store copy`: the house itself."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from mailer.cli.door import AsJson, answer, busy, remark, room, table

app = room("The store: where everything is remembered.")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the program."""
    for verb in (init, check, migrate, backup, restore):
        app.command(verb.__name__)(verb)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is empty or not there yet.")],
    as_json: AsJson = False,
) -> None:
    """Make a folder with a configuration, a store and keys, ready to serve."""
    from mailer.app.opening import found

    config_file = found(folder)
    text = f"made {folder} with config.toml, a store and keys"
    answer({"config": str(config_file)}, text, as_json=as_json)
    remark(f"next: write your organisation into {config_file}, then: mailer --config {quote(str(config_file))} check")


def check(context: typer.Context, as_json: AsJson = False) -> None:
    """Look for every mistake: in the configuration, the templates, the store and all keys."""
    from mailer.app.checking import mistakes, warnings
    from mailer.cli.opened import config_path

    found = [str(each) for each in mistakes(config_path(context))]
    for line in found:
        remark(f"mailer: {line}")
    doubts = [] if found else warnings(config_path(context))
    for line in doubts:
        remark(f"warning: {line}")
    if as_json or not found:
        well = "all is well: configuration, templates, store and keys"
        text = "no mistakes, but not all is well: see the warnings" if doubts else well
        answer({"mistakes": found, "warnings": doubts}, text, as_json=as_json)
    raise typer.Exit(1 if found else 0)


def migrate(context: typer.Context, as_json: AsJson = False) -> None:
    """Bring the store's tables to the version of this program; stop every process and make a backup first."""
    from mailer.cli.opened import config_of
    from mailer.store import schema
    from mailer.store.engine import Store

    store = Store(config_of(context).store.url)
    try:
        with busy("the tables are brought forward"):
            before, after = schema.migrate(store)
    finally:
        store.close()
    text = f"the store has version {after}" + ("" if before == after else f", it had {before or 'none'}")
    answer({"before": before, "after": after}, text, as_json=as_json)


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to make; it must not be there.")],
    as_json: AsJson = False,
) -> None:
    """Write the store and its keys into one file, also while mail is being sent."""
    from mailer.cli.opened import opened
    from mailer.send import dkim_keys
    from mailer.store import backup

    with opened(context) as app, busy("the store is copied"):
        elsewhere = dkim_keys.elsewhere(app.config)
        made = backup.backup(app.store, app.config.keys.folder, file.absolute())
    size = file.stat().st_size
    text = f"{file}: {sum(made.tables.values()):,} rows and the keys, {size:,} bytes, read back and found whole"
    for outside in elsewhere:
        remark(f"not in it, because it lies outside the folder of the keys: {outside}")
    answer({"file": str(file), "bytes": size, "made_at": made.made_at, "rows": made.tables}, text, as_json=as_json)


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `mailer backup` made.")],
    as_json: AsJson = False,
) -> None:
    """Bring a backup back, into a store and a key folder that are empty; what was being sent is paused."""
    from mailer.cli.opened import config_of
    from mailer.mailing.restored import hold_all
    from mailer.store.restore import restore

    config = config_of(context)
    held: list[int] = []
    with busy("the backup is brought back"):
        made = restore(
            file,
            config.store.url,
            config.keys.folder,
            lambda session, manifest: held.extend(hold_all(session, manifest.moment)),
        )
    text = f"restored as it was on {made.made_at}: {sum(made.tables.values()):,} rows and the keys"
    answer({"made_at": made.made_at, "rows": made.tables, "held": held}, text, as_json=as_json)
    remark("what happened after that moment is not known here: also who left; ask before you send")
    for mailing_id in held:
        remark(f"mailing {mailing_id} waits for a person: `mailer mailing show {mailing_id}`")


@app.command("copy")
def copy(
    context: typer.Context,
    url: Annotated[
        str,
        typer.Argument(metavar="TO_URL", help="An empty store: postgresql+psycopg://USER@HOST/NAME or sqlite:///FILE."),
    ],
    as_json: AsJson = False,
) -> None:
    """Bring everything into another store and compare every row; killed, it goes on when it is given again.

    Everything is stopped meanwhile, and no mailing is being sent. The store it comes from stays as it is, and
    so do the keys: they belong to both.
    """
    from mailer.cli.opened import opened
    from mailer.send import watch
    from mailer.store import copying

    with opened(context) as house, busy("the store is copied and compared"):
        copied = copying.copy(house.store, url, lambda session: watch.must_rest(session, house.config))
    told = {each.table: {"rows": each.rows, "sha256": each.digest, "found": each.found} for each in copied}
    lines = [(each.table, f"{each.rows:,}", each.digest[:16]) for each in copied]
    answer({"tables": told}, table(("table", "rows", "sha256 of both"), lines), as_json=as_json)
    remark(f"{sum(each.rows for each in copied):,} rows, each the same in both stores; the keys stay where they are")
    remark("next: name the new store as store.url, on every machine, and put the old one away: both would send")
