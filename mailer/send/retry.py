"""When a message is tried again: a ladder of growing waits with jitter, up to a deadline."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.config_sections import Send
from mailer.outcomes.verdict import TEMPORARY, Kind, Reply
from mailer.send.ledger import Settled

LONGEST = timedelta(hours=6)
JITTER = 0.1


def longest(send: Send) -> timedelta:
    """Return what no wait is longer than."""
    return max(LONGEST, timedelta(seconds=min(send.uncertain_seconds, 1e9))) * (1 + 2 * JITTER)


def wait_after(tries: int, send: Send) -> timedelta:
    """Return the wait after the given number of tries (>= 1), each longer than the one before, ± 10 %."""
    seconds = send.first_retry_seconds * send.retry_growth ** min(tries - 1, 50)
    spread = 1 + random.uniform(-JITTER, JITTER)  # noqa: S311 - spreads load, guards nothing
    return min(timedelta(seconds=min(seconds, 1e9)), LONGEST) * spread


@dataclass(slots=True)
class Try:
    """One attempt at one row: by whom, until when temporary refusals are retried, whether doubt is.

    ``doubted``: an earlier attempt had no answer, so the reader possibly has the message already.
    """

    row_id: int
    attempt: int
    tries: int
    relay: str
    worker: str
    deadline: datetime
    may_retry: bool
    doubted: bool = False
    address: str = ""


def conclude(done: Try, kind: Kind, reply: Reply, send: Send, now: datetime) -> Settled:
    """Return how the attempt ends: the state its row moves to, and when it is tried again.

    A temporary refusal becomes final only in a try made after the deadline. Who possibly has the message
    stays uncertain until a relay says yes or no: called queued or waiting, leaving or stopping would count
    them among those who never got it.
    """
    state: str = kind if kind in ("accepted", "uncertain") else "refused"
    next_at: datetime | None = None
    why = "" if kind in ("accepted", "unwritten") else _why(kind, reply)
    if kind == "unwritten":
        state = "queued"
    elif kind in TEMPORARY and now < done.deadline:
        state, next_at = "waiting", now + wait_after(done.tries, send)
    elif kind in TEMPORARY:
        why = f"{why}; tried until the deadline"
        state = "uncertain" if done.doubted else state
    elif kind == "uncertain" and done.may_retry:
        next_at = now + timedelta(seconds=send.uncertain_seconds)
    if done.doubted and state in ("queued", "waiting"):
        state, next_at, why = "uncertain", next_at or now, f"{DOUBTED}; {why}".removesuffix("; ")
    return Settled(
        row_id=done.row_id,
        attempt=done.attempt,
        relay=done.relay,
        worker=done.worker,
        state=state,
        why=why[:200],
        next_at=next_at,
        code=reply.code,
        status=reply.status,
        text=" ".join(reply.text.split())[:500],
        verdict=kind,
    )


DOUBTED = "the reader possibly has it, and it is tried again"
WORDS: dict[str, str] = {
    "accepted": "the relay took it",
    "gone": "the mailbox does not exist",
    "full": "the mailbox is full",
    "later": "the receiver asks to try later",
    "policy": "the receiver does not want this message from us",
    "authentication": "the relay refuses our login",
    "size": "the message is too large for the receiver",
    "protocol": "the relay did not understand us",
    "refused": "the receiver refuses it",
    "uncertain": "no answer after the message was written; the reader possibly has it",
    "unwritten": "the connection ended before anything was written",
}


def _why(kind: Kind, reply: Reply) -> str:
    return f"{WORDS[kind]}: {reply.shown}" if reply.code else WORDS[kind] + (f" ({reply.text})" if reply.text else "")
