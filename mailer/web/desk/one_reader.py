"""One reader changed at the desk: name, language, attributes; no more mail to them, and again."""

from typing import Any

from starlette.responses import Response

from mailer.errors import BadInput, Refused
from mailer.people import subscribers, suppression
from mailer.web.desk import readers
from mailer.web.desk.call import Call
from mailer.web.desk.previews import reader_of
from mailer.web.house import Session

ATTRIBUTE = "attribute-"


async def change(call: Call) -> Response:
    """Change who a reader is, or whether we may write to them; what was typed is kept after a mistake."""
    wish = call.form.one("do")
    try:
        if wish not in VERBS:
            raise BadInput("nothing was chosen", place="do", cure="press one of the buttons")
        await call.write(VERBS[wish], call, call.number())
    except Refused as error:
        return await readers.reader_page(call, error)
    return call.to(f"/desk/readers/{call.number()}", "rewritten")


def _save(session: Session, call: Call, subscriber_id: int) -> None:
    person, form = reader_of(session, subscriber_id), call.form
    before = _facts(person)
    subscribers.change(
        session,
        person,
        name=form.one("name"),
        language=form.one("language"),
        format=form.one("format"),
        attributes={name: form.one(ATTRIBUTE + name) for name in call.config.people.attributes},
    )
    changed = [name for name, value in _facts(person).items() if value != before.get(name, "")]
    # Not the values: what somebody asked us to forget must not stand in what is only ever added to.
    call.done(session, "reader changed", f"reader {subscriber_id}", changed=changed)


def _facts(person: Any) -> dict[str, Any]:
    return {"name": person.name, "language": person.language, "format": person.format, **person.attributes}


def _suppress(session: Session, call: Call, subscriber_id: int) -> None:
    person = reader_of(session, subscriber_id)
    reason = call.form.one("reason").strip()
    if not reason:
        raise BadInput("is empty", place="reason", cure="write down why, such as: asked by phone on 3 May 2026")
    scope = suppression.ALL if call.form.one("scope") == suppression.ALL else suppression.MAILINGS
    origin = call.me.actor
    suppression.suppress_hash(session, person.address_hash, scope=scope, reason=reason, origin=origin)
    call.done(session, "reader suppressed", f"reader {subscriber_id}", scope=scope, reason=reason)


def _lift(session: Session, call: Call, subscriber_id: int) -> None:
    person = reader_of(session, subscriber_id)
    why = call.form.one("why")
    number = suppression.lift_hash(session, person.address_hash, why=why)
    if not number:
        raise BadInput("nothing keeps us from writing to this address", place="why", cure="reload the page")
    call.done(session, "suppression lifted", f"reader {subscriber_id}", why=why, number=number)


VERBS = {"save": _save, "suppress": _suppress, "lift": _lift}
