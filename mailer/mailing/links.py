"""Every address of a page that stands in a mail, made in one place."""

from datetime import UTC, datetime, timedelta

from mailer import clock
from mailer.errors import BadInput
from mailer.tokens import Keys

CONFIRM, NOT_ME, LEAVE, CHOICES, READ = "confirm", "not me", "leave", "choices", "read"
FRESH, MOVE = "fresh choices", "new address"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Links:
    """The public addresses below ``base_url``; tokens are bound to one purpose each."""

    def __init__(self, base_url: str, keys: Keys) -> None:
        self.base = base_url.rstrip("/")
        self._ring = keys.ring

    def confirm(self, subscriber_id: int, asked_at: datetime) -> str:
        """Return the link that confirms everything this person asked for up to that minute."""
        return f"{self.base}/c/{self._ring.sign(CONFIRM, subscriber_id, _minute(asked_at))}"

    def not_me(self, subscriber_id: int, asked_at: datetime) -> str:
        """Return the link by which somebody signed up by others ends it for good."""
        return f"{self.base}/n/{self._ring.sign(NOT_ME, subscriber_id, _minute(asked_at))}"

    def leave(self, subscription_id: int, mailing_id: int = 0) -> str:
        """Return the link that ends a subscription; it is also the one-click address of RFC 8058."""
        return f"{self.base}/u/{self._ring.sign(LEAVE, subscription_id, mailing_id)}"

    def choices(self, subscriber_id: int) -> str:
        """Return the link to a reader's own choices."""
        return f"{self.base}/m/{self._ring.sign(CHOICES, subscriber_id)}"

    def fresh(self, subscriber_id: int, address_hash: str, at: datetime) -> str:
        """Return the same, made just now for whoever reads mail at this address: for a while it opens more."""
        return f"{self.base}/m/{self._ring.sign(FRESH, subscriber_id, _minute(at), mark(address_hash))}"

    def move(self, subscriber_id: int, at: datetime, notice_id: int) -> str:
        """Return the link by which a new address is confirmed: the one this notice was written to."""
        return f"{self.base}/w/{self._ring.sign(MOVE, subscriber_id, _minute(at), notice_id)}"

    def archive(self, list_name: str) -> str:
        """Return the address of a list's archive."""
        return f"{self.base}/a/{list_name}"

    def view(self, list_name: str, slug: str) -> str:
        """Return the permanent address of a mailing, with nobody's token in it."""
        return f"{self.base}/a/{list_name}/{slug}"

    def archives(self) -> str:
        """Return the address of the page that names every archive for everybody."""
        return f"{self.base}/a"

    def feed(self, list_name: str, name: str) -> str:
        """Return the address of a list's feed by the name of its file."""
        return f"{self.archive(list_name)}/{name}"

    def as_sent(self, list_name: str, slug: str) -> str:
        """Return the address of a mailing in the looks of its letter."""
        return f"{self.view(list_name, slug)}/letter"

    def read(self, subscription_id: int, mailing_id: int = 0) -> str:
        """Return a reader's own address of a mailing, or of the archive of the list; it opens nothing else."""
        return f"{self.base}/r/{self._ring.sign(READ, subscription_id, mailing_id)}"

    def subscribe(self, list_name: str) -> str:
        """Return the address of a list's subscribe page."""
        return f"{self.base}/s/{list_name}"

    def nobody(self) -> str:
        """Return a leave link that leads to a page but belongs to nobody: for tests and previews."""
        return f"{self.base}/u/{self._ring.sign(LEAVE, 0, 0)}"

    def of_nobody(self) -> dict[str, str]:
        """Return every personal link of a mail as nobody's, each with its own address, as a reader's are."""
        return {"unsubscribe": self.nobody(), "manage": self.choices(0)}

    def of_nowhere(self) -> dict[str, str]:
        """Return every personal link of a mail without an address: for whom there is no way out, as nobody is in."""
        return dict.fromkeys(self.of_nobody(), "")


def read(keys: Keys, purpose: str, token: str) -> tuple[int, int]:
    """Return the two numbers of a link's token (a missing second is 0); BadInput if it is not ours."""
    numbers = keys.ring.read(purpose, token)
    if not 1 <= len(numbers) <= 2:
        raise BadInput("this link is incomplete or was changed", cure="open it again from the mail")
    return numbers[0], numbers[1] if len(numbers) == 2 else 0


def read_move(keys: Keys, token: str) -> tuple[int, int, int]:
    """Return person, minute and notice of a link to a new address; BadInput if it is not ours."""
    subscriber_id, minute, notice_id = keys.ring.read(MOVE, token)
    return subscriber_id, minute, notice_id


def mark(address_hash: str) -> int:
    """Return the number by which a fresh link knows the address it was sent to: it opens nothing for a later one."""
    return int(address_hash[:8] or "0", 16)


def moment(minute: int) -> datetime:
    """Return the moment a link's minute number stands for."""
    return EPOCH + minute * MINUTE


def is_expired(minute: int, days: int) -> bool:
    """Say whether a link made in that minute is older than ``days``."""
    return clock.now() - moment(minute) > timedelta(days=days)


def _minute(at: datetime) -> int:
    return (at - EPOCH) // MINUTE
