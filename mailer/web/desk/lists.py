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
        return await _page(call, given, error)
    return call.to("/desk/lists", "listed")


def _make(session: Session, call: Call, given: dict[str, str]) -> None:
    mlist = lists.add(session, **given)
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
    typed = dict.fromkeys(FIELDS, "") | given
    status = 422 if error else 200
    values: dict[str, Any] = {"known": found, "typed": typed, "error": error, "visibilities": VISIBILITIES}
    return call.page("desk/lists.html", status=status, here="lists", **values)
