"""Every public page in every state it has, each reached as a reader reaches it."""

# size: one list of all states, so that nobody looks for one in two places.
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from mailer import clock
from mailer.cli.preview.making import make_statement
from mailer.cli.preview.swap import swapped
from mailer.cli.preview.town import Town
from mailer.mailing import corrections, mailings
from mailer.outcomes import erasure
from mailer.people import breaker, limits, lists, suppression
from mailer.store.tables import Hit, Subscriber

State = Callable[[Town], Any]
# What the buttons of the pages behind a confirm mail say.
CONFIRM, NOT_ME = {"action": "confirm"}, {"action": "not me"}
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
    with swapped("mailer.web.leaving", "WAIT_SECONDS", 0.0):
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
    with swapped("mailer.clock", "now", lambda: real() + timedelta(**step)):
        return act()


def _confirm(town: Town, *posts: str, **step: float) -> Any:
    link = town.notice_links(town.asked("press", "works"))["confirm"]
    answer = None
    for action in posts:
        answer = _later(partial(town.client.post, link, data={"action": action}), **step)
    return answer or _later(lambda: town.client.get(link), **step)


def _challenge(town: Town, *, early: bool = False) -> Any:
    with town.store.write() as session:
        limits.hit(session, breaker.TRIPPED, "press")
    answer = town.subscribe("anna.miller@example.org")
    if early:
        waited = re.search(r'name="waited" value="([^"]*)"', answer.text)
        answer = town.subscribe("anna.miller@example.org", waited=waited[1] if waited else "")
    with town.store.write() as session:
        session.query(Hit).filter_by(kind=breaker.TRIPPED).delete()
    return answer


def _confirm_more(town: Town) -> Any:
    reader = town.asked("press")
    town.subscribe(reader.address, "works")
    town.answer_signups()
    return town.client.get(town.notice_links(reader)["confirm"])


def _confirm_gone(town: Town) -> Any:
    links = town.notice_links(town.asked())
    town.client.post(links["not_me"], data=NOT_ME)
    return town.client.get(links["confirm"])


def _confirm_refused(town: Town) -> Any:
    reader = town.asked()
    with town.store.write() as session:
        person = session.get_one(Subscriber, reader.id)
        suppression.suppress_hash(session, person.address_hash, scope="all", reason="mailbox gone")
    return town.client.post(town.notice_links(reader)["confirm"], data=CONFIRM)


def _not_me(town: Town, post: bool, *, late: bool = False) -> Any:
    links = town.notice_links(town.asked())
    link = links["not_me"]
    if late:
        town.client.post(links["confirm"], data=CONFIRM)
    return town.client.post(link, data=NOT_ME) if post else town.client.get(link)


def _erased(town: Town, place: str) -> Any:
    reader = town.reader()
    with town.store.write() as session:
        erasure.erase(session, town.keys, reader.id, actor="test")
    return town.client.get(town.leave(reader) if place == "u" else town.links.choices(reader.id))


def _choices(town: Town, *posts: dict[str, Any], is_fresh: bool = False, **step: float) -> Any:
    reader = town.reader("press", "works")
    link = town.fresh(reader) if is_fresh else town.links.choices(reader.id)
    answer = None
    for number, data in enumerate(posts):
        last = step if number == len(posts) - 1 else {}
        answer = _later(partial(town.client.post, link, data=MINE | data), **last)
    return answer or town.client.get(link, params=MINE)


def _own(town: Town, what: str, *posts: dict[str, str], ago: float = 0) -> Any:
    link = f"{town.fresh(town.reader(), ago)}/{what}"
    answers = [town.client.post(link, data=data) for data in posts]
    return answers[-1] if answers else town.client.get(link)


def _move(town: Town, *posts: str, **step: float) -> Any:
    reader = town.reader()
    town.client.post(f"{town.fresh(reader)}/address", data={"address": f"moved{reader.id}@example.net"})
    link = town.notice_links(reader, "move")["confirm"]
    answers = [town.client.post(link) for _ in posts]
    return answers[-1] if answers else _later(lambda: town.client.get(link), **step)


def _move_refused(town: Town) -> Any:
    reader = town.reader()
    spelled = f"gone{reader.id}@example.net"
    town.client.post(f"{town.fresh(reader)}/address", data={"address": spelled})
    with town.store.write() as session:
        suppression.suppress(session, town.keys, spelled, scope="all", reason="mailbox gone")
    return town.client.post(town.notice_links(reader, "move")["confirm"])


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
    with swapped("mailer.people.offers", "everything", _raising(error)):
        return town.client.get("/")


def _raising(error: Exception) -> Callable[..., Any]:
    def fail(*_args: object) -> Any:
        raise error

    return fail


MINE = {"mine": "yes"}
LEAVE_ONE = {"action": "lists", "shown": ["press", "works"], "list": ["works"]}
LEAVE_BOTH = {"action": "lists", "shown": ["press", "works"]}
JOIN = {"action": "lists", "shown": ["press", "works"], "list": ["press", "works"]}
DAY = {"action": "pause", "list": "", "days": "day"}
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
    "subscribe-mistyped": lambda town: town.subscribe("anna.miller@gmial.com", name="Anna Miller"),
    "subscribe-example": lambda town: town.publish() and town.client.get("/s/press"),
    "subscribe-several": _get("/s"),
    "subscribe-several-wrong": lambda town: town.client.post("/s", data={"address": "x"}),
    "check-inbox": lambda town: town.subscribe("anna.miller@example.org"),
    "once-more": lambda town: town.subscribe("anna.miller@example.org", shown_at=town.shown_at(0)),
    "challenge": lambda town: _challenge(town),
    "challenge-early": lambda town: _challenge(town, early=True),
    "closed": _get("/s/old"),
    "snippet": _get("/s/press/snippet"),
    "problem": _get("/problems/challenge_required"),
    "confirm": lambda town: _confirm(town),
    "confirm-more": _confirm_more,
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
    "left-before": lambda town: town.client.get(_left(town, action="leave").url.path),
    "left-long-ago": _left_long_ago,
    "reason": lambda town: _left(town, action="reason", reason="too many"),
    "left-by-all": lambda town: town.client.get(_left(town, action="leave_all").url.path),
    "weekly": lambda town: _left(town, action="weekly"),
    "each-again": lambda town: _left(town, action="each"),
    "undone": lambda town: _undone(town, "leave"),
    "undone-all": lambda town: _undone(town, "leave_all"),
    "undo-too-late": _undo_too_late,
    "leave-erased": lambda town: _erased(town, "u"),
    "leave-test": lambda town: town.client.get(town.links.nobody()),
    "choices": lambda town: _choices(town),
    "choices-whose": lambda town: town.client.get(town.links.choices(town.reader().id)),
    "choices-fresh": lambda town: _choices(town, is_fresh=True),
    "choices-lists": lambda town: _choices(town, LEAVE_ONE),
    "choices-lists-several": lambda town: _choices(town, LEAVE_BOTH),
    "choices-asked": lambda town: _choices(town, LEAVE_BOTH, JOIN),
    "choices-joined": lambda town: _choices(town, LEAVE_BOTH, JOIN, is_fresh=True),
    "choices-day-wrong": lambda town: _choices(town, DAY | {"until": "soon"}),
    "choices-link-sent": lambda town: _choices(town, {"action": "fresh"}),
    "choices-saved": lambda town: _choices(town, SAVE),
    "choices-paused": lambda town: _choices(town, PAUSE),
    "choices-going-on": lambda town: _choices(town, PAUSE, {"action": "resume", "list": "press"}),
    "choices-not-paused": lambda town: _choices(town, STOP, PAUSE),
    "choices-stopped": lambda town: _choices(town, STOP),
    "choices-undone": lambda town: _choices(town, STOP, {"action": "undo", "list": "press"}),
    "choices-stopped-all": lambda town: _choices(town, {"action": "stop_all"}),
    "choices-too-late": lambda town: _choices(town, STOP, {"action": "undo", "list": "press"}, days=8),
    "choices-erased": lambda town: _erased(town, "m"),
    "not-fresh": lambda town: _own(town, "erase", ago=31),
    "address": lambda town: _own(town, "address"),
    "address-wrong": lambda town: _own(town, "address", {"address": "anna"}),
    "address-not-now": lambda town: _own(town, "address", *({"address": f"a{n}@example.net"} for n in range(4))),
    "move-asked": lambda town: _own(town, "address", {"address": "anna.new@example.net"}),
    "move": lambda town: _move(town),
    "moved": lambda town: _move(town, "press"),
    "move-gone": lambda town: _move(town, days=2),
    "move-refused": _move_refused,
    "data": lambda town: _own(town, "data"),
    "erase": lambda town: _own(town, "erase"),
    "erase-sure": lambda town: _own(town, "erase", {}),
    "erased": lambda town: _own(town, "erase", {"sure": "yes"}),
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
    "archive-for-readers": lambda town: _for_readers(town, lambda _reader: "/a/press"),
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
