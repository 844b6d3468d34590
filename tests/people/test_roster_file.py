"""Files of people as they really come: every encoding, every separator, every mistake."""

import codecs
import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.config import Config
from mailer.errors import BadInput
from mailer.people import roster_file
from mailer.people.roster_file import read_rows


@pytest.fixture
def read(tmp_path, config):
    """Write bytes to a file and open it as a file of people."""

    def open_rows(data: bytes | str, name: str = "people.csv"):
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return read_rows(path, config)

    return open_rows


def good(rows) -> list[tuple[str, str]]:
    return [(row.mailbox.spelled, row.name) for row in rows if row.mailbox]


TABLE = "address,name\nann@example.org,Zoë Müller\nbea@example.org,Bea\n"
BOTH = [("ann@example.org", "Zoë Müller"), ("bea@example.org", "Bea")]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TABLE.encode(), "utf-8-sig"),
        (codecs.BOM_UTF8 + TABLE.encode(), "utf-8-sig"),
        (TABLE.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"), "utf-16"),
        (TABLE.encode("utf-16-le"), "utf-16-le"),
        (TABLE.encode("utf-16-be"), "utf-16-be"),
        (TABLE.encode("latin-1"), "cp1252"),
        (TABLE.replace("\n", "\r\n").encode("cp1252"), "cp1252"),
        (TABLE.replace("\n", "\r").encode(), "utf-8-sig"),
    ],
)
def test_encodings(read, data, encoding) -> None:
    rows = read(data)
    assert rows.encoding == encoding
    assert good(rows) == BOTH
    assert good(rows) == BOTH, "a second reading begins anew"


def test_a_letter_beyond_the_first_block_decides_too(read) -> None:
    filler = "".join(f"r{number}@example.org,Reader\n" for number in range(5000))
    rows = read(("address,name\n" + filler + "zoe@example.org,Zoë\n").encode("latin-1"))
    assert good(rows)[-1] == ("zoe@example.org", "Zoë")


def test_bytes_windows_does_not_know_are_latin_1(read) -> None:
    rows = read(b"address,name\nann@example.org,Ann\x81\xe9\n")
    assert (rows.encoding, good(rows)) == ("latin-1", [("ann@example.org", "Anné")])


@pytest.mark.parametrize("mark", [";", "\t", "|", ","])
def test_separators(read, mark) -> None:
    assert good(read(TABLE.replace(",", mark))) == BOTH
    assert good(read(f"sep={mark}\r\n" + TABLE.replace(",", mark))) == BOTH
    quoted = f'"Name, first; last"{mark}"E-Mail"\n"Ann"{mark}"ann@example.org"\n'
    assert good(read(quoted)) == [("ann@example.org", "")]


@pytest.mark.parametrize(
    "column", ["address", "EMAIL", "E-Mail", "mail", "Email Address", " e-mail address ", '"address"', "\ufeffaddress"]
)
def test_names_of_the_address_column(read, column) -> None:
    assert good(read(f"name,{column}\nAnn,ann@example.org\n")) == [("ann@example.org", "Ann")]


def test_beside_a_mail_column_an_address_is_where_somebody_lives(read) -> None:
    rows = read("email,address,name\nann@example.org,1 Main Street,Ann\n")
    assert good(rows) == [("ann@example.org", "Ann")]
    assert rows.ignored == ("address",)


def test_declared_attributes_are_read_and_other_columns_named(read) -> None:
    rows = read("Address,City,Shoe size,,language\nann@example.org, Town ,39,x,pt_br\n")
    (row,) = rows
    assert (row.attributes, row.language) == ({"city": "Town"}, "pt-BR")
    assert rows.ignored == ("Shoe size",)


def test_quotes_newlines_and_empty_lines_keep_the_count_of_lines(read) -> None:
    rows = list(read('\n\naddress,name\n\n"ann@example.org","Ann\nof ""Town"""\n,,\n  \nnobody,\n'))
    assert [(row.line, row.name) for row in rows] == [(5, 'Ann of "Town"'), (9, "")]
    assert "not an address" in rows[1].problem


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("nobody,Ann", "'nobody' is not an address"),
        (",Ann", "no address"),
        ("abuse@example.org,", "nobody's own address"),
        ("MAILER-DAEMON@example.org,", "nobody's own address"),
        ("a@example.org,Ann,of Town,x", "has 4 columns where the first line has 3"),
        ("a@example.org,Ann,Unsubscribed", "the file says: unsubscribed"),
        ("a@example.org,Ann,cleaned", "the file says: cleaned"),
        *((f"a@example.org,Ann,{word}", f"the file says: {word}") for word in ("left", "complaint", "spam", "0")),
        ("a@b@example.org,Ann", "is not an address"),
        ("Ann <ann@example.org>,Ann", "is not an address"),
        ('"ann@example.org\r\nBcc: x@example.org",Ann', "is not an address"),
    ],
)
def test_rows_that_are_refused_say_why(read, line, problem) -> None:
    bad, fine = read(f"address,name,status\n{line}\nfine@example.org,Ann,subscribed\n")
    assert problem in bad.problem
    assert bad.mailbox is None
    assert "\n" not in bad.text + bad.problem
    assert fine.problem == ""


@pytest.mark.parametrize("word", ["", "Active", "SUBSCRIBED", "confirmed", "enabled", "yes", "1", "true"])
def test_rows_in_a_good_state_are_taken(read, word) -> None:
    (row,) = read(f"address,status\nann@example.org,{word}\n")
    assert (row.problem, row.mailbox.spelled) == ("", "ann@example.org")


def test_doubles_name_the_first_line_however_they_are_spelled(read) -> None:
    rows = list(read("address\nAnn@Bücher.example\nann@xn--bcher-kva.example\nANN@bücher.example\nbea@example.org\n"))
    assert [row.problem for row in rows] == ["", *["double, line 2 has it already"] * 2, ""]


def test_a_refused_row_does_not_make_the_next_one_a_double(read) -> None:
    first, second = read("address,status\nann@example.org,bounced\nann@example.org,active\n")
    assert (first.problem, second.problem) == ("the file says: bounced", "")


def test_control_characters_in_names_go(read) -> None:
    (row,) = read('address,name,city\n"ann@example.org","A\x07nn\u202e\nBcc: eve@example.org","\x1b[1mTown"\n')
    assert (row.name, row.attributes) == ("Ann Bcc: eve@example.org", {"city": "[1mTown"})


def test_a_quote_that_is_never_closed_swallows_nobody_in_silence(read) -> None:
    people = "".join(f"r{number}@example.org,x\n" for number in range(40))
    (row,) = read(f'address,name\nann@example.org,"Ann\n{people}')
    assert row.problem == "a quote is not closed between here and line 42"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b" \r\n\n", "is empty"),
        (b"\xef\xbb\xbf\n,,\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is not a table in text"),
        (b"PK\x03\x04\x14\x00\x06\x00", "is not a table in text"),
        (bytes(range(1, 32)) * 20, "is not a table in text"),
        (b"%PDF-1.7\n1 0 obj", "is not a table in text"),
        (b"name;town\nAnn;Town\n", "has no column of addresses; its first line has: name, town"),
        (b"ann@example.org\nbea@example.org\n", "begins with a person where the names of its columns should stand"),
        (b"Ann,ann@mail.example.org\n", "begins with a person"),
        (b"work mail,home mail\na@example.org,b@example.org\n", "has no column of addresses"),
        (b"mailing,town\nx,y\n", "has no column of addresses"),
        (codecs.BOM_UTF16_LE + b"a\x00d", "is damaged"),
    ],
)
def test_files_that_cannot_be_used_are_refused_in_one_line(read, data, problem) -> None:
    with pytest.raises(BadInput) as caught:
        list(read(data))
    assert problem in caught.value.problem
    assert str(caught.value).startswith("people.csv: ")
    assert caught.value.cure


def test_damage_and_giants_further_down_are_named(read, tmp_path) -> None:
    broken = (TABLE * 2000).encode("utf-16-le")[:-1]
    with pytest.raises(BadInput, match=r"is damaged after line \d+"):
        list(read(codecs.BOM_UTF16_LE + broken))


def test_a_cell_without_end_costs_nobody_else_their_place(read) -> None:
    rows = list(read("address,name\nann@example.org,Ann\nbea@example.org," + "x" * 200_000 + "\ncy@example.org,Cy\n"))
    assert [(row.line, row.problem[:30]) for row in rows] == [(2, ""), (3, "cannot be read up to line 3: a"), (4, "")]
    people = "".join(f"r{number}@example.org,x\n" for number in range(20_000))
    bad, *rest = read(f'address,name\n"ann@example.org,Ann\n{people}')
    assert bad.problem.startswith("cannot be read up to line ")
    assert len(rest) > 10_000


@pytest.mark.parametrize(
    "column",
    ["Adresse e-mail", "Indirizzo email", "Correo electrónico", "E-mailadres", "Courriel", "Электронная почта"],
)
def test_other_languages_have_mail_too(read, column) -> None:
    assert good(read(f"{column};Nom\nann@example.org;Ann\n")) == [("ann@example.org", "")]


def test_whoever_left_another_mailer_is_not_taken(read) -> None:
    rows = list(read("Email,UNSUB_TIME\nann@example.org,2020-01-01 10:00\nbea@example.org,\ncy@example.org,no\n"))
    assert [row.problem for row in rows] == ["the file says that they left", "", ""]


@pytest.mark.parametrize("name", ['"Ann', '"Ann ""of Town""'])
def test_a_quote_over_a_few_lines_swallows_nobody_either(read, name) -> None:
    bad, fine = read(
        f'address,name\nann@example.org,{name}\nbea@example.org,Bea\ncy@example.org,"Cy"\ndi@example.org,\n'
    )
    assert "a quote is not closed between here and line" in bad.problem
    assert fine.mailbox.spelled == "di@example.org"


def test_a_file_that_is_not_there(tmp_path, config) -> None:
    with pytest.raises(BadInput, match=r"nothing\.csv: cannot be read"):
        read_rows(tmp_path / "nothing.csv", config)
    with pytest.raises(BadInput, match="cannot be read"):
        read_rows(tmp_path, config)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_calculate_is_marked(start) -> None:
    assert next(csv.reader([roster_file.csv_line([f"{start}1+1", "a=b", "'x"])], strict=True)) == [
        f"'{start}1+1",
        "a=b",
        "'x",
    ]


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(["=1", "+a@example.org", "'quoted", "'=1", "''+", "-", 'a"b', "a,b", "", "@", "Zoë"]),
        min_size=1,
    )
)
def test_marked_cells_come_back_as_they_were(cells) -> None:
    (read,) = csv.reader(io.StringIO(roster_file.csv_line(cells)), strict=True)
    assert [roster_file.unmarked(cell) for cell in read] == cells


@settings(max_examples=100)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(tmp_path_factory, data) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"address,name\n" + data)
    try:
        rows, refusal = list(read_rows(path, Config())), ""
    except BadInput as error:
        rows, refusal = [], str(error)
    assert "\n" not in refusal
    assert all(bool(row.problem) != bool(row.mailbox) for row in rows)
