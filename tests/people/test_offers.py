"""What readers are offered."""

from mailer.people import lists, offers
from tests.make import make_list


def test_open_lists_are_offered_by_title(store) -> None:
    with store.write() as session:
        make_list(session, "works", title="Planned works", archive="off")
        make_list(session)
        lists.close(session, make_list(session, "old", title="Old news"))
        lists.change(session, make_list(session, "inner", title="For staff"), open_signup=False)
        assert [offer.title for offer in offers.everything(session)] == ["Planned works", "Press statements"]
        assert [offer.has_archive for offer in offers.everything(session)] == [False, True]
        assert offers.chosen(session, ["press", "old", "inner", "nothing"]) == offers.everything(session)[1:]
        assert not offers.of(lists.named(session, "old")).takes_signups
