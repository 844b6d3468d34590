"""Writing on a draft: its text, its envelope, what it was before; two at once never overwrite each other."""

from dataclasses import replace
from html import escape
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from mailer.compose import catalogue, difference
from mailer.compose.edition import compile_edition
from mailer.config import Config, template_folders
from mailer.errors import BadInput, MailerError, Refused
from mailer.mailing import corrections, editions, mailings, writing
from mailer.mailing.links import Links
from mailer.mailing.mailings import Overtaken
from mailer.mailing.writing import Words
from mailer.people.cleaning import lines, one_line
from mailer.sources import as_markdown
from mailer.tokens import Keys
from mailer.web.desk import previews
from mailer.web.desk.call import HEADERS, Call
from mailer.web.desk.call import revision as at_revision
from mailer.web.desk.plain import every, plain
from mailer.web.desk.statements import LONGEST_LINE, facts
from mailer.web.house import Session

LONGEST_TEXT = 1024 * 1024
LABELS = {
    "subject": "Subject", "preheader": "Preheader", "title": "Title", "deck": "Deck", "date": "Date",
    "language": "Language", "slug": "Address", "body": "Text",
}  # fmt: skip
SHORTCUTS = (
    ("Ctrl+S", "Save"),
    ("Ctrl+B", "Bold"),
    ("Ctrl+I", "Italic"),
    ("Ctrl+K", "Link"),
    ("Ctrl+E", "Code"),
    ("Ctrl+Shift+.", "Quote"),
    ("Ctrl+Shift+8", "List"),
    ("Ctrl+Shift+7", "Numbered list"),
    ("Ctrl+Enter", "Show the letter anew"),
)


async def show(call: Call) -> Response:
    """Show a draft as its writer sees it."""
    return await _page(call, await call.read(_look, call.number()))


async def save(call: Call) -> Response:
    """Save what was written; if somebody else saved meanwhile, show both and overwrite nothing."""
    by_itself = call.form.one("auto") == "1"
    try:
        words = wanted(call)
        revision = await call.write(_save, call, words, _seen(call), by_itself)
    except Overtaken as error:
        return _short(error, 409) if by_itself else await _both(call, words)
    except Refused as error:
        status = 422 if isinstance(error, BadInput) else 409
        return _short(error, status) if by_itself else await _page(call, await call.read(_look, call.number()), error)
    if by_itself:
        return JSONResponse({"revision": revision}, headers=HEADERS)
    return call.to(f"/desk/mailings/{call.number()}/write", "saved")


async def render(call: Call) -> Response:
    """Answer with the letter as it would be, of what is typed and not saved."""
    try:
        html = await call.read(_render, call.config, call.house.keys, call.number(), wanted(call))
    except BadInput as error:
        html = f"<!doctype html><html lang=en><title>Letter</title><body><p>{escape(str(error))}.</p></body></html>"
    return HTMLResponse(previews.lit(html, "light"), headers=previews.HEADERS)


async def paste(call: Call) -> Response:
    """Answer with Markdown of what came off a clipboard as HTML; nothing active, no styles, nothing is kept."""
    html = call.form.one("html")
    if len(html) > LONGEST_TEXT:
        raise BadInput("is longer than a text can be", place="what was pasted", cure="paste it in parts")
    return PlainTextResponse(await run_in_threadpool(as_markdown.from_html, html), headers=HEADERS)


async def show_versions(call: Call) -> Response:
    """Show what a draft was before, and what changed between two versions."""
    values = await call.read(
        _look_back,
        call.number(),
        at_revision(call.asked("from")),
        at_revision(call.asked("to")),
    )
    return call.page("desk/draft_versions.html", here="home", **values)


async def restore(call: Call) -> Response:
    """Make an earlier version the newest; what stands there now stays a version too."""
    await call.write(_restore, call, call.number(), at_revision(call.form.one("version")), _seen(call))
    return call.to(f"/desk/mailings/{call.number()}/write", "restored")


def wanted(call: Call) -> Words:
    """Return what the form says; BadInput names the field that cannot be used."""
    form = call.form
    if len(form.one("body")) > LONGEST_TEXT:
        raise BadInput("is longer than a megabyte", place="body", cure="shorten it, or link to the rest")
    title, language, date = facts(form.one("title"), form.one("language"), form.one("date"))
    return Words(
        subject=one_line(form.one("subject"), LONGEST_LINE) or title,
        preheader=one_line(form.one("preheader"), LONGEST_LINE),
        title=title,
        deck=one_line(form.one("deck"), LONGEST_LINE),
        date=date,
        language=language,
        note=lines(form.one("note")),
        body=form.one("body").strip() + "\n",
    )


def _save(session: Session, call: Call, words: Words, seen: int, by_itself: bool) -> int:
    mailing = mailings.need(session, call.number())
    before, moved = mailing.revision, mailing.slug
    revision = writing.save(session, mailing, words, seen, actor=call.me.actor, by_itself=by_itself)
    slug = call.form.one("slug").strip()
    if slug and not by_itself:
        corrections.move(session, mailing, slug)
    if revision != before or mailing.slug != moved:
        call.done(session, "draft written", f"mailing {mailing.id}", line=words.subject, revision=revision)
    return revision


def _restore(session: Session, call: Call, mailing_id: int, revision: int, seen: int) -> None:
    mailing = mailings.need(session, mailing_id)
    before = writing.version(session, mailing_id, revision)
    made = writing.save(session, mailing, before.words, seen, actor=call.me.actor)
    call.done(session, "version restored", f"mailing {mailing_id}", version=revision, revision=made)


def _look(session: Session, mailing_id: int) -> dict[str, Any]:
    mailing = mailings.need(session, mailing_id)
    words = writing.words_of(session, mailing)
    versions = writing.versions(session, mailing_id, 1)
    return {
        "mailing": plain(mailing),
        "lists": every(mailings.lists_of(session, mailing_id)),
        "statement": plain(mailings.statement_of(session, mailing_id)),
        "words": words,
        "editable": mailing.state in mailings.EDITABLE,
        "last": versions[0] if versions else None,
    }


def _look_back(session: Session, mailing_id: int, older: int, newer: int) -> dict[str, Any]:
    values = _look(session, mailing_id)
    found = writing.versions(session, mailing_id)
    values |= {"versions": found, "older": None, "newer": None, "changes": ()}
    if older or newer:
        one, other = writing.version(session, mailing_id, older), writing.version(session, mailing_id, newer)
        values |= {"older": one, "newer": other, "changes": changes(one.words, other.words)}
    return values


def changes(before: Words, after: Words) -> list[difference.Line | None]:
    """Return where two versions differ: their fields first, then their text."""
    return difference.shortened(difference.lines(as_text(before), as_text(after)))


def as_text(words: Words) -> str:
    """Return everything a writer decides as one text."""
    head = {
        "Subject": words.subject, "Preheader": words.preheader, "Title": words.title, "Deck": words.deck,
        "Date": words.date.isoformat() if words.date else "", "Language": words.language, "Note": words.note,
    }  # fmt: skip
    return "\n".join(f"{name}: {value}" for name, value in head.items() if value) + f"\n\n{words.body}"


def _render(session: Session, config: Config, keys: Keys, mailing_id: int, words: Words) -> str:
    mailing = mailings.need(session, mailing_id)
    now = editions.facts_of(session, config, keys, mailing, "")
    better = writing.statement_with(now.statements[0], words)
    envelope = replace(
        now.mailing,
        subject=words.subject,
        preheader=words.preheader,
        language=words.language,
        direction=catalogue.direction(words.language),
    )
    edition = compile_edition(replace(now, statements=(better,), mailing=envelope), template_folders(config))
    _, values = previews.values_of(session, config, mailing_id, "named")
    nobody = Links(config.site.base_url, keys).nobody()
    return edition.html_for(values, {"unsubscribe": nobody, "manage": nobody})


async def _both(call: Call, mine: Words) -> Response:
    """Show what was typed beside what somebody else saved; saving once more is a decision then."""
    values = await call.read(_look, call.number())
    theirs = values.pop("words")
    return call.page(
        "desk/draft_overtaken.html",
        status=409,
        here="home",
        mine=mine,
        theirs=theirs,
        changes=changes(theirs, mine),
        typed=_typed(call),
        **values,
    )


async def _page(call: Call, values: dict[str, Any], error: MailerError | None = None) -> Response:
    status = (422 if isinstance(error, BadInput) else 409) if error else 200
    typed = _typed(call)
    return call.page(
        "desk/draft_write.html",
        status=status,
        here="home",
        error=error,
        typed=typed,
        labels=LABELS,
        shortcuts=SHORTCUTS,
        seen=typed.get("revision") or str(values["mailing"].revision),
        **values,
    )


def _typed(call: Call) -> dict[str, str]:
    return {name: found[0] for name, found in call.form.fields.items()}


def _seen(call: Call) -> int:
    return at_revision(call.form.one("revision"))


def _short(error: MailerError, status: int) -> Response:
    return JSONResponse({"error": f"{error}"}, status, headers=HEADERS)
