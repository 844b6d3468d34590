"""A mailing in the archive, put right from the desk; seen where everybody reads it."""

from mailer.mailing import mailings
from mailer.staff import deeds
from tests.web.desk.office import Office


def test_a_sent_mailing_is_corrected_moved_and_hidden(office: Office) -> None:
    number = office.sent()
    path = f"/desk/mailings/{number}/archive"
    with office.store.read() as session:
        slug = mailings.need(session, number).slug
        name = mailings.lists_of(session, number)[0].name
    assert f"/a/{name}/{slug}" in office.client("approver").get(path).text

    reader = office.client("")
    note = "The figure for March was wrong: <it> is 14."
    assert office.post(path, who="approver", what="correct", note=note, text="").status_code == 303
    assert "The figure for March was wrong: &lt;it&gt; is 14." in reader.get(f"/a/{name}/{slug}").text
    text = "# Fourteen wells\n\n2 March 2026\n\nThere are fourteen wells, not twelve, and each gives water."
    files = {"file": ("right.md", text.encode(), "text/markdown")}
    assert office.post(path, what="correct", note="Twelve was wrong.", files=files).status_code == 303
    assert "fourteen wells, not twelve" in reader.get(f"/a/{name}/{slug}").text

    assert office.post(path, what="move", slug="fourteen-wells").status_code == 303
    assert reader.get(f"/a/{name}/fourteen-wells").status_code == 200
    assert reader.get(f"/a/{name}/{slug}").headers["location"].endswith(f"/a/{name}/fourteen-wells")
    assert office.post(path, what="show", visibility="off").status_code == 303
    assert reader.get(f"/a/{name}/fourteen-wells").status_code == 404
    with office.store.read() as session:
        done = {deed.action for deed in deeds.latest(session)}
    assert done >= {"mailing corrected", "archive page moved", "archive set"}


def test_what_cannot_be_put_right_is_said_and_every_word_kept(office: Office) -> None:
    path = f"/desk/mailings/{office.sent()}/archive"
    wrong = (
        ({"what": "correct", "note": " ", "text": "kept words"}, "kept words"),
        ({"what": "move", "slug": "Nö!"}, "Nö!"),
        ({"what": "show", "visibility": "friends"}, "is not known"),
        ({"what": "dance"}, "press one of the buttons"),
    )
    for fields, seen in wrong:
        answer = office.post(path, **fields)
        assert answer.status_code == 422
        assert seen in answer.text
    waiting = f"/desk/mailings/{office.scheduled()}/archive"
    assert "Nothing was sent yet that could be corrected" in office.client().get(waiting).text
    assert office.post(waiting, what="correct", note="Too early.").status_code == 422
