"""Writing in a real browser: saved by itself, shown while one types, formatted by keys, cleaned when pasted."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mailer.config import Config
from mailer.mailing import mailings, writing
from mailer.sources import kept
from mailer.staff import entry, team
from mailer.tokens import Keys
from mailer.web.desk.call import COOKIE
from tests.compose.samples import WATER
from tests.make import make_list
from tests.web.browsing import CHROMIUM
from tests.web.desk.office import SETTINGS
from tests.web.desk.running import Running, running

pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine"),
    pytest.mark.xdist_group("desk in the browser"),
]
SECONDS = 20_000
PASTE = """([html]) => {
  const data = new DataTransfer();
  data.setData("text/html", html);
  data.setData("text/plain", "plain");
  document.getElementById("body").dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, cancelable: true}));
}"""


def prepared(house: Running) -> str:
    """Make a draft and somebody who may write, and return the session."""
    with house.store.write() as session:
        make_list(session, "press", title="Press", from_address="press@arden.example")
        row = kept.keep(session, WATER.statement())
        mailings.draft(session, Config.model_validate(SETTINGS), row, mailings.Draft(("press",)), actor="desk:Wim")
        person = team.add(session, name="Ann", address="ann@arden.example", role="writer", actor="test")
        return entry.admit(session, person, agent="test")


def saved(house: Running) -> writing.Words:
    with house.store.read() as session:
        return writing.words_of(session, mailings.need(session, 1))


def type_and_see(page: Page) -> None:
    text = page.get_by_label("Text", exact=True)
    text.fill("A fine day")
    expect(page.frame_locator("#sheet iframe:not(.coming)").get_by_text("A fine day")).to_be_visible()
    text.press("Control+a")
    text.press("Control+b")
    expect(text).to_have_value("**A fine day**")
    expect(page.frame_locator("#sheet iframe:not(.coming)").locator("strong", has_text="A fine day")).to_be_visible()
    text.press("Control+End")
    page.evaluate(PASTE, ["<p style='color:red'>, and <i>more</i><script>x()</script></p>"])
    expect(text).to_have_value("**A fine day**, and *more*")
    page.get_by_role("button", name="Heading").click()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_what_is_written_is_seen_and_kept(
    script: bool, browser: Browser, sqlite_template: Path, tmp_path: Path, keys: Keys
) -> None:
    path = tmp_path / "subscribers.db"
    shutil.copy(sqlite_template, path)
    with running(path, keys) as house:
        context = browser.new_context(java_script_enabled=script)
        context.set_default_timeout(SECONDS)
        context.add_cookies([{"name": COOKIE, "value": prepared(house), "url": house.base}])
        page = context.new_page()
        faults: list[str] = []
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{house.base}/desk/mailings/1/write")
        if script:
            type_and_see(page)
            expect(page.locator("#saved")).to_contain_text("Saved")
            expect(page.locator("input[name=revision]")).not_to_have_value("1")
            page.get_by_label("Title").fill("By key")
            page.get_by_label("Title").press("Control+s")
        else:
            expect(page.get_by_role("toolbar")).to_be_hidden()
            page.get_by_label("Text", exact=True).fill("A plain day")
            page.get_by_role("button", name="Show the letter").click()
            expect(page.frame_locator("iframe").get_by_text("A plain day")).to_be_visible()
            page.get_by_label("Title").fill("By button")
            page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("status").first).to_have_text("It is saved.")
        assert saved(house).title == ("By key" if script else "By button")
        assert faults == []
        context.close()
