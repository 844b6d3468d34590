"""Many wishes become few transactions; each is answered when the transaction it went into is on the disk."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from starlette.exceptions import HTTPException

from mailer.errors import ConfigError

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")
# Runs a verb in a thread, in one transaction; House.write is one.
Write = Callable[..., Awaitable[Any]]
# So many in one transaction that it holds the store for some 20 ms on SQLite, and so many waiting that the last of
# them is still answered within about two seconds.
MOST, WAITING = 500, 2000
AGAIN_SECONDS = 5
# Where several came together more are likely to come: the transaction costs the same, and theirs would be the next.
GATHER_SECONDS = 0.02


class GroupCommit(Generic[Wish, Answer]):
    """Gathers wishes while a transaction is under way, and carries them together in the next one.

    ``together`` does many in one transaction and returns an answer for each, None where it has to be done
    alone; ``alone`` does one. If a transaction of many fails, each of them is done alone, so that one wish that
    cannot be granted costs the others nothing but time. Lives in one event loop: nothing here needs a lock.
    """

    def __init__(
        self,
        write: Write,
        together: Callable[[Any, Sequence[Wish]], Sequence[Answer | None]],
        alone: Callable[[Any, Wish], Answer],
        *,
        most: int = MOST,
        waiting: int = WAITING,
    ) -> None:
        self._write, self._together, self._alone = write, together, alone
        self._most, self._limit = most, waiting
        self._queue: deque[tuple[Wish, asyncio.Future[Answer]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._draining = False

    async def ask(self, wish: Wish) -> Answer:
        """Return the answer after it was committed; HTTPException 503 at once if too many wait already."""
        if len(self._queue) >= self._limit:
            raise HTTPException(503, "too many at once", {"Retry-After": str(AGAIN_SECONDS)})
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queue.append((wish, answer))
        if not self._draining:
            self._draining = True
            self._start(self._drain())
        # Who asked may go away: what they wished for is done, and the others of their transaction are answered.
        return await answer

    async def _drain(self) -> None:
        try:
            while self._queue:
                group = [self._queue.popleft() for _ in range(min(self._most, len(self._queue)))]
                await self._carry(group)
                if len(group) > 1 and len(self._queue) < self._most:
                    await asyncio.sleep(GATHER_SECONDS)
        finally:
            self._draining = False

    async def _carry(self, group: Sequence[tuple[Wish, "asyncio.Future[Answer]"]]) -> None:
        """Answer every one of the group, or leave it to tasks that do."""
        try:
            answers = await self._write(self._together, [wish for wish, _ in group])
        except (HTTPException, ConfigError) as error:
            # The store itself: trying each alone would only take longer.
            for _, waiting in group:
                _fail(waiting, error)
            return
        except Exception:
            answers = [None] * len(group)
        for (wish, waiting), answer in zip(group, answers, strict=True):
            if answer is None:
                self._start(self._carry_alone(wish, waiting))
            elif not waiting.done():
                waiting.set_result(answer)

    async def _carry_alone(self, wish: Wish, waiting: "asyncio.Future[Answer]") -> None:
        try:
            answer = await self._write(self._alone, wish)
        except Exception as error:
            _fail(waiting, error)
        else:
            if not waiting.done():
                waiting.set_result(answer)

    def _start(self, work: Any) -> None:
        # The loop itself keeps only a weak hold on its tasks.
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _fail(waiting: "asyncio.Future[Any]", error: Exception) -> None:
    if not waiting.done():
        waiting.set_exception(error)
