"""Every page of the desk in every state it has, each reached as an editor reaches it."""

from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from mailer.people import breaker, limits, lists
from mailer.staff import entry, team
from tests.web.desk.office import Office

State = Callable[[Office], Any]


def _get(path: str, who: str = "operator") -> State:
    return lambda office: office.client(who).get(path)


def _post(path: str, **fields: str) -> State:
    return lambda office: office.post(path, **fields)


def _at(make: Callable[[Office], int], rest: str = "", who: str = "operator") -> State:
    return lambda office: office.client(who).get(f"/desk/mailings/{_once(make, office)}{rest}")


@cache
def _made() -> dict[Any, int]:
    return {}


def _once(make: Callable[[Office], int], office: Office) -> int:
    """Make a mailing once for each office."""
    key = (make, id(office))
    if key not in _made():
        _made()[key] = make(office)
    return _made()[key]


def _blocked(office: Office) -> int:
    return office.draft(("works",), subject="TODO")


def _held(office: Office) -> int:
    return office.scheduled(now=True)


def _setup(office: Office) -> Any:
    """Show the first link, as if nobody had come in yet."""
    with office.store.write() as session:
        person = team.unnamed(session)
        secret = urlsplit(entry.link(session, office.config, person)).path
        others = session.query(type(person)).filter(type(person).address_key != team.UNNAMED)
        keys = {other.id: other.address_key for other in others}
    return office.client("").get(secret) if not keys else _reset(office)


def _reset(office: Office) -> Any:
    office.secret("writer")
    with office.store.write() as session:
        link = entry.link(session, office.config, team.with_address(session, "writer@arden.example"))
    return office.client("").get(urlsplit(link).path)


def _aimed(office: Office) -> Any:
    """Show the form with a condition of every kind, one of which is not filled in."""
    office.sent()
    number = office.draft()
    what = ["name", "language", "joined", "attribute:city", "list", "mailing"]
    how = ["contains", "is", "within", "is", "on", "received"]
    value = ["reader", "en", "30", "", "1", "1"]
    return office.post(
        f"/desk/mailings/{number}/audience",
        **{"include": "press", "exclude": "works", "languages": "en", "match": "any", "do": "save"},
        **{"what": what, "how": how, "value": value},
    )


def _statement(office: Office) -> Any:
    office.lists()
    return office.client().get(f"/desk/statements/{office.statement()}")


def _statement_wrong(office: Office) -> Any:
    office.lists()
    return office.post(f"/desk/statements/{office.statement()}", title="", date="", language="en", exclude="works")


def _misused(office: Office) -> Any:
    office.lists()
    with office.store.write() as session:
        limits.hit(session, breaker.TRIPPED, "press")
    answer = office.client().get("/desk/lists")
    assert "Its form is misused" in answer.text
    return answer


def _fresh(office: Office) -> int:
    return office.draft()


def _overtaken(office: Office) -> Any:
    number = office.draft()
    words = {"title": "A <title>", "language": "en", "body": "One fine day"}
    assert office.post(f"/desk/mailings/{number}/write", revision="1", **words).status_code == 303
    answer = office.post(f"/desk/mailings/{number}/write", revision="1", **words | {"body": "One wet day"})
    assert answer.status_code == 409
    return answer


def _versions(office: Office) -> Any:
    number = office.draft()
    for revision, body in enumerate(("One fine day", "One wet day"), 1):
        words = {"title": "A <title>", "language": "en", "body": body, "revision": str(revision)}
        office.post(f"/desk/mailings/{number}/write", **words)
    return office.client().get(f"/desk/mailings/{number}/versions?from=2&to=3")


WHEN = "/schedule?when=at&day={day}&time=09:00&zone=Europe/Berlin"


def _in_review(office: Office) -> Any:
    """Hand a draft over a second time, with something different in it."""
    number = office.draft(("works",))
    path = f"/desk/mailings/{number}"
    with office.store.write() as session:
        lists.change(session, lists.named(session, "works"), two_persons=True)
    for answer in (
        office.post(f"{path}/review", who="writer"),
        office.post(f"{path}/approve", who="approver", what="return", note="Which Monday?"),
        office.post(path, who="writer", subject="Water will be off on Monday the second", preheader=""),
    ):
        assert answer.status_code == 303
    returned = office.client("writer").get(path)
    assert office.post(f"{path}/review", who="writer").status_code == 303
    assert returned.status_code == 200
    return office.client("approver").get(path)


# The empty ones first: an office only ever fills.
EMPTY: dict[str, State] = {
    "first-link": _setup,
    "home-empty": _get("/desk"),
    "lists-empty": _get("/desk/lists"),
    "forms-empty": _get("/desk/forms"),
    "readers-empty": _get("/desk/readers"),
}
STATES: dict[str, State] = {
    "reset": _reset,
    "login": _get("/desk/login", ""),
    "login-wrong": lambda office: office.client("").post("/desk/login", data={"address": "a@b.example"}),
    "me": _get("/desk/me", "writer"),
    "refused": _get("/desk/staff", "writer"),
    "new": _get("/desk/statements/new"),
    "new-wrong": _post("/desk/statements/new", text="!!!"),
    "fetch-wrong": _post("/desk/statements/fetch", address="http://127.0.0.1/"),
    "empty-wrong": _post("/desk/statements/empty", title="A title"),
    "statement": _statement,
    "statement-wrong": _statement_wrong,
    "draft": _at(Office.draft),
    "draft-dark": _at(Office.draft, "?scheme=dark&reader=1"),
    "draft-nobody": lambda office: office.post(
        f"/desk/mailings/{_once(Office.draft, office)}/reader", reader="nobody@example.org"
    ),
    "draft-text": _at(Office.draft, "?scheme=text&reader=long"),
    "draft-inverted": _at(Office.draft, "?scheme=inverted&reader=1"),
    "draft-source": _at(Office.draft, "?scheme=source"),
    "strip": _at(Office.draft, "/strip"),
    "draft-writer": _at(Office.draft, "", "writer"),
    "draft-blocked": _at(_blocked),
    "write": _at(Office.draft, "/write"),
    "write-wrong": lambda office: office.post(
        f"/desk/mailings/{_once(Office.draft, office)}/write", title="", language="en", body="Kept"
    ),
    "overtaken": _overtaken,
    "versions": _versions,
    "versions-none": _at(_fresh, "/versions"),
    "draft-in-review": _in_review,
    "when": _at(Office.draft, "/schedule?when=at"),
    "when-said": _at(Office.draft, WHEN.format(day="2027-06-01")),
    "when-wrong": _at(Office.draft, WHEN.format(day="2020-06-01")),
    "now": _at(Office.draft, "/schedule?when=now"),
    "scheduled": _at(Office.scheduled, "?said=scheduled"),
    "holding": _at(_held),
    "late": _at(Office.late),
    "sending": _at(Office.sending),
    "resting": _at(Office.resting),
    "stop": _at(Office.sending, "/stop"),
    "paused": _at(Office.paused),
    "stopped": _at(Office.stopped),
    "sent": _at(Office.sent),
    "archive": _at(Office.sent, "/archive"),
    "archive-wrong": lambda office: office.post(
        f"/desk/mailings/{_once(Office.sent, office)}/archive", what="correct", note=" "
    ),
    "pictures": _at(Office.sending, "/pictures"),
    "pictures-none": _at(Office.scheduled, "/pictures"),
    "calendar": _get("/desk/calendar"),
    "calendar-none": _get("/desk/calendar?month=2031-02"),
    "print": _at(Office.sent, "/print"),
    "people-chosen": _at(Office.sent, "/people/chosen"),
    "returned-none": _at(Office.sent, "/back/unsubscribed"),
    "growth": _get("/desk/lists/1/growth"),
    "people": _at(Office.sent, "/people/accepted"),
    "twice": _at(Office.sent, "/people/twice"),
    "people-uncertain": _at(Office.sent, "/people/uncertain"),
    "audience": _at(Office.draft, "/audience"),
    "audience-conditions": _aimed,
    "audience-late": _at(Office.sent, "/audience"),
    "home": _get("/desk"),
    "lists": _get("/desk/lists"),
    "list": _get("/desk/lists/1"),
    "list-wrong": _post("/desk/lists/1", do="save", name="Press!"),
    "lists-misused": _misused,
    "lists-wrong": _post("/desk/lists", name="Press!", language="en", archive="public"),
    "forms": _get("/desk/forms"),
    "forms-chosen": _get("/desk/forms?list=press&list=works&ask=name&ask=city&next=https://www.arden.example/thanks"),
    "forms-wrong": _get("/desk/forms?list=works&next=https://elsewhere.example/"),
    "readers": _get("/desk/readers?q=reader"),
    "readers-wrong": _post("/desk/readers", address="nobody", list="press"),
    "reader": _get("/desk/readers/1"),
    "reader-wrong": _post("/desk/readers/1", do="save", language="Elvish tongue"),
    "staff": _get("/desk/staff"),
    "staff-link": _post("/desk/staff", name="Bo New", address="bo@arden.example", role="writer"),
}
