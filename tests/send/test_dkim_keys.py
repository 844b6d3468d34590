"""Signing keys: made for us alone, published as receivers want them, and refused in one line when they are wrong."""

import base64
import re
import shutil
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

from mailer.errors import ConfigError, Refused
from mailer.send import dkim_keys
from tests.send.signing import DOMAIN, configured, keys_of, with_keys


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with both keys, to copy."""
    folder = tmp_path_factory.mktemp("made") / "keys"
    with_keys(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """Copy the folder with both keys."""
    return Path(shutil.copytree(made, tmp_path / "keys"))


def test_files_are_for_us_alone(folder) -> None:
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o600 if path.is_file() else 0o700)
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.pem")) == [
        f"dkim/{DOMAIN}/e1.pem",
        f"dkim/{DOMAIN}/m1.pem",
    ]


def test_records_are_as_the_standards_want_them(folder) -> None:
    first, second = keys_of(configured(folder, ed25519_selector="e1"))
    assert (first.name, second.name) == (f"m1._domainkey.{DOMAIN}", f"e1._domainkey.{DOMAIN}")
    head, _, public = first.record.partition(" p=")
    assert head == "v=DKIM1; k=rsa;"
    assert load_der_public_key(base64.b64decode(public, validate=True)).key_size == 2048
    assert second.record.startswith("v=DKIM1; k=ed25519; p=")
    assert len(base64.b64decode(second.record.partition(" p=")[2], validate=True)) == 32
    for key in (first, second):
        assert all(0 < len(string) <= 255 for string in key.strings)
        assert "".join(key.strings) == key.record


def test_no_key_is_ever_replaced(folder) -> None:
    before = (folder / "dkim" / DOMAIN / "m1.pem").read_bytes()
    with pytest.raises(Refused, match="there is such a key already; name another with --selector"):
        dkim_keys.make(configured(folder), DOMAIN, "m1", "rsa")
    assert (folder / "dkim" / DOMAIN / "m1.pem").read_bytes() == before


def test_an_old_key_is_kept_while_a_new_one_signs(folder) -> None:
    config = configured(folder, selector="m2")
    new = dkim_keys.make(config, DOMAIN, "m2", "rsa")
    assert [key.record for key in keys_of(config)] == [new.record]
    assert [key.selector for key in dkim_keys.kept(config, DOMAIN)] == ["e1", "m1", "m2"]


def test_a_key_may_lie_elsewhere(folder, tmp_path) -> None:
    other = tmp_path / "credentials.pem"
    shutil.copy(folder / "dkim" / DOMAIN / "m1.pem", other)
    config = configured(folder, key_file=other)
    assert dkim_keys.elsewhere(config) == [other]
    assert dkim_keys.elsewhere(configured(folder)) == []
    assert keys_of(config)[0].file == other


def pem(private) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def spoil(folder: Path, how: str) -> None:
    """Break the RSA key."""
    path = folder / "dkim" / DOMAIN / "m1.pem"
    good = dkim_keys.read(path, "here", "")
    if how == "gone":
        path.unlink()
    elif how == "open":
        path.chmod(0o640)
    elif how == "a folder":
        path.unlink()
        path.mkdir(mode=0o700)
    elif how == "no key":
        path.write_text("v=DKIM1; k=rsa; p=")
    elif how == "public":
        path.write_bytes(good.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    elif how == "locked":
        path.write_bytes(good.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    elif how == "small":
        path.write_bytes(pem(rsa.generate_private_key(65537, 1024)))
    elif how == "elliptic":
        path.write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    elif how == "the other kind":
        shutil.copy(path.with_name("e1.pem"), path)


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ("gone", "there is no key FILE; run `mailer dkim new water.example --selector m1`, or correct the path"),
        ("open", "others can read FILE; run: chmod 600 FILE"),
        ("a folder", "FILE cannot be read (Is a directory); let the mailer read it"),
        ("no key", "FILE holds no private key in PEM; run `mailer dkim new water.example --selector m1`, or …"),
        ("public", "FILE holds no private key in PEM; run `mailer dkim new water.example --selector m1`, or …"),
        ("locked", "FILE is locked by a password; name a key without one"),
        ("small", "FILE has 1024 bits, receivers ask for 2048; make a new key"),
        ("elliptic", "FILE holds a key of another kind; name one of RSA or Ed25519"),
        ("the other kind", "FILE holds no RSA key; name one of RSA"),
    ],
)
def test_a_key_that_cannot_be_used_is_told_with_place_and_cure(folder, how, line) -> None:
    spoil(folder, how)
    config = configured(folder)
    with pytest.raises(ConfigError) as caught:
        keys_of(config)
    said = str(caught.value).replace(str(folder / "dkim" / DOMAIN / "m1.pem"), "FILE")
    assert re.fullmatch(re.escape(f'dkim."{DOMAIN}".key_file: {line}').replace("…", ".*"), said)
    assert [str(each) for each in dkim_keys.mistakes(config)] == [str(caught.value)]


def test_the_second_key_is_named_by_its_own_place(folder) -> None:
    shutil.copy(folder / "dkim" / DOMAIN / "m1.pem", folder / "dkim" / DOMAIN / "e1.pem")
    with pytest.raises(ConfigError, match=rf'^dkim\."{DOMAIN}"\.ed25519_key_file: .* holds no Ed25519 key'):
        keys_of(configured(folder, ed25519_selector="e1"))
