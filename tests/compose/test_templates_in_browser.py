"""The shipped templates in a browser: no fault of accessibility, no sideways scrolling, light and dark."""

import shutil
from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.compose.samples import ARABIC, WATER
from tests.compose.shipped import EVERY, LANGUAGES, LINKS, READER, ROOT, compiled, notice, shipped

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine")

AXE = (ROOT / "tests/vendor/axe.min.js").read_text("utf-8")
WAYS = [(scheme, width) for scheme in ("light", "dark") for width in (320, 640)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield opened
        opened.close()


def faults(browser: Browser, html: str, ways: Sequence[tuple[str, int]]) -> list[str]:
    """Return what the checker and the ruler say of a page in each light and width, each as one line."""
    page = opened(browser, html, "light", 640)
    page.evaluate(AXE)
    lines = []
    for scheme, width in ways:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        for each in found["violations"]:
            lines.append(f"{scheme} {width}: {each['id']}: {each['nodes'][0]['html'][:120]}")
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            lines.append(f"{scheme} {width}: {wide} px wide")
    page.context.close()
    return lines


def opened(browser: Browser, html: str, scheme: str, width: int) -> Page:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    context.route("**/*", lambda route: route.abort())
    page = context.new_page()
    page.set_content(html)
    return page


@pytest.mark.parametrize("name", EVERY)
def test_no_fault_in_any_light_at_any_width(name: str, browser: Browser) -> None:
    html = shipped(name).html_for(READER, LINKS)
    assert faults(browser, html, WAYS) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_fault_in_any_language(language: str, browser: Browser) -> None:
    html = notice("confirm", language, LANGUAGES[language]).html_for(READER, LINKS)
    assert faults(browser, html, [("dark", 320)]) == []


def test_the_checker_finds_a_fault_where_there_is_one(browser: Browser) -> None:
    html = compiled(WATER).html_for(READER, LINKS)
    pale = html.replace("color:#24272c", "color:#b9bcc1").replace('lang="en"', "")
    found = " ".join(faults(browser, pale, [("light", 640)]))
    assert "color-contrast" in found
    assert "html-has-lang" in found
    wide = html.replace("</h1>", '</h1><div style="width:900px">wide</div>')
    assert "px wide" in " ".join(faults(browser, wide, [("light", 320)]))


def test_the_column_is_600_pixels_and_shrinks(browser: Browser) -> None:
    html = compiled(WATER).html_for(READER, LINKS)
    for width, column in ((1200, 600), (640, 600), (360, 320)):
        page = opened(browser, html, "light", width)
        assert page.locator("td.text").bounding_box()["width"] == column
        page.context.close()


def test_dark_is_dark_and_never_black(browser: Browser) -> None:
    for html in (compiled(WATER).html_for(READER, LINKS), notice("confirm").html_for(READER, LINKS)):
        page = opened(browser, html, "dark", 640)
        paper = "getComputedStyle(document.querySelector('td.text')).backgroundColor"
        assert page.evaluate(paper) == "rgb(23, 25, 28)"
        page.context.close()


def test_what_can_be_pressed_is_large_enough_for_a_thumb(browser: Browser) -> None:
    page = opened(browser, notice("confirm").html_for(READER, LINKS), "light", 320)
    assert page.locator("a.press").bounding_box()["height"] >= 44
    page.context.close()
    page = opened(browser, compiled(WATER).html_for(READER, LINKS), "light", 320)
    tops = [each.bounding_box()["y"] for each in page.locator("a.way").all()]
    assert all(below - above >= 40 for above, below in pairwise(tops))
    page.context.close()


def test_arabic_runs_from_right_to_left(browser: Browser) -> None:
    page = opened(browser, compiled(ARABIC).html_for(READER, LINKS), "light", 640)
    view, date = page.locator("td.view").bounding_box(), page.locator("td.dateline").bounding_box()
    assert view["x"] < date["x"]
    quote = "getComputedStyle(document.querySelector('blockquote'))"
    assert page.evaluate(f"{quote}.borderRightWidth") == "3px"
    assert page.evaluate(f"{quote}.borderLeftWidth") == "0px"
    page.context.close()


def test_without_styles_the_mail_is_read_in_its_order(browser: Browser) -> None:
    page = opened(browser, compiled(WATER).html_for(READER, LINKS), "light", 640)
    page.evaluate(
        "document.querySelectorAll('style').forEach(each => each.remove());"
        "document.querySelectorAll('[style]').forEach(each => each.removeAttribute('style'))"
    )
    said = page.evaluate("document.body.innerText")
    order = [WATER.preheader, WATER.title, WATER.deck, "From noon today", "Why you get this", "Unsubscribe"]
    places = [said.index(part) for part in order]
    assert places == sorted(places)
    page.context.close()
