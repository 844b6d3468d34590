"""What a connection is given to carry, and whom it asks and tells."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from mailer.outcomes.verdict import Reply
from mailer.send.envelope import Parcel


class Cargo(Protocol):
    """What is carried: something that has a parcel."""

    @property
    def parcel(self) -> Parcel:
        """Return its envelope and bytes."""


C = TypeVar("C", bound=Cargo)


@dataclass(frozen=True, slots=True)
class Hands(Generic[C]):
    """Whom a pipeline asks for the next thing to carry, and whether it may still be written; whom it tells.

    ``is_bane`` is asked about what stood first when the connection ended unanswered: whether that is its doing.
    ``ended`` learns why the connection is gone, and whether it was of no use: asked to carry, it said nothing.
    """

    take: Callable[[], C | None]
    may_write: Callable[[C], bool]
    is_bane: Callable[[C], bool]
    finished: Callable[[C, Reply | None], None]
    ended: Callable[[str, bool], None]
