"""The set phrases above a statement, in the languages we read: status lines, notes, bylines, labels."""

import re


def _any(*phrases: str) -> str:
    return "(?:" + "|".join(phrases) + ")"


_STATUSES = _any(
    "for immediate release",
    "(?:press|media|news) (?:release|statement)",
    "press information",
    "pressemitteilung",
    "presseinformation",
    "medienmitteilung",
    "zur sofortigen veröffentlichung",
    "communiqué(?: de presse)?",
    "pour diffusion immédiate",
    "(?:nota|comunicado) de (?:prensa|imprensa)",
    "para publicación inmediata",
    "comunicato stampa",
    "persbericht",
    "пресс-релиз",
)
STATUS = re.compile(rf"^[-–—*\s]*{_STATUSES}\b[\s:–—*.!,|-]*(?P<rest>.*)$", re.IGNORECASE)
EMBARGO = re.compile(
    r"^\W*(?:(?:under |strictly )?embargo(?:ed)?|sperrfrist|sous embargo|bajo embargo)\b", re.IGNORECASE
)

_NOTES = _any(
    r"editor(?:s|['’]s|s['’])?['’]? note",
    r"editorial note",
    r"note(?: to readers?| from the editors?)?",
    r"anmerkung(?: der redaktion)?",
    r"anm\. ?d\. ?red\.?",
    r"redaktionelle (?:anmerkung|notiz)",
    r"vorbemerkung",
    r"hinweis",
    r"note de la rédaction",
    r"ndlr",
    r"nota(?: (?:del|de la|della|da|do|dell['’])\s?\w+)?",
    r"noot van de redactie",
    r"redactionele noot",
    r"примечание(?: редакции)?",
)
NOTE = re.compile(rf"^{_NOTES}\s*[:.–—]\s*\S", re.IGNORECASE)

_WHAT = _any(
    "text", "statement", "speech", "remarks", "letter", "transcript", "article", "talk", "address",
    "document", "appeal", "report", "leaflet", "resolution", "interview", "presentation",
    "contribution", "translation",
)  # fmt: skip
_MADE = _any(
    "edited", "abridged", "shortened", r"translat\w+", r"transcri\w+", "version", "originally",
    "delivered", "first (?:published|appeared|given|issued)", "reprinted", "reproduced", "excerpts?",
    "extracts?", "adapted", "remarks made", "(?:was|were) (?:given|issued|published)",
)  # fmt: skip
INTRODUCTION = re.compile(
    "^"
    + _any(
        r"(?:the following|the (?:text|statement|speech|letter) below|this|these|below (?:is|are)|below,? we)"
        rf"\b.{{0,40}}?{_WHAT}s?\b.{{0,60}}?\b{_MADE}\b",
        rf"we (?:publish|reprint|reproduce)\b.{{0,60}}?{_WHAT}",
        rf"this is (?:a|an|the)\b.{{0,60}}?\b{_MADE}\b",
        r"(?:der folgende|dieser|nachfolgender|wir dokumentieren|wir veröffentlichen)\b.{0,120}?"
        r"(?:text|rede|fassung|beitrag|übersetzung|erklärung|brief|bearbeitet|gekürzt)",
        r"(?:le texte (?:suivant|qui suit|ci-dessous)|ce texte (?:est|a été)|nous publions)\b",
        r"(?:el siguiente texto|el texto (?:siguiente|que sigue)|este texto (?:es|fue)|publicamos)\b",
        r"(?:il seguente testo|il testo (?:seguente|che segue)|questo testo è|pubblichiamo)\b",
        r"(?:o (?:seguinte texto|texto (?:a seguir|seguinte))|este texto (?:é|foi))\b",
        r"(?:de volgende tekst|deze tekst (?:is|werd)|onderstaande tekst)\b",
    ),
    re.IGNORECASE,
)

BY = re.compile(r"^(?:by|von|par|por|di|da|door|от|από)[ ]+(?P<name>\S.*)$", re.IGNORECASE)
AUTHOR = re.compile(
    r"^(?:author|written by|autorin|autor|verfasst von|auteure?|autora|autore|auteur)\s*:\s*(?P<name>\S.*)$",
    re.IGNORECASE,
)
_IN_NAMES = "de la le du des van von der den dos da di del and und et y e en i the of bin ibn al zu"
IN_NAMES = frozenset(_IN_NAMES.split())
"""Words with a small letter that stand in the names of people and bodies."""
SOURCE = re.compile(
    r"^(?:source|original(?:ly at)?|quelle|fuente|fonte|bron|url|link|web(?:site)?)\s*:\s*(?P<url>https?://\S+)$",
    re.IGNORECASE,
)
ENQUIRIES = re.compile(
    r"^(?:(?:press |media )?contact|(?:presse)?kontakt|ansprechpartner\w*|contacto?(?: \w+)?|contatt[oi]|"
    r"(?:for )?(?:further|more) information|tel|phone|e-?mail)\b.{0,30}?[:.]",
    re.IGNORECASE,
)
TITLE = re.compile(r"^(?:title|headline|titel|überschrift|titre|título|titolo)\s*:\s*(?P<words>\S.*)$", re.IGNORECASE)
DECK = re.compile(
    r"^(?:subtitle|sub-?heading|deck|standfirst|untertitel|sous-titre|subtítulo|sottotitolo|ondertitel)"
    r"\s*:\s*(?P<words>\S.*)$",
    re.IGNORECASE,
)
BRACKETED = re.compile(r"^[\[(](?P<inner>.*)[\])]$", re.DOTALL)
