"""From a text to a draft: handed in, understood, corrected, given lists and a subject."""

import datetime
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from mailer.compose.statement import Statement
from mailer.errors import BadInput, MailerError
from mailer.mailing import mailings
from mailer.people import lists
from mailer.people.cleaning import language as language_tag
from mailer.people.cleaning import lines, one_line
from mailer.sources import kept, read
from mailer.web.desk.call import Call
from mailer.web.desk.plain import every, plain
from mailer.web.house import Session

PASTED = "The pasted text"
# What was pasted with its looks has become Markdown on its way in.
MARKED = "The pasted text.md"
LONGEST_LINE = 300


@dataclass(frozen=True)
class Wanted:
    """What the form on the second page says: the corrected facts, and where the mailing goes."""

    title: str
    deck: str
    date: str
    language: str
    note: str
    subject: str
    preheader: str
    include: tuple[str, ...]
    exclude: tuple[str, ...]


async def show_new(call: Call) -> Response:
    """Show the form for a text or a file."""
    return await new_page(call)


async def hand_in(call: Call) -> Response:
    """Read what was handed in; the statement is kept, and the next page shows what was understood."""
    text, name = call.form.one("text"), call.form.file_name or (MARKED if call.form.one("marked") == "1" else PASTED)
    data = call.form.file or text.encode()
    try:
        if call.form.file and text.strip():
            raise BadInput("a text and a file came together", cure="take one of the two away")
        if not data.strip():
            raise BadInput("nothing was handed in", cure="paste a text, or choose a file")
        statement = read.read_bytes(data, name)
    except BadInput as error:
        return await new_page(call, text, error)
    return call.to(f"/desk/statements/{await call.write(_keep, call, statement, data, name)}")


async def show(call: Call) -> Response:
    """Show what was understood of a statement, and what is needed to make a draft of it."""
    values = await call.read(_look, call.number())
    statement, known = values["statement"], values["lists"]
    only = tuple(each["name"] for each in known) if len(known) == 1 else ()
    dated = statement.dated.isoformat() if statement.dated else ""
    wanted = Wanted(
        *(statement.title, statement.deck, dated, statement.language, statement.note),
        *("", "", only, ()),
    )
    return _page(call, values, wanted)


async def make_draft(call: Call) -> Response:
    """Make a draft of the corrected statement; what cannot be used is said, and every word is kept."""
    form = call.form
    wanted = Wanted(
        *(form.one("title"), form.one("deck"), form.one("date"), form.one("language"), form.one("note")),
        *(form.one("subject"), form.one("preheader"), form.all("include"), form.all("exclude")),
    )
    try:
        mailing_id = await call.write(_draft, call, call.number(), wanted)
    except BadInput as error:
        return _page(call, await call.read(_look, call.number()), wanted, error)
    return call.to(f"/desk/mailings/{mailing_id}", "drafted")


def facts(title_text: str, language_text: str, date_text: str) -> tuple[str, str, datetime.date | None]:
    """Return title, language and day as they were typed into a form, tidied; BadInput names the field."""
    title = one_line(title_text, LONGEST_LINE)
    if not title:
        raise BadInput("is empty", place="title", cure="every statement has one")
    language = language_tag(language_text)
    if not language:
        raise BadInput(f"{one_line(language_text, 40)!r} is not a language", place="language", cure="write en, de …")
    try:
        date = datetime.date.fromisoformat(date_text.strip()) if date_text.strip() else None
    except ValueError:
        raise BadInput(
            f"{one_line(date_text, 40)!r} is not a day", place="date", cure="write it like 2026-03-02"
        ) from None
    return title, language, date


def corrected(statement: Statement, wanted: Wanted) -> Statement:
    """Return the statement with what the editor made of its facts; BadInput names the field."""
    title, language, date = facts(wanted.title, wanted.language, wanted.date)
    deck, note = one_line(wanted.deck, LONGEST_LINE), lines(wanted.note)
    return replace(statement, title=title, deck=deck, date=date, language=language, note=note)


def _keep(session: Session, call: Call, statement: Statement, data: bytes, name: str) -> int:
    row = kept.keep(session, statement, data, "" if name in (PASTED, MARKED) else name)
    call.done(session, "statement handed in", f"statement {row.id}", title=row.title)
    return row.id


def _look(session: Session, statement_id: int) -> dict[str, Any]:
    known = [
        {"name": mlist.name, "title": mlist.title, "readers": lists.counts(session, mlist.id)["active"]}
        for mlist in lists.every(session)
        if mlist.closed_at is None
    ]
    return {"statement": plain(kept.need(session, statement_id)), "lists": known}


def _draft(session: Session, call: Call, statement_id: int, wanted: Wanted) -> int:
    row = kept.need(session, statement_id)
    better = corrected(kept.statement(row), wanted)
    if better != kept.statement(row):
        row = kept.keep(session, better, row.original, row.original_name)
    draft = mailings.Draft(
        list_names=wanted.include,
        exclude=wanted.exclude,
        subject=wanted.subject.strip(),
        preheader=wanted.preheader.strip(),
    )
    mailing = mailings.draft(session, call.config, row, draft, actor=call.me.actor)
    call.done(session, "draft made", f"mailing {mailing.id}", line=mailing.subject, lists=list(wanted.include))
    return mailing.id


async def new_page(call: Call, text: str = "", error: MailerError | None = None) -> Response:
    """Answer with every way to begin, with one line about what could not be done and all that was typed."""
    largest = min(call.config.web.max_upload_mb, read.LARGEST // 2**20)
    values = await call.read(_beginnings)
    typed = {name: found[0] for name, found in call.form.fields.items()}
    status = 422 if error else 200
    return call.page(
        "desk/statement_new.html", status=status, here="home", text=text, error=error, largest=largest,
        typed=typed, chosen=call.form.all("include"), **values,
    )  # fmt: skip


def _beginnings(session: Session) -> dict[str, Any]:
    known = [mlist for mlist in lists.every(session) if mlist.closed_at is None]
    return {"lists": every(known), "earlier": every(mailings.latest(session, 100))}


def _page(call: Call, values: dict[str, Any], wanted: Wanted, error: MailerError | None = None) -> Response:
    status = 422 if error else 200
    return call.page("desk/statement.html", status=status, here="home", wanted=wanted, error=error, **values)
