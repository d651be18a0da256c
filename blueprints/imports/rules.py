"""What makes a row good: pure decisions over a chunk of rows, column by column."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from blueprints.imports.problems import Fault, RowProblem
from blueprints.imports.profile import Check, Profile
from blueprints.imports.reading.chunks import Chunk
from blueprints.imports.reading.formats import Formats
from blueprints.imports.table import Place, Table
from saas.languages import N_

EMPTY = Fault(N_("It is empty."))
NEGATIVE = Fault(N_("It is negative."))
NOT_POSITIVE = Fault(N_("It is not more than zero."))

Columns = dict[str, list[Any]]
Found = list[tuple[int, Fault]]


@dataclass(slots=True)
class Rows:
    """The good rows of a chunk, and what is wrong with the others.

    `columns` holds a list for each field of the profile, all aligned with `numbers` (row numbers as a
    spreadsheet shows them). Values: str, int (minor units, basis points, counts), date, bool, Decimal
    (coordinates), tuple (lists), None. `read` counts the rows seen, `problems` is in row order; a row
    with a problem that refuses is not among the good ones.
    """

    numbers: Sequence[int]
    columns: Columns
    problems: list[RowProblem]
    read: int

    def records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """(row number, record) one by one, for what is too small to be worth columns."""
        names = list(self.columns)
        for number, *values in zip(self.numbers, *self.columns.values(), strict=True):
            yield number, dict(zip(names, values, strict=True))

    @property
    def refused(self) -> int:
        return len({problem.row_number for problem in self.problems if problem.refuses})


class FirstRows:
    """Remembers in which row each key first stood in a good row, over the whole file."""

    def __init__(self, profile: Profile) -> None:
        self.groups = (profile.key, *profile.unique)
        self.seen: list[dict[Any, int]] = [{} for _ in self.groups]

    def repeated(
        self, columns: Columns, numbers: Sequence[int], refused: set[int]
    ) -> Iterator[tuple[int, str, Fault]]:
        """(index, field, fault) of each good row whose key stood in an earlier good row."""
        keys = [
            columns[group[0]]
            if len(group) == 1
            else list(zip(*(columns[name] for name in group), strict=True))
            for group in self.groups
        ]
        if not refused:
            fresh = [dict(zip(values, numbers, strict=True)) for values in keys]
            if all(
                len(new) == len(numbers) and None not in new and seen.keys().isdisjoint(new)
                for new, seen in zip(fresh, self.seen, strict=True)
            ):
                for new, seen in zip(fresh, self.seen, strict=True):
                    seen.update(new)
                return
        for index, number in enumerate(numbers):
            if index in refused:
                continue
            mine = [values[index] for values in keys]
            for group, key, seen in zip(self.groups, mine, self.seen, strict=True):
                if key is not None and key in seen:
                    message = N_("“%(value)s” is already in row %(row)s.")
                    shown = key if isinstance(key, str) else " ".join(str(part) for part in key)
                    yield index, group[-1], Fault(message, {"value": shown, "row": seen[key]})
                    break
            else:
                for key, seen in zip(mine, self.seen, strict=True):
                    if key is not None:
                        seen[key] = number


def convert(table: Table, chunk: Chunk, first_rows: FirstRows | None) -> Rows:
    """A chunk to records. Every cell is converted, every check of the profile applied, and of two rows
    with the same key the later one is refused."""
    numbers = chunk.numbers
    raw = list(zip(*chunk.rows, strict=True))
    places = {place.column.to: place for place in table.places}
    columns: Columns = {}
    noted: list[tuple[int, int, Fault, Place]] = []  # index, order within the row, fault, where
    refused: set[int] = set()

    def note(found: Found, place: Place, order: int) -> None:
        for index, fault in found:
            noted.append((index, order, fault, place))
            if fault.refuses:
                refused.add(index)

    for order, place in enumerate(table.places):
        if place.index is None or not raw:
            columns[place.column.to] = [None] * len(numbers)
            continue
        values = place.convert(raw[place.index])
        columns[place.column.to] = values
        note(_faults(place, values), place, order)
    for order, check in enumerate(table.profile.checks, start=len(table.places)):
        place = places[check.equals or check.field]
        note(CHECKERS[check.kind](check, columns, table, raw), place, order)
    if first_rows is not None:
        for index, field, fault in list(first_rows.repeated(columns, numbers, refused)):
            note([(index, fault)], places[field], len(table.places) + len(table.profile.checks))
    problems = list(chunk.problems)
    for index, _, fault, place in sorted(noted, key=lambda entry: entry[:2]):
        cell = None if place.index is None else raw[place.index][index]
        problems.append(fault.at(numbers[index], place.title, cell))
    problems.sort(key=lambda problem: problem.row_number)
    if refused:
        good = [index not in refused for index in range(len(numbers))]
        numbers = list(compress(numbers, good))
        columns = {name: list(compress(values, good)) for name, values in columns.items()}
    return Rows(numbers, columns, problems, chunk.read)


def _faults(place: Place, values: list[Any]) -> Found:
    """Faults of one column; each is replaced by None in `values`."""
    column, found = place.column, []
    if Fault in set(map(type, values)):
        found = [(index, value) for index, value in enumerate(values) if isinstance(value, Fault)]
        for index, _ in found:
            values[index] = None
    if column.required and not all(values):
        known = {index for index, _ in found}
        found += [
            (index, EMPTY) for index, value in enumerate(values) if value is None and index not in known
        ]
    if column.minimum is not None and _any(values, lambda: min(values) < column.minimum):
        fault = (
            NEGATIVE
            if column.minimum == 0
            else Fault(N_("It is less than %(limit)s."), {"limit": column.minimum})
        )
        found += [
            (index, fault)
            for index, value in enumerate(values)
            if value is not None and value < column.minimum
        ]
    if column.maximum is not None and _any(values, lambda: max(values) > column.maximum):
        fault = Fault(N_("It is more than %(limit)s."), {"limit": column.maximum})
        found += [
            (index, fault)
            for index, value in enumerate(values)
            if value is not None and value > column.maximum
        ]
    return found


def _any(values: list[Any], test: Callable[[], bool]) -> bool:
    """The quick answer of `test` over the whole column; True when a None in it prevents one."""
    try:
        return bool(values) and test()
    except TypeError:
        return True


def _adds_up(check: Check, columns: Columns, table: Table, _raw: list[Any]) -> Found:
    parts = [columns[name] for name in check.plus]
    less = [columns[name] for name in check.minus]
    stated = columns[check.equals]
    try:
        sums = parts[0]
        for part in parts[1:]:
            sums = list(map(operator.add, sums, part))
        for part in less:
            sums = list(map(operator.sub, sums, part))
        if sums == stated and parts[0] is not None:
            return []
    except TypeError:
        pass
    titles = {place.column.to: place.title for place in table.places}
    formula = " + ".join(titles[name] for name in check.plus) + "".join(
        f" - {titles[name]}" for name in check.minus
    )
    found: Found = []
    for index, total in enumerate(stated):
        terms = [part[index] for part in parts] + [
            None if part[index] is None else -part[index] for part in less
        ]
        if total is None or None in terms or sum(terms) == total:
            continue
        facts = {
            "formula": formula,
            "sum": as_written(sum(terms), table.formats, table.exponent),
            "total": as_written(total, table.formats, table.exponent),
        }
        found.append((index, Fault(N_("It does not add up: %(formula)s is %(sum)s, not %(total)s."), facts)))
    return found


def _positive(check: Check, columns: Columns, _table: Table, _raw: list[Any]) -> Found:
    values = columns[check.field]
    if not _any(values, lambda: min(values) <= 0):
        return []
    return [(index, NOT_POSITIVE) for index, value in enumerate(values) if value is not None and value <= 0]


def _not_less(check: Check, columns: Columns, table: Table, raw: list[Any]) -> Found:
    return _ordered(check, columns, table, raw, N_("It is less than %(than)s, %(other)s."))


def _not_before(check: Check, columns: Columns, table: Table, raw: list[Any]) -> Found:
    return _ordered(check, columns, table, raw, N_("It is earlier than %(than)s, %(other)s."))


def _ordered(check: Check, columns: Columns, table: Table, raw: list[Any], message: str) -> Found:
    values, others = columns[check.field], columns[check.than]
    if not _any(values, lambda: any(map(operator.lt, values, others))):
        return []
    place = next(place for place in table.places if place.column.to == check.than)
    return [
        (index, Fault(message, {"than": place.title, "other": str(raw[place.index][index])}))  # type: ignore[index]
        for index, (value, other) in enumerate(zip(values, others, strict=True))
        if value is not None and other is not None and value < other
    ]


def _required_when(check: Check, columns: Columns, _table: Table, _raw: list[Any]) -> Found:
    pairs = zip(columns[check.field], columns[check.than], strict=True)
    return [
        (index, EMPTY) for index, (value, when) in enumerate(pairs) if value is None and when == check.value
    ]


def _same_length(check: Check, columns: Columns, table: Table, _raw: list[Any]) -> Found:
    title = next(place.title for place in table.places if place.column.to == check.than)
    fault = Fault(N_("It does not have as many places as %(than)s."), {"than": title})
    pairs = zip(columns[check.field], columns[check.than], strict=True)
    return [
        (index, fault)
        for index, (mine, other) in enumerate(pairs)
        if mine is not None and other is not None and len(mine) != len(other)
    ]


def _distinct(check: Check, columns: Columns, _table: Table, _raw: list[Any]) -> Found:
    fault = Fault(N_("It names somebody twice."))
    return [
        (index, fault)
        for index, value in enumerate(columns[check.field])
        if value is not None and len(set(value)) != len(value)
    ]


def _list_total(check: Check, columns: Columns, _table: Table, _raw: list[Any]) -> Found:
    """Shares: `value` is in basis points, people are told per cents."""
    fault = Fault(N_("Its parts do not add up to %(whole)s %%."), {"whole": check.value // 100})
    return [
        (index, fault)
        for index, value in enumerate(columns[check.field])
        if value is not None and sum(value) != check.value
    ]


CHECKERS: Mapping[str, Callable[[Check, Columns, Table, list[Any]], Found]] = {
    "adds_up": _adds_up,
    "positive": _positive,
    "not_before": _not_before,
    "not_less": _not_less,
    "required_when": _required_when,
    "same_length": _same_length,
    "distinct": _distinct,
    "list_total": _list_total,
}


def as_written(amount: int, formats: Formats, exponent: int) -> str:
    """Minor units in the file's own notation, so that a person finds the figure in the file."""
    digits = str(abs(amount)).rjust(exponent + 1, "0")
    whole, part = (digits[:-exponent], digits[-exponent:]) if exponent else (digits, "")
    grouped = f"{int(whole):,}".replace(",", "." if formats.decimal == "," else ",")
    return ("-" if amount < 0 else "") + grouped + (formats.decimal + part if part else "")
