"""What happens in the demonstration, step by step, each step looked at where it is seen: at the mail server."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.app.opening import App
from mailer.cli.demo import town, visitor
from mailer.cli.demo.post_office import PostOffice, Unmet
from mailer.web.inbox import Letter

READERS = {"ann@example.org": "Ann", "ben@example.net": "Ben", "cleo@example.com": "Cleo"}
LEAVING = "ben@example.net"
AHEAD = timedelta(seconds=1)
PUNCTUAL = timedelta(seconds=2)
ONE_CLICK = "List-Unsubscribe=One-Click"
URL = re.compile(r"https?://\S+")


@dataclass
class Story:
    """Runs in a thread of its own and only ever uses what anybody can use: pages, mail, and the editor's verbs."""

    app: App
    base: str
    post_office: PostOffice
    tell: Callable[[str], None]
    mailing_ids: list[int] = field(default_factory=list)
    delivered: dict[int, int] = field(default_factory=dict)

    def run(self) -> dict[str, object]:
        """Tell the whole story and return what came of it; Unmet if anything did not happen as it must."""
        began = time.monotonic()
        _expect(visitor.look(f"{self.base}/health").status == 200, "the house is well")
        for address in READERS:
            self._subscribe(address)
        for address in READERS:
            self._confirm(address)
        first = self._send("water.md", AHEAD, set(READERS))
        self._leave(next(letter for letter in first if letter.rcpt_to == LEAVING))
        self._send("museum.md", None, set(READERS) - {LEAVING})
        return {**self._account(), "seconds": round(time.monotonic() - began, 1)}

    def _subscribe(self, address: str) -> None:
        page = visitor.look(f"{self.base}/s/{town.LIST}")
        answer = visitor.press(page, {"address": address, "name": READERS[address]})
        if answer.forms:
            # Typed faster than a person can: the page asks for one more press.
            answer = visitor.press(answer)
        _expect(answer.status == 200 and not answer.forms, f"{address} is told to look into the mailbox")
        self.tell(f"{address} asked for “{town.TITLE}” on {page.address}")

    def _confirm(self, address: str) -> None:
        letter = self._wait(f"the confirm mail to {address}", lambda each: each.rcpt_to == address)[0]
        link = self._link(letter, "/c/")
        _expect(visitor.look(link).forms == visitor.look(link).forms != [], "looking at a confirm link changes nothing")
        answer = visitor.press(visitor.look(link))
        _expect(answer.status == 200 and not answer.forms, f"the button of the confirm page works for {address}")
        self._wait(f"the welcome to {address}", lambda each: each.rcpt_to == address and each is not letter)
        self.tell(f"{address} opened the link in the confirm mail, pressed the button, and was welcomed by mail")

    def _send(self, name: str, ahead: timedelta | None, readers: set[str]) -> list[Letter]:
        mailing_id = town.draft(self.app, name)
        seen = len(self.post_office.letters)
        due, sentence = town.schedule(self.app, mailing_id, ahead)
        self.tell(sentence)

        def is_of_it(letter: Letter) -> bool:
            return letter.number > seen and bool(letter.header("List-Id"))

        found = self._wait(f"mailing {mailing_id}", is_of_it, len(readers))
        self.post_office.wait_until(lambda: town.is_sent(self.app, mailing_id), f"mailing {mailing_id} is finished")
        found = [letter for letter in self.post_office.letters if is_of_it(letter)]
        _expect(sorted(letter.rcpt_to for letter in found) == sorted(readers), f"{sorted(readers)} got it, each once")
        _expect(all(ONE_CLICK in letter.header("List-Unsubscribe-Post") for letter in found), "one click leads out")
        _expect(all(letter.part("plain") and letter.part("html") for letter in found), "every letter has both parts")
        if ahead is not None:
            self._must_be_punctual(due, found)
        self.mailing_ids.append(mailing_id)
        self.delivered[mailing_id] = len(found)
        self.tell(f"{len(found)} letters at the mail server: {', '.join(letter.rcpt_to for letter in found)}")
        return found

    def _must_be_punctual(self, due: datetime, found: list[Letter]) -> None:
        late = found[0].at - due
        _expect(timedelta() <= late < PUNCTUAL, f"the first letter came at {due:%H:%M:%S} (it came {late} later)")
        self.tell(f"the first one came {late.total_seconds():.2f} s after {due:%H:%M:%S} UTC, the second it was due")

    def _leave(self, letter: Letter) -> None:
        url = next(iter(re.findall(r"<(https?://[^>]+)>", letter.header("List-Unsubscribe"))), "")
        answer = visitor.post(url, [tuple(ONE_CLICK.split("="))])  # type: ignore[list-item]
        _expect(answer.status == 200, f"one click takes {letter.rcpt_to} off the list")
        self.tell(f"{letter.rcpt_to} left with one click in the mail program (RFC 8058): {answer.text.strip()}")

    def _account(self) -> dict[str, object]:
        accounts = town.accounts(self.app, self.mailing_ids)
        for key, figures in accounts.items():
            _expect(figures.balanced, f"the account of mailing {key} balances")
            _expect(figures.accepted == self.delivered[key], f"the account of mailing {key} is what the server has")
            self.tell(
                f"mailing {key}: {figures.chosen} chosen = {figures.accepted} accepted + {figures.left_out} left out"
            )
        return {
            "balanced": True,
            "delivered": {str(key): number for key, number in self.delivered.items()},
            "left_out": {str(key): figures.left_out for key, figures in accounts.items()},
        }

    def _link(self, letter: Letter, path: str) -> str:
        found: list[str] = [url for url in URL.findall(letter.part("plain")) if url.startswith(self.base + path)]
        _expect(len(found) == 1, f"the mail to {letter.rcpt_to} has one link to {path}")
        return found[0]

    def _wait(self, what: str, wanted: Callable[[Letter], bool], number: int = 1) -> list[Letter]:
        return self.post_office.wait_for(what, wanted, number)


def _expect(true: bool, what: str) -> None:
    if not true:
        raise Unmet(f"expected, and not so: {what}", place="demo")
