"""Links in mail: for one purpose, for ever where they must be, telling nothing."""

import pytest

from mailer import tokens
from mailer.errors import BadInput
from mailer.mailing import links
from mailer.mailing.links import Links


@pytest.fixture
def made(keys) -> Links:
    return Links("https://mail.example.org/", keys)


def token(url: str) -> str:
    return url.rsplit("/", 1)[1]


def test_each_link_gives_back_what_it_was_made_of(made, keys, moving_clock) -> None:
    asked = moving_clock.now()
    minute = links.read(keys, links.CONFIRM, token(made.confirm(7, asked)))[1]
    assert links.read(keys, links.CONFIRM, token(made.confirm(7, asked))) == (7, minute)
    assert links.moment(minute) == asked.replace(second=0, microsecond=0)
    assert links.read(keys, links.LEAVE, token(made.leave(8, 9))) == (8, 9)
    assert links.read(keys, links.CHOICES, token(made.choices(10))) == (10, 0)


def test_no_link_does_what_another_does(made, keys, moving_clock) -> None:
    now = moving_clock.now()
    urls = {
        links.CONFIRM: made.confirm(7, now),
        links.NOT_ME: made.not_me(7, now),
        links.LEAVE: made.leave(7, 7),
        links.CHOICES: made.choices(7),
    }
    for purpose in urls:
        for other, url in urls.items():
            if other != purpose:
                with pytest.raises(BadInput):
                    links.read(keys, purpose, token(url))


def test_old_links_work_when_the_keys_are_rotated(made, keys) -> None:
    url = made.leave(8, 9)
    rotated = tokens.Keys(tokens.Ring((*keys.ring.keys, (2, b"n" * 32))), keys.suppression)
    assert links.read(rotated, links.LEAVE, token(url)) == (8, 9)
    assert Links("https://mail.example.org", rotated).leave(8, 9) != url


def test_a_link_expires_by_its_minute(made, keys, moving_clock) -> None:
    minute = links.read(keys, links.CONFIRM, token(made.confirm(7, moving_clock.now())))[1]
    assert not links.is_expired(minute, 7)
    moving_clock.move(days=7, minutes=1)
    assert links.is_expired(minute, 7)


def test_the_same_row_always_has_the_same_link(made) -> None:
    assert made.leave(8, 9) == made.leave(8, 9)
