"""What a file is: kind, encoding, delimiter, header and formats, all told from its content."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from blueprints.imports.reading.encodings import text_facts
from blueprints.imports.reading.formats import Cell, guess_date_order, guess_decimal
from blueprints.imports.reading.limits import LIMITS, MEGABYTE, Limits
from blueprints.imports.reading.workbook import open_workbook
from saas.languages import N_
from saas.refusals import Refusal

DELIMITERS = (";", ",", "\t", "|")
TEXT_ENDINGS = (".csv", ".txt", ".tsv")
SAMPLE_BLOCK = 256 * 1024
SAMPLE_PLACES = 8
SAMPLE_ROWS = 4_000

Row = list[Cell]


@dataclass(frozen=True, slots=True)
class Detected:
    """What was found, as it is shown to the person who imports.

    `kind` is "csv" or "xlsx". `header` is the row as written, `header_row` its number (the file's first
    row is 1). `decimal` ("," or ".") and `date_order` ("dmy", "mdy", "ymd") are None when no cell tells.
    `lines` is the number of lines or rows below the header: exact for XLSX, an upper bound for CSV.
    `sample` holds rows from the whole length of the file.
    """

    kind: str
    name: str
    size: int
    sha256: str
    header: tuple[str, ...]
    header_row: int
    lines: int
    encoding: str | None = None
    bom: bool = False
    delimiter: str | None = None
    newline: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    decimal: str | None = None
    date_order: str | None = None
    sample: tuple[Row, ...] = field(default=(), repr=False, compare=False)


def detect(
    path: Path, *, name: str | None = None, sheet: str | None = None, limits: Limits = LIMITS
) -> Detected:
    """Look at a file. `name` is what its owner called it, when it is stored under another name;
    `sheet` chooses a sheet of a workbook, else the first one. Raises Refusal."""
    name = name or path.name
    size = path.stat().st_size
    if not size:
        raise Refusal(N_("%(name)s is empty."), name=name)
    with path.open("rb") as source:
        start = source.read(8)
    ending = Path(name).suffix.lower()
    if start.startswith(b"PK\x03\x04"):
        if ending != ".xlsx":
            raise Refusal(
                N_("%(name)s is a workbook or a ZIP, but its name does not end in .xlsx."), name=name
            )
        return _workbook(path, name, sheet, limits)
    if start.startswith(b"\xd0\xcf\x11\xe0") or ending in (".xls", ".ods"):
        raise Refusal(N_("%(name)s is of an old or unsupported kind: save it as XLSX or CSV."), name=name)
    if ending == ".xlsx":
        raise Refusal(N_("%(name)s ends in .xlsx but is no workbook."), name=name)
    if ending not in TEXT_ENDINGS:
        raise Refusal(N_("%(name)s cannot be read: only CSV and XLSX can."), name=name)
    if size > limits.text_bytes:
        raise too_big(name, limits.text_bytes)
    return _text(path, name, limits)


def too_big(name: str, limit: int) -> Refusal:
    return Refusal(N_("%(name)s is too big: the limit is %(limit)s MB."), name=name, limit=limit // MEGABYTE)


def heading(text: str) -> str:
    """A header as it is compared: without accents, case, or the difference of spaces, dots, _ and -."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join("".join(sign if sign.isalnum() else " " for sign in plain).split())


def _text(path: Path, name: str, limits: Limits) -> Detected:
    facts = text_facts(path)
    head = _block(path, facts.encoding, 0, whole_start=True)
    preface, declared = 0, None
    if head[:4].lower() == "sep=" and head[4:5]:
        # Excel's own hint to itself; it counts as row 1.
        declared, preface = head[4], 1
        head = head.split("\n", 1)[1] if "\n" in head else ""
    delimiter = declared or _delimiter(head)
    rows = _rows(head, delimiter)
    skipped = sum(1 for _ in itertools.takewhile(lambda row: not any(row), rows))
    if skipped == len(rows):
        raise Refusal(N_("%(name)s is empty."), name=name)
    header = _header(rows[skipped], limits)
    sample = [*rows[skipped + 1 :], *_further_rows(path, facts.encoding, facts.size, delimiter, len(header))]
    return Detected(
        kind="csv",
        name=name,
        size=facts.size,
        sha256=facts.sha256,
        header=header,
        header_row=preface + skipped + 1,
        lines=max(facts.lines - preface - skipped - 1, 0),
        encoding=facts.encoding,
        bom=facts.bom,
        delimiter=delimiter,
        newline=facts.newline,
        decimal=guess_decimal(cell for row in sample for cell in row),
        date_order=guess_date_order(cell for row in sample for cell in row),
        sample=tuple(sample),
    )


def _workbook(path: Path, name: str, sheet: str | None, limits: Limits) -> Detected:
    book = open_workbook(path, name, sheet, limits)
    rows = book.rows()
    for number, row in rows:
        if any(cell not in (None, "") for cell in row):
            header, header_row = _header(row, limits), number
            break
    else:
        raise Refusal(N_("%(name)s is empty."), name=name)
    sample = [row for _, row in itertools.islice(rows, SAMPLE_ROWS)]
    return Detected(
        kind="xlsx",
        name=name,
        size=path.stat().st_size,
        sha256=book.sha256,
        header=header,
        header_row=header_row,
        lines=max(book.last_row - header_row, 0),
        sheet=book.sheet,
        sheets=book.sheets,
        decimal=guess_decimal(cell for row in sample for cell in row),
        date_order=guess_date_order(cell for row in sample for cell in row),
        sample=tuple(sample),
    )


def _header(row: Row, limits: Limits) -> tuple[str, ...]:
    """Raises Refusal when two columns have the same name: nobody can tell which one is meant."""
    header = tuple("" if cell is None else str(cell).strip() for cell in row)
    while header and not header[-1]:
        header = header[:-1]
    if len(header) > limits.columns:
        raise Refusal(N_("The file has more than %(limit)s columns."), limit=limits.columns)
    seen: dict[str, int] = {}
    for place, title in enumerate(header, start=1):
        key = heading(title)
        if key and key in seen:
            raise Refusal(
                N_("Columns %(first)s and %(second)s have the same name, “%(column)s”."),
                first=seen[key],
                second=place,
                column=title,
            )
        seen[key] = place
    return header


def _delimiter(head: str) -> str:
    """The one that cuts the header into most cells and the rows below into as many."""

    def score(delimiter: str) -> float:
        rows = [row for row in _rows(head, delimiter)[:200] if any(row)]
        width = len(rows[0]) if rows else 0
        below = rows[1:] or rows
        return (width - 1) * sum(len(row) == width for row in below) / max(len(below), 1) + (width > 1) * 0.01

    return max(DELIMITERS, key=score)


def _rows(text: str, delimiter: str) -> list[Row]:
    lines = io.StringIO(text, newline="")  # str.splitlines would also cut at \x85 and \u2028
    rows: list[Row] = []
    with contextlib.suppress(csv.Error):  # the reading of the rows itself says which row is wrong
        reader = cast("Iterator[Row]", csv.reader(lines, delimiter=delimiter))
        rows.extend(itertools.islice(reader, SAMPLE_ROWS))
    return rows


def _block(path: Path, encoding: str, offset: int, *, whole_start: bool = False) -> str:
    """Whole lines from about `offset` on; `whole_start` when the block begins with a line."""
    with path.open("rb") as source:
        source.seek(offset)
        raw = source.read(SAMPLE_BLOCK)
        complete = len(raw) < SAMPLE_BLOCK
    text = raw.decode(encoding, errors="ignore").replace("\r\n", "\n")
    if not whole_start:
        text = text.partition("\n")[2]
    return text if complete else text.rpartition("\n")[0] or text


def _further_rows(path: Path, encoding: str, size: int, delimiter: str, width: int) -> list[Row]:
    """Rows from the rest of a long file. A block may begin inside a quoted cell, so rows of another
    width are left out: they only vote on formats."""
    if size <= SAMPLE_BLOCK or encoding == "utf-16":
        return []
    step = (size - SAMPLE_BLOCK) // SAMPLE_PLACES
    rows: list[Row] = []
    for place in range(1, SAMPLE_PLACES + 1):
        block = _block(path, encoding, place * step)[: SAMPLE_BLOCK // 8]
        rows += [row for row in _rows(block, delimiter) if len(row) == width]
    return rows
