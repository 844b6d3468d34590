"""Answers that need not be sent again: validators, and 304 for whoever has the same already (RFC 9110, 13)."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import Response


def answer(
    request: Request, body: bytes, kind: str, fields: Mapping[str, str], changed_at: datetime | None = None
) -> Response:
    """Answer with the body, or with 304 where the request says that it is known.

    The moment of the last change counts only for who sends no tag, and only if it is the very same one: when
    something is taken away, the last change may be an earlier one than before.
    """
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    fields = {**fields, "ETag": tag}
    if changed_at is not None:
        fields["Last-Modified"] = format_datetime(changed_at.replace(microsecond=0), usegmt=True)
    known = request.headers.get("if-none-match")
    if known is not None:
        is_same = known.strip() == "*" or tag in [each.strip().removeprefix("W/") for each in known.split(",")]
    else:
        since = request.headers.get("if-modified-since", "")
        is_same = changed_at is not None and since.strip() == fields["Last-Modified"]
    if is_same:
        return Response(status_code=304, headers=fields)
    return Response(body, media_type=kind, headers=fields)
