"""Keys to sign with, and the oracle: dkimpy, with the records of those keys as its DNS."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import dkim as oracle

from mailer.config import Config
from mailer.send import dkim, dkim_keys
from mailer.send.dkim_keys import Key

DOMAIN = "water.example"


def configured(folder: Path, **section: object) -> Config:
    """Return a configuration with keys below ``folder`` that signs the mail of DOMAIN."""
    return Config.model_validate(
        {"keys": {"folder": folder}, "dkim": {DOMAIN: {"selector": "m1", **section}}},
    )


def with_keys(folder: Path, **section: object) -> Config:
    """Make an RSA key m1 and an Ed25519 key e1 for DOMAIN, and return a configuration that signs with both."""
    config = configured(folder, **{"ed25519_selector": "e1", **section})
    dkim_keys.make(config, DOMAIN, "m1", "rsa")
    dkim_keys.make(config, DOMAIN, "e1", "ed25519")
    return config


def keys_of(config: Config) -> tuple[Key, ...]:
    """Return the keys that sign for DOMAIN."""
    return dkim_keys.of_domain(config.keys.folder, DOMAIN, config.dkim[DOMAIN])


def verified(message: bytes, keys: Sequence[Key]) -> list[bool]:
    """Return for each signature of a message, from the top, whether dkimpy finds it right."""
    records = {f"{key.name}.".encode(): "".join(key.strings).encode() for key in keys}
    count = sum(1 for name, _ in oracle.rfc822_parse(message)[0] if name.lower() == b"dkim-signature")
    found = []
    for index in range(count):
        with warnings.catch_warnings():
            # It still calls what newer Pythons advise against.
            warnings.simplefilter("ignore")
            verifier = oracle.DKIM(message, minkey=2048)
            try:
                found.append(bool(verifier.verify(idx=index, dnsfunc=lambda name, timeout=5: records.get(name, b""))))
            except oracle.DKIMException:
                found.append(False)
    return found


def signer(config: Config) -> dkim.Signers:
    """Return what signs the mail of a configuration."""
    return dkim.signers(config)
