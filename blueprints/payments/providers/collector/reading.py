"""A daily file's bytes into payments: every line read, every total compared, or the whole file refused."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from blueprints.payments.interface import CollectedLine
from blueprints.payments.providers.collector.daily_files import (
    BATCH,
    BATCH_TOTAL,
    DETAIL,
    HEADER,
    TRAILER,
    FileField,
    FileLayout,
    Record,
)
from saas.languages import N_
from saas.money import EXPONENTS
from saas.refusals import Refusal

DOS_END: Final = b"\x1a"
WRONG_ORDER: Final = N_("Line %(line)s: a record of kind %(tag)s cannot stand here.")
# What may follow what; a file without batches has its payments right after the header.
AFTER: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({HEADER}),
    HEADER: frozenset({BATCH, DETAIL, TRAILER}),
    BATCH: frozenset({DETAIL, BATCH_TOTAL}),
    DETAIL: frozenset({DETAIL, BATCH_TOTAL, TRAILER}),
    BATCH_TOTAL: frozenset({BATCH, TRAILER}),
    TRAILER: frozenset(),
}

Values = dict[str, Any]


@dataclass(slots=True)
class _Sum:
    count: int = 0
    total: int = 0

    def add(self, amount: int) -> None:
        self.count += 1
        self.total += amount


@dataclass(slots=True)
class _State:
    """Where the reading is."""

    last: str = ""
    header: Values = field(default_factory=dict)
    batch: Values = field(default_factory=dict)
    of_batch: _Sum = field(default_factory=_Sum)
    of_file: _Sum = field(default_factory=_Sum)


def read_lines(layout: FileLayout, content: bytes, *, company: str) -> list[CollectedLine]:
    """The payments of a file. Raises Refusal with the line and the reason: a file is taken whole or not at all.

    `company` is the code that the header must show; a file for somebody else is refused.
    """
    state, lines = _State(), []
    for number, kind, values in records_of(layout, content):
        _in_order(layout, state, kind, number)
        if kind == HEADER:
            _for_us(values, company)
            state.header = values
        elif kind == BATCH:
            state.batch, state.of_batch = values, _Sum()
        elif kind == DETAIL:
            line = _payment(layout, number, values, state)
            state.of_batch.add(line.amount)
            state.of_file.add(line.amount)
            lines.append(line)
        elif kind == BATCH_TOTAL:
            _same_totals(values, state.of_batch, number)
            _same_batch(values, state.batch, number)
        else:
            _same_totals(values, state.of_file, number)
        state.last = kind
    if state.last != TRAILER:
        raise Refusal(N_("The file ends without its last record: it was cut off."))
    return lines


def records_of(layout: FileLayout, content: bytes) -> Iterator[tuple[int, str, Values]]:
    """Line number, kind of record and its values, in the order of the file. Raises Refusal."""
    rows = _fixed_rows(layout, content) if layout.kind == "fixed" else _delimited_rows(layout, content)
    heading = layout.heading
    for number, row in rows:
        if heading:
            if tuple(cell.strip().lower() for cell in row) != heading:
                raise Refusal(N_("The first line of the file is not the heading of this layout."))
            heading = ()
            continue
        record = _record(layout, row, number)
        yield number, record.kind, _values(layout, record, row, number)


def _text(layout: FileLayout, content: bytes) -> str:
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


def _fixed_rows(layout: FileLayout, content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Each line as one cell; only its end may be missing a line break."""
    for number, line in enumerate(_text(layout, content).rstrip("\n").split("\n"), start=1):
        if len(line) != layout.length:
            raise Refusal(
                N_("Line %(line)s has %(found)s characters instead of %(expected)s."),
                line=number,
                found=len(line),
                expected=layout.length,
            )
        yield number, [line]


def _delimited_rows(layout: FileLayout, content: bytes) -> Iterator[tuple[int, list[str]]]:
    # The module's own names of lines count physical ones, also those inside quotes.
    lines = _text(layout, content).rstrip("\n").split("\n")
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=layout.delimiter, strict=True)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error:
        raise Refusal(N_("Line %(line)s cannot be split into columns."), line=reader.line_num) from None


def _record(layout: FileLayout, row: list[str], number: int) -> Record:
    start = row[0] if row else ""
    bare = None
    for record in layout.records.values():
        if not record.tag:
            bare = record
        elif start.startswith(record.tag) if layout.kind == "fixed" else start.strip() == record.tag:
            return record
    if bare is None:
        raise Refusal(
            N_("Line %(line)s begins with “%(start)s”: no record of this layout does."),
            line=number,
            start=start[:8],
        )
    return bare


def _values(layout: FileLayout, record: Record, row: list[str], number: int) -> Values:
    if layout.kind == "fixed":
        row = _cut(record, row[0])
    elif len(row) != len(record.fields):
        raise Refusal(
            N_("Line %(line)s has %(found)s columns instead of %(expected)s."),
            line=number,
            found=len(row),
            expected=len(record.fields),
        )
    values = {}
    for one, text in zip(record.fields, row, strict=True):
        try:
            value = read_field(one, text, exact=layout.kind == "fixed")
        except ValueError:
            raise _wrong(number, one.name, text) from None
        if one.kind not in ("constant", "blank"):
            values[one.name] = value
    return values


def _cut(record: Record, line: str) -> list[str]:
    cells, start = [], 0
    for one in record.fields:
        cells.append(line[start : start + one.length])
        start += one.length
    return cells


def read_field(one: FileField, text: str, *, exact: bool) -> Any:
    """The value of a column: text, whole number, minor units (of `decimals`) or day. Raises ValueError."""
    bare = text.strip(" ")
    if one.kind == "blank":
        return None
    if not exact and len(bare) > one.length:
        raise ValueError(text)
    if one.kind == "constant":
        if bare != one.value:
            raise ValueError(text)
        return bare
    if one.kind == "text":
        if not bare.isprintable():
            raise ValueError(text)
        return bare
    if one.kind == "date":
        day = datetime.datetime.strptime(bare, one.format).date()  # noqa: DTZ007 - a day has no zone
        if day.strftime(one.format) != bare:  # strptime forgives missing zeros; a column must not
            raise ValueError(text)
        return day
    if one.kind == "amount" and one.point:
        whole, _point, decimals = bare.partition(one.point)
        if len(decimals) > one.decimals or (_point and not decimals):
            raise ValueError(text)
        return _number(whole + decimals.ljust(one.decimals, "0"))
    number = _number(bare)
    return bare if one.kind == "digits" else number


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)


def _in_order(layout: FileLayout, state: _State, kind: str, number: int) -> None:
    allowed = AFTER[state.last] if state.last or HEADER in layout.records else AFTER[HEADER]
    if BATCH in layout.records and state.last in ("", HEADER):
        allowed -= {DETAIL}
    if BATCH in layout.records and state.last == DETAIL:
        allowed -= {TRAILER}
    if kind not in allowed:
        raise Refusal(WRONG_ORDER, line=number, tag=kind)


def _for_us(values: Values, company: str) -> None:
    found = str(values.get("company", company))
    if found.lstrip("0") != company.lstrip("0"):
        raise Refusal(N_("The file is for another company: its header says %(found)s."), found=found)


def _payment(layout: FileLayout, number: int, values: Values, state: _State) -> CollectedLine:
    known = {**state.header, **state.batch, **values}
    currency = str(values.get("currency") or layout.currency)
    if currency not in EXPONENTS:
        raise _wrong(number, "currency", currency)
    detail = {one.name: one for one in layout.records[DETAIL].fields}

    def money(name: str) -> int:
        spare = EXPONENTS[currency] - detail[name].decimals
        whole, rest = divmod(values[name] * 10 ** max(spare, 0), 10 ** max(-spare, 0))
        if rest:
            raise _wrong(number, name, str(values[name]))
        return int(whole)

    if money("amount") <= 0:
        raise _wrong(number, "amount", str(values["amount"]))
    if not values["reference"]:
        raise _wrong(number, "reference", "")
    return CollectedLine(
        number=number,
        key="|".join(_plain(known[name]) for name in layout.key),
        reference=values["reference"],
        amount=money("amount"),
        currency=currency,
        paid_on=known[layout.paid_on],
        fee=money("fee") if "fee" in values else 0,
    )


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _same_totals(values: Values, own: _Sum, number: int) -> None:
    if values["count"] != own.count:
        raise Refusal(
            N_("Line %(line)s says that there are %(said)s payments; there are %(found)s."),
            line=number,
            said=values["count"],
            found=own.count,
        )
    if values["total"] != own.total:
        raise Refusal(
            N_("Line %(line)s says that the payments come to %(said)s; they come to %(found)s (in cents)."),
            line=number,
            said=values["total"],
            found=own.total,
        )


def _same_batch(values: Values, batch: Values, number: int) -> None:
    if values.get("batch") != batch.get("batch"):
        raise _wrong(number, "batch", str(values.get("batch")))


def _wrong(number: int, name: str, text: str) -> Refusal:
    return Refusal(
        N_("Line %(line)s: the column %(column)s holds “%(value)s”, which cannot be."),
        line=number,
        column=name,
        value=text.strip()[:40],
    )
