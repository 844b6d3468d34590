"""A reader without mouse, script and cookies walks from the form to the list, out of it, and back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from mailer.store.tables import Consent, Notice, Subscription
from tests.web.browsing import CHROMIUM
from tests.web.town import Reader, Town

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine")
MOST_STOPS = 25


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    assert context.cookies() == []
    context.close()


def tab_to(page: Page, what: str) -> None:
    """Press Tab until ``what`` has the focus; every stop on the way can be seen and is in view."""
    stops = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        name = focused.evaluate("each => (each.labels?.[0] ?? each).innerText.replace(/\\s+/g, ' ').trim()")
        seen = focused.evaluate(
            "each => { const box = each.getBoundingClientRect(), style = getComputedStyle(each);"
            " return style.outlineStyle !== 'none' && box.bottom > 0 && box.top < innerHeight && box.right > 0 }"
        )
        assert seen, f"nobody sees the focus on {name!r}"
        stops.append(name)
        if name.startswith(what):
            return
    raise AssertionError(f"{what!r} cannot be reached with Tab; there is {stops}")


def press(page: Page, what: str) -> str:
    """Go to a button or link by keyboard, press it, and return what the next page says first."""
    tab_to(page, what)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    return page.locator("h1").inner_text()


def state(town: Town) -> str:
    with town.store.read() as session:
        return session.query(Subscription).one().state


def test_from_the_form_to_the_list_and_out_and_back(served: Town, page: Page) -> None:
    page.goto(served.links.base)
    assert press(page, "Subscribe Press statements") == "Get Press statements by mail"
    tab_to(page, "E-mail address")
    page.keyboard.type("anna@example")
    assert press(page, "Subscribe") == "Get Press statements by mail"
    assert page.title().startswith("Error: ")
    assert page.locator(":focus").get_attribute("id") == "address", "what is wrong has the focus"
    page.keyboard.press("End")
    page.keyboard.type(".org")
    # Nobody types that fast: the page asks for one more press, and types nothing anew.
    assert press(page, "Subscribe") == "Once more, please"
    assert press(page, "Yes, I am a person") == "Check your inbox"
    assert page.locator("strong.address").inner_text() == "anna@example.org"
    tab_to(page, "Nothing came?")
    page.keyboard.press("Enter")
    assert page.get_by_text("Look among unwanted mail.").is_visible()

    served.answer_signups()
    with served.store.read() as session:
        subscription = session.query(Subscription).one()
        reader = Reader(subscription.subscriber_id, "anna@example.org", {"press": subscription.id})
    page.goto(served.notice_links(reader)["confirm"])
    assert state(served) == "pending"
    assert press(page, "Yes, send me these mails") == "You are subscribed"
    assert state(served) == "active"

    page.goto(served.leave(reader))
    assert page.locator("h1").inner_text() == "Stop Press statements?"
    assert press(page, "Stop these mails") == "You are out of Press statements"
    assert state(served) == "ended"
    assert press(page, "I pressed this by mistake") == "You are back"
    assert state(served) == "active"


def test_a_language_that_was_pressed_goes_along(served: Town, page: Page) -> None:
    page.goto(served.links.base)
    assert press(page, "Deutsch") == "E-Mails von Town Water"
    assert press(page, "Abonnieren Press statements") == "„Press statements“ per E-Mail erhalten"
    tab_to(page, "E-Mail-Adresse")
    page.keyboard.type("anna@example.org")
    assert press(page, "Abonnieren") == "Bitte noch einmal"
    assert press(page, "Ja, ich bin ein Mensch") == "Sehen Sie in Ihr Postfach"
    served.answer_signups()
    with served.store.read() as session:
        assert session.query(Notice).one().language == "de"
        subscription = session.query(Subscription).one()
        assert "kann mich jederzeit abmelden" in session.query(Consent).one().words
        reader = Reader(subscription.subscriber_id, "anna@example.org", {"press": subscription.id})
    page.goto(served.notice_links(reader)["confirm"])
    assert press(page, "Ja, senden Sie mir diese E-Mails") == "Ihr Abonnement ist bestätigt"


def test_a_reason_is_chosen_with_the_arrows(served: Town, page: Page) -> None:
    page.goto(served.leave(served.reader()))
    press(page, "Stop these mails")
    tab_to(page, "There are too many mails")
    page.keyboard.press("ArrowDown")
    assert press(page, "Send the answer") == "Thank you"


def test_the_first_stop_leads_past_the_head_of_the_page(served: Town, page: Page) -> None:
    page.goto(served.links.base + "/m")
    tab_to(page, "Skip to the text")
    page.keyboard.press("Enter")
    tab_to(page, "E-mail address")
