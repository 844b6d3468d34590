"""Every answer, whatever it says, tells the browser the same about safety."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailer.store.engine import Store
from mailer.tokens import Keys
from mailer.web import headers
from mailer.web.site import make_site
from tests.web.states import STATES
from tests.web.town import BASE, Town, build

# The only pages with a script: a file of ours, which does the work that somebody without it waits for instead.
SCRIPTED = {"challenge", "challenge-early"}
SCRIPT = re.compile(r'<script src="/static/proof\.js\?v=\w+" defer></script>')
# What a mailing says of itself to search programs: data, which no browser runs.
DATA = re.compile(r'<script type="application/ld\+json">[^<]*</script>')
# The letter as it was mailed brings its own looks.
LETTERS = {"archive-letter"}
OPEN = {"index", "problem", "archive", "archive-all", "archive-older", "archive-view", "archive-corrected"}
OPEN |= {"archive-corrected-list", "/robots.txt", *LETTERS}
TOKEN = re.compile(r"AQ[\w-]{20,}")


@pytest.fixture(scope="module")
def answers(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[dict[str, Any]]:
    path = tmp_path_factory.mktemp("town") / "subscribers.db"
    shutil.copy(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    town = build(store, keys)
    with town.client:
        found = {name: state(town) for name, state in STATES.items()}
        one_click = town.leave(town.reader())
        found["one-click"] = town.client.post(one_click, data={"List-Unsubscribe": "One-Click"})
        for file in ("/static/house.css", "/static/nothing.css", "/static/..%2fbase.html", "/robots.txt", "/health"):
            found[file] = town.client.get(file)
        yield found
    store.close()


def test_every_answer_has_them(answers) -> None:
    for name, answer in answers.items():
        for field, value in headers.DEFAULTS.items():
            if field not in (headers.CONTENT, headers.CACHE, headers.ROBOTS):
                assert answer.headers[field] == value, (name, field)
        policy = answer.headers[headers.CONTENT]
        assert "default-src 'none'" in policy
        assert re.findall("script-src[^;]*", policy) == (["script-src 'self'"] if name in SCRIPTED else []), name
        assert ("unsafe-inline" in policy) == (name in LETTERS), name
        assert "set-cookie" not in answer.headers


def test_pages_of_a_reader_are_kept_by_nobody_and_found_by_nobody(answers) -> None:
    for name, answer in answers.items():
        if name in OPEN:
            assert answer.headers[headers.CACHE] == "public, max-age=60", name
        elif not name.startswith("/static/house"):
            assert answer.headers[headers.CACHE] == "no-store", name
        if TOKEN.search(answer.request.url.path):
            assert answer.headers[headers.ROBOTS] == "noindex, nofollow", name


def test_no_page_needs_or_has_a_script_or_a_style_of_its_own(answers) -> None:
    for name, answer in answers.items():
        if name in LETTERS or "html" not in answer.headers["content-type"]:
            continue
        text, scripts = SCRIPT.subn("", DATA.sub("", answer.text))
        assert scripts == (name in SCRIPTED), name
        assert not re.search(r"<(script|style|iframe|object|embed)|\son\w+=|\sstyle=|javascript:", text), name
        assert f'<html lang="{answer.headers["content-language"]}" dir="ltr">' in text, name
        assert text.count("<h1") == 1, name
        assert text.count("<title>") == 1, name
        assert "{{" not in text, name


def test_errors_show_nothing_of_our_insides(answers) -> None:
    for name in ("our-fault", "not-now", "damaged", "not-here"):
        assert not re.search(r"Traceback|secret|Error|mailer/|sqlite|psycopg", answers[name].text), name
    assert answers["not-now"].headers["retry-after"] == "5"
    assert answers["cannot"].headers["allow"]


def test_over_https_browsers_are_told_to_stay_there(small_town: Town) -> None:
    config = small_town.config.model_copy(
        update={"site": small_town.config.site.model_copy(update={"base_url": "https://mail.water.example"})}
    )
    client = type(small_town.client)(make_site(config, small_town.store, small_town.keys), base_url=BASE)
    assert "max-age=31536000" in client.get("/").headers["strict-transport-security"]
    assert "strict-transport-security" not in small_town.client.get("/").headers


def test_a_site_below_a_path_links_below_it_and_answers_there(small_town: Town) -> None:
    config = small_town.config.model_copy(
        update={"site": small_town.config.site.model_copy(update={"base_url": BASE + "/mail"})}
    )
    client = type(small_town.client)(make_site(config, small_town.store, small_town.keys), base_url=BASE)
    shown = client.get("/mail/s/press")
    assert shown.status_code == 200
    assert set(re.findall(r'(?:href|action)="(/[^"?]*)', shown.text)) >= {
        "/mail/",
        "/mail/m",
        "/mail/s",
        "/mail/a/press",
    }
    assert not re.search(r'(?:href|action)="/(?!mail/)', shown.text)
    css = re.search(r'href="(/mail/static/house\.css\?v=\w+)"', shown.text)
    assert css
    assert client.get(css[1]).headers[headers.CACHE] == "public, max-age=31536000, immutable"
    assert client.get("/s/press").status_code == 200, "a proxy may cut the path"


def test_a_static_file_is_kept_for_a_year_by_its_hash_and_asked_for_again_without(small_town: Town) -> None:
    address = re.search(r'href="(/static/house\.css\?v=\w+)"', small_town.client.get("/").text)
    assert address
    whole = small_town.client.get(address[1])
    assert whole.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in whole.headers[headers.CACHE]
    plain = small_town.client.get("/static/house.css")
    assert plain.headers[headers.CACHE] == "public, max-age=300"
    again = small_town.client.get("/static/house.css", headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("prefix", ["", "/mail"])
def test_a_slash_too_many_is_answered_and_never_redirected(small_town: Town, prefix: str) -> None:
    """A redirect would name the host somebody asked for, and would break the one click."""
    site = small_town.config.site.model_copy(update={"base_url": BASE + prefix})
    config = small_town.config.model_copy(update={"site": site})
    client = type(small_town.client)(make_site(config, small_town.store, small_town.keys), base_url=BASE)
    for path in (f"{prefix}/", prefix or "/", f"{prefix}/s/", f"{prefix}/s/press//", f"{prefix}/health/"):
        answer = client.get(path, headers={"Host": "evil.example"}, follow_redirects=False)
        assert (path, answer.status_code) == (path, 200)
        assert "evil.example" not in answer.text
    link = small_town.leave(small_town.reader()).removeprefix(BASE)
    answer = client.post(f"{prefix}{link}/", data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
    assert (answer.status_code, answer.text) == (200, "You will get no more of these mails.\n")
    for path in ("/nothing/", "/s//press/", "/s/press/nothing/"):
        assert client.get(prefix + path, follow_redirects=False).status_code == 404
