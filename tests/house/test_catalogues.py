"""The shipped catalogues: the same places, tags and forms as the English, and the file as the tool writes it."""

import re
from collections import Counter

import pytest
from babel.messages.catalog import Message

from mailer.compose import catalogue
from tests.house import catalogues
from tests.house.catalogues import LANGUAGES, WORDS, forms

PLACES = re.compile(r"%\(\w+\)s|\{\w+\}")
TAGS = re.compile(r"</?\w[^>]*>")


def faults(message: Message) -> list[str]:
    """Return what is wrong with the words of one message."""
    found = []
    whole = forms(message.id)[-1]
    for number, said in enumerate(forms(message.string)):
        missing = set(PLACES.findall(whole)) - set(PLACES.findall(said))
        # One, two and none of something can be said without a figure.
        few = len(forms(message.string)) > 1 and number < len(forms(message.string)) - 1
        if missing - ({"%(num)s", "%(days)s", "%(count)s"} if few else set()):
            found.append(f"{said!r} leaves out {missing}")
        if Counter(TAGS.findall(said)) != Counter(TAGS.findall(whole)):
            found.append(f"{said!r} has other tags than {whole!r}")
        if said != said.strip():
            found.append(f"{said!r} begins or ends with a blank")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_readers_meet_has_words(language: str) -> None:
    messages = catalogues.brought_in_line(language)
    lacking = [message.id for message in messages if message.id and not all(forms(message.string))]
    assert not lacking, f"run `make words` and fill in templates/words/{language}.po"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_says_what_the_english_says(language: str) -> None:
    kept = catalogues.kept(language)
    said = [message for message in kept if message.id and all(forms(message.string))]
    assert [fault for message in said for fault in faults(message)] == []
    assert not [message.id for message in kept if message.fuzzy and message.id]
    plurals = [message for message in said if message.pluralizable]
    assert plurals
    assert all(len(forms(message.string)) == kept.num_plurals for message in plurals)
    assert kept.num_plurals == {"ar": 6}.get(language, 2)


def test_every_catalogue_can_be_read_and_no_other_is_there() -> None:
    folders = (WORDS.parent,)
    assert catalogue.languages(folders) == ("en", *LANGUAGES)
    assert [catalogue.words(folders, tag).language for tag in LANGUAGES] == list(LANGUAGES)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "0 Tage, einen Tag, 2 Tage, 7 Tage, 30 Tage, 100 Tage"),
        ("fr", "un jour, un jour, 2 jours, 7 jours, 30 jours, 100 jours"),
        ("ar", "0 يوم, يومًا واحدًا, يومين, 7 أيام, 30 يومًا, 100 يوم"),
    ],
)
def test_numbers_are_counted_as_the_language_counts(language: str, said: str) -> None:
    words = catalogue.words((WORDS.parent,), language)
    assert ", ".join(words.ngettext("one day", "%(num)s days", number) for number in (0, 1, 2, 7, 30, 100)) == said


def test_other_words_are_found() -> None:
    bad = Message('Get <b class="x">%(list)s</b>', 'Hol <b class="y">%(liste)s</b> ')
    assert len(faults(bad)) == 3
