"""The style sheet is written on the elements, once per edition, and the page's tokens are put in place."""

import os
import re
import threading

from lxml import etree

# The inliner keeps selectors and sheets in one cache of so many entries; a page may need more than its 128.
os.environ.setdefault("PREMAILER_CACHE_MAXSIZE", "2048")

from premailer import Premailer

from mailer.compose.landing import TEXT_ONLY, Landing, Survey
from mailer.compose.sheet import Sheet, divide
from mailer.compose.spots import Part, Spots, Token
from mailer.errors import BadInput

_DOCTYPE = re.compile(r"\s*(<!doctype\b[^>]*>)", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LENGTH = re.compile(r"\d+(?:\.\d+)?%?\Z")
# What the inliner copies from a style into an attribute, and the elements where old mail programs read it.
_COPIED = ("width", "height", "bgcolor", "align", "valign")
_CELL = frozenset({"width", "height", "bgcolor", "align", "valign"})
_SIZED = {
    "table": frozenset({"width", "bgcolor", "align"}),
    "tr": frozenset({"bgcolor", "align", "valign"}),
    "td": _CELL,
    "th": _CELL,
    "img": frozenset({"width", "height"}),
    "body": frozenset({"bgcolor"}),
}
# The inliner and its style parser keep their settings in module state.
_ONE_AT_A_TIME = threading.Lock()


def inline(html: str, place: str = "page.html") -> str:
    """Return a page with its style sheet written on the elements; nothing is loaded from anywhere."""
    return _inlined(html, Spots("none"), place)[0]


def place_spots(html: str, spots: Spots, place: str = "page.html") -> Part:
    """Inline a page and take it apart at its tokens; BadInput where a late value may not stand."""
    text, survey = _inlined(html, spots, place)
    text = re.sub(f"<!--({spots.pattern.pattern})-->", r"\1", text)
    return spots.part(text, lambda token: _mode(token, survey.landings[token.text]))


def _inlined(html: str, spots: Spots, place: str) -> tuple[str, Survey]:
    doctype = _DOCTYPE.match(html)
    page = html[doctype.end() :] if doctype else html
    if "<![" in _COMMENT.sub("", page):
        raise BadInput(
            "a bare <![if …]> would be mangled",
            place=place,
            cure="write <!--[if !mso]><!--> … <!--<![endif]-->",
        )
    tree = _parsed(_borders_hidden(page, spots, place), place)
    survey = Survey(spots)
    survey.take(tree)
    survey.check_blocks()
    with _ONE_AT_A_TIME:
        sheets = _divided(tree, place)
        survey.check_selectors([selector for sheet in sheets for selector, _ in sheet.inlined], tree)
        _write_styles(tree)
    for element in tree.iter(etree.Element):
        if not len(element) and element.text is None:
            # Without a text node, however empty, <li></li> would lose its end tag and swallow what follows.
            element.text = ""
    text = etree.tostring(tree, method="html", encoding="unicode")
    return (doctype[1] if doctype else "<!DOCTYPE html>") + "\n" + text + "\n", survey


def _parsed(page: str, place: str) -> etree._Element:
    parser = etree.HTMLParser(huge_tree=True)
    root = etree.fromstring(page, parser) if page.strip() else None
    if root is None or root.find("body") is None:
        raise BadInput("the page has no <body>", place=place, cure="write a whole HTML page")
    return root


def _borders_hidden(page: str, spots: Spots, place: str) -> str:
    """Return the page with borders between elements as comments: text there would move, as in <head>."""
    if not spots.tokens:
        return page
    survey = Survey(spots)
    survey.take(_parsed(page, place))

    def hidden(match: re.Match[str]) -> str:
        landing = survey.landings.get(match[0])
        if landing is None or landing.attribute or landing.in_comment or landing.element in TEXT_ONLY:
            return match[0]
        return f"<!--{match[0]}-->" if spots.tokens[match[0]].is_border else match[0]

    return spots.pattern.sub(hidden, page)


def _divided(tree: etree._Element, place: str) -> list[Sheet]:
    """Part every style block into one to be inlined and one to be kept, and return what they hold."""
    for link in tree.iter("link"):
        if "stylesheet" in (link.get("rel") or "").lower().split():
            raise BadInput(
                "a style sheet cannot be linked: mail clients do not load it",
                place=place,
                cure="put the rules into style.css and print {{ style }} inside <style>",
            )
    sheets = []
    for style in list(tree.iter("style")):
        if style.get("data-premailer") == "ignore":
            continue
        css, media = style.text or "", str(style.attrib.pop("media", "all"))
        sheet = divide(css if media in ("all", "screen") else f"@media {media} {{ {css} }}", place)
        sheets.append(sheet)
        if sheet.kept:
            kept = etree.Element("style", {"data-premailer": "ignore"})
            kept.text = f"\n{sheet.kept}\n"
            style.addprevious(kept)
        style.text = sheet.inlined_text
    return sheets


def _write_styles(tree: etree._Element) -> None:
    sized = {element: dict(element.attrib) for element in tree.iter(etree.Element)}
    Premailer(
        tree,
        allow_network=False,
        allow_loading_external_files=False,
        keep_style_tags=False,
        disable_leftover_css=True,
        strip_important=False,
        disable_validation=True,
        cssutils_logging_level="CRITICAL",
    ).transform()
    for element, before in sized.items():
        _keep_known_attributes(element, before)


def _keep_known_attributes(element: etree._Element, before: dict[str, str]) -> None:
    """Take back attributes the inliner copied out of the style where HTML does not know them."""
    known = _SIZED.get(str(element.tag), frozenset())
    for name in _COPIED:
        value = element.get(name)
        if value is None or value == before.get(name):
            continue
        # It copies any CSS length into width and height, where only numbers and percentages may be.
        if name in known and (name not in ("width", "height") or _LENGTH.match(value)):
            continue
        if name in before:
            element.set(name, before[name])
        else:
            del element.attrib[name]


def _mode(token: Token, landing: Landing) -> str:
    """Return how a value is made fit for its place: html, url, component or encoded."""
    if landing.mode == "component" and token.expr[:2] == ["filter", "urlencode"]:
        return "encoded"
    return landing.mode
