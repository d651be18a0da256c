"""K01 and its kin: files as they should not be."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from blueprints.imports.intake import read_rows
from blueprints.imports.reading.detect import detect
from blueprints.imports.reading.limits import Limits
from blueprints.imports.recognise import shipped_profiles
from blueprints.imports.table import open_table
from saas.refusals import Refusal
from tests.blueprints.imports.files import RECEIPT_HEADER, SHEET, put, read, receipt, receipts, workbook

RECEIPTS = "agencia-recibos-caja"


@pytest.mark.parametrize(
    ("encoding", "text", "named"),
    [
        ("utf-8", "ñandú", "utf-8"),
        ("utf-8-sig", "ñandú", "utf-8-sig"),
        ("utf-8", "nandu", "ascii"),
        ("latin-1", "ñandú N° 4ª", "latin-1"),
        ("cp1252", "ñandú – “uno” €", "cp1252"),
        ("cp850", "ñandú Núñez Martínez", "cp850"),
        ("utf-16", "ñandú €", "utf-16"),
    ],
)
def test_every_encoding_gives_the_same_words(tmp_path: Path, encoding: str, text: str, named: str) -> None:
    path = receipts(tmp_path, receipt(1, reference=text), encoding=encoding)
    records, problems = read(path)
    assert not problems
    assert records[0]["reference"] == text
    assert detect(path).encoding == named


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, newline: str) -> None:
    rows = [RECEIPT_HEADER, *(receipt(n, amount="1234.50") for n in range(1, 40))]
    path = put(tmp_path, newline.join(rows).replace(";", delimiter))
    records, problems = read(path)
    assert not problems
    assert len(records) == 39
    assert detect(path).delimiter == delimiter
    assert {record["amount"] for record in records} == {123450}


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1.234,50", 123450),
        ("1,234.50", 123450),
        ("1234,5", 123450),
        ("1234.5", 123450),
        ("1.234.567", 123456700),
    ],
)
def test_decimal_comma_and_decimal_point(tmp_path: Path, written: str, amount: int) -> None:
    records, problems = read(receipts(tmp_path, receipt(1, amount=written)))
    assert not problems
    assert records[0]["amount"] == amount


def test_a_minority_in_the_other_notation_is_refused(tmp_path: Path) -> None:
    rows = [receipt(1), receipt(2), receipt(3, amount="1,234.50")]
    records, problems = read(receipts(tmp_path, *rows))
    assert [record["row"] for record in records] == [2, 3]
    assert [(one.row_number, str(one)) for one in problems] == [(4, "“1,234.50” is not an amount of money.")]


def test_what_the_file_does_not_tell_is_taken_from_the_profile_and_said(tmp_path: Path) -> None:
    path = receipts(tmp_path, receipt(1, amount="1.234", day="05/06/2026"))
    table = open_table(path, shipped_profiles()[RECEIPTS])
    assert table.formats.assumed == {"decimal", "date_order"}
    record = read(path)[0][0]
    assert (record["amount"], record["received_on"].isoformat()) == (123400, "2026-06-05")


@pytest.mark.parametrize(
    ("day", "iso"),
    [
        ("31/01/2026", "2026-01-31"),
        ("01/31/2026", "2026-01-31"),
        ("2026-01-31", "2026-01-31"),
        ("31.1.2026", "2026-01-31"),
        ("31-01-2026", "2026-01-31"),
        ("31/01/2026 00:00:00", "2026-01-31"),
    ],
)
def test_orders_of_dates(tmp_path: Path, day: str, iso: str) -> None:
    assert read(receipts(tmp_path, receipt(1, day=day)))[0][0]["received_on"].isoformat() == iso


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("31/02/2026", "“31/02/2026” is not a day of the calendar."),
        ("29/02/2025", "“29/02/2025” is not a day of the calendar."),
        ("ayer", "“ayer” is not a date."),
        ("01/02/26", "“01/02/26” needs a year of four digits."),
        ("01/02/0026", "“01/02/0026” is too far from today."),
        ("", "It is empty."),
    ],
)
def test_impossible_dates_are_refused_with_their_row(tmp_path: Path, day: str, reason: str) -> None:
    records, problems = read(receipts(tmp_path, receipt(1), receipt(2, day=day), receipt(3)))
    assert [record["row"] for record in records] == [2, 4]
    assert [(one.row_number, one.column, str(one)) for one in problems] == [(3, "fecha", reason)]


def test_the_rest_of_a_long_file_has_a_say_in_its_formats(tmp_path: Path) -> None:
    rows = [receipt(n, day="01/02/2026") for n in range(1, 15000)] + [
        receipt(n, day="01/13/2026") for n in range(15000, 30000)
    ]
    assert detect(receipts(tmp_path, *rows)).date_order == "mdy"


def test_quoted_line_breaks_and_delimiters_stay_in_their_cell_and_rows_keep_their_number(
    tmp_path: Path,
) -> None:
    rows = [receipt(1, reference='"two\r\nlines; and a half"'), receipt(2), receipt(3, amount="x")]
    records, problems = read(receipts(tmp_path, *rows))
    assert records[0]["reference"] == "two\r\nlines; and a half"
    assert [(one.row_number, one.value) for one in problems] == [(4, "x")]


def test_a_quoted_line_break_does_not_smuggle_a_second_amount(tmp_path: Path) -> None:
    _, problems = read(receipts(tmp_path, receipt(1, amount='"1,00\n2,00"'), receipt(2)))
    assert [one.row_number for one in problems] == [2]


def test_an_open_quote_is_refused_with_the_row_where_it_stands(tmp_path: Path) -> None:
    records, problems = read(receipts(tmp_path, receipt(1), receipt(2, reference='"open'), receipt(3)))
    assert [record["row"] for record in records] == [2]
    assert [one.row_number for one in problems] == [3]
    records, problems = read(receipts(tmp_path, receipt(1), receipt(2, reference='"a" b'), receipt(3)))
    assert [record["row"] for record in records] == [2, 4]
    assert [one.row_number for one in problems] == [3]


def test_empty_lines_count_and_are_no_rows(tmp_path: Path) -> None:
    path = put(tmp_path, "\n" + RECEIPT_HEADER + "\n\n" + receipt(1) + "\n;;;;;\n" + receipt(2, amount="x"))
    records, problems = read(path)
    assert [record["row"] for record in records] == [4]
    assert [one.row_number for one in problems] == [6]


def test_the_hint_of_a_spreadsheet_counts_as_row_one(tmp_path: Path) -> None:
    records, _ = read(put(tmp_path, "sep=;\r\n" + RECEIPT_HEADER + "\r\n" + receipt(1) + "\r\n"))
    assert [record["row"] for record in records] == [3]


def test_rows_that_are_too_short_or_too_long(tmp_path: Path) -> None:
    rows = [receipt(1) + ";;", "RC-2;FV-2", receipt(3) + ";more", receipt(4)]
    records, problems = read(receipts(tmp_path, *rows))
    assert [record["row"] for record in records] == [2, 5]
    assert [(one.row_number, str(one)) for one in problems] == [
        (3, "The row has 2 cells where the header has 6."),
        (4, "The row has 7 cells where the header has 6."),
    ]


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "a.csv", "a.csv is empty."),
        (b"\n\n;;;\n", "a.csv", "a.csv is empty."),
        (RECEIPT_HEADER.encode(), "a.csv", "a.csv has a header and no rows."),
        (b"recibo;Recibo;fecha", "a.csv", "Columns 1 and 2 have the same name, “Recibo”."),
        (b"a;b\n1;\x00\n", "a.csv", "The file is not text: line 2 holds binary data."),
        (b"PK\x03\x04....", "a.csv", "a.csv is a workbook or a ZIP, but its name does not end in .xlsx."),
        (b"PK\x03\x04....", "a.xlsx", "a.xlsx is damaged or locked with a password."),
        (b"a;b\n", "a.xlsx", "a.xlsx ends in .xlsx but is no workbook."),
        (b"%PDF-1.4", "a.pdf", "a.pdf cannot be read: only CSV and XLSX can."),
        (b"\xd0\xcf\x11\xe0", "a.xls", "a.xls is of an old or unsupported kind: save it as XLSX or CSV."),
        (
            b"recibo;factura\n" + "ñandú\n".encode() * 9 + b"\xf1and\n",
            "a.csv",
            "The file is UTF-8, but line 11 is not: save it again in one encoding.",
        ),
    ],
)
def test_files_that_cannot_be_read_say_why(tmp_path: Path, content: bytes, name: str, reason: str) -> None:
    path = put(tmp_path, content, name)
    with pytest.raises(Refusal) as refusal:
        open_table(path, shipped_profiles()[RECEIPTS])
    assert str(refusal.value) == reason


def test_missing_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        Refusal, match=r"lacks columns: valor, medio, referencia\. It has: recibo, factura, fecha\."
    ):
        open_table(put(tmp_path, "recibo;factura;fecha\n1;2;3\n"), shipped_profiles()[RECEIPTS])


def test_headings_are_compared_without_case_accents_and_order_and_others_are_ignored(tmp_path: Path) -> None:
    header = "Nota;RÉCIBO;Factura;Fecha;Valor; Medio ;Referencia"
    path = receipts(tmp_path, "x;" + receipt(1), header=header)
    table = open_table(path, shipped_profiles()[RECEIPTS])
    assert table.ignored == ("Nota",)
    assert read(path)[0][0]["number"] == "RC-1"


def test_too_big(tmp_path: Path) -> None:
    path = receipts(tmp_path, receipt(1))
    with pytest.raises(Refusal, match="too big"):
        detect(path, limits=Limits(text_bytes=10))


class TestWorkbooks:
    cells = {letter + "3": title for letter, title in zip("ABCDEF", RECEIPT_HEADER.split(";"), strict=True)}

    def filled(self, **other: str | float) -> dict[str, str | float]:
        values: tuple[str | float, ...] = ("RC-1", 10532.0, "31/01/2026", 1234.5, "PSE", "ref")
        row = dict(zip("ABCDEF", values, strict=True))
        return {**self.cells, **{letter + "4": value for letter, value in row.items()}, **other}

    def test_cells_keep_their_kind_and_rows_their_number(self, tmp_path: Path) -> None:
        records, problems = read(workbook(tmp_path, self.filled(A6="RC-2")))
        assert records[0]["row"] == 4
        assert (records[0]["invoice_number"], records[0]["amount"]) == ("10532", 123450)
        assert {one.row_number for one in problems} == {6}

    def test_a_number_that_lost_digits_is_refused(self, tmp_path: Path) -> None:
        _, problems = read(workbook(tmp_path, self.filled(F4=7752481030100000001.0)))
        assert "lost digits" in str(problems[0])

    def test_an_unknown_sheet_is_refused_with_the_ones_there_are(self, tmp_path: Path) -> None:
        with pytest.raises(Refusal, match="it has: One"):
            detect(workbook(tmp_path, self.filled()), sheet="Two")

    def test_the_unpacked_size_is_limited(self, tmp_path: Path) -> None:
        path = workbook(tmp_path, self.filled(), parts={"xl/media/zeros": bytes(3_000_000)})
        with pytest.raises(Refusal, match="unpacks to more"):
            detect(path, limits=Limits(unpacked_bytes=2_000_000))

    def test_a_declared_size_is_not_believed(self, tmp_path: Path) -> None:
        path = workbook(tmp_path, self.filled(), parts={"xl/media/zeros": bytes(3_000_000)})
        content = path.read_bytes().replace(struct.pack("<L", 3_000_000), struct.pack("<L", 100))
        path.write_bytes(content)
        with zipfile.ZipFile(path) as archive:
            assert archive.getinfo("xl/media/zeros").file_size == 100
        with pytest.raises(Refusal, match="unpacks to more"):
            detect(path, limits=Limits(unpacked_bytes=2_000_000))

    def test_two_cells_far_apart_do_not_take_the_memory(self, tmp_path: Path) -> None:
        with pytest.raises(Refusal, match="1048576 rows and 16384 columns"):
            detect(workbook(tmp_path, self.filled(XFD1048576="x")))

    def test_an_empty_sheet(self, tmp_path: Path) -> None:
        with pytest.raises(Refusal, match="is empty"):
            detect(workbook(tmp_path, {}))

    def test_a_damaged_sheet(self, tmp_path: Path) -> None:
        path = workbook(tmp_path, self.filled())
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content[:-60] if name == SHEET else content)
        with pytest.raises(Refusal, match="damaged"):
            read(path)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = receipts(tmp_path, *(receipt(n) for n in range(count)), name=f"{count}.csv")
        table = open_table(path, shipped_profiles()[RECEIPTS])
        tracemalloc.start()
        for _ in read_rows(table, unique=False):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(2_000)
    assert peak(20_000) < 1.5 * peak(2_000)
