"""Who gets a draft, chosen at the desk: without a script, and counted while one chooses."""

from mailer.mailing import aiming, segments
from tests.web.desk.office import Office

FORM = {"include": "press", "languages": "", "match": "all"}
NAMED = {"what": "name", "how": "contains", "value": "reader 1"}


def test_a_draft_is_aimed_step_by_step(office: Office) -> None:
    number = office.draft()
    path = f"/desk/mailings/{number}/audience"
    page = office.client().get(path).text
    assert "<strong>12 readers</strong> would get it now" in page
    assert "@example.org</a>" in page
    page = office.post(path, do="add", more="name", **FORM).text
    assert 'name="what" value="name"' in page
    assert "once a list is chosen and every condition is filled in" in page
    wrong = office.post(path, do="save", **FORM, what="name", how="is", value="")
    assert wrong.status_code == 422
    assert "fill it in, or take the condition away" in wrong.text
    page = office.post(f"{path}/count", exclude="works", **FORM, **NAMED).text
    assert "<strong>3 readers</strong> would get it now" in page
    assert "excluded: by the conditions" in page
    kept = office.post(path, do="keep", segment="Ones", **FORM, **NAMED)
    assert ">Ones</option>" in kept.text
    with office.store.read() as session:
        [segment] = segments.every(session)
        assert not aiming.of_mailing(session, number).rules.conditions
    used = office.post(path, do="use", kept=str(segment.id), **FORM).text
    assert 'value="reader 1"' in used
    assert 'name="what"' not in office.post(path, do="remove-0", **FORM, **NAMED).text
    saved = office.post(path, do="save", exclude="works", **FORM, **NAMED)
    assert saved.status_code == 303
    with office.store.read() as session:
        aim = aiming.of_mailing(session, number)
    assert (aim.include, aim.exclude) == (["press"], ["works"])
    assert aim.rules.conditions[0].value == "reader 1"
    page = office.client().get(path).text
    assert "Who gets it is changed." not in page
    assert "excluded: by the conditions" in page
    gone = office.post(path, do="forget", kept=str(segment.id), **FORM)
    assert ">Ones</option>" not in gone.text


def test_who_may_not_see_people_sees_numbers_only(small_office: Office) -> None:
    number = small_office.draft()
    path = f"/desk/mailings/{number}/audience"
    page = small_office.client("writer").get(path).text
    assert "12 readers" in page
    assert "@example.org" not in page
    assert "@example.org" not in small_office.post(f"{path}/count", who="writer", **FORM).text
    assert 'value="save"' not in small_office.client("list keeper").get(path).text
    for bad in ({"kept": "999", "do": "use"}, {"include": "nothing", "do": "save"}, {"include": "", "do": "save"}):
        assert small_office.post(path, **(FORM | bad)).status_code == 422
    assert "Nothing is kept" not in small_office.post(f"{path}/count", include="nothing").text


def test_what_is_scheduled_is_not_aimed_anew(small_office: Office) -> None:
    number = small_office.scheduled()
    page = small_office.client().get(f"/desk/mailings/{number}/audience").text
    assert "changed while it is a draft" in page
    answer = small_office.post(f"/desk/mailings/{number}/audience", do="save", include="works")
    assert answer.status_code == 422
    assert "cannot be edited" in answer.text
