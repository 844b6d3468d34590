"""A second person at the desk: asked, shown what is different, approving as seen or giving back."""

import re

from mailer.people import lists
from tests.web.desk.office import Office


def asked(office: Office) -> str:
    """Make a draft for a list that asks for a second person, and hand it over; return its path."""
    path = f"/desk/mailings/{office.draft()}"
    with office.store.write() as session:
        lists.change(session, lists.named(session, "press"), two_persons=True)
    assert "somebody who did not write it looks at it" in office.client("writer").get(path).text
    assert office.post(f"{path}/review", who="writer").status_code == 303
    return path


def seen(office: Office, path: str, who: str = "approver") -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', office.client(who).get(path).text)
    return found[1] if found else ""


def test_the_way_of_a_draft_past_two_persons(office: Office) -> None:
    path = asked(office)
    early = office.post(f"{path}/schedule", who="approver", revision="1", when="now")
    assert early.status_code == 422
    assert "in review and cannot be scheduled" in early.text or "a second person has not approved" in early.text
    assert office.post(f"{path}/approve", who="writer", what="approve", seen="x").status_code == 403
    returned = office.post(f"{path}/approve", who="approver", what="return", note="Which <Monday>?")
    assert returned.status_code == 303
    page = office.client("writer").get(path).text
    assert "Ann Approver gave it back" in page
    assert "Which &lt;Monday&gt;?" in page
    office.post(path, who="writer", subject="Water will be off on Monday the second", revision="1")
    assert office.post(f"{path}/review", who="writer").status_code == 303
    page = office.client("approver").get(path).text
    assert '<ins><span class="unseen">Added: </span>Water will be off on Monday the second</ins>' in page
    assert "<del>" in page
    assert office.post(f"{path}/approve", who="approver", what="approve", seen="0" * 64).status_code == 422
    hashed = seen(office, path)
    assert office.post(f"{path}/approve", who="approver", what="approve", seen=hashed).status_code == 303
    assert "Approved by Ann Approver" in office.client("writer").get(path).text
    assert office.post(f"{path}/schedule", revision="2", when="now").status_code == 303


def test_who_changed_it_is_offered_no_button_and_refused(small_office: Office) -> None:
    path = asked(small_office)
    small_office.post(path, who="approver", subject="Changed by the approver", revision="1")
    assert small_office.post(f"{path}/review", who="writer").status_code == 303
    assert "You wrote it or asked for this yourself" in small_office.client("approver").get(path).text
    hashed = seen(small_office, path, "operator")
    assert small_office.post(f"{path}/approve", who="approver", what="approve", seen=hashed).status_code == 422
    assert small_office.post(f"{path}/approve", who="operator", what="approve", seen=hashed).status_code == 303


def test_the_rule_is_set_where_lists_are_kept(small_office: Office) -> None:
    small_office.lists()
    with small_office.store.read() as session:
        number = lists.named(session, "press").id
    for wanted in ("yes", "no"):
        assert small_office.post(f"/desk/lists/{number}/rule", who="list keeper", two_persons=wanted).status_code == 303
        with small_office.store.read() as session:
            assert lists.need(session, number).two_persons == (wanted == "yes")
