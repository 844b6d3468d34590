"""Whether this installation is well, for whoever watches over it: store, schema, sending."""

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mailer.errors import WrongSchema
from mailer.send import watch
from mailer.store import pulse
from mailer.store.engine import StoreTrouble
from mailer.web.house import House

log = logging.getLogger("mailer.web")
KEPT_SECONDS = 1.0


@dataclass
class Health:
    """Looks at most once a second, however often it is asked: asking must not be an attack."""

    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _found: dict[str, Any] = field(default_factory=dict)
    _until: float = 0.0

    async def answer(self, house: House, _request: Request) -> Response:
        """Return 200 and "ok", or 503 and "red" or "degraded" with the part that is not well."""
        async with self._looking:
            if time.monotonic() >= self._until:
                self._found = await run_in_threadpool(_look, house)
                self._until = time.monotonic() + KEPT_SECONDS
        return JSONResponse(self._found, status_code=200 if self._found["status"] == "ok" else 503)


def _look(house: House) -> dict[str, Any]:
    try:
        pulse.feel(house.store)
        with house.store.read() as session:
            found = watch.health(session, house.config)
    except WrongSchema:
        return {"status": "red", "store": "wrong version", "sending": "unknown"}
    except StoreTrouble as error:
        log.error("the store is not well: %s", " ".join(str(error).split()))
        return {"status": "red", "store": "unreachable", "sending": "unknown"}
    if found.store:
        # Why stands in the log of that process; whoever asks here may be anybody.
        return {"status": "red", "store": "a sending process cannot write", "sending": found.sending}
    answer = {"status": found.status, "store": "ok", "sending": found.sending}
    return answer | {"resting": list(found.resting)} if found.resting else answer
