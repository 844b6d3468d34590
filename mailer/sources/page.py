"""A web page as a browser saved it: what is the statement in it, and what is only the site around it."""

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from mailer.compose.characters import one_line
from mailer.compose.tree import Element, dropped, remove

_AROUND = frozenset(("nav", "footer", "aside", "dialog", "search"))
_ROLES_KNOWN = "navigation banner contentinfo complementary search dialog alertdialog menu"
_ROLES = frozenset(_ROLES_KNOWN.split())
_SURE = """
    sharedaddy addtoany addthis cookie cookies cookiebar cookiebanner cookieconsent gdpr breadcrumb
    breadcrumbs relatedposts newsletter comments respond sidebar menu nav navbar navigation skiplink
    skiptocontent advert advertisement popup modal toolbar taglist pagination pager footer login
    screenreader languageswitcher langswitch
"""
_LIKELY = """
    share sharing sharer shares social socials consent related recommended recommendations subscribe
    comment skip ads promo overlay tags search donate signup
"""
_SURE_WORDS, _LIKELY_WORDS = frozenset(_SURE.split()), frozenset(_LIKELY.split())
_BESIDE = """
    byline author authors date published dateline posted postdate pubdate meta timestamp readingtime
    kicker
"""
_BESIDE_WORDS = frozenset(_BESIDE.split())
_DECK = """
    deck dek subtitle standfirst subheading subhead subheadline subline lede lead teaser tagline
    strapline
"""
_DECK_WORDS = frozenset(_DECK.split())
_BLOCKS = frozenset(("p", "div", "li", "td", "section", "article", "header", "blockquote", "span"))
# What stands further down in a page is no byline.
_MOST = 60
_TEXT = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "li", "td", "a", "em", "strong"))


class Page:
    """A parsed page, pruned of the site around the text; elements found are taken out as they are read."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self._prose: dict[Element, int] = {}
        self._measure()
        self._prune()
        self._measure()
        self.main = self._main()
        self.scope = self._scope()

    def headline(self, site: str) -> tuple[str, bool]:
        """Take the headline out, and say whether it stood in the text itself.

        It is the first h1 of the text, else one of the page that is not the name of the site.
        """
        near = [each for each in self.main.iter("h1") if words(each)]
        far = [each for each in self.root.iter("h1") if words(each) and words(each).casefold() != site.casefold()]
        outside = [each for each in far if not any(up.tag == "header" for up in each.iterancestors())]
        for element in (near or outside or far)[:1]:
            text = words(element)
            self._after_headline(element)
            remove(element)
            return text, bool(near)
        return "", False

    def deck(self) -> str:
        """Take the deck out: what the page marks as one, or stands in one header with the headline."""
        marked = (
            each
            for each in self.scope.iter()
            if class_words(each) & _DECK_WORDS
            or each.get("itemprop") == "alternativeHeadline"
            or each.get("role") == "doc-subtitle"
            or each.get("data-deck")
        )
        for element in marked:
            text = words(element)
            if 0 < len(text) <= 300 and element is not self.main and element is not self.scope:
                remove(element)
                return text
        return ""

    def beside(self) -> Iterator[Element]:
        """Yield the short elements beside the headline: dates, bylines."""
        for element in list(islice(self.scope.iter(), 10 * _MOST)):
            if not isinstance(element.tag, str) or element in (self.main, self.scope):
                continue
            marked = class_words(element) & _BESIDE_WORDS or element.get("itemprop") in (
                "author",
                "datePublished",
            )
            if (marked or element.get("rel") == "author") and 0 < len(words(element)) <= 160:
                yield element

    def times(self) -> Iterator[Element]:
        """Yield the time elements that stand for themselves, not in a sentence of the text."""
        for element in list(islice(self.scope.iter("time"), _MOST)):
            block = next((up for up in element.iterancestors() if up.tag in _BLOCKS), None)
            if block is None or len(words(block)) <= 100 or _within_header(element):
                yield element

    def finish(self) -> Element:
        """Return the text's element without what is left of its header."""
        for header in list(self.main.iter("header")):
            if header is not self.main and not any(len(words(each)) > 120 for each in header.iter("p")):
                remove(header)
        return self.main

    def _after_headline(self, headline: Element) -> None:
        """Mark the line under the headline as the deck if a header holds both."""
        parent, below = headline.getparent(), headline.getnext()
        if parent is None or parent.tag not in ("hgroup", "header") or below is None:
            return
        plain = not class_words(below) & _BESIDE_WORDS and below.find(".//time") is None
        if below.tag in ("h2", "h3", "p") and plain and len(words(below)) <= 220:
            below.set("data-deck", "1")

    def _measure(self) -> None:
        """Count, for every element, the letters in it that are no link."""
        self._prose = {}
        for element in reversed(list(self.root.iter())):
            own = 0 if dropped(element) or element.tag == "a" else len((element.text or "").strip())
            inside = 0 if own == 0 and (dropped(element) or element.tag == "a") else self._inside(element)
            self._prose[element] = own + inside

    def _inside(self, element: Element) -> int:
        return sum(self._prose[child] + len((child.tail or "").strip()) for child in element)

    def _prune(self) -> None:
        total = self._prose[self.root]
        for element in list(self.root.iter()):
            if element.tag in ("html", "body", "main", "article", "head"):
                continue
            if dropped(element) or self._is_site(element, self._prose[element] / max(total, 1)):
                element.tag = "template"
        etree.strip_elements(self.root, "template", with_tail=False)

    def _is_site(self, element: Element, share: float) -> bool:
        """Say whether an element with this share of all prose belongs to the site around the text."""
        if element.tag == "h1" or element.find(".//h1") is not None:
            return False
        if element.tag in _AROUND or element.get("role") in _ROLES:
            return True
        if share > 0.4 or element.tag in _TEXT:
            return False
        if element.tag == "form":
            return True
        named = class_words(element)
        return bool(named & _SURE_WORDS) or (share < 0.1 and bool(named & _LIKELY_WORDS))

    def _main(self) -> Element:
        """The element the page marks as its text, else the smallest that holds four fifths of all prose."""
        whole = self._prose[self.root]
        for wanted in (_is_body, _is_piece, _is_main):
            found = [each for each in self.root.iter() if isinstance(each.tag, str) and wanted(each)]
            best = max(found, key=lambda each: self._prose.get(each, 0), default=None)
            if best is not None and self._prose.get(best, 0) >= 0.4 * whole and self._prose.get(best, 0) > 0:
                return best
        found_body = self.root.find("body")
        element = found_body if found_body is not None else self.root
        while True:
            inner = [
                each for each in element if self._prose.get(each, 0) >= 0.8 * whole and each.tag not in ("p", "pre")
            ]
            if not inner or not whole:
                return element
            element = inner[0]

    def _scope(self) -> Element:
        """The element around the text in which its headline and date stand too."""
        for element in (self.main, *self.main.iterancestors()):
            if element.find(".//h1") is not None or element.tag in ("article", "main", "body"):
                return element
        return self.main


def words(element: Element) -> str:
    """Return the text in an element as one line."""
    return one_line(" ".join(str(piece) for piece in element.itertext())) if isinstance(element.tag, str) else ""


def _within_header(element: Element) -> bool:
    parent = element.getparent()
    return parent is not None and parent.tag == "header"


def class_words(element: Element) -> set[str]:
    """Return the words that an element's class and its id, if that is short, are made of."""
    names = element.get("class", "").lower().split()
    own = element.get("id", "").lower()
    # The id of a section is often made of its heading, and says nothing of its kind.
    names += [own] if len(re.split("[-_]", own)) <= 2 else []
    return {part for name in names for part in (*re.split(r"[^a-z]+", name), re.sub("[-_]", "", name))}


def _is_body(element: Element) -> bool:
    return element.get("itemprop") == "articleBody"


def _is_piece(element: Element) -> bool:
    return bool(element.tag == "article" or element.get("role") == "article")


def _is_main(element: Element) -> bool:
    return bool(element.tag == "main" or element.get("role") == "main")
