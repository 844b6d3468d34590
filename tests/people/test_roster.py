"""People brought in from a file: added with their consent, never against their will."""

import csv
from itertools import islice

import pytest
from sqlalchemy import func, select

from mailer.errors import Refused
from mailer.outcomes import erasure, events
from mailer.people import consent, lists, roster, roster_export, subscribers, subscriptions, suppression
from mailer.store.tables import Consent, ImportRun, Subscriber, Subscription
from tests.make import make_list, make_reader, subscription_of

PAPER = "Signed up on paper at the open day, 3 May 2026"


@pytest.fixture
def press(store, moving_clock):
    with store.write() as session:
        return make_list(session, language="de")


@pytest.fixture
def bring(store, keys, config, tmp_path):
    """Import a table as a door does and return (line, result, reason) of every row."""

    def run(text: str, size: int = 2, name: str = "press", stop_after: int | None = None):
        path = tmp_path / "people.csv"
        path.write_text(text)
        with store.write() as session:
            mlist = lists.named(session, name)
            begun = roster.begin(session, mlist, file=path.name, statement=PAPER, actor="cli")
        results = []
        for rows in islice(roster.chunks(roster.read_rows(path, config), size), stop_after):
            with store.write() as session:
                results += roster.import_chunk(session, keys, mlist, rows, begun)
        return [(one.line, one.result, one.reason) for one in results]

    return run


def person_of(session, spelled: str) -> Subscriber:
    return subscribers.need(session, spelled)


def test_people_are_added_with_the_proof_of_their_consent(store, bring, press, keys, moving_clock) -> None:
    assert bring("address,name,language,city\nAnn@Example.org,Ann,fr,Town\nbea@example.org,,,\n") == [
        (2, "added", ""),
        (3, "added", ""),
    ]
    with store.read() as session:
        ann, bea = person_of(session, "ann@example.org"), person_of(session, "bea@example.org")
        assert (ann.address, ann.name, ann.language, ann.attributes) == (
            "Ann@example.org",
            "Ann",
            "fr",
            {"city": "Town"},
        )
        assert (bea.name, bea.language, bea.attributes) == ("", "de", {})
        assert ann.address_hash == keys.address_hash("ann@example.org")
        assert ann.created_at == moving_clock.now()
        found = subscription_of(session, ann, press)
        assert (found.state, found.confirmed_at) == ("active", moving_clock.now())
        (row,) = consent.history(session, ann.id)
        assert (row.kind, row.words, row.page, row.actor) == ("imported", PAPER, "import 1", "cli")
        assert row.words_version == consent.words_version(PAPER)
        run = session.scalars(select(ImportRun)).one()
        assert (run.added, run.known, run.refused, run.file) == (2, 0, 0, "people.csv")


def test_without_a_statement_of_consent_nothing_begins(store, press) -> None:
    with store.write() as session:
        mlist = lists.named(session, "press")
        with pytest.raises(Refused, match="how these people agreed"):
            roster.begin(session, mlist, file="x.csv", statement=" \n", actor="cli")
        lists.close(session, mlist)
        with pytest.raises(Refused, match="closed"):
            roster.begin(session, mlist, file="x.csv", statement=PAPER, actor="cli")
        assert session.scalars(select(ImportRun)).all() == []


def test_nobody_comes_back_by_a_file(store, bring, press, keys) -> None:
    with store.write() as session:
        mlist = lists.named(session, "press")
        for name in ("left", "gone", "erased", "paused", "here"):
            make_reader(session, keys, f"{name}@example.org", mlist)
        suppression.suppress(session, keys, "stranger@example.org", scope="all", reason="by the operator")
        events.leave(session, of(session, "left", mlist).id, why=events.BY_LINK, actor="link")
        events.leave_all(session, person_of(session, "gone@example.org").id, actor="link")
        erasure.erase(session, keys, person_of(session, "erased@example.org").id, actor="link")
        waiting = make_reader(session, keys, "waiting@example.org")
        subscriptions.ask(session, waiting, mlist, words="w", page="", network="", actor="form")
    names = ("left", "gone", "erased", "stranger", "waiting", "here", "new")
    before = states(store)
    results = bring("address\n" + "".join(f"{name.upper()}@Example.org\n" for name in names), size=100)
    assert [(result, reason) for _, result, reason in results] == [
        ("refused", "left on 2026-03-02 (left by the link)"),
        ("refused", "left everything on 2026-03-02"),
        ("refused", "erased on 2026-03-02"),
        ("refused", "suppressed (by the operator) on 2026-03-02"),
        ("known", "has yet to confirm"),
        ("known", ""),
        ("added", ""),
    ]
    after = states(store)
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before) + 1


def of(session, name: str, mlist) -> Subscription:
    return subscription_of(session, person_of(session, f"{name}@example.org"), mlist)


def states(store) -> dict[tuple[int, int], str]:
    with store.read() as session:
        rows = session.execute(select(Subscription.subscriber_id, Subscription.list_id, Subscription.state))
        return {(person, mlist): state for person, mlist, state in rows}


def test_leaving_one_list_does_not_keep_from_another(store, bring, press, keys) -> None:
    with store.write() as session:
        make_list(session, "news")
        ann = make_reader(session, keys, "ann@example.org", press)
        events.leave(session, subscription_of(session, ann, press).id, why=events.BY_LINK, actor="link")
    assert bring("address\nann@example.org\n", name="news") == [(2, "added", "")]
    with store.read() as session:
        assert subscription_of(session, ann, press).state == "ended"


def test_of_known_people_only_what_is_empty_is_filled_in(store, bring, press, keys) -> None:
    with store.write() as session:
        make_reader(session, keys, "ann@example.org", press, name="Ann", city="Town")
        make_reader(session, keys, "bea@example.org")
        left = make_reader(session, keys, "cleo@example.org", press)
        events.leave(session, subscription_of(session, left, press).id, why=events.BY_LINK, actor="link")
    assert [result for _, result, _ in bring(
        "address,name,city,salutation\n"
        "ann@example.org,Anna,Village,Dear Ann\n"
        "bea@example.org,Bea,Village,\n"
        "cleo@example.org,Cleo,Village,\n"
    )] == ["known", "added", "refused"]  # fmt: skip
    with store.read() as session:
        ann = person_of(session, "ann@example.org")
        assert (ann.name, ann.attributes) == ("Ann", {"city": "Town", "salutation": "Dear Ann"})
        bea = person_of(session, "bea@example.org")
        assert (bea.name, bea.attributes) == ("Bea", {"city": "Village"})
        assert person_of(session, "cleo@example.org").name == ""


def test_a_killed_import_is_repeated_without_harm(store, bring, press) -> None:
    text = "address\n" + "".join(f"r{number}@example.org\n" for number in range(7))
    assert len(bring(text, stop_after=2)) == 4
    results = [result for _, result, _ in bring(text)]
    assert results == ["known"] * 4 + ["added"] * 3
    with store.read() as session:
        for table in (Subscriber, Subscription, Consent):
            assert session.scalar(select(func.count()).select_from(table)) == 7
        runs = session.scalars(select(ImportRun).order_by(ImportRun.id)).all()
        assert [(run.added, run.known, run.refused) for run in runs] == [(4, 0, 0), (3, 4, 0)]


def test_bad_rows_and_doubles_are_refused_line_by_line(bring, press) -> None:
    results = bring("address\nann@example.org\nnobody\nANN@example.org\npostmaster@example.org\n")
    assert [(line, result) for line, result, _ in results] == [(2, "added"), *[(line, "refused") for line in (3, 4, 5)]]
    assert "not an address" in results[1][2]
    assert [reason for _, _, reason in results[2:]] == ["double, line 2 has it already", "nobody's own address"]


def test_judging_says_the_same_and_changes_nothing(store, bring, press, keys, config, tmp_path) -> None:
    with store.write() as session:
        make_reader(session, keys, "here@example.org", press)
    text = "address,name\nhere@example.org,Here\nnew@example.org,New\nnobody,\n"
    path = tmp_path / "judged.csv"
    path.write_text(text)
    before = states(store)
    with store.read() as session:
        judged = [
            (one.line, one.result, one.reason)
            for rows in roster.chunks(roster.read_rows(path, config), 2)
            for one in roster.judge_chunk(session, keys, press, rows)
        ]
    assert states(store) == before
    assert judged == bring(text)


def test_a_chunk_that_fails_leaves_nothing_behind(store, keys, config, press, tmp_path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("address\nann@example.org\n")
    with store.write() as session:
        run = roster.begin(session, press, file="people.csv", statement=PAPER, actor="cli")

    def break_off() -> None:
        with store.write() as session:
            roster.import_chunk(session, keys, press, list(roster.read_rows(path, config)), run)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert states(store) == {}


def test_export_names_everybody_with_their_state_and_no_formula(store, config, keys, press, moving_clock) -> None:
    with store.write() as session:
        make_reader(session, keys, "+ann@example.org", press, name='=HYPERLINK("x")', city="-1", salutation='a;b"c')
        left = make_reader(session, keys, "left@example.org", press)
        events.leave(session, subscription_of(session, left, press).id, why=events.BY_LINK, actor="link")
        erased = make_reader(session, keys, "erased@example.org", press)
        erasure.erase(session, keys, erased.id, actor="link")
    with store.read() as session:
        lines = list(roster_export.export(session, config, press))
    rows = list(csv.DictReader(lines, strict=True))
    assert [row["address"] for row in rows] == ["'+ann@example.org", "left@example.org"]
    assert rows[0]["name"] == '\'=HYPERLINK("x")'
    assert (rows[0]["city"], rows[0]["salutation"], rows[0]["state"]) == ("'-1", 'a;b"c', "active")
    assert rows[0]["confirmed_at"] == "2026-03-02T09:00:00+00:00"
    assert (rows[1]["state"], rows[1]["ended_why"], rows[1]["ended_at"]) == (
        "ended", "left by the link", "2026-03-02T09:00:00+00:00",
    )  # fmt: skip


def test_whoever_was_suppressed_here_is_not_written_to_from_elsewhere(tmp_path, store, config, keys, press) -> None:
    with store.write() as session:
        make_reader(session, keys, "held@example.org", press)
        suppression.suppress(session, keys, "held@example.org", scope="all", reason="complained")
    with store.read() as session:
        (tmp_path / "list.csv").write_text("".join(roster_export.export(session, config, press)))
    (row,) = roster.read_rows(tmp_path / "list.csv", config)
    assert row.problem == "the file says that they left"


def test_an_exported_list_can_be_brought_in_elsewhere(store, config, keys, press, bring) -> None:
    with store.write() as session:
        make_reader(session, keys, "+ann@example.org", press, name="=Ann", city="Town")
        left = make_reader(session, keys, "left@example.org", press)
        events.leave(session, subscription_of(session, left, press).id, why=events.BY_LINK, actor="link")
        make_list(session, "elsewhere")
    with store.read() as session:
        text = "".join(roster_export.export(session, config, press)).replace("\r\n", "\n")
    assert bring(text, name="elsewhere") == [(2, "added", ""), (3, "refused", "the file says: ended")]
    with store.read() as session:
        again = list(roster_export.export(session, config, lists.named(session, "elsewhere")))
    assert again[1] == text.splitlines(keepends=True)[1].replace("\n", "\r\n")
