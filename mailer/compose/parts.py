"""What a part of an edition looks up, and which reader fields it prints with nothing to fall back on."""

from mailer.compose.fields import NONE, Fields, printed, when_false, when_true
from mailer.compose.fields import reads as reads_of
from mailer.compose.spots import Part


def reads(part: Part) -> Fields:
    """Return the keys (``reader.city``, ``links.manage``) a part looks up."""
    found = NONE
    for node in part:
        match node:
            case ["spot", _, expr]:
                found |= reads_of(expr)
            case ["if", test, yes, no]:
                found |= reads_of(test) | reads(yes) | reads(no)
            case ["pick", cases, rest]:
                found = found.union(reads(rest), *(reads_of(test) | reads(body) for test, body in cases))
            case ["for", _, items, test, body, rest]:
                found |= reads_of(items) | reads_of(test) | reads(body) | reads(rest)
    return found


def needs(part: Part, filled: Fields = NONE) -> Fields:
    """Return the reader fields printed without fallback; ``filled`` are known not to be empty there."""
    found = NONE
    for node in part:
        match node:
            case ["spot", _, expr]:
                found |= printed(expr, filled)
            case ["if", test, yes, no]:
                found |= needs(yes, filled | when_true(test)) | needs(no, filled | when_false(test))
            case ["pick", cases, rest]:
                bodies = (needs(body, filled | when_true(test)) for test, body in cases)
                found = found.union(needs(rest, filled), *bodies)
            case ["for", _, items, _, body, rest]:
                found |= needs(body, filled | when_true(items)) | needs(rest, filled)
    return found
