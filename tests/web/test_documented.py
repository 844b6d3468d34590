"""docs/pages.md says what the pages are, and is right."""

import re

from mailer.web import forms, public
from tests.house.floorplan import ROOT
from tests.web.town import Town

PAGE = (ROOT / "docs/pages.md").read_text()


def test_the_table_names_every_route_and_no_other() -> None:
    told = [(path, method) for path, method in re.findall(r"^\| `(/[^`]*)` \| (GET|POST|OPTIONS) \| \S", PAGE, re.M)]
    real = [(path, method) for path, handlers in public.ROUTES for method in handlers]
    assert sorted(told) == sorted([*real, ("/health", "GET"), ("/metrics", "GET")])


def test_the_snippet_is_what_the_page_offers(small_town: Town) -> None:
    shown = small_town.client.get("/s/press/snippet").text
    offered = re.search(r"<textarea[^>]*>(.*?)</textarea>", shown, re.S)
    assert offered
    text = offered[1].replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"').replace("&amp;", "&")
    told = re.search(r"```html\n(.*?)```", PAGE, re.S)
    assert told
    assert text.replace("http://127.0.0.1:8000", "https://mail.example.org") == told[1].strip()
    assert len(text.splitlines()) == 5
    assert "<script" not in text


def test_the_numbers_are_right() -> None:
    assert f"at most {forms.BODY_BYTES // 1024} KB and {forms.FIELDS} fields" in PAGE
