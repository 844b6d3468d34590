"""What relays really say, and what we conclude."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.outcomes.verdict import Reply, judge

REPLIES = [
    ("250 2.0.0 Ok: queued as 4XyZ", "accepted"),
    ("250 OK id=1tX-0000", "accepted"),
    ("550 5.1.1 The email account that you tried to reach does not exist. Please try", "gone"),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "gone"),
    ("554 delivery error: dd This user doesn't have a yahoo.example account", "policy"),
    ("550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown", "gone"),
    ("550 Unknown user", "gone"),
    ("550 no such user here", "gone"),
    ("553 sorry, no mailbox here by that name. (#5.1.1)", "refused"),
    ("550 5.2.1 The user you are trying to contact is disabled", "gone"),
    ("550 Requested action not taken: mailbox unavailable", "gone"),
    ("550 5.4.4 unrouteable address", "gone"),
    ("452 4.2.2 The email account that you tried to reach is over quota", "full"),
    ("552 5.2.2 mailbox full", "full"),
    ("552 Requested mail action aborted: exceeded storage allocation", "full"),
    ("550 user is over quota", "full"),
    ("421 4.7.0 Our system has detected an unusual rate of unsolicited mail", "later"),
    ("450 4.2.0 Greylisted, see http://postgrey.example", "later"),
    ("451 4.3.0 temporary lookup failure", "later"),
    ("452 4.5.3 Too many recipients", "later"),
    ("552 5.5.3 Too many recipients", "later"),
    ("421 4.3.2 Service shutting down", "later"),
    ("550 5.7.26 This message does not pass authentication checks", "policy"),
    ("550 5.7.515 Access denied, sending domain does not meet the required authentication level", "policy"),
    ("550 5.7.1 Service unavailable; client host blocked using a list", "policy"),
    ("554 5.7.1 Message scored too high on spam scale", "policy"),
    ("550 SPF check failed", "policy"),
    ("554 Transaction failed", "policy"),
    ("550 5.1.8 sender address rejected: domain not found", "policy"),
    ("550 relaying denied", "policy"),
    ("535 5.7.8 Username and password not accepted", "authentication"),
    ("530 5.7.0 Authentication required", "authentication"),
    ("530 Must issue a STARTTLS command first", "authentication"),
    ("454 4.7.0 TLS not available due to temporary reason", "authentication"),
    ("552 5.3.4 Message size exceeds fixed limit", "size"),
    ("552 message size exceeds limit", "size"),
    ("550 5.2.3 message too large for this recipient", "size"),
    ("500 5.5.2 command not recognised", "protocol"),
    ("503 5.5.1 bad sequence of commands", "protocol"),
    ("550 5.6.7 address needs SMTPUTF8", "refused"),
    ("550 5.0.0 no", "refused"),
    ("999 what", "later"),
]


@pytest.mark.parametrize(("said", "kind"), REPLIES)
def test_real_replies(said: str, kind: str) -> None:
    code, text = said.split(" ", 1)
    assert judge(Reply(int(code), text, "end" if kind == "accepted" else "rcpt")) == kind


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(0, "cut", "end"), "uncertain"),
        (Reply(0, "cut", "rcpt"), "later"),
        (Reply(0, "cut", "connect"), "later"),
        (Reply(550, "no such user", "mail"), "later"),
        (Reply(550, "5.0.0 no", "connect"), "policy"),
    ],
)
def test_the_stage_counts(reply: Reply, kind: str) -> None:
    assert judge(reply) == kind


@given(st.integers(0, 999), st.text(max_size=200), st.sampled_from(["connect", "mail", "rcpt", "data", "end"]))
def test_any_reply_has_a_verdict_and_a_temporary_one_never_loses_a_reader(code, text, stage) -> None:
    kind = judge(Reply(code, text, stage))
    if 400 <= code < 500 or code >= 600 or 0 < code < 200:
        assert kind not in ("gone", "refused", "size", "accepted")
    if 200 <= code < 300:
        assert kind == ("accepted" if stage == "end" else "later")


@given(st.text(max_size=600))
def test_what_is_shown_is_one_short_line(text) -> None:
    shown = Reply(550, text).shown
    assert len(shown) <= 500
    assert "\n" not in shown


@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=100))
def test_what_a_relay_says_can_always_be_kept(text) -> None:
    kept = Reply(550, text).text
    assert kept.encode("utf-8").decode("utf-8") == kept
    assert kept.isprintable()


def test_bytes_that_are_no_utf8_become_a_question() -> None:
    assert Reply(550, b"Benutzer gel\xf6scht".decode("utf-8", "surrogateescape")).text == "Benutzer gel\ufffdscht"
