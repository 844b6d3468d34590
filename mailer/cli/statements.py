"""`mailer statement`: what a file says, as we read it."""

from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.door import AsJson, answer, room

app = room("Statements: the texts that are published.")


@app.command("show")
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Markdown, HTML or plain text.")],
    as_json: AsJson = False,
) -> None:
    """Show what is read from a file: title, deck, date, language, author, source, note and text."""
    from mailer.sources.read import read_file

    statement = read_file(file)
    facts = statement.as_json()
    head = "\n".join(
        f"{name:<9} {value}" for name, value in facts.items() if value and name not in ("body_html", "body_text")
    )
    answer(facts, f"{head}\n\n{statement.body_text.rstrip()}", as_json=as_json)
