"""In which language a page answers: what was pressed, chosen, guessed, or is left to the list and the house."""

import pytest

from mailer.web import tongue
from tests.web.town import Town


def spoken(town: Town, path: str, **headers: str) -> str:
    answer = town.client.get(path, headers=headers)
    assert f'<html lang="{answer.headers["content-language"]}"' in answer.text
    assert answer.headers["vary"] == "Accept-Language"
    return answer.headers["content-language"]


def test_the_browser_is_a_first_guess_and_a_pressed_link_wins(small_town: Town) -> None:
    assert spoken(small_town, "/") == "en"
    asks = {"Accept-Language": "xx, de-AT;q=0.8, en;q=0.5"}
    assert spoken(small_town, "/", **asks) == "de"
    assert spoken(small_town, "/?lang=ar", **asks) == "ar"
    assert 'dir="rtl"' in small_town.client.get("/?lang=ar").text
    assert spoken(small_town, "/?lang=%22%3Ex", **asks) == "de"


def test_a_pressed_language_goes_with_every_link(small_town: Town) -> None:
    page = small_town.client.get("/?lang=de&page=x%22y").text
    assert 'href="/s/press?lang=de"' in page
    assert 'href="?lang=ar&amp;page=x%22y" lang="ar"' in page
    assert 'aria-current="true">Deutsch</a>' in page
    assert "?lang=" not in small_town.client.post("/s", data={"address": ""}).text


def test_the_desk_is_english(small_town: Town) -> None:
    answer = small_town.client.get("/desk/login?lang=de", headers={"Accept-Language": "de"})
    assert '<html lang="en" dir="ltr">' in answer.text


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("", ()),
        ("de", ("de",)),
        ("en;q=0.2, de-CH ; q=0.9,fr;q=0", ("de-CH", "en")),
        ("*, de;q=nonsense, a\x00b, " + "x" * 900, ()),
        ("da, en-GB;q=0.8, en;q=0.7", ("da", "en-GB", "en")),
    ],
)
def test_a_field_of_the_browser_is_read_as_far_as_it_is_one(field: str, found: tuple[str, ...]) -> None:
    assert tongue.accepted(field) == found
