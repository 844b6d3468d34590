"""What relays really say, and what we conclude."""

import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.outcomes.verdict import FOLLOWS, RULES, Kind, Reply, judge

LINE = re.compile(r"(connect|mail|rcpt|data|end) +(\w+) +(\d{3}) (.+)")


def written() -> list[tuple[str, str, str, int, str]]:
    """Return (who, stage, verdict, code, text) of every reply in replies.txt."""
    found, who = [], ""
    for line in (Path(__file__).parent / "replies.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            who = line.strip("[]")
        elif line and not line.startswith("#"):
            parts = LINE.fullmatch(line)
            assert parts, line
            found.append((who, parts[1], parts[2], int(parts[3]), parts[4]))
    return found


REPLIES = written()


@pytest.mark.parametrize(
    ("stage", "kind", "code", "text"), [row[1:] for row in REPLIES], ids=[f"{row[0]}-{row[3]}" for row in REPLIES]
)
def test_real_replies(stage, kind, code, text) -> None:
    assert judge(Reply(code, text, stage)) == kind


def test_there_are_many_of_them_of_every_kind() -> None:
    assert len(REPLIES) >= 80
    assert len({who for who, *_ in REPLIES}) >= 15
    assert {kind for _, _, kind, *_ in REPLIES} == set(get_args(Kind)) - {"uncertain", "unwritten"}


@pytest.mark.parametrize(
    ("stage", "kind", "code", "text"), [row[1:] for row in REPLIES], ids=[f"{row[0]}-{row[3]}" for row in REPLIES]
)
def test_said_with_a_four_it_is_never_final(stage, kind, code, text) -> None:
    soft = judge(Reply(400 + code % 100, re.sub(r"\b5(?=\.\d+\.\d)", "4", text), stage))
    assert soft in ("later", "full", "authentication")


def test_only_a_permanent_no_suppresses() -> None:
    codes = [code for kind, _, code, *_ in RULES if kind in ("gone", "refused", "size")]
    assert not [
        number for number in (*range(500), *range(600, 1000)) for code in codes if re.fullmatch(code, str(number))
    ]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(0, "cut", "end"), "uncertain"),
        (Reply(0, "cut", "rcpt"), "later"),
        (Reply(0, "cut", "connect"), "later"),
        (Reply(250, "2.1.5 ok", "rcpt"), "later"),
        (Reply(354, "go on", "end"), "uncertain"),
    ],
)
def test_no_answer_and_one_out_of_step(reply: Reply, kind: str) -> None:
    assert judge(reply) == kind


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("5.1.1 no", "5.1.1"),
        ("5.1.10 no", "5.1.10"),
        ("sorry (#5.1.1)", "5.1.1"),
        ("#5.1.0 Address rejected.", "5.1.0"),
        ("Mail from 5.1.1.7 refused", ""),
        ("5.1.1.7 is refused", ""),
        ("see version 5.1.3", ""),
        ("", ""),
    ],
)
def test_the_enhanced_code_is_found(text, status) -> None:
    assert Reply(550, text).status == status


def test_every_kind_says_what_follows() -> None:
    assert set(FOLLOWS) == set(get_args(Kind))


@given(st.integers(0, 999), st.text(max_size=200), st.sampled_from(["connect", "mail", "rcpt", "data", "end"]))
def test_any_reply_has_a_verdict_and_a_temporary_one_never_loses_a_reader(code, text, stage) -> None:
    kind = judge(Reply(code, text, stage))
    if 400 <= code < 500 or code >= 600 or 0 < code < 200:
        assert kind not in ("gone", "refused", "size", "accepted")
    if 200 <= code < 300:
        assert kind == ("accepted" if stage == "end" else "later")
    if stage in ("connect", "mail"):
        assert kind not in ("gone", "full")
        assert kind != "refused" or Reply(code, text).status == "5.6.7"


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
