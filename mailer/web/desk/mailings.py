"""One mailing on one page: preview, check, test, schedule, watch, account; and what may be done with it."""

from datetime import timedelta
from typing import Any

from starlette.responses import Response

from mailer import clock
from mailer.address import Address, parse
from mailer.compose.checks import BLOCK_BYTES, WARN_BYTES
from mailer.config import Config
from mailer.errors import BadInput, MailerError, NotFound
from mailer.mailing import audience, editions, following, looking, mailings, press
from mailer.mailing.mailings import Overtaken
from mailer.mailing.schedule import When
from mailer.web.desk import accounts, previews, reviewed, scheduling
from mailer.web.desk.call import Call, digits
from mailer.web.desk.call import revision as at_revision
from mailer.web.desk.phases import BADGES, DONE, DRAFT, WAITING, phase_of
from mailer.web.desk.plain import every, plain
from mailer.web.house import Session

LEVELS = ("block", "warn", "info")


async def show(call: Call) -> Response:
    """Show a mailing with everything that can be done with it now."""
    return await mailing_page(call)


async def edit(call: Call) -> Response:
    """Change a draft's subject and preheader, unless somebody else has saved the draft since the page was read."""
    try:
        await call.write(_edit, call, call.number(), call.form.one("subject"), call.form.one("preheader"))
    except Overtaken as error:
        return await mailing_page(call, error, 409)
    except BadInput as error:
        return await mailing_page(call, error)
    return call.to(f"/desk/mailings/{call.number()}", "edited")


async def choose_reader(call: Call) -> Response:
    """Show the mailing as a reader sees it, looked up by address, so that no address stands in that of a page."""
    try:
        number = await call.read(previews.number_of, call.form.one("reader"))
    except (BadInput, NotFound) as error:
        return await mailing_page(call, BadInput(error.problem, place="reader-address", cure=error.cure))
    return call.to(f"/desk/mailings/{call.number()}", reader=str(number), scheme=call.form.one("scheme"))


async def send_test(call: Call) -> Response:
    """Send the draft as it is now to oneself, or to an address that is typed."""
    try:
        found = parse(call.form.one("address"))
        await call.write(_send_test, call, call.number(), found)
    except BadInput as error:
        return await mailing_page(call, error)
    return call.to(f"/desk/mailings/{call.number()}", "tested", to=found.spelled)


async def undo(call: Call) -> Response:
    """Take a mailing that has not started back to draft."""
    await call.write(_move, call, call.number(), "undone")
    return call.to(f"/desk/mailings/{call.number()}", "undone")


async def pause(call: Call) -> Response:
    """Pause a mailing that is being sent."""
    await call.write(_move, call, call.number(), "paused")
    return call.to(f"/desk/mailings/{call.number()}", "paused")


async def resume(call: Call) -> Response:
    """Let a paused mailing go on."""
    await call.write(_move, call, call.number(), "resumed")
    return call.to(f"/desk/mailings/{call.number()}", "resumed")


async def show_stop(call: Call) -> Response:
    """Ask for the word before a mailing is stopped for good."""
    return await _stop_page(call)


async def stop(call: Call) -> Response:
    """Stop a mailing for good, if the word was typed."""
    if call.form.one("word").strip().strip("“”\"'").casefold() != "stop":
        return await _stop_page(call, "Type the word stop, so that nobody stops a mailing by a slip.")
    await call.write(_move, call, call.number(), "stopped")
    return call.to(f"/desk/mailings/{call.number()}", "stopped")


async def mailing_page(call: Call, error: MailerError | None = None, status: int = 422) -> Response:
    """Answer with the page of a mailing, and with one line about what could not be done."""
    who, scheme = previews.allowed_reader(call), call.asked("scheme") or call.form.one("scheme")
    values = await call.read(_look, call, call.number(), who)
    form = call.form.fields
    return call.page(
        "desk/mailing.html",
        status=status if error else 200,
        here="home",
        error=error,
        scheme=scheme if scheme in previews.VIEWS else "light",
        views=previews.VIEWS,
        made_up=previews.MADE_UP,
        late_words=scheduling.LATE_WORDS,
        late_hours=scheduling.hours(call.config.send.late_hours),
        typed={name: found[0] for name, found in form.items()},
        **values,
    )


def _look(session: Session, call: Call, mailing_id: int, who: str) -> dict[str, Any]:
    config, keys = call.config, call.house.keys
    mailing = plain(mailings.need(session, mailing_id))
    phase = phase_of(mailing.state)
    values: dict[str, Any] = {
        "mailing": mailing,
        "phase": phase,
        "badge": BADGES.get(mailing.state, ""),
        "lists": every(mailings.lists_of(session, mailing_id)),
        "excluded": every(mailings.lists_of(session, mailing_id, "exclude")),
        "made": mailing.made_at,
        "proof": None,
        "review": None,
        "fault": None,
        "seen": None,
        "beside": (None, None),
        "watch": None,
        "sentence": "",
        "follows": following.of(session, mailing_id),
        "again": following.drafts_after(session, mailing_id) if phase == DONE else [],
        "tested": mailing.tested_revision == mailing.revision,
    }
    try:
        if phase == DRAFT:
            proof = press.proofread(session, config, keys, mailing_id)
            edition = next(item.edition for item in proof.compiled if item.format == "html")
            values["proof"] = _proof(proof)
            values["review"] = reviewed.look(session, call, proof)
        else:
            edition = previews.edition_of(session, config, keys, mailing_id)
        values["seen"] = seen = previews.fill(session, config, keys, mailing_id, who, edition)
        values["meter"] = meter(seen.html_bytes)
        values["beside"] = looking.neighbours(session, mailing_id, digits(who))
    except BadInput as error:
        values["fault"] = error
    if phase == WAITING:
        values["sentence"] = sentence(session, config, mailing_id)
    if phase != DRAFT:
        values["watch"] = accounts.watch(session, mailing_id, config)
    return values


def _proof(proof: press.Proofread) -> dict[str, Any]:
    findings = sorted(proof.findings, key=lambda each: LEVELS.index(each.level))
    numbers = {level: sum(each.level == level for each in findings) for level in LEVELS}
    return {
        "findings": findings,
        "numbers": numbers,
        "count": proof.count,
        "words": press.audience_words(proof),
        "blocked": numbers["block"] > 0,
    }


def meter(size: int) -> dict[str, Any]:
    """Return how heavy a letter is, as a share of where the largest provider cuts it off."""
    kind = "bad" if size > BLOCK_BYTES else "warn" if size > WARN_BYTES else "good"
    said = {
        "good": "fine: below 80 KB nothing is cut",
        "warn": "heavy: near 102 KB one large provider cuts letters off",
        "bad": "too heavy: one large provider will cut it off, and the way to unsubscribe with it",
    }
    share = min(100.0, size * 100 / 102_400)
    return {"size": size, "kilobytes": f"{size / 1000:,.1f}", "share": f"{share:.2f}", "kind": kind, "said": said[kind]}


def sentence(session: Session, config: Config, mailing_id: int) -> str:
    """Return what will happen to a mailing that waits for its moment, with the numbers of now."""
    mailing = mailings.need(session, mailing_id)
    included = mailings.lists_of(session, mailing_id)
    kept = [editions.program_of(session, mailing_id, mlist.id) for mlist in included]
    requires = sorted({name for row in kept if row is not None for name in row.requires})
    proof = press.Proofread(
        mailing_id=mailing_id,
        revision=mailing.revision,
        subject=mailing.subject,
        list_titles=tuple(mlist.title for mlist in included),
        compiled=(),
        findings=(),
        count=audience.count(session, mailing_id, requires),
    )
    due = mailing.due_at or clock.now()
    zone = mailing.zone if mailing.state == "scheduled" else config.site.zone
    return press.sentence(config, proof, When(due.replace(microsecond=0), mailing.due_local, zone), timedelta())


def _edit(session: Session, call: Call, mailing_id: int, subject: str, preheader: str) -> None:
    if not subject.strip():
        raise BadInput("is empty", place="subject", cure="write one line that says what it is about")
    mailing = mailings.need(session, mailing_id)
    try:
        mailings.edit(
            session,
            mailing,
            subject=subject,
            preheader=preheader,
            seen=at_revision(call.form.one("revision")),
        )
    except Overtaken as error:
        problem = f"{error.problem}; its subject is “{mailing.subject}” now"
        cure = "what you typed is still in the form: save it once more if it is to hold"
        raise Overtaken(problem, cure=cure) from None
    call.done(session, "draft edited", f"mailing {mailing_id}", line=mailing.subject, revision=mailing.revision)


def _send_test(session: Session, call: Call, mailing_id: int, found: Address) -> None:
    press.send_test(session, call.house.keys, mailing_id, found)
    call.done(session, "test sent", f"mailing {mailing_id}", to=found.spelled)


def _move(session: Session, call: Call, mailing_id: int, done: str) -> None:
    mailing = mailings.need(session, mailing_id)
    if done == "undone":
        mailings.undo(session, mailing)
    elif done == "paused":
        mailings.pause(session, mailing, f"paused by {call.me.name}")
    elif done == "resumed":
        mailings.resume(session, mailing)
    else:
        mailings.stop(session, mailing, f"stopped by {call.me.name}")
    call.done(session, f"mailing {done}", f"mailing {mailing_id}")


async def _stop_page(call: Call, problem: str = "") -> Response:
    values = await call.read(_look_before_stop, call.number())
    return call.page("desk/stop.html", status=422 if problem else 200, here="home", problem=problem, **values)


def _look_before_stop(session: Session, mailing_id: int) -> dict[str, Any]:
    mailing = plain(mailings.need(session, mailing_id))
    return {"mailing": mailing, "figures": accounts.figures_of(session, mailing_id)}
