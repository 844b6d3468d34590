"""The archive for feed readers, search programs, old addresses and readers' own links; who may read what."""

import json
import re
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from mailer.config import Config
from mailer.mailing import corrections, mailings
from mailer.people import lists, subscriptions
from mailer.store.tables import Mailing
from mailer.web import headers
from mailer.web.site import make_site
from tests.make import make_draft, make_statement, start
from tests.web.states import TABLE
from tests.web.town import BASE, SETTINGS, Town

ATOM = "{http://www.w3.org/2005/Atom}"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def show(town: Town, visibility: str, mailing: bool = False) -> None:
    with town.store.write() as session:
        thing = mailings.need(session, town.mailing_id) if mailing else lists.named(session, "press")
        corrections.show_to(session, thing, visibility)


def correct(town: Town, note: str = "Not Monday.", **text: str) -> None:
    with town.store.write() as session:
        right = make_statement(session, "Water will be off on Tuesday", **text) if text else None
        corrections.correct(session, mailings.need(session, town.mailing_id), note, right, actor="test")


def atom_of(answer: Any) -> ElementTree.Element:
    """Read a feed as RFC 4287 has it: what must be there is there, once, and every moment and link is whole."""
    root = ElementTree.fromstring(answer.content)
    assert root.tag == f"{ATOM}feed"
    for element in (root, *root.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1, name
        assert re.fullmatch(MOMENT, element.findtext(f"{ATOM}updated", ""))
        assert element.findtext(f"{ATOM}id", "").startswith("urn:uuid:")
        alternates = [link.get("href", "") for link in element.findall(f"{ATOM}link[@rel='alternate']")]
        assert len(alternates) == 1
        assert urlsplit(alternates[0]).netloc
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
    ids = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))
    return root


def json_of(answer: Any) -> dict[str, Any]:
    """Read a feed as JSON Feed 1.1 has it."""
    found: dict[str, Any] = json.loads(answer.content)
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(found["title"], str)
    for item in found["items"]:
        assert isinstance(item["id"], str)
        assert item["content_html"] or item["content_text"]
        assert urlsplit(item["url"]).netloc
        assert re.fullmatch(MOMENT, item["date_published"])
        assert all(value for value in item.values())
    return found


def test_both_feeds_hold_the_newest_mailings_whole(town: Town) -> None:
    town.publish()
    with town.store.write() as session:
        made = make_draft(session, town.config, subject="Second <b>&amp; last\x0b").id
        mailings.statement_of(session, made).source = "https://water.example/second?a=1&b=2"
    start(town.store, town.config, town.keys, made)
    answers = {name: town.client.get(f"/a/press/{name}") for name in ("feed.xml", "feed.json")}
    atom, found = atom_of(answers["feed.xml"]), json_of(answers["feed.json"])
    titles = [entry.findtext(f"{ATOM}title") for entry in atom.iter(f"{ATOM}entry")]
    assert titles == [item["title"] for item in found["items"]]
    assert len(titles) == 2
    ids = [entry.findtext(f"{ATOM}id") for entry in atom.iter(f"{ATOM}entry")]
    assert ids == [item["id"] for item in found["items"]]
    assert atom.find(f".//{ATOM}link[@rel='canonical']").get("href") == found["items"][0]["external_url"]  # type: ignore[union-attr]
    assert "The main in Mill Street" in atom.findtext(f".//{ATOM}content", "")
    assert found["feed_url"] == f"{BASE}/a/press/feed.json"
    for name in answers:
        one = town.client.get(f"/a/press/{name}?count=1")
        assert len((json_of(one)["items"]) if "json" in name else list(atom_of(one).iter(f"{ATOM}entry"))) == 1
        for count in ("0", "-1", "x", "1e9", "999999999999"):
            assert town.client.get(f"/a/press/{name}", params={"count": count}).status_code == 200
        for hidden in ("anna", "/u/", "/m/"):
            assert hidden not in answers[name].text
        assert answers[name].headers["content-type"].startswith("application/")


def test_a_feed_that_is_known_is_not_sent_again(small_town: Town) -> None:
    small_town.publish()
    for path in ("/a/press/feed.xml", "/a/press/feed.json", "/a/press", f"/a/press/{small_town.slug}", "/sitemap.xml"):
        first = small_town.client.get(path)
        tag = first.headers["etag"]
        for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = small_town.client.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
        assert small_town.client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200
    feed = small_town.client.get("/a/press/feed.xml")
    since = {"If-Modified-Since": feed.headers["last-modified"]}
    assert small_town.client.get("/a/press/feed.xml", headers=since).status_code == 304
    correct(small_town)
    tag_of_before = {"If-None-Match": feed.headers["etag"], **since}
    assert small_town.client.get("/a/press/feed.xml", headers=tag_of_before).status_code == 200


@pytest.mark.parametrize("mailing", [False, True])
def test_who_may_read_what(small_town: Town, mailing: bool) -> None:
    small_town.publish()
    reader = small_town.reader()
    view, own = f"/a/press/{small_town.slug}", small_town.read(reader, small_town.mailing_id)
    for visibility, code in (("public", 200), ("unlisted", 200), ("subscribers", 404), ("off", 404)):
        show(small_town, visibility, mailing)
        answer = small_town.client.get(view)
        assert answer.status_code == code, visibility
        assert small_town.client.get(f"{view}/letter").status_code == code
        if code == 200:
            assert answer.headers["x-robots-tag"] == ("all" if visibility == "public" else "noindex, nofollow")
        listed = visibility == "public" or (visibility == "unlisted" and not mailing)
        assert (small_town.slug in small_town.client.get("/a/press").text) == listed
        feed = small_town.client.get("/a/press/feed.json")
        assert (feed.status_code == 200 and small_town.slug in feed.text) == listed
        assert (small_town.slug in small_town.client.get("/sitemap.xml").text) == (visibility == "public")
        latest = small_town.client.get("/a/press/latest", follow_redirects=False)
        assert (latest.status_code, latest.headers.get("location")) == ((302, view) if listed else (404, None))
        assert small_town.client.get(own).status_code == (404 if visibility == "off" else 200)
        shelf = small_town.client.get(small_town.read(reader))
        assert shelf.status_code == (404 if visibility == "off" and not mailing else 200)
        shown = visibility != "off" and not (visibility == "unlisted" and mailing)
        assert (own.removeprefix(BASE) in shelf.text) == shown


def test_a_readers_own_link_opens_one_archive_and_tells_nobody(small_town: Town) -> None:
    small_town.publish()
    reader = small_town.reader("press", "works")
    show(small_town, "subscribers")
    assert small_town.client.get("/a/press").status_code == 403
    assert small_town.slug not in small_town.client.get("/a/press").text
    link = small_town.read(reader, small_town.mailing_id)
    for path in (link, f"{link}/letter", small_town.read(reader)):
        answer = small_town.client.get(path)
        assert answer.status_code == 200
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers[headers.CACHE] == "no-store"
        assert "noindex" in answer.headers["x-robots-tag"]
        for hidden in (reader.address, "/u/", "/m/", "og:url", 'rel="canonical"'):
            assert hidden not in answer.text
    token = link.rpartition("/")[2]
    assert small_town.client.get(f"/m/{token}").status_code == 404
    assert small_town.client.get(f"/u/{token}").status_code == 404
    assert small_town.client.get(small_town.read(reader, 0, "works")).status_code == 404
    with small_town.store.write() as session:
        subscriptions.end(session, subscriptions.need(session, reader.subscription_ids["press"]), why="left")
    assert small_town.client.get(link).status_code == 404
    # A list nobody can join is not even named.
    with small_town.store.write() as session:
        lists.change(session, lists.named(session, "press"), open_signup=False)
    assert small_town.client.get("/a/press").status_code == 404


def test_old_addresses_lead_on(small_town: Town) -> None:
    small_town.publish()
    before = small_town.slug
    with small_town.store.write() as session:
        mailing = mailings.need(session, small_town.mailing_id)
        corrections.move(session, mailing, "water-in-may")
        corrections.move(session, mailing, "water-in-june")
        lists.change(session, lists.named(session, "press"), name="statements")
    for slug in (before, "water-in-may", "water-in-june"):
        answer = small_town.client.get(f"/a/press/{slug}?lang=de", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (301, "/a/statements/water-in-june?lang=de")
        letter = small_town.client.get(f"/a/press/{slug}/letter", follow_redirects=False)
        assert letter.headers["location"] == "/a/statements/water-in-june/letter"
    for rest in ("", "/feed.xml", "/feed.json", "/latest"):
        assert small_town.client.get(f"/a/press{rest}").status_code == 200
    assert small_town.client.get("/a/press/nothing").status_code == 404
    # What is hidden does not say where it went.
    show(small_town, "off", mailing=True)
    assert small_town.client.get(f"/a/statements/{before}").status_code == 404


def test_a_reader_finds_what_is_for_readers_on_their_own_page(small_town: Town) -> None:
    small_town.publish()
    reader = small_town.reader()
    shown = small_town.client.get(small_town.fresh(reader)).text
    assert "/r/" not in shown, "everybody may read it"
    show(small_town, "subscribers", False)
    link = re.search(r'href="([^"]*/r/[^"]+)"', small_town.client.get(small_town.fresh(reader)).text)
    assert link
    assert "Water will be off on Monday" in small_town.client.get(link[1]).text
    assert "/r/" not in small_town.client.get(small_town.links.choices(reader.id)).text, "a mail may be passed on"


def test_a_correction_is_dated_and_what_was_sent_stays(small_town: Town) -> None:
    small_town.publish()
    path = f"/a/press/{small_town.slug}"
    sent = small_town.client.get(f"{path}/letter").text
    correct(small_town, "It is <Tuesday>.", body_html="<p>On Tuesday.</p>")
    correct(small_town, "The number was wrong.")
    page = small_town.client.get(path).text
    main = page.partition("<main")[2]
    assert main.index("It is &lt;Tuesday&gt;.") < main.index("The number was wrong.") < main.index("On Tuesday.")
    assert "<h1>Water will be off on Tuesday</h1>" in page
    assert "The main in Mill Street" not in page
    letter = small_town.client.get(f"{path}/letter").text
    assert re.sub(r"<aside.*</aside>", "", letter) == sent
    assert "It was corrected on" in letter
    facts = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)[1])  # type: ignore[index]
    assert facts["correction"] == ["It is <Tuesday>.", "The number was wrong."]
    assert "<Tuesday>" not in page
    assert "Water will be off on Tuesday" in small_town.client.get("/a/press").text
    found = json_of(small_town.client.get("/a/press/feed.json"))["items"][0]
    assert found["title"] == "Water will be off on Tuesday"
    day, *rest = found["content_html"].split("\n")
    assert day.endswith(": It is &lt;Tuesday&gt;.</em></p>")
    assert rest[-1] == "<p>On Tuesday.</p>"
    assert found["date_modified"] >= found["date_published"]


def test_a_page_says_what_it_is_fetches_nothing_and_stays_small(small_town: Town) -> None:
    small_town.publish()
    correct(small_town, body_html=TABLE + "<p><a href='https://x.example/'><img src='cid:logo' alt='Logo'></a></p>")
    with small_town.store.write() as session:
        make_statement(session)
    path = f"/a/press/{small_town.slug}"
    page = small_town.client.get(path)
    text = page.text
    assert len(page.content) < 50_000
    assert f'<link rel="canonical" href="{BASE}{path}">' in text
    for name in ("og:title", "og:url", "og:type", "article:published_time", "article:modified_time"):
        assert f'property="{name}"' in text
    assert f'href="{path}"' not in text
    assert "<img" not in text
    assert 'href="https://town.example/main.jpg"' in text
    assert (
        re.findall(r'<(?:script|link|img|iframe|source)[^>]* (?:src|href)="(?:https?:)?//(?!127\.0\.0\.1)', text) == []
    )
    form = re.search(r"<form.*?</form>", text, re.S)
    assert form
    fields = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', form[0])) | {"address": "new@example.org"}
    assert fields["page"] == BASE + path
    assert "inbox" in small_town.client.post("/s", data=fields).text
    own = Config.model_validate(SETTINGS | {"archive": {"pictures_from": ["town.example"]}})
    client = TestClient(make_site(own, small_town.store, small_town.keys), base_url=BASE)
    shown = client.get(path)
    assert '<img src="https://town.example/main.jpg" alt="The main" loading="lazy">' in shown.text
    assert "img-src 'self' https://town.example;" in shown.headers[headers.CONTENT]
    assert "img-src data: https://town.example;" in client.get(f"{path}/letter").headers[headers.CONTENT]


def test_a_mailing_to_several_lists_counts_once(small_town: Town) -> None:
    small_town.publish()
    with small_town.store.write() as session:
        corrections.show_to(session, lists.named(session, "works"), "public")
        made = make_draft(session, small_town.config, names=("works", "press"), subject="For both")
        number, slug = made.id, made.slug
    start(small_town.store, small_town.config, small_town.keys, number)
    for name in ("works", "press"):
        assert f'rel="canonical" href="{BASE}/a/works/{slug}"' in small_town.client.get(f"/a/{name}/{slug}").text
    found = small_town.client.get("/sitemap.xml").text
    assert f"/a/works/{slug}<" in found
    assert f"/a/press/{slug}<" not in found
    assert f"/a/press/{small_town.slug}<" in found
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in small_town.client.get("/robots.txt").text
    with small_town.store.read() as session:
        assert session.get_one(Mailing, number).slug == slug
    assert "For both" in small_town.client.get(f"/a/press/{small_town.slug}").text, "the newer one is a link away"
