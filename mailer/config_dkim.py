"""The tables [dkim."DOMAIN"] of config.toml: which keys sign the mail of a domain, and where they lie."""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from mailer.config_sections import Section

FOLDER = "dkim"
# Labels of the DNS in small ASCII letters; what is not ASCII is written in its xn-- form (RFC 8616 section 4).
LABELS = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
# Temporary refusals are retried for up to ten days, with the signature of the first try.
SHORTEST_DAYS, LONGEST_DAYS = 14, 365


def key_path(keys_folder: Path, domain: str, selector: str) -> Path:
    """Return where the key of a selector lies when no other place is named."""
    return keys_folder / FOLDER / domain / f"{selector}.pem"


class Dkim(Section):
    """The signature (DKIM) in all mail from one domain; without it the relay signs, or nobody."""

    selector: str = Field(
        "",
        description="Name of the RSA key that signs: its public half stands in the DNS at SELECTOR._domainkey.DOMAIN.",
    )
    key_file: Path | None = Field(
        None,
        description="That key, if it does not lie where `mailer dkim new` puts it: dkim/DOMAIN/SELECTOR.pem in the folder of the keys.",
    )
    ed25519_selector: str = Field(
        "",
        description="Name of an Ed25519 key for a second signature (RFC 8463), which some receivers know; empty makes none.",
    )
    ed25519_key_file: Path | None = Field(None, description="That key, if it lies somewhere else.")
    canonicalization: Literal["relaxed/simple", "relaxed/relaxed"] = Field(
        "relaxed/simple",
        description="What may change on the way: folds in the header, with the second form blanks in the text too, which costs time.",
    )
    expire_days: int = Field(
        0,
        description="Days after which a signature is worth nothing, counted from the first try: 14 to 365; 0 is never.",
    )

    @field_validator("selector", "ed25519_selector")
    @classmethod
    def _labels(cls, value: str) -> str:
        if value and not LABELS.fullmatch(value):
            raise ValueError("this cannot stand in the DNS; write small letters, digits and hyphens, like m2027")
        return value

    @field_validator("expire_days")
    @classmethod
    def _longer_than_retries(cls, value: int) -> int:
        if value and not SHORTEST_DAYS <= value <= LONGEST_DAYS:
            raise ValueError(f"this is too short or too long; write {SHORTEST_DAYS} to {LONGEST_DAYS}, or 0 for never")
        return value

    @model_validator(mode="after")
    def _names_its_keys(self) -> "Dkim":
        if not self.selector:
            raise ValueError("selector is missing; `mailer dkim new` makes a key and prints the lines to write here")
        if self.selector == self.ed25519_selector:
            raise ValueError("both keys have one selector; give the Ed25519 key another, each has a record of its own")
        if self.ed25519_key_file and not self.ed25519_selector:
            raise ValueError("ed25519_selector is missing; name the record that belongs to ed25519_key_file")
        return self
