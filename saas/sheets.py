"""Rows of a list as a file that other programs read: CSV and XLSX.

What people typed must never run in a spreadsheet (OWASP "CSV injection"; fault J04): in CSV, a text that a program
could take for a formula gets an apostrophe before it; in XLSX every cell has a type, and text is text. Numbers and
telephone numbers stay as they are.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal
from zoneinfo import ZoneInfo

import xlsxwriter

from saas.money import Money, as_decimal

Kind = Literal["text", "money", "integer", "rate", "date", "moment"]
Cell = str | int | Money | datetime.date | datetime.datetime | None

CSV_TYPE: Final = "text/csv"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RATE: Final = 1_000_000

# A full-width sign counts too: spreadsheets fold it to the plain one when a text is pasted or imported.
_STARTS_A_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠|%")
_NUMBER_OR_PHONE: Final = re.compile(r"[+-]?[0-9]+( [0-9]+)*([.,][0-9]+)*")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONGEST: Final = 32_767  # characters that a cell of XLSX holds
_DATE, _MOMENT = "dd/mm/yyyy", "dd/mm/yyyy hh:mm"
_NUMBERS: Final = {"money": "#,##0.00", "integer": "0", "rate": "0.00%"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title in the reader's language, and what its cells are.

    Cells: `text` str; `money` Money; `integer` int; `rate` int in millionths; `date` a date; `moment` an aware
    datetime, written in the zone of the sheet. None is an empty cell.
    """

    title: str
    kind: Kind = "text"
    width: int = 16  # characters


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list with its title. Every row has one cell for each column. `zone` is the tenant's time zone."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    zone: str = "UTC"
    comma: bool = (
        True  # decimals behind a comma, columns parted by semicolons (Spanish), else point and comma
    )


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula. A number or telephone number is left alone."""
    text = _CONTROL.sub("", text)
    bare = text.lstrip(" \u00a0")
    if bare.startswith(_STARTS_A_FORMULA) and not _NUMBER_OR_PHONE.fullmatch(bare):
        return "'" + text
    return text


def as_csv(sheet: Sheet) -> bytes:
    """UTF-8 with a byte order mark, so that spreadsheets read the accents; dates dd/mm/yyyy; money with all its
    decimals and no thousands mark, its currency in a column of its own."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if sheet.comma else ",", lineterminator="\r\n")
    columns = _with_currency(sheet.columns)
    writer.writerow([harmless(column.title) for column in columns])
    zone, first = ZoneInfo(sheet.zone), _first_amount(sheet.columns)
    for row in sheet.rows:
        writer.writerow([_plain(cell, zone, comma=sheet.comma) for cell in _spread(row, first)])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(sheet: Sheet) -> bytes:
    """One sheet: typed cells, the head fixed and filterable. Memory does not grow with the rows."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "in_memory": False,
        },
    )
    # The file says nothing of when it was made: the same list gives the same bytes.
    book.set_properties({"title": sheet.title, "created": datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)})
    page = book.add_worksheet(_sheet_name(sheet.title))
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    forms = {kind: book.add_format({"num_format": shape}) for kind, shape in _NUMBERS.items()}
    forms["date"], forms["moment"] = (
        book.add_format({"num_format": _DATE, "align": "left"}),
        book.add_format({"num_format": _MOMENT, "align": "left"}),
    )
    columns = _with_currency(sheet.columns)
    for at, column in enumerate(columns):
        page.set_column(at, at, column.width)
        page.write_string(0, at, column.title, head)
    page.freeze_panes(1, 0)
    zone, first, last = ZoneInfo(sheet.zone), _first_amount(sheet.columns), 0
    for last, row in enumerate(sheet.rows, start=1):
        for at, (column, cell) in enumerate(zip(columns, _spread(row, first), strict=True)):
            if cell is None:
                continue
            if isinstance(cell, str):
                page.write_string(last, at, _CONTROL.sub("", cell)[:_LONGEST])
            elif isinstance(cell, datetime.datetime):
                page.write_datetime(last, at, cell.astimezone(zone).replace(tzinfo=None), forms["moment"])
            elif isinstance(cell, datetime.date):
                page.write_datetime(
                    last, at, datetime.datetime.combine(cell, datetime.time.min), forms["date"]
                )
            elif isinstance(cell, Money):
                page.write_number(last, at, as_decimal(cell.amount, cell.currency), forms["money"])
            else:
                value = Decimal(cell) / RATE if column.kind == "rate" else cell
                page.write_number(last, at, value, forms[column.kind])
    page.autofilter(0, 0, last, len(columns) - 1)
    book.close()
    return out.getvalue()


def _first_amount(columns: Sequence[Column]) -> int | None:
    return next((at for at, column in enumerate(columns) if column.kind == "money"), None)


def _with_currency(columns: Sequence[Column]) -> list[Column]:
    """Money's currency stands in a column behind the first amount; its title is a word of every language."""
    first = _first_amount(columns)
    if first is None:
        return list(columns)
    return [*columns[: first + 1], Column("ISO 4217", width=9), *columns[first + 1 :]]


def _spread(row: Sequence[Cell], first: int | None) -> list[Cell]:
    """The row's cells with their currency behind the first column of amounts. Raises ValueError when it has two."""
    if first is None:
        return list(row)
    currencies = {cell.currency for cell in row if isinstance(cell, Money)}
    if len(currencies) > 1:
        raise ValueError("one row of a list holds one currency")
    return [*row[: first + 1], *(currencies or (None,)), *row[first + 1 :]]


def _plain(cell: Cell, zone: ZoneInfo, *, comma: bool) -> str:
    match cell:
        case None:
            return ""
        case str():
            return harmless(cell)
        case Money():
            text = f"{as_decimal(cell.amount, cell.currency):f}"
            return text.replace(".", ",") if comma else text
        case datetime.datetime():
            return cell.astimezone(zone).strftime("%d/%m/%Y %H:%M")
        case datetime.date():
            return cell.strftime("%d/%m/%Y")
        case _:
            return str(cell)


def _sheet_name(title: str) -> str:
    """A name that XLSX takes: 31 characters, none of []:*?/\\, no apostrophe at its ends."""
    return re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title)[:31].strip().strip("'") or "1"
