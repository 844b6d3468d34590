"""Links nobody signed, at every door that takes one: a page that is not here, and nothing changes."""

import itertools
import random

from mailer.mailing import links
from tests.test_tokens import forgeries
from tests.web.states import CONFIRM, NOT_ME
from tests.web.town import Town

DOORS = {links.CONFIRM: "/c/{}", links.NOT_ME: "/n/{}", links.LEAVE: "/u/{}", links.CHOICES: "/m/{}"}
BODIES = {
    links.CONFIRM: CONFIRM,
    links.NOT_ME: NOT_ME,
    links.LEAVE: {"List-Unsubscribe": "One-Click"},
    links.CHOICES: {"action": "stop_all"},
}


def test_forged_links_lead_nowhere(small_town: Town) -> None:
    asked, reader = small_town.asked(), small_town.reader()
    # Real links of real people are what the forgeries are made of and what they try to be.
    assert small_town.client.get(small_town.notice_links(asked)["confirm"]).status_code == 200
    assert small_town.client.get(small_town.leave(reader)).status_code == 200
    before = small_town.dump()
    found = itertools.islice(forgeries(small_town.keys.ring, random.Random(1), tuple(DOORS)), 160)
    for number, (purpose, token) in enumerate(found):
        path = DOORS[purpose].format(token)
        answer = small_town.client.post(path, data=BODIES[purpose]) if number % 2 else small_town.client.get(path)
        assert answer.status_code == 404, (purpose, token)
    assert small_town.dump() == before
