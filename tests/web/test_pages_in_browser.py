"""Every public page in every state, in a browser: no fault of accessibility, no sideways scrolling, light and dark."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route

from mailer.store.engine import Store
from mailer.tokens import Keys
from tests.house.floorplan import ROOT
from tests.web.browsing import CHROMIUM
from tests.web.states import STATES
from tests.web.town import BASE, Town, build

AXE = ROOT / "tests/vendor/axe.min.js"
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine"),
    pytest.mark.skipif(not AXE.exists(), reason="tests/vendor/axe.min.js is missing"),
]
STYLE_BYTES = (ROOT / "templates/pages/static/house.css").stat().st_size
MOST_BYTES = 50_000
THEMES, WIDTHS = ("light", "dark"), (320, 1280)
# The dark theme changes colours and nothing else, so only what looks at colours is asked again.
# Long words break lines and the other direction turns everything; the rest of a page is the same in every language.
LONG = ("choices-stopped", "subscribe-several-wrong", "left", "check-inbox", "too-many", "confirm")
SAID = {
    "ar": [state for state in STATES if not state.startswith(("archive-view", "archive-letter", "archive-own-view"))],
    **dict.fromkeys(("de", "es", "fr"), LONG),
}
RULES = {"light": "", "dark": "runOnly: ['color-contrast', 'link-in-text-block']"}


@pytest.fixture(scope="module")
def visited(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[Town]:
    path = tmp_path_factory.mktemp("town") / "subscribers.db"
    shutil.copy(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    town = build(store, keys)
    with town.client:
        yield town
    store.close()


class Window:
    """One browser window that shows answers with their own headers, and notes what it complains about."""

    def __init__(self, browser: Browser, town: Town) -> None:
        # Without motion, or colours would be measured half way from one theme to the other.
        self.page = browser.new_page(reduced_motion="reduce")
        self.said: list[str] = []
        self._town = town
        self._answer: Any = None
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.route("**/*", self._serve)

    def show(self, answer: Any) -> Page:
        """Show an answer of the site, and the files it asks for."""
        self._answer = answer
        self.said.clear()
        self.page.goto(f"{BASE}/shown")
        return self.page

    def _serve(self, route: Route) -> None:
        assert route.request.url.startswith(BASE), f"asks somebody else: {route.request.url}"
        path = urlsplit(route.request.url).path
        found = self._answer if path == "/shown" else self._town.client.get(path)
        headers = {name: value for name, value in found.headers.items() if name != "content-length"}
        route.fulfill(status=200, headers=headers, body=found.content)


@pytest.fixture(scope="module")
def window(browser: Browser, visited: Town) -> Iterator[Window]:
    opened = Window(browser, visited)
    yield opened
    opened.page.close()


def faults(page: Page, scheme: str, width: int) -> list[str]:
    """Return what the checker and the ruler say of the page, each as one line."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    found = page.evaluate(f"axe.run(document, {{resultTypes: ['violations'], {RULES[scheme]}}})")
    lines = [f"{scheme} {width}: {each['id']}: {each['nodes'][0]['html'][:150]}" for each in found["violations"]]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return lines if wide <= width else [*lines, f"{scheme} {width}: {wide} px wide"]


@pytest.mark.parametrize("state", STATES)
def test_no_fault_in_any_light_at_any_width(state: str, visited: Town, window: Window) -> None:
    answer = STATES[state](visited)
    assert len(answer.content) + STYLE_BYTES < MOST_BYTES
    page = window.show(answer)
    page.evaluate(AXE.read_text("utf-8"))
    assert [fault for scheme in THEMES for width in WIDTHS for fault in faults(page, scheme, width)] == []
    assert [line for line in window.said if "Content Security Policy" in line] == []


@pytest.mark.parametrize(("language", "state"), [(language, state) for language in SAID for state in SAID[language]])
def test_no_fault_in_any_language_on_a_small_screen(language: str, state: str, visited: Town, window: Window) -> None:
    visited.client.params = {"lang": language}
    try:
        answer = STATES[state](visited)
    finally:
        visited.client.params = {}
    page = window.show(answer)
    page.evaluate(AXE.read_text("utf-8"))
    assert faults(page, "light", 320) == []
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == [
        language,
        "rtl" if language == "ar" else "ltr",
    ]


def test_the_checker_finds_a_fault_where_there_is_one(visited: Town, window: Window) -> None:
    page = window.show(visited.client.get("/s/press"))
    page.evaluate(AXE.read_text("utf-8"))
    page.evaluate("document.querySelector('label').remove(); document.body.style.width = '900px'")
    page.evaluate("document.querySelector('.lead').style.color = '#d0d0d0'")
    found = " ".join(faults(page, "light", 320))
    assert "label" in found
    assert "px wide" in found
    page.evaluate("document.querySelector('.lead').style.color = '#303030'")
    assert "color-contrast" in " ".join(faults(page, "dark", 320))


@pytest.mark.parametrize("state", ["subscribe", "leave", "choices", "left", "confirm", "index"])
def test_what_can_be_pressed_is_large_enough_for_a_thumb(state: str, visited: Town, window: Window) -> None:
    page = window.show(STATES[state](visited))
    page.set_viewport_size({"width": 320, "height": 800})
    pressed = page.locator(
        "button, .button, input:not([type=hidden], [name=website], [type=radio], [type=checkbox]), .pick"
    )
    sizes = [each.bounding_box() for each in pressed.all()]
    assert sizes
    assert all(box["height"] >= 44 and box["width"] >= 44 for box in sizes if box)


def test_words_may_be_spaced_out_and_enlarged(visited: Town, window: Window) -> None:
    """WCAG 1.4.12 and 1.4.4: more space between words, lines and letters, and twice the size, lose nothing."""
    page = window.show(STATES["choices-stopped"](visited))
    page.set_viewport_size({"width": 640, "height": 800})
    page.evaluate(
        "document.documentElement.style.fontSize = '200%';"
        "const sheet = new CSSStyleSheet();"
        "sheet.replaceSync('* {line-height: 1.5 !important; letter-spacing: .12em !important; "
        "word-spacing: .16em !important} p {margin-bottom: 2em !important}');"
        "document.adoptedStyleSheets = [sheet]"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_where_readers_choose_the_colours_buttons_keep_a_frame(visited: Town, window: Window) -> None:
    page = window.show(STATES["leave"](visited))
    page.emulate_media(forced_colors="active")
    width = "getComputedStyle(document.querySelector('button')).borderTopWidth"
    assert page.evaluate(width) == "3px"
    page.emulate_media(forced_colors="none")


@pytest.mark.parametrize("state", ["choices", "subscribe-several-wrong", "left", "archive"])
def test_from_right_to_left_nothing_sticks_out(state: str, visited: Town, window: Window) -> None:
    page = window.show(STATES[state](visited))
    page.set_viewport_size({"width": 320, "height": 800})
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for box in page.locator("main :is(h1, label, input:not([type=hidden]), button, li):not(.trap *)").all():
        place = box.bounding_box()
        assert place is None or (place["x"] >= 0 and place["x"] + place["width"] <= 320)
    for pick in page.locator(".pick").all():
        label, dot = pick.locator("label").bounding_box(), pick.locator("input").bounding_box()
        assert label
        assert dot
        assert label["x"] + label["width"] <= dot["x"], "the box stands at the right, before its words"


def test_without_styles_a_page_is_read_in_its_order(visited: Town, window: Window) -> None:
    page = window.show(STATES["left"](visited))
    page.evaluate("document.querySelectorAll('link[rel=stylesheet]').forEach(each => each.remove())")
    said = page.evaluate("document.body.innerText")
    order = ["Skip to the text", "Town Water", "You are out of", "Nothing more", "by mistake", "say why", "All lists"]
    places = [said.index(part) for part in order]
    assert places == sorted(places)
