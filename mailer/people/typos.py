"""A domain typed with a slip, and the one that was probably meant; only ever a question, never a refusal."""

# Where most readers have their mailbox: the name, and the endings it has.
PROVIDERS = {
    "gmail": ("com",),
    "googlemail": ("com",),
    "yahoo": ("com", "co.uk", "fr", "de", "es", "it", "ca", "in", "co.in", "co.jp", "com.br", "com.au", "com.mx"),
    "hotmail": ("com", "co.uk", "fr", "de", "es", "it", "nl", "be"),
    "outlook": ("com", "de", "fr", "es", "it", "pt", "com.br"),
    "icloud": ("com",),
    "protonmail": ("com", "ch"),
    "proton": ("me",),
    "fastmail": ("com",),
    "t-online": ("de",),
    "freenet": ("de",),
    "posteo": ("de",),
    "mailbox": ("org",),
    "orange": ("fr",),
    "wanadoo": ("fr",),
    "laposte": ("net",),
    "libero": ("it",),
    "yandex": ("ru", "com"),
    "comcast": ("net",),
    "verizon": ("net",),
    "btinternet": ("com",),
    "bluewin": ("ch",),
}
# Other people's good names, one letter away from one above.
REAL = frozenset({"mail", "email", "ymail", "rmail", "qmail", "hmail", "gmailer", "range", "protein", "cloud", "gmx"})
# Endings nobody can register, and the one that was meant.
ENDINGS = {
    **dict.fromkeys(("con", "cmo", "ocm", "comm", "coom", "cpm", "vom", "xom", "clm", "c0m"), "com"),
    **dict.fromkeys(("ogr", "rog", "orgg", "prg"), "org"),
    **dict.fromkeys(("nett", "nte"), "net"),
    **dict.fromkeys(("dee", "ed"), "de"),
}
# Real endings, but not of a name that has .com and not these.
ALMOST_COM = ("co", "cm", "om", "cam")


def suggest(domain: str) -> str:
    """Return the domain that was probably meant, "" where nothing speaks for a slip.

    ``domain`` is as ``address.parse`` returns it. Two letters that changed places, one too many, one missing or one
    wrong make a slip of a well-known name; an ending that does not exist makes one of any.
    """
    name, _, ending = domain.partition(".")
    if domain.count(".") == 1 and ending in ENDINGS:
        meant = ENDINGS[ending]
        endings = PROVIDERS.get(name, (meant,))
        mended = f"{name}.{meant if meant in endings else endings[0]}"
        return suggest(mended) or mended
    if ending in ALMOST_COM and PROVIDERS.get(name, ())[:1] == ("com",):
        return f"{name}.com"
    if name in REAL or name in PROVIDERS:
        return ""
    for meant, endings in PROVIDERS.items():
        if _is_slip(name, meant):
            near = "com" if ending in ALMOST_COM else ending
            return f"{meant}.{near}" if near in endings else ""
    return ""


def _is_slip(typed: str, meant: str) -> bool:
    """Say whether one slip of a finger makes ``meant`` into ``typed``."""
    if abs(len(typed) - len(meant)) > 1:
        return False
    at = next((place for place, (one, other) in enumerate(zip(typed, meant, strict=False)) if one != other), None)
    if at is None:
        return len(typed) != len(meant)
    rest, right = typed[at:], meant[at:]
    changed_places = rest[1::-1] + rest[2:] == right and len(rest) > 1
    return changed_places or rest[1:] == right[1:] or rest[1:] == right or rest == right[1:]
