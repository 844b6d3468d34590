"""The words of a language: the operator's before ours, message by message, and a fault named with its line."""

from pathlib import Path

import pytest

from mailer.compose import catalogue
from mailer.errors import BadInput

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {forms};\\n"\n\n'
TWO = HEAD.format(forms="nplurals=2; plural=(n != 1)")


def write(folder: Path, language: str, text: str, head: str = TWO) -> Path:
    (folder / "words").mkdir(exist_ok=True)
    (folder / "words" / f"{language}.po").write_text(head + text, encoding="utf-8")
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("own", "ours"):
        (tmp_path / name).mkdir()
    return tmp_path / "own", tmp_path / "ours"


def test_what_the_operator_says_wins_message_by_message(folders: tuple[Path, Path]) -> None:
    own, ours = folders
    write(ours, "de", 'msgid "Leave"\nmsgstr "Abbestellen"\n\nmsgid "Stay"\nmsgstr "Bleiben"\n')
    write(own, "de", 'msgid "Leave"\nmsgstr "Schluss"\n')
    words = catalogue.words(folders, "de-AT")
    assert (words.language, words.direction) == ("de", "ltr")
    assert [words.gettext(text) for text in ("Leave", "Stay", "Nobody wrote this")] == [
        "Schluss",
        "Bleiben",
        "Nobody wrote this",
    ]


def test_english_can_be_said_differently_and_other_languages_added(folders: tuple[Path, Path]) -> None:
    own, ours = folders
    write(ours, "de", "")
    write(own, "it", "")
    write(own, "en", 'msgid "Leave"\nmsgstr "Unsubscribe"\n')
    assert catalogue.languages(folders) == ("en", "de", "it")
    assert catalogue.words(folders, "en").gettext("Leave") == "Unsubscribe"
    assert catalogue.words(folders, "ja").language == "en"


def test_a_change_on_the_disk_is_seen(folders: tuple[Path, Path]) -> None:
    own, _ours = folders
    file = write(own, "de", 'msgid "Leave"\nmsgstr "Schluss"\n') / "words" / "de.po"
    assert catalogue.words(folders, "de").gettext("Leave") == "Schluss"
    before = file.stat().st_mtime_ns
    write(own, "de", 'msgid "Leave"\nmsgstr "Ende"\n')
    while file.stat().st_mtime_ns == before:
        file.touch()
    assert catalogue.words(folders, "de").gettext("Leave") == "Ende"


def test_six_forms_of_arabic_are_chosen_by_the_number(folders: tuple[Path, Path]) -> None:
    _own, ours = folders
    rule = "n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5"
    forms = f"nplurals=6; plural=({rule})"
    text = 'msgid "one day"\nmsgid_plural "%(num)s days"\n' + "".join(f'msgstr[{n}] "f{n}"\n' for n in range(6))
    write(ours, "ar", text, HEAD.format(forms=forms))
    words = catalogue.words(folders, "ar")
    assert words.direction == "rtl"
    said = [words.ngettext("one day", "%(num)s days", number) for number in (0, 1, 2, 7, 30, 100)]
    assert said == ["f0", "f1", "f2", "f3", "f4", "f5"]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ('msgid "Get %(list)s"\nmsgstr "%(liste)s bitte"\n', 6, "does not say"),
        ('msgid "Get %(list)s"\nmsgstr "%(list) bitte"\n', 6, "does not say"),
        ('msgid "Leave"\nmsgstr "100 % weg"\n', 6, "does not say"),
        ('msgid "one day"\nmsgid_plural "%(num)s days"\nmsgstr[0] "ein Tag"\n', 6, "forms"),
        ('msgid "Leave\nmsgstr "Schluss"\n', 6, ""),
    ],
)
def test_a_fault_names_its_line(folders: tuple[Path, Path], text: str, line: int, problem: str) -> None:
    write(folders[0], "de", text)
    with pytest.raises(BadInput) as caught:
        catalogue.words(folders, "de")
    assert caught.value.place == f"words/de.po:{line}"
    assert problem in str(caught.value)


def test_a_catalogue_in_another_encoding_is_refused(folders: tuple[Path, Path]) -> None:
    write(folders[0], "de", "")
    (folders[0] / "words" / "de.po").write_bytes((TWO + 'msgid "x"\nmsgstr "für"\n').encode("latin-1"))
    with pytest.raises(BadInput, match="catalogue"):
        catalogue.words(folders, "de")


def test_a_sentence_of_the_configuration_may_hold_a_percent_sign(folders: tuple[Path, Path]) -> None:
    write(folders[0], "de", 'msgid "I want 100% of {list}"\nmsgstr "Ich will 100% von {list}"\n')
    assert catalogue.words(folders, "de").as_written("I want 100% of {list}") == "Ich will 100% von {list}"


def test_the_nearest_language_is_chosen() -> None:
    offered = ("en", "de", "pt-BR")
    assert catalogue.best(["fr", "de-AT"], offered) == "de"
    assert catalogue.best(["PT-br"], offered) == "pt-BR"
    assert catalogue.best(["pt", "ja"], offered) == ""
