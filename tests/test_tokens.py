"""Signed links: only what we signed, for what we signed it, for ever, and telling nothing."""

import base64
import itertools
import os
import random
import secrets
import stat
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import BadInput, ConfigError
from mailer.tokens import Keys, Ring, new_keys, read_keys, write_keys

PURPOSES = ("confirm", "not me", "leave", "choices", "form shown", "form shown again", "form waits", "proof of work")
LETTERS = string.ascii_letters + string.digits + "-_"
RING = Ring(((1, bytes(range(32))),))
NUMBERS = st.lists(st.integers(0, 2**63), max_size=5).map(tuple)


@given(NUMBERS, st.text(max_size=20))
def test_what_was_signed_is_read(numbers: tuple[int, ...], purpose: str) -> None:
    token = RING.sign(purpose, *numbers)
    assert RING.read(purpose, token) == numbers
    assert set(token) <= set(LETTERS)
    assert token == RING.sign(purpose, *numbers)


@pytest.mark.parametrize("numbers", [(7,), (7, 0), (2**40, 12345)])
def test_no_letter_can_be_changed(numbers: tuple[int, ...]) -> None:
    token = RING.sign("leave", *numbers)
    for place, letter in enumerate(token):
        for other in LETTERS:
            if other != letter:
                with pytest.raises(BadInput, match="incomplete or was changed"):
                    RING.read("leave", token[:place] + other + token[place + 1 :])


def test_nothing_can_be_cut_or_added() -> None:
    token = RING.sign("leave", 7, 3)
    for end in range(len(token)):
        with pytest.raises(BadInput):
            RING.read("leave", token[:end])
    for tail in (*LETTERS, "=", "==", " ", "\n", "A" * 300, "%3D", "é"):
        with pytest.raises(BadInput):
            RING.read("leave", token + tail)
        with pytest.raises(BadInput):
            RING.read("leave", tail + token)


@given(st.text(max_size=300))
def test_any_other_text_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        RING.read("leave", text)


@pytest.mark.parametrize("purpose", ["confirm", "Leave", "leave ", "", "leave\0"])
def test_another_purpose_is_refused(purpose: str) -> None:
    with pytest.raises(BadInput):
        RING.read(purpose, RING.sign("leave", 7))


def test_another_house_is_refused() -> None:
    with pytest.raises(BadInput):
        new_keys().ring.read("leave", RING.sign("leave", 7))


def forgeries(ring: Ring, dice: random.Random, purposes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield purpose and token for ever: what somebody with real links, and without the key, can make of them."""
    other = new_keys().ring
    while True:
        purpose, elsewhere = dice.sample(purposes, 2)
        numbers = tuple(dice.randrange(1 << dice.randrange(1, 40)) for _ in range(dice.randrange(1, 3)))
        good, second = ring.sign(purpose, *numbers), ring.sign(purpose, *numbers, 1)
        raw = bytearray(base64.urlsafe_b64decode(good + "=" * (-len(good) % 4)))
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        half = dice.randrange(1, len(good))
        yield purpose, base64.urlsafe_b64encode(raw).decode().rstrip("=")
        yield purpose, ring.sign(elsewhere, *numbers)
        yield purpose, other.sign(purpose, *numbers)
        yield purpose, good[:half]
        yield purpose, good + dice.choice(LETTERS) * dice.randrange(1, 5)
        yield purpose, good[:half] + second[half:] + dice.choice(LETTERS)
        yield purpose, good[:-1] + dice.choice(LETTERS.replace(good[-1], ""))
        yield purpose, base64.urlsafe_b64encode(bytes([1]) + dice.randbytes(len(raw) - 1)).decode().rstrip("=")


def test_none_of_a_hundred_thousand_forgeries_is_read() -> None:
    dice, accepted, refused = random.Random(7), [], 0
    for purpose, token in itertools.islice(forgeries(RING, dice, PURPOSES), 100_000):
        try:
            accepted.append((purpose, token, RING.read(purpose, token)))
        except BadInput:
            refused += 1
    assert (accepted, refused) == ([], 100_000)


def test_a_key_of_another_id_is_refused() -> None:
    (_, key) = RING.keys[0]
    with pytest.raises(BadInput):
        Ring(((2, key),)).read("leave", RING.sign("leave", 7))


def test_old_links_work_after_the_key_was_changed() -> None:
    old = RING.sign("leave", 7, 3)
    rotated = Ring((*RING.keys, (2, secrets.token_bytes(32))))
    assert rotated.read("leave", old) == (7, 3)
    new = rotated.sign("leave", 7, 3)
    assert new != old
    assert rotated.read("leave", new) == (7, 3)
    with pytest.raises(BadInput):
        RING.read("leave", new)


def test_numbers_side_by_side_are_not_confused() -> None:
    tokens = {RING.sign("leave", *numbers) for numbers in [(), (0,), (0, 0), (1, 23), (12, 3), (123,), (128,), (0, 1)]}
    assert len(tokens) == 8


def test_tokens_in_a_row_have_nothing_in_common() -> None:
    tokens = [RING.sign("leave", number, 5) for number in range(1000)]
    assert len(set(tokens)) == 1000
    # The first byte is the key's id and the last letter has bits to spare; all between depends on the key.
    for place in range(2, min(map(len, tokens)) - 1):
        assert len({token[place] for token in tokens[:100]}) > 10


def test_the_numbers_cannot_be_seen() -> None:
    key = secrets.token_bytes(32)
    same = [Ring(((1, key),)).sign(purpose, 7, 3)[-3:] for purpose in ("a", "b", "c", "d", "e", "f")]
    assert len(set(same)) > 3


@given(st.integers(0, 2**63), st.integers(0, 2**63))
def test_opaque_names_tell_people_apart(first: int, second: int) -> None:
    keys = Keys(RING, b"s" * 32)
    one, two = keys.opaque("delivery", first), keys.opaque("delivery", second)
    assert (one == two) == (first == second)
    assert len(one) == 32
    assert set(one) <= set(string.ascii_lowercase + string.digits)
    assert one != keys.opaque("notice", first)


def test_opaque_names_and_address_hashes_survive_rotation() -> None:
    keys = new_keys()
    rotated = Keys(Ring((*keys.ring.keys, (2, secrets.token_bytes(32)))), keys.suppression)
    assert rotated.opaque("delivery", 7) == keys.opaque("delivery", 7)
    assert rotated.address_hash("ann@example.org") == keys.address_hash("ann@example.org")
    assert new_keys().address_hash("ann@example.org") != keys.address_hash("ann@example.org")
    assert keys.address_hash("ann@example.org") != keys.address_hash("bob@example.org")


def test_fingerprints_name_every_key_and_show_none() -> None:
    keys = Keys(Ring(((1, b"a" * 32), (2, b"b" * 32))), b"c" * 32)
    prints = keys.fingerprints()
    assert list(prints) == ["signing 1", "signing 2", "suppression"]
    assert len(set(prints.values())) == 3
    assert not any(key.hex() in prints.values() for key in (b"a" * 32, b"b" * 32, b"c" * 32))


def test_keys_are_written_for_us_alone_and_read_again(tmp_path: Path) -> None:
    keys, folder = new_keys(), tmp_path / "deep" / "keys"
    before = os.umask(0)
    try:
        write_keys(folder, keys)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert read_keys(folder) == keys


def test_no_keys_are_no_keys(tmp_path: Path) -> None:
    assert read_keys(tmp_path) is None
    assert read_keys(tmp_path / "missing") is None


def test_keys_are_never_replaced(tmp_path: Path) -> None:
    keys = new_keys()
    write_keys(tmp_path, keys)
    with pytest.raises(FileExistsError):
        write_keys(tmp_path, new_keys())
    assert read_keys(tmp_path) == keys


@pytest.mark.parametrize("name", ["signing.keys", "suppression.key"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_keys_others_can_read_are_refused(tmp_path: Path, name: str, mode: int) -> None:
    write_keys(tmp_path, new_keys())
    (tmp_path / name).chmod(mode)
    with pytest.raises(ConfigError, match=f"{name}: others can read this key; run: chmod 600"):
        read_keys(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("signing.keys", "", "a key has the wrong length"),
        ("signing.keys", "1 abc\n", "damaged"),
        ("signing.keys", "one " + "ab" * 32 + "\n", "damaged"),
        ("signing.keys", "1\n", "damaged"),
        ("signing.keys", "1 " + "ab" * 31 + "\n", "wrong length"),
        ("signing.keys", "300 " + "ab" * 32 + "\n", "damaged"),
        ("signing.keys", "-1 " + "ab" * 32 + "\n", "damaged"),
        ("signing.keys", "1 " + "ab" * 32 + "\n1 " + "cd" * 32 + "\n", "damaged"),
        ("suppression.key", "", "wrong length"),
        ("suppression.key", "zz" * 32, "damaged"),
    ],
)
def test_damaged_keys_are_refused(tmp_path: Path, name: str, text: str, line: str) -> None:
    write_keys(tmp_path, new_keys())
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match=f"{line}.*restore it from a backup"):
        read_keys(tmp_path)


@pytest.mark.parametrize("name", ["signing.keys", "suppression.key"])
def test_half_of_the_keys_is_no_new_house(tmp_path: Path, name: str) -> None:
    write_keys(tmp_path, new_keys())
    (tmp_path / name).unlink()
    with pytest.raises(ConfigError, match=r"this key is missing; restore it"):
        read_keys(tmp_path)


def test_a_key_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write_keys(tmp_path, new_keys())
    (tmp_path / "suppression.key").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="damaged"):
        read_keys(tmp_path)
