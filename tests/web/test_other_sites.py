"""Other sites' forms and scripts: who may ask, what is answered, where a form leads on to."""

import html
import json
import re
from typing import Any

import pytest

from mailer import clock
from mailer.send.report import RelayReport, Report
from mailer.store.tables import Signup, Worker
from mailer.web import problems
from tests.web.town import BASE, Town

SITE, WORKS, STRANGER = "https://www.water.example", "https://works.example", "https://evil.example"
# What a form may lead on to nowhere.
ELSEWHERE = [
    STRANGER + "/",
    SITE + ".evil.example/",
    SITE + "@evil.example/",
    SITE + ":443/",
    "https://evil.example\\@www.water.example/",
    "https://www.water.example\\.evil.example/",
    "https://WWW.water.example/",
    "http://www.water.example/",
    "//www.water.example/",
    "/s",
    "javascript:alert(1)",
    "https:www.water.example",
    SITE + "/\r\nSet-Cookie: a=b",
    SITE + "/ä",
    "https://[",
    "x" * 3000,
]


def rows(town: Town) -> list[dict[str, Any]]:
    with town.store.read() as session:
        names = ("address", "lists", "name", "language", "attributes", "page", "words")
        return [{name: getattr(row, name) for name in names} for row in session.query(Signup).order_by(Signup.id)]


def ask(town: Town, path: str = "/s/press", origin: str = SITE, **fields: Any) -> Any:
    """Post JSON as a script of a site does."""
    headers = {"Origin": origin, "Sec-Fetch-Mode": "cors"} if origin else {}
    return town.client.post(path, json={"address": "anna@example.org", **fields}, headers=headers)


def test_a_script_of_a_listed_site_signs_somebody_up(town: Town) -> None:
    answer = ask(
        town, name="Anna", city="Arden", debt="much", language="de", page=SITE + "/news", website="", size=3, all=True
    )
    assert (answer.status_code, answer.json()) == (202, {"status": "check_inbox"})
    assert answer.headers["access-control-allow-origin"] == SITE
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert rows(town) == [
        {
            "address": "anna@example.org",
            "lists": ["press"],
            "name": "Anna",
            "language": "de",
            # What no form of this list may ask for is passed over.
            "attributes": {"city": "Arden"},
            "page": SITE + "/news",
            "words": town.config.signup.consent_words,
        }
    ]
    assert ask(town, "/s/press+works", list=["works"], city="Arden").status_code == 202
    assert ask(town, "/s", list="works").status_code == 202
    assert [(row["lists"], row["attributes"]) for row in rows(town)[1:]] == [(["works"], {}), (["works"], {})]


def test_an_answer_is_the_same_to_programs_whoever_it_is_about(small_town: Town) -> None:
    known = ["new@example.org", small_town.asked().address, small_town.reader().address]
    said = {
        (answer.status_code, answer.content, str(answer.headers))
        for one in known
        if (answer := ask(small_town, address=one))
    }
    assert len(said) == 1


@pytest.mark.parametrize(
    ("path", "origin", "extra"),
    [
        ("/s/press", STRANGER, {}),
        ("/s/press", "null", {}),
        ("/s/press", WORKS, {}),
        ("/s/press+works", WORKS, {"list": ["works", "press"]}),
        ("/s/press", SITE + ":8443", {}),
        ("/s/press", SITE.replace("https", "http"), {}),
    ],
)
def test_a_script_of_another_site_changes_nothing_and_reads_nothing(
    small_town: Town, path: str, origin: str, extra: dict[str, Any]
) -> None:
    before = small_town.dump()
    answer = ask(small_town, path, origin, **extra)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")
    # Works may ask for its own list, so it may read why it may not ask for this one.
    assert ("access-control-allow-origin" in answer.headers) == (origin == WORKS)
    # A form in the eyes of a browser needs no preflight: the script is known by how it asks.
    data, mode = {"address": "anna@example.org"}, {"Origin": origin, "Sec-Fetch-Mode": "no-cors"}
    assert small_town.client.post("/s/press", data=data, headers=mode).status_code == 403
    json_wanted = {"Origin": origin, "Accept": "application/json"}
    assert small_town.client.post("/s/press", data=data, headers=json_wanted).status_code == 403
    assert small_town.dump() == before
    # A person who presses a button there is welcome.
    pressed = {"Origin": origin, "Sec-Fetch-Mode": "navigate", "Accept": "text/html,*/*"}
    assert small_town.client.post("/s/press", data=data, headers=pressed).status_code == 200


def test_a_program_that_is_no_script_in_a_browser_needs_no_leave(small_town: Town) -> None:
    assert ask(small_town, origin="").status_code == 202
    assert ask(small_town, origin=BASE).status_code == 202
    data = {"address": "anna@example.org"}
    answer = small_town.client.post("/s/press", data=data, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()) == (202, {"status": "check_inbox"})


@pytest.mark.parametrize("path", ["/s", "/s/press", "/s/press+works"])
def test_browsers_are_told_beforehand_and_remember(small_town: Town, path: str) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    told = small_town.client.options(path, headers={"Origin": SITE, **asked})
    assert told.status_code == 204
    assert told.headers["access-control-allow-origin"] == SITE
    assert told.headers["access-control-allow-headers"] == "content-type"
    assert told.headers["access-control-allow-methods"] == "POST"
    assert int(told.headers["access-control-max-age"]) >= 7200
    assert told.headers["vary"] == "Origin"
    for origin in (STRANGER, "null", SITE + "/", "*"):
        refused = small_town.client.options(path, headers={"Origin": origin, **asked})
        assert not [name for name in refused.headers if name.startswith("access-control")]


def test_what_is_wrong_is_told_field_by_field_in_the_words_of_the_page(small_town: Town) -> None:
    answer = ask(small_town, "/s/press+works", address="anna")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "code", "errors"} == set(problem)
    assert (problem["type"], problem["status"], problem["code"]) == (f"{BASE}/problems/invalid", 422, "invalid")
    assert [(one["field"], one["pointer"], one["code"]) for one in problem["errors"]] == [
        ("list", "#/list", "none"),
        ("address", "#/address", "not_an_address"),
    ]
    page = html.unescape(small_town.client.post("/s/press+works", data={"address": "anna"}).text)
    assert all(one["detail"] in page for one in problem["errors"])


@pytest.mark.parametrize(
    "body", ["", "[", "[]", "null", '"x"', '{"address": {"a": 1}}', '{"list": [["a"]]}', "[" * 30_000,
             json.dumps({str(number): "" for number in range(61)}), '{"a": 1e999}x', b"\xed\xb2\x80"]
)  # fmt: skip
def test_what_is_no_object_of_texts_is_damaged(small_town: Town, body: str | bytes) -> None:
    headers = {"Content-Type": "application/json", "Origin": SITE}
    answer = small_town.client.post("/s/press", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "damaged")
    assert answer.headers["access-control-allow-origin"] == SITE


def test_every_other_answer_is_a_problem_too(small_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(small_town, "/s/old").json()["code"] == "list_closed"
    assert ask(small_town, "/s/press", list="works").json()["code"] == "list_closed"
    assert ask(small_town, name="x" * 70_000).json()["code"] == "too_large"
    assert small_town.client.put("/s/press", json={}).json()["code"] == "no_such_method"
    once_more = ask(small_town, shown_at=small_town.shown_at(0)).json()
    assert (once_more["status"], once_more["code"], once_more["url"]) == (403, "challenge_required", BASE + "/s/press")
    assert rows(small_town) == []
    assert ask(small_town, website="https://spam.example").status_code == 202
    assert rows(small_town) == []
    for _ in range(small_town.config.signup.per_network_hour):
        assert ask(small_town).status_code == 202
    many = ask(small_town)
    assert (many.status_code, many.json()["code"], many.headers["retry-after"]) == (429, "too_many", "3600")
    assert many.headers["access-control-expose-headers"] == "Retry-After"
    monkeypatch.setattr("mailer.people.offers.chosen", lambda *_args: 1 / 0)
    broken = ask(small_town)
    assert (broken.status_code, broken.json()["code"]) == (500, "our_fault")
    assert "division" not in broken.text


def test_every_problem_has_words_and_a_page(small_town: Town) -> None:
    for code in problems.STATUS:
        page = small_town.client.get(f"/problems/{code}")
        assert page.status_code == 200
        assert f"<code>{code}</code>" in page.text
        assert "Something went wrong here" not in page.text
    assert small_town.client.get("/problems/nothing").status_code == 404


def test_a_slip_is_asked_about_and_each_answer_is_one_button(town: Town) -> None:
    asked = town.subscribe("Anna.Miller@Gmial.com", name="Anna", city="Arden", page=SITE)
    assert asked.status_code == 422
    assert asked.text.count("Did you mean Anna.Miller@gmail.com?") == 2
    assert "<title>Error: " in asked.text
    buttons = re.findall(r'<button class="slim[^"]*" name="(take|keep)" value="([^"]+)"', asked.text)
    assert buttons == [("take", "Anna.Miller@gmail.com"), ("keep", "Anna.Miller@Gmial.com")]
    assert 'value="Arden"' in asked.text
    assert rows(town) == []
    for name, value in buttons:
        assert town.subscribe("Anna.Miller@Gmial.com", **{name: value}).status_code == 200
    # Who types on and presses Enter sends the first button with it: the new address counts.
    assert town.subscribe("anna@example.org", take="Anna.Miller@gmail.com").status_code == 200
    assert town.subscribe("anna@hotmial.com", keep="Anna.Miller@Gmial.com").status_code == 422
    addresses = ["Anna.Miller@gmail.com", "Anna.Miller@Gmial.com", "anna@example.org"]
    assert [row["address"] for row in rows(town)] == addresses

    problem = ask(town, address="anna@gmail.con").json()
    assert (problem["code"], problem["suggestion"]) == ("mistyped", "anna@gmail.com")
    assert (problem["take"], problem["keep"]) == ("Yes, use anna@gmail.com", "No, anna@gmail.con is right")
    assert ask(town, address="anna@gmail.con", keep="anna@gmail.con").status_code == 202


def test_who_keeps_a_slip_and_presses_once_more_is_not_asked_again(small_town: Town) -> None:
    spelled = "anna@gmial.com"
    answer = small_town.subscribe(spelled, keep=spelled, city="Arden", next=SITE + "/thanks", shown_at="forged")
    assert "Once more" in answer.text
    assert answer.headers["content-security-policy"].endswith(f"form-action 'self' {SITE}")
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text)
    again = small_town.client.post(
        "/s", data={**dict(fields), "shown_at": small_town.shown_at()}, follow_redirects=False
    )
    assert (again.status_code, again.headers["location"]) == (303, SITE + "/thanks")
    assert [(row["address"], row["attributes"]) for row in rows(small_town)] == [(spelled, {"city": "Arden"})]


def test_a_form_leads_on_to_sites_of_its_lists_only(small_town: Town) -> None:
    def post(onward: str, *names: str) -> Any:
        data = {"address": "anna@example.org", "list": list(names or ("press",)), "next": onward}
        return small_town.client.post("/s", data=data, follow_redirects=False)

    for onward in (SITE + "/thanks?a=b#c", SITE, BASE + "/a/press"):
        answer = post(onward)
        assert (answer.status_code, answer.headers["location"]) == (303, onward)
    assert post(WORKS + "/", "works").status_code == 303
    assert post(WORKS + "/", "works", "press").status_code == 200
    with small_town.store.write() as session:
        session.query(Signup).delete()
    for onward in ELSEWHERE:
        answer = post(onward)
        assert (answer.status_code, "location" in answer.headers) == (200, False), onward
        with_mistake = small_town.subscribe("anna", next=onward)
        assert 'name="next"' not in with_mistake.text
        assert with_mistake.headers["content-security-policy"].endswith("form-action 'self'")


def test_addresses_of_every_script_are_taken_where_a_relay_may_carry_them(small_town: Town) -> None:
    assert small_town.subscribe("anna@bücher.example").status_code == 200
    assert small_town.subscribe("änna@example.org").status_code == 200, "nobody knows yet what relays take"
    now = clock.now()
    narrow, wide = RelayReport(is_narrow=True), RelayReport()
    for relays, status in ({"main": narrow}, 422), ({"main": narrow, "spare": wide}, 200):
        with small_town.store.write() as session:
            session.query(Worker).delete()
            session.add(Worker(name="w", started_at=now, seen_at=now, report=Report(relays).as_json()))
        assert small_town.subscribe("anna@bücher.example").status_code == 200
        answer = small_town.subscribe("änna@example.org", name="Änna")
        assert answer.status_code == status
        assert ("before the @ it takes only plain letters" in answer.text) == (status == 422)
        assert ('value="Änna"' in answer.text) == (status == 422)
        codes = [one["code"] for one in ask(small_town, address="änna@example.org").json().get("errors", [])]
        assert codes == (["letters"] if status == 422 else [])


def test_the_script_may_be_loaded_by_every_site_and_is_small(small_town: Town) -> None:
    answer = small_town.client.get("/static/subscribe.js", headers={"Origin": STRANGER})
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert len(answer.content) < 5 * 1024
    assert not re.search(r"\.style\b|innerHTML|eval|document\.cookie|localStorage", answer.text)
    assert small_town.client.get("/static/house.css").headers["cross-origin-resource-policy"] == "same-origin"
