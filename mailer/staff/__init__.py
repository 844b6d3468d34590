"""Who may work here: people, roles, passwords, one-time links, sessions, and what they did."""

from mailer.staff.deeds import latest as latest_deeds
from mailer.staff.deeds import record
from mailer.staff.entry import first_link, link
from mailer.staff.roles import may
from mailer.staff.team import add, disable, enable, every, need, set_role, with_address

__all__ = [
    "add",
    "disable",
    "enable",
    "every",
    "first_link",
    "latest_deeds",
    "link",
    "may",
    "need",
    "record",
    "set_role",
    "with_address",
]
