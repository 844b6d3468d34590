"""Pages fetched from the web: never from a network of our own, never too much, never for too long."""

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from mailer.errors import BadInput
from mailer.sources import fetch, read
from mailer.sources.fetch import Guard, is_public

NOT_OURS = Guard(allows=lambda found: found.is_loopback, ports=None, largest=50_000, seconds=20)
PAGE = (
    b"<html><head><title>Water</title></head><body><h1>Water</h1><p>It is <a href='/more'>safe</a>.</p></body></html>"
)


class Site(BaseHTTPRequestHandler):
    pages: ClassVar[dict[str, tuple[int, dict[str, str], bytes]]] = {
        "/page": (200, {"Content-Type": "text/html"}, PAGE),
        "/latin": (200, {"Content-Type": "text/plain; charset=iso-8859-1"}, "Äpfel\n\nSüß".encode("latin-1")),
        "/to-page": (302, {"Location": "page"}, b""),
        "/to-metadata": (302, {"Location": "http://169.254.169.254/latest/"}, b""),
        "/to-file": (302, {"Location": "file:///etc/passwd"}, b""),
        "/round": (302, {"Location": "/round"}, b""),
        "/large": (200, {"Content-Type": "text/html"}, b"x" * 60_000),
        "/picture": (200, {"Content-Type": "image/png"}, b"x"),
        "/none": (404, {}, b""),
    }
    stopped = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/slow":
            with contextlib.suppress(OSError):
                while not self.stopped.wait(0.05):
                    self.wfile.write(b"H")
            return
        status, headers, body = self.pages[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Site.stopped.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1",
     "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::a00:1",
     "2002:7f00:1::", "2001:db8::1", "::127.0.0.1", "192.88.99.1"],
)  # fmt: skip
def test_an_address_of_some_network_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_an_address_of_the_web_is(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/", "http://0/",
     "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/meta-data/", "https://10.0.0.1/",
     "http://127.0.0.1:6379/", "http://me:secret@1.1.1.1/", "http://1.1.1.1:22/", "file:///etc/passwd",
     "gopher://1.1.1.1/", "//1.1.1.1/", "http://", "http://[", "", "x" * 3000, "http://ex\u0000ample/"],
)  # fmt: skip
def test_what_is_not_on_the_web_is_refused(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        fetch.page(url)
    assert caught.value.place == "address"
    assert caught.value.cure


def test_a_page_is_a_statement_and_its_links_lead_where_they_led(site: str) -> None:
    found = fetch.page(f"{site}/to-page", NOT_OURS)
    assert found.url == f"{site}/page"
    statement = read.read_bytes(found.data, found.url)
    assert statement.title == "Water"
    assert f'<a href="{site}/more">safe</a>' in statement.body_html
    assert fetch.page(f"{site}/latin", NOT_OURS).data.decode() == "Äpfel\n\nSüß"


@pytest.mark.parametrize(
    ("path", "why"),
    [("/to-metadata", "network of its own"), ("/to-file", "no address"), ("/round", "on and on"),
     ("/large", "larger"), ("/picture", "no page of text"), ("/none", "answers 404")],
)  # fmt: skip
def test_every_step_is_checked(site: str, path: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        fetch.page(site + path, NOT_OURS)


def test_a_site_that_never_ends_is_cut(site: str) -> None:
    hasty = Guard(allows=NOT_OURS.allows, ports=None, seconds=0.5)
    with pytest.raises(BadInput, match="took too long"):
        fetch.page(f"{site}/slow", hasty)


def test_who_drips_in_tls_is_cut_too() -> None:
    """A byte now and then keeps every single wait short: only the whole time ends it."""
    stopped = threading.Event()

    def drip(server: socket.socket) -> None:
        line, _ = server.accept()
        with line, contextlib.suppress(OSError):
            line.sendall(b"\x16\x03\x03\x40\x00")
            while not stopped.wait(0.05):
                line.sendall(b"\0")

    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = threading.Thread(target=drip, args=(server,))
        dripping.start()
        hasty = Guard(allows=NOT_OURS.allows, ports=None, seconds=0.5)
        with pytest.raises(BadInput, match="took too long"):
            fetch.page(f"https://127.0.0.1:{server.getsockname()[1]}/", hasty)
        stopped.set()
        dripping.join()
