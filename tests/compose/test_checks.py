"""The proof-reader finds every code of its catalogue where it should, and leaves a good edition alone."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.compose.checks import Proof, check_edition
from mailer.compose.findings import CATALOGUE, Finding
from mailer.mailing import circumstances

ROOT = Path(__file__).parents[2]
OUT = "https://lists.example.org/u/k3T9"
WORDS = " ".join(f"The supply in street {number} of the town is safe to drink from today on." for number in range(1, 8))


def page(body: str = "", out: str = f'<p><a href="{OUT}">Unsubscribe</a></p>') -> str:
    return (
        "<!DOCTYPE html><html><head><title>T</title><style>p { color: #111111 }</style></head><body>"
        f"<h1>Water is safe again</h1><p>{WORDS}</p>{body}<p>Arden Valley Water<br>12 Reservoir Road</p>{out}"
        "</body></html>"
    )


def text(body: str = "", out: str = f"Unsubscribe:\n{OUT}\n") -> str:
    return f"Water is safe again\n\n{WORDS}\n{body}\n\n-- \nArden Valley Water\n12 Reservoir Road\n\n{out}"


GOOD = Proof(
    subject="Water is safe again in Upper Arden",
    preheader="You can drink from the tap; here is what we found.",
    html=page(),
    text=text(),
    html_bytes=12_000,
    unsubscribe=OUT,
    postal_address="Arden Valley Water\n12 Reservoir Road",
    base_url="https://lists.example.org",
    year=2026,
)


def with_both(html: str, plain: str = "") -> Proof:
    return replace(GOOD, html=page(html), text=text(plain))


def link(url: str, label: str = "the laboratory report") -> Proof:
    return with_both(f'<p><a href="{url}">{label}</a></p>', f"[1] {url}")


def image(attributes: str) -> Proof:
    return with_both(f"<p><img {attributes}></p>")


def subject(words: str) -> Proof:
    return replace(GOOD, subject=words)


FOUND = {
    "subject.empty": subject("  "),
    "subject.long": subject("Water is safe again " * 4),
    "subject.short": subject("Water"),
    "subject.reply": subject("Re: the water in Upper Arden"),
    "subject.capitals": subject("WATER IS SAFE AGAIN"),
    "preheader.empty": replace(GOOD, preheader=""),
    "preheader.repeats": replace(GOOD, preheader="Water is safe again in Upper Arden."),
    "preheader.long": replace(GOOD, preheader="You can drink. " * 11),
    "text.empty": replace(GOOD, text=" \n"),
    "text.thin": replace(GOOD, html=page(f"<h2>Street by street</h2><p>{WORDS * 9}</p>")),
    "text.link_missing": with_both('<p><a href="https://www.example.org/report">the report</a></p>'),
    "body.empty": replace(GOOD, html="<html><body></body></html>"),
    "body.short": replace(GOOD, text=text().replace(WORDS, "Water is safe.")),
    "body.long": replace(GOOD, text=text(WORDS * 60)),
    "size.large": replace(GOOD, html_bytes=80_001),
    "size.clipped": replace(GOOD, html_bytes=100_001),
    "unsubscribe.html_missing": replace(GOOD, html=page(out="")),
    "unsubscribe.text_missing": replace(GOOD, text=text(out="")),
    "unsubscribe.hidden": replace(
        GOOD, html=page(out=f'<div style="display:none"><a href="{OUT}">Unsubscribe</a></div>')
    ),
    "postal.missing": replace(GOOD, postal_address=""),
    "postal.not_shown": replace(GOOD, postal_address="Arden Valley Water\n1 Other Road"),
    "link.local": link("http://localhost:8000/report"),
    "link.staging": link("https://staging.example.org/report"),
    "link.editor": link("https://www.example.org/wp-admin/post.php?post=4"),
    "link.scheme": link("javascript:alert(1)"),
    "link.relative": link("/reports/mill-lane"),
    "link.empty": link(""),
    "link.insecure": link("http://www.example.org/report"),
    "link.shortener": link("https://bit.ly/3xYz"),
    "link.vague": link("https://www.example.org/report", "Click here"),
    "image.data": image('src="data:image/png;base64,iVBORw0KGgo=" alt="A tap"'),
    "image.alt_missing": image('src="https://www.example.org/tap.jpg"'),
    "image.alt_filename": image('src="https://www.example.org/tap.jpg" alt="IMG_2041.jpg"'),
    "heading.skipped": with_both("<h3>What happened</h3>"),
    "heading.none": replace(GOOD, html=page(f"<p>{WORDS * 8}</p>"), text=text(WORDS * 8)),
    "colour.contrast": with_both('<p style="color:#888; background-color:#ffffff">Grey words</p>'),
    "image.large": image('src="https://www.example.org/tap.jpg" alt="A tap" width="1201"'),
    "placeholder": with_both("<p>We will meet on [insert date].</p>"),
    "characters.control": with_both("<p>a\x93quoted\x94 word</p>", "a\x93quoted\x94 word"),
    "attachment.absent": with_both("<p>Please find attached the report.</p>"),
    "copyright.old": with_both("<p>© 2019 Arden Valley Water</p>"),
}


def codes(proof: Proof) -> set[str]:
    return {finding.code for finding in check_edition(proof)}


def test_a_good_edition_is_left_alone() -> None:
    assert check_edition(GOOD) == ()


def test_every_code_of_the_catalogue_has_a_case() -> None:
    assert set(FOUND) == set(CATALOGUE)


@pytest.mark.parametrize("code", FOUND)
def test_it_finds(code: str) -> None:
    findings = [each for each in check_edition(FOUND[code]) if each.code == code]
    assert findings, f"{code} was not found"
    entry = CATALOGUE[code]
    for each in findings:
        assert each == Finding(code, entry.level, entry.why, entry.cure, each.place)
        assert each.place


@pytest.mark.parametrize(
    "code",
    [
        code
        for code in FOUND
        if code not in ("text.empty", "body.empty", "subject.empty", "subject.reply", "size.clipped")
    ],
)
def test_a_case_finds_its_own_code_only(code: str) -> None:
    # An http address of our own machine is local, and nothing else is said about it.
    assert codes(FOUND[code]) == {code}


@pytest.mark.parametrize(
    "left_over",
    ["{{ reader.name }}", "{% if x %}", "[insert quote]", "TK", "TODO", "XXX", "XXXX", "Lorem ipsum dolor"],
)
@pytest.mark.parametrize("where", ["subject", "preheader", "html", "text"])
def test_a_left_over_placeholder_blocks_anywhere(left_over: str, where: str) -> None:
    value = f"The water of {left_over} is safe"
    proof = replace(GOOD, **{where: {"html": page(value), "text": text(value)}.get(where, value)})
    assert "placeholder" in codes(proof)


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("El agua es de TODO el barrio y el acuerdo se cumple", "es"),
        ("Die TK zahlt den Filter auf Antrag zurück", "de"),
        ("Resolution of the XXX Congress of water workers", "en"),
        ("Notes of the stock market and the todo list", "en"),
    ],
)
def test_words_that_only_look_like_placeholders_pass(words: str, language: str) -> None:
    assert codes(replace(subject(words), language=language)) == set()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1/x", "link.local"),
        ("https://[::1]/x", "link.local"),
        ("http://192.168.1.5/x", "link.local"),
        ("https://intranet/x", "link.local"),
        ("https://wiki.internal/x", "link.local"),
        ("file:///home/press/x.pdf", "link.local"),
        ("https://www-dev.example.org/x", "link.staging"),
        ("https://preview.example.org/x", "link.staging"),
        ("https://docs.google.com/document/d/1/edit", "link.editor"),
        ("https://www.example.org/?p=4&preview=true", "link.editor"),
        ("//www.example.org/x", "link.relative"),
        ("ftp://ftp.example.org/x", "link.scheme"),
        ("https://[oops/x", "link.scheme"),
        ("#", "link.empty"),
    ],
)
def test_an_address_is_judged_by_its_look(url: str, code: str) -> None:
    assert code in codes(link(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.org/development/stage-door",
        "https://devon.example.org/",
        "https://www.example.org/a_(b)",
        "https://www.example.org/caf%C3%A9?a=1&amp;b=2",
        "mailto:press@example.org",
        "tel:+441234567",
        "https://lists.example.org/a/service",
    ],
)
def test_good_addresses_pass(url: str) -> None:
    plain = url.replace("&amp;", "&")
    proof = with_both(f'<p><a href="{url}">the page of the works</a></p>', plain)
    assert codes(proof) == set()


def test_our_own_address_may_be_local() -> None:
    out = "http://localhost:8000/u/k3T9"
    proof = replace(
        GOOD,
        html=page(out=f'<a href="{out}">Unsubscribe</a>'),
        text=text(out=out),
        unsubscribe=out,
        base_url="http://localhost:8000",
    )
    assert codes(proof) == set()


@pytest.mark.parametrize(
    "out",
    [
        f'<a href="{OUT}"></a>',
        f'<a href="{OUT}" style="font-size:9px">Unsubscribe</a>',
        f'<p style="color:#111;visibility: hidden"><a href="{OUT}">Unsubscribe</a></p>',
        f'<p style="font-size:0"><a href="{OUT}">Unsubscribe</a></p>',
        f'<p style="opacity:0;"><a href="{OUT}">Unsubscribe</a></p>',
    ],
)
def test_a_way_out_that_cannot_be_seen_is_none(out: str) -> None:
    assert codes(replace(GOOD, html=page(out=out))) == {"unsubscribe.hidden"}


def test_a_second_way_out_that_can_be_seen_is_enough() -> None:
    hidden = f'<p style="display:none"><a href="{OUT}">x</a></p>'
    shown = f'<p style="font-size:0"><a style="font-size:15px" href="{OUT}">Leave</a></p>'
    assert "unsubscribe.hidden" in codes(replace(GOOD, html=page(out=hidden)))
    assert codes(replace(GOOD, html=page(out=hidden + shown.replace("font-size:0", "color:#222222")))) == set()


def test_a_text_only_edition_is_judged_by_its_text() -> None:
    assert codes(replace(GOOD, html="", html_bytes=0)) == set()
    proof = replace(GOOD, html="", html_bytes=0, text=text("See http://localhost/x"))
    assert codes(proof) == {"link.local"}


def test_a_file_attached_is_not_missed() -> None:
    assert codes(replace(FOUND["attachment.absent"], attachments=1)) == set()
    assert codes(with_both("<p>The pipe is attached to the wall.</p>")) == set()


def test_text_without_blanks_between_words_is_counted_by_the_letter() -> None:
    chinese = "今天起上雅登可以直接饮用自来水。" * 5
    assert "body.short" not in codes(replace(GOOD, text=text().replace(WORDS, chinese), language="zh"))


def test_blocks_come_first_and_nothing_is_said_twice() -> None:
    proof = replace(link("", "here"), subject="Re:", postal_address="")
    levels = [finding.level for finding in check_edition(proof)]
    assert levels == sorted(levels)
    assert len(set(check_edition(proof))) == len(levels)


def test_the_same_edition_gives_the_same_findings() -> None:
    proof = with_both('<p><a href="/a">a thing</a><a href="/b">another</a></p>', "TODO TK")
    assert check_edition(proof) == check_edition(proof)


def test_the_document_lists_every_check_as_it_is() -> None:
    listed = {}
    for line in (ROOT / "docs/checks.md").read_text("utf-8").splitlines():
        if match := re.fullmatch(r"\| `([a-z_.]+)` \| (\w+) \| (.+?) \| (.+?) \|", line):
            listed[match[1]] = match.groups()[1:]
    known = {**CATALOGUE, **circumstances.CATALOGUE}
    assert listed == {code: (each.level, each.why, each.cure) for code, each in known.items()}


@pytest.mark.parametrize(
    ("html", "bad"),
    [
        ('<div bgcolor="#fff"><p style="color:#777777">words</p></div>', True),
        ('<div bgcolor="#fff"><p style="color:#767676">words</p></div>', False),
        ('<div bgcolor="#fff"><p style="color:#777; font-size:24px">words</p></div>', False),
        ('<div bgcolor="#fff"><p style="color:#777; font-size:19px; font-weight:700">words</p></div>', False),
        ('<div bgcolor="#fff"><p style="color:#777; font-size:1.2.3px">words</p></div>', True),
        ('<div style="background:url(x.png) #fff"><p style="color:#eee">words</p></div>', False),
        ('<div style="background:rgb(0,0,0)"><p style="color:black">words</p></div>', True),
        ('<div bgcolor="#fff"><p style="color:#fff; display: none">words</p></div>', False),
        ('<div bgcolor="#fff"><p style="color:#fff"></p></div>', False),
        ('<p style="color:#fff">words on nobody knows what</p>', False),
    ],
)
def test_contrast_is_judged_where_both_colours_are_known(html: str, bad: bool) -> None:
    assert ("colour.contrast" in codes(with_both(html))) is bad
