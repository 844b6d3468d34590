"""The four phases of a mailing as the desk shows them, and the words and colours of its states."""

from collections.abc import Mapping

from mailer.store.tables import MAILING_STATES

DRAFT, WAITING, FLIGHT, DONE = "draft", "waiting", "flight", "done"
PHASES: Mapping[str, str] = {
    "draft": DRAFT,
    "in review": DRAFT,
    "approved": DRAFT,
    "scheduled": WAITING,
    "holding": WAITING,
    "sending": FLIGHT,
    "paused": FLIGHT,
    "sent": DONE,
    "stopped": DONE,
    "failed": DONE,
}
assert tuple(PHASES) == MAILING_STATES
# The badge of a state, by the classes of house.css.
BADGES: Mapping[str, str] = {
    "in review": "warn",
    "approved": "good",
    "scheduled": "now",
    "holding": "now",
    "sending": "now",
    "paused": "warn",
    "sent": "good",
    "stopped": "warn",
    "failed": "bad",
}
# A delivery's state in the words of the account, and what it means.
FIGURES: Mapping[str, tuple[str, str]] = {
    "queued": ("queued", "their turn is still to come"),
    "begun": ("begun", "on the wire at this moment"),
    "waiting": ("waiting", "refused for now; tried again later"),
    "accepted": ("accepted", "the mail server took it"),
    "refused": ("refused", "the mail server would not take it"),
    "uncertain": ("uncertain", "handed over, but the answer was lost"),
    "left_out": ("left out", "not written to, for the reason given"),
}


def phase_of(state: str) -> str:
    """Return the phase a state belongs to."""
    return PHASES[state]
