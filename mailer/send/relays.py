"""Several relays as one service: which of them carries the next row."""

from collections.abc import Mapping

from mailer.config import Config
from mailer.send.station import Finished, Station


class Relays:
    """Every relay's station; rows go to those that serve their sender's domain, have room, and are well.

    Among those the weights decide. Both lanes share the connections.
    """

    def __init__(self, config: Config, finished: Finished) -> None:
        self.stations = {name: Station(name, relay, finished) for name, relay in config.sending_relays().items()}
        self._credit = dict.fromkeys(self.stations, 0)

    def start(self) -> None:
        """Begin to look after connections."""
        for station in self.stations.values():
            station.start()

    def check(self) -> None:
        """Raise what ended a station's own task."""
        for station in self.stations.values():
            station.check()

    async def stop(self) -> None:
        """Close every connection of every relay."""
        for station in self.stations.values():
            await station.stop()

    def give_back(self) -> None:
        """Hand back everything that was not begun to be written."""
        for station in self.stations.values():
            station.give_back()

    def room(self, *, is_urgent: bool) -> dict[str, int]:
        """Return how many rows of a lane each relay may be given now."""
        return {name: station.room(is_urgent=is_urgent) for name, station in self.stations.items()}

    @property
    def window(self) -> int:
        """Return how many rows all relays together have begun at a time."""
        return sum(station.window for station in self.stations.values() if not station.is_resting)

    def unfinished(self, *, is_urgent: bool) -> int:
        """Return how many rows of a lane are on their way."""
        return sum(station.unfinished(is_urgent=is_urgent) for station in self.stations.values())

    @property
    def in_flight(self) -> int:
        """Return how many messages are on the wire."""
        return sum(station.in_flight for station in self.stations.values())

    @property
    def rests_until(self) -> float:
        """Return when the first relay is well again, by the monotonic clock; 0.0 if one is well now."""
        return min(station.rest_until if station.is_resting else 0.0 for station in self.stations.values())

    @property
    def trouble(self) -> str:
        """Return what keeps a relay from carrying mail, or ""."""
        return next((station.trouble for station in self.stations.values() if station.is_resting), "")

    def choose(self, room: Mapping[str, int], domain: str, only: str = "") -> str:
        """Return the relay for a row whose sender is at ``domain``, or "" if it has to wait.

        A row whose fate is unknown goes again by the same relay (``only``), as long as there is that relay.
        """
        fit = [
            name
            for name, left in room.items()
            if left > 0 and (name == only if only in self.stations else self.serves(name, domain))
        ]
        if len(fit) < 2:
            return fit[0] if fit else ""
        # Each gains its weight, the richest is taken and pays for it: a smooth weighted round.
        for name in fit:
            self._credit[name] += self.stations[name].relay.weight
        chosen = max(fit, key=self._credit.__getitem__)
        self._credit[chosen] -= sum(self.stations[name].relay.weight for name in fit)
        return chosen

    def serves(self, name: str, domain: str) -> bool:
        """Say whether a relay carries mail from addresses at this domain."""
        domains = self.stations[name].relay.domains
        return not domains or domain in domains
