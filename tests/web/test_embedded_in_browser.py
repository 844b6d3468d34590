"""Our forms in another site's pages, in a real browser: as they were pasted, by script, in the element, and without."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from mailer.people import offers
from mailer.store.tables import Signup
from mailer.tokens import Keys
from mailer.web import snippets
from mailer.web.house import open_house
from tests.house.floorplan import ROOT
from tests.web.browsing import CHROMIUM, serving
from tests.web.neighbour import Neighbour
from tests.web.town import Town

AXE = ROOT / "tests/vendor/axe.min.js"
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine"),
    # One browser and one town serve all of them.
    pytest.mark.xdist_group("embedded in the browser"),
]


@pytest.fixture(scope="module")
def neighbours() -> Iterator[tuple[Neighbour, Neighbour]]:
    """Open a site that is listed, and one that is not."""
    with Neighbour() as listed, Neighbour() as stranger:
        yield listed, stranger


@pytest.fixture(scope="module")
def served(
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    keys: Keys,
    neighbours: tuple[Neighbour, Neighbour],
) -> Iterator[Town]:
    """Serve the town to sites that may ask it and one that may not."""
    sites = {"sites": {neighbours[0].origin: ["*"]}, "attributes": {"city": ["press"]}}
    folder = tmp_path_factory.mktemp("town")
    with serving(sqlite_template, folder, keys, forms=sites, signup={"per_network_hour": 999}) as town:
        yield town


@pytest.fixture
def page(browser: Browser, served: Town) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    assert context.cookies() == []
    context.close()
    with served.store.write() as session:
        session.query(Signup).delete()


def pasted(town: Town, kind: str = "form", *names: str, **wish: Any) -> str:
    """Return what the desk says to paste."""
    house = open_house(town.config, town.store, town.keys)
    with town.store.read() as session:
        found = offers.chosen(session, names or ("press",))
    make = {"form": snippets.form, "element": snippets.element, "call": snippets.call}[kind]
    return make(house, found, snippets.Wish(**wish))


def faults(page: Page) -> list[str]:
    """Return what the checker of accessibility finds."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:150]}" for each in found]


def asked(town: Town) -> list[tuple[str, list[str], str]]:
    with town.store.read() as session:
        return [(row.address, sorted(row.lists), row.page) for row in session.query(Signup).order_by(Signup.id)]


def strict(town: Town) -> str:
    """Return the policy the desk names: our host in three places, nothing inline."""
    base = town.links.base
    return f"default-src 'none'; script-src {base}; connect-src {base}; form-action {base}; base-uri 'none'"


def test_a_pasted_form_works_without_script_and_passes(browser: Browser, served: Town, neighbours: Any) -> None:
    site, stranger = neighbours
    for home, script in ((site, True), (stranger, False)):
        home.policy = f"default-src 'none'; form-action {served.links.base}" if not script else ""
        at = home.page("/", pasted(served, "form", "press", "works", name=True, attributes=("city",)))
        context = browser.new_context(java_script_enabled=script, viewport={"width": 320, "height": 640})
        page = context.new_page()
        page.goto(at)
        if script:
            assert faults(page) == []
            font = "getComputedStyle(document.querySelector('{}')).fontFamily"
            assert page.evaluate(font.format("form")) == page.evaluate(font.format("body"))
        page.get_by_label("Press statements").check()
        page.get_by_label("E-Mail-Adresse:").fill("anna@example.org")
        page.get_by_role("button", name="Abonnieren").press("Enter")
        assert page.locator("h1").inner_text() == "Check your inbox"
        context.close()
    # A form says from which site it comes, not from which page.
    assert asked(served) == [("anna@example.org", ["press"], f"{home.origin}/") for home in neighbours]
    with served.store.write() as session:
        session.query(Signup).delete()


def test_after_a_mistake_the_form_still_leads_back_to_the_site(page: Page, served: Town, neighbours: Any) -> None:
    site, _ = neighbours
    site.policy = ""
    form = pasted(served, "form", next=f"{site.origin}/thanks")
    page.goto(site.page("/", form))
    page.get_by_label("Get Press").fill("anna@gmial.com")
    page.get_by_role("button").press("Enter")
    page.get_by_role("button", name="No, anna@gmial.com is right").press("Enter")
    # Nobody reads that fast: one more press is asked for, and nothing is typed again.
    page.get_by_role("button", name="Yes, I am a person").press("Enter")
    page.wait_for_url(f"{site.origin}/thanks")
    assert page.locator("h1").inner_text() == "Thank you, from us"
    assert [row[0] for row in asked(served)] == ["anna@gmial.com"]


QUIET = """address => fetch(address, {
  method: "POST", mode: "no-cors", body: new URLSearchParams({address: "anna@example.org"}),
}).catch(error => error.name)"""


def test_a_script_of_a_listed_site_may_ask_and_of_another_not(page: Page, served: Town, neighbours: Any) -> None:
    call = pasted(served, "call")
    status = f"async () => {{ {call}; return answer.status }}"
    wrong = (
        f"async () => {{ {call.replace('name@', 'name(at)').replace('const problem', 'var problem')}; return problem }}"
    )
    site, stranger = neighbours
    site.policy = stranger.policy = ""
    page.goto(site.page("/", ""))
    assert page.evaluate(status) == 202
    assert page.evaluate(wrong)["errors"][0]["field"] == "address"
    assert asked(served) == [("name@example.org", ["press"], f"{site.origin}/")]
    page.goto(stranger.page("/", ""))
    assert page.evaluate(f"() => ({status})().catch(error => error.name)") == "TypeError"
    # The browser asks nobody before this one: it is posted, and changes nothing.
    assert page.evaluate(QUIET, f"{served.links.base}/s/press") == "TypeError"
    assert len(asked(served)) == 1


def test_the_element_answers_in_place_under_a_strict_policy(page: Page, served: Town, neighbours: Any) -> None:
    site, _ = neighbours
    site.policy = strict(served)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    at = site.page("/news", pasted(served, "element", "press", "works", name=True))
    page.goto(at + "?utm=x#top")
    page.wait_for_selector("mailer-subscribe:defined")
    address, button = page.get_by_label("E-Mail-Adresse:"), page.get_by_role("button", name="Abonnieren")
    address.fill("anna@example")
    button.press("Enter")
    # The form speaks the language of its first list, the answers that of the browser.
    # Two things to correct, each said at its field; the first has the focus.
    alerts = page.get_by_role("alert")
    alerts.nth(1).wait_for()
    assert [one.strip() for one in alerts.all_inner_texts()] == [
        "Choose at least one",
        "Write the whole e-mail address, like name@example.org",
    ]
    assert page.locator(":focus").get_attribute("name") == "list"
    assert faults(page) == []
    assert address.get_attribute("aria-describedby") == alerts.nth(1).get_attribute("id")
    page.get_by_label("Planned works").check()
    address.fill("anna@gmial.com")
    button.press("Enter")
    page.get_by_role("button", name="Yes, use anna@gmail.com").press("Enter")
    done = page.get_by_role("status")
    done.wait_for()
    assert "Sehen Sie in Ihr Postfach" in done.inner_text()
    assert done.evaluate("each => each === document.activeElement")
    assert page.url == at + "?utm=x#top"
    assert asked(served) == [("anna@gmail.com", ["works"], at)]
    # The browser itself tells of answers that are no success; nothing else is said.
    assert [line for line in said if "422" not in line] == []


def test_in_the_element_a_slip_may_be_right(page: Page, served: Town, neighbours: Any) -> None:
    site, _ = neighbours
    site.policy = strict(served)
    page.goto(site.page("/news", pasted(served, "element")))
    page.wait_for_selector("mailer-subscribe:defined")
    page.get_by_label("Get Press").fill("anna@gmial.com")
    page.get_by_role("button", name="Subscribe").press("Enter")
    page.get_by_role("button", name="No, anna@gmial.com is right").press("Enter")
    page.get_by_role("status").wait_for()
    assert [row[0] for row in asked(served)] == ["anna@gmial.com"]


@pytest.mark.parametrize("trouble", ["no script", "script blocked", "not listed", "wants a page", "broken answer"])
def test_without_its_script_the_element_is_the_plain_form(
    browser: Browser, served: Town, neighbours: Any, trouble: str
) -> None:
    site = neighbours[1 if trouble == "not listed" else 0]
    site.policy = strict(served)
    context = browser.new_context(java_script_enabled=trouble != "no script")
    page = context.new_page()
    page.set_default_timeout(10_000)
    if trouble == "script blocked":
        page.route("**/subscribe.js", lambda route: route.abort())
    if trouble == "broken answer":
        page.route(
            "**/s/press",
            lambda route: (
                route.fulfill(status=502, body="<h1>Bad gateway</h1>")
                if route.request.resource_type == "fetch"
                else route.continue_()
            ),
        )
    form = pasted(served, "element")
    if trouble == "wants a page":
        form = form.replace("</form>", '<input type="hidden" name="shown_at" value="forged"></form>')
    page.goto(site.page("/news", form))
    if trouble not in ("no script", "script blocked"):
        page.wait_for_selector("mailer-subscribe:defined")
    page.get_by_label("Get Press").fill("anna@example.org")
    with page.expect_navigation():
        page.get_by_role("button", name="Subscribe").press("Enter")
    first = page.locator("h1").inner_text()
    assert first == ("Once more, please" if trouble == "wants a page" else "Check your inbox")
    assert page.get_by_text("anna@example.org").first.is_visible()
    assert len(asked(served)) == (0 if trouble == "wants a page" else 1)
    context.close()
    with served.store.write() as session:
        session.query(Signup).delete()
