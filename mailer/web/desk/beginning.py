"""Other ways to begin a mailing: from a page on the web, from an earlier mailing, from nothing."""

from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from mailer.compose.statement import Statement
from mailer.errors import BadInput, NotFound, Refused
from mailer.mailing import mailings, writing
from mailer.people.cleaning import one_line
from mailer.sources import fetch, kept, read
from mailer.web.desk.call import Call, digits
from mailer.web.desk.statements import LONGEST_LINE, new_page
from mailer.web.house import Session


async def fetch_page(call: Call) -> Response:
    """Fetch a page from the web and read it; the next page shows what was understood."""
    try:
        # Nothing of the store is held meanwhile: a slow site keeps nobody waiting but who asked for it.
        found = await run_in_threadpool(fetch.page, call.form.one("address"))
        statement = read.read_bytes(found.data, found.url)
    except BadInput as error:
        place = error.place if error.place == "address" else "the page"
        return await new_page(call, error=BadInput(error.problem, place=place, cure=error.cure))
    statement = replace(statement, source=statement.source or found.url)
    return call.to(f"/desk/statements/{await call.write(_keep, call, statement, found)}")


async def begin_empty(call: Call) -> Response:
    """Make a draft with nothing but a title, to be written here."""
    title = one_line(call.form.one("title"), LONGEST_LINE)
    try:
        if not title:
            raise BadInput("is empty", place="title", cure="a working title will do")
        number = await call.write(_empty, call, title, call.form.all("include"))
    except (BadInput, Refused, NotFound) as error:
        return await new_page(call, error=BadInput(error.problem, place=error.place, cure=error.cure))
    return call.to(f"/desk/mailings/{number}/write", "drafted")


async def begin_with_copy(call: Call) -> Response:
    """Make a draft of an earlier mailing: its lists, its text, its envelope."""
    asked = digits(call.form.one("mailing"))
    try:
        if not asked:
            raise BadInput("none is chosen", place="mailing", cure="choose one to copy")
        number = await call.write(_copy, call, asked)
    except (BadInput, Refused) as error:
        return await new_page(call, error=BadInput(error.problem, place=error.place, cure=error.cure))
    return call.to(f"/desk/mailings/{number}/write", "drafted")


def _keep(session: Session, call: Call, statement: Statement, found: fetch.Fetched) -> int:
    row = kept.keep(session, statement, found.data, found.url)
    call.done(session, "statement fetched", f"statement {row.id}", title=row.title, page=found.url)
    return row.id


def _empty(session: Session, call: Call, title: str, names: tuple[str, ...]) -> int:
    row = kept.keep(session, Statement(title=title, language=call.config.site.language))
    wanted = mailings.Draft(list_names=names, subject=title)
    draft = mailings.draft(session, call.config, row, wanted, actor=call.me.actor)
    call.done(session, "draft made", f"mailing {draft.id}", line=draft.subject, lists=list(names))
    return draft.id


def _copy(session: Session, call: Call, mailing_id: int) -> int:
    original = mailings.need(session, mailing_id)
    row, wanted = mailings.statement_of(session, mailing_id), mailings.like(session, original)
    draft = mailings.draft(session, call.config, row, wanted, actor=call.me.actor)
    writing.copy(session, draft, original)
    call.done(session, "draft made", f"mailing {draft.id}", line=draft.subject, copy_of=mailing_id)
    return draft.id
