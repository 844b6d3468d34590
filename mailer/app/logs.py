"""Where log lines go: the program's own to standard error, mail events to a file of their own."""

import logging
import sys
from logging.handlers import WatchedFileHandler

from mailer.config_sections import Log
from mailer.errors import ConfigError

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# They tell of every tick and every request at "info", which is our "debug"; APScheduler even warns of a tick
# that lasts longer than the time between two, which is nothing: the next one does what is left.
# python_multipart warns of every form that ends early, which any visitor can send.
TALKATIVE = {
    "uvicorn": "WARNING",
    "alembic": "WARNING",
    "asyncio": "WARNING",
    "apscheduler": "ERROR",
    "python_multipart": "ERROR",
}


def set_up(settings: Log) -> None:
    """Begin to log as configured; ConfigError if the mail log cannot be written."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(LINE))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = settings.level.upper()
    root.setLevel(level)
    for name, ours in TALKATIVE.items():
        logging.getLogger(name).setLevel(level if level == "DEBUG" else ours)
    mail = logging.getLogger("mailer.mail")
    mail.propagate = False
    mail.setLevel("INFO" if settings.mail_log else "CRITICAL")
    if settings.mail_log:
        try:
            # Watched: logrotate may move it away at any time.
            mail_file = WatchedFileHandler(settings.mail_log, encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"{settings.mail_log} cannot be written ({error.strerror})",
                place="log.mail_log",
                cure="name a file in a folder this account may write to",
            ) from None
        mail_file.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        mail.handlers[:] = [mail_file]
