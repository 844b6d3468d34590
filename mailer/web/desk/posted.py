"""What somebody at the desk posted: fields as they were typed, one file, within limits."""

import unicodedata
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

FIELDS = 200
MULTIPART = "multipart/form-data"
# A form somebody who is not logged in may post.
SMALL = 16 * 1024
MEGABYTE = 1024 * 1024
# Of the control characters only these are typed; a store need not take the others.
TYPED = "\n\t"


@dataclass(frozen=True)
class Posted:
    """The fields of a posted form, and the file that came with it, if there was one."""

    fields: Mapping[str, tuple[str, ...]]
    file_name: str = ""
    file: bytes = b""

    def one(self, name: str) -> str:
        """Return the first value of a field, "" if it is not there."""
        return self.fields.get(name, ("",))[0]

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field."""
        return self.fields.get(name, ())


NOTHING = Posted({})


async def read(request: Request, longest: int) -> Posted:
    """Return the posted form; HTTPException 413 if it is longer than ``longest`` bytes, 400 if damaged."""
    body = await _body(request, longest)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == MULTIPART:
            return await _multipart(request, body, longest)
        text = body.decode("ascii", "replace")
        return _gathered(parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=FIELDS))
    except (MultiPartException, ValueError, LookupError):
        raise HTTPException(400, "The form arrived damaged.") from None


async def _body(request: Request, longest: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit() or int(declared[:20]) > longest:
        raise HTTPException(413)
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > longest:
            raise HTTPException(413)
        parts.append(chunk)
    return b"".join(parts)


async def _multipart(request: Request, body: bytes, longest: int) -> Posted:
    async def stream() -> AsyncIterator[bytes]:
        yield body

    parser = MultiPartParser(
        request.headers,
        stream(),  # type: ignore[arg-type]
        max_files=1,
        max_fields=FIELDS,
        max_part_size=longest,
    )
    parsed = await parser.parse()
    name, data = "", b""
    for value in parsed.values():
        if isinstance(value, UploadFile) and value.filename:
            name, data = value.filename, await value.read()
    await parsed.close()
    return _gathered([(key, value) for key, value in parsed.multi_items() if isinstance(value, str)], name, data)


def _gathered(pairs: list[tuple[str, str]], file_name: str = "", file: bytes = b"") -> Posted:
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), _typed(value))
    return Posted(fields, _typed(file_name), file)


def _typed(value: str) -> str:
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in lines if letter in TYPED or unicodedata.category(letter) not in ("Cc", "Cs"))
