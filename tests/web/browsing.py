"""Where the browser of the tests is, "" where there is none; and the town served to it."""

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from mailer.store.engine import Store
from mailer.tokens import Keys
from mailer.web.site import make_site
from tests.web.town import Town, build

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""


@contextmanager
def serving(template: Path, folder: Path, keys: Keys, **settings: Any) -> Iterator[Town]:
    """Serve the town as an operator does, on any free port; who comes early waits in the socket's queue."""
    path = folder / "subscribers.db"
    shutil.copy(template, path)
    store = Store(f"sqlite:///{path}")
    listening = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    town = build(store, keys, site={"name": "Town Water", "base_url": base}, **settings)
    server = uvicorn.Server(uvicorn.Config(make_site(town.config, store, keys), log_config=None, proxy_headers=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield town
    server.should_exit = True
    thread.join()
    listening.close()
    store.close()
