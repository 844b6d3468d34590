"""A part of an edition becomes functions that write it for one reader."""

from collections.abc import Callable
from typing import Any

from mailer.compose.fit import MODES
from mailer.compose.late import Frame, Run, closure, counters
from mailer.compose.quoted import chunk, value_chunk
from mailer.compose.spots import Part
from mailer.errors import Broken

Step = Callable[[Frame], bytes]
Steps = list[bytes | Step]


def wired(part: Part) -> Part:
    """Return the part with its texts in wire form; every spot and block border begins a line (RFC 2045)."""
    done: Part = []
    for node in part:
        match node:
            case str():
                done.append(chunk(node))
            case ["spot", mode, expr]:
                done.append(["spot", mode, expr])
            case ["if", test, yes, no]:
                done.append(["if", test, wired(yes), wired(no)])
            case ["pick", cases, rest]:
                done.append(["pick", [[test, wired(body)] for test, body in cases], wired(rest)])
            case ["for", name, items, test, body, rest]:
                done.append(["for", name, items, test, wired(body), wired(rest)])
            case _:
                raise Broken(f"not a node of a part: {node!r:.80}")
    return done


def steps(part: Part) -> Steps:
    """Return what writes a wired part: bytes as they are, functions for what depends on the reader."""
    done: Steps = []
    for node in part:
        step = _step(node)
        if isinstance(step, bytes) and done and isinstance(done[-1], bytes):
            done[-1] += step
        else:
            done.append(step)
    return done


def perform(todo: Steps, frame: Frame) -> bytes:
    """Return what the steps write for one reader."""
    return b"".join([step if step.__class__ is bytes else step(frame) for step in todo])  # type: ignore[operator]


def _step(node: Any) -> bytes | Step:
    match node:
        case str() if node.isascii():
            return node.encode("ascii")
        case ["spot", mode, expr] if mode in MODES:
            return _spot(MODES[mode], closure(expr))
        case ["if", test, yes, no]:
            return _branch(closure(test), steps(yes), steps(no))
        case ["pick", cases, rest]:
            return _choice([(closure(test), steps(body)) for test, body in cases], steps(rest))
        case ["for", str(name), items, test, body, rest]:
            return _loop(name, closure(items), closure(test), steps(body), steps(rest))
        case _:
            raise Broken(f"not a node of a part: {node!r:.80}")


def _spot(fit: Callable[[Any], str], value: Run) -> Step:
    def write(frame: Frame) -> bytes:
        text = fit(value(frame))
        return value_chunk(text) if text else b""

    return write


def _branch(test: Run, yes: Steps, no: Steps) -> Step:
    def write(frame: Frame) -> bytes:
        return perform(yes if test(frame) else no, frame)

    return write


def _choice(cases: list[tuple[Run, Steps]], rest: Steps) -> Step:
    def write(frame: Frame) -> bytes:
        kept = [body for test, body in cases if test(frame)]
        if not kept:
            return perform(rest, frame)
        length = len(kept)
        return b"".join(perform(body, {**frame, **counters(position, length)}) for position, body in enumerate(kept))

    return write


def _loop(name: str, items: Run, test: Run, body: Steps, rest: Steps) -> Step:
    def write(frame: Frame) -> bytes:
        kept = [item for item in items(frame) if test({**frame, name: item})]
        if not kept:
            return perform(rest, frame)
        length = len(kept)
        return b"".join(
            perform(body, {**frame, name: item, **counters(position, length)}) for position, item in enumerate(kept)
        )

    return write
