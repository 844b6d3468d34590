"""The four roles and what each may do: one table, which the desk asks before every act."""

from collections.abc import Mapping

from mailer.store.tables import ROLES

LOOK = "look"
WRITE = "write"
SEND = "send"
SEE_PEOPLE = "see people"
KEEP_PEOPLE = "keep people"
KEEP_LISTS = "keep lists"
KEEP_STAFF = "keep staff"

# What an act is, in the words of docs/desk.md.
ACTS: Mapping[str, str] = {
    LOOK: "see mailings, their previews and figures, and the lists",
    WRITE: "hand in statements, make and edit drafts, send tests",
    SEND: "schedule, undo, pause, resume and stop",
    SEE_PEOPLE: "see who is behind a figure, search readers, preview as one of them",
    KEEP_PEOPLE: "add a reader with a note of consent, change one, take one off, write to one no more",
    KEEP_LISTS: "add, change and close lists",
    KEEP_STAFF: "add staff, make one-time links, disable staff",
}

MAY: Mapping[str, frozenset[str]] = {
    "writer": frozenset({LOOK, WRITE}),
    "approver": frozenset({LOOK, WRITE, SEND, SEE_PEOPLE}),
    "list keeper": frozenset({LOOK, SEE_PEOPLE, KEEP_PEOPLE, KEEP_LISTS}),
    "operator": frozenset(ACTS),
}
assert tuple(MAY) == ROLES


def may(role: str, act: str) -> bool:
    """Say whether somebody with this role may do this; a role or act we do not know may nothing."""
    return act in MAY.get(role, frozenset())
