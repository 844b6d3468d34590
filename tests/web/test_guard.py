"""The breaker at the door: work is asked of everybody, done by browsers, waited for without script, used once."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from mailer import clock
from mailer.config import Config
from mailer.people import breaker, limits
from mailer.store.tables import Notice, Signup
from mailer.web import guard, work
from mailer.web.site import make_site
from tests.web.browsing import CHROMIUM
from tests.web.town import BASE, SETTINGS, Town

FORM = {"address": "anna@example.org", "list": "press", "name": "Anna", "page": "https://water.example/"}


def trip(town: Town, name: str = "press") -> None:
    with town.store.write() as session:
        limits.hit(session, breaker.TRIPPED, name)


def signups(town: Town) -> int:
    with town.store.read() as session:
        return session.query(Signup).count()


def hidden(page: str) -> dict[str, str]:
    return {
        name: html.unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
    }


def asked(page: str) -> dict[str, Any]:
    found = re.search(r'data-challenge="([^"]*)"', page)
    assert found, page
    return json.loads(html.unescape(found[1]))


def solve(challenge: dict[str, Any]) -> str:
    """Do the work as anybody's solver does, from what the challenge says alone."""
    said = challenge["parameters"]
    nonce, salt = bytes.fromhex(said["nonce"]), bytes.fromhex(said["salt"])
    for counter in range(work.MOST):
        password = nonce + counter.to_bytes(4, "big")
        derived = hashlib.pbkdf2_hmac("sha256", password, salt, said["cost"], said["keyLength"]).hex()
        if derived.startswith(said["keyPrefix"]):
            return packed(challenge, {"counter": counter, "derivedKey": derived, "time": 700.0})
    raise AssertionError("there is no solution")


def packed(challenge: Any, solution: Any) -> str:
    return base64.b64encode(json.dumps({"challenge": challenge, "solution": solution}).encode()).decode()


@pytest.fixture
def tripped(small_town: Town, moving_clock) -> Town:
    trip(small_town)
    return small_town


def test_who_did_the_work_is_taken_and_a_proof_serves_once(town: Town, moving_clock) -> None:
    trip(town)
    page = town.client.post("/s", data={**FORM, "shown_at": town.shown_at()})
    assert page.status_code == 200
    assert "One small check" in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert signups(town) == 0
    fields = hidden(page.text)
    assert {name: fields[name] for name in FORM} == FORM, "nothing has to be typed again"
    proof = solve(asked(page.text))
    done = town.client.post("/s", data={**fields, "proof": proof})
    assert "Check your inbox" in done.text
    with town.store.read() as session:
        (row,) = session.query(Signup)
        assert (row.address, row.name, row.lists) == ("anna@example.org", "Anna", ["press"])
    before = town.dump()
    again = town.client.post("/s", data={**fields, "proof": proof})
    assert again.text == done.text, "a page that is loaded anew is answered, and writes nothing"
    for change in ({"address": "bea@example.org"}, {"list": ["press", "works"]}):
        assert "One small check" in town.client.post("/s", data={**fields, "proof": proof, **change}).text
    assert town.dump() == before


def test_only_the_form_that_is_attacked_asks(tripped: Town) -> None:
    assert "Sehen Sie in Ihr Postfach" in tripped.subscribe("anna@example.org", "works").text
    assert "One small check" in tripped.subscribe("anna@example.org", "works", "press").text


def test_a_program_is_told_to_open_a_page(tripped: Town) -> None:
    answer = tripped.client.post("/s/press", json={"address": "anna@example.org"})
    assert (answer.status_code, answer.json()["code"]) == (403, "challenge_required")
    assert answer.json()["url"] == f"{tripped.links.base}/s/press"
    assert signups(tripped) == 0


def test_a_form_that_leads_on_may_do_so_after_the_work(small_town: Town, moving_clock) -> None:
    site = "https://www.water.example"
    config = Config.model_validate(SETTINGS | {"forms": {"sites": {site: ["press"]}}})
    trip(small_town)
    with TestClient(make_site(config, small_town.store, small_town.keys), base_url=BASE) as client:
        page = client.post("/s", data={**FORM, "next": f"{site}/thanks"})
        policy = page.headers["content-security-policy"]
        assert f"form-action 'self' {site}; script-src 'self'" in policy
        fields = {**hidden(page.text), "proof": solve(asked(page.text))}
        done = client.post("/s", data=fields, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, f"{site}/thanks")


def test_who_is_known_is_asked_as_well(tripped: Town) -> None:
    reader = tripped.reader()
    said = set()
    for spelled in (reader.address, "zara.miller0@example.org"):
        page = tripped.subscribe(spelled).text
        page = re.sub(r'data-challenge="[^"]*"|name="waited" value="[^"]*"', "", page)
        said.add(page.replace(spelled, "?"))
    assert len(said) == 1


def forged(challenge: dict[str, Any]) -> dict[str, str]:
    """Return payloads that do not prove anything, by what is wrong with them."""
    parameters, good = challenge["parameters"], json.loads(base64.b64decode(solve(challenge)))["solution"]
    easier = {"parameters": {**parameters, "keyPrefix": "00"}, "signature": challenge["signature"]}
    longer = {"parameters": {**parameters, "expiresAt": 2**40}, "signature": challenge["signature"]}
    more = {"parameters": {**parameters, "more": 1}, "signature": challenge["signature"]}
    unsigned = {"parameters": parameters}
    counters = (
        {"counter": good["counter"] + 1},
        {"counter": str(good["counter"])},
        {"counter": -1},
        {"counter": True},
        {},
    )
    return {
        "empty": "",
        "no base64": "äöü",
        "no JSON": base64.b64encode(b"\xff{").decode(),
        "deep": base64.b64encode(b"[" * 1400).decode(),
        "a number": base64.b64encode(b"1").decode(),
        "nothing in it": base64.b64encode(b'{"challenge": {}, "solution": {}}').decode(),
        "easier": packed(easier, good),
        "longer": packed(longer, good),
        "more": packed(more, good),
        "unsigned": packed(unsigned, good),
        "signature of another kind": packed({"parameters": parameters, "signature": 7}, good),
    } | {f"counter {number}": packed(challenge, {**given}) for number, given in enumerate(counters)}


def test_what_is_no_proof_is_asked_for_work_again(tripped: Town) -> None:
    page = tripped.client.post("/s", data=FORM)
    payloads = forged(asked(page.text))
    before = tripped.dump()
    for wrong, payload in payloads.items():
        answer = tripped.client.post("/s", data={**FORM, "proof": payload})
        assert (answer.status_code, "One small check" in answer.text) == (200, True), wrong
    assert tripped.dump() == before


def test_a_proof_is_for_one_sign_up_and_one_day(tripped: Town, moving_clock) -> None:
    proof = solve(asked(tripped.client.post("/s", data=FORM).text))
    moving_clock.move(days=1, seconds=1)
    trip(tripped)
    assert "One small check" in tripped.client.post("/s", data={**FORM, "proof": proof}).text
    assert signups(tripped) == 0


def test_without_script_one_waits(tripped: Town, moving_clock) -> None:
    fields = hidden(tripped.client.post("/s", data=FORM).text)
    moving_clock.move(seconds=guard.WAIT_SECONDS - 5)
    early = tripped.client.post("/s", data=fields)
    assert "wait 5 more seconds" in early.text
    assert hidden(early.text)["waited"] == fields["waited"], "what was waited already is not lost"
    moving_clock.move(seconds=5)
    other = tripped.client.post("/s", data={**fields, "address": "bea@example.org"})
    assert "One small check" in other.text
    assert signups(tripped) == 0
    for _ in range(2):
        assert "Check your inbox" in tripped.client.post("/s", data=fields).text
    assert signups(tripped) == 1


def test_waiting_is_rationed(tripped: Town, moving_clock) -> None:
    forms = [{**FORM, "address": f"a{number}@example.org"} for number in range(guard.WAITS_OF_A_NETWORK + 1)]
    waiting = [hidden(tripped.client.post("/s", data=form).text) for form in forms]
    moving_clock.move(seconds=guard.WAIT_SECONDS)
    codes = [tripped.client.post("/s", data=fields).status_code for fields in waiting]
    assert codes == [200] * guard.WAITS_OF_A_NETWORK + [429]
    assert signups(tripped) == guard.WAITS_OF_A_NETWORK


def test_the_moment_a_form_was_shown_serves_one_sign_up(small_town: Town, moving_clock) -> None:
    fields = {**FORM, "shown_at": small_town.shown_at()}
    for _ in range(2):
        assert "Check your inbox" in small_town.client.post("/s", data=fields).text
    assert signups(small_town) == 1, "a second click is no second sign-up"
    for _ in range(2):
        replayed = small_town.client.post("/s", data={**fields, "address": "bea@example.org"})
        assert "Once more" in replayed.text
    assert signups(small_town) == 1


def test_forms_shown_in_the_same_moment_do_not_use_up_each_other(small_town: Town, moving_clock) -> None:
    fields = [hidden(small_town.client.get("/s/press").text) for _ in range(3)]
    moving_clock.move(seconds=5)
    for number, each in enumerate(fields):
        answer = small_town.client.post("/s", data={**each, "address": f"a{number}@example.org"})
        assert "Check your inbox" in answer.text
    again = [hidden(small_town.subscribe("x@example.org", shown_at="old").text)["shown_at"] for _ in range(3)]
    assert len(set(again)) == 3


def test_a_receiving_domain_that_got_its_share_is_told_to_everybody(small_town: Town, monkeypatch) -> None:
    domain = limits.domain_name(small_town.keys, "example.org")
    with small_town.store.write() as session:
        for number in range(small_town.config.signup.per_domain_hour):
            assert limits.draw_confirm(session, small_town.config, f"m{number}", f"s{number}", domain)
    assert small_town.subscribe("anna@example.org").status_code == 429
    assert small_town.subscribe("anna@example.net").status_code == 200


def shifted(seconds: float) -> Callable[[], datetime]:
    """Return a clock that is ahead of the one in use now."""
    real = clock.now
    return lambda: real() + timedelta(seconds=seconds)


@pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine")
@pytest.mark.parametrize("script", [True, False])
def test_a_browser_does_the_work_or_its_reader_waits(served: Town, browser: Any, script: bool, monkeypatch) -> None:
    trip(served)
    context = browser.new_context(java_script_enabled=script, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.set_default_timeout(60_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", shifted(-10))
        page.goto(served.links.subscribe("press"))
    page.get_by_label("E-mail address").fill("anna@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("One small check")
    status = page.get_by_role("status")
    if not script:
        expect(status).to_contain_text("Please wait 20 seconds")
        page.get_by_role("button", name="Subscribe").click()
        expect(status).to_contain_text("a little early")
        monkeypatch.setattr(clock, "now", shifted(guard.WAIT_SECONDS))
    # With script the button may be pressed before the work is done: it is sent by itself then.
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    served.answer_signups()
    with served.store.read() as session:
        assert [row.address for row in session.query(Notice)] == ["anna@example.org"]
    assert said == []
    context.close()
