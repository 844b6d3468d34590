"""From draft to press: compiled and proof-read while nothing is locked, then kept and scheduled in one step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from mailer import clock
from mailer.address import Address
from mailer.compose import daywords
from mailer.compose.findings import Finding
from mailer.config import Config
from mailer.errors import Refused
from mailer.mailing import approval, audience, circumstances, editions, mailings, notices
from mailer.mailing.audience import Count
from mailer.mailing.editions import Compiled, Preview
from mailer.mailing.links import Links
from mailer.mailing.schedule import When, say, twice
from mailer.people import subscribers
from mailer.store.tables import Approval, Subscriber
from mailer.tokens import Keys


@dataclass(frozen=True)
class Proofread:
    """One revision of a mailing as it would go out now: its editions, what was found, who would get it."""

    mailing_id: int
    revision: int
    subject: str
    list_titles: tuple[str, ...]
    compiled: Sequence[Compiled]
    findings: Sequence[Finding]
    count: Count

    @property
    def blocks(self) -> list[Finding]:
        """Return what must be mended before it may be scheduled."""
        return [finding for finding in self.findings if finding.level == "block"]


def proofread(session: Session, config: Config, keys: Keys, mailing_id: int) -> Proofread:
    """Compile and check a mailing; takes up to a second, so call it in a transaction that only reads.

    Raises NotFound for an unknown mailing, BadInput with file, line and cure where a template is wrong.
    """
    mailing = mailings.need(session, mailing_id)
    compiled = editions.compile_all(session, config, keys, mailing)
    requires = sorted({name for item in compiled for name in item.edition.requires})
    count = audience.count(session, mailing.id, requires)
    found = editions.findings(session, mailing, compiled, Links(config.site.base_url, keys))
    return Proofread(
        mailing_id=mailing.id,
        revision=mailing.revision,
        subject=mailing.subject,
        list_titles=tuple(mlist.title for mlist in mailings.lists_of(session, mailing.id)),
        compiled=compiled,
        findings=[*found, *circumstances.findings(session, config, mailing, count.written)],
        count=count,
    )


def schedule(
    session: Session, proof: Proofread, when: When | None, hold: timedelta = timedelta(), late: str = ""
) -> None:
    """Freeze what was proof-read and set its moment; without one it starts when ``hold`` is over.

    BadInput names every finding that blocks; Refused if the mailing was changed since it was proof-read, or a second
    person has to approve it first.
    """
    mailing = mailings.need(session, proof.mailing_id)
    editions.must_be_sendable(proof.findings, mailing)
    if mailing.revision != proof.revision:
        raise Refused(
            "it was changed since it was checked", place=f"mailing {mailing.id}", cure="look at it and schedule again"
        )
    approval.must_hold(session, proof)
    editions.keep(session, mailing, proof.compiled)
    mailings.schedule(session, mailing, when, hold, late)


def as_read(config: Config, keys: Keys, proof: Proofread) -> str:
    """Return subject and text as nobody in particular would read them."""
    seen = editions.preview(proof.compiled, Links(config.site.base_url, keys))
    return f"{seen.subject}\n\n{seen.text}"


def hand_over(session: Session, config: Config, keys: Keys, proof: Proofread, *, actor: str) -> Approval:
    """Hand what was proof-read to a second person; BadInput names every finding that blocks, Refused as in ask()."""
    editions.must_be_sendable(proof.findings, mailings.need(session, proof.mailing_id))
    return approval.ask(session, proof, as_read(config, keys, proof), actor=actor)


def send_test(session: Session, keys: Keys, mailing_id: int, to: Address) -> None:
    """Write one letter of the mailing as it is now to ``to``, marked as a test, with links that belong to nobody.

    Somebody we know gets it with their own values; the revision counts as tested.
    """
    mailing = mailings.need(session, mailing_id)
    person = subscribers.find(session, to.spelled)
    facts = {**(reader_values(person, mailing.language) if person else {}), "mailing_id": str(mailing.id)}
    lists = mailings.lists_of(session, mailing.id)
    notices.to_address(session, keys, "test", to, language=mailing.language, facts=facts, urls={}, list_id=lists[0].id)
    mailing.tested_revision = mailing.revision


def preview(session: Session, config: Config, keys: Keys, mailing_id: int, as_address: str = "") -> Preview:
    """Return the mailing as the person with that address would see it, or nobody in particular.

    Compiles, so it takes up to a second. Raises NotFound for an unknown mailing or address.
    """
    mailing = mailings.need(session, mailing_id)
    values = reader_values(subscribers.need(session, as_address), mailing.language) if as_address else {}
    compiled = editions.compile_all(session, config, keys, mailing)
    return editions.preview(compiled, Links(config.site.base_url, keys), values)


def reader_values(person: Subscriber, language: str) -> dict[str, str]:
    """Return what templates may ask of a reader, as a letter in that language says it."""
    since = daywords.day(person.created_at, language)
    own = {"name": person.name, "address": person.address, "language": person.language, "since": since}
    return {**person.attributes, **own}


def sentence(config: Config, proof: Proofread, when: When | None, hold: timedelta = timedelta()) -> str:
    """Return what scheduling does in one or two sentences: when, in which zone, what, to how many, on which lists."""
    told = f"{_moment(config, when, hold)} “{proof.subject}” goes to {audience_words(proof)}"
    which = twice(when) if when else ""
    return f"{told} {which}" if which else told


def audience_words(proof: Proofread) -> str:
    """Say to how many it goes: ``4,812 readers of Press statements. 37 are left out: 31 suppressed, 6 paused.``."""
    count = proof.count
    people = "1 reader" if count.written == 1 else f"{count.written:,} readers"
    words = f"{people} of {_listed(proof.list_titles)}."
    out = count.chosen - count.written
    if not out:
        return words
    reasons = ", ".join(f"{number:,} {why}" for why, number in sorted(count.left_out.items()))
    return f"{words} {out:,} {'is' if out == 1 else 'are'} left out: {reasons}."


def _moment(config: Config, when: When | None, hold: timedelta) -> str:
    if when is not None:
        return f"On {say(when.moment, when.zone)}"
    if not hold:
        return "Now"
    seconds = f"{hold.total_seconds():g}"
    start = (clock.now() + hold).replace(microsecond=0)
    return f"In {seconds} second{'' if seconds == '1' else 's'}, on {say(start, config.site.zone)},"


def _listed(titles: Sequence[str]) -> str:
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"
