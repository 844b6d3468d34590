"""Named points at which the fault tests end this process, as kill -9 would; inert unless MAILER_CRASH_AT names one."""

import os

# Where a process may be ended: docs/faults.md says what each is for, and every one of them is tried.
POINTS = (
    "before schedule commit",
    "after schedule commit",
    "in freeze chunk",
    "after freeze chunk",
    "after lease",
    "before begin commit",
    "after begin commit",
    "before write",
    "after write",
    "before settle commit",
    "after settle commit",
    "before rescue commit",
)
KILLED = 137
_left: dict[str, int] = {}


def arm(where: str) -> None:
    """End the process when it comes to a point for the n-th time: ``after lease:2``; "" disarms."""
    _left.clear()
    name, _, times = where.partition(":")
    if name in POINTS:
        _left[name] = int(times) if times.isdigit() else 1


def at(point: str, happens: object = True) -> None:
    """End the process here, at once and without cleaning up, if that was asked for and ``happens`` is true."""
    if _left and happens and point in _left:
        _left[point] -= 1
        if not _left[point]:
            os._exit(KILLED)


arm(os.environ.get("MAILER_CRASH_AT", ""))
