"""Something in a module replaced for a moment, to bring a page into a state that takes days or a fault."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def swapped(module: str, name: str, value: Any) -> Iterator[None]:
    """Replace what a module calls ``name`` while the block runs."""
    there = importlib.import_module(module)
    before = getattr(there, name)
    setattr(there, name, value)
    try:
        yield
    finally:
        setattr(there, name, before)
