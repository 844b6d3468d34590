"""Characters that may stand in a mail: what is broken is mended, what is invisible and harmful is removed."""

import re

# The 27 places where windows-1252 has a letter and ISO 8859-1 a C1 control; software that mixed the two up
# leaves U+0080-009F behind, which some mail clients clip the whole mail for.
_C1 = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_C0 = {code: "" for code in range(0x20) if code not in (0x09, 0x0A)}
_REMOVED = {
    **_C0,
    0x7F: "",
    0xAD: "",  # soft hyphen
    0xFEFF: "",  # byte order mark
    0x202D: "",  # overrides of the writing direction can make a line read as another
    0x202E: "",
    0xFFFE: "",
    0xFFFF: "",
}
_TABLE = str.maketrans({**_C1, **_REMOVED})
_BREAKS = re.compile("\r\n|\r|\x0b|\x0c|\x85|\u2028|\u2029")
# Surrogates and noncharacters cannot be written as UTF-8 or are refused by XML tools.
_UNPAIRED = re.compile("[\ud800-\udfff\ufdd0-\ufdef]")


def clean(text: str) -> str:
    """Return the text with ``\\n`` as its only line break and without control characters."""
    return _UNPAIRED.sub("", _BREAKS.sub("\n", text).translate(_TABLE))


def one_line(text: str) -> str:
    """Return the cleaned text as one line with single blanks."""
    return " ".join(clean(text).split())
