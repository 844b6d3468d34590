"""What a reader's own page knows and keeps."""

import pytest

from mailer.errors import BadInput, NotFound
from mailer.people import choices, lists, subscribers
from tests.make import make_list, make_reader, subscription_of


def test_choices_are_the_lists_the_name_and_the_form(store, keys) -> None:
    with store.write() as session:
        press = make_list(session)
        lists.close(session, make_list(session, "old", title="Old news", language="fr"))
        make_list(session, "works", title="Planned works", language="de")
        person = make_reader(session, keys, "anna.miller@example.org", press, name="Anna")
        found = choices.look(session, person.id)
        assert (found.masked, found.name, found.format) == ("a…r@example.org", "Anna", "html")
        assert found.languages == ("de", "en"), "a closed list's language is not offered"
        works, one = found.lists
        assert [(each.list_name, each.state, each.is_had) for each in found.lists] == [
            ("works", "", False),
            ("press", "active", True),
        ]
        assert found.choosable == (works, one)
        assert found.having("active") == (one,)
        assert found.having("pending", "ended") == ()
        assert choices.subscription_to(session, person.id, "press") == subscription_of(session, person, press).id
        with pytest.raises(NotFound):
            choices.subscription_to(session, person.id, "works")


def test_what_is_kept_is_checked(store, keys) -> None:
    with store.write() as session:
        person = make_reader(session, keys, "anna@example.org", make_list(session))
        choices.keep(session, person.id, name="Anna", language="DE", format="text")
        assert (person.name, person.language, person.format) == ("Anna", "de", "text")
        for wrong in ({"language": "!"}, {"format": "pdf"}):
            with pytest.raises(BadInput):
                choices.keep(session, person.id, **{"name": "", "language": "de", "format": "html", **wrong})


def test_nobody_and_who_was_erased_have_none(store, keys) -> None:
    with store.write() as session:
        person = make_reader(session, keys, "anna@example.org", make_list(session))
        subscribers.blank(session, person)
        for key in (person.id, 404):
            with pytest.raises(NotFound):
                choices.look(session, key)
            with pytest.raises(NotFound):
                choices.keep(session, key, name="", language="en", format="html")
