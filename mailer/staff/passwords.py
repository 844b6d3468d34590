"""Passwords: what is refused, how they are kept (Argon2id, RFC 9106), how they are checked.

Hashing takes a twentieth of a second and 64 MB: doors do it in a thread, never inside a transaction.
"""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mailer.errors import BadInput

SHORTEST = 12
LONGEST = 200
# Words that the commonest long passwords are made of, once digits and signs around them are taken away.
_TRIED_FIRST = """
    password passwords passwort passw0rd p@ssword p@ssw0rd motdepasse contrasena changeme changemenow mypassword
    letmein letmeinnow letmeinplease welcome welcomehome willkommen administrator administrateur admin root
    newsletter newsletters mailer mailinglist subscribers qwerty qwertz azerty qwertyuiop qwertzuiop azertyuiop
    asdfghjkl zxcvbnm qwertyuiopasdfghjkl qazwsxedc qazwsxedcrfv iloveyou iloveyousomuch sunshine princess
    football baseball superman batman dragon monkey master trustno correcthorsebatterystaple ihavenopassword
    thisismypassword secretpassword supersecret secret geheim default test testing abcdef abcdefgh abcdefghijkl
    abcdefghijklm abcdefghijklmnopqrstuvwxyz
"""
COMMON = frozenset(_TRIED_FIRST.split())
_ROWS = ("01234567890123456789", "98765432109876543210")
_hasher = PasswordHasher()
# Nothing fits it. Checked for people we do not know, so that the answer takes as long as for those we do.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$b0PjJqucCJ42FgNAvI7MeQ$ozxWXpxizNS9UlcjAikmuyN7BCSCMpErLRjF/YtWLSw"


def hashed(password: str, *, name: str = "", address: str = "") -> str:
    """Return what is kept of a password; BadInput if it is short, common, or the person's own name or address."""
    plain = unicodedata.normalize("NFKC", password)
    if len(plain) < SHORTEST:
        raise _refused(f"has {len(plain)} letters", f"use at least {SHORTEST}; a few unrelated words do well")
    if len(plain) > LONGEST:
        raise _refused(f"is longer than {LONGEST} letters", "use a shorter one")
    if _is_common(plain):
        raise _refused("is one of those tried first", "use a few unrelated words")
    if _is_own(plain, name, address):
        raise _refused("is your own name or address", "use a few unrelated words")
    return _hasher.hash(plain)


def fits(password_hash: str, password: str) -> bool:
    """Say whether this is the password; a hash that cannot be read fits none."""
    try:
        return _hasher.verify(password_hash, unicodedata.normalize("NFKC", password[: 4 * LONGEST]))
    except (VerificationError, InvalidHashError):
        return False


def _is_common(plain: str) -> bool:
    small = plain.casefold()
    word = "".join(letter for letter in small if letter.isalpha() or letter in "@0").strip("@0")
    few = len(set(small)) < 5 or any(small in row for row in _ROWS)
    return few or _unit(word) in COMMON or _unit(small).strip("0123456789") == ""


def _unit(text: str) -> str:
    """Return what a text repeats: ``abc`` of ``abcabc``, else the whole."""
    sizes = (size for size in range(1, len(text) // 2 + 1) if text == text[:size] * (len(text) // size))
    return text[: next(sizes, len(text))]


def _is_own(plain: str, name: str, address: str) -> bool:
    left = whole = _letters(plain)
    local, _, domain = address.partition("@")
    own = {_letters(text) for text in (name, address, local, domain, *name.split(), *domain.split("."))}
    for word in sorted(own, key=len, reverse=True):
        left = left.replace(word, "") if len(word) >= 3 else left
    # Three letters more do not make it anybody else's.
    return left != whole and len(left) < 4


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalpha())


def _refused(problem: str, cure: str) -> BadInput:
    return BadInput(problem, place="password", cure=cure)
