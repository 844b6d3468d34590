"""Where the tokens of a page have landed: in text, in an attribute, or where no late value may stand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn, cast

from cssselect import parse
from cssselect.parser import Attrib, CombinedSelector, Pseudo
from lxml import etree
from lxml.cssselect import CSSSelector

from mailer.compose.spots import Spots, Token
from mailer.errors import BadInput

URL_ATTRIBUTES = frozenset(
    (
        *("href", "src", "action", "formaction", "background", "cite", "poster", "longdesc", "data", "xlink:href"),
        *("lowsrc", "dynsrc", "usemap", "ping"),
    )
)
_CLOSED_ATTRIBUTES = frozenset(("class", "id", "style", "srcset", "srcdoc", "http-equiv"))
_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_SCHEMES = frozenset({"http", "https", "mailto", "tel", "cid"})
_CLOSED_ELEMENTS = frozenset({"style", "script"})
# Their content is text only: a border token cannot become a comment there.
TEXT_ONLY = frozenset({"title", "textarea"})
_CONDITIONAL = re.compile(r"\s*\[if [^\]]*\]>(?!<!)(.*)<!\[endif\]\s*\Z", re.DOTALL)
_TAG = re.compile(r"""<[a-zA-Z/](?:[^<>"']|"[^"]*"|'[^']*')*>""")
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")


@dataclass(frozen=True)
class Landing:
    """Where one token stands: its container, the attribute if it is in one, how a value is written.

    ``mode`` is html, url (a whole address begins with the value) or component (an address goes on with it).
    """

    container: tuple[int, ...]
    element: str
    attribute: str = ""
    in_comment: bool = False
    mode: str = "html"


@dataclass
class Survey:
    """The landings of all tokens of a page, and the elements that directly hold borders of late blocks."""

    spots: Spots
    landings: dict[str, Landing] = field(default_factory=dict)
    holders: list[etree._Element] = field(default_factory=list)
    with_late: dict[str, list[etree._Element]] = field(default_factory=dict)

    def take(self, root: etree._Element, above: tuple[int, ...] = ()) -> None:
        """Note every token below an element; BadInput where a late value may not stand."""
        elements = list(root.iter())
        numbers = {element: number for number, element in enumerate(elements)}
        for number, element in enumerate(elements):
            here = (*above, number)
            parent = element.getparent()
            if isinstance(element, etree._Comment):
                self._comment(element, here, (*above, -1 if parent is None else numbers[parent]))
            elif isinstance(element.tag, str):
                self._element(element, here)
            if element.tail and parent is not None and element is not root:
                self._text(element.tail, parent, (*above, numbers[parent]), bool(above))

    def _element(self, element: etree._Element, here: tuple[int, ...]) -> None:
        mark = self.spots.prefix.lower()
        if mark in element.tag.lower():
            self._refuse_tag(element.tag)
        for name, value in element.attrib.items():
            if mark in str(name).lower():
                self._refuse_tag(str(name))
            if mark in str(value).lower():
                self._attribute(element, str(name), str(value), here)
        if element.text:
            self._text(element.text, element, here, len(here) > 1)

    def _attribute(self, element: etree._Element, name: str, value: str, here: tuple[int, ...]) -> None:
        modes = _url_modes(value, self.spots) if name in URL_ATTRIBUTES else {}
        for token in self.spots.found(value):
            if name in _CLOSED_ATTRIBUTES or name.startswith(("on", "xmlns")):
                _refuse(
                    token,
                    f"a late value cannot stand in the attribute {name}",
                    f"write the element twice, once in each branch of {{% if %}}, with a fixed {name}",
                )
            # A negative number, so that no attribute is taken for an element.
            container = (*here, -2 - sorted(map(str, element.attrib)).index(name))
            mode = modes.get(token.text, "html")
            self.landings[token.text] = Landing(container, str(element.tag), name, len(here) > 1, mode)
            self.with_late.setdefault(name, []).append(element)

    def _text(self, text: str, parent: etree._Element, here: tuple[int, ...], in_comment: bool) -> None:
        for token in self.spots.found(text):
            if parent.tag in _CLOSED_ELEMENTS:
                _refuse(
                    token,
                    f"a late value cannot stand in <{parent.tag}>",
                    "style every case and choose between them with {% if %} around the elements",
                )
            self._land(token, parent, here, in_comment)

    def _land(self, token: Token, parent: etree._Element, here: tuple[int, ...], in_comment: bool) -> None:
        # A conditional comment goes out letter by letter; its tags open and close as Outlook needs them.
        container = here[:-1] if in_comment else here
        self.landings[token.text] = Landing(container, str(parent.tag), "", in_comment)
        if token.is_border and not in_comment:
            self.holders.append(parent)

    def _comment(self, comment: etree._Element, here: tuple[int, ...], above: tuple[int, ...]) -> None:
        text = comment.text or ""
        tokens = self.spots.found(text)
        parent = comment.getparent()
        if len(tokens) == 1 and text == tokens[0].text and parent is not None and tokens[0].is_border:
            self._land(tokens[0], parent, above, len(above) > 1)
            return
        conditional = _CONDITIONAL.match(text)
        if not tokens:
            return
        if conditional is None:
            for token in tokens:
                self.landings[token.text] = Landing(here, "comment", "", True)
            return
        inner = conditional[1]
        self.take(etree.fromstring(f"<body>{inner}</body>", etree.HTMLParser(huge_tree=True)), here)
        self._check_quotes(tokens, inner)

    def _check_quotes(self, tokens: list[Token], inner: str) -> None:
        tags = "".join(_TAG.findall(inner))
        quoted = {token.text for value in _QUOTED.findall(tags) for token in self.spots.found(value)}
        for token in tokens:
            if bool(self.landings[token.text].attribute) != (token.text in quoted):
                _refuse(token, *_OUTSIDE_ATTRIBUTE)

    def _refuse_tag(self, name: str) -> NoReturn:
        for token in self.spots.tokens.values():
            if token.text.lower() in name.lower():
                _refuse(token, *_OUTSIDE_ATTRIBUTE)
        raise BadInput("a late value cannot stand inside a tag", cure=_OUTSIDE_ATTRIBUTE[1])

    def check_blocks(self) -> None:
        """Refuse late blocks whose borders do not stand in one and the same element or attribute."""
        for token in self.spots.tokens.values():
            here, there = self.landings.get(token.text), self.landings.get(token.opener)
            if token.opener and here and there and here.container != there.container:
                _refuse(
                    token,
                    f"the late block from {there.element} ends in {here.element}",
                    "open and close every tag on the same side of the block",
                )

    def check_selectors(self, selectors: list[str], root: etree._Element) -> None:
        """Refuse selectors whose effect would depend on which late blocks are there."""
        if self.holders:
            for selector in selectors:
                for bare in _depending_on_siblings(parse(selector)[0].parsed_tree):
                    self._check_siblings(selector, bare, root)
        if self.with_late:
            for selector in selectors:
                for attribute in _conditions(parse(selector)[0].parsed_tree):
                    for element in self.with_late.get(attribute, ()):
                        _refuse(
                            self._first(element),
                            f'the selector "{selector}" looks at {attribute}, which is late here',
                            "give the element a class and select that",
                        )

    def _check_siblings(self, selector: str, bare: str, root: etree._Element) -> None:
        matched = cast("list[etree._Element]", CSSSelector(bare)(root))
        for element in matched:
            for holder in self.holders:
                if element.getparent() is holder:
                    _refuse(
                        self._first(holder),
                        f'the selector "{selector}" depends on which elements a late block leaves',
                        "give the element a class and select that",
                    )

    def _first(self, holder: etree._Element) -> Token:
        return self.spots.found(etree.tostring(holder, encoding="unicode", with_tail=False))[0]


def _refuse(token: Token, problem: str, cure: str) -> NoReturn:
    raise BadInput(problem, place=token.place, cure=cure)


_OUTSIDE_ATTRIBUTE = (
    "a late value cannot stand inside a tag but outside a quoted attribute value",
    'put it between quotes as a value (title="{{ … }}"), or write the element twice inside {% if %}',
)


def _url_modes(value: str, spots: Spots) -> dict[str, str]:
    """Say of every spot whether the address begins with it; BadInput if that differs by reader."""
    modes: dict[str, str] = {}
    blocks: list[tuple[set[bool], set[bool]]] = []
    empty = {True}
    for number, piece in enumerate(re.split(f"({spots.pattern.pattern})", value)):
        if number % 2 == 0:
            _check_scheme(piece, value, spots, begins=True in empty)
            empty = {False} if piece.strip() else empty
            continue
        token = spots.tokens[piece]
        if token.role == "spot":
            if len(empty) > 1:
                _refuse(
                    token,
                    "whether an address begins here depends on the reader",
                    "write each whole address in its own branch",
                )
            modes[piece] = "url" if True in empty else "component"
            empty = {False}
        elif token.role in ("if", "pick", "for"):
            blocks.append((empty, set()))
            empty = empty if token.role == "if" or True not in empty else {True, False}
        elif token.role == "other":
            blocks[-1][1].update(empty)
            empty = blocks[-1][0]
        elif token.role == "close":
            empty = empty | blocks.pop()[1]
    return modes


def _check_scheme(piece: str, value: str, spots: Spots, *, begins: bool) -> None:
    """Refuse an address whose fixed beginning makes a script or the like of what the reader's value adds."""
    scheme = _SCHEME.match(piece) if begins else None
    if scheme and scheme[1].lower() not in _SCHEMES:
        _refuse(
            spots.found(value)[0],
            f"a late value cannot be part of an address that begins with {scheme[1]}:",
            "begin the address with https:// or mailto:",
        )


def _depending_on_siblings(tree: object) -> Iterator[str]:
    if isinstance(tree, CombinedSelector):
        yield from _depending_on_siblings(tree.selector)
        if tree.combinator in "+~":
            right = tree.subselector
            yield right.selector.canonical() if isinstance(right, Pseudo) else right.canonical()
        yield from _depending_on_siblings(tree.subselector)
    elif isinstance(tree, Pseudo):
        yield tree.selector.canonical()


def _conditions(tree: object) -> Iterator[str]:
    if isinstance(tree, Attrib) and tree.operator != "exists":
        yield tree.attrib
    for part in (getattr(tree, "selector", None), getattr(tree, "subselector", None)):
        if part is not None:
            yield from _conditions(part)
