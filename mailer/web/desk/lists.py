"""The lists: what each is for, how many read it, and a form to make another."""

from typing import Any

from starlette.responses import Response

from mailer.errors import MailerError, Refused
from mailer.outcomes import reasons
from mailer.people import breaker, lists
from mailer.web.desk.archiving import VISIBILITIES
from mailer.web.desk.call import Call
from mailer.web.desk.plain import plain
from mailer.web.house import Session

FIELDS = (
    "name",
    "title",
    "description",
    "from_name",
    "from_address",
    "reply_to",
    "bounce_address",
    "postal_address",
    "language",
    "archive",
)


async def show(call: Call) -> Response:
    """Show every list with its numbers."""
    return await _page(call, {"language": call.config.site.language, "archive": "public"})


async def make(call: Call) -> Response:
    """Make a list."""
    given = {name: call.form.one(name) for name in FIELDS}
    try:
        await call.write(_make, call, given)
    except Refused as error:
        return await _page(call, given | {"two_persons": call.form.one("two_persons")}, error)
    return call.to("/desk/lists", "listed")


async def set_rule(call: Call) -> Response:
    """Say whether a second person must approve what goes to a list."""
    await call.write(_set_rule, call.number(), call)
    return call.to("/desk/lists", "ruled")


def _set_rule(session: Session, list_id: int, call: Call) -> None:
    mlist = lists.need(session, list_id)
    wanted = call.form.one("two_persons") == "yes"
    lists.change(session, mlist, two_persons=wanted)
    call.done(session, "list rule set", f"list {mlist.name}", two_persons=wanted)


def _make(session: Session, call: Call, given: dict[str, str]) -> None:
    mlist = lists.add(session, **given)
    lists.change(session, mlist, two_persons=call.form.one("two_persons") == "yes")
    call.done(session, "list made", f"list {mlist.name}", title=mlist.title)


def _look(session: Session, call: Call) -> list[dict[str, Any]]:
    links = call.house.links
    return [
        {
            "list": plain(mlist),
            "counts": lists.counts(session, mlist.id),
            "told": reasons.of_list(session, mlist.id),
            "subscribe": links.subscribe(mlist.name),
            "archive": links.archive(mlist.name),
            "asks": breaker.asks_for_work(session, [mlist.name]),
        }
        for mlist in lists.every(session)
    ]


async def _page(call: Call, given: dict[str, str], error: MailerError | None = None) -> Response:
    found = await call.read(_look, call)
    typed = dict.fromkeys((*FIELDS, "two_persons"), "") | given
    status = 422 if error else 200
    values: dict[str, Any] = {"known": found, "typed": typed, "error": error, "visibilities": VISIBILITIES}
    return call.page("desk/lists.html", status=status, here="lists", **values)
