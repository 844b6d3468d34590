"""What others wrote and we pass on is what vendor.toml says it is."""

import hashlib
import tomllib

from tests.house.floorplan import ROOT
from tests.web.desk.office import Office

FOLDER = ROOT / "templates/pages/static"
VENDORED = tomllib.loads((FOLDER / "vendor.toml").read_text())
LICENCES = {
    "0BSD": "Zero-Clause BSD",
    "MIT": "Copyright (c) 2017-2018 GitHub, Inc.\n\nPermission is hereby granted, free",
}
NAMES_ITS_VERSION = {"htmx.min.js"}


def test_every_vendored_file_is_unchanged_and_has_its_licence() -> None:
    assert {each["file"] for each in VENDORED.values()} >= {path.name for path in FOLDER.glob("*.min.*")}
    for each in VENDORED.values():
        data = (FOLDER / each["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == each["sha256"]
        assert each["version"].encode() in data or each["file"] not in NAMES_ITS_VERSION
        assert (FOLDER / each["licence_file"]).read_text().startswith(LICENCES[each["licence"]])


def test_the_desk_alone_has_a_script(small_office: Office) -> None:
    desk = small_office.client("").get("/desk/login").text
    assert desk.count("<script") == 1
    assert "/static/htmx.min.js?v=" in desk
    assert "<script" not in small_office.client("").get("/").text


def test_htmx_is_told_to_run_no_code_and_keep_no_page(small_office: Office) -> None:
    page = small_office.client("").get("/desk/login").text
    for setting in ('"allowEval": false', '"includeIndicatorStyles": false', '"historyCacheSize": 0'):
        assert setting in page
