"""A part of an edition becomes functions that write it for one reader."""

from collections.abc import Callable
from typing import Any

from mailer.compose.fit import MODES
from mailer.compose.late import Frame, Run, closure, counters
from mailer.compose.quoted import chunk, value_chunk
from mailer.compose.spots import Part
from mailer.errors import Broken

Put = Callable[[bytes], None]
Step = Callable[[Frame, Put], None]
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


def perform(todo: Steps, frame: Frame, put: Put) -> None:
    """Write the steps for one reader."""
    for step in todo:
        if isinstance(step, bytes):
            put(step)
        else:
            step(frame, put)


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
    def write(frame: Frame, put: Put) -> None:
        text = fit(value(frame))
        if text:
            put(value_chunk(text))

    return write


def _branch(test: Run, yes: Steps, no: Steps) -> Step:
    def write(frame: Frame, put: Put) -> None:
        perform(yes if test(frame) else no, frame, put)

    return write


def _choice(cases: list[tuple[Run, Steps]], rest: Steps) -> Step:
    def write(frame: Frame, put: Put) -> None:
        kept = [body for test, body in cases if test(frame)]
        for position, body in enumerate(kept):
            perform(body, {**frame, **counters(position, len(kept))}, put)
        if not kept:
            perform(rest, frame, put)

    return write


def _loop(name: str, items: Run, test: Run, body: Steps, rest: Steps) -> Step:
    def write(frame: Frame, put: Put) -> None:
        kept = [item for item in items(frame) if test({**frame, name: item})]
        for position, item in enumerate(kept):
            perform(body, {**frame, name: item, **counters(position, len(kept))}, put)
        if not kept:
            perform(rest, frame, put)

    return write
