"""The gate: forms of other sites are refused, sessions end, answers are nobody else's and are not kept."""

import pytest

from mailer.staff import entry
from mailer.web.desk.call import COOKIE, token_of
from tests.web.desk.office import BASE, Office


def attempt(office: Office, token: str | None = None, **headers: str) -> int:
    """Try to make a list with a form, and return the status."""
    data = {
        "name": "news",
        "title": "News",
        "from_address": "news@arden.example",
        "postal_address": "1 Main Street",
        "language": "en",
        "archive": "public",
        "token": token_of(office.secret("operator")) if token is None else token,
    }
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    return int(office.client().post("/desk/lists", data=data, headers=shown).status_code)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site", "origin": BASE},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_forms_of_other_sites_are_refused(small_office: Office, headers: dict[str, str]) -> None:
    assert attempt(small_office, **headers) == 403
    answer = small_office.client("").post("/desk/login", data={}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "News" not in small_office.client().get("/desk/lists").text


@pytest.mark.parametrize(
    "headers", [{}, {"sec_fetch_site": "same-origin"}, {"sec_fetch_site": "none"}, {"origin": BASE}]
)
def test_forms_of_our_own_are_taken(small_office: Office, headers: dict[str, str]) -> None:
    assert attempt(small_office, **headers) == 303


def test_a_form_needs_the_token_of_its_own_session(small_office: Office) -> None:
    for wrong in ("", "x", "ä", token_of(small_office.secret("approver")), small_office.secret("operator")):
        assert attempt(small_office, token=wrong) == 403
    assert "News" not in small_office.client().get("/desk/lists").text


def test_the_token_does_not_tell_the_secret(small_office: Office) -> None:
    secret = small_office.secret("operator")
    page = small_office.client().get("/desk").text
    assert token_of(secret) in page
    assert secret not in page


def test_an_idle_session_ends_and_a_click_keeps_it(small_office: Office, moving_clock) -> None:
    client = small_office.client()
    for _ in range(3):
        moving_clock.move(hours=11)
        assert client.get("/desk").status_code == 200
    moving_clock.move(hours=12)
    answer = client.get("/desk/lists")
    assert answer.headers["location"] == "/desk/login?to=%2Fdesk%2Flists"


def test_watching_is_no_click(small_office: Office, moving_clock) -> None:
    number, client = small_office.scheduled(), small_office.client()
    for hours, status in ((11, 200), (1, 204)):
        moving_clock.move(hours=hours)
        answer = client.get(f"/desk/mailings/{number}/watch?state=scheduled", headers={"HX-Request": "true"})
        assert answer.status_code == status
    assert answer.headers["HX-Redirect"] == "/desk/login"


def test_who_is_disabled_is_out(small_office: Office) -> None:
    client = small_office.client("approver")
    assert client.get("/desk").status_code == 200
    small_office.secret("operator")
    with small_office.store.write() as session:
        person = entry.team.with_address(session, "approver@arden.example")
        entry.team.disable(session, person, actor="test")
    assert client.get("/desk").status_code == 303


def test_answers_are_not_kept_not_framed_and_run_only_our_scripts(small_office: Office) -> None:
    small_office.draft()
    for path in ("/desk", "/desk/login", "/desk/mailings/1", "/desk/lists", "/desk/nowhere", "/desk/setup/x"):
        headers = small_office.client().get(path).headers
        assert headers["cache-control"] == "no-store", path
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-robots-tag"] == "noindex, nofollow"


def test_pages_have_no_script_or_style_of_their_own(small_office: Office) -> None:
    number = small_office.sending()
    for path in ("/desk", f"/desk/mailings/{number}", "/desk/staff", "/desk/statements/new"):
        page = small_office.client().get(path).text
        assert " style=" not in page
        assert "<style" not in page
        assert page.count("<script") == page.count('<script src="/static/') <= 2
        assert " onclick" not in page


def test_too_much_is_refused_before_it_is_read(small_office: Office) -> None:
    large = b"x" * (21 * 1024 * 1024)
    answer = small_office.client().post("/desk/statements/new", content=large)
    assert answer.status_code == 413
    assert "20 MB" in answer.text
    assert small_office.client("").post("/desk/login", content=b"x" * 20_000).status_code == 413


def test_a_damaged_form_is_refused(small_office: Office) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = small_office.client().post("/desk/statements/new", content=b"--y\r\nno", headers=kind)
    assert answer.status_code in (400, 403)
    fields = "&".join(f"a{number}=1" for number in range(300))
    answer = small_office.client().post("/desk/lists", content=fields)
    assert answer.status_code == 400


def test_a_wrong_cookie_is_nobody(small_office: Office) -> None:
    client = small_office.client("")
    for value in ("x", "ä" * 30, "0" * 43):
        client.cookies.clear()
        answer = client.get("/desk", headers={"cookie": f"{COOKIE}={value}".encode()})
        assert answer.status_code == 303
