"""The second step: set up, asked for, each code once, slowed, lost, and never got round by a link."""

import re
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import pyotp

from mailer import clock
from mailer.staff import entry, second_step, team
from mailer.web.desk.call import COOKIE
from tests.web.desk.office import PASSWORD, Office

PATH = "/desk/me/second-step"
WHO = "operator@arden.example"


def code(office: Office, secret: str, ahead: int = 0) -> str:
    return pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30 * ahead))


def turn_on(office: Office) -> tuple[str, list[str]]:
    """Turn it on for the operator as they would; return secret and recovery codes."""
    assert office.post(PATH, what="begin").status_code == 303
    text = office.client().get(PATH).text
    found = re.search(r'<code class="link"[^>]*>([A-Z2-7 ]+)</code>', text)
    assert found
    secret = found[1].replace(" ", "")
    assert "<svg" in text
    assert office.post(PATH, what="confirm", code="000 000x").status_code == 422
    answer = office.post(PATH, what="confirm", code=code(office, secret))
    assert answer.status_code == 200
    return secret, re.findall(r"<li><code>([0-9a-f-]+)</code>", answer.text)


def ticket(office: Office) -> str:
    """Log in with the password and return the ticket of the page that asks for the code."""
    answer = office.client("").post("/desk/login", data={"address": WHO, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    assert "set-cookie" not in answer.headers
    found = re.search(r'name="ticket" value="([^"]+)"', answer.text)
    assert found
    return found[1]


def give(office: Office, given: str, code: str) -> Any:
    return office.client("").post("/desk/login/code", data={"ticket": given, "code": code, "to": "/desk/lists"})


def test_it_is_set_up_and_asked_for(office: Office, moving_clock: Any) -> None:
    office.secret("operator")
    with office.store.write() as session:
        other = entry.admit(session, team.with_address(session, WHO), agent="another")
    secret, recovery = turn_on(office)
    assert len(set(recovery)) == second_step.RECOVERY_CODES
    with office.store.read() as session:
        assert entry.visit(session, office.config, other) is None
    given = ticket(office)
    # The code that turned it on is used up.
    assert give(office, given, code(office, secret)).status_code == 422
    moving_clock.move(seconds=30)
    answer = give(office, given, code(office, secret))
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/lists")
    assert SimpleCookie(answer.headers["set-cookie"])[COOKIE].value
    assert give(office, given, code(office, secret)).status_code == 422
    assert give(office, ticket(office), recovery[0].upper()).status_code == 303
    assert give(office, ticket(office), recovery[0]).status_code == 422
    assert "two steps" in office.client().get("/desk/staff").text
    assert "recovery code used" in office.client().get("/desk/deeds").text


def test_a_ticket_dies(small_office: Office, moving_clock: Any) -> None:
    office = small_office
    office.secret("operator")
    secret, _ = turn_on(office)
    given = ticket(office)
    with office.store.write() as session:
        person = team.with_address(session, WHO)
        kept, person.password_hash = person.password_hash, "another"
    assert give(office, given, code(office, secret, 1)).status_code == 422
    with office.store.write() as session:
        team.with_address(session, WHO).password_hash = kept
    moving_clock.move(minutes=11)
    for bad in (given, given[:-1], "", "x" * 300):
        answer = give(office, bad, code(office, secret))
        assert answer.status_code == 422
        assert "log in again" in answer.text
        assert "set-cookie" not in answer.headers


def test_guessing_codes_is_slowed_from_everywhere_and_nothing_is_left_open(
    small_office: Office, moving_clock: Any
) -> None:
    office = small_office
    office.secret("operator")
    _, recovery = turn_on(office)
    given = ticket(office)
    statuses = [give(office, given, "wrong").status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    assert give(office, given, recovery[1]).status_code == 429
    moving_clock.move(minutes=2)
    assert give(office, ticket(office), recovery[1]).status_code == 303
    # A link to choose a password does not stand for the code.
    with office.store.write() as session:
        link = urlsplit(entry.link(session, office.config, team.with_address(session, WHO))).path
    fresh = {"password": "seven herons on a weir", "again": "seven herons on a weir"}
    answer = office.client("").post(link, data=fresh)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/login?said=chosen")
    assert "set-cookie" not in answer.headers


def test_it_is_turned_off_with_a_code_or_by_an_operator(small_office: Office, moving_clock: Any) -> None:
    office = small_office
    office.secret("operator")
    _, recovery = turn_on(office)
    assert office.post(PATH, what="begin").status_code == 409
    assert office.post(PATH, what="off", code="wrong").status_code == 422
    assert office.post(PATH, what="off", code=recovery[0]).status_code == 303
    assert "Set it up" in office.client().get(PATH).text
    turn_on(office)
    with office.store.read() as session:
        number = team.with_address(session, WHO).id
    assert office.post(f"/desk/staff/{number}", what="one step").status_code == 303
    answer = office.client("").post("/desk/login", data={"address": WHO, "password": PASSWORD})
    assert answer.status_code == 303
