"""Turns every skip into a failure when CI_NO_SKIPS is set: a complete test leaves nothing out."""

import os
from collections.abc import Generator
from typing import Any

import pytest

SENTENCE = "skipped, and CI_NO_SKIPS says that nothing may be skipped here: {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that skips itself or is expected to fail."""
    report = yield
    _judge(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a file that skips itself."""
    report = yield
    _judge(report)
    return report


def _judge(report: Any) -> None:
    if report.outcome == "skipped" and os.environ.get("CI_NO_SKIPS"):
        longrepr = report.longrepr
        reason = longrepr[2] if isinstance(longrepr, tuple) else longrepr
        report.outcome = "failed"
        report.longrepr = SENTENCE.format(reason=reason)
