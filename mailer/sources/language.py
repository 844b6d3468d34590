"""The language of a text, guessed from its letters and its smallest words."""

import re
from collections import Counter

DEFAULT = "en"
_SMALLEST_WORDS = {
    "en": "the and of to in is that for we our are was with this be by have from not will you they",
    "de": "der die das und ist nicht wir mit für von den dem ein eine auf zu sich im auch werden wird sind",
    "fr": "le la les des et est une nous pour dans que qui pas sur avec ce cette du au aux sont",
    "es": "el la los las y es una por para que con del se no al como más su sus son está nuestro pero lo ha",
    "it": "il lo la gli le e è una per che con del della dei non si di da sono nel alla anche più questo ha",
    "pt": "o a os as e é uma por para que com do da dos não se em no na são mais ao pelo nossa também foi",
    "nl": "de het een en van is niet wij voor met op dat zijn aan er ook te bij naar worden door ze wordt",
}
_STOP_WORDS = {code: frozenset(words.split()) for code, words in _SMALLEST_WORDS.items()}
_SCRIPTS = {
    "ru": re.compile("[\u0400-\u04ff]"),
    "el": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "ar": re.compile("[\u0600-\u06ff\u0750-\u077f]"),
    "he": re.compile("[\u0590-\u05ff]"),
}
_LETTER = re.compile(r"[^\W\d_]")
_UKRAINIAN = re.compile("[іїєґ]", re.IGNORECASE)
_TAG = re.compile(r"^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$")
_ENOUGH = 20_000


def guess(text: str, default: str = DEFAULT) -> str:
    """Return the language tag the text is most likely in; ``default`` if nothing speaks for any."""
    sample = text[:_ENOUGH]
    letters = len(_LETTER.findall(sample))
    for code, letter in _SCRIPTS.items():
        if letters and len(letter.findall(sample)) > letters / 2:
            return "uk" if code == "ru" and _UKRAINIAN.search(sample) else code
    # A single letter is a word in some languages, and a name of something in all of them.
    words = Counter(re.findall(r"[^\W\d_]{2,}", sample.casefold()))
    scores = {code: sum(words[word] for word in known) for code, known in _STOP_WORDS.items()}
    best = max(scores, key=lambda code: scores[code])
    return best if scores[best] else default


def tag(text: str) -> str:
    """Return a language tag in its usual spelling (RFC 5646 section 2.1.1), or nothing if it is none."""
    if not _TAG.match(text.strip()):
        return ""
    first, *more = re.split("[-_]", text.strip())
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else _cased(part) for part in more)])


def _cased(part: str) -> str:
    return part.title() if len(part) == 4 and part.isalpha() else part.lower()
