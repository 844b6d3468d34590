"""`mailer statement` and `mailing`: from a file to a scheduled mailing."""

import pytest
from sqlalchemy import update

from mailer import clock
from mailer.cli import main
from mailer.config import Config
from mailer.mailing import starting
from mailer.staff import deeds
from mailer.store.engine import Store
from mailer.store.tables import Delivery
from tests.cli.conftest import STATEMENT
from tests.make import freeze_all

KEYS = ["title", "deck", "date", "language", "author", "source", "note", "body_html", "body_text"]


@pytest.fixture
def court(house):
    house.list()
    house.do("subscriber", "add", "ann@example.org", "--list", "court", "--consent", "x", "--name", "Ann")
    return house


@pytest.fixture
def draft(court) -> str:
    return court.do("mailing", "new", court.statement(), "--list", "court").out.strip()


def test_a_statement_is_shown_without_any_installation(tmp_path, capsys, house) -> None:
    file = tmp_path / "here" / "stairs.md"
    file.write_text(STATEMENT)
    assert main.perform(["statement", "show", str(file)]) == 0
    assert "From the first of March" in capsys.readouterr().out
    facts = house.do("statement", "show", file, "--json").json
    assert list(facts) == KEYS
    assert (facts["title"], facts["date"]) == ("The stairwells are painted in March", "2026-03-02")
    assert [path.name for path in file.parent.iterdir()] == ["stairs.md"]


def test_a_file_that_is_no_statement(house) -> None:
    assert "there is no such file" in house.refused("statement", "show", house.folder / "x.md")
    assert "is not text" in house.refused("statement", "show", house.folder / "subscribers.db")


def test_a_draft_is_made_and_shown(court, draft) -> None:
    facts = court.do("mailing", "show", draft, "--json").json
    assert (facts["state"], facts["lists"]) == ("draft", ["court"])
    assert "The stairwells are painted" in court.do("mailing", "show").out
    assert "there is no mailing 99" in court.refused("mailing", "show", 99)
    assert "did you mean 'court'?" in court.refused("mailing", "new", court.statement(), "--list", "cort")
    assert "is no policy" in court.refused("mailing", "new", court.statement(), "--list", "court", "--late", "x")


def test_a_preview_as_html_and_text_for_somebody(court, draft) -> None:
    assert "<html" in court.do("mailing", "preview", draft).out
    text = court.do("mailing", "preview", draft, "--text", "--as", "ann@example.org").out
    assert "bicycles and prams" in " ".join(text.split())
    out = court.folder / "preview.html"
    court.do("mailing", "preview", draft, "--out", out)
    assert "<html" in out.read_text()
    assert court.do("mailing", "preview", draft, "--json").json["subject"] == "The stairwells are painted in March"
    assert "nobody here" in court.refused("mailing", "preview", draft, "--as", "bob@example.org")


def test_a_test_counts_for_the_check(court, draft) -> None:
    codes = {each["code"] for each in court.do("mailing", "check", draft, "--json").json["findings"]}
    assert "mailing.untested" in codes
    court.do("mailing", "test", draft, "--to", "eva@linden.example")
    after = court.do("mailing", "check", draft, "--json").json
    assert "mailing.untested" not in {each["code"] for each in after["findings"]}
    assert after["audience"] == {"chosen": 1, "written": 1, "left_out": {}}


def test_what_blocks_is_named_and_nothing_is_scheduled(house) -> None:
    house.list()
    number = house.do("mailing", "new", house.statement(), "--list", "court").out.strip()
    checked = house.type("mailing", "check", number)
    assert checked.code == 1
    assert "audience.nobody" in checked.out
    assert "nobody would get this mailing" in house.refused("mailing", "schedule", number, "--now")
    assert house.do("mailing", "show", number, "--json").json["state"] == "draft"


def test_scheduling_says_when_to_how_many_and_where(court, draft) -> None:
    court.do("subscriber", "add", "ben@example.org", "--list", "court", "--consent", "x")
    court.do("suppression", "add", "ben@example.org")
    done = court.do("mailing", "schedule", draft, "--at", "2027-03-01 09:00 Europe/Berlin")
    assert done.out == (
        "On Mon 1 March 2027, 09:00 (Europe/Berlin, UTC+1) “The stairwells are painted in March” goes to "
        "1 reader of Linden Court. 1 is left out: 1 suppressed.\n"
    )
    assert done.err.startswith("warn: ")
    assert court.do("mailing", "undo", draft).out == f"mailing {draft} is draft\n"
    sentence = court.do("mailing", "schedule", draft, "--now", "--hold", 90, "--json").json["sentence"]
    assert sentence.startswith("In 90 seconds, on ")
    assert court.do("mailing", "undo", draft, "--json").json["state"] == "draft"
    assert court.do("mailing", "schedule", draft, "--now", "--hold", 0).out.startswith("Now “")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "say either --now or --at TIME"),
        (("--now", "--at", "2027-03-01 09:00"), 2, "say either --now or --at TIME"),
        (("--at", "2027-03-01 09:00", "--hold", "5"), 2, "--hold goes with --now"),
        (("--at", "tomorrow"), 1, "is not a time"),
        (("--at", "2020-01-01 09:00"), 1, "is in the past"),
    ],
)
def test_a_moment_that_cannot_be(court, draft, words, code, said) -> None:
    assert said in court.refused("mailing", "schedule", draft, *words, code=code)


def test_only_what_is_being_sent_can_be_paused_and_stopped(court, draft) -> None:
    for verb in ("pause", "resume", "stop", "undo"):
        assert f"mailing {draft}: it is draft and cannot" in court.refused("mailing", verb, draft)


def test_an_account_balances_from_the_start(court, draft) -> None:
    account = court.do("mailing", "account", draft, "--json").json
    assert list(account) == [
        "chosen", "queued", "begun", "waiting", "accepted", "refused", "uncertain", "left_out", "balanced",
            "came_back", "left_like_machines", "why_left",
    ]  # fmt: skip
    assert account["balanced"] is True
    assert court.do("mailing", "account", draft).out.endswith("It balances.\n")
    assert court.do("mailing", "account", draft, "--list", "refused", "--json").json["people"] == []
    assert court.do("mailing", "account", draft, "--list", "chosen", "--json").json["people"] == []
    assert "is no state" in court.refused("mailing", "account", draft, "--list", "lost")


def test_what_was_done_stands_where_the_desk_shows_it(court, draft) -> None:
    court.do("mailing", "test", draft, "--to", "eva@linden.example")
    court.do("mailing", "schedule", draft, "--at", "2027-03-01 09:00 Europe/Berlin")
    court.do("mailing", "undo", draft)
    store = Store(f"sqlite:///{court.folder / 'subscribers.db'}")
    with store.read() as session:
        found = [(deed.actor, deed.action) for deed in deeds.latest(session)]
    store.close()
    said = ["mailing undone", "mailing scheduled", "test sent", "draft made", "reader added", "list made"]
    assert found == [("cli", action) for action in said]


def test_who_possibly_got_it_twice_is_marked_and_named(court, draft) -> None:
    court.do("mailing", "schedule", draft, "--now", "--hold", "0")
    store = Store(f"sqlite:///{court.folder / 'subscribers.db'}")
    with store.write() as session:
        starting.start_due(session, Config())
    freeze_all(store, int(draft))
    with store.write() as session:
        session.execute(update(Delivery).values(again=True))
    store.close()
    for listed in ("queued", "twice"):
        rows = court.do("mailing", "account", draft, "--list", listed).out.splitlines()
        assert rows[1].split(None, 2) == ["ann@example.org", "queued", "possibly twice"]


def test_a_person_decides_what_became_of_a_letter_nobody_answered_for(court, draft) -> None:
    court.do("subscriber", "add", "ben@example.org", "--list", "court", "--consent", "x")
    court.do("mailing", "schedule", draft, "--now", "--hold", "0")
    store = Store(f"sqlite:///{court.folder / 'subscribers.db'}")
    with store.write() as session:
        starting.start_due(session, Config())
    freeze_all(store, int(draft))
    assert "is known" in court.refused("mailing", "decide", draft, "ann@example.org", "--lost")
    with store.write() as session:
        gone = {"state": "uncertain", "why": "no answer", "first_begun_at": clock.now(), "tries": 1}
        session.execute(update(Delivery).values(gone))
    store.close()
    assert "say either --arrived or --lost" in court.refused("mailing", "decide", draft, code=2)
    assert "has no letter to" in court.refused("mailing", "decide", draft, "cleo@example.org", "--lost")
    assert court.do("mailing", "decide", draft, "ann@example.org", "--arrived", "--json").json["decided"] == 1
    assert court.do("mailing", "decide", draft, "--lost").out.strip() == "decided: 1"
    people = court.do("mailing", "account", draft, "--list", "chosen", "--json").json["people"]
    assert [(each["address"], each["state"], each["why"]) for each in people] == [
        ("ann@example.org", "accepted", "decided by cli: it arrived"),
        ("ben@example.org", "left_out", "decided by cli: it did not arrive"),
    ]


@pytest.mark.parametrize("hold", ["inf", "1e18", "nan", "-1", "2592001"])
def test_a_hold_has_an_end(court, draft, hold) -> None:
    assert "--hold" in court.refused("mailing", "schedule", draft, "--now", "--hold", hold, code=2)


@pytest.mark.parametrize("verb", ["show", "account", "check", "pause"])
@pytest.mark.parametrize("number", [2**63, 10**30])
def test_a_number_no_mailing_can_have_is_a_misuse(house, verb, number) -> None:
    assert "less than or equal to" in house.refused("mailing", verb, number, code=2)
    assert "no mailing" in house.refused("mailing", verb, 2**63 - 1)


def test_a_second_person_is_asked_and_gives_it_back(court, draft) -> None:
    found = court.do("mailing", "review", draft, "--json").json
    assert (found["needed"], found["state"], found["verdict"]) == (False, "draft", "")
    assert court.do("mailing", "review", draft, "--ask", "--json").json["state"] == "in review"
    assert "you wrote it, or asked for this yourself" in court.refused(
        "mailing", "review", draft, "--approve", found["hash"]
    )
    given = court.do("mailing", "review", draft, "--return", "Which Monday?", "--json").json
    assert (given["state"], given["verdict"], given["note"]) == ("draft", "returned", "Which Monday?")
    assert "say one of" in court.refused("mailing", "review", draft, "--ask", "--return", "x", code=2)
