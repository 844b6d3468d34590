"""The archive behind a reader's own link: of lists whose mailings are for their readers only."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mailer.mailing import copies, links, own_copies
from mailer.tokens import Keys
from mailer.web import headers, reading
from mailer.web.archive import LAST_PAGE, number
from mailer.web.house import House, Session

# The link itself is the key: nothing of such a page is kept by anybody, and no page it leads to is told of it.
Found = own_copies.OwnShelf | own_copies.OwnCopy


async def show(house: House, request: Request) -> Response:
    """Show the archive of a list to one of its readers, or one mailing of it."""
    subscription_id, mailing_id = _read(house, request)
    page = number(request.query_params.get("page", "1"), LAST_PAGE)
    found = await house.read(_look, house.keys, subscription_id, mailing_id, page)
    own = Own(house, subscription_id, mailing_id)
    if isinstance(found, own_copies.OwnShelf):
        values = reading.shelf_values(found.shelf, page, house.links) | {"own": own, "robots": reading.NO_INDEX}
        return house.page("public/archive.html", **values | {"feeds": False, "canonical": ""})
    values = reading.copy_values(house, found.copy, house.links) | {"own": own, "robots": reading.NO_INDEX}
    return house.page("public/mailing.html", headers={headers.CONTENT: reading.policy(house)}, **values)


async def letter(house: House, request: Request) -> Response:
    """Show a mailing as it was sent to one of its readers."""
    subscription_id, mailing_id = _read(house, request)
    found = await house.read(_letter, house, subscription_id, mailing_id)
    page = reading.letter(house, found, house.links.read(subscription_id, mailing_id))
    return HTMLResponse(page, headers={headers.CONTENT: reading.letter_policy(house)})


class Own:
    """The addresses below a reader's own link, as the templates ask for them."""

    def __init__(self, house: House, subscription_id: int, mailing_id: int) -> None:
        self._links, self._subscription_id, self._mailing_id = house.links, subscription_id, mailing_id

    def shelf(self, page: int = 1) -> str:
        """Return the address of one page of the shelf."""
        return self._links.read(self._subscription_id) + (f"?page={page}" if page > 1 else "")

    def mailing(self, mailing_id: int) -> str:
        """Return the address of a mailing."""
        return self._links.read(self._subscription_id, mailing_id)

    def letter(self) -> str:
        """Return the address of the mailing that is shown, as it was sent."""
        return f"{self.mailing(self._mailing_id)}/letter"


def _read(house: House, request: Request) -> tuple[int, int]:
    return links.read(house.keys, links.READ, request.path_params["token"])


def _look(session: Session, keys: Keys, subscription_id: int, mailing_id: int, page: int) -> Found:
    if mailing_id:
        return own_copies.copy(session, keys, subscription_id, mailing_id)
    return own_copies.shelf(session, subscription_id, page)


def _letter(session: Session, house: House, subscription_id: int, mailing_id: int) -> copies.Letter:
    mlist, mailing = own_copies.find(session, subscription_id, mailing_id)
    return copies.as_sent_of(session, house.links, mlist, mailing)
