"""Which lines of a plain text are headings: a paragraph is none, and a short sentence is none."""

import re
from collections.abc import Sequence

from mailer.compose import links
from mailer.compose.blocks import Block, Heading, Items, Paragraph, Quote
from mailer.compose.datewords import key, months

SENTENCE_END = tuple(".!?:;,…-–—")
_KNOWN_HEADING = re.compile(
    r"^(?:notes? (?:to|for) (?:the )?editors?|about (?:us|the) ?[\w’' -]{0,60}|"
    r"(?:press |media )?contacts?|(?:media |press )?enquiries|(?:for )?(?:further|more) information|background|"
    r"hinweise? (?:für|an) die redaktion(?:en)?|über uns|(?:presse)?kontakt|rückfragen|hintergrund|"
    r"contacts? presse|à propos|contacto(?: de prensa)?|contatti|contacten?|sobre nosotros) ?:?$",
    re.IGNORECASE,
)
LABELLED = re.compile(r"^\w+: \S")


def stands_above(group: Sequence[str]) -> bool:
    """Say whether the first line is a heading right above its text: a known one, or capitals above a sentence."""
    first, below = group[0].strip(), " ".join(group[1:])
    if _KNOWN_HEADING.match(first):
        return True
    capitals = first.isupper() and not below.isupper() and not first.endswith((".", ",", ";"))
    return (
        capitals and len(first) <= 80 and len(first.split()) > 1 and below.rstrip("”\"'»’)").endswith((".", "!", "?"))
    )


def found_in(found: Sequence[Block]) -> list[Block]:
    """A short line without a full stop is a heading if running text follows it."""
    seen: list[Block] = []
    asked = {at for at, block in enumerate(found) if _is_question(block, found[at + 1 : at + 2])}
    for at, block in enumerate(found):
        following = found[at + 1] if at + 1 < len(found) else None
        # One question may be a sentence of a speech; three, each with its answer below, are headings.
        if isinstance(block, Paragraph) and at in asked and len(asked) >= 3:
            seen.append(Heading(2, block.text))
        elif isinstance(block, Paragraph) and following is not None and _is_heading(block.text, following):
            seen.append(Heading(2, block.text.rstrip(" :")))
        else:
            seen.append(block)
    return seen


def _is_question(block: Block, following: Sequence[Block]) -> bool:
    if not isinstance(block, Paragraph) or "\n" in block.text or len(block.text) > 80 or not following:
        return False
    below = following[0]
    return block.text.endswith(("?", "؟", "？")) and not (isinstance(below, Paragraph) and below.text.endswith("?"))


def _is_heading(line: str, following: Block) -> bool:
    if "\n" in line or len(line) > 80:
        return False
    if isinstance(following, Paragraph):
        text = following.text
        running = len(text) > 80 or text.rstrip("”\"'»’)").endswith((".", "!", "?", ":"))
    else:
        # A list of what begins with a small letter ends the sentence above it.
        running = isinstance(following, Quote) or (isinstance(following, Items) and not _goes_on(following))
    if _KNOWN_HEADING.match(line):
        return True
    month, _, year = line.partition(" ")
    if year.isdigit() and key(month) in months():
        return False
    if isinstance(following, Paragraph) and LABELLED.match(line) and LABELLED.match(following.text):
        return False
    plain = line.rstrip("”\"'»’)] ")
    return (
        running
        and not plain.endswith(SENTENCE_END)
        and len(line.split()) <= 12
        and (line[0].isupper() or line[0].isdigit() or not line[0].isascii())
        and not any(url for _, url in links.bare(line))
        and any(letter.isalpha() for letter in line)
    )


def _goes_on(found: Items) -> bool:
    first = found.items[0][0]
    return isinstance(first, Paragraph) and first.text[:1].islower()
