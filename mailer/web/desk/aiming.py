"""Who a draft goes to: lists, languages and conditions, counted while one chooses; with real readers to look at."""

from dataclasses import replace
from typing import Any

from starlette.responses import Response

from mailer.errors import BadInput, MailerError, NotFound, Refused
from mailer.mailing import aiming, audience, following, mailings, segments
from mailer.mailing.aiming import Aim
from mailer.mailing.segments import ATTRIBUTE, Condition, Rules
from mailer.people import lists
from mailer.staff import may
from mailer.staff.roles import SEE_PEOPLE
from mailer.web.desk.call import Call, digits
from mailer.web.desk.phases import DRAFT, phase_of
from mailer.web.desk.plain import plain
from mailer.web.house import Session

RECENT = 50


async def show(call: Call) -> Response:
    """Show who a mailing goes to, and the form to change it while it is a draft."""
    aim = await call.read(aiming.of_mailing, call.number())
    return await _page(call, aim)


async def change(call: Call) -> Response:
    """Change the form (a condition more or fewer, kept conditions), or aim the draft as it says."""
    aim, wish = _typed(call), call.form.one("do")
    try:
        if wish == "save":
            await call.write(_aim, call, call.number(), aim)
            return call.to(f"/desk/mailings/{call.number()}/audience", "aimed")
        if wish == "keep":
            aim = await call.write(_keep, call, aim)
        elif wish == "forget":
            await call.write(_forget, call, call.form.one("kept"))
        else:
            aim = await call.read(_reshaped, aim, wish, call.form)
    except (Refused, NotFound) as error:
        return await _page(call, aim, error)
    return await _page(call, aim)


async def count(call: Call) -> Response:
    """Count for the form as it is typed now; nothing is kept."""
    aim = _typed(call)
    try:
        values = await call.read(_counted, call, call.number(), aim)
    except MailerError as error:
        return call.page("desk/audience_count.html", counted=None, error=error, asked=True)
    return call.page("desk/audience_count.html", error=None, asked=True, **values)


def _typed(call: Call) -> Aim:
    form = call.form
    rows = zip(form.all("what"), form.all("how"), form.all("value"), strict=False)
    tags = [tag for text in form.all("languages") for tag in text.replace(",", " ").split()]
    return Aim(
        include=list(form.all("include")),
        exclude=list(form.all("exclude")),
        languages=tuple(tags),
        rules=Rules(form.one("match") or "all", tuple(Condition(*row) for row in rows)),
    )


def _reshaped(session: Session, aim: Aim, wish: str, form: Any) -> Aim:
    rules, conditions = aim.rules, aim.rules.conditions
    if wish == "add" and len(conditions) < segments.MOST:
        one = Condition(form.one("more"), "")
        fresh = replace(one, how=next(iter(segments.HOWS[one.kind])))
        return replace(aim, rules=replace(rules, conditions=(*conditions, fresh)))
    if wish.startswith("remove-"):
        rest = tuple(each for number, each in enumerate(conditions) if str(number) != wish.removeprefix("remove-"))
        return replace(aim, rules=replace(rules, conditions=rest))
    if wish == "use":
        return replace(aim, rules=segments.of_kept(_kept(session, form.one("kept")).rules))
    return aim


def _kept(session: Session, number: str) -> Any:
    return segments.need(session, digits(number))


def _aim(session: Session, call: Call, mailing_id: int, aim: Aim) -> None:
    better = aiming.change(session, call.config, mailings.need(session, mailing_id), aim)
    call.done(
        session,
        "audience changed",
        f"mailing {mailing_id}",
        lists=list(better.include),
        without=list(better.exclude),
        languages=list(better.languages),
        rules=better.rules.kept(),
    )


def _keep(session: Session, call: Call, aim: Aim) -> Aim:
    rules = segments.checked(session, aim.rules, list(call.config.people.attributes))
    segment = segments.keep(session, call.form.one("segment"), rules, actor=call.me.actor)
    call.done(session, "segment kept", f"segment {segment.id}", name=segment.name, rules=segment.rules)
    return replace(aim, rules=rules)


def _forget(session: Session, call: Call, number: str) -> None:
    segment = _kept(session, number)
    call.done(session, "segment deleted", f"segment {segment.id}", name=segment.name, rules=segment.rules)
    segments.delete(session, segment)


def _counted(session: Session, call: Call, mailing_id: int, aim: Aim) -> dict[str, Any]:
    better = aiming.checked(session, call.config, mailing_id, aim)
    numbers = {mlist.name: mlist.id for mlist in lists.every(session)}
    whom = audience.Whom(
        include=tuple(numbers[name] for name in better.include),
        exclude=tuple(numbers[name] for name in better.exclude),
        languages=better.languages,
        rules=better.rules,
        zone=call.config.site.zone,
        after=following.of(session, mailing_id),
    )
    shown = audience.sample(session, whom) if may(call.me.role, SEE_PEOPLE) else []
    return {"counted": audience.count_of(session, whom), "sample": shown}


def _look(session: Session, call: Call, mailing_id: int, aim: Aim) -> dict[str, Any]:
    mailing = plain(mailings.need(session, mailing_id))
    used = {*aim.include, *aim.exclude}
    known = [
        {"name": mlist.name, "title": mlist.title, "readers": lists.counts(session, mlist.id)["active"]}
        for mlist in lists.every(session)
        if mlist.closed_at is None or mlist.name in used
    ]
    sent = [each for each in mailings.latest(session, RECENT) if each.started_at and each.id != mailing_id]
    attributes = call.config.people.attributes
    values: dict[str, Any] = {
        "mailing": mailing,
        "draft": phase_of(mailing.state) == DRAFT,
        "known": known,
        "kept": [plain(segment) for segment in segments.every(session)],
        "choices": {
            "list": [(str(mlist.id), mlist.title) for mlist in lists.every(session)],
            "mailing": [(str(each.id), f"{each.subject} (number {each.id})") for each in sent],
        },
        "things": {
            "name": "Name",
            "language": "Language",
            "joined": "Day we got to know them",
            **{ATTRIBUTE + name: label for name, label in attributes.items()},
            "list": "A list",
            **({"mailing": "A mailing"} if sent else {}),
        },
        "told": segments.words(session, aim.rules, attributes) if call.request.method == "GET" else [],
    }
    try:
        values |= _counted(session, call, mailing_id, aim)
    except MailerError:
        values |= {"counted": None, "sample": []}
    return values


async def _page(call: Call, aim: Aim, error: MailerError | None = None) -> Response:
    values = await call.read(_look, call, call.number(), aim)
    wrong = error if isinstance(error, BadInput) or error is None else BadInput(error.problem, cure=error.cure)
    return call.page(
        "desk/audience.html",
        status=422 if error else 200,
        here="home",
        aim=aim,
        hows=segments.HOWS,
        matches=segments.MATCHES,
        bare=segments.BARE,
        error=wrong,
        asked=False,
        **values,
    )
