"""What the files for a bank and its answers look like: records and their columns, told by a layout file. Pure."""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).with_name("layouts")
HEADER, DETAIL, TRAILER = "header", "detail", "trailer"
RECORDS: Final = (HEADER, DETAIL, TRAILER)
KINDS: Final = frozenset({"constant", "text", "digits", "number", "amount", "date", "blank"})
ORDER, ANSWER = "order", "answer"
NEEDED: Final = {
    ORDER: ("key", "account_number", "amount", "holder_name"),
    ANSWER: ("key", "amount", "code"),
}
LEFT: Final = frozenset({"text", "constant", "blank"})
# What is given in one byte a character, so that a width in characters is one in bytes.
SINGLE: Final = frozenset({"ascii", "latin-1", "iso8859-1", "cp1252"})


class BadLayout(ValueError):
    """A layout contradicts itself; the message is for its author."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `length` is exact in fixed files and the most in delimited ones.

    kinds: constant (exactly `value`), text (made of the layout's alphabet, `cut` where it may be), digits (kept as they
    are, zeros before them in fixed files), number, amount (minor units; `decimals` implied or behind a `point`), date
    (`format`), blank. `map` puts the bank's words in the place of ours. `pad` and `align` default to zeros on the left
    of figures and spaces on the right of text.
    """

    name: str
    length: int
    kind: str
    value: str = ""
    decimals: int = 0
    point: str = ""
    format: str = ""
    cut: bool = False
    pad: str = ""
    align: str = ""
    map: Mapping[str, str] = field(default_factory=dict)

    @property
    def padding(self) -> str:
        return self.pad or (" " if self.kind in LEFT or self.kind == "date" else "0")

    @property
    def to_the_left(self) -> bool:
        return self.align == "left" if self.align else self.kind in LEFT or self.kind == "date"


@dataclass(frozen=True, slots=True)
class Record:
    """One kind of line. The `tag` that it begins with tells it from the others; empty: any that has none."""

    kind: str
    columns: tuple[Column, ...]

    @property
    def tag(self) -> str:
        first = self.columns[0]
        return first.value if first.kind == "constant" else ""

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Layout:
    """A file. Its `id` ends in its version: one that was used is never changed."""

    id: str
    title: str
    use: str
    kind: str
    encoding: str
    records: Mapping[str, Record]
    length: int = 0
    delimiter: str = ""
    ending: str = "\r\n"
    alphabet: str = ""
    upper: bool = False
    heading: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def fixed(self) -> bool:
        return self.kind == "fixed"

    def outcome(self, code: str) -> str | None:
        """What a code of the bank means: paid, returned, or None for one that the layout does not know. The longest
        pattern that fits decides, so that "R*" leaves room for an exception."""
        said = code.strip().upper()
        best: tuple[int, str] | None = None
        for outcome, patterns in self.codes.items():
            for pattern in patterns:
                fits = said.startswith(pattern[:-1]) if pattern.endswith("*") else said == pattern
                weight = len(pattern) if pattern.endswith("*") else 1000
                if fits and (best is None or weight > best[0]):
                    best = (weight, outcome)
        return best[1] if best else None


def layouts(use: str) -> Mapping[str, Layout]:
    """The layouts that are shipped for orders or answers, by id."""
    return _shipped(use)


@cache
def _shipped(use: str) -> dict[str, Layout]:
    folder = FOLDER / f"{use}s"
    return {path.stem: read_layout(path.stem, path.read_text()) for path in sorted(folder.glob("*.toml"))}


def read_layout(layout_id: str, text: str) -> Layout:
    """A layout from its file. Raises BadLayout."""
    data: dict[str, Any] = tomllib.loads(text)
    records = {
        record["is"]: Record(record["is"], tuple(Column(**column) for column in record["fields"]))
        for record in data.pop("record")
    }
    layout = Layout(
        id=layout_id,
        title=data["title"],
        use=data["use"],
        kind=data["kind"],
        encoding=data["encoding"],
        records=records,
        length=data.get("length", 0),
        delimiter=data.get("delimiter", ""),
        ending=data.get("ending", "\r\n"),
        alphabet=data.get("alphabet", ""),
        upper=data.get("upper", False),
        heading=tuple(data.get("heading", ())),
        codes={outcome: tuple(patterns) for outcome, patterns in data.get("codes", {}).items()},
    )
    _check(layout)
    return layout


def _check(layout: Layout) -> None:
    def must(true: object, what: str) -> None:
        if not true:
            raise BadLayout(f"{layout.id}: {what}")

    name = codecs.lookup(layout.encoding).name
    records = layout.records
    must(layout.use in NEEDED, "a layout is for orders or for answers")
    must(layout.kind in ("fixed", "delimited"), "a file is fixed or delimited")
    must(bool(layout.delimiter) is (layout.kind == "delimited"), "only a delimited file has a delimiter")
    must(layout.ending in ("\r\n", "\n"), "a line ends in a line break")
    must(not layout.fixed or name in SINGLE, "a fixed file needs an encoding of one byte a character")
    must(set(records) <= set(RECORDS) and DETAIL in records, "unknown records, or none for payouts")
    must(len({record.tag for record in records.values()}) == len(records), "two records begin alike")
    trailer = records.get(TRAILER)
    must(trailer and trailer.column("count") and trailer.column("total"), "no totals")
    detail = records[DETAIL]
    must(all(detail.column(need) for need in NEEDED[layout.use]), "a column is missing")
    must(not layout.heading or len(layout.heading) == len(detail.columns), "a heading for every column")
    if layout.use == ANSWER:
        must(set(layout.codes) == {"paid", "returned"}, "an answer says what was paid and what came back")
    for record in records.values():
        width = sum(column.length for column in record.columns)
        must(not layout.fixed or width == layout.length, f"{record.kind} is {width} wide")
        for column in record.columns:
            must(column.kind in KINDS, f"no column is a {column.kind}")
            must(
                column.kind != "constant" or len(column.value) == column.length, "a constant fills its column"
            )
            must(len(column.padding) == 1, "one character pads")
            must(not column.cut or column.kind == "text", "only text may be cut")
            must(
                all(len(word) <= column.length for word in column.map.values()),
                f"a word of {column.name} is too long",
            )
    try:
        layout.alphabet.encode(layout.encoding)
    except UnicodeEncodeError:
        must(False, "the encoding lacks a letter of the alphabet")
    must(layout.delimiter not in layout.alphabet or not layout.delimiter, "the delimiter is in the alphabet")
