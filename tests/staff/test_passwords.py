"""Passwords are long, not common, not one's own name; what is kept cannot be read back."""

import pytest
from argon2 import PasswordHasher

from mailer.errors import BadInput
from mailer.staff import passwords

GOOD = "copper kettle under the stairs"


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "letters"),
        ("copper kett", "11 letters"),
        ("x" * 13, "tried first"),
        ("x7" * 110, "longer"),
        ("password1234", "tried first"),
        ("Passw0rd2026!", "tried first"),
        ("password password", "tried first"),
        ("123456789012", "tried first"),
        ("210987654321", "tried first"),
        ("26272829 26272829".replace(" ", ""), "tried first"),
        ("qwertyuiop12", "tried first"),
        ("Correct Horse Battery Staple", "tried first"),
        ("newsletter2026", "tried first"),
        ("ann.weirwater", "own name"),
        ("annweir annweir", "own name"),
        ("1945-annabel-1945", "own name"),
        ("waterexample2026", "own name"),
    ],
)
def test_weak_ones_are_refused(password: str, why: str) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        passwords.hashed(password, name="Annabel Weir-Water", address="annweir@water.example")
    assert refused.value.place == "password"
    assert refused.value.cure
    assert password not in str(refused.value) or not password


def test_good_ones_are_kept_as_argon2id_and_fit() -> None:
    kept = passwords.hashed(GOOD, name="Ann", address="ann@water.example")
    assert kept.startswith("$argon2id$")
    assert GOOD not in kept
    assert kept != passwords.hashed(GOOD)
    assert passwords.fits(kept, GOOD)
    assert not passwords.fits(kept, GOOD + ".")
    assert not passwords.fits(kept, GOOD.title())


def test_one_spelling_of_a_letter_is_as_good_as_another() -> None:
    kept = passwords.hashed("Schlu\u0308ssel unter der Matte")
    assert passwords.fits(kept, "Schl\u00fcssel unter der Matte")


def test_nothing_fits_a_broken_hash_or_nobody() -> None:
    assert not passwords.fits("", GOOD)
    assert not passwords.fits("a hash", GOOD)
    assert not passwords.fits(passwords.NOBODY, GOOD)


def test_checking_nobody_takes_as_long_as_checking_somebody() -> None:
    assert not PasswordHasher().check_needs_rehash(passwords.NOBODY)
