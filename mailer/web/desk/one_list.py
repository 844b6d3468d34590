"""One list: what it is made of, changed and closed; and everybody on it as a file."""

from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import Response, StreamingResponse

from mailer.errors import BadInput, MailerError, Refused
from mailer.people import lists, roster_export
from mailer.people.roster_file import csv_line
from mailer.store.tables import MailingList
from mailer.web.desk.archiving import VISIBILITIES
from mailer.web.desk.call import HEADERS, Call
from mailer.web.desk.lists import FIELDS
from mailer.web.desk.plain import plain
from mailer.web.house import Session


async def show(call: Call) -> Response:
    """Show what a list is made of."""
    return await _page(call, None)


async def change(call: Call) -> Response:
    """Change a list, close it, or open it again."""
    given: dict[str, Any] = {name: call.form.one(name) for name in FIELDS}
    given["open_signup"] = bool(call.form.one("open_signup"))
    try:
        await call.write(_change, call, call.number(), call.form.one("do"), given)
    except Refused as error:
        return await _page(call, given, error)
    return call.to(f"/desk/lists/{call.number()}", "relisted")


async def as_csv(call: Call) -> Response:
    """Answer with everybody who has or had the list, one line each; no cell can become a formula."""
    mlist = await call.read(_plain, call.number())
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{mlist.name}.csv"'}
    return StreamingResponse(_lines(call, mlist.id), headers=headers, media_type="text/csv; charset=utf-8")


async def _lines(call: Call, list_id: int) -> AsyncIterator[str]:
    yield csv_line(roster_export.columns(call.config))
    after = -1
    while after:
        text, after = await call.read(roster_export.piece, call.config, list_id, max(after, 0))
        yield text


def _plain(session: Session, list_id: int) -> Any:
    return plain(lists.need(session, list_id))


def _change(session: Session, call: Call, list_id: int, wish: str, given: dict[str, Any]) -> None:
    mlist = lists.need(session, list_id)
    if wish == "close":
        lists.close(session, mlist)
        call.done(session, "list closed", f"list {mlist.name}")
    elif wish == "reopen":
        lists.reopen(session, mlist)
        call.done(session, "list opened", f"list {mlist.name}")
    elif wish == "save":
        _save(session, call, mlist, given)
    else:
        raise BadInput("nothing was chosen", place="do", cure="press one of the buttons")


def _save(session: Session, call: Call, mlist: MailingList, given: dict[str, Any]) -> None:
    before = {name: getattr(mlist, name) for name in given}
    filled = {
        **given,
        "from_name": given["from_name"].strip() or given["title"],
        "bounce_address": given["bounce_address"].strip() or given["from_address"],
        "open_signup": given["open_signup"] and mlist.closed_at is None,
    }
    lists.change(session, mlist, **filled)
    changed = {name: getattr(mlist, name) for name in given if getattr(mlist, name) != before[name]}
    call.done(session, "list changed", f"list {mlist.name}", **changed)


def _look(session: Session, list_id: int) -> dict[str, Any]:
    return {"mlist": plain(lists.need(session, list_id)), "counts": lists.counts(session, list_id)}


async def _page(call: Call, given: dict[str, Any] | None, error: MailerError | None = None) -> Response:
    found = await call.read(_look, call.number())
    typed = vars(found["mlist"]) if given is None else given
    status = 422 if error else 200
    values = {"typed": typed, "error": error, "visibilities": VISIBILITIES, **found}
    return call.page("desk/list.html", status=status, here="lists", **values)
