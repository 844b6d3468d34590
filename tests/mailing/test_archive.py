"""The archive's shelf and copies."""

import pytest

from mailer.errors import NotFound
from mailer.mailing import archive, copies
from mailer.mailing.links import Links
from mailer.store.tables import Mailing
from tests.make import make_list, make_started


def test_a_copy_is_nobodys(store, config, keys) -> None:
    mailing_id = make_started(store, config, keys, names=("press", "works"))
    links = Links(config.site.base_url, keys)
    with store.read() as session:
        slug = session.get_one(Mailing, mailing_id).slug
        for name in ("press", "works"):
            shelf = archive.shelf(session, name)
            assert [entry.slug for entry in shelf.entries] == [slug]
            assert not shelf.has_older
            html = copies.as_sent(session, links, name, slug).html
            assert f"{config.site.base_url}/s/{name}" in html
            for hidden in ("Reader ", "/u/", '/m"', "View in browser", 'href=""'):
                assert hidden not in html
            assert copies.copy(session, keys, name, slug).home == "press"
        assert archive.shelf(session, "press", page=2).entries == ()


def test_what_is_not_public_is_not_found(store, config, keys) -> None:
    mailing_id = make_started(store, config, keys)
    with store.write() as session:
        make_list(session, "inner", archive="off")
        make_list(session, "works")
        slug = session.get_one(Mailing, mailing_id).slug
        for name in ("inner", "nothing"):
            with pytest.raises(NotFound):
                archive.shelf(session, name)
        for name, wanted in (("inner", slug), ("works", slug), ("press", "nothing")):
            with pytest.raises(NotFound):
                copies.copy(session, keys, name, wanted)
