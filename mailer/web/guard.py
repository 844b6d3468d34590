"""Who may hand in a sign-up: a person as far as we see, within the limits, with a proof where one is asked for."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from mailer import address, clock
from mailer.config import Config
from mailer.errors import BadInput
from mailer.people import breaker, limits, proofs, signups
from mailer.web import forms, headers, work
from mailer.web.forms import Form
from mailer.web.house import House, Session

# What becomes of it: taken (or a robot that shall believe so), to be pressed once more, work to be done first, a limit.
TAKEN, UNSURE, WORK, TOO_MANY = "taken", "unsure", "work", "too many"

# The way without script: so long a wait, not for everybody at once, because waiting costs a program nothing.
WAITING, WAIT_SECONDS = "form waits", 20
WAITED = "waited instead of work"
WAITS_OF_A_NETWORK, WAITS_OF_ALL = 3, 60

PROOF, WAITS = "proof", "waited"


@dataclass(frozen=True)
class Verdict:
    """What is to be answered: a kind, and for work the seconds still to wait and since when."""

    kind: str
    about: str = ""
    seconds: int = 0
    waits: str = ""


@dataclass(frozen=True)
class _Case:
    """What a sign-up uses up when it is taken, the name of all it says, and whether somebody waited for it."""

    names: tuple[str, ...]
    whole: str
    has_waited: bool
    fields: dict[str, Any]


async def hand_in(house: House, form: Form, **fields: Any) -> Verdict:
    """Take a sign-up if it may be taken, and say what is to be answered; ``fields`` are those of ``signups.write``.

    Nothing here depends on whether the address is known.
    """
    asker = forms.sender(house.keys, form)
    if asker == forms.ROBOT:
        return Verdict(TAKEN)
    text, lists, network = fields["address_text"], fields["lists"], fields["network"]
    domain = limits.domain_name(house.keys, address.parse(text).domain)
    is_welcome, has_work = await house.read(_look, house.config, network, domain, lists)
    if not is_welcome:
        return Verdict(TOO_MANY)
    about = _about(text, lists)
    if not has_work:
        return Verdict(UNSURE) if asker == forms.UNSURE else await house.write(_take, _shown(form, about, fields))
    found = _proven(house, form, about, fields)
    return found if isinstance(found, Verdict) else await house.write(_take, found)


def answer(
    house: House,
    verdict: Verdict,
    to: str,
    fields: Sequence[tuple[str, str]],
    more: Mapping[str, str] | None = None,
) -> Response:
    """Return the page that asks to press once more, or to let the browser work; nothing has to be typed again.

    ``more`` are headers for a form that leads on to another site.
    """
    text, given = dict(fields)["address"], dict(more or {})
    if verdict.kind == UNSURE:
        shown_at = forms.shown_at(house.keys, again=True)
        return house.page("public/once_more.html", headers=given, to=to, fields=fields, address=text, shown_at=shown_at)
    given[headers.CONTENT] = f"{given.get(headers.CONTENT, headers.POLICY)}; script-src 'self'"
    return house.page(
        "public/challenge.html",
        headers=given,
        to=to,
        fields=fields,
        address=text,
        challenge=json.dumps(work.challenge(house.keys, verdict.about)),
        waited=verdict.waits or _waits(house, verdict.about),
        seconds=verdict.seconds or WAIT_SECONDS,
        is_early=bool(verdict.seconds),
    )


def _look(session: Session, config: Config, network: str, domain: str, lists: Sequence[str]) -> tuple[bool, bool]:
    return signups.is_welcome(session, config, network, domain), breaker.asks_for_work(session, lists)


def _take(session: Session, case: _Case) -> Verdict:
    """Write the sign-up down and use up what it brought.

    The very same sign-up sent again, by a second click or a page that was loaded anew, is answered and not written;
    with anything else in it what was used before is worth nothing.
    """
    if not proofs.spend(session, case.names):
        return Verdict(TAKEN if proofs.is_spent(session, case.whole) else UNSURE)
    if case.names and case.whole not in case.names:
        proofs.spend(session, [case.whole])
    if case.has_waited and not _may_wait(session, case.fields["network"]):
        return Verdict(TOO_MANY)
    signups.write(session, **case.fields)
    return Verdict(TAKEN)


def _may_wait(session: Session, network: str) -> bool:
    rations = ((network, WAITS_OF_A_NETWORK), ("everybody", WAITS_OF_ALL))
    return all(limits.draw(session, WAITED, who, allowed=many, per=limits.HOUR) for who, many in rations)


def _proven(house: House, form: Form, about: str, fields: dict[str, Any]) -> _Case | Verdict:
    """Return what proves that work was done, or time was spent, for just this sign-up; else what to ask for."""
    try:
        name = work.check(house.keys, about, form.one(PROOF))
        return _Case((name,), name, False, fields)
    except BadInput:
        pass
    token = form.one(WAITS)
    try:
        since, whose = house.keys.ring.read(WAITING, token)
    except (BadInput, ValueError):
        return Verdict(WORK, about)
    waited = int(clock.now().timestamp()) - since
    if whose != int(about, 16) or not 0 <= waited <= forms.LONGEST_OPEN_SECONDS:
        return Verdict(WORK, about)
    if waited < WAIT_SECONDS:
        return Verdict(WORK, about, seconds=WAIT_SECONDS - waited, waits=token)
    name = proofs.name_of(token)
    return _Case((name,), name, True, fields)


def _shown(form: Form, about: str, fields: dict[str, Any]) -> _Case:
    """Return what a form shown by us uses up; one pasted into another site brings nothing."""
    token = form.one(forms.SHOWN_AT)
    whole = proofs.name_of(f"{token} {about}")
    return _Case((proofs.name_of(token),) if token else (), whole, False, fields)


def _waits(house: House, about: str) -> str:
    return house.keys.ring.sign(WAITING, int(clock.now().timestamp()), int(about, 16))


def _about(text: str, lists: Sequence[str]) -> str:
    said = "\n".join((text.strip().casefold(), *sorted(lists)))
    return hashlib.sha256(said.encode()).hexdigest()[:32]
