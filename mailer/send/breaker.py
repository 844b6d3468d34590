"""Notice when not a reader but the mailing, or we, are what the receivers refuse."""

from collections import deque

from mailer.outcomes.verdict import Kind

IN_A_ROW = 10
WINDOW, SHARE = 200, 0.05
OURS: frozenset[Kind] = frozenset({"policy", "authentication"})


class Breaker:
    """Opens at 10 refusals of us in a row, or at 5 % and at least 10 of the last 200."""

    def __init__(self) -> None:
        self._last: deque[bool] = deque(maxlen=WINDOW)
        self._run = 0

    def copy(self) -> "Breaker":
        """Return one that has counted the same."""
        same = Breaker()
        same._last, same._run = self._last.copy(), self._run
        return same

    def count(self, kind: Kind) -> bool:
        """Count one verdict; say whether the mailing must pause."""
        ours = kind in OURS
        if kind == "unwritten":
            return False
        self._last.append(ours)
        self._run = self._run + 1 if ours else 0
        refused = sum(self._last) if ours else 0
        return self._run >= IN_A_ROW or (refused >= IN_A_ROW and refused >= SHARE * WINDOW)
