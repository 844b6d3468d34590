"""Text people hand in, made fit to be kept on one line."""

import re
import unicodedata

# Persian and Indic names and emoji need these two; every other invisible character only does harm.
JOINERS = "\u200c\u200d"
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?")


def one_line(text: str, longest: int) -> str:
    """Return ``text`` on one line, without control or invisible characters, at most ``longest`` letters."""
    plain = unicodedata.normalize("NFC", text) if not text.isascii() else text
    if not plain.isprintable():
        plain = "".join(" " if letter.isspace() else letter for letter in plain if _is_kept(letter))
    return " ".join(plain.split())[:longest].rstrip()


def lines(text: str) -> str:
    """Return ``text`` with every line tidied and empty lines at both ends gone."""
    return "\n".join(one_line(line, 1000) for line in text.splitlines()).strip("\n")


def language(text: str) -> str:
    """Return a language tag such as ``de`` or ``pt-BR``; "" for anything else."""
    tag = text.strip().replace("_", "-")
    if not LANGUAGE.fullmatch(tag):
        return ""
    primary, _, rest = tag.partition("-")
    return primary.lower() + ("-" + (rest.upper() if len(rest) == 2 else rest) if rest else "")


def _is_kept(letter: str) -> bool:
    return letter.isspace() or letter in JOINERS or unicodedata.category(letter) not in ("Cc", "Cf", "Cs")
