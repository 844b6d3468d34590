"""What speaks against sending, said once for each place, with the cure."""

import pytest

from mailer.errors import BadInput
from mailer.mailing import editions, mailings
from mailer.mailing.links import Links
from tests.make import make_draft, make_list, make_reader


def found(store, config, keys, base: str = "https://mail.water.example", **wanted: str):
    config = config.model_copy(update={"site": config.site.model_copy(update={"base_url": base})})
    with store.write() as session:
        mlist = make_list(session)
        make_reader(session, keys, "ann@example.org", mlist)
        mailing_id = make_draft(session, config, **wanted).id
    with store.read() as session:
        mailing = mailings.need(session, mailing_id)
        compiled = editions.compile_all(session, config, keys, mailing)
        return mailing, editions.findings(session, mailing, compiled, Links(base, keys))


def codes(findings) -> set[str]:
    return {finding.code for finding in findings}


def test_a_good_draft_has_nothing_that_blocks(store, config, keys) -> None:
    mailing, findings = found(store, config, keys)
    assert [finding for finding in findings if finding.level == "block"] == []
    editions.must_be_sendable(findings, mailing)


def test_links_readers_cannot_open_are_warned_of(store, config, keys) -> None:
    _, findings = found(store, config, keys, base="http://127.0.0.1:8000")
    assert "site.this_machine" in codes(findings)


def test_what_blocks_is_said_once_with_its_places(store, config, keys) -> None:
    mailing, findings = found(store, config, keys, subject="Statement of [insert name here] TODO")
    with pytest.raises(BadInput) as refused:
        editions.must_be_sendable(findings, mailing)
    said = str(refused.value)
    assert said.count("left to be filled in") == 1
    assert "subject" in said


def test_nobody_to_write_to_blocks(store, config, keys) -> None:
    with store.write() as session:
        make_list(session)
        mailing_id = make_draft(session, config).id
    with store.read() as session:
        mailing = mailings.need(session, mailing_id)
        compiled = editions.compile_all(session, config, keys, mailing)
        findings = editions.findings(session, mailing, compiled, Links("https://mail.water.example", keys))
    assert "audience.nobody" in codes(findings)
