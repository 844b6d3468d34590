"""`mailer mailing`: a statement on its way to lists, from draft to account."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from mailer.cli.door import ACTOR, HIGHEST, AsJson, MailingId, answer, remark, room, table

LONGEST_HOLD = 30 * 86400
MOVED = {"undo": "undone", "pause": "paused", "resume": "resumed", "stop": "stopped"}
app = room("Mailings: statements on their way to lists.")


@app.command("new")
def new(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The statement: Markdown, HTML or plain text.")],
    lists: Annotated[list[str], typer.Option("--list", metavar="NAME", help="A list it goes to; may be repeated.")],
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", metavar="NAME", help="A list whose people do not get it.")
    ] = None,
    template: Annotated[str, typer.Option("--template", metavar="NAME", help="How it looks.")] = "statement",
    subject: Annotated[str, typer.Option("--subject", help="Subject; the title if empty.")] = "",
    preheader: Annotated[str, typer.Option("--preheader", help="Line beside the subject; the deck if empty.")] = "",
    late: Annotated[str, typer.Option("--late", help="What to do if nothing ran in time: send, skip or ask.")] = "ask",
    as_json: AsJson = False,
) -> None:
    """Make a draft and print its number."""
    from mailer.cli.opened import done, opened
    from mailer.mailing import mailings
    from mailer.sources import kept
    from mailer.sources.read import read_file

    statement, original = read_file(file), file.read_bytes()
    wanted = mailings.Draft(
        list_names=lists,
        exclude=exclude or (),
        subject=subject,
        preheader=preheader,
        template=template,
        late=late,
    )
    with opened(context) as app, app.store.write() as session:
        row = kept.keep(session, statement, original, file.name)
        made = mailings.draft(session, app.config, row, wanted, actor=ACTOR)
        done(session, "draft made", f"mailing {made.id}", line=made.subject, lists=lists)
        facts = _facts(made)
    answer(facts, str(facts["id"]), as_json=as_json)


@app.command("show")
def show(
    context: typer.Context,
    mailing_id: Annotated[
        int | None,
        typer.Argument(metavar="ID", min=1, max=HIGHEST, help="Number of a mailing; all if left out."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the last 50 mailings, or one with where it stands."""
    from mailer.cli.opened import opened
    from mailer.mailing import mailings

    with opened(context) as app, app.store.read() as session:
        if mailing_id is None:
            facts = [_facts(mailing) for mailing in mailings.latest(session)]
            rows = [[each["id"], each["state"], each["due_at"] or "", each["subject"]] for each in facts]
            text = table(("id", "state", "due", "subject"), rows) if rows else "there is no mailing yet"
            answer(facts, text, as_json=as_json)
            return
        one = _facts(mailings.need(session, mailing_id))
        one["lists"] = [mlist.name for mlist in mailings.lists_of(session, mailing_id)]
        one["excluded"] = [mlist.name for mlist in mailings.lists_of(session, mailing_id, "exclude")]
    text = "\n".join(f"{key:<10} {', '.join(v) if isinstance(v, list) else v}" for key, v in one.items() if v)
    answer(one, text, as_json=as_json)


@app.command("preview")
def preview(
    context: typer.Context,
    mailing_id: MailingId,
    reader: Annotated[str, typer.Option("--as", metavar="ADDR", help="As this reader sees it.")] = "",
    plain: Annotated[
        bool, typer.Option("--text", metavar="", help="The plain-text part instead of the HTML part.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it into a file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what would be in the mail; its links belong to nobody."""
    from dataclasses import asdict

    from mailer.cli.opened import opened
    from mailer.mailing import press

    with opened(context) as app, app.store.read() as session:
        shown = press.preview(session, app.config, app.keys, mailing_id, reader)
    part = shown.text if plain else shown.html
    if out:
        out.write_text(part, encoding="utf-8")
        part = f"written to {out}"
    answer({**asdict(shown), "reads": list(shown.reads)}, part, as_json=as_json)


@app.command("test")
def send_test(
    context: typer.Context,
    mailing_id: MailingId,
    to: Annotated[str, typer.Option("--to", metavar="ADDR", help="Who gets the test.")],
    as_json: AsJson = False,
) -> None:
    """Send the mailing to one address, marked as a test."""
    from mailer.address import parse
    from mailer.cli.opened import done, opened
    from mailer.mailing import press

    found = parse(to, place="to")
    with opened(context) as app, app.store.write() as session:
        press.send_test(session, app.keys, mailing_id, found)
        done(session, "test sent", f"mailing {mailing_id}", to=found.spelled)
    answer({"to": found.spelled}, f"a test to {found.spelled} is on its way to the senders", as_json=as_json)


@app.command("check")
def check(context: typer.Context, mailing_id: MailingId, as_json: AsJson = False) -> None:
    """Say what speaks against sending, and who would get it; exit 1 if something blocks."""
    from dataclasses import asdict

    from mailer.cli.opened import opened
    from mailer.mailing import press

    with opened(context) as app, app.store.read() as session:
        proof = press.proofread(session, app.config, app.keys, mailing_id)
    told = [f"{each.level:<5} {each.code}: {_said(each)}" for each in proof.findings]
    facts = {
        "blocked": bool(proof.blocks),
        "findings": [asdict(each) for each in proof.findings],
        "audience": asdict(proof.count),
    }
    answer(facts, "\n".join([*told, f"It goes to {press.audience_words(proof)}"]), as_json=as_json)
    raise typer.Exit(1 if proof.blocks else 0)


@app.command("schedule")
def schedule(
    context: typer.Context,
    mailing_id: MailingId,
    now: Annotated[bool, typer.Option("--now", metavar="", help="Send it when the hold is over.")] = False,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help='"2027-03-01 09:00 Europe/Berlin".')] = "",
    hold: Annotated[
        float | None,
        typer.Option("--hold", metavar="SECONDS", min=0, max=LONGEST_HOLD, help="How long --now can be undone."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a draft, freeze its text and set its moment; what blocks is named and nothing is scheduled."""
    from mailer.cli.opened import done, opened
    from mailer.mailing import mailings, press
    from mailer.mailing.schedule import parse

    if now == bool(at):
        raise typer.BadParameter("say either --now or --at TIME")
    if at and hold is not None:
        raise typer.BadParameter("--hold goes with --now")
    with opened(context) as app:
        when = parse(at, app.config.site.zone) if at else None
        wait = timedelta(seconds=app.config.send.hold_seconds if hold is None else hold)
        with app.store.read() as session:
            proof = press.proofread(session, app.config, app.keys, mailing_id)
        with app.store.write() as session:
            press.schedule(session, proof, when, wait)
            sentence = press.sentence(app.config, proof, when, wait)
            done(session, "mailing scheduled", f"mailing {mailing_id}", sentence=sentence)
            facts = _facts(mailings.need(session, mailing_id))
    for each in proof.findings:
        remark(f"{each.level}: {_said(each)}")
    answer({**facts, "readers": proof.count.written, "sentence": sentence}, sentence, as_json=as_json)


@app.command("undo")
def undo(context: typer.Context, mailing_id: MailingId, as_json: AsJson = False) -> None:
    """Take a mailing that has not started back to draft."""
    _move(context, mailing_id, "undo", as_json=as_json)


@app.command("pause")
def pause(
    context: typer.Context,
    mailing_id: MailingId,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Shown to everybody who asks.")] = "by the operator",
    as_json: AsJson = False,
) -> None:
    """Hold a mailing that is being sent."""
    _move(context, mailing_id, "pause", why, as_json=as_json)


@app.command("resume")
def resume(context: typer.Context, mailing_id: MailingId, as_json: AsJson = False) -> None:
    """Let a paused mailing go on."""
    _move(context, mailing_id, "resume", as_json=as_json)


@app.command("stop")
def stop(
    context: typer.Context,
    mailing_id: MailingId,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Shown to everybody who asks.")] = "by the operator",
    as_json: AsJson = False,
) -> None:
    """End a mailing for good; who has not got it is left out."""
    _move(context, mailing_id, "stop", why, as_json=as_json)


@app.command("account")
def account(
    context: typer.Context,
    mailing_id: MailingId,
    state: Annotated[
        str,
        typer.Option(
            "--list",
            metavar="STATE",
            help="Name the people behind a figure; `twice` names who possibly got it twice.",
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say what became of everybody: the sums always balance."""
    from dataclasses import asdict

    from mailer.cli.opened import opened
    from mailer.outcomes import account, reasons

    with opened(context) as app, app.store.read() as session:
        figures = account.account(session, mailing_id)
        people = [asdict(each) for each in _everybody(session, mailing_id, state)] if state else []
        whys = account.reasons(session, mailing_id)
        twice = account.possibly_twice(session, mailing_id)
        came = reasons.afterwards(session, mailing_id)
    facts = {**figures.as_json(), **came, **({"people": people} if state else {})}
    if people or state:
        rows = [(each["address"], each["state"], _fate(each), each["reply"]) for each in people]
        answer(facts, table(("address", "state", "why", "reply"), rows), as_json=as_json)
        return
    text = "\n".join(f"{number:>9,}  {name.replace('_', ' ')}" for name, number in asdict(figures).items())
    for name, found in whys.items():
        text += "".join(f"\n{number:>9,}  {name.replace('_', ' ')}: {why}" for why, number in found.items())
    text += (f"\n{twice:>9,}  possibly twice" if twice else "") + _told(**came)
    answer(facts, f"{text}\n{'It balances.' if figures.balanced else 'IT DOES NOT BALANCE.'}", as_json=as_json)


def _told(came_back: dict[str, int], left_like_machines: int, why_left: dict[str, int]) -> str:
    told = {f"came back: {kind}": number for kind, number in came_back.items()}
    told |= {"left as machines do": left_like_machines} if left_like_machines else {}
    told |= {f"left and said: {why}": number for why, number in why_left.items()}
    return "".join(f"\n{number:>9,}  {words}" for words, number in told.items())


def _fate(person: dict[str, Any]) -> str:
    """Say why, and mark who possibly got it twice."""
    parts = [person["why"]] if person["why"] else []
    return "; ".join([*parts, "possibly twice"] if person["again"] else parts)


def _move(context: typer.Context, mailing_id: int, verb: str, *reason: str, as_json: bool) -> None:
    from mailer.cli.opened import done, opened
    from mailer.mailing import mailings

    with opened(context) as app, app.store.write() as session:
        mailing = mailings.need(session, mailing_id)
        getattr(mailings, verb)(session, mailing, *reason)
        done(session, f"mailing {MOVED[verb]}", f"mailing {mailing_id}")
        facts = _facts(mailing)
    answer(facts, f"mailing {mailing_id} is {facts['state']}", as_json=as_json)


def _everybody(session: Any, mailing_id: int, state: str) -> Any:
    from mailer.outcomes import account

    after = 0
    while found := account.people(session, mailing_id, state, after, 1000):
        yield from found
        after = found[-1].delivery_id


def _said(finding: Any) -> str:
    return f"{finding.why.rstrip('.')}; {finding.cure[:1].lower()}{finding.cure[1:].rstrip('.')} ({finding.place})"


def _facts(mailing: Any) -> dict[str, Any]:
    facts = {
        name: getattr(mailing, name)
        for name in ("id", "slug", "state", "why", "subject", "preheader", "template", "language", "late", "zone")
    }
    moments = ("made_at", "due_at", "started_at", "frozen_at", "finished_at")
    for name in moments:
        moment = getattr(mailing, name)
        facts[name] = moment.isoformat(timespec="seconds") if moment else None
    return facts
