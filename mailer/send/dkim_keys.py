"""The keys that sign mail: made, kept in files only we can read, loaded, and as the DNS publishes them."""

import base64
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from mailer.config import Config
from mailer.config_dkim import FOLDER, Dkim, key_path
from mailer.errors import ConfigError, Refused

Kind = Literal["rsa", "ed25519"]
Private = RSAPrivateKey | Ed25519PrivateKey
# RFC 8301 section 3.2 asks for 1024 at least, the large receivers for 2048; a longer one hardly fits into the DNS.
BITS, LEAST_BITS = 2048, 2048
# The most one string of a TXT record holds (RFC 1035 section 3.3.14).
STRING = 255
SHOWN: dict[Kind, str] = {"rsa": "RSA", "ed25519": "Ed25519"}


@dataclass(frozen=True)
class Key:
    """One key of a domain, under its selector."""

    domain: str
    selector: str
    kind: Kind
    file: Path
    private: Private

    @property
    def name(self) -> str:
        """Return the name in the DNS at which receivers look for it (RFC 6376 section 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """Return what stands there (RFC 6376 section 3.6.1, RFC 8463 section 4.2)."""
        public = self.private.public_key()
        if self.kind == "rsa":
            data = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            data = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k={self.kind}; p={base64.b64encode(data).decode()}"

    @property
    def strings(self) -> tuple[str, ...]:
        """Return the record in the pieces a TXT record is made of."""
        return tuple(self.record[start : start + STRING] for start in range(0, len(self.record), STRING))


def make(config: Config, domain: str, selector: str, kind: Kind) -> Key:
    """Make a key and its file (0600, in folders of 0700); Refused if there is such a file."""
    file = key_path(config.keys.folder, domain, selector)
    private: Private = generate_private_key(65537, BITS) if kind == "rsa" else Ed25519PrivateKey.generate()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for folder in (config.keys.folder, config.keys.folder / FOLDER, file.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused("there is such a key already", place=str(file), cure="name another with --selector") from None
    with os.fdopen(descriptor, "wb") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    return Key(domain, selector, kind, file, private)


def of_domain(keys_folder: Path, domain: str, section: Dkim) -> tuple[Key, ...]:
    """Return the keys that sign for a domain, RSA first; ConfigError if one cannot be used."""
    found = []
    for kind, selector, file, where in _named(keys_folder, domain, section):
        place = f'dkim."{domain}".{where}'
        private = read(file, place, f"run `mailer dkim new {domain} --selector {selector}`, or correct the path")
        if not isinstance(private, RSAPrivateKey if kind == "rsa" else Ed25519PrivateKey):
            raise ConfigError(f"{file} holds no {SHOWN[kind]} key", place=place, cure=f"name one of {SHOWN[kind]}")
        found.append(Key(domain, selector, kind, file, private))
    return tuple(found)


def kept(config: Config, domain: str) -> Iterator[Key]:
    """Yield the keys in the folder of a domain, also those that do not sign (any more)."""
    for file in sorted((config.keys.folder / FOLDER / domain).glob("*.pem")):
        private = read(file, str(file), "move it away, or put it back from a backup")
        kind: Kind = "rsa" if isinstance(private, RSAPrivateKey) else "ed25519"
        yield Key(domain, file.stem, kind, file, private)


def mistakes(config: Config) -> Iterator[ConfigError]:
    """Yield what is wrong with the keys that are configured, a line for each domain."""
    for domain, section in config.dkim.items():
        try:
            of_domain(config.keys.folder, domain, section)
        except ConfigError as error:
            yield error


def elsewhere(config: Config) -> list[Path]:
    """Return the files of configured keys that do not lie in the folder of the keys."""
    folder = (config.keys.folder / FOLDER).resolve()
    named = [each for domain, section in config.dkim.items() for each in _named(config.keys.folder, domain, section)]
    files = [file for _, _, file, _ in named]
    return [file for file in files if folder not in file.resolve().parents]


def read(file: Path, place: str, cure: str) -> Private:
    """Return the private key in a PEM file; ConfigError if there is none that we may use."""
    try:
        if file.stat().st_mode & 0o077:
            raise ConfigError(f"others can read {file}", place=place, cure=f"run: chmod 600 {file}")
        data = file.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"there is no key {file}", place=place, cure=cure) from None
    except OSError as error:
        why = f"{file} cannot be read ({error.strerror})"
        raise ConfigError(why, place=place, cure="let the mailer read it") from None
    try:
        private = load_pem_private_key(data, password=None)
    except TypeError:
        raise ConfigError(f"{file} is locked by a password", place=place, cure="name a key without one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{file} holds no private key in PEM", place=place, cure=cure) from None
    if isinstance(private, RSAPrivateKey) and private.key_size < LEAST_BITS:
        raise ConfigError(
            f"{file} has {private.key_size} bits, receivers ask for {LEAST_BITS}", place=place, cure="make a new key"
        )
    if not isinstance(private, RSAPrivateKey | Ed25519PrivateKey):
        raise ConfigError(f"{file} holds a key of another kind", place=place, cure="name one of RSA or Ed25519")
    return private


def _named(keys_folder: Path, domain: str, section: Dkim) -> Iterator[tuple[Kind, str, Path, str]]:
    """Yield kind, selector, file and key of config.toml of everything that signs for a domain."""
    selectors: tuple[tuple[Kind, str, Path | None, str], ...] = (
        ("rsa", section.selector, section.key_file, "key_file"),
        ("ed25519", section.ed25519_selector, section.ed25519_key_file, "ed25519_key_file"),
    )
    for kind, selector, file, where in selectors:
        if selector:
            yield kind, selector, file or key_path(keys_folder, domain, selector), where
