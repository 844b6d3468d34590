"""The archive as files: whole without a server of ours, the same twice, and rid of what is no longer shown."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from mailer.errors import BadInput, Refused
from mailer.mailing import archive, corrections, mailings
from mailer.people import lists
from mailer.web.files import MANIFEST, Export
from mailer.web.house import open_house
from tests.make import make_draft, make_list, start
from tests.web.test_pages_in_browser import AXE, CHROMIUM, faults
from tests.web.town import BASE, Town

ELSEWHERE = "https://www.town.example/archive"


def export(town: Town, folder: Path, base_url: str = "", *, unlisted: bool = False) -> dict[str, int]:
    task = Export(open_house(town.config, town.store, town.keys), folder, base_url, unlisted=unlisted)
    with task.locked():
        steps = list(task.steps())
    assert len(steps) == task.total
    return task.figures()


def show(town: Town, visibility: str, mailing_id: int) -> None:
    with town.store.write() as session:
        corrections.show_to(session, mailings.need(session, mailing_id), visibility)


@pytest.fixture
def full(small_town: Town, monkeypatch: pytest.MonkeyPatch) -> tuple[Town, list[int]]:
    """A town that has sent three mailings, with two on a page of its archive."""
    monkeypatch.setattr(archive, "A_PAGE", 2)
    small_town.reader()
    made = []
    for number in range(3):
        with small_town.store.write() as session:
            made.append(make_draft(session, small_town.config, subject=f"Number {number}").id)
        start(small_town.store, small_town.config, small_town.keys, made[-1])
    return small_town, made


def test_every_link_leads_to_a_file_or_to_the_site(full: tuple[Town, list[int]], tmp_path: Path) -> None:
    town, _ = full
    figures = export(town, tmp_path / "out")
    assert figures == {"lists": 1, "pages": 10, "written": 14, "unchanged": 0, "removed": 0}
    pages = list((tmp_path / "out").rglob("*.html"))
    assert len(pages) == figures["pages"]
    for page in pages:
        text = page.read_text("utf-8")
        for link in re.findall(r'(?:href|src|action)="([^"]*)"', text):
            if urlsplit(link).scheme:
                # The list stands in the letter with the site's own address.
                assert link.startswith((f"{BASE}/s", f"{BASE}/m", f"{BASE}/a", f"{BASE}/")), link
            elif not link.startswith("#"):
                assert (page.parent / link).is_file(), f"{page}: {link}"
        for hidden in ("Anna", "/u/", "{{", "<script>"):
            assert hidden not in text
    first = (tmp_path / "out/press/index.html").read_text("utf-8")
    assert first.index("number-2.html") < first.index("number-1.html")
    assert "older.2.html" in first
    assert "number-2.html" in (tmp_path / "out/press/latest.html").read_text("utf-8")


def test_twice_is_once_and_what_is_withdrawn_goes(full: tuple[Town, list[int]], tmp_path: Path) -> None:
    town, made = full
    out = tmp_path / "out"
    export(town, out)
    (out / "favicon.ico").write_bytes(b"ours")
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.*") if path.name != MANIFEST}
    again = export(town, out)
    assert (again["written"], again["removed"]) == (0, 0)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    show(town, "off", made[1])
    assert export(town, out)["removed"] == 3
    assert not (out / "press/number-1.html").exists()
    assert "number-1" not in "".join(path.read_text("utf-8") for path in out.rglob("*.html"))
    assert (out / "favicon.ico").read_bytes() == b"ours"
    with town.store.write() as session:
        corrections.show_to(session, lists.named(session, "press"), "subscribers")
    export(town, out)
    assert not (out / "press").exists()


def test_what_is_not_for_everybody_stays_out_unless_it_is_asked_for(
    full: tuple[Town, list[int]], tmp_path: Path
) -> None:
    town, made = full
    for visibility, mailing_id in zip(("unlisted", "subscribers"), made, strict=False):
        show(town, visibility, mailing_id)
    export(town, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out/press").iterdir()}
    assert "number-2.html" in names
    assert not names & {"number-0.html", "number-1.html"}
    export(town, tmp_path / "out", unlisted=True)
    assert 'content="noindex' in (tmp_path / "out/press/number-0.html").read_text("utf-8")
    assert not (tmp_path / "out/press/number-1.html").exists()


def test_with_an_address_of_its_own_feeds_and_canonical_addresses_name_it(
    full: tuple[Town, list[int]], tmp_path: Path
) -> None:
    town, _ = full
    export(town, tmp_path, ELSEWHERE + "/")
    assert f'rel="canonical" href="{ELSEWHERE}/press/number-0.html"' in (tmp_path / "press/number-0.html").read_text()
    feed = json.loads((tmp_path / "press/feed.json").read_text("utf-8"))
    assert feed["feed_url"] == f"{ELSEWHERE}/press/feed.json"
    urls = [item["url"] for item in feed["items"]] + re.findall(
        r"<loc>([^<]*)</loc>", (tmp_path / "sitemap.xml").read_text()
    )
    for url in urls:
        file = tmp_path / url.removeprefix(f"{ELSEWHERE}/")
        assert (file / "index.html" if file.is_dir() else file).is_file()
    assert not (tmp_path / "robots.txt").exists()
    export(town, tmp_path, "https://archive.town.example")
    assert "https://archive.town.example/sitemap.xml" in (tmp_path / "robots.txt").read_text()


def test_files_of_others_and_another_export_are_not_disturbed(full: tuple[Town, list[int]], tmp_path: Path) -> None:
    town, _ = full
    (tmp_path / "index.html").write_text("theirs")
    with pytest.raises(Refused, match=r"index.html: is a file that no export"):
        export(town, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_file() and path.suffix == ".html"] == ["index.html"]
    house = open_house(town.config, town.store, town.keys)
    first, second = Export(house, tmp_path / "a"), Export(house, tmp_path / "a")
    with first.locked(), pytest.raises(Refused, match="another export"), second.locked():
        pass
    (tmp_path / "a" / MANIFEST).write_text('{"files": ["../index.html", "/etc/hosts"]}')
    export(town, tmp_path / "a")
    assert (tmp_path / "index.html").read_text() == "theirs"
    (tmp_path / "a" / MANIFEST).write_text("[]")
    with pytest.raises(Refused, match="is damaged"):
        export(town, tmp_path / "a")
    with pytest.raises(BadInput, match="not the address of a page"):
        export(town, tmp_path, "www.town.example")


@pytest.mark.skipif(not CHROMIUM or not AXE.exists(), reason="there is no chromium, or no axe, on this machine")
def test_a_browser_reads_the_files_without_a_server(full: tuple[Town, list[int]], tmp_path: Path) -> None:
    town, _ = full
    with town.store.write() as session:
        make_list(session, "waste", title="Waste")
    export(town, tmp_path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(reduced_motion="reduce")
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto((tmp_path / "index.html").as_uri())
        for link in ("Press statements", "Older", "Number 0", "See it as it was mailed"):
            page.get_by_role("main").get_by_role("link", name=link).click()
            page.evaluate(AXE.read_text("utf-8"))
            assert [fault for width in (320, 1280) for fault in faults(page, "light", width)] == []
        assert page.title() == "Number 0"
        # The checker asks for the style sheet once more, which the page's policy does not let it.
        said.clear()
        page.goto((tmp_path / "press/latest.html").as_uri())
        page.wait_for_url(re.compile("number-2"))
        colour = page.evaluate("getComputedStyle(document.body).borderTopWidth")
        browser.close()
    assert colour == "4px", "the style sheet is read from the file"
    assert [one for one in asked if not one.startswith("file:")] == []
    assert said == []
