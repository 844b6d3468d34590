"""Another site, with an origin of its own, whose pages people paste our forms into."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


class Neighbour:
    """Serves the pages it is given, each with a policy that allows nothing it does not name."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {"/thanks": "<!doctype html><title>Thanks</title><h1>Thank you, from us</h1>"}
        self.policy = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        # Another name for this machine: to a browser it is not only another origin but another site.
        self.origin = f"http://localhost:{self._server.server_port}"

    def page(self, path: str, body: str) -> str:
        """Put up a page and return its address."""
        head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Neighbour</title>'
        self.pages[path] = f"{head}<main><h1>Our news</h1>{body}</main>"
        return self.origin + path

    def __enter__(self) -> "Neighbour":
        """Open the doors."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close them."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        neighbour = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = neighbour.pages.get(self.path.partition("?")[0])
                self.send_response(200 if page else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                if neighbour.policy:
                    self.send_header("Content-Security-Policy", neighbour.policy)
                self.end_headers()
                self.wfile.write((page or "").encode())

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler
