"""How a process of ours starts another one of us."""

import sys
from collections.abc import Sequence
from pathlib import Path


def sending_command(config: Path | None) -> Sequence[str]:
    """Return the command that starts the sending process beside the pages, on the same configuration."""
    named = ("--config", str(config)) if config else ()
    return (sys.executable, "-m", "mailer", *named, "work", "--no-clock", "--as-child")
