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
    "sv": "och att det som en på är av för med den till inte har vi ett om från kan ska var men så vid eller",
    "da": "og at det som en på er af for med den til ikke har vi et om fra kan skal var men så ved eller der",
    "nb": "og at det som en på er av for med den til ikke har vi et om fra kan skal var men så ved eller vil",
    "pl": "i w na z się nie do jest to że od za po przez dla są jak oraz który która które będzie przy ze być",
    "cs": "se na je že to do za po od pro jsou jak nebo ale který která které bude při ze být jsme není také",
    "fi": "ja on ei se että ovat oli myös kun tai mutta sekä joka jotka ole voi niin tämä sen hän me eivät",
    "tr": "ve bir bu için ile da de çok olarak daha olan gibi kadar ama sonra her ne var değil tarafından en",
    "ro": "și în cu pe nu este din care pentru mai sunt al ale prin fost dar sau cel va fi au lui într",
}
_STOP_WORDS = {code: frozenset(words.split()) for code, words in _SMALLEST_WORDS.items()}
_SCRIPTS = {
    "ko": re.compile("[\uac00-\ud7af]"),
    "zh": re.compile("[\u3040-\u30ff\u4e00-\u9fff]"),
    "ru": re.compile("[\u0400-\u04ff]"),
    "el": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "ar": re.compile("[\u0600-\u06ff\u0750-\u077f]"),
    "he": re.compile("[\u0590-\u05ff]"),
}
_LETTER = re.compile(r"[^\W\d_]")
# Letters that only one of two languages of a script has.
_TELLING = {"ru": ("uk", re.compile("[іїєґ]", re.IGNORECASE)), "zh": ("ja", re.compile("[\u3040-\u30ff]"))}
_TAG = re.compile(r"^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$")
_ENOUGH = 20_000


def guess(text: str, default: str = DEFAULT) -> str:
    """Return the language tag the text is most likely in; ``default`` if nothing speaks for any."""
    sample = text[:_ENOUGH]
    letters = len(_LETTER.findall(sample))
    for code, letter in _SCRIPTS.items():
        if letters and len(letter.findall(sample)) > letters / 2:
            other, telling = _TELLING.get(code, (code, _LETTER))
            return other if telling.search(sample) else code
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
