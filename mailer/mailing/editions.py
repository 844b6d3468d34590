"""What a mailing's text becomes: compiled once per list and format, kept, previewed, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mailer import clock
from mailer.compose import catalogue
from mailer.compose.checks import Proof, check_edition
from mailer.compose.edition import Edition, EditionFacts, ListFacts, MailingFacts, compile_edition
from mailer.compose.findings import Finding
from mailer.compose.statement import Statement
from mailer.config import Config, template_folders
from mailer.config_sections import LOOPBACK
from mailer.errors import BadInput
from mailer.mailing import archive, audience, mailings
from mailer.mailing.links import Links
from mailer.sources import kept
from mailer.store.tables import EditionRow, Mailing, MailingList, StatementRow
from mailer.tokens import Keys

FORMATS = ("html", "text")


@dataclass(frozen=True)
class Compiled:
    """An edition, and the list and format it is for."""

    list_id: int
    format: str
    language: str
    edition: Edition


@dataclass(frozen=True)
class Preview:
    """An edition filled for one reader, with what a proof-reader would say of it."""

    subject: str
    html: str
    text: str
    html_bytes: int
    reads: tuple[str, ...]


def compile_all(session: Session, config: Config, keys: Keys, mailing: Mailing) -> list[Compiled]:
    """Compile every edition the mailing's audience can need; takes up to a second, so never while writing.

    Raises BadInput with file, line and cure where a template is wrong.
    """
    row = mailings.statement_of(session, mailing.id)
    compiled = []
    for mlist in mailings.lists_of(session, mailing.id):
        for form in FORMATS:
            facts = _facts(config, keys, mailing, mlist, row, form)
            edition = compile_edition(facts, template_folders(config))
            compiled.append(Compiled(mlist.id, form, mailing.language, edition))
    return compiled


def keep(session: Session, mailing: Mailing, compiled: Sequence[Compiled]) -> None:
    """Store the editions in the place of older ones; the mailing must not have started."""
    session.execute(delete(EditionRow).where(EditionRow.mailing_id == mailing.id))
    session.add_all(
        EditionRow(
            mailing_id=mailing.id,
            list_id=item.list_id,
            language=item.language,
            format=item.format,
            hash=item.edition.hash,
            program=item.edition.program.to_bytes(),
            reads=list(item.edition.reads),
            requires=list(item.edition.requires),
            html_bytes=item.edition.html_bytes,
            made_at=clock.now(),
        )
        for item in compiled
    )
    session.flush()


def preview(compiled: Sequence[Compiled], links: Links, reader: Mapping[str, str] | None = None) -> Preview:
    """Fill the first list's edition for a reader, or for nobody in particular; its links belong to nobody."""
    html = next(item.edition for item in compiled if item.format == "html")
    values = dict(reader or {})
    nobody = links.of_nobody()
    return Preview(
        subject=html.subject_for(values, nobody),
        html=html.html_for(values, nobody),
        text=html.text_for(values, nobody),
        html_bytes=html.html_bytes,
        reads=html.reads,
    )


def findings(session: Session, mailing: Mailing, compiled: Sequence[Compiled], links: Links) -> list[Finding]:
    """Return everything that speaks against sending: ``block`` must be mended, ``warn`` should be looked at."""
    found: dict[tuple[str, str], Finding] = {}
    for mlist in mailings.lists_of(session, mailing.id):
        shown = preview([item for item in compiled if item.list_id == mlist.id], links)
        proof = Proof(
            subject=mailing.subject,
            preheader=mailing.preheader,
            html=shown.html,
            text=shown.text,
            html_bytes=shown.html_bytes,
            unsubscribe=links.nobody(),
            postal_address=mlist.postal_address,
            language=mailing.language,
            base_url=links.base,
            year=clock.now().year,
        )
        found |= {(item.code, item.place): item for item in check_edition(proof)}
    people = _about_people(session, mailing, compiled)
    return [*found.values(), *people, *_about_time(mailing), *_about_site(links)]


def must_be_sendable(found: Sequence[Finding], mailing: Mailing) -> None:
    """Raise BadInput naming every blocking finding."""
    blocks = [finding for finding in found if finding.level == "block"]
    if blocks:
        places: dict[tuple[str, str], list[str]] = {}
        for finding in blocks:
            places.setdefault((finding.why.rstrip("."), finding.code), []).append(finding.place)
        reasons = "; ".join(
            f"{why} ({code}: {', '.join(dict.fromkeys(where))})" for (why, code), where in places.items()
        )
        raise BadInput(reasons, place=f"mailing {mailing.id}", cure=blocks[0].cure)


def _about_people(session: Session, mailing: Mailing, compiled: Sequence[Compiled]) -> list[Finding]:
    requires = sorted({name for item in compiled for name in item.edition.requires})
    found = []
    for address, why in audience.lacking(session, mailing.id, requires, limit=5):
        found.append(
            Finding("audience.no_value", "block", f"{address} has {why}",
                    "give the text a fallback, or the reader a value", address)
        )  # fmt: skip
    count = audience.count(session, mailing.id, requires)
    if count.written == 0:
        found.append(
            Finding("audience.nobody", "block", "nobody would get this mailing",
                    "name a list with confirmed readers", f"mailing {mailing.id}")
        )  # fmt: skip
    return found


def _about_time(mailing: Mailing) -> list[Finding]:
    if mailing.tested_revision == mailing.revision:
        return []
    return [
        Finding("mailing.untested", "warn", "nobody has sent themselves a test of this text",
                "send a test and read it", f"mailing {mailing.id}")
    ]  # fmt: skip


def _facts(
    config: Config, keys: Keys, mailing: Mailing, mlist: MailingList, row: StatementRow, form: str
) -> EditionFacts:
    links = Links(config.site.base_url, keys)
    statement: Statement = kept.statement(row)
    domain = mlist.from_address.rpartition("@")[2]
    language = mailing.language
    return EditionFacts(
        statements=(statement,),
        mlist=ListFacts(
            name=mlist.name,
            title=mlist.title,
            from_address=mlist.from_address,
            from_name=mlist.from_name,
            description=mlist.description,
            organisation=config.site.name,
            postal_address=mlist.postal_address,
            archive_url=links.archive(mlist.name) if mlist.archive in archive.OPEN else "",
            subscribe_url=links.subscribe(mlist.name),
            reply_to=mlist.reply_to,
            list_id=f"{mlist.list_label}.{domain}",
        ),
        mailing=MailingFacts(
            subject=mailing.subject,
            preheader=mailing.preheader,
            language=language,
            direction=catalogue.direction(language),
            view_url=links.view(mlist.name, mailing.slug) if archive.is_open(mailing, mlist) else "",
            name=config.site.name,
            reference=keys.opaque("mailing", mailing.id)[:12],
        ),
        template=mailing.template,
        format=form,
        declared=frozenset(config.people.attributes),
    )


def _about_site(links: Links) -> list[Finding]:
    if urlsplit(links.base).hostname not in LOOPBACK:
        return []
    return [
        Finding("site.this_machine", "warn", f"readers elsewhere cannot open {links.base}, so they cannot leave",
                "set site.base_url to the address readers reach us by", "site.base_url")
    ]  # fmt: skip


def facts_of(session: Session, config: Config, keys: Keys, mailing: Mailing, mark: str) -> EditionFacts:
    """Return what the first list's edition is made of, with ``mark`` before the subject: for a test."""
    row = mailings.statement_of(session, mailing.id)
    mlist = mailings.lists_of(session, mailing.id)[0]
    facts = _facts(config, keys, mailing, mlist, row, "html")
    return replace(facts, mailing=replace(facts.mailing, subject=mark + facts.mailing.subject))


def program_of(session: Session, mailing_id: int, list_id: int) -> EditionRow | None:
    """Return the stored HTML edition of a mailing for a list, for reading it in the browser."""
    wanted = select(EditionRow).where(
        EditionRow.mailing_id == mailing_id, EditionRow.list_id == list_id, EditionRow.format == "html"
    )
    return session.scalars(wanted).first()
