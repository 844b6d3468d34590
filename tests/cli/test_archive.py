"""The archive by command: who may read it, corrections, other addresses, and its files."""

import json
from pathlib import Path

import pytest

from mailer.app.opening import open_app
from mailer.config import load
from tests.cli.conftest import STATEMENT, House
from tests.make import start


@pytest.fixture
def sent(house: House) -> House:
    """An installation that has sent one mailing."""
    house.list()
    house.do("subscriber", "add", "anna@example.org", "--list", "court", "--consent", "said so")
    house.do("mailing", "new", house.statement(), "--list", "court")
    app = open_app(load(house.folder / "config.toml"))
    start(app.store, app.config, app.keys, 1)
    app.close()
    return house


def test_who_may_read_it_is_set_for_a_list_and_for_a_mailing(sent: House) -> None:
    assert sent.do("archive", "show", "--json").json[0]["visibility"] == "public"
    assert "is unlisted" in sent.do("archive", "set", "unlisted", "--list", "court").out
    assert sent.do("archive", "show", "court", "--json").json[0]["visibility"] == "unlisted"
    sent.do("archive", "set", "off", "--mailing", "1")
    assert sent.do("archive", "show", "court", "--json").json[0]["visibility"] == "off"
    assert "as its list" in sent.do("archive", "set", "list", "--mailing", "1").out
    assert "public, unlisted, subscribers, off, list" in sent.refused("archive", "set", "all", "--mailing", "1")
    assert "either --list" in sent.refused("archive", "set", "off", code=2)


def test_a_correction_needs_something_sent_and_a_note(sent: House) -> None:
    right = sent.folder / "right.md"
    right.write_text(STATEMENT.replace("in March", "in April"), "utf-8")
    assert "with a note" in sent.do("mailing", "correct", "1", "--note", "Number four is on the left.").out
    assert "right text" in sent.do("mailing", "correct", "1", right, "--note", "It is April, not March.").out
    assert sent.do("archive", "show", "court", "--json").json[0]["title"].endswith("painted in April")
    assert "note: is empty" in sent.refused("mailing", "correct", "1", "--note", " ")
    sent.do("mailing", "new", right, "--list", "court")
    assert "nothing was sent" in sent.refused("mailing", "correct", "2", "--note", "x")


def test_a_page_moves_and_comes_back(sent: House) -> None:
    before = sent.do("archive", "move", "1", "stairwells", "--json").json
    assert before["slug"] == "stairwells"
    assert "address of another" in sent.refused("archive", "move", "1", "latest")
    assert "small letters" in sent.refused("archive", "move", "1", "Stair wells")
    sent.do("mailing", "new", sent.statement(), "--list", "court")
    assert "address of another" in sent.refused("archive", "move", "2", before["before"])
    assert sent.do("archive", "move", "1", before["before"], "--json").json["before"] == "stairwells"


def test_files_are_written_and_counted(sent: House, tmp_path: Path) -> None:
    folder = tmp_path / "web"
    done = sent.do("archive", "export", folder, "--json").json
    assert (done["pages"], done["removed"]) == (5, 0)
    assert (folder / "court/index.html").is_file()
    assert json.loads((folder / "court/feed.json").read_text("utf-8"))["title"] == "Linden Court"
    assert "0 files written" in sent.do("archive", "export", folder).out
    (tmp_path / "file").write_text("x")
    assert "check the path" in sent.refused("archive", "export", tmp_path / "file")
