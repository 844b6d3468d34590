"""The archive: public lists only, what was sent only, and nobody's links in it."""

import re
from datetime import timedelta

import pytest

from mailer import clock
from mailer.mailing import archive, mailings
from mailer.people import lists
from mailer.store.tables import Mailing
from mailer.web import headers
from tests.make import make_draft, start
from tests.web.town import Town


def test_a_mailing_stands_in_the_archive_and_can_be_read(town: Town) -> None:
    town.publish()
    shelf = town.client.get("/a/press")
    assert "Water will be off on Monday" in shelf.text
    assert f'href="/a/press/{town.slug}"' in shelf.text
    assert shelf.headers["x-robots-tag"] == "all"
    copy = town.client.get(f"/a/press/{town.slug}")
    assert "The main in Mill Street is repaired" in copy.text
    assert copy.headers[headers.CONTENT] == headers.POLICY
    letter = town.client.get(f"/a/press/{town.slug}/letter")
    assert "The main in Mill Street is repaired" in letter.text
    assert letter.headers[headers.CONTENT] == headers.EDITION_POLICY.replace("https: ", "")
    assert letter.headers["x-robots-tag"] == "noindex, follow"


def test_neither_page_has_a_token_a_name_a_way_out_or_a_link_to_itself(town: Town) -> None:
    reader = town.reader()
    town.publish()
    before = town.dump()
    page, letter = (town.client.get(f"/a/press/{town.slug}{rest}").text for rest in ("", "/letter"))
    assert town.dump() == before
    assert set(re.findall(r'href="http://127\.0\.0\.1:8000(/[^"]*)"', letter)) == {"/a/press", "/s/press"}
    main = page.partition("<main")[2].partition("</main>")[0]
    assert set(re.findall(r'href="(/[^"]*)"', main)) == {"/a/press", f"/a/press/{town.slug}/letter"}
    for text in (page, letter):
        for hidden in ("Anna", reader.address, "{{", "/u/", 'href=""'):
            assert hidden not in text


@pytest.mark.parametrize("state", mailings.MOVES)
def test_only_what_was_sent_is_shown(small_town: Town, state: str) -> None:
    small_town.publish()
    now = clock.now()
    with small_town.store.write() as session:
        mailing = session.get_one(Mailing, small_town.mailing_id)
        mailing.state, mailing.why, mailing.due_at = state, "because", now
        mailing.frozen_at = mailing.finished_at = mailing.paused_at = now
    shown = state in ("sending", "paused", "sent", "stopped")
    assert (small_town.slug in small_town.client.get("/a/press").text) == shown
    assert small_town.client.get(f"/a/press/{small_town.slug}").status_code == (200 if shown else 404)


def test_what_was_stopped_before_it_began_is_not_shown(small_town: Town) -> None:
    small_town.publish()
    with small_town.store.write() as session:
        mailing = session.get_one(Mailing, small_town.mailing_id)
        mailing.state, mailing.why, mailing.finished_at, mailing.started_at = "stopped", "late", clock.now(), None
    assert small_town.client.get(f"/a/press/{small_town.slug}").status_code == 404


def test_a_list_without_a_public_archive_is_like_one_that_is_not_there(small_town: Town) -> None:
    small_town.publish()
    answers = [small_town.client.get(f"/a/{name}") for name in ("works", "nothing", "Works", "%00", "a/b/c")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    for path in (f"/a/works/{small_town.slug}", "/a/press/nothing", f"/a/press/{small_town.slug}%00"):
        assert small_town.client.get(path).status_code == 404


def test_a_closed_list_keeps_its_archive_and_offers_no_form(small_town: Town) -> None:
    small_town.publish()
    with small_town.store.write() as session:
        lists.close(session, lists.named(session, "press"))
    shelf = small_town.client.get("/a/press")
    assert small_town.slug in shelf.text
    assert "/s/press" not in shelf.text


def test_newest_first_and_fifty_a_page(small_town: Town, monkeypatch) -> None:
    monkeypatch.setattr(archive, "A_PAGE", 2)
    began = clock.now()
    slugs = []
    for number in range(3):
        with small_town.store.write() as session:
            mailing = make_draft(session, small_town.config, subject=f"Number {number}")
            mailing_id, slug = mailing.id, mailing.slug
        start(small_town.store, small_town.config, small_town.keys, mailing_id)
        with small_town.store.write() as session:
            session.get_one(Mailing, mailing_id).started_at = began + timedelta(minutes=number)
        slugs.append(slug)
    first, second = (small_town.client.get(f"/a/press?page={page}").text for page in (1, 2))
    assert first.index(slugs[2]) < first.index(slugs[1])
    assert slugs[0] not in first
    assert slugs[0] in second
    assert "?page=2" in first
    assert 'href="/a/press">Newer' in second
    for page in ("0", "-1", "x", "99999999999999999999", "1e9", "٣"):
        assert small_town.client.get("/a/press", params={"page": page}).status_code == 200


def test_the_statement_on_the_website_is_the_original(small_town: Town) -> None:
    small_town.publish()
    with small_town.store.write() as session:
        mailings.statement_of(session, small_town.mailing_id).source = "https://water.example/n?a=1&b=ü\r\nX: y"
    link = small_town.client.get(f"/a/press/{small_town.slug}").headers["link"]
    assert link == '<https://water.example/n?a=1&b=%C3%BC%0D%0AX:%20y>; rel="canonical"'
