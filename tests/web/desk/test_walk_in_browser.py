"""From the printed link to a mailing and its account, in a real browser, with script and without."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mailer.tokens import Keys
from tests.compose.samples import WATER
from tests.web.browsing import CHROMIUM
from tests.web.desk.running import Running, running

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine"),
    pytest.mark.xdist_group("desk in the browser"),
]
PHRASE = "copper kettle under the stairs"
TEXT = f"# {WATER.title}\n\n{WATER.deck}\n\n3 May 2026\n\n{WATER.markdown}"
SECONDS = 20_000


@pytest.fixture
def house(sqlite_template: Path, tmp_path: Path, keys: Keys) -> Iterator[Running]:
    path = tmp_path / "subscribers.db"
    shutil.copy(sqlite_template, path)
    with running(path, keys, hold_seconds=80) as found:
        yield found


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    opened = browser.new_context(java_script_enabled=request.param)
    opened.set_default_timeout(SECONDS)
    yield opened
    opened.close()


def come_in(page: Page, house: Running) -> None:
    page.goto(house.link)
    page.get_by_label("Your name").fill("Ann Weir")
    page.get_by_label("Your address").fill("ann@arden.example")
    page.get_by_label("Password", exact=True).fill(PHRASE)
    page.get_by_label("The same once more").fill(PHRASE)
    page.get_by_role("button", name="Open the desk").click()
    expect(page.get_by_role("heading", name="To your first mailing")).to_be_visible()


def make_a_list(page: Page) -> None:
    page.get_by_role("link", name="Make a list").click()
    page.get_by_label("Title").fill("Service statements")
    page.get_by_label("Short name").fill("service")
    page.get_by_label("Sender's address").fill("press@arden.example")
    page.get_by_label("Postal address").fill(WATER.postal_address)
    page.get_by_role("button", name="Make the list").click()
    expect(page.get_by_role("status")).to_contain_text("The list is made.")


def add_a_reader(page: Page, address: str) -> None:
    page.get_by_role("link", name="Readers", exact=True).first.click()
    page.locator("summary", has_text="Add one person").click()
    page.get_by_label("Address", exact=True).fill(address)
    page.get_by_label("How they agreed").fill("asked at the counter")
    page.get_by_role("button", name="Add them").click()
    expect(page.get_by_role("status")).to_contain_text("They are added.")


def make_a_draft(page: Page) -> None:
    page.get_by_role("link", name="Mailings", exact=True).first.click()
    page.get_by_role("link", name="New mailing").click()
    page.get_by_label("The text").fill(TEXT)
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_label("Title")).to_have_value(WATER.title)
    page.get_by_label("Preheader").fill(WATER.preheader)
    page.get_by_role("button", name="Make the draft").click()
    expect(page.get_by_role("status").first).to_contain_text("The draft is made.")
    expect(page.frame_locator("figure.wide iframe").locator("h1")).to_have_text(WATER.title)


def look_and_test(page: Page) -> None:
    page.get_by_role("link", name="Plain text").click()
    expect(page.get_by_role("region", name="The letter as plain text")).to_contain_text("From noon today")
    page.get_by_role("link", name="Dark").click()
    expect(page.locator(".frames.dark iframe")).to_have_count(2)
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("status").first).to_contain_text("on its way to ann@arden.example")


def send(page: Page) -> None:
    """Send, change one's mind, and send after all."""
    for again in (False, True):
        page.get_by_role("link", name="Send now").click()
        expect(page.locator("#sentence")).to_contain_text("goes to 2 readers of Service statements.")
        page.get_by_role("button", name="Send to 2 readers").click()
        expect(page.locator("#watch")).to_contain_text("Nothing has left yet.")
        if not again:
            page.get_by_role("button", name="Undo").click()
            expect(page.get_by_role("status").first).to_contain_text("It is a draft again.")


def watch(page: Page, house: Running) -> None:
    """Wait for the end: the page asks by itself, or is asked by its link."""
    over = page.locator(".badge.good", has_text=re.compile("^sent$"))
    house.begin(1)
    house.wait_until_taken(3)
    look = page.get_by_role("link", name="Show how far it is now")
    while look.count():
        look.click()
    over.wait_for(timeout=SECONDS)


def read_the_account(page: Page) -> None:
    expect(page.locator(".far")).to_contain_text("2 of 2 accepted")
    expect(page.locator("tfoot")).to_contain_text("adds up")
    with page.expect_download() as download:
        page.get_by_role("link", name="Everybody as CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert sorted(line.split(",")[:2] for line in lines[1:]) == [
        ["bea@example.org", "accepted"],
        ["cai@example.org", "accepted"],
    ]
    page.locator("td.number a").first.click()
    expect(page.get_by_role("table")).to_contain_text("bea@example.org")
    expect(page.get_by_role("table")).to_contain_text("250")


def test_the_whole_way(house: Running, context: BrowserContext) -> None:
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    come_in(page, house)
    make_a_list(page)
    add_a_reader(page, "bea@example.org")
    add_a_reader(page, "cai@example.org")
    make_a_draft(page)
    look_and_test(page)
    send(page)
    watch(page, house)
    read_the_account(page)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert sorted(house.taken.received()) == ["ann@arden.example", "bea@example.org", "cai@example.org"]
    assert said == []


def test_guessed_links_and_other_peoples_pages_lead_to_the_login(house: Running, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{house.base}/desk/mailings/1")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_label("Your address").fill("ann@arden.example")
    page.get_by_label("Password").fill("a guess")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("Address or password is wrong.")
    page.goto(house.link + "x")
    expect(page.get_by_role("heading", name="This link does nothing")).to_be_visible()
