"""A whole site to visit: a water utility with lists, readers and an archive."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mailer import clock
from mailer.cli.preview.making import make_draft, make_list, make_reader, start, subscription_of
from mailer.config import Config
from mailer.mailing import notices
from mailer.mailing.links import Links
from mailer.people import lists, subscribers
from mailer.store.engine import Store
from mailer.store.tables import Delivery, Notice, Subscriber, Table
from mailer.tokens import Keys
from mailer.web import forms
from mailer.web.site import make_site

BASE = "http://127.0.0.1:8000"
SETTINGS: dict[str, Any] = {
    "site": {"name": "Town Water", "base_url": BASE},
    "people": {"attributes": {"city": "Town or city", "debt": "Not for readers"}},
    "forms": {
        "sites": {"https://www.water.example": ["*"], "https://works.example": ["works"]},
        "attributes": {"city": ["press"]},
    },
}


@dataclass
class Reader:
    """A person and the ids their links are made of."""

    id: int
    address: str
    subscription_ids: dict[str, int]


@dataclass
class Town:
    """The site, and ways to bring people into any state."""

    store: Store
    config: Config
    keys: Keys
    client: Any
    links: Links
    slug: str = ""
    mailing_id: int = 0
    _numbers: Any = field(default_factory=itertools.count)

    def reader(self, *names: str) -> Reader:
        """Make a confirmed reader of lists, of "press" if none is named."""
        with self.store.write() as session:
            mlists = [lists.named(session, name) for name in names or ("press",)]
            person = make_reader(
                session, self.keys, f"anna.miller{next(self._numbers)}@example.org", *mlists, name="Anna"
            )
            ids = {mlist.name: subscription_of(session, person, mlist).id for mlist in mlists}
            return Reader(person.id, person.address, ids)

    def asked(self, *names: str) -> Reader:
        """Sign somebody up by the form, up to the confirm mail."""
        spelled = f"ben.carter{next(self._numbers)}@example.org"
        answer = self.subscribe(spelled, *names)
        assert answer.status_code == 200, answer.text
        self.answer_signups()
        with self.store.read() as session:
            person = subscribers.need(session, spelled)
            return Reader(person.id, spelled, {})

    def answer_signups(self) -> None:
        """Do what the clock does: turn sign-ups into notices."""
        waiting = True
        while waiting:
            with self.store.write() as session:
                waiting = notices.answer_signups(session, self.config, self.keys)

    def subscribe(self, spelled: str, *names: str, **more: str) -> Any:
        """Post the form as pasted into another site."""
        return self.client.post("/s", data={"address": spelled, "list": list(names or ("press",)), **more})

    def notice_links(self, reader: Reader, kind: str = "confirm") -> dict[str, str]:
        """Return the links of the newest notice of a kind to this person."""
        with self.store.read() as session:
            found = session.query(Notice).filter_by(subscriber_id=reader.id, kind=kind).order_by(Notice.id.desc())
            return dict(found.first().links)  # type: ignore[union-attr]

    def leave(self, reader: Reader, name: str = "press", mailing_id: int = 0) -> str:
        """Return the leave link of a reader."""
        return self.links.leave(reader.subscription_ids[name], mailing_id)

    def fresh(self, reader: Reader, ago: float = 0) -> str:
        """Return the link a reader was sent some minutes ago on asking for it."""
        with self.store.read() as session:
            address_hash = session.get_one(Subscriber, reader.id).address_hash
        return self.links.fresh(reader.id, address_hash, clock.now() - timedelta(minutes=ago))

    def read(self, reader: Reader, mailing_id: int = 0, name: str = "press") -> str:
        """Return the link by which a reader opens an archive that is not for everybody."""
        return self.links.read(reader.subscription_ids[name], mailing_id)

    def publish(self) -> int:
        """Send a mailing to the list "press", once; return its id."""
        if not self.mailing_id:
            self.reader()
            with self.store.write() as session:
                mailing = make_draft(session, self.config)
                self.slug, self.mailing_id = mailing.slug, mailing.id
            start(self.store, self.config, self.keys, self.mailing_id)
        return self.mailing_id

    def begin(self, reader: Reader, name: str = "press") -> int:
        """Put a mail to this reader on the wire, and leave it there."""
        mailing_id = self.publish()
        with self.store.write() as session:
            now = clock.now()
            row = Delivery(
                mailing_id=mailing_id,
                subscriber_id=reader.id,
                subscription_id=reader.subscription_ids[name],
                list_id=lists.named(session, name).id,
                address=reader.address,
                address_hash="x",
                route="rest",
                state="begun",
                attempt=1,
                worker="somebody",
                begun_at=now,
                first_begun_at=now,
                made_at=now,
            )
            session.add(row)
            session.flush()
            return row.id

    def person(self, reader: Reader) -> Subscriber:
        """Return the person as the store knows them now."""
        with self.store.read() as session:
            found = session.get_one(Subscriber, reader.id)
            session.expunge(found)
            return found

    def dump(self) -> dict[str, Sequence[Any]]:
        """Return every row of every table, to see that nothing changed."""
        with self.store.read() as session:
            return {
                table.name: session.execute(table.select().order_by(*table.primary_key)).all()
                for table in Table.metadata.sorted_tables
            }

    def shown_at(self, ago: float = 10, purpose: str = forms.RENDERED) -> str:
        """Return the hidden field of a form shown some seconds ago."""
        moment = int((clock.now() - timedelta(seconds=ago)).timestamp())
        return self.keys.ring.sign(purpose, moment, next(self._numbers))


def build(store: Store, keys: Keys, client: Callable[[Any], Any], **settings: Any) -> Town:
    """Build the town: two open lists, one of them with an archive, and a closed one."""
    config = Config.model_validate(SETTINGS | settings)
    town = Town(store, config, keys, client(make_site(config, store, keys)), Links(config.site.base_url, keys))
    with store.write() as session:
        make_list(
            session,
            description="What we decide and why, in plain words.\nAbout two mails a month, on working days.",
            postal_address="Town Water\n1 Main Street\nTown",
        )
        make_list(session, "works", title="Planned works", archive="off", language="de",
                  description="Wo in den nächsten Tagen gebaut wird.")  # fmt: skip
        lists.close(session, make_list(session, "old", title="Old news"))
    return town
