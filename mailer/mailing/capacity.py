"""How many messages the limits of the relays let through in a day."""

from collections.abc import Iterable
from datetime import date

from mailer.config import Config
from mailer.config_sections import Relay


def serving(config: Config, domain: str) -> dict[str, Relay]:
    """Return the relays that carry mail from a domain, by name."""
    relays = config.sending_relays()
    return {name: relay for name, relay in relays.items() if not relay.domains or domain in relay.domains}


def together(relays: Iterable[Relay], today: date) -> int | None:
    """Return how many messages a day several relays let through between them; None for any number."""
    days = [a_day(relay, today) for relay in relays]
    return None if None in days else sum(day for day in days if day is not None)


def a_day(relay: Relay, today: date) -> int | None:
    """Return how many messages the limits of a relay let through in a day; None for any number."""
    steps = []
    if relay.warm_up:
        day = max((today - date.fromisoformat(relay.warm_up_from)).days, 0)
        steps = list(relay.warm_up[day : day + 1])
    given = ((relay.per_minute, 24 * 60), (relay.per_hour, 24), (relay.per_day, 1))
    steps += [most * times for most, times in given if most]
    return min(steps, default=None)
