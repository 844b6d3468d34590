"""`mailer demo`: the story told on its stage, once, or with time to look around afterwards."""

import asyncio
import os
from collections.abc import Callable

import typer

from mailer.app.loop import fast_loop
from mailer.cli.demo.post_office import Closed, Unmet
from mailer.cli.demo.stage import Stage, stage
from mailer.cli.demo.story import Story

PREFIX = "MAILER_"


def show(port: int, *, once: bool, tell: Callable[[str], None]) -> dict[str, object] | None:
    """Run the demonstration and return what came of it, None if it was ended before.

    Raises Unmet where something did not happen as it must. With ``once`` it does not stay.
    """
    # Whatever is configured here belongs to a real installation: the town must never meet it.
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]

    async def main() -> dict[str, object] | None:
        async with stage(port) as on:
            result = await _tell_story(on, tell)
            if result is not None and not once:
                _invite(on, tell)
                await on.stop.wait()
            return result

    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        return runner.run(main())


async def _tell_story(on: Stage, tell: Callable[[str], None]) -> dict[str, object] | None:
    story = Story(on.app, on.pages, on.post_office, tell)
    telling = asyncio.create_task(asyncio.to_thread(story.run))
    stopped = asyncio.create_task(on.stop.wait())
    await asyncio.wait([telling, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not telling.done():
        on.post_office.close()
    try:
        return await telling
    except (Closed, Unmet):
        if not on.stop.is_set():
            raise
        # Asked to end, the pages close under the story.
        return None


def _invite(on: Stage, tell: Callable[[str], None]) -> None:
    tell("")
    tell(f"Everything held. Look around:\n  pages  {on.pages}\n  inbox  {on.inbox}\n  desk   {on.desk_link()}")
    tell("Ctrl-C ends it, and nothing of it stays.")


def quiet(_line: str) -> None:
    """Tell nobody."""


def aloud(line: str) -> None:
    """Tell it on standard output, line by line."""
    typer.echo(line)
