"""A value is made fit for its place (text, HTML, an address); it can never become more than a value."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from markupsafe import escape

from mailer.compose.characters import clean

# A whole address may only lead to the web or to a mailbox.
_SCHEMES = re.compile(r"(?:https?://[^/?#]|mailto:[^/?#])", re.IGNORECASE)
_ADDRESS_SAFE = "!#$%&'()*+,/:;=?@[]~"
# Nearly every link of ours: nothing in it needs encoding or escaping.
_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9._~:/?#@!$()*+,;=-]*")
_HTML_SPECIAL = re.compile("[&<>\"']")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BLANKS = {9: " ", 10: " "}
NOWHERE = "#"


def tidy(value: Any) -> str:
    """Return a reader's value as one line without control characters; what is not there is empty."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    return text if text.isprintable() else clean(text).translate(_BLANKS)


def html(value: Any) -> str:
    """Return a value for HTML text or an attribute; markup known early stays markup."""
    if value.__class__ is str and not _HTML_SPECIAL.search(value):
        return str(value)
    return escape(value)


def whole_address(value: Any) -> str:
    """Return a web or mailto address for an HTML attribute, percent-encoded (RFC 3986); else ``#``."""
    text = str(value)
    if _PLAIN_ADDRESS.fullmatch(text):
        return text
    text = "".join(text.split())
    if not _SCHEMES.match(text):
        return NOWHERE
    return str(escape(quote(_STRAY_PERCENT.sub("%25", text), safe=_ADDRESS_SAFE)))


def component(value: Any) -> str:
    """Return a value as a piece of an address that cannot add another (RFC 3986 section 2)."""
    return quote(str(value), safe="@")


def encoded_component(value: Any) -> str:
    """Return a value that went through ``urlencode`` already."""
    return str(escape(quote(str(value), safe="%/")))


MODES: dict[str, Callable[[Any], str]] = {
    "text": str,
    "html": html,
    "url": whole_address,
    "component": component,
    "encoded": encoded_component,
}
