"""Every public page in every state it has: the same that `mailer preview pages` shows."""

from mailer.cli.preview.states import CONFIRM, MINE, NOT_ME, STATES, TABLE, State

__all__ = ["CONFIRM", "MINE", "NOT_ME", "STATES", "TABLE", "State"]
