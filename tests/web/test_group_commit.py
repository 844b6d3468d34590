"""Wishes that come together cross into the store together, each answered after its commit; too many are sent away."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from mailer.errors import ConfigError, Refused
from mailer.web.group_commit import GroupCommit


class Desk:
    """A store that writes down what it was asked, and commits when it is let."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.broken: Exception | None = None

    async def write(self, verb: Callable[..., Any], wish: Any) -> Any:
        await self.open.wait()
        if self.broken:
            raise self.broken
        return verb(self, wish)

    def together(self, _session: Any, wishes: Sequence[int]) -> list[int | None]:
        self.groups.append(list(wishes))
        if 13 in wishes:
            raise ValueError("one of them cannot be done")
        return [None if wish == 7 else wish * 2 for wish in wishes]

    def alone(self, _session: Any, wish: int) -> int:
        self.groups.append([wish])
        if wish == 13:
            raise Refused("not this one")
        return wish * 2


def run(story: Callable[[Desk], Any], **limits: int) -> tuple[Desk, Any]:
    async def told() -> tuple[Desk, Any]:
        desk = Desk()
        group = GroupCommit(desk.write, desk.together, desk.alone, **limits)
        desk.ask = group.ask  # type: ignore[attr-defined]
        return desk, await story(desk)

    return asyncio.run(told())


async def many(desk: Any, *wishes: int) -> list[Any]:
    return await asyncio.gather(*(desk.ask(wish) for wish in wishes), return_exceptions=True)


def test_what_comes_together_is_done_together_and_what_comes_meanwhile_next() -> None:
    async def story(desk: Any) -> list[Any]:
        desk.open.clear()
        first = asyncio.create_task(many(desk, 1, 2, 3))
        await asyncio.sleep(0)
        second = asyncio.create_task(many(desk, 4, 5, 6, 8))
        await asyncio.sleep(0)
        assert not first.done()
        desk.open.set()
        return [*await first, *await second]

    desk, answers = run(story, most=3)
    assert answers == [2, 4, 6, 8, 10, 12, 16]
    assert [sorted(group) for group in desk.groups] == [[1, 2, 3], [4, 5, 6], [8]]


def test_one_that_fails_takes_no_other_with_it_and_who_is_held_goes_alone() -> None:
    desk, answers = run(lambda desk: many(desk, 1, 13, 2))
    assert (answers[0], answers[2]) == (2, 4)
    assert isinstance(answers[1], Refused)
    assert sorted(map(tuple, desk.groups)) == [(1,), (1, 13, 2), (2,), (13,)]
    desk, answers = run(lambda desk: many(desk, 6, 7))
    assert (answers, desk.groups) == ([12, 14], [[6, 7], [7]])


@pytest.mark.parametrize("error", [HTTPException(503), ConfigError("the store is away")])
def test_a_store_that_is_away_is_told_to_all_at_once(error: Exception) -> None:
    async def story(desk: Any) -> list[Any]:
        desk.broken = error
        failed = await many(desk, 1, 2)
        desk.broken = None
        return [*failed, *await many(desk, 3)]

    desk, answers = run(story)
    assert answers == [error, error, 6]
    assert desk.groups == [[3]]


def test_beyond_the_limit_one_is_asked_to_come_again() -> None:
    desk, answers = run(lambda desk: many(desk, *range(20, 30)), most=2, waiting=4)
    assert answers[:4] == [40, 42, 44, 46]
    assert desk.groups == [[20, 21], [22, 23]]
    for one in answers[4:]:
        assert isinstance(one, HTTPException)
        assert (one.status_code, one.headers) == (503, {"Retry-After": "5"})


def test_who_goes_away_is_done_all_the_same() -> None:
    async def story(desk: Any) -> Any:
        desk.open.clear()
        gone = asyncio.create_task(desk.ask(1))
        stays = asyncio.create_task(desk.ask(2))
        await asyncio.sleep(0)
        gone.cancel()
        desk.open.set()
        return await stays

    desk, answer = run(story)
    assert (answer, desk.groups) == (4, [[1, 2]])
