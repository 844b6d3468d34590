"""The one click of a mail program (RFC 8058): both encodings, no cookie, no redirect, again and again, for ever."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from mailer import tokens
from mailer.errors import ConfigError
from mailer.mailing.links import Links
from mailer.outcomes import erasure
from mailer.web import leaving
from mailer.web.site import make_site
from tests.web.test_leaving import CLICK, MULTIPART, state_of, withdrawals
from tests.web.town import BASE, Town


@pytest.mark.parametrize("how", ["urlencoded", "multipart"])
def test_one_click_ends_the_subscription_and_says_so_every_time(town: Town, how: str) -> None:
    reader = town.reader("press", "works")
    link = town.leave(reader, mailing_id=77)
    for _ in range(3):
        if how == "urlencoded":
            answer = town.client.post(link, data=CLICK, follow_redirects=False)
        else:
            kind = {"Content-Type": "multipart/form-data; boundary=x"}
            answer = town.client.post(link, content=MULTIPART, headers=kind, follow_redirects=False)
        assert answer.status_code == 200
        assert answer.text == leaving.DONE
        assert answer.headers["content-type"].startswith("text/plain")
        assert not {"location", "set-cookie"} & set(answer.headers)
    assert state_of(town, reader.subscription_ids["press"]) == "ended"
    assert state_of(town, reader.subscription_ids["works"]) == "active"
    assert withdrawals(town) == [("one-click", 77)]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"List-Unsubscribe", "application/x-www-form-urlencoded"),
        (b"List-Unsubscribe=", "application/x-www-form-urlencoded"),
        (b"List-Unsubscribe=one-click", "application/x-www-form-urlencoded"),
        (b"list-unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (b"List-Unsubscribe=One-Click&List-Unsubscribe=No", "application/x-www-form-urlencoded"),
        (b"action=", "application/x-www-form-urlencoded"),
        (b"action=Leave", "application/x-www-form-urlencoded"),
        (b'{"List-Unsubscribe": "One-Click"}', "application/json"),
        (MULTIPART, "application/x-www-form-urlencoded"),
        (MULTIPART[:-30], "multipart/form-data; boundary=y"),
        (MULTIPART, "multipart/form-data"),
        (b"action=reason&reason=hatred", "application/x-www-form-urlencoded"),
    ],
)
def test_another_body_is_refused_and_changes_nothing(small_town: Town, body: bytes, kind: str) -> None:
    link = small_town.leave(small_town.reader())
    before = small_town.dump()
    assert small_town.client.post(link, content=body, headers={"Content-Type": kind}).status_code == 400
    assert small_town.dump() == before


def test_it_works_after_the_key_was_changed_and_the_mailing_forgotten(small_town: Town) -> None:
    reader = small_town.reader()
    link = small_town.leave(reader, mailing_id=123456)
    newer = tokens.Ring((*small_town.keys.ring.keys, (2, b"n" * 32)))
    keys = tokens.Keys(newer, small_town.keys.suppression)
    client = type(small_town.client)(make_site(small_town.config, small_town.store, keys), base_url=BASE)
    assert Links(BASE, keys).leave(reader.subscription_ids["press"], 123456) != link
    assert client.post(link, data=CLICK).status_code == 200
    assert state_of(small_town, reader.subscription_ids["press"]) == "ended"


def test_who_was_never_here_and_who_was_erased_get_the_same_answer(small_town: Town) -> None:
    erased = small_town.reader()
    with small_town.store.write() as session:
        erasure.erase(session, small_town.keys, erased.id, actor="test")
    answers = []
    for link in (small_town.leave(erased), small_town.links.leave(987_654_321)):
        shown, posted = small_town.client.get(link), small_town.client.post(link, data=CLICK)
        assert posted.status_code == 200
        answers.append((shown.text, posted.text))
    assert answers[0] == answers[1]
    assert "@" not in answers[0][0]


def test_one_click_leaves_whatever_else_was_posted(small_town: Town) -> None:
    reader = small_town.reader()
    answer = small_town.client.post(small_town.leave(reader), data={**CLICK, "action": "pause", "days": "30"})
    assert answer.text == leaving.DONE
    assert state_of(small_town, reader.subscription_ids["press"]) == "ended"


def test_a_one_click_is_never_redirected_nor_remembered_whatever_it_looks_like(town: Town) -> None:
    reader = town.reader()
    link = town.leave(reader, mailing_id=77)
    path = link.removeprefix(BASE)
    odd = [
        (path + "/", {}),
        (path + "//", {}),
        (path, {"Host": "www.elsewhere.example"}),
        (path, {"Cookie": "session=1", "Origin": "https://evil.example", "Referer": "https://evil.example/"}),
        (path, {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "elsewhere.example"}),
        (path + "?utm_source=x", {}),
    ]
    bodies = [
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (b"List-Unsubscribe=One-Click", "Application/X-WWW-Form-URLencoded; charset=UTF-8"),
        (b"List-Unsubscribe=One%2DClick&x=1", "application/x-www-form-urlencoded"),
        (MULTIPART, 'multipart/form-data; boundary="x"'),
(MULTIPART.replace(b"\r\n\r\nOne", b"\r\nContent-Type: text/plain\r\n\r\nOne"), "multipart/form-data; boundary=x"),
        (MULTIPART.replace(b"--x", b"--y") , "multipart/form-data; charset=utf-8; boundary=y"),
    ]  # fmt: skip
    for where, fields in odd:
        for body, kind in bodies:
            answer = town.client.post(
                where, content=body, headers={"Content-Type": kind, **fields}, follow_redirects=False
            )
            assert (answer.status_code, answer.text) == (200, leaving.DONE), (where, fields, kind)
            assert not {"location", "set-cookie"} & set(answer.headers)
            assert answer.headers["cache-control"] == "no-store"
    assert withdrawals(town) == [("one-click", 77)]


def test_many_at_once_are_all_answered_and_all_kept(town: Town) -> None:
    readers = [town.reader() for _ in range(12)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda one: town.client.post(town.leave(one, mailing_id=9), data=CLICK), readers))
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, leaving.DONE)}
    assert {state_of(town, one.subscription_ids["press"]) for one in readers} == {"ended"}
    assert withdrawals(town) == [("one-click", 9)] * 12


def test_a_store_that_is_away_asks_to_come_again(small_town: Town, monkeypatch) -> None:
    link = small_town.leave(small_town.reader())

    def away(*_args: object) -> None:
        raise ConfigError("the store cannot be reached")

    monkeypatch.setattr(leaving.together, "leave_together", away)
    answer = small_town.client.post(link, data=CLICK)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"].startswith("text/plain")
