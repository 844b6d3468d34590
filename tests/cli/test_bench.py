"""The bench measures what it says: every message counted, looked at, and compared with its own pair."""

import json
import math
import os
import smtplib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.cli import main
from mailer.cli.bench import figures, page, plan, programs, proof, smtpd, yardsticks
from mailer.cli.bench.ours import Run
from mailer.cli.bench.process import free_port, used
from mailer.cli.bench.proof import Arrived
from mailer.cli.bench.sink import Sink, sink
from mailer.errors import Refused

with_postfix = pytest.mark.skipif(bool(programs.missing()), reason="Postfix's smtp-sink is not installed")
RUN = Run(count=100, rate=50.0, whole=2.0, start=1.0, first=0.1, cpu=0.5, peak_mb=100.0)
SECONDS = 300


def bench(*words: str) -> dict[str, object]:
    """Run `mailer bench` in a process of its own and return what it said in JSON."""
    command = [sys.executable, "-m", "mailer", "bench", "--json", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@with_postfix
def test_a_small_bench_says_everything_that_was_measured(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    sheet = place / "results.md"
    # Fewer are over before they can be timed.
    words = ("--parts", "near", "--readers", "1500", "--pairs", "2", "--sizes", "3", "--connections", "2")
    [table] = bench(*words, "--folder", str(place), "--write", str(sheet))["tables"]
    assert (table["part"], table["readers"], table["pairs"], table["left_out"]) == ("near", 1500, 2, "")
    assert {"processor", "cores", "python", "date", "disk", "fsync_ms"} <= set(table["machine"])
    [cell] = table["cells"]
    assert (cell["kilobytes"], cell["connections"]) == (3, 2)
    assert 2700 < cell["bytes"] < 3300
    assert set(cell["pairs"]) == {"mailer", "smtp-source", "aiosmtplib"}
    for name, runs in cell["pairs"].items():
        assert [run["count"] for run in runs] == [1500, 1500]
        assert all(run["rate"] > 0 and run["whole"] > 0 and run["cpu"] > 0 for run in runs), name
    assert all(run["peak_mb"] > 10 for run in cell["pairs"]["mailer"])
    assert cell["ratios"]["smtp-source"] > 0
    assert "| 3 KB | 2 |" in sheet.read_text()
    # Stores, keys and messages are gone with it.
    assert [path.name for path in place.iterdir()] == [sheet.name]


def test_what_is_missing_is_named_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(programs, "BESIDE_PATH", ())
    monkeypatch.setenv("PATH", "")
    assert main.perform(["bench", "--quick"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("mailer: bench: there is no smtp-sink on this machine; install ")
    assert "apt-get install postfix" in said


@pytest.mark.parametrize("words", [("--sizes", "3,big"), ("--connections", "201"), ("--parts", "nearby")])
@with_postfix
def test_an_option_that_says_nothing_is_refused(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.perform(["bench", *words]) == 2
    assert words[0] in capsys.readouterr().err


@with_postfix
def test_more_or_fewer_messages_than_due_are_refused() -> None:
    with sink() as taking:
        yardsticks.smtp_source(taking, taking.port, 2, 5, 500)
        assert taking.count() == 5
        with pytest.raises(Refused, match="5 messages came, 4 were due"):
            taking.watch(4, lambda: None)
        with pytest.raises(Refused, match="5 messages came, 6 were due"):
            taking.must_be(6)
        taking.begin()
        assert taking.count() == 0


@with_postfix
def test_a_program_that_fails_is_named_with_what_it_said() -> None:
    with sink() as taking, pytest.raises(Refused, match=r"smtp-source failed \(1\): .*connect"):
        yardsticks.smtp_source(taking, free_port(), 2, 5, 500)


@with_postfix
def test_all_contestants_send_messages_of_one_size() -> None:
    payload = proof.payload_for(3000)
    with sink(dumping=True) as taking:
        yardsticks.smtp_source(taking, taking.port, 1, 2, payload)
        yardsticks.aiosmtplib(taking, taking.port, 1, 2, 3000)
        sizes = {message.size for message in proof.arrived(taking.dump)}
    assert len(sizes) <= 2
    assert all(abs(size - 3000) <= 2 for size in sizes)


@with_postfix
def test_postfix_takes_chunks_and_the_sink_counts_them_or_it_says_why_not() -> None:
    why = smtpd.lacking()
    if why:
        table = plan.Table(next(part for part in plan.PARTS if part.smtpd), plan.Wanted(), left_out=why)
        assert page.for_terminal(table) == f"{table.part.title}: not measured, {why}"
    else:
        with sink() as taking, smtpd.smtpd(taking) as port:
            assert b"CHUNKING" in greeting(port)
            assert yardsticks.smtp_source(taking, port, 2, 20, 500).count == 20


@with_postfix
def test_the_sink_offers_pipelining_unless_told_not_to() -> None:
    def offers(taking: Sink) -> bool:
        return b"PIPELINING" in greeting(taking.port)

    with sink() as usual, sink(pipelining=False) as plain:
        assert offers(usual)
        assert not offers(plain)


def greeting(port: int) -> bytes:
    """Return what a server answers to EHLO."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.example", timeout=60) as client:
        return client.ehlo()[1]


def arrived(number: int, **changed: str) -> Arrived:
    """Return a message as the sink keeps it, to the reader with that number."""
    said = {"name": f"Reader-{number}-of-many", "id": f"<{number}@x.example>", "link": f"{proof.BASE_URL}/u/{number}"}
    said |= {"city": proof.city_of(number), "part": "plain", **changed}
    text = (
        "Message-ID: {id}\nList-Unsubscribe: <{link}>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
        'MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="=_b"\n\n'
        "--=_b\nContent-Type: text/plain\n\nDear {name} in {city},\n{link} https://letters.bench.example/m/1\n"
        "--=_b\nContent-Type: text/html\n\n<p>Dear {name} in {city},</p>{link} https://letters.bench.example/m/1\n"
        "--=_b--\n"
    ).format(**said)
    return Arrived(proof.address_of(number), text, len(text))


def test_messages_that_are_everybody_s_own_pass() -> None:
    proof.examine([arrived(number) for number in range(3)], 3)


@pytest.mark.parametrize(
    ("found", "what"),
    [
        ([arrived(0)], "every reader got one message"),
        ([arrived(0), arrived(1), arrived(1)], "every reader got one message"),
        ([arrived(0), replace(arrived(1), rcpt="stranger@one.example")], "every reader got one message"),
        ([arrived(0), arrived(1, link=f"{proof.BASE_URL}/u/0")], "its own link"),
        ([arrived(0), arrived(1, id="<0@x.example>")], "its own link and Message-ID"),
        ([arrived(0), arrived(1, name="Reader-0-of-many")], "the plain part is the reader's own"),
        ([arrived(0), arrived(1, link="https://elsewhere.example/u/1")], "has an unsubscribe link"),
    ],
)
def test_messages_that_are_not_are_named(found: list[Arrived], what: str) -> None:
    with pytest.raises(Refused, match=what):
        proof.examine(found, 2)


def test_ratios_are_made_pair_by_pair() -> None:
    cell = plan.Cell(3, 3000, 16)
    cell.runs["mailer"] = [replace(RUN, rate=rate) for rate in (10, 40, 90)]
    cell.runs["smtp-source"] = [replace(RUN, rate=rate) for rate in (10, 80, 30)]
    cell.runs["aiosmtplib"] = [replace(RUN, rate=0.0)] * 3
    assert cell.ratio_to("smtp-source") == [1.0, 0.5, 3.0]
    told = cell.as_json()
    # Of the medians it would be 40 / 30.
    assert told["ratios"]["smtp-source"] == 1.0
    assert told["medians"]["mailer"]["rate"] == 40
    assert math.isnan(figures.middle(cell.ratio_to("aiosmtplib")))
    assert page.speed_row(cell)[-2:] == ["1.00 (0.500 to 3.00)", "- (- to -)"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (12345.6, "12,346"),
        (100, "100"),
        (99.94, "99.9"),
        (1.234, "1.23"),
        (0.0456, "0.0456"),
        (0, "0"),
        (math.nan, "-"),
    ],
)
def test_figures_have_three_digits(value: float, said: str) -> None:
    assert figures.shown(value) == said


def test_nothing_in_no_time_is_no_rate() -> None:
    assert figures.rate(5, 0.0) == 0.0
    assert figures.per_thousand(3.0, 1500) == 2.0
    assert figures.per_thousand(3.0, 0) == 0.0


def test_a_page_keeps_what_was_not_measured_anew(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    page.write(path, "near", "first")
    path.write_text(path.read_text().replace("# How", "Written by hand.\n\n# How"))
    page.write(path, "far", r"second \1")
    page.write(path, "near", "third")
    page.write(path, "million", "fourth")
    text = path.read_text()
    assert text.startswith("Written by hand.")
    assert "first" not in text
    assert all(text.count(word) == 1 for word in ("third", r"second \1", "fourth"))
    assert text.count("<!-- end -->") == len(plan.PARTS) + 1


def test_the_page_of_results_has_a_place_for_everything() -> None:
    text = (Path(__file__).parents[2] / "docs" / "performance.md").read_text()
    for name in (*plan.NAMES, "million"):
        assert text.count(f"<!-- measured: {name} -->") == 1, name


def test_the_measured_process_is_counted_by_the_kernel() -> None:
    before = used(os.getpid())
    assert before.peak_mb > 1
    assert sum(range(3_000_000)) > 0
    assert used(os.getpid()).cpu >= before.cpu
