"""The house's own letters: written once, compiled into mail that says what it must."""

from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from mailer import clock
from mailer.address import parse
from mailer.compose.message import Letter, build
from mailer.mailing import notices
from mailer.people import confirmation, signups, subscribers, subscriptions
from mailer.store.tables import Consent, Notice
from tests.make import make_draft, make_list, make_reader


@pytest.fixture
def signed_up(store, config, keys, moving_clock):
    with store.write() as session:
        make_list(session)
        signups.write(
            session,
            address_text="ann@example.org",
            lists=["press"],
            name="Win 0123 now",
            page="https://water.example/news",
            network="2001:4860:4860:7::1",
        )
    with store.write() as session:
        assert notices.answer_signups(session, config, keys) is False


def written(store) -> list[Notice]:
    with store.read() as session:
        return list(session.scalars(select(Notice).order_by(Notice.id)))


def compiled(store, config, keys, notice: Notice):
    with store.read() as session:
        ready = notices.compile_notice_row(session, config, keys, notice)
    letter = Letter(
        address=notice.address,
        name=notice.name,
        values=ready.values,
        links=ready.links,
        message_id=f"x@{ready.domain}",
        date=clock.now(),
        unsubscribe_url=ready.unsubscribe_url,
    )
    return message_from_bytes(build(ready.program, letter), policy=policy.default)


def test_a_sign_up_is_answered_with_one_confirm_notice(store, config, keys, signed_up) -> None:
    (notice,) = written(store)
    assert (notice.kind, notice.address, notice.state) == ("confirm", "ann@example.org", "queued")
    mail = compiled(store, config, keys, notice)
    text = mail.get_body(("plain",)).get_content()
    assert "Press statements" in mail["Subject"]
    assert notice.links["confirm"] in text
    assert notice.links["not_me"] in text
    assert "water.example" in text
    assert "water.example/news" not in text
    assert "expires: 7" in text
    assert "network: 2001:4860:4860::/48" in text
    assert "Win" not in mail.as_string(), "a stranger's words are not carried to a third person"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None
    with store.write() as session:
        notices.answer_signups(session, config, keys)
    assert len(written(store)) == 1


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("https://WATER.example:8443/news?buy=this", "water.example"),
        ("https://www.water.example/buy-this", "www.water.example"),
        ("https://firewater.example/", ""),
        ("https://water.example.buy-this.example/", ""),
        ("http://you@bücher.example/", ""),
        ("http://127.0.0.1:8000/s/press/?buy=this", "127.0.0.1/s/press"),
        ("http://127.0.0.1:8000/s/buy-this", "127.0.0.1"),
        ("https://buy this now/", ""),
        ("https://[::1]/", ""),
        ("https://[broken/", ""),
        ("https://a..example/", ""),
        ("javascript:alert(1)", ""),
        ("Call 0123 and win", ""),
        ("", ""),
    ],
)
def test_of_the_page_a_stranger_names_only_a_host_of_ours_is_written(
    store, config, keys, page: str, shown: str
) -> None:
    with store.write() as session:
        make_list(session)
        signups.write(session, address_text="ann@example.org", lists=["press"], page=page)
    with store.write() as session:
        notices.answer_signups(session, config, keys)
    (notice,) = written(store)
    assert notice.facts["page"] == shown
    with store.read() as session:
        assert [row.page for row in session.scalars(select(Consent))] == [page]


def test_who_confirmed_is_welcomed_with_a_way_out(store, config, keys, signed_up) -> None:
    with store.write() as session:
        person = subscribers.need(session, "ann@example.org")
        minute = int(clock.now().timestamp() // 60)
        done = confirmation.confirm(session, config, person.id, minute)
        confirmed = [subscriptions.between(session, person.id, mlist.id) for mlist in done.mlists]
        notices.welcome(session, config, keys, [one for one in confirmed if one])
    notice = written(store)[-1]
    assert notice.kind == "welcome"
    text = compiled(store, config, keys, notice).get_body(("plain",)).get_content()
    assert notice.links["unsubscribe"] in text
    assert notice.links["manage"] in text


def test_a_test_is_marked_and_its_links_belong_to_nobody(store, config, keys) -> None:
    with store.write() as session:
        mlist = make_list(session)
        make_reader(session, keys, "ann@example.org", mlist)
        mailing = make_draft(session, config)
        facts = {"mailing_id": str(mailing.id), "name": "Editor"}
        notices.to_address(
            session, keys, "test", parse("editor@water.example"), language="en", facts=facts, urls={}, list_id=mlist.id
        )
    mail = compiled(store, config, keys, written(store)[0])
    assert mail["Subject"] == "[TEST] Water will be off on Monday"
    assert mail["To"].addresses[0].addr_spec == "editor@water.example"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
