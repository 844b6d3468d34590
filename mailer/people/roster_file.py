"""A file of people, read row by row: any table a spreadsheet or another mailer writes as text."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from mailer import address
from mailer.config import Config
from mailer.errors import BadInput
from mailer.people import cleaning, limits, subscribers

# "address" comes last: beside a column of e-mail addresses it is where somebody lives.
ADDRESS_COLUMNS = ("email", "e-mail", "mail", "email address", "e-mail address", "e-mail-adresse", "address")
# What such a column is called in other languages; asked only if none of the above is there.
ADDRESS_WORDS = ("mail", "courriel", "correo", "sähköposti", "почт", "邮箱", "メール")
NAME_COLUMNS = ("name", "full name")
LANGUAGE_COLUMNS = ("language", "lang")
STATE_COLUMNS = ("state", "status")
# Whoever stands in any other state is no reader: other mailers have more words for that than anybody knows.
# Columns that say when somebody left, or why they must not be written to: whoever has something in one of them.
LEFT_COLUMNS = (
    "ended_at",
    "unsub_time",
    "unsubscribed",
    "unsubscribed_at",
    "unsubscribe_date",
    "opt_out",
    "suppressed",
)
STAYED = frozenset({"", "0", "false", "no"})
GOOD_STATES = frozenset({"", "1", "active", "confirmed", "enabled", "subscribed", "true", "yes"})
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# A record over more lines than this is no postal address but a quote that was never closed.
MOST_LINES = 20
HEAD_BYTES = 65536
PLAIN_CONTROLS = frozenset(b"\t\n\r\f\x1a\x1b")

# A line inside a quoted cell that has such a cell itself is a row of its own, and the quote was never closed.
SOMEBODY = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")

NO_ADDRESS = "no address"
ROLE_ADDRESS = "nobody's own address"


Record = tuple[int, int, list[str] | None]


@dataclass(frozen=True)
class Row:
    """One person in the file: the line it begins on, the address as written, and what is wrong with it."""

    line: int
    text: str
    mailbox: address.Address | None = None
    name: str = ""
    language: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


class RosterFile:
    """The rows of one file, each time anew; ``ignored`` names the columns that say nothing to us."""

    def __init__(self, path: Path, config: Config) -> None:
        self.path = path
        self.encoding = _encoding(path)
        with self._open() as file:
            self.delimiter = _delimiter(file)
        with self._open() as file:
            self._header = self._find_header(self._records(file))
        self._columns = self._choose_columns(tuple(config.people.attributes))
        self._left = tuple(at for at, name in enumerate(self._header) if name.casefold() in LEFT_COLUMNS)
        used = {*self._columns.values(), *self._left}
        self.ignored = tuple(name for at, name in enumerate(self._header) if at not in used and name)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows; a second row of the same person names the line of the first."""
        # 64 bits of each key: a hundred bytes a person less than the keys themselves.
        seen: dict[int, int] = {}
        with self._open() as file:
            records = self._records(file)
            self._find_header(records)
            for line, last, cells in records:
                if cells is None:
                    yield Row(
                        line, "", problem=f"cannot be read up to line {last}: a cell is too long; is a quote closed?"
                    )
                elif any(cells):
                    yield self._row(line, last, cells, seen)

    def _row(self, line: int, last: int, cells: list[str], seen: dict[int, int]) -> Row:
        width = len(self._header)
        text = self._cell(cells, "address")
        shown = cleaning.one_line(text, 100)
        if last - line >= MOST_LINES or (last > line and self._swallows(cells)):
            return Row(line, shown, problem=f"a quote is not closed between here and line {last}")
        if any(cells[width:]):
            return Row(line, shown, problem=f"has {len(cells)} columns where the first line has {width}")
        if not shown:
            return Row(line, shown, problem=NO_ADDRESS)
        try:
            found = address.parse(text)
        except BadInput as error:
            return Row(line, shown, problem=error.problem)
        if limits.is_role(found):
            return Row(line, shown, problem=ROLE_ADDRESS)
        state = cleaning.one_line(self._cell(cells, "state"), 40).casefold()
        if state not in GOOD_STATES:
            return Row(line, shown, problem=f"the file says: {state}")
        if any(cells[at].casefold() not in STAYED for at in self._left if at < len(cells)):
            return Row(line, shown, problem="the file says that they left")
        first = seen.setdefault(hash(found.key), line)
        if first != line:
            return Row(line, shown, problem=f"double, line {first} has it already")
        attributes = {name[1:]: self._cell(cells, name) for name in self._columns if name[0] == "="}
        return Row(
            line,
            shown,
            found,
            cleaning.one_line(self._cell(cells, "name"), subscribers.NAME_LETTERS),
            cleaning.language(self._cell(cells, "language")),
            subscribers.values(attributes),
        )

    def _swallows(self, cells: list[str]) -> bool:
        inner = (line for cell in cells for line in cell.splitlines()[1:])
        return any(SOMEBODY.fullmatch(part.strip(' "')) for line in inner for part in line.split(self.delimiter))

    def _cell(self, cells: list[str], column: str) -> str:
        at = self._columns.get(column, len(cells))
        return unmarked(cells[at]) if at < len(cells) else ""

    def _open(self) -> TextIO:
        return self.path.open(encoding=self.encoding, newline="")

    def _records(self, file: TextIO) -> Iterator[Record]:
        """Yield (first line, last line, cells) of every record; None for cells that cannot be read."""
        reader = csv.reader(file, delimiter=self.delimiter)
        last = 0
        while True:
            cells: list[str] | None = None
            try:
                cells = [cell.strip() for cell in next(reader)]
            except StopIteration:
                return
            except csv.Error:
                # It goes on with the line after.
                pass
            except UnicodeError:
                raise self._unusable(f"is damaged after line {last}", "save it again as CSV UTF-8") from None
            yield last + 1, reader.line_num, cells
            last = reader.line_num

    def _find_header(self, records: Iterator[Record]) -> list[str]:
        for _, _, cells in records:
            if cells and any(cells) and not cells[0].casefold().startswith("sep="):
                return [cleaning.one_line(cell, 60) for cell in cells]
        raise self._unusable("is empty", "name a CSV file with a first line such as: address,name")

    def _choose_columns(self, attributes: tuple[str, ...]) -> dict[str, int]:
        names = [name.casefold() for name in self._header]
        wanted = {
            "address": ADDRESS_COLUMNS,
            "name": NAME_COLUMNS,
            "language": LANGUAGE_COLUMNS,
            "state": STATE_COLUMNS,
        } | {f"={name}": (name,) for name in attributes}
        found = {
            column: names.index(next(alias for alias in aliases if alias in names))
            for column, aliases in wanted.items()
            if set(aliases) & set(names)
        }
        if "address" not in found:
            near = [at for at, name in enumerate(names) if "mailing" not in name and _has_word(name)]
            if len(near) == 1:
                return {**found, "address": near[0]}
            if any(SOMEBODY.fullmatch(name) for name in names):
                raise self._unusable(
                    "begins with a person where the names of its columns should stand",
                    "write a first line such as: address,name",
                )
            listed = ", ".join(name for name in self._header if name)
            raise self._unusable(
                f"has no column of addresses; its first line has: {cleaning.one_line(listed, 300)}",
                "call the column address",
            )
        return found

    def _unusable(self, problem: str, cure: str) -> BadInput:
        return BadInput(problem, place=self.path.name, cure=cure)


def read_rows(path: Path, config: Config) -> RosterFile:
    """Open a file of people; BadInput unless it is a table in text with a column of addresses.

    Comma, semicolon, tab or bar between the cells; UTF-8, UTF-16, Windows-1252 or Latin-1; rows are read
    one by one, whatever the size of the file.
    """
    return RosterFile(path, config)


def _has_word(name: str) -> bool:
    return any(word in name for word in ADDRESS_WORDS) and not SOMEBODY.fullmatch(name)


def csv_line(cells: list[str]) -> str:
    """Return one line of a CSV file; what a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    csv.writer(out).writerow(f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell for cell in cells)
    return out.getvalue()


def unmarked(cell: str) -> str:
    """Return a cell without the apostrophe that csv_line() put before it."""
    return cell[1:] if cell[:1] == "'" and cell.lstrip("'").startswith(FORMULA) else cell


def _encoding(path: Path) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        # A folder such as "." has no name of its own.
        problem = f"cannot be read ({error.strerror})"
        raise BadInput(problem, place=path.name or str(path), cure="name a CSV file") from None
    if not head.strip():
        raise BadInput("is empty", place=path.name, cure="name a CSV file with a first line: address,name")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
            if zeros.count(0) > 0.7 * len(zeros) and head.count(0) <= len(zeros):
                return encoding
    odd = sum(byte < 32 and byte not in PLAIN_CONTROLS for byte in head)
    if b"\0" in head or odd > len(head) / 50 or head.startswith((b"PK\3\4", b"%PDF-")):
        raise BadInput("is not a table in text", place=path.name, cure="save it as CSV UTF-8")
    return _eight_bit(path)


def _eight_bit(path: Path) -> str:
    """Return the first encoding in which every byte of the file means something."""
    readers = {name: codecs.getincrementaldecoder(name)() for name in ("utf-8-sig", "cp1252")}
    with path.open("rb") as file:
        while readers:
            part = file.read(1 << 20)
            for name, reader in list(readers.items()):
                try:
                    reader.decode(part, final=not part)
                except UnicodeDecodeError:
                    del readers[name]
            if not part:
                break
    return next(iter(readers), "latin-1")


def _delimiter(file: TextIO) -> str:
    """Return what stands most often between the cells of the first line, or what that line says itself."""
    try:
        first = next((line for line in file if line.strip()), "")
    except UnicodeError:
        return ","
    if first.casefold().startswith("sep=") and len(first.rstrip("\r\n")) == 5:
        return first[4]
    outside = "".join(first.split('"')[::2])
    return max(",;\t|", key=outside.count)
