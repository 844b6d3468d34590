"""Addresses: one spelling for the relay, one key for the person, and never anything but BadInput."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer import address as addresses
from mailer.address import Address, mask, parse
from mailer.errors import BadInput

LOCAL = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,30}(\.[A-Za-z0-9_-]{1,20})?", fullmatch=True)
DOMAIN = st.from_regex(r"([A-Za-z0-9]{1,20}\.){1,3}(org|NET|example)", fullmatch=True)


@given(LOCAL, DOMAIN, st.sampled_from(["", " ", "\t", "\n", "\u00a0"]))
def test_an_address_keeps_its_local_part_and_its_person(local: str, domain: str, around: str) -> None:
    found = parse(f"{around}{local}@{domain}{around}")
    assert found == Address(f"{local}@{domain.lower()}", f"{local}@{domain}".lower(), domain.lower())
    assert parse(found.spelled) == found
    assert parse(found.spelled.upper()).key == found.key
    assert not found.needs_smtputf8


@given(st.text(max_size=400) | st.text(alphabet='aB@.-"<>()[]\\\r\n\0 ,;:é\u200b', max_size=40))
def test_anything_else_is_bad_input_in_one_line(text: str) -> None:
    try:
        found = parse(text, place="line 7")
    except BadInput as refusal:
        line = str(refusal)
        assert line.startswith("line 7: ")
        assert line.endswith("write it like name@example.org")
        assert line.isprintable()
        assert len(line) < 400
    else:
        assert found.spelled.isprintable()
        assert not set(found.spelled) & set(' \t\r\n<>()[],;:"\\')
        assert found.spelled.count("@") == 1
        assert found.domain.isascii()
        assert found.domain == found.domain.lower()
        assert len(found.spelled) <= 254


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "ann",
        "@example.org",
        "ann@",
        "ann@example",
        "ann@localhost",
        "ann@example..org",
        ".ann@example.org",
        "an..n@example.org",
        "ann@-example.org",
        "ann@[127.0.0.1]",
        "ann@127.0.0.1",
        '"ann b"@example.org',
        "Ann <ann@example.org>",
        "mailto:ann@example.org",
        "ann@example.org, bob@example.org",
        "ann@example.org\r\nBcc: bob@example.org",
        "ann@example.org\0",
        "ann\u200b@example.org",
        "\u202eann@example.org",
        "ann@printer.local",
        f"{'a' * 65}@example.org",
        f"ann@{'a' * 64}.org",
        f"ann@{'a.' * 130}org",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse(text)


@pytest.mark.parametrize(
    ("text", "spelled", "key", "domain"),
    [
        ("Ann@Example.ORG", "Ann@example.org", "ann@example.org", "example.org"),
        ("ann+news@example.org", "ann+news@example.org", "ann+news@example.org", "example.org"),
        ("ann@münchen.example", "ann@xn--mnchen-3ya.example", "ann@xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("ann@xn--mnchen-3ya.example", *["ann@xn--mnchen-3ya.example"] * 2, "xn--mnchen-3ya.example"),
        ("ann@MÜNCHEN.example", *["ann@xn--mnchen-3ya.example"] * 2, "xn--mnchen-3ya.example"),
        ("ann@rehearsal.test", "ann@rehearsal.test", "ann@rehearsal.test", "rehearsal.test"),
        ("O'Brien@example.org", "O'Brien@example.org", "o'brien@example.org", "example.org"),
    ],
)
def test_one_person_has_one_key(text: str, spelled: str, key: str, domain: str) -> None:
    assert parse(text) == Address(spelled, key, domain)


def test_letters_beyond_ascii_need_smtputf8() -> None:
    composed, decomposed = parse("zoë@example.org"), parse("zoe\u0308@example.org")
    assert composed == decomposed
    assert composed.needs_smtputf8


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ann@example.org", "a…n@example.org"),
        ("ab@example.org", "…@example.org"),
        ("a@example.org", "…@example.org"),
        ("@example.org", "…"),
        ("ann@", "…"),
        ("ann.example.org", "…"),
        ("", "…"),
    ],
)
def test_a_mask_shows_little(address: str, shown: str) -> None:
    assert mask(address) == shown


@given(LOCAL, DOMAIN)
def test_a_mask_never_shows_the_local_part(local: str, domain: str) -> None:
    shown, _, shown_domain = mask(f"{local}@{domain}").rpartition("@")
    assert shown_domain == domain
    assert len(shown.replace("…", "")) <= 2
    assert local not in shown


@given(st.from_regex(r"[A-Za-z0-9.+_'-]{1,66}@[A-Za-zü.-]{1,40}", fullmatch=True))
def test_the_quick_way_and_the_library_say_the_same(text: str) -> None:
    def judged() -> object:
        try:
            return parse(text)
        except BadInput as error:
            return str(error)

    quick = judged()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(addresses, "MOST_LOCAL", 0)
        assert judged() == quick


def test_an_address_longer_than_a_path_may_be_is_refused() -> None:
    with pytest.raises(BadInput):
        parse(f"{'a' * 64}@{'.'.join(['b' * 60] * 4)}.example")
