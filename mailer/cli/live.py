"""How sending goes, drawn anew every second below the log lines, as long as somebody watches the terminal."""

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from mailer.app.opening import App
from mailer.cli.door import is_watched
from mailer.config import Config
from mailer.errors import MailerError
from mailer.mailing import mailings
from mailer.outcomes import account
from mailer.send import going, watch
from mailer.store.engine import Session, StoreTrouble

SECONDS = 1.0
# At most so much of the time goes into looking.
SHARE = 0.05
SUBJECT = 40


@contextmanager
def drawn(app: App) -> Iterator[None]:
    """Draw on standard error how sending goes; nothing where nobody watches."""
    if not is_watched():
        yield
        return
    live = Live(console=Console(stderr=True), auto_refresh=False, transient=True)
    over = threading.Event()
    drawing = threading.Thread(target=_draw, args=(app, live, over), name="mailer-live", daemon=True)
    with live:
        # It is not given back where the second Ctrl-C ends the process at once.
        live.console.show_cursor(True)
        handlers = [each for each in logging.getLogger().handlers if isinstance(each, logging.StreamHandler)]
        # Log lines go above the table; sys.stderr is that of the table now.
        streams = [each.setStream(sys.stderr) for each in handlers]
        drawing.start()
        try:
            yield
        finally:
            over.set()
            drawing.join()
            for handler, stream in zip(handlers, streams, strict=True):
                if stream is not None:
                    handler.setStream(stream)


def _draw(app: App, live: Live, over: threading.Event) -> None:
    pause = 0.0
    while not over.wait(pause):
        began = time.monotonic()
        try:
            with app.store.read() as session:
                picture = look(session, app.config)
            live.update(picture, refresh=True)
        except (MailerError, *StoreTrouble):
            # The log says it; the picture stays as it was.
            pass
        pause = max(SECONDS, (time.monotonic() - began) / SHARE)


def look(session: Session, config: Config) -> RenderableType:
    """Return the tables: each relay, and each mailing that is being sent."""
    now = watch.live(session, config)
    return Group(_relays(now), _mailings(session, now)) if now.relays else _mailings(session, now)


def _relays(now: watch.Live) -> Table:
    table = _table("mail server", "> a minute", "", "how it is")
    for line in going.relays(now):
        how = f"{line.how}: {line.reply}" if line.reply else line.how
        _row(table, line.name, f"{line.a_minute:,}", "well" if line.is_well else "rests", how)
    return table


def _mailings(session: Session, now: watch.Live) -> Table:
    table = _table("mailing", "> done", "> of", "> waiting", "why", "how fast")
    sending = [row for row in mailings.latest(session, 60, None) if row.state == "sending"]
    for row in sending:
        seen = account.glance(session, row.id)
        found = seen.account
        done = found.accepted + found.refused + found.left_out + found.uncertain
        reasons = going.reasons(seen.reasons.get("waiting", {}))
        why = ", ".join(f"{number:,} {reason}" for reason, number in reasons.items())
        pace = going.pace(row, found, now, len(sending))
        name = f"{row.id} {row.subject[:SUBJECT]}"
        _row(table, name, f"{done:,}", f"{found.chosen:,}", f"{found.waiting:,}", why, pace)
    if not sending:
        _row(table, "nothing is being sent")
    return table


def _table(*head: str) -> Table:
    """Return an empty table; a head that begins with > stands at the right."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in head:
        table.add_column(name.removeprefix("> "), justify="right" if name.startswith("> ") else "left")
    return table


def _row(table: Table, *cells: str) -> None:
    # Subjects and replies are nobody's markup.
    table.add_row(*map(Text, cells))
