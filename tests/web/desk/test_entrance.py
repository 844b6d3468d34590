"""Coming in: the first link, logging in, choosing passwords, going out."""

import re
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import pytest

from mailer.staff import entry, team
from mailer.web.desk.call import COOKIE
from tests.web.desk.office import HASH, PASSWORD, Office, build

FRESH = {"password": "seven herons on a weir", "again": "seven herons on a weir"}
ANN = {"name": "Ann Weir", "address": "Ann@arden.example", **FRESH}


def first(office: Office) -> str:
    """Return the path of the printed link."""
    with office.store.write() as session:
        return urlsplit(entry.first_link(session, office.config)).path


def cookie(answer: Any) -> Any:
    """Return the session cookie an answer sets."""
    return SimpleCookie(answer.headers["set-cookie"])[COOKIE]


def login(office: Office, address: str = "operator@arden.example", password: str = PASSWORD, **fields: str) -> Any:
    return office.client("").post("/desk/login", data={"address": address, "password": password, **fields})


def test_the_printed_link_makes_the_first_operator(office: Office) -> None:
    path, client = first(office), office.client("")
    for _ in range(2):
        page = client.get(path)
        assert page.status_code == 200
        assert "Open the desk" in page.text
    answer = client.post(path, data=ANN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    home = client.get("/desk")
    assert "Ann Weir" in home.text
    assert "operator" in home.text
    assert client.get(path).status_code == 404
    assert office.client("").post(path, data=ANN | {"name": "Eve"}).status_code == 404
    assert login(office, "ann@arden.example", FRESH["password"]).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "short", "again": "short"}, "at least 12"),
        ({"again": "something else entirely"}, "not the same twice"),
        ({"password": "password1234", "again": "password1234"}, "tried first"),
        ({"password": "annweir annweir", "again": "annweir annweir"}, "your own name"),
        ({"name": " "}, "is empty"),
        ({"address": "ann"}, "is not an address"),
    ],
)
def test_what_cannot_be_used_is_said_and_the_words_are_kept(
    small_office: Office, wrong: dict[str, str], said: str
) -> None:
    path = first(small_office)
    answer = small_office.client("").post(path, data=ANN | wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert "set-cookie" not in answer.headers
    assert f'value="{(ANN | wrong)["name"]}"' in answer.text
    assert FRESH["password"] not in answer.text
    assert small_office.client("").post(path, data=ANN).status_code == 303


def test_a_reset_link_changes_the_password_and_ends_sessions(small_office: Office) -> None:
    client = small_office.client("writer")
    assert client.get("/desk").status_code == 200
    with small_office.store.write() as session:
        person = team.with_address(session, "writer@arden.example")
        path = urlsplit(entry.link(session, small_office.config, person)).path
    page = small_office.client("").get(path)
    assert "writer@arden.example" in page.text
    assert 'name="name"' not in page.text
    answer = small_office.client("").post(path, data=FRESH | {"name": "Eve", "address": "eve@evil.example"})
    assert answer.status_code == 303
    assert client.get("/desk").status_code == 303
    assert login(small_office, "writer@arden.example").status_code == 422
    assert login(small_office, "writer@arden.example", FRESH["password"]).status_code == 303
    assert login(small_office, "eve@evil.example", FRESH["password"]).status_code == 422


def test_logging_in_gives_a_cookie_only_we_can_read(office: Office) -> None:
    office.secret("operator")
    answer = login(office)
    found = cookie(answer)
    assert found["httponly"]
    assert found["samesite"] == "lax"
    assert found["path"] == "/desk"
    assert not found["secure"]
    assert re.fullmatch(r"[\w-]{43}", found.value)


def test_over_https_the_cookie_is_secure(small_office: Office) -> None:
    site = {"name": "Arden Valley Water", "base_url": "https://mail.arden.example/news"}
    https = build(small_office.store, small_office.keys, site=site)
    https.secret("operator")
    answer = https.client("").post("/news/desk/login", data={"address": "operator@arden.example", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/news/desk")
    assert cookie(answer)["secure"]
    assert cookie(answer)["path"] == "/news/desk"


def test_every_login_has_a_new_secret_and_the_old_one_dies(small_office: Office) -> None:
    client = small_office.client()
    before = client.cookies[COOKIE]
    answer = client.post("/desk/login", data={"address": "operator@arden.example", "password": PASSWORD})
    assert answer.status_code == 303
    assert cookie(answer).value != before
    old = small_office.client("")
    old.cookies.set(COOKIE, before)
    assert old.get("/desk").status_code == 303


def test_who_is_unknown_is_told_the_same_as_who_mistyped(small_office: Office) -> None:
    small_office.secret("operator")
    wrong = login(small_office, password="not this one at all")
    unknown = login(small_office, "nobody.else@arden.exampl", "not this one at all")
    assert wrong.status_code == unknown.status_code == 422
    assert "set-cookie" not in wrong.headers
    assert wrong.text.replace("operator@arden.example", "?") == unknown.text.replace("nobody.else@arden.exampl", "?")


def test_guessing_is_slowed_and_the_owner_elsewhere_comes_in(small_office: Office, monkeypatch, moving_clock) -> None:
    monkeypatch.setattr("mailer.staff.passwords.fits", lambda kept, typed: kept == HASH and typed == PASSWORD)
    small_office.secret("operator")
    answers = [login(small_office, password="a guess that is wrong") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "15"
    assert "15 seconds" in answers[-1].text
    assert login(small_office).status_code == 429
    monkeypatch.setattr("mailer.web.network.of", lambda request, proxies: "198.51.100.7")
    assert login(small_office).status_code == 303


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/desk/lists", "/desk/lists"),
        ("/desk/mailings/3", "/desk/mailings/3"),
        ("//evil.example", "/desk"),
        ("https://evil.example/desk", "/desk"),
        ("/desk/../../x", "/desk"),
        ("/desk\\@evil.example", "/desk"),
        ("/desk/x\r\nSet-Cookie: a=b", "/desk"),
    ],
)
def test_after_logging_in_one_is_led_inside_only(small_office: Office, monkeypatch, wanted: str, led: str) -> None:
    monkeypatch.setattr("mailer.staff.passwords.fits", lambda kept, typed: kept == HASH)
    small_office.secret("operator")
    assert login(small_office, to=wanted).headers["location"] == led


def test_who_is_in_already_is_led_on(small_office: Office) -> None:
    assert small_office.client().get("/desk/login?to=/desk/lists").headers["location"] == "/desk/lists"


def test_logging_out_ends_the_session(small_office: Office) -> None:
    kept = small_office.client()
    answer = small_office.post("/desk/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/login")
    assert cookie(answer).value == ""
    assert kept.get("/desk").status_code == 303


def test_changing_ones_password_asks_for_the_old_one(small_office: Office) -> None:
    other = small_office.client()
    small_office.client("writer")
    wrong = small_office.post("/desk/me", old="something else entirely", **FRESH)
    assert wrong.status_code == 422
    assert "old password is wrong" in wrong.text
    short = small_office.post("/desk/me", old=PASSWORD, password="short", again="short")
    assert "The new password has 5 letters" in short.text
    answer = small_office.post("/desk/me", old=PASSWORD, **FRESH)
    assert answer.status_code == 303
    fresh = small_office.client("")
    fresh.cookies.set(COOKIE, cookie(answer).value)
    assert "Your password is changed" in fresh.get(answer.headers["location"]).text
    assert other.get("/desk").status_code == 303
    assert small_office.client("writer").get("/desk").status_code == 200
    assert login(small_office, password=FRESH["password"]).status_code == 303


def test_ones_sessions_are_listed_and_ended(office: Office) -> None:
    here, agents = office.client("writer"), ("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "curl/8")
    others = []
    for agent in agents:
        with office.store.write() as session:
            person = team.with_address(session, "writer@arden.example")
            found = office.client("")
            found.cookies.set(COOKIE, entry.admit(session, person, agent=agent))
            others.append(found)
    page = here.get("/desk/me").text
    assert "Firefox on Linux" in page
    assert page.count("this one") == 1
    numbers = re.findall(r'name="which" value="(\d+)"', page)
    assert len(numbers) == 2
    assert office.post("/desk/me/sessions", who="operator", which=numbers[-1]).status_code == 404, "not theirs"
    assert office.post("/desk/me/sessions", who="writer", which=numbers[-1]).status_code == 303
    assert [each.get("/desk").status_code for each in others] == [303, 200]
    assert office.post("/desk/me/sessions", who="writer", which="others").status_code == 303
    assert [each.get("/desk").status_code for each in (*others, here)] == [303, 303, 200]
