"""Parse, normalise, compare and mask addresses."""

import re
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from mailer.errors import BadInput

# A dot-atom in ASCII (RFC 5322 section 3.2.3), which nearly every local part is.
PLAIN_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# The most a local part and a whole path may have (RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.3).
MOST_LOCAL, MOST = 64, 254


@dataclass(frozen=True)
class Address:
    """One mailbox: ``spelled`` goes into RCPT TO, ``key`` decides whether two are the same person."""

    spelled: str
    key: str
    domain: str

    @property
    def needs_smtputf8(self) -> bool:
        """Say whether the local part has letters only SMTPUTF8 can carry (RFC 6531 section 3.2)."""
        return not self.spelled.isascii()


def parse(text: str, *, place: str = "address") -> Address:
    """Return the one address in ``text``, its domain as a lower-case A-label (RFC 5890); BadInput if none.

    The local part keeps its spelling (RFC 5321 section 2.4); the key ignores case everywhere, because
    no mailbox provider in use tells ``Ann@`` from ``ann@`` and two letters to one person are worse.
    Names below ``.test`` are allowed: they are for rehearsals on a closed network (RFC 6761 section 6.2).
    """
    bare = text.strip()
    if not bare:
        raise BadInput("the address is empty", place=place, cure="write it like name@example.org")
    local, _, name = bare.rpartition("@")
    if (
        len(local) <= MOST_LOCAL
        and len(bare) <= MOST
        and PLAIN_LOCAL.fullmatch(local)
        and (known := _plain_domain(name))
    ):
        return Address(spelled=f"{local}@{known}", key=f"{local}@{known}".casefold(), domain=known)
    try:
        found = validate_email(bare, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError as error:
        shown = bare if len(bare) <= 80 else bare[:77] + "…"
        raise BadInput(
            f"{_printable(shown)!r} is not an address ({_first_sentence(error)})",
            place=place,
            cure="write it like name@example.org",
        ) from None
    domain = (found.ascii_domain or found.domain).lower()
    spelled = f"{found.local_part}@{domain}"
    return Address(spelled=spelled, key=spelled.casefold(), domain=domain)


@lru_cache(maxsize=4096)
def _plain_domain(name: str) -> str:
    """Return the domain as an A-label if it is one, else ""; most readers share a few, so each is judged once."""
    try:
        found = validate_email(f"x@{name}", check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError:
        return ""
    return (found.ascii_domain or found.domain).lower()


def mask(address: str) -> str:
    """Return ``a…z@example.org``: enough for the owner to know it, too little for a stranger.

    What is no address is not shown at all: it may be one with a typing error.
    """
    local, _, domain = address.rpartition("@")
    if not local or not domain:
        return "…"
    if len(local) < 3:
        return f"…@{domain}"
    return f"{local[0]}…{local[-1]}@{domain}"


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _first_sentence(error: EmailNotValidError) -> str:
    return _printable(str(error).split(". ")[0].rstrip("."))
