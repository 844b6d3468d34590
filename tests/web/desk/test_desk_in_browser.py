"""Every page of the desk in every state, in a browser: no fault of accessibility, no sideways scrolling."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route

from mailer.store.engine import Store
from mailer.tokens import Keys
from tests.house.floorplan import ROOT
from tests.web.browsing import CHROMIUM
from tests.web.desk.office import BASE, Office, build
from tests.web.desk.states import EMPTY, STATES

AXE = ROOT / "tests/vendor/axe.min.js"
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine"),
    # One browser and one office serve all of them.
    pytest.mark.xdist_group("desk in the browser"),
]
# Colours do not depend on the width, nor the order of things on the colours.
WAYS = (("light", 320), ("dark", 1280))


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    # Without motion, or colours would be measured half way from one theme to the other.
    opened = browser.new_page(reduced_motion="reduce")
    yield opened
    opened.close()


def opened(template: Path, folder: Path, keys: Keys) -> Office:
    path = folder / "subscribers.db"
    shutil.copy(template, path)
    return build(Store(f"sqlite:///{path}"), keys)


@pytest.fixture(scope="module")
def visited(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[Office]:
    office = opened(sqlite_template, tmp_path_factory.mktemp("office"), keys)
    office.lists()
    yield office
    office.store.close()


def show(page: Page, office: Office, answer: Any) -> list[str]:
    """Show an answer with its own headers and the files it asks for; return what the console will say."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    def serve(route: Route) -> None:
        at = urlsplit(route.request.url)
        # A part of a page that the script fetches is asked for as the script asks.
        asked = {name: value for name, value in route.request.headers.items() if name.startswith("hx-")}
        found = answer if at.path == "/shown" else office.client().get(f"{at.path}?{at.query}", headers=asked)
        headers = {name: value for name, value in found.headers.items() if name != "content-length"}
        route.fulfill(status=200, headers=headers, body=found.content)

    page.unroute_all()
    page.route("**/*", serve)
    page.on("console", hear)
    page.goto(f"{BASE}/shown")
    page.remove_listener("console", hear)
    return said


def faults(page: Page, scheme: str, width: int) -> list[str]:
    """Return what the checker and the ruler say of the page, each as one line; of the dark only its colours."""
    rules = "" if scheme == "light" else ", runOnly: ['color-contrast']"
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 800})
    # The letters in the frames are checked where they are made.
    found = page.evaluate(f"axe.run(document, {{resultTypes: ['violations'], iframes: false{rules}}})")
    lines = [f"{scheme} {width}: {each['id']}: {each['nodes'][0]['html'][:150]}" for each in found["violations"]]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return lines if wide <= width else [*lines, f"{scheme} {width}: {wide} px wide"]


def faultless(page: Page, office: Office, answer: Any) -> None:
    said = show(page, office, answer)
    page.evaluate(AXE.read_text("utf-8"))
    assert [fault for way in WAYS for fault in faults(page, *way)] == []
    assert [line for line in said if "Content Security Policy" in line or "rror" in line] == []


@pytest.mark.parametrize("state", STATES)
def test_no_fault_in_any_light_at_any_width(state: str, visited: Office, page: Page) -> None:
    faultless(page, visited, STATES[state](visited))


@pytest.mark.parametrize("state", EMPTY)
def test_no_fault_where_there_is_nothing_yet(
    state: str, page: Page, sqlite_template: Path, tmp_path: Path, keys: Keys
) -> None:
    office = opened(sqlite_template, tmp_path, keys)
    faultless(page, office, EMPTY[state](office))
    office.store.close()


def test_the_checker_finds_a_fault_where_there_is_one(visited: Office, page: Page) -> None:
    show(page, visited, STATES["lists-wrong"](visited))
    page.evaluate(AXE.read_text("utf-8"))
    page.evaluate("document.querySelector('label[for=title]').remove(); document.body.style.width = '900px'")
    found = " ".join(faults(page, "light", 320))
    assert "label" in found
    assert "px wide" in found


@pytest.mark.parametrize("state", ["draft", "statement", "sending", "staff", "reader"])
def test_what_can_be_pressed_is_large_enough_for_a_thumb(state: str, visited: Office, page: Page) -> None:
    show(page, visited, STATES[state](visited))
    page.set_viewport_size({"width": 320, "height": 800})
    pressed = page.locator("button, .button, .tabs a, summary, input:not([type=hidden]):not([type=checkbox]), .pick")
    sizes = [each.bounding_box() for each in pressed.all() if each.is_visible()]
    assert sizes
    assert all(box["height"] >= 44 for box in sizes if box)


def test_the_frames_run_no_script_and_are_as_wide_as_they_say(visited: Office, page: Page) -> None:
    show(page, visited, STATES["draft"](visited))
    page.set_viewport_size({"width": 1280, "height": 1600})
    page.locator("figure.wide iframe").scroll_into_view_if_needed()
    letter = page.frame_locator("figure.wide iframe").locator("h1")
    assert "Boil-water notice" in letter.inner_text()
    assert [each.evaluate("frame => frame.clientWidth") for each in page.locator("iframe").all()] == [640, 360]
    inside = next(frame for frame in page.frames if "preview.html" in frame.url)
    assert inside.evaluate("window.origin") == "null"


def test_dark_is_dark_in_a_light_room(visited: Office, page: Page) -> None:
    page.emulate_media(color_scheme="light")
    show(page, visited, STATES["draft-dark"](visited))
    page.set_viewport_size({"width": 1280, "height": 1600})
    paper = page.frame_locator("figure.wide iframe").locator("td.text")
    assert paper.evaluate("cell => getComputedStyle(cell).backgroundColor") == "rgb(23, 25, 28)"


def test_words_may_be_enlarged(visited: Office, page: Page) -> None:
    """WCAG 1.4.4: at twice the size nothing is lost and nothing scrolls sideways."""
    show(page, visited, STATES["draft"](visited))
    page.set_viewport_size({"width": 640, "height": 800})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
