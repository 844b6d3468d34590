"""A skipped test fails the complete test, and passes on a machine that lacks something."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.floorplan import ROOT

FILES = {
    "test_itself.py": "import pytest\ndef test_one():\n    pytest.skip('no browser here')\n",
    "test_fixture.py": "import pytest\n@pytest.fixture\ndef browser():\n    pytest.skip('no browser here')\n"
    "def test_one(browser):\n    pass\n",
    "test_expected.py": "import pytest\n@pytest.mark.xfail(reason='no browser here')\n"
    "def test_one():\n    assert False\n",
    "test_file.py": "import pytest\npytest.skip('no browser here', allow_module_level=True)\n",
    "test_sound.py": "def test_one():\n    pass\n",
}


@pytest.mark.parametrize(
    ("complete", "summary"),
    [("1", "2 failed, 1 passed, 2 errors in"), ("", "1 passed, 3 skipped, 1 xfailed in")],
    ids=["complete", "quick"],
)
def test_a_skip_fails_only_the_complete_test(tmp_path: Path, complete: str, summary: str) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.house.no_skips", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--continue-on-collection-errors", "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "CI_NO_SKIPS": complete},
        capture_output=True,
        text=True,
        check=False,
    )
    assert summary in done.stdout.splitlines()[-1], done.stdout
    assert ("nothing may be skipped" in done.stdout) == bool(complete)
    assert done.returncode == (1 if complete else 0)
