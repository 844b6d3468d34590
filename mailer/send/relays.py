"""Several relays as one service: which of them carries the next row."""

from collections.abc import Mapping

from mailer.config import Config
from mailer.send.begun import Finished
from mailer.send.purse import Purses
from mailer.send.station import Station


class Relays:
    """Every relay's station; rows go to those that serve their sender's domain, have room, and are well.

    Among those the weights decide. Both lanes share the connections.
    """

    def __init__(self, config: Config, finished: Finished, purses: Purses) -> None:
        relays = config.sending_relays()
        self.stations = {name: Station(name, relay, finished, purses) for name, relay in relays.items()}
        self._purses = purses
        self._credit = dict.fromkeys(self.stations, 0)

    @property
    def capped(self) -> set[str]:
        """Return the receiving domains some relay has a configured pace for."""
        return set[str]().union(*(station.relay.pace for station in self.stations.values()))

    def start(self) -> None:
        """Begin to look after connections and limits."""
        self._purses.start()
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
        await self._purses.stop()

    def give_back(self) -> None:
        """Hand back everything that was not begun to be written."""
        for station in self.stations.values():
            station.give_back()

    def room(self, *, is_urgent: bool, wanted: int) -> dict[str, int]:
        """Return how many rows of a lane, of ``wanted`` that there are, each relay may be given now."""
        return {name: station.room(is_urgent=is_urgent, wanted=wanted) for name, station in self.stations.items()}

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
        return min(station.health.rest_until if station.is_resting else 0.0 for station in self.stations.values())

    @property
    def trouble(self) -> str:
        """Return what keeps a relay from carrying mail, or ""."""
        return next((station.health.trouble for station in self.stations.values() if station.is_resting), "")

    def choose(self, room: Mapping[str, int], domain: str, only: str = "", route: str = "") -> str:
        """Return the relay for a row whose sender is at ``domain``, or "" if it has to wait.

        A row whose fate is unknown goes again by the same relay (``only``), as long as there is that relay. A
        row of a ``route`` takes its place in the pace of the relay.
        """
        fit = [
            name
            for name, left in room.items()
            if left > 0 and (name == only if only in self.stations else self.serves(name, domain))
        ]
        if len(fit) < 2:
            return fit[0] if fit and self._goes(fit[0], route) else ""
        # Each gains its weight, the richest is taken and pays for it: a smooth weighted round.
        for name in fit:
            self._credit[name] += self.stations[name].relay.weight
        for name in sorted(fit, key=self._credit.__getitem__, reverse=True):
            if self._goes(name, route):
                self._credit[name] -= sum(self.stations[each].relay.weight for each in fit)
                return name
        for name in fit:
            self._credit[name] -= self.stations[name].relay.weight
        return ""

    def _goes(self, name: str, route: str) -> bool:
        return not route or self.stations[name].pace.take(route)

    def serves(self, name: str, domain: str) -> bool:
        """Say whether a relay carries mail from addresses at this domain.

        From a domain we do not know, as of some notices, one for all domains does; if there is none, any.
        """
        domains = self.stations[name].relay.domains
        if not domain and all(station.relay.domains for station in self.stations.values()):
            return True
        return not domains or domain in domains

    def is_shut(self, domain: str, *, is_urgent: bool) -> bool:
        """Say whether no relay carries mail from this domain just now: all rest, are silent, or are used up."""
        return not any(
            self.serves(name, domain)
            and not (station.is_resting or station.is_silent or station.is_dry(is_urgent=is_urgent))
            for name, station in self.stations.items()
        )

    def held_up(self) -> set[str]:
        """Return the routes that no relay may send to just now."""
        well = [station for station in self.stations.values() if not station.is_resting]
        routes = set[str]().union(*(station.pace.limited() for station in well))
        return {route for route in routes if not any(station.pace.may_go(route) for station in well)}
