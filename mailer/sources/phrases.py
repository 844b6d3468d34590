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
    "(?:nota|comunicado) (?:de|à|para a) (?:prensa|imprensa)",
    "para publicación inmediata",
    "comunicato stampa",
    "persbericht",
    "пресс-релиз",
    "прес-реліз",
    "(?:komunikat prasowy|informacja prasowa)",
    "pressmeddelande",
    "pressemeddelelse",
    "pressemelding",
    "lehdistötiedote",
    "tisková zpráva",
    "basın (?:bülteni|açıklaması)",
    "بيان صحفي",
    "הודעה לעיתונות",
)
STATUS = re.compile(rf"^[-–—*\s]*{_STATUSES}\b[\s:–—*.!,|-]*(?P<rest>.*)$", re.IGNORECASE)
KIND = re.compile(
    "^"
    + _any(
        "(?:(?:joint|public|official|our) )?statement",
        "open letter",
        "(?:latest )?news",
        "press(?: area| releases)?",
        "announcement",
        "media advisory",
        "(?:gemeinsame |öffentliche )?(?:erklärung|stellungnahme)",
        "mitteilung",
        "offener brief",
        "aktuelles|nachrichten|presse|pressemitteilungen",
        "déclaration(?: commune)?|lettre ouverte|actualités",
        "declaración(?: conjunta)?|carta abierta|noticias",
        "dichiarazione(?: congiunta)?|lettera aperta|notizie",
        "declaração(?: conjunta)?|carta aberta|notícias",
        "verklaring|open brief|nieuws",
        "oświadczenie|aktualności|uttalande|заявление|новости|بيان",
    )
    + r"\s*:?$",
    re.IGNORECASE,
)
"""A line that only says what kind of text follows, or in which part of the website it stands."""
_STEPS = r"(?:\s[>›»]\s[^>›»«]{1,60})"
TRAIL = re.compile(
    rf"^(?:(?:home|start(?:seite)?|accueil|inicio|início){_STEPS}{{1,6}}|[^>›»«]{{1,40}}{_STEPS}{{2,6}})$",
    re.IGNORECASE,
)
"""The way to the page from the site's first one, as it stands above a text."""
_BUTTONS = """
    share this page story on by via to facebook twitter x linkedin whatsapp telegram mastodon bluesky e-mail email mail
    print tweet pdf download save copy link listen teilen drucken auf per merken partager sur imprimer compartir en
    por imprimir condividi stampa
"""
BUTTONS = frozenset(_BUTTONS.split())
"""What the buttons above a text on a website say; a line of nothing else is no part of the text."""
READING = re.compile(
    r"^(?:(?:reading time|lesezeit|temps de lecture|tiempo de lectura|tempo di lettura|"
    r"tempo de leitura|leestijd)\b.{0,20}|\d{1,3}[ -]min(?:ute)?s?\.? read)$",
    re.IGNORECASE,
)
UPDATED = re.compile(
    r"^(?:(?:last )?(?:updated|modified|revised)|update|corrected|(?:zuletzt )?aktualisiert|mis à jour|actualizado|"
    r"aggiornato|atualizado|bijgewerkt)\b",
    re.IGNORECASE,
)
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
RELEASED_BY = re.compile(
    r"^(?:published|posted|issued|released|written|veröffentlicht|publié|publicado|pubblicato|gepubliceerd)"
    r" (?P<by>(?:by|von|par|por|da|door) .+?),? (?:on|am|le|el|em|il|op)\b\W*",
    re.IGNORECASE,
)
AUTHOR = re.compile(
    r"^(?:author|written by|autorin|autor|verfasst von|auteure?|autora|autore|auteur)\s*:\s*(?P<name>\S.*)$",
    re.IGNORECASE,
)
SENDER = re.compile(
    r"^(?:from|by|of|von|vom|der|des|de la|de|du|del|della|di|da|van)\s+(?P<name>[^\W\d_].*)$", re.IGNORECASE
)
NO_EMBARGO = re.compile(
    r"^(?:embargo|sperrfrist)\s*:\s*(?:none|no|keine|aucun|ninguno|nessuno|geen|-|–)\.?$", re.IGNORECASE
)
ROLE = re.compile(r"^(?!(?:the|a|an|we|i|it|they|you|there|die|der|das|wir|es)\b)(?:[\w’'-]+ ?){1,6}$", re.IGNORECASE)
OFFICE = re.compile(
    r"^the (?:[\w’'-]+ ){0,3}(?:office|board|team|staff|editors|committee|department|desk|council)$", re.IGNORECASE
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
ENVELOPE = re.compile(r"^(?:to|from|an|von|betreff|subject|re|place|à|de|objet|para|asunto|ort|lieu|lugar)\s?:\s", re.I)
"""A line of a letter's head."""
TITLE = re.compile(r"^(?:title|headline|titel|überschrift|titre|título|titolo)\s*:\s*(?P<words>\S.*)$", re.IGNORECASE)
DECK = re.compile(
    r"^(?:subtitle|sub-?heading|deck|standfirst|untertitel|sous-titre|subtítulo|sottotitolo|ondertitel)"
    r"\s*:\s*(?P<words>\S.*)$",
    re.IGNORECASE,
)
BRACKETED = re.compile(r"^[\[(](?P<inner>.*)[\])]$", re.DOTALL)
