"""The words the checks look for: left-over placeholders, vague links, prefixes, hosts; all of them data."""

import re
from collections.abc import Iterator

PREFIX = re.compile(r"^\s*(?:re|fwd?|aw|wg|tr|rv|sv|vs|antw|رد|إعادة توجيه)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE)

_ALWAYS = (
    re.compile(r"\{\{|\}\}|\{%|%\}|%7B%7B", re.IGNORECASE),
    re.compile(r"\[(?:insert|einfügen|insérer|insertar|أدخل)\b[^\]]*\]?", re.IGNORECASE),
    re.compile(r"\blorem ipsum\b", re.IGNORECASE),
    # "XXX Congress" is a Roman numeral.
    re.compile(r"\bX{4,}\b|\bXXX\b(?! [A-ZÀ-Ý])"),
)
_UNLESS = (
    # In these languages the mark is a word or a name of its own.
    (re.compile(r"\bTODO\b"), ("es", "pt", "gl")),
    (re.compile(r"\bTK(?:TK)*\b"), ("de",)),
)

VAGUE = frozenset(
    {
        "here", "click here", "click", "this link", "link", "read more", "more", "learn more", "see more",
        "this page", "hier", "hier klicken", "klicken sie hier", "mehr", "mehr lesen", "weiterlesen",
        "ici", "cliquez ici", "lire la suite", "en savoir plus", "aquí", "haga clic aquí", "leer más",
        "más", "هنا", "اضغط هنا", "انقر هنا", "المزيد", "اقرأ المزيد",
    }
)  # fmt: skip

SHORTENERS = frozenset(
    {
        "bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly",
        "tiny.cc", "t.ly", "shorturl.at", "rb.gy", "lnkd.in", "dlvr.it", "v.gd", "bl.ink", "s.id",
    }
)  # fmt: skip

LOCAL_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test", ".invalid")
STAGING = re.compile(r"(?:^|[.-])(?:staging|stage|dev|preview|preprod|uat|sandbox|testing)(?:[.-]|\d)")
EDITOR = re.compile(
    r"^docs\.google\.com/.*/edit|/wp-admin(?:/|$)|/wp-login\.php|[?&]preview(?:_id)?=|/node/\d+/edit|/admin/.*/edit"
)

FILE_NAME = re.compile(r"^\S+\.(?:jpe?g|png|gif|webp|svg|bmp|tiff?)$|^(?:IMG|DSC|DSCF|PXL)[_-]?\d+", re.IGNORECASE)

ATTACHED = re.compile(
    r"\b(?:find|see|is|are) attached\b(?! to)|\battached (?:files?|documents?|pdfs?|letters?|reports?)\b"
    r"|\b(?:in|see|open) the attachment\b|\bim Anhang\b|\bangehängte[nrs]?\b|\bci-jointe?s?\b"
    r"|\bpièces? jointes?\b|\b(?:archivo|documento)s? adjuntos?\b|المرفق",
    re.IGNORECASE,
)

COPYRIGHT = re.compile(r"(?:©|\(c\)|\bcopyright\b)\s*(?:\d{4}\s*[-–]\s*)?(\d{4})", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def placeholders(text: str, language: str) -> Iterator[str]:
    """Yield each left-over placeholder in a text of a language, as it stands there."""
    code = language.split("-")[0].lower()
    for pattern in (*_ALWAYS, *(pattern for pattern, own in _UNLESS if code not in own)):
        for match in pattern.finditer(text):
            yield match.group(0)
