"""docs/templates.md lists what the engine offers, and what was vendored is what was published."""

import hashlib
import re

from mailer.compose.edition import EDITION_LINKS, NOTICE_LINKS, READER_FIELDS
from mailer.compose.facts import EditionFacts, ListFacts, MailingFacts, early_of_edition
from mailer.compose.filters import FILTERS, TESTS
from tests.compose.samples import WATER
from tests.compose.shipped import NOTICES, ROOT


def documented() -> set[str]:
    text = (ROOT / "docs/templates.md").read_text("utf-8")
    return set(re.findall(r"^\| `([a-z_.]+)` \|", text, re.MULTILINE))


def test_the_document_lists_the_variables_the_engine_offers() -> None:
    facts = EditionFacts(
        (WATER.statement(),), ListFacts("n", "T", "a@example.org"), MailingFacts("A subject of a mailing")
    )
    early = early_of_edition(facts, "html")
    offered = {f"{name}.{field}" for name in ("statement", "mailing", "mlist") for field in vars(early[name])}
    # What serves the header of the message is not for templates.
    offered -= {"mlist.reply_to", "mlist.list_id", "mailing.reference"}
    offered |= {"statements", "style", "site.name", "site.base_url"}
    offered |= {f"reader.{field}" for field in READER_FIELDS}
    offered |= {f"links.{name}" for name in EDITION_LINKS | NOTICE_LINKS}
    offered |= {f"notice.{name}" for values in NOTICES.values() for name in values}
    assert documented() == offered


def test_the_document_lists_the_filters_and_tests_of_late_values() -> None:
    text = " ".join((ROOT / "docs/templates.md").read_text("utf-8").split())
    filters, tests = re.findall(r"Filters for late values: `([^`]+)`\. Tests: `([^`]+)`", text)[0]
    assert set(filters.split()) == set(FILTERS)
    assert set(tests.split()) == set(TESTS)


def test_the_vendored_checker_is_the_one_that_was_published() -> None:
    folder = ROOT / "tests/vendor"
    digest = hashlib.sha256((folder / "axe.min.js").read_bytes()).hexdigest()
    assert f"`{digest}`" in (folder / "README.md").read_text("utf-8")
    assert "Mozilla Public License" in (folder / "LICENSE-axe-core").read_text("utf-8")
