"""Tests of the guess at a text's language."""

import pytest

from mailer.sources import language


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("en", "The water is turned off on Tuesday, and we are sorry for that."),
        ("de", "Das Wasser wird am Dienstag abgestellt, und wir bitten um Verständnis."),
        ("fr", "L'eau sera coupée mardi, et nous vous prions de nous excuser pour la gêne."),
        ("es", "El agua se cortará el martes, y pedimos disculpas por las molestias."),
        ("es", "La medida de la asociación afecta a la mayoría de los hogares de la ciudad."),
        ("ro", "Apa va fi oprită marți și ne cerem scuze pentru neplăceri."),
        ("it", "L'acqua sarà chiusa martedì, e ci scusiamo per il disagio che la cosa porta."),
        ("pt", "A água será cortada na terça-feira, e não há outra data para os trabalhos."),
        ("nl", "Het water wordt dinsdag afgesloten, en wij vragen om begrip voor het ongemak."),
        ("sv", "Vattnet stängs av på tisdag, och vi ber om ursäkt för det."),
        ("da", "Vandet bliver lukket på tirsdag, og vi beklager det af hele vores hjerte."),
        ("pl", "We wtorek woda będzie wyłączona, za co przepraszamy i prosimy o wyrozumiałość."),
        ("fi", "Vesi on poikki tiistaina, ja pahoittelemme sitä, että siitä on haittaa."),
        ("tr", "Salı günü su kesilecek ve bunun için çok özür dileriz."),
        ("ja", "火曜日に水道が止まります。ご不便をおかけします。"),
        ("zh", "星期二停水，敬请谅解。"),
        ("ru", "Во вторник воду отключат с девяти до одиннадцати часов."),
        ("uk", "У вівторок воду вимкнуть з дев'ятої до одинадцятої години."),
        ("el", "Την Τρίτη το νερό θα διακοπεί από τις εννέα έως τις έντεκα."),
        ("ar", "سيتم قطع المياه يوم الثلاثاء من التاسعة حتى الحادية عشرة."),
        ("en", "12345 +++ 678"),
        ("en", ""),
    ],
)
def test_the_language_is_guessed_from_letters_and_small_words(tag: str, text: str) -> None:
    assert language.guess(text) == tag


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("EN", "en"),
        ("en_gb", "en-GB"),
        ("pt-br", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("english", ""),
        ("", ""),
        ("e n", ""),
    ],
)
def test_a_language_tag_is_written_as_usual(written: str, tag: str) -> None:
    assert language.tag(written) == tag
