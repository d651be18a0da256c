"""A file's bytes into lines, by its layout: every column read, the totals compared, or the whole file refused. Pure."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from blueprints.payouts.layouts import DETAIL, HEADER, TRAILER, Column, Layout, Record
from saas.languages import N_
from saas.refusals import Refusal

Values = dict[str, Any]
DOS_END: Final = b"\x1a"
MOST_LINES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file, with its number there."""

    number: int
    values: Values


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds; its totals agree with its lines."""

    header: Values
    lines: tuple[Line, ...]
    total: int


def read_file(layout: Layout, content: bytes) -> Read:
    """Raises Refusal with the line and the reason: a file is taken whole or not at all."""
    header: Values = {}
    lines: list[Line] = []
    last = ""
    for number, kind, values in _records(layout, content):
        if last == TRAILER or (kind == HEADER and last):
            raise Refusal(
                N_("Line %(line)s: a record of kind %(tag)s cannot stand here."), line=number, tag=kind
            )
        if kind == HEADER:
            header = values
        elif kind == DETAIL:
            lines.append(Line(number, values))
            if len(lines) > MOST_LINES:
                raise Refusal(N_("The file has more than %(most)s payments."), most=MOST_LINES)
        else:
            _same_totals(values, lines, number)
        last = kind
    if last != TRAILER:
        raise Refusal(N_("The file ends without its last record: it was cut off."))
    if HEADER in layout.records and not header:
        raise Refusal(N_("The file begins without its first record."))
    return Read(header, tuple(lines), sum(line.values["amount"] for line in lines))


def _same_totals(values: Values, lines: list[Line], number: int) -> None:
    if values["count"] != len(lines):
        raise Refusal(
            N_("Line %(line)s says that there are %(said)s payments; there are %(found)s."),
            line=number,
            said=values["count"],
            found=len(lines),
        )
    total = sum(line.values["amount"] for line in lines)
    if values["total"] != total:
        raise Refusal(
            N_("Line %(line)s says that the payments come to %(said)s; they come to %(found)s (in cents)."),
            line=number,
            said=values["total"],
            found=total,
        )


def _records(layout: Layout, content: bytes) -> Iterator[tuple[int, str, Values]]:
    heading = layout.heading
    for number, cells in _rows(layout, content):
        if heading:
            if tuple(cell.strip().lower() for cell in cells) != heading:
                raise Refusal(N_("The first line of the file is not the heading of this layout."))
            heading = ()
            continue
        record = _record(layout, cells)
        columns = _split(layout, record, cells, number)
        values = {
            column.name: read_column(layout, column, text, number)
            for column, text in zip(record.columns, columns, strict=True)
        }
        yield number, record.kind, values


def _rows(layout: Layout, content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(layout, content)
    lines = text.rstrip("\n").split("\n")
    if layout.fixed:
        for number, line in enumerate(lines, start=1):
            if len(line) != layout.length:
                raise Refusal(
                    N_("Line %(line)s has %(found)s characters instead of %(expected)s."),
                    line=number,
                    found=len(line),
                    expected=layout.length,
                )
            yield number, [line]
        return
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=layout.delimiter, strict=True)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error:
        raise Refusal(N_("Line %(line)s cannot be split into columns."), line=reader.line_num) from None


def _decoded(layout: Layout, content: bytes) -> str:
    content = content.rstrip(DOS_END)
    try:
        text = content.decode(layout.encoding)
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        raise Refusal(
            N_("Line %(line)s is not written in %(encoding)s."), line=line, encoding=layout.encoding
        ) from None
    if not text.strip():
        raise Refusal(N_("The file is empty."))
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _record(layout: Layout, cells: list[str]) -> Record:
    begin = cells[0] if cells else ""
    tagged = [record for record in layout.records.values() if record.tag]
    for record in sorted(tagged, key=lambda record: -len(record.tag)):
        if begin.startswith(record.tag) if layout.fixed else begin.strip() == record.tag:
            return record
    return next((record for record in layout.records.values() if not record.tag), layout.records[DETAIL])


def _split(layout: Layout, record: Record, cells: list[str], number: int) -> list[str]:
    if not layout.fixed:
        if len(cells) != len(record.columns):
            raise Refusal(
                N_("Line %(line)s has %(found)s columns instead of %(expected)s."),
                line=number,
                found=len(cells),
                expected=len(record.columns),
            )
        return cells
    found, start = [], 0
    for column in record.columns:
        found.append(cells[0][start : start + column.length])
        start += column.length
    return found


def read_column(layout: Layout, column: Column, text: str, number: int) -> Any:
    """The value of a column: text, whole number, minor units or day. Raises Refusal."""
    try:
        return _value(layout, column, text)
    except ValueError:
        raise Refusal(
            N_("Line %(line)s: the column %(column)s holds “%(value)s”, which cannot be."),
            line=number,
            column=column.name,
            value=text.strip()[:40],
        ) from None


def _value(layout: Layout, column: Column, text: str) -> Any:
    if column.kind == "blank":
        return None
    bare = _without_padding(layout, column, text)
    if len(bare) > column.length and not layout.fixed:
        raise ValueError(text)
    if column.kind == "constant":
        if bare != column.value:
            raise ValueError(text)
        return bare
    if column.map:
        ours = {word: name for name, word in column.map.items()}
        if bare not in ours:
            raise ValueError(text)
        return ours[bare]
    if column.kind == "text":
        if not bare.isprintable():
            raise ValueError(text)
        return bare
    if column.kind == "date":
        day = datetime.datetime.strptime(bare, column.format).date()  # noqa: DTZ007 - a day has no zone
        if day.strftime(column.format) != bare:  # strptime forgives missing zeros; a column must not
            raise ValueError(text)
        return day
    if column.kind == "amount" and column.point:
        whole, _point, cents = bare.partition(column.point)
        if len(cents) > column.decimals or (_point and not cents):
            raise ValueError(text)
        return _number(whole + cents.ljust(column.decimals, "0"))
    value = _number(bare)
    return bare if column.kind == "digits" else value


def _without_padding(layout: Layout, column: Column, text: str) -> str:
    """Zeros that fill a number stay: they change nothing, and a key may begin with one."""
    bare = text.strip(" ")
    if layout.fixed and column.padding not in " 0":
        bare = bare.rstrip(column.padding) if column.to_the_left else bare.lstrip(column.padding)
    return bare


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)
