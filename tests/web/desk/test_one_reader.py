"""One reader at the desk: changed, and mail to them stopped and allowed again."""

from mailer.people import subscribers
from mailer.staff import deeds
from tests.web.desk.office import Office
from tests.web.desk.test_people_pages import number_of


def test_a_reader_is_changed_and_what_is_wrong_is_said(office: Office) -> None:
    office.lists()
    path = f"/desk/readers/{number_of(office, 'reader1@example.org')}"
    given = {"name": "Ida <b>", "language": "pt_br", "format": "text", "attribute-city": "Upper Arden"}
    assert office.post(path, who="list keeper", do="save", **given).status_code == 303
    with office.store.read() as session:
        person = subscribers.need(session, "reader1@example.org")
        assert (person.name, person.language, person.format) == ("Ida <b>", "pt-BR", "text")
        assert person.attributes == {"city": "Upper Arden"}
        assert deeds.latest(session)[0].detail == {"changed": ["name", "language", "format", "city"]}
    for wrong in ({"language": "Elvish tongue"}, {"format": "fax"}, {"do": "dance"}):
        answer = office.post(path, **({"do": "save"} | given | wrong))
        assert answer.status_code == 422
        assert "Upper Arden" in answer.text
    page = office.client().get(path).text
    assert "Reader changed: name, language, format, city" in page
    assert "Write to them no more" not in office.client("approver").get(path).text


def test_mail_to_a_reader_is_stopped_and_allowed_again_with_a_reason(office: Office) -> None:
    office.lists()
    path = f"/desk/readers/{number_of(office, 'reader1@example.org')}"
    assert office.post(path, do="suppress", reason=" ").status_code == 422
    assert office.post(path, do="lift", why="nothing to lift").status_code == 422
    assert office.post(path, do="suppress", reason="asked by phone", scope="mailings").status_code == 303
    assert "We must not write mailings to this address: asked by phone" in office.client().get(path).text
    assert office.post(path, do="lift", why="").status_code == 422
    assert office.post(path, do="lift", why="asked again in writing").status_code == 303
    page = office.client().get(path).text
    assert "We must not write" not in page
    assert "Suppression lifted: asked again in writing" in page
    assert "Reader suppressed: asked by phone" in page
