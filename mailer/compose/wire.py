"""The frozen wire program: byte chunks, spots and blocks, stored as JSON, run as closures, never pickled."""

import hashlib
import json
import quopri
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mailer.compose import headers
from mailer.compose.fit import tidy
from mailer.compose.late import Frame
from mailer.compose.run import Steps, perform, steps
from mailer.errors import Broken

VERSION = 1
_KINDS = ("edition", "notice")
_KEYS = frozenset({"version", "kind", "head", "subject", "text", "html", "boundary", "reads", "requires"})

# What stands in the head where a field differs from letter to letter.
SUBJECT, TO, DATE, ID, UNSUBSCRIBE = "subject", "to", "date", "message-id", "list-unsubscribe"
_DIFFERENT = frozenset((SUBJECT, TO, DATE, ID, UNSUBSCRIBE))


@dataclass(frozen=True)
class Program:
    """An edition as it goes over the wire; equal programs have equal canonical bytes."""

    canonical: bytes

    @classmethod
    def of(cls, tree: Mapping[str, Any]) -> "Program":
        """Return the program of a JSON tree, checked by making its closures."""
        canonical = json.dumps(tree, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return cls.from_bytes(canonical.encode("ascii"))

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Program":
        """Return a stored program; Broken if it is not one this version can run."""
        program = cls(bytes(stored))
        tree = program.tree
        if tree.get("version") != VERSION or set(tree) != _KEYS or tree.get("kind") not in _KINDS:
            raise Broken("a stored edition is not a program of this version")
        program.body_steps  # noqa: B018 - makes the closures, which refuse what the grammar does not know
        program.subject_steps  # noqa: B018
        return program

    def to_bytes(self) -> bytes:
        """Return the program as canonical JSON, ASCII only."""
        return self.canonical

    @cached_property
    def hash(self) -> str:
        """Return the hex SHA-256 of the canonical bytes."""
        return hashlib.sha256(self.canonical).hexdigest()

    @cached_property
    def tree(self) -> dict[str, Any]:
        """Return the JSON tree; Broken if the bytes are damaged."""
        try:
            tree = json.loads(self.canonical)
        except ValueError:
            raise Broken("a stored edition is damaged") from None
        if not isinstance(tree, dict):
            raise Broken("a stored edition is damaged")
        return tree

    @property
    def kind(self) -> str:
        """Return "edition" or "notice"."""
        return str(self.tree["kind"])

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Return the keys the program looks up, as ``reader.city`` or ``links.manage``, sorted."""
        return tuple(self.tree["reads"])

    @cached_property
    def lookups(self) -> tuple[tuple[str, str, str], ...]:
        """Return (key, name, field) of everything the program reads."""
        return tuple((key, *key.split(".", 1)) for key in self.reads)  # type: ignore[misc]

    @cached_property
    def subject_steps(self) -> Steps:
        """Return what writes the subject, as quoted-printable lines."""
        return steps(self.tree["subject"])

    @cached_property
    def head(self) -> tuple[str, ...]:
        """Return the fields in order, each as it is or the name of one that differs from letter to letter."""
        merged: list[str] = []
        for item in self.tree["head"]:
            if merged and item not in _DIFFERENT and merged[-1] not in _DIFFERENT:
                merged[-1] += item
            else:
                merged.append(item)
        return tuple(merged)

    @cached_property
    def subject_field(self) -> str:
        """Return the Subject field if it is the same for everybody, else ""."""
        if not all(isinstance(step, bytes) for step in self.subject_steps):
            return ""
        return headers.text_field("Subject", decoded(self.subject_steps, {}))

    @cached_property
    def body_steps(self) -> Steps:
        """Return what writes everything after the header fields, the empty line before it included."""
        tree = self.tree
        if not tree["html"]:
            return steps([_PART_HEAD.format("plain"), *tree["text"]])
        boundary = tree["boundary"]
        return steps(
            [
                f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n--{boundary}\r\n',
                _PART_HEAD.format("plain"),
                *tree["text"],
                f"\r\n--{boundary}\r\n",
                _PART_HEAD.format("html"),
                *tree["html"],
                f"\r\n--{boundary}--\r\n",
            ]
        )

    def frame(self, reader: Mapping[str, Any], links: Mapping[str, Any]) -> Frame:
        """Return the values the program reads, each one tidy line; what is not given is empty."""
        sources = {"reader": reader, "links": links}
        return {key: tidy(sources[name].get(field, "")) for key, name, field in self.lookups}

    def subject(self, frame: Frame) -> str:
        """Return the subject for one reader, not yet encoded."""
        return decoded(self.subject_steps, frame)

    def text(self, frame: Frame) -> str:
        """Return the plain-text part for one reader, as a mail client decodes it."""
        return decoded(steps(self.tree["text"]), frame)

    def html(self, frame: Frame) -> str:
        """Return the HTML part for one reader, as a mail client decodes it; empty if there is none."""
        return decoded(steps(self.tree["html"]), frame)


def decoded(todo: Steps, frame: Frame) -> str:
    """Return what quoted-printable steps say to one reader."""
    return quopri.decodestring(perform(todo, frame)).decode("utf-8").replace("\r\n", "\n")


_PART_HEAD = "Content-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
