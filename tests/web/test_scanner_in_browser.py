"""A scanner with a real browser and its scripts on opens every link of every mail and waits; nothing changes."""

import pytest
from playwright.sync_api import Browser

from tests.web.browsing import CHROMIUM
from tests.web.test_scanner import links_in_mails
from tests.web.town import Town

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no chromium on this machine")
MAILS = 12


def test_opening_with_scripts_changes_no_row(served: Town, browser: Browser) -> None:
    found = links_in_mails(served)
    found |= {served.leave(served.reader(), mailing_id=served.mailing_id) for _ in range(MAILS)}
    ours = sorted(link for link in found if link.startswith(served.config.site.base_url))
    assert len(ours) >= MAILS + 8
    before = served.dump()
    context = browser.new_context()
    page = context.new_page()
    for link in ours:
        answer = page.goto(link, wait_until="load")
        assert answer is not None
        assert answer.status in (200, 404), link
        # What a script would do on being looked at.
        page.mouse.move(200, 300)
        page.evaluate("scrollTo(0, document.body.scrollHeight); dispatchEvent(new Event('pagehide'))")
    context.close()
    assert served.dump() == before
