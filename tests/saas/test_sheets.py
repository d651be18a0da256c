"""What people typed never runs in a spreadsheet, and amounts arrive as they are (fault J04)."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from saas.money import Money
from saas.sheets import Column, Sheet, as_csv, as_xlsx, harmless

D = datetime.date
FORMULAS = [
    "=1+1",
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\uff1d1+1",
    "  =1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://x","y")',
    "%0A=1",
    "|calc",
    "+57300-1",
]
NUMBERS = ["-1500", "+573001234567", "+57 312 766 0791", "-1500,50", "1.234,50", "0", "-1.234.567,89"]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_looks_like_a_formula_becomes_text(text: str) -> None:
    assert harmless(text).startswith("'")


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_and_telephones_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@given(st.text())
def test_nothing_that_starts_a_formula_comes_out(text: str) -> None:
    made = harmless(text).lstrip(" \u00a0")
    assert made[:1] not in set("=@\t\r") and (made[:1] not in set("+-") or not set(made[1:]) & set("+-*/=(|"))


def listed(*rows: tuple[object, ...]) -> Sheet:
    columns = (Column("Nombre"), Column("Cargo", "money"), Column("Pago", "money"), Column("Día", "date"))
    return Sheet("Facturas: [2026]", columns, rows, "America/Bogota")  # type: ignore[arg-type]


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_a_csv_opens_in_a_spreadsheet_of_the_country() -> None:
    made = as_csv(
        listed(
            ('Ñ "x"; y\nz', None, Money(-123_456_789, "COP"), D(2026, 3, 4)),
            ("=1", Money(5, "COP"), None, None),
        )
    )
    assert made.startswith(b"\xef\xbb\xbf")
    assert read_csv(made) == [
        ["Nombre", "Cargo", "ISO 4217", "Pago", "Día"],
        ['Ñ "x"; y\nz', "", "COP", "-1234567,89", "04/03/2026"],
        ["'=1", "0,05", "COP", "", ""],
    ]


def test_an_xlsx_holds_typed_cells_and_no_formula() -> None:
    made = as_xlsx(listed(("=1+1", Money(123_450, "COP"), None, D(2026, 3, 4)), ("-1500", None, None, None)))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(made)).get_sheet_by_index(0).to_python()
    assert rows[1] == ["=1+1", 1234.5, "COP", "", D(2026, 3, 4)]
    assert rows[2][0] == "-1500"
    inside = zipfile.ZipFile(io.BytesIO(made)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in inside


def test_the_same_list_gives_the_same_bytes() -> None:
    rows = ("a", Money(1, "COP"), None, None)
    assert as_xlsx(listed(rows)) == as_xlsx(listed(rows)) and as_csv(listed(rows)) == as_csv(listed(rows))


def test_a_row_of_two_currencies_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="one currency"):
        as_csv(listed(("a", Money(1, "COP"), Money(1, "USD"), None)))


def test_a_moment_is_told_in_the_zone_of_the_tenant() -> None:
    late = datetime.datetime(2026, 3, 5, 2, 30, tzinfo=datetime.UTC)
    sheet = Sheet("x", (Column("t", "moment"),), [(late,)], "America/Bogota")
    assert read_csv(as_csv(sheet))[1] == ["04/03/2026 21:30"]
