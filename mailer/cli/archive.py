"""`mailer archive`: what was sent, as it is read on the web; and what is put right there afterwards."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.cli import mailings as mailings_room
from mailer.cli.door import ACTOR, HIGHEST, AsJson, MailingId, answer, is_watched, room, table

app = room("The archive: what was sent, as it is read on the web.")


@app.command("show")
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="LIST", help="Name of a list; all if left out.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show who may read the archive of each list, or every page of one with its address."""
    from mailer.cli.opened import opened
    from mailer.mailing import archive
    from mailer.mailing.links import Links
    from mailer.people import lists

    with opened(context) as app, app.store.read() as session:
        links = Links(app.config.site.base_url, app.keys)
        if not name:
            facts = [
                {"list": each.name, "visibility": each.archive, "address": links.archive(each.name)}
                for each in lists.every(session)
            ]
        else:
            mlist = lists.named(session, name)
            facts = [_page(mlist, mailing, entry, links) for mailing, entry in archive.pages(session, mlist)]
    head = ("list", "visibility", "address") if not name else ("mailing", "visibility", "sent", "corrected", "address")
    text = table(head, [[each[key] or "" for key in head] for each in facts]) if facts else "nothing was sent yet"
    answer(facts, text, as_json=as_json)


@app.command("set")
def set_visibility(
    context: typer.Context,
    visibility: Annotated[
        str,
        typer.Argument(
            metavar="WHO", help="public, unlisted, subscribers or off; for a mailing also list: as its list."
        ),
    ],
    list_name: Annotated[str, typer.Option("--list", metavar="NAME", help="For a list and its mailings.")] = "",
    mailing_id: Annotated[
        int | None, typer.Option("--mailing", metavar="ID", min=1, max=HIGHEST, help="For one mailing.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set who may read a list's archive, or one mailing in it."""
    from mailer.cli.opened import done, opened
    from mailer.mailing import corrections, mailings
    from mailer.people import lists

    if bool(list_name) == (mailing_id is not None):
        raise typer.BadParameter("say either --list NAME or --mailing ID")
    with opened(context) as app, app.store.write() as session:
        if mailing_id is None:
            corrections.show_to(session, lists.named(session, list_name), visibility)
        else:
            corrections.show_to(session, mailings.need(session, mailing_id), visibility)
        what = f"list {list_name}" if mailing_id is None else f"mailing {mailing_id}"
        done(session, "archive set", what, visibility=visibility)
    said = "as its list" if visibility == corrections.AS_THE_LIST else visibility
    answer({"what": what, "visibility": visibility}, f"the archive of {what} is {said}", as_json=as_json)


@app.command("move")
def move(
    context: typer.Context,
    mailing_id: MailingId,
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Small letters, digits, hyphens: water-on-monday.")],
    as_json: AsJson = False,
) -> None:
    """Give a mailing's page another address; the old one goes on leading there."""
    from mailer.cli.opened import done, opened
    from mailer.mailing import corrections, mailings

    with opened(context) as app, app.store.write() as session:
        mailing = mailings.need(session, mailing_id)
        before = mailing.slug
        corrections.move(session, mailing, slug)
        done(session, "archive page moved", f"mailing {mailing_id}", before=before, now=mailing.slug)
        facts = {"id": mailing_id, "before": before, "slug": mailing.slug}
    answer(facts, f"the page of mailing {mailing_id} is called {facts['slug']}", as_json=as_json)


@mailings_room.app.command("correct")
def correct(
    context: typer.Context,
    mailing_id: MailingId,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What was wrong and is right now.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The right text, whole; without it only the note is added.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Correct a mailing in the archive, with a dated note; what was sent stays as it was."""
    from mailer.cli.opened import done, opened
    from mailer.mailing import corrections, mailings
    from mailer.sources import kept
    from mailer.sources.read import read_file

    statement = read_file(file) if file else None
    with opened(context) as app, app.store.write() as session:
        mailing = mailings.need(session, mailing_id)
        row = None
        if file and statement:
            row = kept.revise(
                session, mailings.statement_of(session, mailing_id), statement, file.read_bytes(), file.name
            )
        corrections.correct(session, mailing, note, row, actor=ACTOR)
        done(session, "mailing corrected", f"mailing {mailing_id}", note=note, text=bool(row))
    said = "with the right text" if row else "with a note"
    answer(
        {"id": mailing_id, "note": note, "text": bool(row)},
        f"mailing {mailing_id} is corrected {said}",
        as_json=as_json,
    )


@app.command("export")
def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is empty, or not there, or an export.")],
    base_url: Annotated[
        str,
        typer.Option("--base-url", metavar="URL", help="Where the folder will be found, for feeds; else as now."),
    ] = "",
    unlisted: Annotated[
        bool, typer.Option("--unlisted", metavar="", help="Also what is only for who knows the address.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the archive as files for any web server; what is no longer shown is taken away again."""
    from mailer.cli.opened import opened
    from mailer.web.files import Export
    from mailer.web.house import open_house

    with opened(context) as app:
        task = Export(open_house(app.config, app.store, app.keys), folder, base_url, unlisted=unlisted)
        with task.locked():
            for _ in _drawn(task):
                pass
    figures = task.figures()
    text = "{pages} pages of {lists} lists: {written} files written, {unchanged} as before, {removed} taken away"
    answer({"folder": str(folder), **figures}, text.format(**figures), as_json=as_json)


def _drawn(task: Any) -> Any:
    """Do the work step by step, drawn as a bar if a person watches."""
    if not is_watched():
        yield from task.steps()
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(task.steps(), total=task.total, description="Writing", console=Console(stderr=True))


def _page(mlist: Any, mailing: Any, entry: Any, links: Any) -> dict[str, Any]:
    from mailer.mailing import archive

    return {
        "mailing": mailing.id,
        "visibility": archive.visibility(mailing, mlist),
        "sent": entry.sent_at.isoformat(timespec="seconds"),
        "corrected": entry.changed_at.isoformat(timespec="seconds") if entry.changed_at else None,
        "title": entry.subject,
        "address": links.view(mlist.name, mailing.slug),
    }
