"""One line per mail event, apart from the program's own log."""

import logging
import re

from mailer.address import mask

_log = logging.getLogger("mailer.mail")
# Relays like to repeat the address in their replies.
_ADDRESS = re.compile(r"[^\s<>\"'=,;:()\[\]]+@[^\s<>\"'=,;:()\[\]]+")


def is_kept() -> bool:
    """Say whether anybody keeps these lines; for who would have to gather much for one."""
    return _log.isEnabledFor(logging.INFO)


def note(event: str, address: str = "", **details: object) -> None:
    """Write ``event to=<masked> key=value …`` to the logger ``mailer.mail``; never a body or a token.

    Addresses in values are masked too, and no value can end the line or pose as another field. A value that is
    None or 0 is not told.
    """
    if _log.isEnabledFor(logging.INFO):
        shown = {"to": mask(address), **details} if address else details
        told = (f"{key}={_flat(value)}" for key, value in shown.items() if value not in (None, 0))
        _log.info("%s", " ".join([event, *told]))


def _flat(value: object) -> str:
    line = "".join(letter if letter.isprintable() else " " for letter in str(value))
    text = _ADDRESS.sub(lambda found: mask(found[0]), line.replace('"', "'"))
    return f'"{text}"' if re.search("[ =']", text) or not text else text
