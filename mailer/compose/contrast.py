"""Whether the text of a letter stands out from what is behind it, by the colours written beside it (WCAG 1.4.3)."""

import re
from collections.abc import Iterator

import lxml.html
from lxml import etree

from mailer.compose.findings import Finding, found

ENOUGH, ENOUGH_FOR_LARGE = 4.5, 3.0
LARGE, LARGE_BOLD = 24.0, 18.66
Colour = tuple[int, int, int]

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})(?![0-9a-f])", re.IGNORECASE)
_RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", re.IGNORECASE)
_NAMED = {"black": (0, 0, 0), "white": (255, 255, 255)}
_UNSEEN = re.compile(r"display:none|visibility:hidden|mso-hide:all")


def judge(tree: lxml.html.HtmlElement) -> Iterator[Finding]:
    """Yield every pair of colours too much alike, once, with words it is used for; what is unknown is not judged."""
    seen: set[tuple[Colour, Colour]] = set()
    for element in tree.iter(etree.Element):
        said = " ".join(" ".join([element.text or "", *(child.tail or "" for child in element)]).split())
        if not said or element.tag in ("style", "script", "title"):
            continue
        line = [_style(each) for each in (element, *element.iterancestors())]
        if any(_UNSEEN.search(f"{name}:{value}") for style in line for name, value in style.items()):
            continue
        ink, paper = _first(line, "color"), _first(line, "background-color", "background")
        if ink and paper and (ink, paper) not in seen and ratio(ink, paper) < _needed(line):
            seen.add((ink, paper))
            words = f"“{said[:40]}”, {_hex(ink)} on {_hex(paper)}, {ratio(ink, paper):.1f}:1"
            yield found("colour.contrast", words)


def ratio(one: Colour, other: Colour) -> float:
    """Return how far two colours are apart, from 1 to 21, as WCAG counts."""
    light, dark = sorted((_brightness(one), _brightness(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _brightness(colour: Colour) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _style(element: lxml.html.HtmlElement) -> dict[str, str]:
    """Return what is declared at an element, the old attributes too."""
    pairs = (each.split(":", 1) for each in (element.get("style") or "").split(";") if ":" in each)
    style = {name.strip().lower(): value.replace("!important", "").strip().lower() for name, value in pairs}
    if paper := element.get("bgcolor"):
        style.setdefault("background-color", paper.strip().lower())
    return style


def _first(line: list[dict[str, str]], *names: str) -> Colour | None:
    """Return the nearest colour that is said; None if none is, or it is one we cannot read."""
    for style in line:
        for name in names:
            value = style.get(name, "")
            if value and value not in ("inherit", "transparent", "none"):
                return _colour(value)
    return None


def _colour(value: str) -> Colour | None:
    if "url(" in value or "gradient" in value:
        return None
    if match := _HEX.search(value):
        digits = match.group(0)[1:]
        whole = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
        return int(whole[:2], 16), int(whole[2:4], 16), int(whole[4:], 16)
    if match := _RGB.search(value):
        red, green, blue = (min(int(part), 255) for part in match.groups())
        return red, green, blue
    return _NAMED.get(value)


def _needed(line: list[dict[str, str]]) -> float:
    size = next((style["font-size"] for style in line if "font-size" in style), "")
    weight = next((style["font-weight"] for style in line if "font-weight" in style), "")
    bold = weight == "bold" or (weight.isdigit() and int(weight) >= 700)
    pixels = re.fullmatch(r"([\d.]{1,8})px", size)
    try:
        large = bool(pixels) and float(pixels[1] if pixels else 0) >= (LARGE_BOLD if bold else LARGE)
    except ValueError:
        large = False
    return ENOUGH_FOR_LARGE if large else ENOUGH


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
