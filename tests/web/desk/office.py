"""A desk to work at: a water utility with staff of every role, lists, readers, and mailings in every state."""

import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from mailer import clock
from mailer.config import Config
from mailer.mailing import mailings, starting
from mailer.mailing.schedule import When
from mailer.people import lists
from mailer.send.report import RelayReport, Report
from mailer.sources import kept
from mailer.staff import entry, passwords, team
from mailer.store.engine import Store
from mailer.store.tables import ROLES, Batch, Delivery, Mailing, Table, Worker
from mailer.tokens import Keys
from mailer.web.desk.call import COOKIE, token_of
from mailer.web.site import make_site
from tests.compose.samples import WATER
from tests.make import freeze_all, make_list, make_reader, start

BASE = "http://127.0.0.1:8000"
SETTINGS: dict[str, Any] = {
    "site": {"name": "Arden Valley Water", "base_url": BASE, "zone": "Europe/London"},
    "people": {"attributes": {"city": "Town or city"}},
    "forms": {"attributes": {"city": ["press"]}, "sites": {"https://www.arden.example": ["press", "works"]}},
}
NAMES = {"writer": "Wim Writer", "approver": "Ann Approver", "list keeper": "Lea Keeper", "operator": "Ola Operator"}
PASSWORD = "copper kettle under the stairs"
# Hashed once: it takes a twentieth of a second.
HASH = passwords.hashed(PASSWORD)
# What became of the letters of a mailing, in the order of its readers.
FATES = (
    ("refused", "mailbox gone", 550, "5.1.1 No such user here"),
    ("uncertain", "the answer was lost", 0, ""),
    ("waiting", "greylisted", 450, "4.2.0 Greylisted, try again in five minutes"),
    ("begun", "", 0, ""),
)


@dataclass
class Office:
    """The site, and ways to bring mailings into any state."""

    store: Store
    config: Config
    keys: Keys
    site: Starlette
    secrets: dict[str, str] = field(default_factory=dict)
    _numbers: Any = field(default_factory=itertools.count)

    def client(self, role: str = "operator") -> TestClient:
        """Return a browser somebody of this role is logged in with; of nobody if the role is empty."""
        client = TestClient(self.site, base_url=BASE, raise_server_exceptions=False, follow_redirects=False)
        if role:
            client.cookies.set(COOKIE, self.secret(role))
        return client

    def secret(self, role: str) -> str:
        """Return the session of somebody of this role."""
        if role not in self.secrets:
            with self.store.write() as session:
                address = f"{role.replace(' ', '.')}@arden.example"
                person = team.add(session, name=NAMES[role], address=address, role=role, actor="test")
                person.password_hash = HASH
                self.secrets[role] = entry.admit(session, person, agent="test")
        return self.secrets[role]

    def renew(self, role: str) -> None:
        """Let whoever had this role at first log in again."""
        with self.store.write() as session:
            person = team.with_address(session, f"{role.replace(' ', '.')}@arden.example")
            self.secrets[role] = entry.admit(session, person, agent="test")

    def post(self, path: str, who: str = "operator", files: Any = None, **fields: Any) -> Any:
        """Post a form as its page would."""
        data = {"token": token_of(self.secret(who)), **fields}
        return self.client(who).post(path, data=data, files=files)

    def lists(self) -> None:
        """Make two lists with readers, once."""
        with self.store.write() as session:
            if list(lists.every(session)):
                return
            press = make_list(session, "press", title="Service statements", from_name="Arden Valley Water",
                              from_address="press@arden.example", postal_address=WATER.postal_address,
                              description="What we decide and why, in plain words. About two a month.")  # fmt: skip
            works = make_list(session, "works", title="Planned works", from_address="works@arden.example")
            for number in range(12):
                person = f"reader{number}@example.org"
                make_reader(session, self.keys, person, press, *[works] * (number % 4 == 0), name=f"Reader {number}")

    def statement(self) -> int:
        """Hand in a statement and return its number."""
        with self.store.write() as session:
            return kept.keep(session, WATER.statement(), b"", "boil-water.md").id

    def draft(self, names: tuple[str, ...] = ("press",), **wanted: Any) -> int:
        """Make a draft and return its number."""
        self.lists()
        with self.store.write() as session:
            row = kept.keep(session, WATER.statement())
            wish = mailings.Draft(names, preheader=wanted.pop("preheader", WATER.preheader), **wanted)
            return mailings.draft(session, self.config, row, wish, actor="desk:Wim Writer").id

    def scheduled(self, now: bool = False) -> int:
        """Schedule a mailing through the desk itself, for now (held a minute) or for a day to come."""
        number = self.draft()
        day = (clock.now() + timedelta(days=3)).date().isoformat()
        asked = {"when": "now"} if now else {"when": "at", "day": day, "time": "09:00", "zone": "Europe/London"}
        answer = self.post(f"/desk/mailings/{number}/schedule", revision="1", **asked)
        assert answer.status_code == 303, answer.text
        return number

    def late(self) -> int:
        """Make a mailing that was due when nothing ran, and waits for an answer."""
        number = self.scheduled()
        with self.store.write() as session:
            mailings.need(session, number).due_at = clock.now() - timedelta(hours=3)
        with self.store.write() as session:
            starting.start_due(session, self.config)
        return number

    def sending(self) -> int:
        """Start a mailing and let it come half way: some letters of every fate."""
        number = self.draft()
        start(self.store, self.config, self.keys, number)
        freeze_all(self.store, number, 50)
        with self.store.write() as session:
            mailings.need(session, number).started_at = clock.now() - timedelta(minutes=1)
            rows = session.query(Delivery).filter_by(mailing_id=number).order_by(Delivery.id).all()
            for row, fate in zip(rows, (*FATES, *[("accepted", "", 250, "2.0.0 Ok: queued")] * 5), strict=False):
                _settle(row, *fate)
            rows[4].again = True
            # What is begun is in the hands of somebody.
            held = session.get_one(Batch, rows[0].batch_id)
            held.owner, held.lease_until = "worker", clock.now() + timedelta(hours=1)
        return number

    def reports(self) -> None:
        """Let a sending process tell how it goes: one relay is well, the other rests."""
        now = clock.now()
        well = RelayReport(rate=25.0, connections=8, in_flight=12, slowed=("gmail.com",))
        ill = RelayReport(
            unwell_since=now.timestamp() - 300, rests_until=now.timestamp() + 40, why="main.test:25: no <answer>"
        )
        report = Report({"backup": ill, "main": well}).as_json()
        with self.store.write() as session:
            session.query(Worker).delete()
            session.add(Worker(name="w", started_at=now, seen_at=now, report=report))

    def resting(self) -> int:
        """Bring a mailing half way while one of two relays rests."""
        number = self.sending()
        self.reports()
        return number

    def paused(self) -> int:
        """Pause a mailing half way."""
        number = self.sending()
        assert self.post(f"/desk/mailings/{number}/pause").status_code == 303
        return number

    def stopped(self) -> int:
        """Stop a mailing half way."""
        number = self.sending()
        assert self.post(f"/desk/mailings/{number}/stop", word="stop").status_code == 303
        return number

    def sent(self) -> int:
        """Make a mailing that is over, with letters of every final fate."""
        number = self.sending()
        with self.store.write() as session:
            for row in session.query(Delivery).filter_by(mailing_id=number):
                if row.state in ("queued", "begun", "waiting"):
                    _settle(row, "accepted", "", 250, "2.0.0 Ok: queued")
            last = session.query(Delivery).filter_by(mailing_id=number).order_by(Delivery.id.desc()).first()
            _settle(last, "left_out", "suppressed", 0, "")
        with self.store.write() as session:
            assert starting.finish(session, number)
        return number

    def state(self, number: int) -> str:
        """Return the state of a mailing."""
        return self.mailing(number).state

    def mailing(self, number: int) -> Mailing:
        """Return a mailing as the store knows it now."""
        with self.store.read() as session:
            found = mailings.need(session, number)
            session.expunge(found)
            return found

    def dump(self, *without: str) -> dict[str, Any]:
        """Return every row of every table, to see that nothing changed."""
        with self.store.read() as session:
            return {
                table.name: session.execute(table.select().order_by(*table.primary_key)).all()
                for table in Table.metadata.sorted_tables
                if table.name not in without
            }


def build(store: Store, keys: Keys, **settings: Any) -> Office:
    """Open the desk of a new installation."""
    config = Config.model_validate(SETTINGS | settings)
    return Office(store, config, keys, make_site(config, store, keys))


def with_all_roles(office: Office) -> Office:
    """Let somebody of every role in."""
    for role in ROLES:
        office.secret(role)
    return office


def in_zone(moment: Any, zone: str = "UTC") -> When:
    """Return a moment as an editor says it."""
    return When(moment, f"{moment:%Y-%m-%d %H:%M}", zone)


def _settle(row: Delivery, state: str, why: str, code: int, text: str) -> None:
    now = clock.now()
    row.state, row.why, row.reply_code, row.reply_text = state, why, code, text
    row.first_begun_at = row.begun_at = now
    row.attempt, row.worker, row.tries = 1, "worker", 1
    row.next_at = now + timedelta(minutes=5) if state == "waiting" else None
    row.final_at = now if state in ("accepted", "refused", "left_out") else None
