"""What a mailing is on the web after it began: who may read it, what was corrected, under which address."""

from typing import Any

from starlette.responses import Response

from mailer.compose.statement import Statement
from mailer.errors import BadInput, MailerError, Refused
from mailer.mailing import archive, corrections, mailings
from mailer.people import lists
from mailer.sources import kept, read
from mailer.web.desk.call import Call
from mailer.web.desk.plain import plain
from mailer.web.house import Session

# In the words of the desk; "list" is a mailing's only.
VISIBILITIES = {
    "public": "for everybody",
    "unlisted": "for who knows the address",
    "subscribers": "for readers of the list",
    "off": "for nobody",
}
PASTED = "pasted"


async def show(call: Call) -> Response:
    """Show where a mailing stands in the archive, and what can be put right there."""
    return await _page(call)


async def change(call: Call) -> Response:
    """Show it to others, correct it, or give its page another address."""
    what = call.form.one("what")
    try:
        if what == "correct":
            # Reading a text takes a while, so nothing is held meanwhile.
            await call.write(_correct, call, call.number(), _text(call))
        elif what in VERBS:
            await call.write(VERBS[what], call, call.number())
        else:
            raise BadInput("nothing was chosen", place="what", cure="press one of the buttons")
    except Refused as error:
        return await _page(call, error)
    return call.to(f"/desk/mailings/{call.number()}/archive", "archived")


async def show_list_to(call: Call) -> Response:
    """Set who may read the mailings of a list that have no say of their own."""
    await call.write(_show_list, call, call.number(), call.form.one("archive"))
    return call.to("/desk/lists", "archived")


def _show(session: Session, call: Call, mailing_id: int) -> None:
    visibility = call.form.one("visibility")
    corrections.show_to(session, mailings.need(session, mailing_id), visibility)
    call.done(session, "archive set", f"mailing {mailing_id}", visibility=visibility)


def _text(call: Call) -> tuple[Statement, bytes, str] | None:
    """Return the right text, as a file or typed, with what it was read from; None if only the note is to be added."""
    typed = call.form.one("text")
    if call.form.file and typed.strip():
        raise BadInput("a text and a file came together", place="text", cure="take one of the two away")
    if call.form.file:
        return read.read_bytes(call.form.file, call.form.file_name), call.form.file, call.form.file_name
    return (read.read_bytes(typed.encode(), PASTED), typed.encode(), "") if typed.strip() else None


def _correct(session: Session, call: Call, mailing_id: int, text: tuple[Statement, bytes, str] | None) -> None:
    mailing, note = mailings.need(session, mailing_id), call.form.one("note")
    row = kept.revise(session, mailings.statement_of(session, mailing_id), *text) if text else None
    corrections.correct(session, mailing, note, row, actor=call.me.actor)
    call.done(session, "mailing corrected", f"mailing {mailing_id}", note=note, text=bool(row))


def _move(session: Session, call: Call, mailing_id: int) -> None:
    mailing = mailings.need(session, mailing_id)
    before = mailing.slug
    corrections.move(session, mailing, call.form.one("slug"))
    call.done(session, "archive page moved", f"mailing {mailing_id}", before=before, now=mailing.slug)


VERBS = {"show": _show, "move": _move}


def _show_list(session: Session, call: Call, list_id: int, visibility: str) -> None:
    mlist = lists.need(session, list_id)
    corrections.show_to(session, mlist, visibility)
    call.done(session, "archive set", f"list {mlist.name}", visibility=visibility)


def _look(session: Session, call: Call) -> dict[str, Any]:
    mailing = mailings.need(session, call.number())
    into = mailings.lists_of(session, mailing.id)
    places = [
        {
            "title": mlist.title,
            "visibility": archive.visibility(mailing, mlist),
            "address": call.house.links.view(mlist.name, mailing.slug),
        }
        for mlist in into
    ]
    said = corrections.every(session, [mailing.id]).get(mailing.id, [])
    return {"mailing": plain(mailing), "begun": mailing.started_at is not None, "places": places, "said_before": said}


async def _page(call: Call, error: MailerError | None = None) -> Response:
    values = await call.read(_look, call)
    return call.page(
        "desk/archive.html",
        status=422 if error else 200,
        here="home",
        error=error,
        typed={name: found[0] for name, found in call.form.fields.items()},
        visibilities=VISIBILITIES,
        **values,
    )
