"""A file's rows in slices, each with its row numbers."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from blueprints.imports.problems import Fault, RowProblem
from blueprints.imports.reading.detect import Detected, Row
from blueprints.imports.reading.limits import LIMITS, Limits
from blueprints.imports.reading.workbook import open_workbook
from saas.languages import N_

CHUNK_ROWS = 400  # measured: larger slices leave the processor's cache and halve the speed


@dataclass(slots=True)
class Chunk:
    """Rows exactly as wide as the header, with the numbers a spreadsheet shows. Empty rows are left out;
    rows that are no rows at all (wrong width, open quote) are in `problems`. `read` counts both."""

    numbers: Sequence[int]
    rows: list[Row]
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def read(self) -> int:
        return len(self.rows) + len({problem.row_number for problem in self.problems})


def chunks(
    path: Path, detected: Detected, *, size: int = CHUNK_ROWS, limits: Limits = LIMITS
) -> Iterator[Chunk]:
    """The rows below the header. Memory stays flat for CSV however long the file is."""
    if detected.kind == "xlsx":
        return _workbook_chunks(path, detected, size, limits)
    return _text_chunks(path, detected, size)


def _text_chunks(path: Path, detected: Detected, size: int) -> Iterator[Chunk]:
    assert detected.encoding and detected.delimiter
    with path.open(encoding=detected.encoding, errors="replace", newline="") as source:
        reader = csv.reader(source, delimiter=detected.delimiter, strict=True)
        records = cast("Iterator[Row]", reader)
        number = 0
        while True:
            rows: list[Row] = []
            problems: list[RowProblem] = []
            error: csv.Error | None = None
            try:
                # extend keeps what came before the error, list() would lose it
                rows.extend(itertools.islice(records, size))
            except csv.Error as problem:
                error = problem
            first = number + 1
            number += len(rows)
            if error is not None:
                number += 1
                problems.append(_open_quote(number, reader.line_num))
            if not rows and error is None:
                return
            if first <= detected.header_row:
                rows = rows[detected.header_row + 1 - first :]
                first = detected.header_row + 1
            yield _even(rows, first, len(detected.header), problems)


def _open_quote(number: int, line: int) -> RowProblem:
    message = N_("A quotation mark is not closed or stands inside a cell (read up to line %(line)s).")
    return RowProblem(number, None, None, message, {"line": line})


def _workbook_chunks(path: Path, detected: Detected, size: int, limits: Limits) -> Iterator[Chunk]:
    book = open_workbook(path, detected.name, detected.sheet, limits)
    rows = itertools.dropwhile(lambda item: item[0] <= detected.header_row, book.rows())
    while part := list(itertools.islice(rows, size)):
        yield _even([row for _, row in part], part[0][0], len(detected.header), [])


def _even(rows: list[Row], first: int, width: int, problems: list[RowProblem]) -> Chunk:
    """Check the widths; the usual chunk, where all are equal, costs one pass in C."""
    if set(map(len, rows)) <= {width} and all(map(any, rows)):
        return Chunk(range(first, first + len(rows)), rows, problems)
    numbers: list[int] = []
    even: list[Row] = []
    for number, row in enumerate(rows, start=first):
        if not any(cell not in (None, "") for cell in row):
            continue
        if len(row) > width and not any(cell not in (None, "") for cell in row[width:]):
            row = row[:width]
        if len(row) == width:
            numbers.append(number)
            even.append(row)
        else:
            fault = Fault(
                N_("The row has %(cells)s cells where the header has %(columns)s."),
                {"cells": len(row), "columns": width},
            )
            problems.append(fault.at(number, None, None))
    return Chunk(numbers, even, problems)
