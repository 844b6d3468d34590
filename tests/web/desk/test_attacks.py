"""What people type is shown as typed, whatever it is: in every field, on every page."""

import re
from typing import Any

import pytest

from mailer.mailing import mailings
from mailer.people import lists as mailing_lists
from mailer.people import subscribers
from mailer.staff import team
from mailer.store.tables import Delivery, Subscription
from mailer.web.desk import lists, readers, staff
from tests.web.desk.office import Office

MARKUP = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>{{ 7*7 }}{% raw %}</textarea></title>"
PAYLOADS = [
    MARKUP,
    "javascript:alert(1)//\u202egnp.exe",
    "'; DROP TABLE staff; --\x00\x1b[31m\ud800",
    "${7*7}<%= 7*7 %>",
]
STATEMENT = ("title", "deck", "date", "language", "note", "subject", "preheader", "include")
BROKEN = ("<img src=x", "<script>alert", "</textarea></title>", "onerror=alert(1)>")


def harmless(text: str, scripts: bool = True) -> None:
    """Fail if a payload became markup, or was run as a template; a page has scripts of ours, a part of one none."""
    assert not [each for each in BROKEN if each in text]
    assert "49{%" not in text
    assert text.count("<script") == text.count('<script src="/static/')
    assert ("<script" in text) == scripts
    assert not re.search(r"""(?:href|src|action)=["']\s*javascript:""", text)


def ok(answer: Any, *statuses: int) -> str:
    """Return the page if it was answered with one of the statuses."""
    assert answer.status_code in (statuses or (200,)), answer.text
    return str(answer.text)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_field_survives_everything(small_office: Office, payload: str) -> None:
    typed = payload.encode("utf-8", "replace").decode()
    small_office.lists()
    forms = {
        "/desk/lists": lists.FIELDS,
        "/desk/readers": readers.FIELDS,
        "/desk/staff": staff.FIELDS,
        "/desk/me": ("old", "password", "again"),
        "/desk/statements/new": (),
        f"/desk/statements/{small_office.statement()}": STATEMENT,
        f"/desk/mailings/{small_office.draft()}": ("subject", "preheader"),
        f"/desk/mailings/{small_office.draft()}/test": ("address",),
        f"/desk/mailings/{small_office.draft()}/schedule": ("when", "day", "time", "zone", "number", "revision"),
    }
    for path, names in forms.items():
        answer = small_office.post(path, **dict.fromkeys(names, typed), text="?" + typed)
        assert answer.status_code < 500, path
        harmless(answer.text, scripts=answer.status_code != 303)
    harmless(small_office.client("").post("/desk/login", data={"address": typed, "password": typed, "to": typed}).text)
    for path in ("/desk", "/desk/lists", "/desk/readers", "/desk/staff"):
        asked = {"q": typed, "after": typed, "said": typed, "to": typed, "before": typed}
        harmless(ok(small_office.client().get(path, params=asked)))


def test_no_store_minds_what_is_asked_for(office: Office) -> None:
    typed = PAYLOADS[2].encode("utf-8", "replace").decode()
    office.lists()
    for path in ("/desk", "/desk/readers", f"/desk/mailings/{office.draft()}"):
        ok(office.client().get(path, params={"q": typed, "after": typed, "reader": typed, "before": typed}))
    assert office.post("/desk/lists", name="x", title=typed, from_address="e@arden.example", postal_address=typed,
                       language="en", archive="public").status_code == 303  # fmt: skip
    assert office.client("").post("/desk/login", data={"address": typed, "password": typed}).status_code == 422


def test_what_was_kept_is_shown_as_typed(office: Office) -> None:
    office.lists()
    told = ("title", "description", "from_name", "postal_address")
    made = dict.fromkeys(told, MARKUP.replace("{{", "").replace("{%", ""))
    made |= {"name": "evil", "from_address": "e@arden.example", "language": "en", "archive": "public"}
    ok(office.post("/desk/lists", **made), 303)
    with office.store.write() as session:
        for field in told:
            # Past the verb, which refuses braces: pages must be safe with whatever a row holds.
            setattr(mailing_lists.named(session, "evil"), field, MARKUP)
        person = subscribers.need(session, "reader0@example.org")
        subscribers.change(session, person, name=MARKUP, attributes={"city": MARKUP})
        session.query(Subscription).filter_by(subscriber_id=person.id).update({"ended_why": ""})
    ok(office.post("/desk/readers", address="e@example.org", name=MARKUP, list="evil", consent=MARKUP), 303)
    text = f"{MARKUP}\n\n{MARKUP}"
    path = office.post("/desk/statements/new", text=text).headers["location"]
    facts = {"title": MARKUP, "deck": MARKUP, "date": "", "language": "en", "note": MARKUP}
    wish = {"subject": MARKUP, "preheader": MARKUP, "include": "press"}
    harmless(ok(office.client().get(path)))
    page = office.post(path, **facts, **wish).headers["location"].partition("?")[0]
    with office.store.write() as session:
        team.with_address(session, "operator@arden.example").name = MARKUP[:100]
    for query in ("", "?scheme=text&reader=1", "?scheme=dark&reader=1"):
        harmless(ok(office.client().get(page + query)))
    for path in ("/desk", "/desk/lists", "/desk/readers", "/desk/readers/1", "/desk/staff", "/desk/me"):
        harmless(ok(office.client().get(path)))
    letter = ok(office.client().get(f"{page}/preview.html"))
    assert "<script" not in letter
    assert "<img src=x" not in letter
    number = int(page.rpartition("/")[2])
    assert office.mailing(number).subject == " ".join(MARKUP.split())


def test_what_servers_say_is_shown_as_said(small_office: Office) -> None:
    number = small_office.sent()
    with small_office.store.write() as session:
        for row in session.query(Delivery).filter(Delivery.state != "accepted"):
            row.reply_code, row.reply_text, row.why = 550, MARKUP, MARKUP
        mailings.need(session, number).why = MARKUP
    for path in ("", "/people/refused", "/people/uncertain", "/stop", "/watch?state=sent"):
        text = ok(small_office.client().get(f"/desk/mailings/{number}{path}"), 200, 286)
        harmless(text, scripts="watch" not in path)
    harmless(ok(small_office.client().get("/desk")))
    harmless(ok(small_office.client().get("/desk/readers/1")))
