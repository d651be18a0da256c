"""Column-wise conversion: a whole column of a chunk at once, so that the usual case runs in C."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final

from blueprints.imports.problems import Fault
from blueprints.imports.reading.formats import Cell
from saas.languages import N_

Parse = Callable[[Cell], Any]
"""One cell, not empty, to its value. Raises Wrong."""

Converter = Callable[[Sequence[Cell]], list[Any]]
"""A column of cells to as many values; an empty cell becomes None, a wrong one a Fault."""

CACHE_SIZE: Final = 50_000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")
_EXACT_UP_TO: Final = 10**15  # a spreadsheet keeps numbers as doubles


class Wrong(Exception):
    """A cell cannot be read; carries the Fault."""

    def __init__(self, msgid: str, *, refuses: bool = True, **facts: object) -> None:
        super().__init__(msgid)
        self.fault = Fault(msgid, facts, refuses)


class Cached(dict[Cell, Any]):
    """Remembers what each distinct cell became: dates, periods and amounts of a file repeat a lot."""

    def __init__(self, parse: Parse) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, cell: Cell) -> Any:
        value = converted(self._parse, cell)
        self[cell] = value
        return value

    def __call__(self, cells: Sequence[Cell]) -> list[Any]:
        if len(self) > CACHE_SIZE:
            self.clear()
        return list(map(self.__getitem__, cells))


def converted(parse: Parse, cell: Cell) -> Any:
    """The value of one cell: None when empty, a Fault when wrong."""
    if isinstance(cell, str):
        cell = cell.strip()
    if cell is None or cell == "":
        return None
    try:
        return parse(cell)
    except Wrong as wrong:
        return wrong.fault


def written(cell: Cell) -> str:
    """A cell as text. Spreadsheets keep codes as numbers: 10532 may come as 10532.0."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        if abs(cell) >= _EXACT_UP_TO:
            raise Wrong(
                N_("The spreadsheet kept this as a number and lost digits: format the column as text.")
            )
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def text_parse(length: int, pattern: str | None, *, warns: bool) -> Parse:
    """Text in NFC without control characters, at most `length` characters, and like `pattern` if there is one."""
    like = re.compile(pattern) if pattern else None

    def parse(cell: Cell) -> str:
        value = unicodedata.normalize("NFC", written(cell))
        if _CONTROL.search(value):
            raise Wrong(N_("It has characters that are not text."))
        if len(value) > length:
            raise Wrong(N_("It is longer than %(limit)s characters."), limit=length)
        if like and not like.fullmatch(value):
            raise Wrong(N_("“%(value)s” is not written as expected here."), refuses=not warns, value=value)
        return value

    return parse


def text_converter(length: int, pattern: str | None, *, warns: bool) -> Converter:
    parse = text_parse(length, pattern, warns=warns)
    like = re.compile(rf"(?:(?:{pattern})?+\n)*+") if pattern else None

    def convert(cells: Sequence[Cell]) -> list[Any]:
        try:
            values: list[Any] = list(map(str.strip, cells))  # type: ignore[arg-type]
            joined = "\n".join(values) + "\n"
        except TypeError:  # a spreadsheet's number or date
            return [converted(parse, cell) for cell in cells]
        clean = (
            max(map(len, values), default=0) <= length
            and not _CONTROL.search(joined)
            and unicodedata.is_normalized("NFC", joined)
            and (like is None or (like.fullmatch(joined) and joined.count("\n") == len(values)))
        )
        if not clean:
            return [converted(parse, cell) for cell in cells]
        return [value or None for value in values] if "" in values else values

    return convert


def integer_parse(cell: Cell) -> int:
    text = written(cell)
    if not re.fullmatch(r"[-+]?\d{1,15}", text, re.ASCII):
        raise Wrong(N_("“%(value)s” is not a whole number."), value=text[:40])
    return int(text)


def enum_parse(values: dict[str, Any]) -> Parse:
    """`values` maps what files write (compared without case) to what we store."""
    known = {key.casefold(): value for key, value in values.items()}

    def parse(cell: Cell) -> Any:
        text = written(cell)
        if text.casefold() not in known:
            raise Wrong(
                N_("“%(value)s” is unknown here; known are: %(known)s."),
                value=text[:40],
                known=", ".join(values),
            )
        return known[text.casefold()]

    return parse


def list_parse(separator: str, inner: Parse) -> Parse:
    """Turn "a|b" into a tuple of what `inner` makes of each part."""

    def parse(cell: Cell) -> tuple[Any, ...]:
        parts = [part.strip() for part in written(cell).split(separator)] if isinstance(cell, str) else [cell]
        if "" in parts:
            raise Wrong(N_("The list has an empty place."))
        return tuple(inner(part) for part in parts)

    return parse
