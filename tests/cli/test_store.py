"""`mailer init`, `check`, `migrate`, `backup`, `restore`."""

import sqlite3
import stat

import pytest

from mailer.cli import main


def test_init_makes_a_house_that_is_well(house) -> None:
    assert {path.name for path in house.folder.iterdir()} >= {"config.toml", "keys", "subscribers.db"}
    for name in ("config.toml", "subscribers.db", "keys/signing.keys", "keys/suppression.key"):
        assert stat.S_IMODE((house.folder / name).stat().st_mode) == 0o600
    assert house.do("check").out == "all is well: configuration, templates, store and keys\n"
    assert house.do("check", "--json").json == {"mistakes": [], "warnings": []}


def test_check_warns_of_a_list_a_form_names_and_nobody_made(house, monkeypatch) -> None:
    monkeypatch.setenv("MAILER_FORMS__SITES", '{"https://www.example.org": ["pres", "*"]}')
    (warning,) = house.do("check", "--json").json["warnings"]
    assert warning == "forms.sites: there is no list called 'pres'; add one first: `mailer list add NAME`"


def test_init_touches_nothing_that_is_there(tmp_path, capsys) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main.perform(["init", str(tmp_path)]) == 1
    assert "there is something in it already" in capsys.readouterr().err
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_an_init_that_fails_leaves_nothing(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("MAILER_STORE__URL", "sqlite:///nowhere/x.db")
    (tmp_path / "empty").mkdir()
    for name in ("empty", "new"):
        assert main.perform(["init", str(tmp_path / name)]) == 1
        assert "there is no folder" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
    assert list((tmp_path / "empty").iterdir()) == []
    monkeypatch.delenv("MAILER_STORE__URL")
    assert main.perform(["init", str(tmp_path / "new")]) == 0


def test_check_names_every_mistake(house) -> None:
    own = house.folder / "own" / "editions" / "poster"
    own.mkdir(parents=True)
    (own / "page.txt").write_text("{{ statement.titel }}")
    (own / "page.html").write_text("<p>{{ statement.title }}</p>")
    (house.folder / "config.toml").write_text('[templates]\nfolder = "own"\n')
    (house.folder / "keys" / "signing.keys").unlink()
    typed = house.type("check")
    assert (typed.code, typed.out) == (1, "")
    lines = typed.err.splitlines()
    assert any("page.txt" in line and "titel" in line for line in lines)
    assert any("signing.keys" in line for line in lines)


def test_check_without_any_configuration_says_what_is_missing(capsys) -> None:
    assert main.perform(["check", "--json"]) == 1
    assert "there is no store" in capsys.readouterr().err


def test_migrate_says_the_versions(house) -> None:
    done = house.do("migrate", "--json").json
    assert done["before"] == done["after"] != ""


def test_a_store_of_an_older_program_is_refused_with_the_command(house) -> None:
    with sqlite3.connect(house.folder / "subscribers.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffff'")
    connection.close()
    for words in (("list", "show"), ("serve",), ("work",)):
        assert "newer than this program" in house.refused(*words)


def test_backup_and_restore(house, tmp_path) -> None:
    house.list()
    house.do("subscriber", "add", "ann@example.org", "--list", "court", "--consent", "at the meeting")
    number = house.do("mailing", "new", house.statement(), "--list", "court").out.strip()
    house.do("mailing", "schedule", number, "--at", "2027-03-01 09:00 Europe/Berlin")
    file = tmp_path / "backup.zip"
    assert "read back and found whole" in house.do("backup", file).out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "there is such a file already" in house.refused("backup", file)
    assert "there is a store already" in house.refused("restore", file)

    other = tmp_path / "other"
    other.mkdir()
    (other / "config.toml").write_text("")
    house.folder = other
    typed = house.do("restore", file)
    assert "also who left" in typed.err
    assert f"mailing {number} waits for a person" in typed.err
    assert house.do("list", "show", "court", "--json").json["people"]["active"] == 1
    assert house.do("mailing", "show", number, "--json").json["state"] == "draft"
    assert house.do("check").code == 0


@pytest.mark.parametrize("verb", ["backup", "restore"])
def test_a_folder_that_is_not_there(house, tmp_path, verb) -> None:
    line = house.refused(verb, tmp_path / "nowhere" / "backup.zip")
    assert "there is no such" in line


@pytest.mark.parametrize(
    "words",
    [
        ("list", "add", "second", "--title", "S", "--from", "s@linden.example", "--postal", "4 Lindens"),
        ("subscriber", "add", "ann@example.org", "--list", "court", "--consent", "at the meeting"),
        ("mailing", "new", "{statement}", "--list", "court"),
        ("suppression", "add", "ann@example.org"),
        ("staff", "add", "ann@example.org", "--name", "Ann", "--role", "writer"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_nothing_is_said_to_be_done_that_was_not_kept(house, words) -> None:
    house.list()
    # A transaction that is refused at its very end, as by a full disk.
    with sqlite3.connect(house.folder / "subscribers.db") as connection:
        connection.executescript("""
            CREATE TABLE never (deed INTEGER REFERENCES never (kept) DEFERRABLE INITIALLY DEFERRED, kept UNIQUE);
            CREATE TRIGGER last AFTER INSERT ON deeds BEGIN INSERT INTO never (deed) VALUES (1); END;
        """)
    connection.close()
    statement = str(house.statement())
    assert "FOREIGN KEY" in house.refused(*(word.format(statement=statement) for word in words))


def test_the_store_is_copied_and_the_house_goes_on_with_it(house) -> None:
    house.list()
    house.do("subscriber", "add", "ann@example.org", "--list", "court", "--consent", "at the meeting")
    url = f"sqlite:///{house.folder / 'new.db'}"
    typed = house.do("store", "copy", url)
    assert "subscribers" in typed.out
    assert "each the same in both stores" in typed.err
    assert "there is something already" in house.refused("store", "copy", url)
    (house.folder / "config.toml").write_text(f'[store]\nurl = "{url}"\n')
    assert house.do("check").out == "all is well: configuration, templates, store and keys\n"
    assert house.do("list", "show", "court", "--json").json["people"]["active"] == 1
    told = house.do("store", "copy", f"sqlite:///{house.folder / 'third.db'}", "--json").json["tables"]
    assert told["subscribers"]["rows"] == 1
    assert len(told["subscribers"]["sha256"]) == 64


def test_check_warns_of_a_list_no_relay_serves(house) -> None:
    house.do(
        "list", "add", "press", "--title", "Press", "--from", "us@water.example", "--postal", "1 Main Street, Town"
    )
    with (house.folder / "config.toml").open("a") as file:
        file.write('\n[relay.main]\ndomains = ["art.example"]\n')
    typed = house.do("check")
    assert typed.code == 0
    assert "no mistakes, but not all is well" in typed.out
    assert "warning: list press: no relay carries mail from water.example" in typed.err
