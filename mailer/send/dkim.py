"""DKIM (RFC 6376, RFC 8463): the finished bytes of a message are signed; the same message always the same."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from mailer.config import Config
from mailer.config_dkim import Dkim
from mailer.send.dkim_keys import Key, Private, of_domain

# Signed once more than they occur: nobody can add another one (RFC 6376 section 8.15).
GUARDED = (
    *("From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
    *("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"),
)
# Signed where they occur (RFC 6376 section 5.4.1, RFC 8058 section 4); every other List- field too.
SIGNED = ("Feedback-ID", "Auto-Submitted", "Precedence", "BIMI-Selector")
DAY = 86400
LINE = 76
_FIELDS = re.compile(rb"\r\n(?![ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_PADDING, _SHA256 = PKCS1v15(), SHA256()

# Name in small letters → the values of its fields from top to bottom, relaxed.
Head = Mapping[str, list[bytes]]


@dataclass(frozen=True)
class Seal:
    """One signature a domain makes: how, with which key, under which selector."""

    algorithm: str
    selector: str
    private: Private

    @classmethod
    def of(cls, key: Key) -> "Seal":
        """Return the signature that is made with a key."""
        return cls(f"{key.kind}-sha256", key.selector, key.private)

    def sign(self, data: bytes) -> bytes:
        """Return the signature of the canonical fields; no chance is in it (RFC 8017 section 8.2, RFC 8032)."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(data, _PADDING, _SHA256)
        # RFC 8463 section 3: Ed25519 signs the hash.
        return self.private.sign(hashlib.sha256(data).digest())


@dataclass(frozen=True)
class Signer:
    """Signs what one domain writes."""

    domain: str
    seals: tuple[Seal, ...]
    relaxed_body: bool = False
    expire_days: int = 0

    def fields(self, head: Head, message: bytes, start: int, moment: int) -> bytes:
        """Return the DKIM-Signature fields for a message whose body begins at ``start``."""
        digest = body_hash(message, start, relaxed=self.relaxed_body)
        names = signed_names(tuple(sorted((name, len(values)) for name, values in head.items())))
        data = canonical(head, names)
        return b"".join(self._field(seal, names, digest, data, moment) for seal in self.seals)

    def _field(self, seal: Seal, names: tuple[str, ...], digest: bytes, data: bytes, moment: int) -> bytes:
        body = "relaxed" if self.relaxed_body else "simple"
        until = f" x={moment + self.expire_days * DAY};" if self.expire_days else ""
        value = (
            f"v=1; a={seal.algorithm}; c=relaxed/{body};\r\n"
            f" d={self.domain};\r\n s={seal.selector}; t={moment};{until}\r\n"
            f"{_folded_names(names)};\r\n bh={base64.b64encode(digest).decode()};\r\n b="
        ).encode("ascii")
        signature = seal.sign(data + b"dkim-signature:" + b" ".join(value.split()))
        return b"DKIM-Signature: " + value + _folded(base64.b64encode(signature)) + b"\r\n"


class Signers:
    """The signers of every domain that has a key."""

    def __init__(self, signers: Iterable[Signer]) -> None:
        self._by_domain = {signer.domain: signer for signer in signers}

    def sign(self, message: bytes, date: datetime) -> bytes:
        """Return the message with the signatures of its From domain above it; as it is if that has no key.

        ``date`` is the delivery's and stays the same on every try, and so do the bytes.
        """
        if not self._by_domain:
            return message
        end = message.index(b"\r\n\r\n") + 2
        head = read_head(message[:end])
        signer = self._by_domain.get(_from_domain(head))
        return signer.fields(head, message, end + 2, int(date.timestamp())) + message if signer else message


def signers(config: Config) -> Signers:
    """Return what signs the mail of this configuration, each key loaded once a process; ConfigError as of_domain."""
    return _loaded(tuple(sorted(config.dkim.items())), config.keys.folder)


@lru_cache(maxsize=8)
def _loaded(sections: tuple[tuple[str, Dkim], ...], keys_folder: Path) -> Signers:
    return Signers(
        Signer(
            domain=domain,
            seals=tuple(Seal.of(key) for key in of_domain(keys_folder, domain, section)),
            relaxed_body=section.canonicalization.endswith("/relaxed"),
            expire_days=section.expire_days,
        )
        for domain, section in sections
    )


def read_head(head: bytes) -> Head:
    """Return the fields of a header in relaxed form (RFC 6376 section 3.4.2)."""
    found: dict[str, list[bytes]] = {}
    for field in _FIELDS.split(head.removesuffix(b"\r\n")):
        name, _, value = field.partition(b":")
        found.setdefault(name.strip().lower().decode("ascii", "replace"), []).append(b" ".join(value.split()))
    return found


def body_hash(message: bytes, start: int, *, relaxed: bool) -> bytes:
    """Return the SHA-256 of the body from ``start`` on; one of ours is hashed where it lies.

    Canonical are the empty lines at its end, and in relaxed form the blanks (RFC 6376 sections 3.4.3, 3.4.4).
    """
    # Our quoted-printable leaves no blank at the end of a line, but it may have two in a row.
    if relaxed and (b"  " in message or b"\t" in message or b" \r\n" in message):
        message, start = _BLANKS.sub(b" ", message[start:]).replace(b" \r\n", b"\r\n").rstrip(b" "), 0
    end = len(message)
    while message.endswith(b"\r\n\r\n", start, end):
        end -= 2
    if end - start == 2 and message.endswith(b"\r\n", start, end):
        end = start
    digest = hashlib.sha256(memoryview(message)[start:end])
    if not message.endswith(b"\r\n", start, end) and not (relaxed and start == end):
        digest.update(b"\r\n")
    return digest.digest()


@lru_cache(maxsize=256)
def signed_names(present: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """Return the names for h=, each as often as it is signed, for a header with so many fields of each name."""
    counts = dict(present)
    known = {name.lower() for name in (*GUARDED, *SIGNED)}
    lists = [name.title() for name in counts if name.startswith("list-") and name not in known]
    names = [name for name in GUARDED for _ in range(counts.get(name.lower(), 0) + 1)]
    return (*names, *(name for name in (*SIGNED, *lists) for _ in range(counts.get(name.lower(), 0))))


def canonical(head: Head, names: tuple[str, ...]) -> bytes:
    """Return the signed fields one after the other; of several the last comes first (RFC 6376 section 5.4.2)."""
    lines, taken = [], dict.fromkeys(head, 0)
    for name in names:
        key = name.lower()
        values = head.get(key, [])
        at = taken.get(key, 0)
        if at < len(values):
            lines.append(b"%s:%s\r\n" % (key.encode("ascii"), values[-1 - at]))
            taken[key] = at + 1
    return b"".join(lines)


def _from_domain(head: Head) -> str:
    """Return the domain of the one address in From (RFC 5322 section 3.6.2)."""
    value = head.get("from", [b""])[0]
    return value.rpartition(b"@")[2].rstrip(b"> ").lower().decode("ascii", "replace")


@lru_cache(maxsize=256)
def _folded_names(names: tuple[str, ...]) -> str:
    lines = [" h="]
    for at, name in enumerate(names):
        piece = name if at == len(names) - 1 else f"{name}:"
        if len(lines[-1]) + len(piece) > LINE:
            lines.append(" ")
        lines[-1] += piece
    return "\r\n".join(lines)


def _folded(text: bytes) -> bytes:
    # The first line has " b=" before it.
    first = LINE - 3
    rest = [text[start : start + LINE - 1] for start in range(first, len(text), LINE - 1)]
    return b"\r\n ".join([text[:first], *rest])
