"""Every public page in every state it has: the same that `mailer preview pages` shows."""

from mailer.cli.preview.states import STATES, State

__all__ = ["STATES", "State"]
