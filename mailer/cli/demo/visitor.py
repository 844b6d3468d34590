"""Somebody with a browser: opens pages, fills in forms, presses buttons. Nothing but HTTP."""

import http.client
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

from mailer.cli.demo.post_office import Unmet

PATIENCE = 20


@dataclass
class Form:
    """One form of a page: where it leads, its fields with their values, the names and values of its buttons."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Page:
    """What came back: address, status, text, and the forms in it."""

    address: str
    status: int
    text: str
    forms: list[Form]


def look(address: str) -> Page:
    """Open a page."""
    return _ask("GET", address)


def press(page: Page, filled: dict[str, str] | None = None) -> Page:
    """Fill in the page's first form and press its first button."""
    if not page.forms:
        raise Unmet(f"{page.address} shows no form (status {page.status})", place="demo")
    form = page.forms[0]
    values = [(name, (filled or {}).get(name, value)) for name, value in form.fields]
    return post(urljoin(page.address, form.action), values + [each for each in form.buttons[:1] if each[0]])


def post(address: str, fields: list[tuple[str, str]]) -> Page:
    """Send a form."""
    return _ask("POST", address, urlencode(fields))


def _ask(method: str, address: str, body: str | None = None) -> Page:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        connection.request(method, parts.path or "/", body, headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8")
    except OSError as error:
        raise Unmet(f"{method} {address}: {error}", place="demo") from None
    finally:
        connection.close()
    reader = _Forms()
    reader.feed(text)
    return Page(address, answer.status, text, reader.forms)


class _Forms(HTMLParser):
    """Finds the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, fields and buttons."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif tag == "input" and self.forms and given.get("name"):
            self.forms[-1].fields.append((given["name"], given.get("value", "")))
        elif tag == "button" and self.forms:
            self.forms[-1].buttons.append((given.get("name", ""), given.get("value", "")))
