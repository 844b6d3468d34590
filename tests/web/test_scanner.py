"""A mail scanner opens every link of every mail, in every way but pressing; nothing changes."""

import re
from urllib.parse import urljoin

from mailer.compose.wire import Program
from mailer.mailing import editions
from tests.web.town import BASE, Town

LINK = re.compile(r'href="([^"#][^"]*)"')
# What mail gateways and mail programs were seen to do with links.
WAYS = ("GET", "HEAD", "OPTIONS", "GET", "PROPFIND")


def links_in_mails(town: Town) -> set[str]:
    """Return every link a reader gets: in a mailing, and in the notices of confirming, welcome and choices."""
    reader, asked = town.reader(), town.asked("press", "works")
    confirmed = town.asked()
    town.client.post(town.notice_links(confirmed)["confirm"], data={"action": "confirm"})
    town.publish()
    found = {*town.notice_links(asked).values(), *town.notice_links(confirmed, "welcome").values()}
    with town.store.read() as session:
        list_id = next(row.list_id for row in session.query(editions.EditionRow))
        row = editions.program_of(session, town.mailing_id, list_id)
        assert row is not None
        program = Program.from_bytes(row.program)
    own = {"unsubscribe": town.leave(reader, mailing_id=town.mailing_id), "manage": town.links.choices(reader.id)}
    text = program.html(program.frame({"name": "Anna"}, own))
    return found | {link.replace("&amp;", "&") for link in LINK.findall(text)}


def test_visiting_changes_no_row(town: Town) -> None:
    waiting = {link for link in links_in_mails(town) if link.startswith(BASE)}
    assert len(waiting) >= 8
    assert {link.removeprefix(BASE)[1] for link in waiting} == set("cnumas")
    before = town.dump()
    seen: set[str] = set()
    while waiting:
        link = waiting.pop()
        seen.add(link)
        for way in WAYS:
            answer = town.client.request(way, link, headers={"Purpose": "prefetch"})
            assert answer.status_code in (200, 204, 304, 404, 405), (way, link)
            if way == "GET":
                onward = {urljoin(link, found) for found in LINK.findall(answer.text)}
                waiting |= {each for each in onward if each.startswith(BASE)} - seen
    assert f"{BASE}/m" in seen
    assert town.dump() == before


def test_a_press_does_change_something(town: Town) -> None:
    reader = town.reader()
    before = town.dump()
    town.client.post(town.leave(reader), data={"List-Unsubscribe": "One-Click"})
    after = town.dump()
    assert {name for name in after if after[name] != before[name]} == {"subscriptions", "consents", "outcomes"}
