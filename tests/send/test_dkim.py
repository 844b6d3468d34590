"""Signatures: those of the standards to the byte, real messages verified by dkimpy, and nothing can be changed."""

import base64
import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dkim as oracle
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from mailer.compose.edition import EditionFacts, NoticeFacts, compile_edition, compile_notice
from mailer.compose.message import build
from mailer.config import template_folders
from mailer.send import dkim
from tests.compose.making import LIST, MAILING, MOMENT, STATEMENT, letter
from tests.send.signing import DOMAIN, configured, keys_of, signer, verified, with_keys

# RFC 8463 appendix A: the keys, the message, and two signatures of it.
RSA_PEM = b"""-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi
Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM
KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB
AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm
6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe
zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy
6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc
uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy
WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd
WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a
licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst
o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe
uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL
-----END RSA PRIVATE KEY-----
"""
ED25519 = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
NAMES = ("from", "to", "subject", "date", "message-id", "from", "subject", "date")
FIELD = (
    "v=1; a={}-sha256; c=relaxed/relaxed; d=football.example.com; i=@football.example.com; q=dns/txt; s={}; "
    "t=1528637909; h=from : to : subject : date : message-id : from : subject : date; "
    "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b="
)
SIGNATURES = {
    "ed25519": ("brisbane", "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="),
    "rsa": (
        "test",
        "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2"
        "JzdA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=",
    ),
}


@pytest.mark.parametrize("kind", SIGNATURES)
def test_the_signatures_of_rfc_8463(kind: str) -> None:
    message = (Path(__file__).parent / "rfc8463.eml").read_bytes().replace(b"\n", b"\r\n")
    start = message.index(b"\r\n\r\n") + 4
    private = (
        load_pem_private_key(RSA_PEM, None)
        if kind == "rsa"
        else Ed25519PrivateKey.from_private_bytes(base64.b64decode(ED25519))
    )
    selector, expected = SIGNATURES[kind]
    seal = dkim.Seal(f"{kind}-sha256", selector, private)
    data = dkim.canonical(dkim.read_head(message[: start - 2]), NAMES)
    assert b64(dkim.body_hash(message, start, relaxed=True)) == "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
    assert b64(seal.sign(data + b"dkim-signature:" + FIELD.format(kind, selector).encode())) == expected


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_the_canonical_forms_of_rfc_6376() -> None:
    # Section 3.4.5, and the hashes of the empty body in sections 3.4.3 and 3.4.4.
    head = dkim.read_head(b"A: X\r\nB : Y\t\r\n\tZ  \r\n")
    assert dkim.canonical(head, ("a", "b")) == b"a:X\r\nb:Y Z\r\n"
    assert b64(dkim.body_hash(b"", 0, relaxed=False)) == "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="
    assert b64(dkim.body_hash(b"", 0, relaxed=True)) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    body = b" C \r\nD \t E\r\n\r\n\r\n"
    assert dkim.body_hash(body, 0, relaxed=True) == dkim.body_hash(b" C\r\nD E\r\n", 0, relaxed=False)
    assert dkim.body_hash(body, 0, relaxed=False) == dkim.body_hash(b" C \r\nD \t E\r\n", 0, relaxed=False)
    for relaxed in (True, False):
        assert dkim.body_hash(b"Hi", 0, relaxed=relaxed) == dkim.body_hash(b"Hi\r\n\r\n", 0, relaxed=relaxed)
    assert dkim.body_hash(b"Hi \t", 0, relaxed=True) == dkim.body_hash(b"Hi\r\n", 0, relaxed=True)


PIECES = st.lists(st.sampled_from([b"\r\n", b" ", b"\t", b"a", b"=20", b"  ", b"\r\n\r\n", b".x"]), max_size=20)


@given(PIECES, st.booleans())
def test_any_body_is_hashed_as_dkimpy_does(pieces: list[bytes], relaxed: bool) -> None:
    # SMTP ends every message with CRLF (RFC 5321 section 4.1.1.4).
    body = b"".join([*pieces, b"\r\n"])
    form = b"relaxed/relaxed" if relaxed else b"relaxed/simple"
    policy = oracle.CanonicalizationPolicy.from_c_value(form)
    expected = hashlib.sha256(policy.canonicalize_body(body)).digest()
    assert dkim.body_hash(b"Head: x\r\n\r\n" + body, 11, relaxed=relaxed) == expected


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory):
    """Make both keys of a domain."""
    return with_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def edition(config) -> bytes:
    """Build an edition, with everything a list adds."""
    facts = EditionFacts((STATEMENT,), LIST, MAILING, "statement")
    return build(compile_edition(facts, template_folders(config)).program, letter(name="Zoë Ångström"))


@pytest.fixture(scope="module")
def notice(config) -> bytes:
    """Build a letter of the house."""
    facts = NoticeFacts(
        "already", f"press@{DOMAIN}", "Water works, the department of very long names and longer titles", site_name="W",
        site_url="https://water.example", organisation="Water works", notice={"lists": ["News"]},
    )  # fmt: skip
    plain = replace(letter(), unsubscribe_url="", links={"manage": "https://water.example/m/x"})
    return build(compile_notice(facts, template_folders(config)).program, plain)


@pytest.mark.parametrize("form", ["relaxed/simple", "relaxed/relaxed"])
@pytest.mark.parametrize("which", ["edition", "notice"])
def test_real_messages_verify(config, form, which, request) -> None:
    section = config.dkim[DOMAIN].model_copy(update={"canonicalization": form})
    chosen = config.model_copy(update={"dkim": {DOMAIN: section}})
    message = request.getfixturevalue(which)
    signed = signer(chosen).sign(message, MOMENT)
    assert verified(signed, keys_of(config)) == [True, True]
    assert signed.endswith(message)
    assert signed.count(f"c={form};".encode()) == 2


def test_the_form_of_a_signature(config, edition) -> None:
    added = signer(config).sign(edition, MOMENT).removesuffix(edition).decode("ascii")
    assert max(map(len, added.split("\r\n"))) <= 78
    assert re.search(r"\r\n(?!DKIM-Signature|[ ]\S|$)", added) is None
    rsa, ed25519 = (tags(field) for field in re.findall(r"DKIM-Signature: (.*?\r\n)(?![ ])", added, re.S))
    assert (rsa["a"], rsa["s"], ed25519["a"], ed25519["s"]) == ("rsa-sha256", "m1", "ed25519-sha256", "e1")
    for found in (rsa, ed25519):
        assert (found["v"], found["d"], found["t"]) == ("1", DOMAIN, str(int(MOMENT.timestamp())))
        assert set(found) == {"v", "a", "c", "d", "s", "t", "h", "bh", "b"}
        signs_what_it_should(found["h"].split(":"), edition)


def tags(field: str) -> dict[str, str]:
    pairs = (part.split("=", 1) for part in "".join(field.split()).split(";"))
    return dict(pairs)


def signs_what_it_should(names: list[str], message: bytes) -> None:
    present = [name for name in dkim.read_head(message.partition(b"\r\n\r\n")[0]) if name != "x-auto-response-suppress"]
    counts = {name: [each.lower() for each in names].count(name) for name in map(str.lower, names)}
    assert set(present) <= set(counts)
    guarded = {name.lower() for name in dkim.GUARDED}
    assert {name: count for name, count in counts.items() if name in guarded} == {
        name: 1 + (name in present) for name in guarded
    }
    assert not {"return-path", "received", "bcc", "delivered-to", "dkim-signature", "authentication-results"} & set(
        counts
    )


@pytest.mark.parametrize("name", dkim.GUARDED)
def test_no_guarded_field_can_be_added(config, edition, name) -> None:
    signed = signer(config).sign(edition, MOMENT)
    added = f"{name}: <https://evil.example/>\r\n".encode()
    head, body = signed.split(b"\r\n\r\n", 1)
    assert verified(added + signed, keys_of(config)) == [False, False]
    assert verified(head + b"\r\n" + added + b"\r\n" + body, keys_of(config)) == [False, False]


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        (rb"\r\nSubject: [^\r]*", b"\r\nSubject: Something else"),
        (rb"\r\nList-Unsubscribe-Post: [^\r]*", b""),
        (rb"\r\nList-Unsubscribe: [^\r]*", b""),
        (rb"\r\nFeedback-ID: [^\r]*", b""),
        (rb"\r\nPrecedence: [^\r]*", b"\r\nPrecedence: first-class"),
        (rb"\r\nList-Post: NO", b"\r\nList-Post: <mailto:x@evil.example>"),
        (rb"repaired", b"replaced"),
        (rb"\Z", b"One more line\r\n"),
        (rb"(\r\n[^\r]*){3}\Z", b"\r\n"),
        (rb"t=\d+;", b"t=1;"),
    ],
)
def test_nothing_can_be_changed(config, edition, found, instead) -> None:
    signed = signer(config).sign(edition, MOMENT)
    changed = re.sub(found, instead, signed)
    assert changed != signed
    assert verified(changed, keys_of(config)) == [False, False]


def test_folds_and_blanks_of_the_header_may_change(config, edition) -> None:
    signed = signer(config).sign(edition, MOMENT)
    head, body = signed.split(b"\r\n\r\n", 1)
    changed = head.replace(b"Subject: ", b"subject:   ").replace(b"\r\nPrecedence: ", b"\r\nPrecedence:\r\n\t")
    assert verified(changed + b"\r\n\r\n" + body + b"\r\n\r\n", keys_of(config)) == [True, True]


def test_the_same_message_always_has_the_same_bytes(config, edition) -> None:
    first = signer(config).sign(edition, MOMENT)
    assert signer(config).sign(edition, MOMENT) == first
    assert signer(config.model_copy()).sign(edition, MOMENT) == first
    assert signer(config).sign(edition, MOMENT + timedelta(seconds=1)) != first


def test_each_key_is_loaded_once(config) -> None:
    assert signer(config) is signer(config.model_copy())


def test_a_signature_may_have_an_end(config, edition) -> None:
    section = config.dkim[DOMAIN].model_copy(update={"expire_days": 14})
    signed = signer(config.model_copy(update={"dkim": {DOMAIN: section}})).sign(edition, MOMENT)
    assert signed.count(f" x={int(MOMENT.timestamp()) + 14 * 86400};".encode()) == 2
    for days, right in ((13, True), (15, False)):
        with time_machine.travel(MOMENT + timedelta(days=days), tick=False):
            assert verified(signed, keys_of(config)) == [right, right]


def test_without_an_ed25519_key_there_is_one_signature(config, edition) -> None:
    alone = configured(config.keys.folder)
    signed = signer(alone).sign(edition, MOMENT)
    assert verified(signed, keys_of(alone)) == [True]


@pytest.mark.parametrize("sender", ["press@news.water.example", "press@water.example.org", "press@xwater.example"])
def test_what_another_domain_writes_is_not_signed(config, edition, sender) -> None:
    other = edition.replace(f"press@{DOMAIN}".encode(), sender.encode())
    assert other != edition
    assert signer(config).sign(other, MOMENT) == other


@pytest.mark.parametrize(
    "sender",
    [
        f"press@{DOMAIN}",
        f"<press@{DOMAIN.upper()}>",
        f'"Press, water@other.example" <press@{DOMAIN}>',
        f"=?utf-8?q?Wasserwerk_F=C3=BCrth?=\r\n <press@{DOMAIN}>",
    ],
)
def test_the_domain_is_that_of_the_address_in_from(config, sender) -> None:
    message = f"From: {sender}\r\nTo: ann@example.org\r\n\r\nHello\r\n".encode()
    assert verified(signer(config).sign(message, MOMENT), keys_of(config)) == [True, True]


def test_without_any_key_nothing_changes(config, edition) -> None:
    bare = config.model_copy(update={"dkim": {}})
    assert signer(bare).sign(edition, MOMENT) is edition


def test_a_message_of_letters_beyond_ascii_is_signed(config) -> None:
    message = f"From: press@{DOMAIN}\r\nTo: zoë@example.org\r\nSubject: x\r\n\r\nHello\r\n".encode()
    assert verified(signer(config).sign(message, MOMENT), keys_of(config)) == [True, True]
