"""Tests of saved pages: the statement is found and the site around it is not."""

import datetime

import pytest

from mailer.errors import BadInput
from mailer.sources import html

FIFTH = datetime.date(2023, 10, 5)
TEXT = (
    "<p>The works replace 300 metres of pipe in Quay Street, and the street is closed to cars for a week. "
    "The bus stops at the market instead.</p><p>Residents get a letter.</p>"
)
SITE = (
    '<header><h1>Northport Water</h1><nav><a href="/">Home</a></nav></header>'
    '<div class="cookie-notice" id="cookies"><p>We use cookies.</p><button>Fine</button></div>',
    '<aside>Read on</aside><div class="social-share">Share this</div><form><label>Search</label><input></form>'
    "<footer>Imprint</footer><script>track()</script>",
)
AROUND = ("Northport Water", "Home", "cookies", "Fine", "Read on", "Share this", "Search", "Imprint", "track")


def read(body: str, head: str = "", lang: str = "en") -> html.Statement:
    """Read a page under a fixed name."""
    return html.statement(
        f"<!doctype html><html lang={lang}><head>{head}</head><body>{body}</body></html>", "page.html"
    )


@pytest.mark.parametrize(
    "page",
    [
        "{before}<main><h1>Works</h1>{text}</main>{after}",
        "{before}<article><h1>Works</h1>{text}{after}</article>",
        "{before}<main><article><header><h1>Works</h1></header>{text}</article></main>{after}",
        "{before}<h1>Works</h1><div role=main>{text}</div>{after}",
        "{before}<div class=wrap><div class=content><h1>Works</h1>{text}</div></div>{after}",
        "{before}<table><tr><td><a href=/>Home</a></td><td><h1>Works</h1>{text}</td></tr></table>{after}",
        "<form id=aspnet>{before}<div><h1>Works</h1><div itemprop=articleBody>{text}</div></div>{after}</form>",
        "<article><h1>Works</h1>{text}</article><article><h2>Teaser</h2><p>Another text.</p></article>{before}{after}",
    ],
)
def test_the_text_is_found_in_the_page_and_the_site_left_out(page: str) -> None:
    statement = read(page.format(before=SITE[0], text=TEXT, after=SITE[1]))
    assert statement.title == "Works"
    assert statement.body_html == TEXT.replace("</p><p>", "</p>\n<p>")
    assert not [word for word in AROUND if word in statement.body_text]


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Works | Northport Water</title>", "", "Works"),
        ("<title>Works in Quay Street - Northport Water</title>", "", "Works in Quay Street"),
        ("<title>Works - a week - Water</title><meta property=og:site_name content=Water>", "", "Works – a week"),
        ("<title>x</title><meta property=og:title content='Works &amp; more'>", "", "Works & more"),
        ("<title>x</title>", "<h1>The <em>works</em><br>begin</h1>", "The works begin"),
        ("<title>x</title>", "<h1></h1><h1>Works</h1>", "Works"),
        ("", "<h2>Works</h2>", "Works"),
        ("<title>Northport - Works</title>", "<p><b>Works</b></p>", "Works"),
    ],
)
def test_the_title_is_the_headline_or_what_the_head_says(head: str, body: str, title: str) -> None:
    statement = read(f"<main>{body}{TEXT}</main>", head)
    assert statement.title == title
    assert statement.body_text.startswith("The works replace")


def test_a_heading_of_the_site_is_no_headline_if_the_text_has_its_own() -> None:
    page = f"<div><h1>Our streets</h1></div><main><h2>Works</h2>{TEXT}</main>"
    assert read(page, "<title>Works - Northport Water</title>").title == "Works"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("", "<time datetime=2023-10-05>last week</time>"),
        ("", "<p>Published <time datetime='2023-10-05T23:30:00-04:00'>5 Oct</time></p>"),
        ("", "<div class=meta><span class=date>5 October 2023</span></div>"),
        ("", "<p>5 October 2023</p>"),
        ("<meta property=article:published_time content=2023-10-05T08:00:00Z>", ""),
        ("<meta name=DC.date content=2023-10-05>", ""),
        ('<script type=application/ld+json>{"@graph":[{"datePublished":"2023-10-05"}]}</script>', ""),
        ("", "<p class=updated><time class=updated datetime=2024-01-01>1 January 2024</time></p><p>5 October 2023</p>"),
    ],
)
def test_the_date_is_found(head: str, body: str) -> None:
    statement = read(f"<main><h1>Works</h1>{body}{TEXT}</main>", head)
    assert statement.date == FIFTH
    assert "5 Oct" not in statement.body_text


def test_a_time_in_a_sentence_of_the_text_is_not_the_date() -> None:
    sentence = f"<p>{'The street is closed to cars. ' * 5} It opens on <time datetime=2023-10-09>Monday</time>.</p>"
    statement = read(f"<main><h1>Works</h1>{TEXT}{sentence}</main>")
    assert statement.date is None
    assert "Monday" in statement.body_text


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("<meta name=author content='Jane Doe'>", ""),
        ("", "<p class=byline>By Jane Doe</p>"),
        ("", "<p>By Jane Doe</p>"),
        ("", "<a rel=author href=/jane>Jane Doe</a>"),
        ("", "<div class=entry-meta>5 October 2023 | By <a href=/jane>Jane Doe</a></div>"),
        ('<script type=application/ld+json>{"author":[{"name":"Jane Doe","url":"https://x.example"}]}</script>', ""),
    ],
)
def test_the_author_is_found(head: str, body: str) -> None:
    statement = read(f"<main><h1>Works</h1>{body}{TEXT}</main>", head)
    assert statement.author == "Jane Doe"
    assert "Jane" not in statement.body_text


@pytest.mark.parametrize(
    "body",
    [
        "<h1>Works</h1><p class=standfirst>A week without cars</p>",
        "<hgroup><h1>Works</h1><p>A week without cars</p></hgroup>",
        "<header><h1>Works</h1><h2>A week without cars</h2></header>",
        "<h1>Works</h1><h2 itemprop=alternativeHeadline>A week without cars</h2>",
        "<h1>Works</h1><p>A week without cars</p><p>5 October 2023</p>",
    ],
)
def test_the_deck_is_found(body: str) -> None:
    statement = read(f"<article>{body}{TEXT}</article>")
    assert statement.deck == "A week without cars"
    assert statement.body_text.startswith("The works replace")


def test_a_note_above_the_text_stands_apart() -> None:
    statement = read(f"<main><h1>Works</h1><p><em>Editor's note: the map was added later.</em></p>{TEXT}</main>")
    assert statement.note == "Editor's note: the map was added later."
    assert "map" not in statement.body_text


@pytest.mark.parametrize(
    ("head", "source", "link"),
    [
        ("<link rel=canonical href=https://example.org/news/1>", "https://example.org/news/1", "https://example.org/a"),
        ("<meta property=og:url content=https://example.org/2/>", "https://example.org/2/", "https://example.org/a"),
        ("<!-- saved from url=(0019)https://example.org/ -->", "https://example.org/", "https://example.org/a"),
        ("<base href=https://other.example/x/>", "", "https://other.example/a"),
        ("<link rel=canonical href=javascript:alert(1)>", "", ""),
        ("<link rel=canonical href='https://[broken'>", "", ""),
        ("", "", ""),
    ],
)
def test_relative_links_are_read_against_the_source(head: str, source: str, link: str) -> None:
    statement = read(f"<main><h1>Works</h1><p>See the <a href=/a>plan</a>.</p>{TEXT}</main>", head)
    assert statement.source == source
    expected = f'<p>See the <a href="{link}">plan</a>.</p>' if link else "<p>See the plan.</p>"
    assert statement.body_html.startswith(expected)


def test_the_language_is_what_the_page_says_or_a_guess() -> None:
    assert read(f"<main><h1>Works</h1>{TEXT}</main>", lang="pt-br").language == "pt-BR"
    assert read(f"<main><h1>Works</h1>{TEXT}</main>", lang="''").language == "en"


def test_sections_are_kept_whatever_their_ids_and_classes_say() -> None:
    text = "<h2 id=social>Sharing the cost</h2><p>We share.</p>"
    text = f"<section id=sharing-the-cost class=overflow-hidden>{text}</section>"
    assert "Sharing the cost\n===" in read(f"<main><h1>Works</h1>{TEXT}{text}</main>").body_text


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("<html><body><p>" + "word " * 100, "page.html: no title found; give the page a <title> or its text an <h1>"),
        (
            "<html><title>Works</title><body><nav>Home</nav>",
            "page.html: no text found in the page; save the text itself",
        ),
        ("<html><title>Works</title><body><script>render()</script>", "page.html: no text found in the page"),
    ],
)
def test_a_page_without_title_or_text_is_refused(page: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        html.statement(page, "page.html")
    assert str(refused.value).startswith(said)
