"""The last page before a mailing is scheduled: one sentence that says what will happen, and one button."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from starlette.responses import Response

from mailer import clock
from mailer.errors import BadInput, MailerError, Refused
from mailer.mailing import mailings, press, schedule, usual
from mailer.mailing.schedule import When
from mailer.store.tables import LATE
from mailer.web.desk.call import Call
from mailer.web.desk.plain import plain
from mailer.web.house import Session

# Above this many the number is typed, and where it is far more than usual.
TYPED_OVER = 10_000
# What happens with a mailing that could not start in time, by its policy.
LATE_WORDS = {
    "ask": "a person is asked before anything is sent",
    "send": "it is sent all the same, as soon as something runs",
    "skip": "it is not sent at all",
}
assert set(LATE_WORDS) == set(LATE)
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
    late: str = ""

    @property
    def is_said(self) -> bool:
        """Say whether enough was said to know the moment."""
        return self.when == NOW or bool(self.day and self.time)


async def show(call: Call) -> Response:
    """Say what scheduling would do; changes nothing."""
    asked = Asked(call.asked("when"), call.asked("day"), call.asked("time"), call.asked("zone"), call.asked("late"))
    return await _page(call, asked)


async def confirm(call: Call) -> Response:
    """Schedule what was proof-read, if it is what the editor saw."""
    form, mailing_id = call.form, call.number()
    asked = Asked(form.one("when"), form.one("day"), form.one("time"), form.one("zone"), form.one("late"))
    proof = await call.read(press.proofread, call.config, call.house.keys, mailing_id)
    before = await call.read(usual.usual, mailing_id)
    try:
        when = _moment(call, asked)
        if form.one("revision") != str(proof.revision):
            raise Refused("the mailing was changed since you looked", cure="look at it again")
        _check_number(proof.count.written, before, form.one("number"))
        await call.write(_schedule, call, proof, when, _policy(asked))
    except Refused as error:
        return await _page(call, asked, error)
    return call.to(f"/desk/mailings/{mailing_id}", "scheduled")


def _is_typed(written: int, before: int) -> bool:
    return written > TYPED_OVER or usual.is_unusual(written, before)


def _policy(asked: Asked) -> str:
    """Return what to do when it is late, "" where nothing was chosen."""
    if asked.late not in ("", *LATE):
        raise BadInput(f"{asked.late[:20]!r} is no answer", place="late", cure="choose one of the three")
    return asked.late


def _check_number(written: int, before: int, typed: str) -> None:
    if not _is_typed(written, before):
        return
    if "".join(letter for letter in typed if letter.isdigit()) != str(written):
        raise BadInput(
            f"{typed.strip()[:40]!r} is not the number of readers" if typed.strip() else "the number is missing",
            place="number",
            cure=f"type {written:,}",
        )


def _schedule(session: Session, call: Call, proof: press.Proofread, when: When | None, late: str) -> None:
    hold = timedelta(seconds=call.config.send.hold_seconds)
    press.schedule(session, proof, when, hold, late)
    mailing = mailings.need(session, proof.mailing_id)
    said = press.sentence(call.config, proof, when, hold)
    call.done(session, "mailing scheduled", f"mailing {proof.mailing_id}", sentence=said, late=mailing.late)


async def _page(call: Call, asked: Asked, error: MailerError | None = None) -> Response:
    mailing_id = call.number()
    mailing = await call.read(_look, mailing_id)
    before = await call.read(usual.usual, mailing_id)
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
        "typed": _is_typed(written, before),
        "usual": before,
        "unusual": usual.is_unusual(written, before),
        "few": usual.is_few(written, before),
        "late": asked.late if asked.late in LATE else mailing.late,
        "late_words": LATE_WORDS,
        "late_hours": hours(call.config.send.late_hours),
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


def hours(number: float) -> str:
    """Return a number of hours in words: "1 hour", "90 minutes"; "a minute" for none at all."""
    if number == 1:
        return "1 hour"
    if number != int(number):
        return f"{number * 60:.0f} minutes"
    return f"{number:.0f} hours" if number else "a minute"
