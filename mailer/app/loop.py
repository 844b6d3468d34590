"""The event loop our processes run on."""

import asyncio
from collections.abc import Callable

import uvicorn


def fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the fastest event loop this machine has."""
    return uvicorn.Config("", log_config=None).get_loop_factory()
