"""`mailer list`, `subscriber`, `suppression`, `staff`."""

import csv
import io
import stat

import pytest


@pytest.fixture
def court(house):
    house.list()
    return house


def add(house, address: str = "ann@example.org") -> None:
    house.do("subscriber", "add", address, "--list", "court", "--consent", "at the meeting", "--name", "Ann")


def test_lists_are_shown_with_their_people(court) -> None:
    add(court)
    assert "court  Linden Court  board@linden.example  1" in court.do("list", "show").out
    one = court.do("list", "show", "court", "--json").json
    assert one["people"] == {"pending": 0, "active": 1, "paused": 0, "ended": 0}
    assert "did you mean 'court'?" in court.refused("list", "show", "cuort")


def test_without_lists_the_way_to_one_is_shown(house) -> None:
    assert "mailer list add" in house.do("list", "show").out
    assert house.do("list", "show", "--json").json == []


def test_a_postal_address_may_have_lines(house) -> None:
    house.do("list", "add", "x", "--title", "X", "--from", "x@linden.example", "--postal", r"Board\n4 Lindens")
    assert house.do("list", "show", "x", "--json").json["postal_address"] == "Board\n4 Lindens"


def test_everything_known_of_a_person_is_shown(court) -> None:
    add(court)
    found = court.do("subscriber", "find", "ANN@example.org", "--json").json
    assert (found["name"], found["subscriptions"][0]["state"]) == ("Ann", "active")
    assert found["consents"][0]["words"] == "at the meeting"
    assert "at the meeting" in court.do("subscriber", "find", "ann@example.org").out


def test_leaving_one_list_and_all(court) -> None:
    add(court)
    assert (
        court.do("subscriber", "leave", "ann@example.org", "--list", "court").out
        == "ann@example.org left Linden Court\n"
    )
    assert "had left already" in court.do("subscriber", "leave", "ann@example.org", "--list", "court").out
    assert "left Linden Court on" in court.refused(
        "subscriber", "add", "ann@example.org", "--list", "court", "--consent", "she said so"
    )
    done = court.do("subscriber", "leave", "ann@example.org", "--all", "--json").json
    assert done == {"address": "ann@example.org", "left": [], "on_the_wire": 0}
    assert court.do("suppression", "find", "ann@example.org", "--json").json[0]["scope"] == "mailings"
    for words in ((), ("--all", "--list", "court")):
        assert "--all" in court.refused("subscriber", "leave", "ann@example.org", *words, code=2)


def test_why_readers_left_is_told_with_what_brought_them(court) -> None:
    assert court.do("list", "reasons", "court").out == "nobody who left said why\n"
    assert court.do("list", "reasons", "court", "--json").json == {"reasons": {}, "never_signed_up": {}}
    assert "did you mean 'court'?" in court.refused("list", "reasons", "cuort")


def test_erasing_asks_for_yes(court) -> None:
    add(court)
    assert "say --yes" in court.refused("subscriber", "erase", "ann@example.org", code=2)
    assert court.do("subscriber", "erase", "ann@example.org", "--yes", "--json").json["lists"] == 1
    assert "nobody here has the address" in court.refused("subscriber", "find", "ann@example.org")


def test_suppression_is_added_found_and_lifted(court) -> None:
    assert "is not suppressed" in court.do("suppression", "find", "bob@example.org").out
    court.do("suppression", "add", "bob@example.org", "--reason", "asked by letter")
    (row,) = court.do("suppression", "find", "BOB@example.org", "--json").json
    assert (row["scope"], row["reason"], row["by"]) == ("all", "asked by letter", "cli")
    assert "asked by letter" in court.refused(
        "subscriber", "add", "bob@example.org", "--list", "court", "--consent", "he said so"
    )
    court.do("suppression", "lift", "bob@example.org", "--why", "asked by letter again")
    add(court, "bob@example.org")
    assert "is not suppressed" in court.refused("suppression", "lift", "bob@example.org", "--why", "x")


def write(house, text: str):
    path = house.folder / "people.csv"
    path.write_text(text, encoding="utf-8")
    return path


PEOPLE = (
    "address,name,shoe size\nann@example.org,Ann,40\nnobody,,\nANN@example.org,Ann again,41\nben@example.org,=1+1,42\n"
)


def test_import_says_what_became_of_every_row(court) -> None:
    file, report = write(court, PEOPLE), court.folder / "report.csv"
    words = ("subscriber", "import", file, "--list", "court", "--consent", "list of the meeting")
    dry = court.do(*words, "--dry-run", "--json")
    assert dry.err == "columns that are ignored: shoe size\n"
    assert (dry.json["added"], dry.json["refused"], dry.json["dry_run"]) == (2, 2, True)
    assert court.do("list", "show", "court", "--json").json["people"]["active"] == 0
    done = court.do(*words, "--report", report)
    assert done.out.splitlines()[0] == "added 2, known 0, refused 2"
    rows = list(csv.DictReader(io.StringIO(report.read_text())))
    assert [(row["line"], row["result"]) for row in rows] == [
        ("2", "added"), ("3", "refused"), ("4", "refused"), ("5", "added"),
    ]  # fmt: skip
    assert court.do(*words, "--json").json["known"] == 2
    assert "there is such a file already" in court.type(*words, "--report", report).err


def test_import_refuses_a_file_without_addresses_and_makes_no_report(court) -> None:
    report = court.folder / "report.csv"
    file = write(court, "name,town\nAnn,Arden\n")
    words = ("subscriber", "import", file, "--list", "court", "--consent", "x", "--report", report)
    assert "no column of addresses" in court.refused(*words)
    assert not report.exists()


NOBODY_ELSE = "address\nann@example.org\n"


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_import_refuses_an_empty_consent_and_a_folder(court, more) -> None:
    words = ("--list", "court", *more, "--consent")
    assert "consent: " in court.refused("subscriber", "import", write(court, NOBODY_ELSE), *words, " ")
    assert court.refused("subscriber", "import", ".", *words, "x").startswith(".: cannot be read")


def test_export_is_what_import_takes(court) -> None:
    court.do("subscriber", "import", write(court, PEOPLE), "--list", "court", "--consent", "x")
    out = court.do("subscriber", "export", "--list", "court").out
    assert "ben@example.org,'=1+1" in out
    court.list("other")
    file = write(court, out)
    assert court.do("subscriber", "import", file, "--list", "other", "--consent", "x", "--json").json["added"] == 2


def test_staff_get_links(house) -> None:
    assert house.do("staff", "show").out == "nobody is staff yet\n"
    made = house.do("staff", "add", "eva@linden.example", "--name", "Eva", "--role", "operator", "--json").json
    assert made["link"].startswith("http://127.0.0.1:8000/desk/setup/")
    again = house.do("staff", "link", "eva@linden.example", "--json").json
    reset = house.do("staff", "reset", "eva@linden.example").out
    assert made["link"] != again["link"]
    assert again["link"] not in reset
    assert "Eva logs in with the password alone now" in house.do("staff", "one-step", "eva@linden.example").out
    assert "has to choose a password" in house.do("staff", "show").out
    assert "is no role" in house.refused("staff", "add", "x@linden.example", "--name", "X", "--role", "king")


def test_a_list_is_written_out_as_json_too(court) -> None:
    assert court.do("subscriber", "export", "--list", "court", "--json").json == []
    for name in ("ann", "bea"):
        add(court, f"{name}@example.org")
    found = court.do("subscriber", "export", "--list", "court", "--json").json
    assert [(one["address"], one["name"], one["state"]) for one in found] == [
        ("ann@example.org", "Ann", "active"),
        ("bea@example.org", "Ann", "active"),
    ]
    (head, *rows) = csv.reader(io.StringIO(court.do("subscriber", "export", "--list", "court").out))
    assert [dict(zip(head, row, strict=True)) for row in rows] == found


def test_an_import_that_is_refused_leaves_no_report(court, tmp_path) -> None:
    people, report = tmp_path / "people.csv", tmp_path / "report.csv"
    people.write_text("address\nann@example.org\n")
    words = ("subscriber", "import", people, "--report", report)
    assert "no list" in court.refused(*words, "--list", "nothing", "--consent", "x")
    assert "consent: " in court.refused(*words, "--list", "court", "--consent", " ")
    assert not report.exists()
    court.do(*words, "--list", "court", "--consent", "x")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert "there is such a file already; name another" in court.refused(*words, "--list", "court", "--consent", "x")


def test_consents_name_their_list(court) -> None:
    add(court)
    assert court.do("subscriber", "find", "ann@example.org", "--json").json["consents"][0]["list"] == "court"
