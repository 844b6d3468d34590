"""Reads an edition before it is sent, as a proof-reader would, and says what to put right.

Pure: it asks no server and no clock. Whether a link answers and who gets the mailing is checked elsewhere.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

import lxml.html
from lxml import etree

from mailer.compose import contrast, targets, wording
from mailer.compose.findings import Finding, found

__all__ = ["Finding", "Proof", "check_edition"]

WARN_BYTES = 80_000
BLOCK_BYTES = 100_000

# Scripts that write without blanks count by the letter.
_WORD = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]|\w[\w'’-]*")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_PIXELS = re.compile(r"(?:^|;)\s*font-size\s*:\s*([\d.]+)px", re.IGNORECASE)
_UNSEEN = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0*)?\s*(?:;|$)"
    r"|font-size\s*:\s*0(?:px)?\s*(?:;|$))",
    re.IGNORECASE,
)
# Three to four screens of a phone.
LONG_WORDS = 800
LARGEST_SIDE = 1200
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass(frozen=True)
class Proof:
    """An edition filled for a reader, and what must be known to judge it.

    ``unsubscribe`` is the address the two parts were filled with; ``html`` is empty for a text-only edition.
    ``html_bytes`` is the size of the encoded part. ``base_url`` is our own: its links are not judged.
    ``year`` is the present year, 0 to leave copyright lines alone.
    """

    subject: str
    preheader: str
    html: str
    text: str
    html_bytes: int
    unsubscribe: str
    postal_address: str
    language: str = "en"
    base_url: str = ""
    attachments: int = 0
    year: int = 0


def check_edition(proof: Proof) -> tuple[Finding, ...]:
    """Return what was found, blocks first, each finding once, in an order that does not change."""
    tree = _parsed(proof.html)
    findings = [
        *_subject(proof.subject),
        *_preheader(proof),
        *_text(proof, tree),
        *_size(proof.html_bytes),
        *_way_out(proof, tree),
        *_postal(proof, tree),
        *_marks(proof, tree),
    ]
    if tree is not None:
        findings += [
            *_links(proof, tree),
            *_images(proof, tree),
            *_headings(tree),
            *contrast.judge(tree),
            *_missing_links(proof, tree),
        ]
    else:
        findings += [
            each for url in sorted(_addresses(proof.text)) for each in targets.judge(url, proof.base_url, "text part")
        ]
    order = ("block", "warn", "info")
    return tuple(sorted(dict.fromkeys(findings), key=lambda each: order.index(each.level)))


def _parsed(html: str) -> lxml.html.HtmlElement | None:
    if not html.strip():
        return None
    try:
        return lxml.html.document_fromstring(html)
    except etree.ParserError:
        return lxml.html.document_fromstring("<html><body></body></html>")


def _said(tree: lxml.html.HtmlElement | None) -> str:
    """What a person sees or hears of the page: no styles, no comments, one blank between blocks."""
    if tree is None:
        return ""
    pieces = tree.xpath("//body//text()[not(ancestor::style) and not(ancestor::script)]")
    return " ".join(" ".join(str(piece) for piece in pieces).split())


def _subject(subject: str) -> Iterator[Finding]:
    text = subject.strip()
    if not text:
        yield found("subject.empty", "subject")
        return
    if len(text) > 78:
        yield found("subject.long", f"subject, {len(text)} letters")
    if len(text) < 10:
        yield found("subject.short", f"subject, {len(text)} letters")
    if wording.PREFIX.match(text):
        yield found("subject.reply", f"subject, “{text.split(':')[0]}:”")
    letters = [letter for letter in text if letter.isalpha() and letter.lower() != letter.upper()]
    if len(letters) >= 10 and all(letter.isupper() for letter in letters):
        yield found("subject.capitals", "subject")


def _preheader(proof: Proof) -> Iterator[Finding]:
    text = proof.preheader.strip()
    if not text:
        yield found("preheader.empty", "preheader")
    elif text.casefold().rstrip(".") == proof.subject.strip().casefold().rstrip("."):
        yield found("preheader.repeats", "preheader")
    elif len(text) > 150:
        yield found("preheader.long", f"preheader, {len(text)} letters")


def _text(proof: Proof, tree: lxml.html.HtmlElement | None) -> Iterator[Finding]:
    text, said = proof.text.strip(), _said(tree)
    if not text:
        yield found("text.empty", "text part")
    elif len(text) * 5 < len(said):
        yield found("text.thin", f"text part, {len(text)} letters beside {len(said)}")
    if tree is not None and not said:
        yield found("body.empty", "HTML part")
    # What stands below the signature line is the frame, not the statement.
    words = len(_WORD.findall(_ADDRESS.sub("", re.split(r"(?m)^-- $", text)[0])))
    if text and words < 50:
        yield found("body.short", f"text part, {words} words")
    if words > 5000:
        yield found("body.long", f"text part, {words} words")


def _size(html_bytes: int) -> Iterator[Finding]:
    if html_bytes > BLOCK_BYTES:
        yield found("size.clipped", f"HTML part, {html_bytes:,} bytes")
    elif html_bytes > WARN_BYTES:
        yield found("size.large", f"HTML part, {html_bytes:,} bytes")


def _way_out(proof: Proof, tree: lxml.html.HtmlElement | None) -> Iterator[Finding]:
    if not proof.unsubscribe or proof.unsubscribe not in _addresses(proof.text):
        yield found("unsubscribe.text_missing", "text part")
    if tree is None:
        return
    links = [link for link in tree.iter("a") if proof.unsubscribe and link.get("href") == proof.unsubscribe]
    if not links:
        yield found("unsubscribe.html_missing", "HTML part")
    elif not any(_can_be_seen(link) for link in links):
        yield found("unsubscribe.hidden", "HTML part")


def _can_be_seen(link: lxml.html.HtmlElement) -> bool:
    if not link.text_content().strip():
        return False
    line = [link, *link.iterancestors()]
    if any(_UNSEEN.search(each.get("style", "")) for each in line):
        return False
    sizes = [size for each in line if (size := _PIXELS.search(each.get("style", "")))]
    return not sizes or float(sizes[0].group(1)) >= 10


def _postal(proof: Proof, tree: lxml.html.HtmlElement | None) -> Iterator[Finding]:
    lines = [" ".join(line.split()) for line in proof.postal_address.splitlines() if line.strip()]
    if not lines:
        yield found("postal.missing", "list")
        return
    parts = {"text part": " ".join(proof.text.split())}
    if tree is not None:
        parts["HTML part"] = _said(tree)
    for name, said in parts.items():
        if any(line not in said for line in lines):
            yield found("postal.not_shown", name)


def _marks(proof: Proof, tree: lxml.html.HtmlElement | None) -> Iterator[Finding]:
    said = _said(tree)
    addresses = " ".join(_targets(tree)) if tree is not None else ""
    places = {
        "subject": proof.subject,
        "preheader": proof.preheader,
        "HTML part": said,
        "text part": proof.text,
    }
    for place, text in (*places.items(), ("link", addresses)):
        for mark in wording.placeholders(text, proof.language):
            yield found("placeholder", f"{place}, “{mark}”")
    for place, text in places.items():
        if wording.CONTROL.search(text):
            yield found("characters.control", place)
    whole = said or proof.text
    if not proof.attachments and (match := wording.ATTACHED.search(whole)):
        yield found("attachment.absent", f"text, “{match.group(0)}”")
    years = [int(year) for year in wording.COPYRIGHT.findall(whole)]
    if proof.year and years and max(years) < proof.year:
        yield found("copyright.old", f"text, {max(years)}")


def _targets(tree: lxml.html.HtmlElement) -> Iterator[str]:
    for element in tree.iter("a", "img", "area"):
        yield element.get("src" if element.tag == "img" else "href", "").strip()


def _links(proof: Proof, tree: lxml.html.HtmlElement) -> Iterator[Finding]:
    for link in tree.iter("a", "area"):
        if link.get("href") is None:
            continue
        url = link.get("href", "").strip()
        label = " ".join(link.text_content().split())
        place = f"link “{label[:60]}” to {url[:80]}" if label else f"link to {url[:80]}"
        if label.casefold().strip(" .…>»→") in wording.VAGUE:
            yield found("link.vague", place)
        if url.startswith("#") and len(url) > 1:
            continue
        yield from targets.judge(url, proof.base_url, place)


def _images(proof: Proof, tree: lxml.html.HtmlElement) -> Iterator[Finding]:
    for image in tree.iter("img"):
        url, alt = image.get("src", "").strip(), image.get("alt")
        place = f"image {url[:80]}"
        if url.lower().startswith("data:"):
            yield found("image.data", f"image {url[:20]}…")
        else:
            yield from targets.judge(url, proof.base_url, place)
        sides = [int(side) for name in ("width", "height") if re.fullmatch(r"\d{1,6}", side := image.get(name, ""))]
        if max(sides, default=0) > LARGEST_SIDE:
            yield found("image.large", f"{place}, {max(sides):,} pixels")
        if alt is None:
            yield found("image.alt_missing", place)
        elif wording.FILE_NAME.match(alt.strip()):
            yield found("image.alt_filename", place)


def _headings(tree: lxml.html.HtmlElement) -> Iterator[Finding]:
    level = 0
    for heading in tree.iter(*_HEADINGS):
        now = int(str(heading.tag)[1])
        if now > level + 1:
            label = " ".join(heading.text_content().split())
            yield found("heading.skipped", f"h{now} “{label[:60]}”")
        level = now
    words = len(_WORD.findall(_said(tree)))
    if words > LONG_WORDS and level < 2:
        yield found("heading.none", f"HTML part, {words:,} words")


def _addresses(text: str) -> frozenset[str]:
    return frozenset(url for each in _ADDRESS.findall(text) for url in (each, each.rstrip(".,;:!?)]>")))


def _missing_links(proof: Proof, tree: lxml.html.HtmlElement) -> Iterator[Finding]:
    written = {unquote(url).rstrip("/") for url in _addresses(proof.text)}
    for url in dict.fromkeys(link.get("href", "").strip() for link in tree.iter("a")):
        known = url == proof.unsubscribe or unquote(url).rstrip("/") in written
        if url.startswith(("http://", "https://")) and not known:
            yield found("text.link_missing", f"link to {url[:80]}")
