"""The long run, made short."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.million import HEAD
from mailer.cli.bench.programs import missing

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(bool(missing()), reason="Postfix's smtp-sink is not installed")
def test_a_small_million_is_measured_and_ends_by_itself(tmp_path: Path) -> None:
    sheet = tmp_path / "results.md"
    words = ("--readers", "300", "--folder", str(tmp_path), "--write", str(sheet))
    done = subprocess.run(
        [sys.executable, "-m", "bench.million", *words], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
    line = done.stdout.splitlines()[1].split()
    assert line[0] == "300"
    assert len(line) == len(HEAD)
    assert all(float(figure.replace(",", "")) >= 0 for figure in line[1:])
    assert "\n| 300 |" in sheet.read_text()
    assert list(tmp_path.iterdir()) == [sheet]
