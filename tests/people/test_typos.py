"""Slips in domains are found, and nobody's good domain is called one."""

import pytest

from mailer.people.typos import PROVIDERS, REAL, suggest


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gamil.com", "gmail.com"),
        ("gnail.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("ggmail.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmial.cm", "gmail.com"),
        ("gmail.ogr", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("hotmal.co.uk", "hotmail.co.uk"),
        ("yaho.fr", "yahoo.fr"),
        ("outlok.com", "outlook.com"),
        ("iclod.con", "icloud.com"),
        ("t-onlien.de", "t-online.de"),
        ("example.ogr", "example.org"),
        ("xn--bcher-kva.con", "xn--bcher-kva.com"),
    ],
)
def test_a_slip_is_found(typed: str, meant: str) -> None:
    assert suggest(typed) == meant


@pytest.mark.parametrize(
    "domain",
    [
        *(f"{name}.{ending}" for name, endings in PROVIDERS.items() for ending in endings),
        *(f"{name}.com" for name in REAL),
        "example.org",
        "gmail.de",
        "mail.gmial.com",
        "water.con.example",
        "example.co",
        "a.b",
        "gmx.net",
        "web.de",
        "nm.com",
        "orange.es",
    ],
)
def test_a_good_domain_is_left_alone(domain: str) -> None:
    assert suggest(domain) == ""


def test_what_is_suggested_is_never_asked_about_again() -> None:
    for name, endings in PROVIDERS.items():
        for at in range(len(name)):
            for typed in (
                name[:at] + name[at + 1 :],
                name[:at] + name[at] + name[at:],
                name[:at] + "x" + name[at + 1 :],
            ):
                meant = suggest(f"{typed}.{endings[0]}")
                assert meant in ("", *(f"{each}.{one}" for each, ends in PROVIDERS.items() for one in ends))
                assert suggest(meant) == ""
