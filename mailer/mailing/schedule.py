"""What an editor says about time → one moment, with its zone; the hour the clock skips is explained."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from mailer import clock
from mailer.errors import BadInput

FORM = re.compile(r"^(\d{4}-\d{2}-\d{2})[ T](\d{1,2}:\d{2}(?::\d{2})?)(?:\s+(\S+))?$")
FURTHEST = timedelta(days=366 * 2)


@dataclass(frozen=True)
class When:
    """One moment (UTC), and how it was said."""

    moment: datetime
    local: str
    zone: str


def parse(text: str, default_zone: str) -> When:
    """Return the moment of ``2027-03-01 09:00 Europe/Berlin``; without a zone it is ``default_zone``.

    BadInput when it is no such time, in the past, more than two years away, or inside the hour that is
    left out when clocks go forward. An hour that comes twice in autumn means the first of the two.
    """
    found = FORM.match(text.strip())
    if not found:
        raise BadInput(f"{text!r} is not a time", place="at", cure='write it like "2027-03-01 09:00 Europe/Berlin"')
    day, hour, zone_name = found.group(1), found.group(2), found.group(3) or default_zone
    zone = _zone(zone_name)
    try:
        local = datetime.fromisoformat(f"{day} {hour.zfill(5)}")
    except ValueError:
        raise BadInput(f"{day} {hour} is not on the calendar", place="at", cure="check day and hour") from None
    now = clock.now()
    # First of all: the ends of the calendar cannot be counted from zone to zone.
    if abs(local.year - now.year) > FURTHEST.days // 365 + 1:
        far = "is more than two years away" if local.year > now.year else f"is in the past (it is {now.year})"
        raise BadInput(f"{day} {far}", place="at", cure="check the year")
    moment = local.replace(tzinfo=zone).astimezone(UTC)
    back = moment.astimezone(zone).replace(tzinfo=None)
    if back != local:
        raise BadInput(
            f"{day} {hour} does not exist in {zone_name}: clocks go forward then",
            place="at",
            cure=f"take {back:%Y-%m-%d %H:%M}, which is the same moment after the change, or a time before it",
        )
    if moment <= now:
        raise BadInput(
            f"{day} {hour} {zone_name} is in the past (it is {now.astimezone(zone):%Y-%m-%d %H:%M} there)",
            place="at",
            cure="take a later time, or send it now",
        )
    if moment > now + FURTHEST:
        raise BadInput(f"{day} is more than two years away", place="at", cure="check the year")
    return When(moment, f"{local:%Y-%m-%d %H:%M:%S}".removesuffix(":00"), zone_name)


def twice(when: When) -> str:
    """Say which of the two it is, where this hour comes twice because clocks go back; "" for any other time."""
    zone = _zone(when.zone)
    local = when.moment.astimezone(zone)
    second = local.replace(fold=1)
    if second.utcoffset() == local.utcoffset():
        return ""
    return f"Clocks go back then, and {local:%H:%M} comes twice: this is the first of the two."


def say(moment: datetime, zone_name: str) -> str:
    """Return the moment as people read it: ``Mon 1 March 2027, 09:00 (Europe/Berlin, UTC+1)``."""
    local = moment.astimezone(_zone(zone_name))
    offset = local.utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes >= 0 else "-"
    shown = f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "") if minutes else "UTC"
    place = zone_name if zone_name == shown else f"{zone_name}, {shown}"
    seconds = f":{local.second:02}" if local.second else ""
    return f"{local:%a} {local.day} {local:%B %Y, %H:%M}{seconds} ({place})"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        meant = next((known for known in sorted(available_timezones()) if known.lower() == name.lower()), "")
        cure = f"write {meant}" if meant else "write it like Europe/Berlin"
        raise BadInput(f"{name!r} is not a time zone", place="at", cure=cure) from None
