"""Every public page in every state it has, each reached as a reader reaches it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mailer import clock
from mailer.mailing import corrections, mailings
from mailer.outcomes import erasure
from mailer.people import lists, suppression
from mailer.store.tables import Hit, Subscriber
from tests.make import make_statement
from tests.web.town import Town

State = Callable[[Town], Any]
NO_LINK = "/u/AQPHgt_LUJgSLwFI643Nc0R7ng"


def _get(path: str) -> State:
    return lambda town: town.client.get(path)


def _left(town: Town, **data: str) -> Any:
    link = town.leave(town.reader("press", "works"))
    return town.client.post(link, data=data)


def _paused(town: Town, *actions: str, see: bool = False) -> Any:
    link = town.leave(town.reader())
    answers = [town.client.post(link, data={"action": action, "days": "30"}) for action in actions]
    return town.client.get(link) if see else answers[-1]


def _undone(town: Town, action: str) -> Any:
    link = town.leave(town.reader("press", "works"))
    town.client.post(link, data={"action": action})
    return town.client.post(f"{link}/undo", data={"action": action})


def _under_way(town: Town) -> Any:
    reader = town.reader()
    town.begin(reader)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mailer.web.leaving.WAIT_SECONDS", 0.0)
        return town.client.post(town.leave(reader), data={"action": "leave"})


def _undo_too_late(town: Town) -> Any:
    link = town.leave(town.reader())
    town.client.post(link, data={"action": "leave"})
    return _later(lambda: town.client.post(f"{link}/undo", data={"action": "leave"}), days=8)


def _left_long_ago(town: Town) -> Any:
    link = town.leave(town.reader())
    town.client.post(link, data={"action": "leave"})
    return _later(lambda: town.client.get(link), days=8)


def _later(act: Callable[[], Any], **step: float) -> Any:
    real = clock.now
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: real() + timedelta(**step))
        return act()


def _confirm(town: Town, *posts: str, **step: float) -> Any:
    link = town.notice_links(town.asked("press", "works"))["confirm"]
    answer = None
    for action in posts:
        answer = _later(lambda action=action: town.client.post(link, data={"action": action}), **step)
    return answer or _later(lambda: town.client.get(link), **step)


def _confirm_gone(town: Town) -> Any:
    links = town.notice_links(town.asked())
    town.client.post(links["not_me"])
    return town.client.get(links["confirm"])


def _confirm_refused(town: Town) -> Any:
    reader = town.asked()
    with town.store.write() as session:
        person = session.get_one(Subscriber, reader.id)
        suppression.suppress_hash(session, person.address_hash, scope="all", reason="mailbox gone")
    return town.client.post(town.notice_links(reader)["confirm"])


def _not_me(town: Town, post: bool, *, late: bool = False) -> Any:
    links = town.notice_links(town.asked())
    link = links["not_me"]
    if late:
        town.client.post(links["confirm"])
    return town.client.post(link) if post else town.client.get(link)


def _erased(town: Town, place: str) -> Any:
    reader = town.reader()
    with town.store.write() as session:
        erasure.erase(session, town.keys, reader.id, actor="test")
    return town.client.get(town.leave(reader) if place == "u" else town.links.choices(reader.id))


def _choices(town: Town, *posts: dict[str, str], **step: float) -> Any:
    link = town.links.choices(town.reader("press", "works").id)
    answer = None
    for number, data in enumerate(posts):
        last = step if number == len(posts) - 1 else {}
        answer = _later(lambda data=data: town.client.post(link, data=data), **last)
    return answer or town.client.get(link)


def _corrected(town: Town, path: str = "", rest: str = "") -> Any:
    mailing_id = town.publish()
    with town.store.write() as session:
        mailing = mailings.need(session, mailing_id)
        if not corrections.every(session, [mailing_id]):
            right = make_statement(session, "Water will be off on Tuesday", body_html=TABLE, deck="From nine to three")
            corrections.correct(session, mailing, "It is Tuesday, not Monday.", right, actor="test")
            corrections.correct(session, mailing, "The phone number was wrong.", None, actor="test")
    return town.client.get(path or f"/a/press/{town.slug}{rest}")


def _for_readers(town: Town, path: Callable[[Any], str]) -> Any:
    town.publish()
    reader = town.reader()
    with town.store.write() as session:
        corrections.show_to(session, lists.named(session, "press"), "subscribers")
    answer = town.client.get(path(reader))
    with town.store.write() as session:
        corrections.show_to(session, lists.named(session, "press"), "public")
    return answer


def _too_many(town: Town) -> Any:
    answer = town.subscribe("first@example.org")
    for number in range(town.config.signup.per_network_hour):
        answer = town.subscribe(f"many{number}@example.org")
    # The next state has the same network.
    with town.store.write() as session:
        session.query(Hit).delete()
    return answer


def _broken(town: Town, error: Exception) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mailer.people.offers.everything", _raising(error))
        return town.client.get("/")


def _raising(error: Exception) -> Callable[..., Any]:
    def fail(*_args: object) -> Any:
        raise error

    return fail


# Everything a text may have, and more columns than a telephone has room for.
TABLE = (
    "<p>The main in <a href='https://town.example/map'>Mill Street</a> is repaired.</p><h2>Streets</h2>"
    "<table><caption>When</caption><thead><tr>" + "<th>Neighbourhood</th>" * 8 + "</tr></thead>"
    "<tbody><tr>" + "<td>Mill Street</td>" * 8 + "</tr></tbody></table><blockquote><p>We are sorry.</p></blockquote>"
    "<figure><img src='https://town.example/main.jpg' alt='The main'><figcaption>Mill Street</figcaption></figure>"
    "<ul><li>nine to noon</li></ul><pre>a very long line of text that somebody wrote without any break in it</pre>"
)
PAUSE = {"action": "pause", "list": "press", "days": "30"}
STOP, SAVE = {"action": "stop", "list": "press"}, {"action": "save", "name": "Anna", "language": "de", "format": "text"}
STATES: dict[str, State] = {
    "index": _get("/"),
    "subscribe": _get("/s/press"),
    "subscribe-wrong": lambda town: town.subscribe("anna.miller(at)example.org", name="Anna Miller"),
    "subscribe-empty": lambda town: town.subscribe(""),
    "subscribe-several": _get("/s"),
    "subscribe-several-wrong": lambda town: town.client.post("/s", data={"address": "x"}),
    "check-inbox": lambda town: town.subscribe("anna.miller@example.org"),
    "once-more": lambda town: town.subscribe("anna.miller@example.org", shown_at=town.shown_at(0)),
    "closed": _get("/s/old"),
    "snippet": _get("/s/press/snippet"),
    "confirm": lambda town: _confirm(town),
    "confirmed": lambda town: _confirm(town, "confirm"),
    "confirmed-before": lambda town: _confirm(town, "confirm", "confirm"),
    "confirm-expired": lambda town: _confirm(town, days=8),
    "asked-again": lambda town: _confirm(town, "again", days=8),
    "confirm-gone": _confirm_gone,
    "confirm-refused": _confirm_refused,
    "not-me": lambda town: _not_me(town, post=False),
    "not-me-done": lambda town: _not_me(town, post=True),
    "not-me-late": lambda town: _not_me(town, post=True, late=True),
    "leave": lambda town: town.client.get(town.leave(town.reader())),
    "leave-pausing": lambda town: _paused(town, "pause", see=True),
    "paused": lambda town: _paused(town, "pause"),
    "going-on": lambda town: _paused(town, "pause", "resume"),
    "left": lambda town: _left(town, action="leave"),
    "left-all": lambda town: _left(town, action="leave_all"),
    "left-under-way": _under_way,
    "left-before": lambda town: town.client.get(_left(town, action="leave").request.url.path),
    "left-long-ago": _left_long_ago,
    "reason": lambda town: _left(town, action="reason", reason="too many"),
    "undone": lambda town: _undone(town, "leave"),
    "undone-all": lambda town: _undone(town, "leave_all"),
    "undo-too-late": _undo_too_late,
    "leave-erased": lambda town: _erased(town, "u"),
    "leave-test": lambda town: town.client.get(town.links.nobody()),
    "choices": lambda town: _choices(town),
    "choices-saved": lambda town: _choices(town, SAVE),
    "choices-paused": lambda town: _choices(town, PAUSE),
    "choices-going-on": lambda town: _choices(town, PAUSE, {"action": "resume", "list": "press"}),
    "choices-not-paused": lambda town: _choices(town, STOP, PAUSE),
    "choices-stopped": lambda town: _choices(town, STOP),
    "choices-undone": lambda town: _choices(town, STOP, {"action": "undo", "list": "press"}),
    "choices-stopped-all": lambda town: _choices(town, {"action": "stop_all"}),
    "choices-too-late": lambda town: _choices(town, STOP, {"action": "undo", "list": "press"}, days=8),
    "choices-erased": lambda town: _erased(town, "m"),
    "link": _get("/m"),
    "link-wrong": lambda town: town.client.post("/m", data={"address": "anna"}),
    "link-sent": lambda town: town.client.post("/m", data={"address": "anna.miller@example.org"}),
    "archive": lambda town: town.publish() and town.client.get("/a/press"),
    "archive-older": _get("/a/press?page=2"),
    "archive-all": lambda town: town.publish() and town.client.get("/a"),
    "archive-view": lambda town: town.publish() and town.client.get(f"/a/press/{town.slug}"),
    "archive-corrected": lambda town: _corrected(town),
    "archive-corrected-list": lambda town: _corrected(town, "/a/press"),
    "archive-letter": lambda town: _corrected(town, rest="/letter"),
    "archive-for-readers": lambda town: _for_readers(town, lambda reader: "/a/press"),
    "archive-own": lambda town: _for_readers(town, lambda reader: town.read(reader)),
    "archive-own-view": lambda town: _for_readers(town, lambda reader: town.read(reader, town.publish())),
    "damaged": lambda town: town.client.post(town.leave(town.reader()), data={"action": "dance"}),
    "not-here": _get(NO_LINK),
    "cannot": lambda town: town.client.put("/"),
    "too-large": lambda town: town.client.post("/s", content=b"x" * 70_000),
    "too-many": _too_many,
    "our-fault": lambda town: _broken(town, RuntimeError("secret")),
    "not-now": lambda town: _broken(town, OSError("secret")),
}
