"""The files pages need: read once, served with a hash in their address and kept by browsers for a year."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mailer.web.headers import CACHE

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}
# What other sites load from us: everybody may read it, so that a page can also check its hash (integrity).
SHARED = {"subscribe.js": {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}}
YEAR = "public, max-age=31536000, immutable"
SHORT = "public, max-age=300"


@dataclass(frozen=True)
class StaticFile:
    """One file: what it is, and a short hash of it."""

    data: bytes
    kind: str
    hash: str


class StaticFiles:
    """Every file below ``pages/static`` of the template folders, the operator's own first."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.files: Mapping[str, StaticFile] = {
            path.name: _read(path)
            for folder in reversed(folders)
            for path in sorted((folder / "pages" / "static").glob("*"))
            if path.suffix in KINDS and path.is_file()
        }

    def address(self, name: str) -> str:
        """Return the path of a file, which changes when the file does; KeyError if there is no such file."""
        return f"/static/{name}?v={self.files[name].hash}"

    def answer(self, request: Request) -> Response:
        """Return the file the request names."""
        name = request.path_params["name"]
        found = self.files.get(name)
        if found is None:
            raise HTTPException(404)
        tag = f'"{found.hash}"'
        headers = {CACHE: YEAR if request.query_params.get("v") == found.hash else SHORT, "ETag": tag}
        headers |= SHARED.get(name, {})
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(found.data, media_type=found.kind, headers=headers)


def _read(path: Path) -> StaticFile:
    data = path.read_bytes()
    return StaticFile(data, KINDS[path.suffix], hashlib.sha256(data).hexdigest()[:12])
