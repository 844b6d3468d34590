"""Signed links, and the two keys of the house that make and check them."""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mailer.errors import BadInput, ConfigError

TAG_BYTES = 16
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
RING_FILE = "signing.keys"
SUPPRESSION_FILE = "suppression.key"


@dataclass(frozen=True)
class Ring:
    """The signing keys by id; the highest id signs, every one verifies for ever."""

    keys: tuple[tuple[int, bytes], ...]

    def sign(self, purpose: str, *numbers: int) -> str:
        """Return an opaque URL-safe token that carries ``numbers`` (each >= 0) for this purpose only.

        The tag is keyed BLAKE2b over purpose and numbers, 128 bits (RFC 7693 section 2.9), and the numbers
        are masked with a stream made from the tag, so no row id can be read or counted. The same numbers
        always give the same token: a message stays the same bytes on every try.
        """
        key_id, key = self.keys[-1]
        plain = _pack(numbers)
        tag = _tag(key, purpose, plain)
        return _encode(bytes([key_id]) + tag + _mask(key, tag, plain))

    def read(self, purpose: str, token: str) -> tuple[int, ...]:
        """Return the numbers in ``token``; BadInput unless one of our keys signed it for this purpose."""
        raw = _decode(token)
        key = dict(self.keys).get(raw[0]) if len(raw) > TAG_BYTES else None
        if key is not None:
            tag = raw[1 : 1 + TAG_BYTES]
            plain = _mask(key, tag, raw[1 + TAG_BYTES :])
            if hmac.compare_digest(tag, _tag(key, purpose, plain)):
                return _unpack(plain)
        raise BadInput("this link is incomplete or was changed", cure="open it again from the mail")


@dataclass(frozen=True)
class Keys:
    """The signing ring, and the suppression key that is never rotated."""

    ring: Ring
    suppression: bytes

    def address_hash(self, address_key: str) -> str:
        """Return the keyed hash by which a suppressed or erased address is known (hex, 128 bits)."""
        return _mac(self.suppression, b"address\0" + address_key.encode(), 16).hex()

    def opaque(self, purpose: str, *numbers: int) -> str:
        """Return a name for ``numbers`` that survives key rotation and tells nothing (32 hex digits)."""
        return _mac(self.suppression, purpose.encode() + b"\0" + _pack(numbers), 16).hex()

    def fingerprints(self) -> dict[str, str]:
        """Return name → SHA-256 fingerprint of every key, for the store to remember."""
        names = {f"signing {key_id}": key for key_id, key in self.ring.keys}
        names["suppression"] = self.suppression
        return {name: hashlib.sha256(b"fingerprint\0" + key).hexdigest()[:32] for name, key in names.items()}


def new_keys() -> Keys:
    """Return fresh keys from the operating system's random source."""
    return Keys(Ring(((1, secrets.token_bytes(32)),)), secrets.token_bytes(32))


def write_keys(folder: Path, keys: Keys) -> None:
    """Write both key files with mode 0600 into ``folder`` (0700); existing files are never replaced.

    Both appear at once where that is possible: one key without the other is worth nothing.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".mailer-keys-", dir=folder.parent) as scratch:
            made = Path(scratch) / "keys"
            _write_both(made, keys)
            # Takes the place of nothing or of an empty folder only.
            made.rename(folder)
            _sync(folder.parent)
    except OSError:
        # A folder that was mounted, or has something else in it, or whose parent belongs to somebody else.
        _write_both(folder, keys)


def _write_both(folder: Path, keys: Keys) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    _write_secret(folder / RING_FILE, "".join(f"{key_id} {key.hex()}\n" for key_id, key in keys.ring.keys))
    try:
        _write_secret(folder / SUPPRESSION_FILE, keys.suppression.hex() + "\n")
    except OSError:
        (folder / RING_FILE).unlink()
        raise
    _sync(folder)


def read_keys(folder: Path) -> Keys | None:
    """Return the keys in ``folder``, None if there are none; ConfigError if damaged or readable by others."""
    ring_file, suppression_file = folder / RING_FILE, folder / SUPPRESSION_FILE
    try:
        if not ring_file.exists() and not suppression_file.exists():
            return None
        rows = [line.split() for line in _read_secret(ring_file).splitlines() if line.strip()]
        ring = Ring(tuple(sorted((int(key_id), bytes.fromhex(key)) for key_id, key in rows)))
        suppression = bytes.fromhex(_read_secret(suppression_file).strip())
        ids = {key_id for key_id, _ in ring.keys}
        # An id is one byte of every token.
        if len(ids) < len(ring.keys) or not ids <= set(range(1, 256)):
            raise ValueError("two keys of one id, or an id that fits no token")
    except OSError as error:
        cure = "the account that runs the mailer must own it"
        problem = f"the folder of the keys cannot be read ({error.strerror})"
        raise ConfigError(problem, place=str(folder), cure=cure) from None
    except ValueError:
        raise ConfigError("a key file is damaged", place=str(folder), cure="restore it from a backup") from None
    sizes = {len(suppression), *(len(key) for _, key in ring.keys)}
    if not ring.keys or sizes != {32}:
        raise ConfigError("a key has the wrong length", place=str(folder), cure="restore it from a backup")
    return Keys(ring, suppression)


def _write_secret(path: Path, text: str) -> None:
    # O_EXCL: two processes that start at once must not each believe in their own key.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """See the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_secret(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError("others can read this key", place=str(path), cure=f"run: chmod 600 {path}")
        return path.read_text()
    except FileNotFoundError:
        raise ConfigError("this key is missing", place=str(path), cure="restore it from a backup") from None
    except OSError as error:
        cure = "the account that runs the mailer must own it"
        raise ConfigError(f"this key cannot be read ({error.strerror})", place=str(path), cure=cure) from None


def _mac(key: bytes, data: bytes, size: int) -> bytes:
    """Return the keyed BLAKE2b of the data: as good as an HMAC, and several are made for every message."""
    return hashlib.blake2b(data, key=key, digest_size=size).digest()


def _tag(key: bytes, purpose: str, plain: bytes) -> bytes:
    return _mac(key, b"link\0" + purpose.encode() + b"\0" + plain, TAG_BYTES)


def _mask(key: bytes, tag: bytes, data: bytes) -> bytes:
    size = len(data)
    stream = b""
    while len(stream) < size:
        stream += _mac(key, b"mask\0" + tag + bytes([len(stream) // 64]), 64)
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream[:size], "big")).to_bytes(size, "big")


def _pack(numbers: tuple[int, ...]) -> bytes:
    out = bytearray()
    for number in numbers:
        while number > 127:
            out.append(number & 127 | 128)
            number >>= 7
        out.append(number)
    return bytes(out)


def _unpack(data: bytes) -> tuple[int, ...]:
    numbers, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(value)
            value, shift = 0, 0
    return tuple(numbers)


def _encode(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).rstrip(b"=").translate(_URL_SAFE).decode()


def _decode(token: str) -> bytes:
    # A canonical token only: the last letter's spare bits must be zero, or one token had several spellings.
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)) if len(token) <= 200 else b""
    except (binascii.Error, ValueError):
        return b""
    return raw if _encode(raw) == token else b""
