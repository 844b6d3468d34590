"""A page survives the inliner: what clients need is still there, once, and nothing was fetched."""

import socket
from pathlib import Path

import pytest

from mailer.compose.inline import inline
from mailer.errors import BadInput
from tests.compose.making import PAGE

FULL = """<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1.dtd">
<html lang="ar" dir="rtl" xmlns="http://www.w3.org/1999/xhtml" xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<meta charset="utf-8">
<title>Water &amp; more</title>
<!--[if mso]><xml><o:Dpi>96</o:Dpi></xml><style>td { mso-line-height-rule: exactly }</style><![endif]-->
<style>p { color: red } @media (max-width: 600px) { p { color: blue } } a:hover { color: green }</style>
<style data-premailer="ignore">.dark { color: white !important }</style>
</head>
<body>
<!--[if !mso]><!--><p>shown</p><!--<![endif]-->
<!--[if mso]><table role="presentation"><tr><td><![endif]-->
<table role="presentation" width="100%"><tr><td role="note" valign="top">x&nbsp;y</td></tr></table>
<!--[if mso]></td></tr></table><![endif]-->
<ul><li></li></ul>after <p></p> that
</body></html>"""


def test_what_clients_need_is_still_there() -> None:
    page = inline(FULL)
    assert page.startswith('<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"')
    assert page.count("<!DOCTYPE") == 1
    for piece in (
        '<html lang="ar" dir="rtl"',
        "<!--[if mso]><xml><o:Dpi>96</o:Dpi></xml><style>td { mso-line-height-rule: exactly }</style><![endif]-->",
        '<!--[if !mso]><!--><p style="color:red">shown</p><!--<![endif]-->',
        '<!--[if mso]><table role="presentation"><tr><td><![endif]-->',
        '<table role="presentation" width="100%">',
        'role="note" valign="top"',
        "@media (max-width: 600px) {\np { color: blue !important }\n}",
        "a:hover { color: green !important }",
        "<style>.dark { color: white !important }</style>",
        "<ul><li></li></ul>after",
        "Water &amp; more",
    ):
        assert piece in page
    assert "p { color: red }" not in page


def test_a_page_without_a_doctype_gets_one() -> None:
    assert inline(PAGE.format("<p>x</p>")).startswith("<!DOCTYPE html>\n<html>")


def test_only_valid_lengths_become_attributes() -> None:
    page = inline(PAGE.format("<style>td { width: min(100%, 60px); height: 2em } th { width: 40px }</style>"
                              '<table><tr><td width="50%">a</td><th>b</th></tr></table>'))  # fmt: skip
    assert '<td width="50%" style="width:min(100%, 60px); height:2em">' in page
    assert '<th style="width:40px" width="40">' in page


def test_a_sheet_for_some_media_becomes_a_rule_that_wins() -> None:
    page = inline(PAGE.format("<style media='(max-width: 9em)'>p { color: red }</style><p>x</p>"))
    assert "<style>\n@media (max-width: 9em) {\np { color: red !important }\n}\n</style>" in page
    assert "<p>x</p>" in page


def test_important_is_kept() -> None:
    page = inline(PAGE.format("<style>p { color: red !important; margin: 0 }</style><p>x</p>"))
    assert "color:red !important" in page


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<link rel="stylesheet" href="https://water.example/x.css">', "a style sheet cannot be linked"),
        ('<link rel="alternate StyleSheet" href="file:///etc/passwd">', "a style sheet cannot be linked"),
        ("<style>@import url(https://water.example/x.css);</style>", "cannot be loaded from elsewhere"),
        ("<![if !mso]>x<![endif]>", "a bare <![if …]> would be mangled"),
    ],
)
def test_what_would_be_loaded_or_mangled_is_refused(body: str, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        inline(PAGE.format(body), "page.html")
    assert problem in caught.value.problem
    assert caught.value.place == "page.html"
    assert caught.value.cure


@pytest.mark.parametrize("page", ["", "  \n", "<!DOCTYPE html>", "<!-- only a comment -->"])
def test_a_page_without_a_body_is_refused(page: str) -> None:
    with pytest.raises(BadInput, match="no <body>"):
        inline(page)


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("the inliner opened a socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    secret = tmp_path / "secret.css"
    secret.write_text("p { color: red }")
    page = inline(
        PAGE.format(
            f"<style>p {{ background: url({secret}) }} q {{ background: url(https://water.example/i.png) }}</style>"
            "<p>x</p><q>y</q><img src='https://water.example/i.png'>"
        )
    )
    assert "color: red" not in page


def test_a_page_of_megabytes_is_inlined() -> None:
    assert len(inline(PAGE.format("<p>" + "x" * 11_000_000 + "</p>"))) > 11_000_000
