"""Previews: the letter itself, in a frame that can do nothing, for readers who exist and who do not."""

import re

import pytest

from mailer.config import template_folders
from mailer.sources import kept
from mailer.store.tables import Subscriber
from mailer.web.desk.previews import LONG_NAME, RTL_NAME, STRIP, lit
from mailer.web.site import make_site
from tests.compose.samples import WATER
from tests.web.desk.office import Office

STYLED = """<html style="color-scheme:light dark"><head><meta name="color-scheme" content="light dark"><style>
@media (max-width: 480px) { p { color: red } }
@media (prefers-color-scheme: dark) { body { background: #17191c !important } }
@media screen and (prefers-color-scheme:dark){ p { color: #fff } }
</style></head><body>light dark</body></html>"""


def frame(office: Office, number: int, query: str = "", role: str = "operator"):
    return office.client(role).get(f"/desk/mailings/{number}/preview.html?{query}")


def test_one_light_is_shown_whatever_the_screen_prefers() -> None:
    dark, light = lit(STYLED, "dark"), lit(STYLED, "light")
    assert dark.count("@media all {") == 2
    assert light.count("@media not all {") == 2
    assert "prefers-color-scheme" not in dark + light
    assert "(max-width: 480px)" in dark
    assert 'content="dark"' in dark
    assert 'style="color-scheme:light"' in light
    assert "<body>light dark</body>" in dark
    assert '<base target="_blank">' in light


def test_the_frame_allows_nothing_but_the_mail_itself(small_office: Office) -> None:
    answer = frame(small_office, small_office.draft(), "scheme=dark")
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'unsafe-inline'"
    assert policy["img-src"] == "https:"
    assert policy["form-action"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert policy["sandbox"] == "allow-popups allow-popups-to-escape-sandbox"
    assert "script-src" not in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["cache-control"] == "no-store"
    assert WATER.title in answer.text
    page = small_office.client().get("/desk/mailings/1").text
    assert page.count('sandbox="allow-popups allow-popups-to-escape-sandbox"') == 2
    assert "allow-same-origin" not in page
    assert "allow-scripts" not in page


def test_its_links_belong_to_nobody(small_office: Office) -> None:
    number = small_office.draft()
    page = frame(small_office, number, "reader=1").text
    tokens = set(re.findall(r"/[um]/([\w-]+)", page))
    assert len(tokens) == 1
    nobody = small_office.client("").get(f"/u/{tokens.pop()}")
    assert nobody.status_code == 200
    before = small_office.dump()
    small_office.client("").post(nobody.request.url.path, data={"action": "leave"})
    assert small_office.dump() == before


def test_it_is_seen_in_every_light_and_as_its_source(small_office: Office) -> None:
    number = small_office.draft()
    turned = frame(small_office, number, "scheme=inverted")
    assert "invert(1)" in turned.text
    assert "prefers-color-scheme" not in turned.text
    bare = frame(small_office, number, "scheme=bare")
    assert "img-src 'none'" in bare.headers["content-security-policy"]
    page = small_office.client().get(f"/desk/mailings/{number}?scheme=source").text
    assert "&lt;!DOCTYPE html&gt;" in page
    for scheme in ("inverted", "bare"):
        assert (
            f"scheme={scheme}&amp;reader=named"
            in small_office.client().get(f"/desk/mailings/{number}?scheme={scheme}").text
        )


def test_all_of_it_is_on_one_screen(small_office: Office, tmp_path) -> None:
    own_template(small_office, tmp_path)
    number = small_office.draft()
    page = small_office.client("writer").get(f"/desk/mailings/{number}/strip").text
    assert page.count('sandbox="allow-popups allow-popups-to-escape-sandbox"') == len(STRIP)
    assert "allow-same-origin" not in page
    assert "city</dt>" in page
    assert "12 readers have nothing in it" in page
    with small_office.store.write() as session:
        session.query(Subscriber).filter_by(address="reader3@example.org").one().attributes = {"city": "Arden"}
    assert "11 readers have nothing in it" in small_office.client().get(f"/desk/mailings/{number}/strip").text


def test_one_reader_after_the_other(office: Office) -> None:
    number = office.draft()
    seen = []
    path = f"/desk/mailings/{number}"
    for _ in range(20):
        page = office.client().get(path).text
        after = re.search(r'href="([^"]+)#preview" rel="next"', page)
        if after is None:
            break
        path = after.group(1).replace("&amp;", "&")
        seen.append(path)
    assert len(set(seen)) == len(seen) == 12
    assert 'rel="prev"' in page
    assert 'rel="next"' not in office.client("writer").get(f"/desk/mailings/{number}").text


def own_template(office: Office, tmp_path) -> None:
    """Let the letter say who it is for."""
    shipped = template_folders(office.config)[0] / "editions" / "statement"
    own = tmp_path / "own" / "editions" / "statement"
    own.mkdir(parents=True)
    for file in shipped.iterdir():
        text = file.read_text()
        if file.name == "page.html":
            dear = "<p>Dear {{ reader.name or 'reader' }}.</p>"
            text = text.replace('<h1 class="headline">', f'{dear}<h1 class="headline">')
        if file.name == "page.txt":
            text = "Dear {{ reader.name or 'reader' }} of {{ reader.city or 'somewhere' }},\n\n" + text
        (own / file.name).write_text(text)
    settings = office.config.templates.model_copy(update={"folder": tmp_path / "own"})
    office.config = office.config.model_copy(update={"templates": settings})
    office.site = make_site(office.config, office.store, office.keys)


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        ("named", "Dear Robin Example."),
        ("nameless", "Dear reader."),
        ("long", f"Dear {LONG_NAME}."),
        ("rtl", f"Dear {RTL_NAME}."),
        ("x", "Dear Robin"),
    ],
)
def test_people_who_do_not_exist_read_it(small_office: Office, tmp_path, reader: str, said: str) -> None:
    own_template(small_office, tmp_path)
    assert said in frame(small_office, small_office.draft(), f"reader={reader}").text


def test_a_reader_of_ones_choice_reads_it(small_office: Office, tmp_path) -> None:
    own_template(small_office, tmp_path)
    number = small_office.draft()
    with small_office.store.write() as session:
        person = session.query(Subscriber).filter_by(address="reader3@example.org").one()
        person.attributes = {"city": "Arden"}
    answer = small_office.post(f"/desk/mailings/{number}/reader", reader=" Reader3@example.org ", scheme="text")
    assert answer.status_code == 303
    assert "reader3" not in answer.headers["location"].casefold()
    page = small_office.client().get(answer.headers["location"]).text
    assert "Dear Reader 3 of Arden," in page
    assert "Shown to reader3@example.org" in page
    for typed, words in (("no@example.org", "Nobody here has the address"), ("nonsense", "is not an address")):
        answer = small_office.post(f"/desk/mailings/{number}/reader", reader=typed, scheme="dark")
        assert answer.status_code == 422
        assert '<a href="#reader-address">Reader</a>' in answer.text
        assert words in answer.text
        assert f'value="{typed}"' in answer.text
        assert '<div class="frames dark">' in answer.text


def test_who_may_not_see_people_sees_none(small_office: Office, tmp_path) -> None:
    own_template(small_office, tmp_path)
    number = small_office.draft()
    assert "Dear Robin Example." in frame(small_office, number, "reader=1", "writer").text
    page = small_office.client("writer").get(f"/desk/mailings/{number}?reader=1").text
    assert "reader0@example.org" not in page
    assert "A reader, by address" not in page


def test_nobody_with_that_number_is_not_here(small_office: Office) -> None:
    assert frame(small_office, small_office.draft(), "reader=999").status_code == 404
    assert frame(small_office, 99).status_code == 404


def test_after_scheduling_the_frozen_letter_is_shown(small_office: Office) -> None:
    number = small_office.scheduled()
    with small_office.store.write() as session:
        row = kept.need(session, 1)
        row.title = "Something else entirely"
    assert WATER.title in frame(small_office, number).text
    assert "Something else" not in frame(small_office, number).text


def test_a_wrong_template_is_said_on_the_page(small_office: Office, tmp_path) -> None:
    own_template(small_office, tmp_path)
    number = small_office.draft()
    (tmp_path / "own/editions/statement/page.txt").write_text("{{ statement.titel }}")
    answer = small_office.client().get(f"/desk/mailings/{number}")
    assert answer.status_code == 200
    assert "It cannot be shown" in answer.text
    assert "page.txt" in answer.text
    assert frame(small_office, number).status_code == 422
