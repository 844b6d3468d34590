"""Previews: every page and letter is there in every language, and what is edited is seen at once."""

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mailer.cli.preview.scene import scene
from mailer.cli.preview.states import STATES
from mailer.config import Config
from tests.compose.shipped import LANGUAGES
from tests.house.floorplan import ROOT

BASE = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a templates folder of an operator, with nothing in it yet."""
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def looked(own: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Open the previews with the operator's templates."""
    config = Config.model_validate({"site": {"name": "Town Water"}, "templates": {"folder": own}})
    with scene(config, tmp_path_factory.mktemp("scene"), BASE) as site:
        yield TestClient(site, base_url=BASE)


def test_the_index_leads_to_everything(looked: TestClient) -> None:
    index = looked.get("/preview").text
    links = re.findall(r'href="(/preview/(?:pages|letters)/[^"]+)"', index)
    assert len(links) >= len(LANGUAGES) * (len(STATES) + 8)
    for link in [*links[:: len(links) // 25], "/preview/letters/confirm?lang=ar", "/preview/pages/our-fault?lang=fr"]:
        answer = looked.get(link)
        language = link.rpartition("=")[2]
        assert answer.status_code == 200, answer.text
        assert f'lang="{language}"' in answer.text or "archive" in link
        assert "/static/preview.js" in answer.text
    assert looked.get("/preview/pages/no-such-state").status_code == 404


def test_a_letter_is_shown_in_its_language(looked: TestClient) -> None:
    assert 'lang="ar" dir="rtl"' in looked.get("/preview/letters/confirm-several/html?lang=ar").text
    assert "Bitte bestätigen Sie" in looked.get("/preview/letters/confirm-several?lang=de").text


def test_what_is_edited_is_seen_at_once_and_a_fault_named(looked: TestClient, own: Path) -> None:
    before = looked.get("/preview/stamp").text
    page = own / "pages/public/leave.html"
    page.parent.mkdir(parents=True)
    page.write_text('{% extends "base.html" %}\n{% block main %}{{ nothing }}{% endblock %}', encoding="utf-8")
    assert looked.get("/preview/stamp").text != before
    faulty = looked.get("/preview/pages/leave?lang=de")
    assert (faulty.status_code, "nothing" in faulty.text) == (500, True)
    assert "/static/preview.js" in faulty.text
    page.write_text('{% extends "base.html" %}\n{% block main %}{% if %}{% endblock %}', encoding="utf-8")
    assert "leave.html:2" in looked.get("/preview/pages/leave").text
    page.unlink()
    (own / "words").mkdir()
    words = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8"\n\nmsgid "Stop these mails"\nmsgstr "Genug"\n'
    (own / "words/de.po").write_text(words, encoding="utf-8")
    assert ">Genug</button>" in looked.get("/preview/pages/leave?lang=de").text
    (own / "pages/static").mkdir()
    (own / "pages/static/house.css").write_text("body { color: navy }", encoding="utf-8")
    assert "navy" in looked.get("/static/house.css?v=x").text
    shutil.rmtree(own / "pages")
    shutil.rmtree(own / "words")


def test_the_command_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILER_")}
    command = [sys.executable, "-m", "mailer", "preview", "pages", "--json"]
    environment = kept | {"PYTHONPATH": str(ROOT)}
    empty = tmp_path / "empty"
    empty.mkdir()
    with subprocess.Popen(command, cwd=empty, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            address = re.findall('http[^"]+', running.stdout.readline() + running.stdout.readline())[0]
            with urllib.request.urlopen(address, timeout=60) as answer:
                assert b"Everything a reader meets" in answer.read()
            running.send_signal(signal.SIGINT)
            assert running.wait(60) == 0
        finally:
            running.kill()
    assert list(empty.iterdir()) == []
