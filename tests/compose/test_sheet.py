"""A style sheet is parted without losing a rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.compose.sheet import divide, important, rules
from mailer.errors import BadInput


def test_plain_rules_are_inlined_and_the_rest_is_kept_and_made_to_win() -> None:
    sheet = divide(
        """
        /* a { color: red } */
        p, a:hover { color: #333; margin: 0 }
        td:first-child, * { padding: 0 }
        @media (max-width: 600px) { .wide { width: 100% } @supports (a: b) { i { color: red !important } } }
        @font-face { font-family: "Own"; src: url("https://water.example/own.woff2") }
        @charset "utf-8";
        """,
        "style.css",
    )
    assert sheet.inlined == (("p", "color: #333; margin: 0"), ("td:first-child", "padding: 0"))
    assert sheet.kept.split("\n") == [
        "a:hover { color: #333 !important; margin: 0 !important }",
        "* { padding: 0 !important }",
        "@media (max-width: 600px) {",
        ".wide { width: 100% !important }",
        "@supports (a: b) {",
        "i { color: red !important }",
        "}",
        "}",
        '@font-face { font-family: "Own"; src: url("https://water.example/own.woff2") }',
    ]


@pytest.mark.parametrize("lost", ["color: rgb(0 0 0 / 50%)", "color: var(--ink)", "--ink: red"])
def test_what_the_inliner_would_drop_stays_in_the_style_block(lost: str) -> None:
    sheet = divide(f"p {{ margin: 0; {lost} }}", "style.css")
    assert sheet.inlined == (("p", "margin: 0"),)
    assert sheet.kept == f"p {{ {lost} !important }}"


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ('a { content: "}" } b { x: y }', [("a", 'content: "}"'), ("b", "x: y")]),
        ("a { b: url(data:image/png;base64,xx==) }", [("a", "b: url(data:image/png;base64,xx==)")]),
        ("@import 'x'; a {}", [("@import 'x'", None), ("a", "")]),
        ("a { /* } */ b: c }", [("a", "b: c")]),
        ("a { b: c", []),
    ],
)
def test_rules_are_told_apart(css: str, expected: list[tuple[str, str | None]]) -> None:
    assert list(rules(css)) == expected


def test_semicolons_in_addresses_and_strings_do_not_part_declarations() -> None:
    assert important("a: url(data:x;y); b: ';'; c: d ! important;") == (
        "a: url(data:x;y) !important; b: ';' !important; c: d ! important"
    )


def test_a_sheet_from_elsewhere_is_refused() -> None:
    with pytest.raises(BadInput, match="cannot be loaded from elsewhere") as caught:
        divide("@import url('https://water.example/x.css');", "page.html")
    assert caught.value.place == "page.html"


@given(st.text("ab{};:'\"()/* @,\\\n", max_size=60))
def test_no_text_breaks_it(css: str) -> None:
    sheet = divide(css.replace("@", "a"), "style.css")
    assert all(declarations for _, declarations in sheet.inlined)
