"""A daily file as a collector would write it: for rehearsals, the demo and the proof that reading is right."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Mapping, Sequence
from typing import Any

from blueprints.payments.providers.collector.daily_files import (
    BATCH,
    BATCH_TOTAL,
    DETAIL,
    HEADER,
    TRAILER,
    FileField,
    FileLayout,
)


def write_file(
    layout: FileLayout, payments: Sequence[Mapping[str, Any]], *, given: Mapping[str, Any]
) -> bytes:
    """A file with these payments, its totals right. Each is name -> value (text, number, minor units, day);
    `given` fills what headers and batches say (`company`, days). Raises ValueError for what does not fit."""
    totals = {"count": len(payments), "total": sum(payment["amount"] for payment in payments)}
    rows = [list(layout.heading)] if layout.heading else []
    wanted = [(HEADER, given), (BATCH, given), *((DETAIL, {**given, **one}) for one in payments)]
    for kind, values in (*wanted, (BATCH_TOTAL, {**given, **totals}), (TRAILER, {**given, **totals})):
        if kind in layout.records:
            rows.append([_cell(layout, one, values) for one in layout.records[kind].fields])
    if layout.kind == "fixed":
        return "".join("".join(row) + "\r\n" for row in rows).encode(layout.encoding)
    text = io.StringIO()
    csv.writer(text, delimiter=layout.delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(layout.encoding)


def _cell(layout: FileLayout, one: FileField, values: Mapping[str, Any]) -> str:
    text = _text(one, values.get(one.name))
    if len(text) > one.length:
        raise ValueError(f"{one.name}: {text} is wider than {one.length}")
    if layout.kind != "fixed":
        return text
    left = one.kind in ("text", "blank", "constant")
    return text.ljust(one.length) if left else text.zfill(one.length)


def _text(one: FileField, value: Any) -> str:
    if one.kind == "constant":
        return one.value
    if one.kind == "blank":
        return ""
    if one.kind == "date":
        day: datetime.date = value
        return day.strftime(one.format)
    if one.kind == "amount" and one.point:
        whole, cents = divmod(value, 10**one.decimals)
        return f"{whole}{one.point}{cents:0{one.decimals}d}"
    return str(value if value is not None else "")
