"""Forms people and machines post to us: read with limits, cleaned, and looked at for robots."""

import json
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from mailer import clock
from mailer.errors import BadInput
from mailer.people.cleaning import one_line
from mailer.tokens import Keys

BODY_BYTES = 64 * 1024
FIELDS = 60
LONGEST = 2000
MULTIPART = "multipart/form-data"
JSON = "application/json"

# A field no person sees; who fills it in is a robot.
TRAP = "website"
SHOWN_AT = "shown_at"
RENDERED, ASKED_ONCE_MORE = "form shown", "form shown again"
# Faster than this nobody types an address; a page left open for a day may be somebody's recording.
FASTEST_SECONDS = 2
LONGEST_OPEN_SECONDS = 24 * 3600

NONCE_BITS = 64

PERSON, ROBOT, UNSURE = "person", "robot", "unsure"


@dataclass(frozen=True)
class Form:
    """The fields of a posted form, each value on one line without control characters."""

    fields: Mapping[str, tuple[str, ...]]

    def one(self, name: str, longest: int = LONGEST) -> str:
        """Return the first value of a field, "" if it is not there."""
        return self.fields.get(name, ("",))[0][:longest]

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field."""
        return self.fields.get(name, ())


async def read(request: Request, *, json_too: bool = False) -> Form:
    """Return the posted form, urlencoded or multipart; HTTPException 413 if it is long, 400 if damaged.

    ``json_too`` takes an object in JSON for a form: its texts, and lists of texts, by the names of the fields.
    """
    body = await _body(request)
    kind = kind_of(request)
    try:
        if json_too and kind == JSON:
            pairs = list(_json(body))
        else:
            pairs = await _multipart(request.headers, body) if kind == MULTIPART else _urlencoded(body)
    except (MultiPartException, ValueError, LookupError, RecursionError):
        raise HTTPException(400) from None
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), one_line(value, LONGEST))
    return Form(fields)


def kind_of(request: Request) -> str:
    """Return the media type of what was posted, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def shown_at(keys: Keys, *, again: bool = False) -> str:
    """Return the signed moment a form is shown, for its hidden field: another one each time, as it serves once."""
    purpose = ASKED_ONCE_MORE if again else RENDERED
    return keys.ring.sign(purpose, int(clock.now().timestamp()), secrets.randbits(NONCE_BITS))


def sender(keys: Keys, form: Form) -> str:
    """Say whether a person or a robot sent a sign-up form; ``unsure`` ones are asked to press once more.

    A form pasted into another site cannot say when it was shown; it is believed without.
    """
    if form.one(TRAP):
        return ROBOT
    token = form.one(SHOWN_AT)
    if not token:
        return PERSON
    age = _age(keys, RENDERED, token)
    if age is not None and FASTEST_SECONDS <= age <= LONGEST_OPEN_SECONDS:
        return PERSON
    again = _age(keys, ASKED_ONCE_MORE, token)
    return PERSON if again is not None and 0 <= again <= LONGEST_OPEN_SECONDS else UNSURE


def _age(keys: Keys, purpose: str, token: str) -> float | None:
    try:
        return clock.now().timestamp() - keys.ring.read(purpose, token)[0]
    except (BadInput, IndexError):
        return None


async def _body(request: Request) -> bytes:
    declared = request.headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit() or int(declared[:20]) > BODY_BYTES:
        raise HTTPException(413)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES:
            raise HTTPException(413)
    return body


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    text = body.decode("ascii", "replace")
    return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=FIELDS)


def _json(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield field and value; ValueError for what is no object of texts, numbers and lists of them."""
    given = json.loads(body)
    if not isinstance(given, dict):
        raise ValueError("no object")
    pairs = [(name, one) for name, value in given.items() for one in (value if isinstance(value, list) else [value])]
    if len(pairs) > FIELDS or any(isinstance(value, list | dict) for _, value in pairs):
        raise ValueError("too many fields, or too deep")
    for name, value in pairs:
        if value is not None:
            yield name, json.dumps(value) if isinstance(value, bool) else str(value)


async def _multipart(headers: Headers, body: bytes) -> list[tuple[str, str]]:
    async def stream() -> AsyncIterator[bytes]:
        yield body

    # No files: a form of ours has none, and RFC 8058 section 3.2 needs none.
    parser = MultiPartParser(headers, stream(), max_files=0, max_fields=FIELDS, max_part_size=BODY_BYTES)  # type: ignore[arg-type]
    parsed = await parser.parse()
    return [(name, value) for name, value in parsed.multi_items() if isinstance(value, str)]
