"""The desk writes the forms for other sites: what was chosen is in them, and what is pasted works."""

import html
import re
from typing import Any

from mailer.people import lists
from mailer.web.desk.call import POLICY
from tests.web.desk.office import BASE, Office

SITE = "https://www.arden.example"


def texts(answer: Any) -> dict[str, str]:
    """Return what is there to be copied, by name."""
    found = re.findall(r'<textarea id="(\w+)"[^>]*>(.*?)</textarea>', answer.text, re.S)
    return {name: html.unescape(text) for name, text in found}


def shown(office: Office, asked: str = "", who: str = "writer") -> Any:
    office.lists()
    answer = office.client(who).get(f"/desk/forms{asked}")
    assert answer.status_code == 200
    return answer


def test_each_way_in_is_there_to_be_copied(small_office: Office) -> None:
    answer = shown(small_office, "?list=press")
    assert answer.headers["content-security-policy"] == POLICY
    found = texts(answer)
    assert list(found) == ["form", "element", "call", "privacy"]
    assert len(found["form"].splitlines()) == 5
    assert f'action="{BASE}/s/press"' in found["form"]
    assert found["form"] in found["element"]
    assert found["element"].startswith('<mailer-subscribe done="Check your inbox')
    assert f'<script src="{BASE}/static/subscribe.js" async></script>' in found["element"]
    assert f'fetch("{BASE}/s/press"' in found["call"]
    assert "Arden Valley Water" in found["privacy"]
    assert f"{BASE}/m " in found["privacy"]
    assert "30 days" in found["privacy"]
    assert not re.search(r"\w\.\w+ ask", found["privacy"]), "sentences are parted"
    script = small_office.client("").get("/static/subscribe.js")
    assert script.status_code == 200


def test_what_is_chosen_is_in_all_of_them(small_office: Office) -> None:
    asked = f"?list=press&list=works&list=nothing&ask=name&ask=city&ask=debt&next={SITE}/thanks"
    answer = shown(small_office, asked)
    found = texts(answer)
    form = found["form"]
    assert re.findall(r' name="(\w+)"', form) == ["list", "list", "address", "name", "city", "next", "website"]
    assert form.count(" required") == 1
    assert "checked" not in form
    assert f'value="{SITE}/thanks"' in form
    # Every field has a label of its own, and no id comes twice.
    ids = re.findall(r' id="([^"]+)"', form)
    assert ids == re.findall(r' for="([^"]+)"', form)
    assert len(set(ids)) == len(ids)
    assert 'list: ["works", "press"]' in found["call"]
    assert "town or city" in found["privacy"].lower()
    assert "A name is asked for" in found["privacy"]
    posted = small_office.client("").post(
        "/s/works+press", data={"address": "a@example.org", "list": "press", "city": "Arden", "next": f"{SITE}/thanks"}
    )
    assert (posted.status_code, posted.headers["location"]) == (303, f"{SITE}/thanks")


def test_only_a_site_of_the_lists_may_be_led_on_to(small_office: Office) -> None:
    answer = shown(small_office, "?list=works&next=https://elsewhere.example/%22%3E%3Cb%3E")
    assert "That is no page of a site" in answer.text
    assert 'name="next"' not in texts(answer)["form"]
    assert 'value="https://elsewhere.example/&#34;&gt;&lt;b&gt;"' in answer.text


def test_a_title_with_markup_stays_text_in_what_is_pasted(small_office: Office) -> None:
    small_office.lists()
    with small_office.store.write() as session:
        # Past the verb, which refuses braces.
        lists.named(session, "press").title = "\"><script>alert(1)</script> {{ 7 * 7 }} ' %(x)s"
    answer = shown(small_office, "?list=press&list=works")
    assert "<script>alert" not in answer.text
    for name in ("form", "element"):
        assert "<script>alert" not in texts(answer)[name]
    assert "49" not in texts(answer)["form"]
    assert "%(x)s" in texts(answer)["privacy"]


def test_the_way_there_and_what_is_said_while_there_is_no_list(small_office: Office) -> None:
    assert "Make one first." in small_office.client().get("/desk/forms").text
    small_office.lists()
    assert "/desk/forms?list=press" in small_office.client("writer").get("/desk/lists").text
    assert small_office.client("").get("/desk/forms").status_code == 303
