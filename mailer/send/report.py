"""What a sending process tells of itself: how fast, over which relays, what keeps them; as it stands in its row."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class RelayReport:
    """One relay as one process sees it; moments are seconds since 1970, 0.0 for none."""

    # Messages a second, lately.
    rate: float = 0.0
    connections: int = 0
    in_flight: int = 0
    # Since when it does not carry what it is given, until when it is left alone, and why.
    unwell_since: float = 0.0
    rests_until: float = 0.0
    why: str = ""
    # Routes that are served slower than the relay could, because their receivers ask for it.
    slowed: tuple[str, ...] = ()
    # Whether it said, when it was last connected to, that it carries no letters beyond ASCII in addresses.
    is_narrow: bool = False
    # How many tries ended in which state since the process began.
    outcomes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """One process: its relays by name, and why the store could not be written the last time, or ""."""

    relays: Mapping[str, RelayReport] = field(default_factory=dict)
    store: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what is kept in the store."""
        return asdict(self)


def read(kept: Mapping[str, Any]) -> Report:
    """Return a report as it was kept; what another version of the program says more or otherwise is left out."""
    relays = kept.get("relays")
    return Report(
        {name: _relay(each) for name, each in relays.items() if isinstance(each, dict)} if relays else {},
        str(kept.get("store") or ""),
    )


def _relay(kept: Mapping[str, Any]) -> RelayReport:
    given = {each.name: kept[each.name] for each in fields(RelayReport) if each.name in kept}
    return RelayReport(**{**given, "slowed": tuple(given.get("slowed") or ())})
