"""What a collector's daily file looks like: records and their fields, told by a layout file."""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from blueprints.payments.providers.collector.coupons import BadLayout

FOLDER: Final = Path(__file__).with_name("files")
HEADER, BATCH, DETAIL, BATCH_TOTAL, TRAILER = "header", "batch", "detail", "batch-total", "trailer"
RECORDS: Final = (HEADER, BATCH, DETAIL, BATCH_TOTAL, TRAILER)
KINDS: Final = frozenset({"constant", "text", "digits", "number", "amount", "date", "blank"})
NEEDED: Final = frozenset({"reference", "amount"})


@dataclass(frozen=True, slots=True)
class FileField:
    """One column. `length` is exact in fixed files and the most in delimited ones.

    kinds: constant (exactly `value`), text (spaces around do not count), digits (kept with their zeros),
    number, amount (`decimals` implied, or behind a `point`), date (`format`), blank (nothing that is read).
    """

    name: str
    length: int
    kind: str
    value: str = ""
    decimals: int = 0
    point: str = ""
    format: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One kind of line. The `tag` that it begins with tells it from the others; empty: any that has none."""

    kind: str
    fields: tuple[FileField, ...]

    @property
    def tag(self) -> str:
        first = self.fields[0]
        return first.value if first.kind == "constant" else ""

    def has(self, name: str) -> bool:
        return any(field.name == name for field in self.fields)


@dataclass(frozen=True, slots=True)
class FileLayout:
    """A daily file. `key` names what makes a payment unique at the collector, looked for in the line, then in
    its batch, then in the header; `paid_on` where the day stands when the line has none. Currency empty: each
    line says its own."""

    id: str
    title: str
    kind: str
    encoding: str
    currency: str
    key: tuple[str, ...]
    records: Mapping[str, Record]
    length: int = 0
    delimiter: str = ""
    heading: tuple[str, ...] = ()
    paid_on: str = "paid_on"


def file_layouts() -> Mapping[str, FileLayout]:
    """The layouts that are shipped, by id."""
    return _shipped()


@cache
def _shipped() -> dict[str, FileLayout]:
    return {
        path.stem: read_file_layout(path.stem, path.read_text()) for path in sorted(FOLDER.glob("*.toml"))
    }


def read_file_layout(layout_id: str, text: str) -> FileLayout:
    """A layout from its file. Raises BadLayout."""
    data: dict[str, Any] = tomllib.loads(text)
    records = {
        record["is"]: Record(record["is"], tuple(FileField(**field) for field in record["fields"]))
        for record in data.pop("record")
    }
    layout = FileLayout(
        id=layout_id,
        title=data["title"],
        kind=data["kind"],
        encoding=data["encoding"],
        currency=data["currency"],
        key=tuple(data["key"]),
        records=records,
        length=data.get("length", 0),
        delimiter=data.get("delimiter", ""),
        heading=tuple(data.get("heading", ())),
        paid_on=data.get("paid_on", "paid_on"),
    )
    _check(layout)
    return layout


def _check(layout: FileLayout) -> None:
    def must(true: object, what: str) -> None:
        if not true:
            raise BadLayout(f"{layout.id}: {what}")

    codecs.lookup(layout.encoding)
    records = layout.records
    must(layout.kind in ("fixed", "delimited"), "a file is fixed or delimited")
    must(bool(layout.delimiter) is (layout.kind == "delimited"), "only a delimited file has a delimiter")
    must(set(records) <= set(RECORDS) and DETAIL in records, "unknown records, or none for payments")
    must((BATCH in records) is (BATCH_TOTAL in records), "a batch has a beginning and an end")
    must(len({record.tag for record in records.values()}) == len(records), "two records begin alike")
    must(TRAILER in records and records[TRAILER].has("count") and records[TRAILER].has("total"), "no totals")
    detail = records[DETAIL]
    must(all(detail.has(name) for name in NEEDED), "a payment has a reference and an amount")
    must(layout.currency or detail.has("currency"), "no currency anywhere")
    above = [records[kind] for kind in (DETAIL, BATCH, HEADER) if kind in records]
    for name in (*layout.key, layout.paid_on):
        must(any(record.has(name) for record in above), f"nothing is called {name}")
    for record in records.values():
        for field in record.fields:
            must(field.kind in KINDS, f"no field is a {field.kind}")
        width = sum(field.length for field in record.fields)
        must(layout.kind != "fixed" or width == layout.length, f"{record.kind} is {width} wide")
    must(
        not layout.heading or len(layout.heading) == len(detail.fields),
        "a heading for every column of a payment",
    )
