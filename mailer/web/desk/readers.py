"""Readers: found, one by one; what each agreed to, got and left; added with a note, taken off at their wish."""

from typing import Any

from starlette.responses import Response

from mailer.address import parse
from mailer.errors import BadInput, MailerError, NotFound, Refused
from mailer.mailing import mailings
from mailer.outcomes import account, events
from mailer.people import consent, lists, subscribers, subscriptions, suppression
from mailer.staff import deeds
from mailer.web.desk.call import Call
from mailer.web.desk.phases import FIGURES
from mailer.web.desk.plain import every, plain
from mailer.web.desk.previews import reader_of
from mailer.web.house import Session

PAGE = 50
FIELDS = ("address", "name", "language", "list", "consent")


async def show(call: Call) -> Response:
    """Search readers by a part of address or name."""
    return await _page(call, {"language": call.config.site.language})


async def add(call: Call) -> Response:
    """Add one person who agreed, with a note of how."""
    given = {name: call.form.one(name) for name in FIELDS}
    try:
        number = await call.write(_add, call, given)
    except (Refused, NotFound) as error:
        return await _page(call, given, error)
    return call.to(f"/desk/readers/{number}", "added")


async def show_one(call: Call) -> Response:
    """Show everything we know of one reader."""
    return await reader_page(call)


async def reader_page(call: Call, error: MailerError | None = None) -> Response:
    """Answer with the page of a reader, and with one line about what could not be done."""
    values = await call.read(_story, call, call.number())
    typed = {name: found[0] for name, found in call.form.fields.items()} if error else {}
    status = 422 if error else 200
    return call.page("desk/reader.html", status=status, here="readers", error=error, typed=typed, **values)


async def take_off(call: Call) -> Response:
    """Take a reader off one list, at once and for certain."""
    await call.write(_take_off, call, call.number(), call.form.one("subscription"))
    return call.to(f"/desk/readers/{call.number()}", "left")


def _add(session: Session, call: Call, given: dict[str, str]) -> int:
    mlist = lists.named(session, given["list"])
    found = parse(given["address"])
    person = subscribers.find_or_make(
        session, call.house.keys, found, name=given["name"], language=given["language"] or mlist.language
    )
    subscriptions.add_confirmed(session, person, mlist, statement=given["consent"], actor=call.me.actor)
    call.done(session, "reader added", f"reader {person.id}", list=mlist.name)
    return person.id


def _take_off(session: Session, call: Call, subscriber_id: int, subscription: str) -> None:
    mine = {str(one.id): one.id for one, _ in subscriptions.of_person(session, reader_of(session, subscriber_id).id)}
    if subscription not in mine:
        raise BadInput("this reader has no such list", place="list", cure="reload the page")
    left = events.leave(session, mine[subscription], why=events.BY_STAFF, actor=call.me.actor)
    call.done(session, "reader taken off", f"reader {subscriber_id}", list=left.list_title)


def _story(session: Session, call: Call, subscriber_id: int) -> dict[str, Any]:
    person = reader_of(session, subscriber_id)
    mine = subscriptions.of_person(session, subscriber_id)
    titles = {mlist.id: mlist.title for mlist in lists.every(session)}
    letters = [
        {"row": plain(row), "subject": mailings.need(session, row.mailing_id).subject, "words": FIGURES[row.state][0]}
        for row in account.story(session, person)
    ]
    return {
        "person": plain(person),
        "declared": [(name, label, person.attributes.get(name, "")) for name, label in _declared(call).items()],
        "attributes": [(label, person.attributes.get(name, "")) for name, label in _declared(call).items()],
        "subscriptions": [(plain(one), plain(mlist)) for one, mlist in mine],
        "history": [(plain(row), titles.get(row.list_id, "")) for row in consent.history(session, subscriber_id)],
        "suppressions": every(suppression.find_hash(session, person.address_hash)),
        "letters": letters,
        "deeds": every(deeds.latest(session, subject=f"reader {subscriber_id}")),
    }


def _declared(call: Call) -> dict[str, str]:
    return call.config.people.attributes


def _look(session: Session, text: str, after: str) -> dict[str, Any]:
    found = every(subscribers.search(session, text, PAGE + 1, after))
    known = [plain(mlist) for mlist in lists.every(session) if mlist.closed_at is None]
    return {
        "found": found[:PAGE],
        "after": found[PAGE - 1].address_key if len(found) > PAGE else "",
        "lists": known,
    }


async def _page(call: Call, given: dict[str, str], error: MailerError | None = None) -> Response:
    text = call.asked("q")
    values = await call.read(_look, text, call.asked("after"))
    typed = dict.fromkeys(FIELDS, "") | given
    status = 422 if error else 200
    return call.page("desk/readers.html", status=status, here="readers", text=text, typed=typed, error=error, **values)
