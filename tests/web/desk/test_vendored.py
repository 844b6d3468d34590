"""What others wrote and we pass on is what vendor.toml says it is."""

import hashlib
import tomllib

from tests.house.floorplan import ROOT
from tests.web.desk.office import Office

FOLDER = ROOT / "templates/pages/static"
VENDORED = tomllib.loads((FOLDER / "vendor.toml").read_text())


def test_every_vendored_file_is_unchanged_and_has_its_licence() -> None:
    assert {each["file"] for each in VENDORED.values()} == {path.name for path in FOLDER.glob("*.min.*")}
    for each in VENDORED.values():
        data = (FOLDER / each["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == each["sha256"]
        assert each["version"].encode() in data
        assert (FOLDER / each["licence_file"]).read_text().startswith("Zero-Clause BSD")


def test_the_desk_alone_has_a_script(small_office: Office) -> None:
    desk = small_office.client("").get("/desk/login").text
    assert desk.count("<script") == 1
    assert "/static/htmx.min.js?v=" in desk
    assert "<script" not in small_office.client("").get("/").text


def test_htmx_is_told_to_run_no_code_and_keep_no_page(small_office: Office) -> None:
    page = small_office.client("").get("/desk/login").text
    for setting in ('"allowEval": false', '"includeIndicatorStyles": false', '"historyCacheSize": 0'):
        assert setting in page
