"""Libraries that talk much are heard only when it matters."""

import logging

import pytest

from mailer.app import logs
from mailer.config_sections import Log


@pytest.fixture(autouse=True)
def _logging_as_before():
    root, names = logging.getLogger(), ("", "mailer.mail", *logs.TALKATIVE)
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in names}
    propagated = logging.getLogger("mailer.mail").propagate
    yield
    root.handlers[:] = handlers
    logging.getLogger("mailer.mail").propagate = propagated
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_a_form_cut_short_by_a_visitor_is_not_in_the_log(capsys) -> None:
    logs.set_up(Log())
    logging.getLogger("python_multipart.multipart").warning("the form ended early")
    logging.getLogger("python_multipart.multipart").error("something broke")
    logging.getLogger("mailer.web").warning("ours")
    said = capsys.readouterr().err
    assert "ended early" not in said
    assert "something broke" in said
    assert "ours" in said
