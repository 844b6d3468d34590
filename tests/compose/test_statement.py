"""Tests of the published text's value."""

import dataclasses
import datetime
import json

import pytest

from mailer.compose.statement import Statement


def test_as_json_has_the_nine_fields_and_the_date_in_iso_form() -> None:
    statement = Statement(
        title="Water becomes cheaper",
        deck="By five per cent",
        date=datetime.date(2023, 10, 5),
        language="en-GB",
        author="Mara Linden",
        source="https://water.example.org/prices",
        note="Edited for length.",
        body_html="<p>Text</p>",
        body_text="Text",
    )
    assert json.loads(json.dumps(statement.as_json())) == {
        "title": "Water becomes cheaper",
        "deck": "By five per cent",
        "date": "2023-10-05",
        "language": "en-GB",
        "author": "Mara Linden",
        "source": "https://water.example.org/prices",
        "note": "Edited for length.",
        "body_html": "<p>Text</p>",
        "body_text": "Text",
    }


def test_a_statement_without_a_date_has_null_there() -> None:
    assert Statement(title="Water").as_json()["date"] is None


def test_a_statement_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Statement(title="Water").title = "Wine"  # type: ignore[misc]
