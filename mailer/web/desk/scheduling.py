"""The last page before a mailing is scheduled: one sentence that says what will happen, and one button."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from starlette.responses import Response

from mailer import clock
from mailer.errors import BadInput, MailerError, Refused
from mailer.mailing import mailings, press, schedule
from mailer.mailing.schedule import When
from mailer.web.desk.call import Call
from mailer.web.desk.plain import plain
from mailer.web.house import Session

# Above this many the number is typed.
TYPED_OVER = 10_000
NOW, AT = "now", "at"
REGIONS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
ZONES = ("UTC", *sorted(name for name in available_timezones() if name.startswith(REGIONS)))


@dataclass(frozen=True)
class Asked:
    """When an editor wants it: now, or on a day at a time in a zone."""

    when: str
    day: str
    time: str
    zone: str

    @property
    def is_said(self) -> bool:
        """Say whether enough was said to know the moment."""
        return self.when == NOW or bool(self.day and self.time)


async def show(call: Call) -> Response:
    """Say what scheduling would do; changes nothing."""
    asked = Asked(call.asked("when"), call.asked("day"), call.asked("time"), call.asked("zone"))
    return await _page(call, asked)


async def confirm(call: Call) -> Response:
    """Schedule what was proof-read, if it is what the editor saw."""
    form, mailing_id = call.form, call.number()
    asked = Asked(form.one("when"), form.one("day"), form.one("time"), form.one("zone"))
    proof = await call.read(press.proofread, call.config, call.house.keys, mailing_id)
    try:
        when = _moment(call, asked)
        if form.one("revision") != str(proof.revision):
            raise Refused("the mailing was changed since you looked", cure="look at it again")
        _check_number(proof.count.written, form.one("number"))
        await call.write(_schedule, call, proof, when)
    except Refused as error:
        return await _page(call, asked, error)
    return call.to(f"/desk/mailings/{mailing_id}", "scheduled")


def _check_number(written: int, typed: str) -> None:
    if written <= TYPED_OVER:
        return
    if "".join(letter for letter in typed if letter.isdigit()) != str(written):
        raise BadInput(
            f"{typed.strip()[:40]!r} is not the number of readers" if typed.strip() else "the number is missing",
            place="number",
            cure=f"type {written:,}",
        )


def _schedule(session: Session, call: Call, proof: press.Proofread, when: When | None) -> None:
    hold = timedelta(seconds=call.config.send.hold_seconds)
    press.schedule(session, proof, when, hold)
    said = press.sentence(call.config, proof, when, hold)
    call.done(session, "mailing scheduled", f"mailing {proof.mailing_id}", sentence=said)


async def _page(call: Call, asked: Asked, error: MailerError | None = None) -> Response:
    mailing_id = call.number()
    mailing = await call.read(_look, mailing_id)
    proof = await call.read(press.proofread, call.config, call.house.keys, mailing_id)
    said = ""
    try:
        if asked.is_said:
            hold = timedelta(seconds=call.config.send.hold_seconds)
            said = press.sentence(call.config, proof, _moment(call, asked), hold)
    except BadInput as problem:
        error = problem
    written = proof.count.written
    people = "1 reader" if written == 1 else f"{written:,} readers"
    values: dict[str, Any] = {
        "mailing": mailing,
        "asked": asked,
        "sentence": said,
        "verb": f"Send to {people}" if asked.when == NOW else f"Schedule for {people}",
        "written": written,
        "typed": written > TYPED_OVER,
        "blocks": proof.blocks,
        "zones": ZONES,
        "now": schedule.say(clock.now().replace(second=0, microsecond=0), call.config.site.zone),
        "hold": int(call.config.send.hold_seconds),
        "error": error,
    }
    return call.page("desk/schedule.html", status=422 if error else 200, here="home", **values)


def _look(session: Session, mailing_id: int) -> Any:
    return plain(mailings.need(session, mailing_id))


def _moment(call: Call, asked: Asked) -> When | None:
    if asked.when == NOW:
        return None
    zone = asked.zone.strip() or call.config.site.zone
    return schedule.parse(f"{asked.day} {asked.time} {zone}", zone)
