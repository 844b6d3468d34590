"""Every address of the desk asks the role table; docs/desk.md prints both; no GET changes anything."""

import re

import pytest

from mailer.staff import roles
from mailer.store.tables import ROLES
from mailer.web.desk.gate import OPEN, Way
from mailer.web.desk.ways import WAYS
from tests.house.floorplan import ROOT
from tests.web.desk.office import Office, with_all_roles

GUARDED = [way for way in WAYS if way.act != OPEN]
FORBIDDEN = "This is not for your role"


def name(way: Way) -> str:
    return f"{way.method} {way.path}"


def address(way: Way) -> str:
    """Return an address of this way, with numbers that nothing has."""
    path = re.sub(r"\{(id|delivery)\}", "999", way.path)
    return path.replace("{state}", "accepted").replace("{secret}", "no-such-secret")


def test_the_page_has_every_way() -> None:
    part = (ROOT / "docs/desk.md").read_text().split("<!-- pages -->")[1].split("<!-- end -->")[0]
    rows = re.findall(r"^\| (GET|POST) \| `([^`]+)` \| ([^|]+) \|$", part, re.M)
    assert rows == [(way.method, way.path, way.act) for way in WAYS]


def test_the_page_has_the_role_table() -> None:
    part = (ROOT / "docs/desk.md").read_text().split("<!-- roles -->")[1].split("<!-- end -->")[0]
    assert re.findall(r"^\| act \| (.+) \|$", part, re.M) == [" | ".join(ROLES)]
    rows = re.findall(r"^\| \*\*([^*]+)\*\*: ([^|]+) \| (.+) \|$", part, re.M)
    assert {act: told for act, told, _ in rows} == dict(roles.ACTS)
    for act, _, marks in rows:
        assert [mark == "yes" for mark in marks.split(" | ")] == [roles.may(role, act) for role in ROLES]


def test_every_way_names_an_act_that_exists() -> None:
    assert all(way.act in roles.ACTS for way in GUARDED)
    assert len({(way.method, way.path) for way in WAYS}) == len(WAYS)
    assert {way.act for way in WAYS if way.method == "GET"} >= {roles.LOOK, roles.SEE_PEOPLE, roles.KEEP_STAFF}


@pytest.mark.parametrize("role", ROLES)
def test_every_role_comes_where_it_may_and_nowhere_else(small_office: Office, role: str) -> None:
    client = small_office.client(role)
    for way in GUARDED:
        if way.path == "/desk/logout":
            continue
        path = address(way)
        answer = client.get(path) if way.method == "GET" else small_office.post(path, who=role)
        turned_away = answer.status_code == 403 and FORBIDDEN in answer.text
        assert turned_away != roles.may(role, way.act), name(way)
        assert answer.status_code < 500, name(way)


def test_nobody_comes_in_without_logging_in(small_office: Office) -> None:
    client = small_office.client("")
    before = small_office.dump()
    for way in GUARDED:
        answer = client.request(way.method, address(way), data={"token": "x"} if way.method == "POST" else None)
        if way.method == "GET":
            assert answer.status_code == 303, name(way)
            assert answer.headers["location"].startswith("/desk/login"), name(way)
        else:
            assert answer.status_code == 403, name(way)
            assert "logged out" in answer.text, name(way)
    assert small_office.dump() == before


def test_no_get_changes_anything(small_office: Office) -> None:
    with_all_roles(small_office)
    numbers = {small_office.draft(), small_office.scheduled(), small_office.sending(), small_office.sent()}
    statement = small_office.statement()
    client = small_office.client()
    before = small_office.dump()
    for way in WAYS:
        for number in numbers | {statement, 1} if "{id}" in way.path else {0}:
            if way.method == "GET":
                path = way.path.replace("{id}", str(number)).replace("{state}", "accepted")
                assert client.get(path.replace("{secret}", "x")).status_code < 500, path
    assert small_office.dump() == before


def test_other_methods_are_not_allowed(small_office: Office) -> None:
    client = small_office.client()
    assert client.delete("/desk").status_code == 405
    assert client.get("/desk/logout").status_code == 405
    assert client.post("/desk").status_code == 405


def test_a_number_no_row_can_have_is_not_here(small_office: Office) -> None:
    for number in (10**30, "9" * 5000, "x", "-1", "1.0", "\u0661"):
        assert small_office.client().get(f"/desk/mailings/{number}").status_code == 404
        assert small_office.post(f"/desk/staff/{number}", what="disable").status_code == 404
