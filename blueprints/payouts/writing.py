"""A file as its layout says: what fits is written, what does not is refused, only names are cut. Pure."""

from __future__ import annotations

import csv
import datetime
import io
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from blueprints.payouts.layouts import DETAIL, HEADER, TRAILER, Column, Layout
from saas.languages import N_
from saas.refusals import Refusal

Values = Mapping[str, Any]


def write_file(layout: Layout, given: Values, details: Sequence[Values]) -> bytes:
    """A file with these lines and their totals. Values: text, whole numbers, minor units with the decimals of the
    column, days. `given` fills what headers say. The same values make the same bytes.

    Raises Refusal, which names the line and the column, when something is wider than its place or has no value.
    """
    totals = {"count": len(details), "total": sum(detail["amount"] for detail in details)}
    rows: list[list[str]] = [list(layout.heading)] if layout.heading else []
    about = {**given, **totals}
    if HEADER in layout.records:
        rows.append(_row(layout, HEADER, about))
    for number, detail in enumerate(details, start=1):
        rows.append(_row(layout, DETAIL, {**given, "sequence": number, **detail}))
    rows.append(_row(layout, TRAILER, about))
    if layout.fixed:
        return "".join("".join(row) + layout.ending for row in rows).encode(layout.encoding)
    text = io.StringIO()
    csv.writer(text, delimiter=layout.delimiter, lineterminator=layout.ending).writerows(rows)
    return text.getvalue().encode(layout.encoding)


def _row(layout: Layout, kind: str, values: Values) -> list[str]:
    return [_cell(layout, column, values) for column in layout.records[kind].columns]


def _cell(layout: Layout, column: Column, values: Values) -> str:
    text = _text(layout, column, values.get(column.name))
    if len(text) > column.length and column.cut:
        text = text[: column.length].rstrip()
    if len(text) > column.length:
        raise _refused(column, values)
    if not layout.fixed:
        return text
    return (
        text.ljust(column.length, column.padding)
        if column.to_the_left
        else text.rjust(column.length, column.padding)
    )


def _text(layout: Layout, column: Column, value: Any) -> str:
    if column.kind == "constant":
        return column.value
    if column.kind == "blank":
        return ""
    if column.map:
        if value not in column.map:
            raise _refused(column, {column.name: value})
        return column.map[value]
    if column.kind == "date":
        day: datetime.date = value
        return day.strftime(column.format)
    if column.kind in ("amount", "number"):
        return _figures(column, value)
    text = str(value if value is not None else "")
    if column.kind == "digits":
        if not (text.isascii() and text.isdigit()) and text:
            raise _refused(column, {column.name: value})
        return text
    return sanitised(layout, text)


def _figures(column: Column, value: Any) -> str:
    if type(value) is not int or value < 0:
        raise _refused(column, {column.name: value})
    if column.kind == "amount" and column.point:
        whole, cents = divmod(value, 10**column.decimals)
        return f"{whole}{column.point}{cents:0{column.decimals}d}"
    return str(value)


def sanitised(layout: Layout, text: str) -> str:
    """A text in the bank's alphabet: letters it lacks lose their accents, other signs become spaces. No line begins
    with a sign that a spreadsheet takes for a formula."""
    composed = unicodedata.normalize("NFC", text)
    if layout.upper:
        composed = composed.upper()
    if not layout.alphabet:
        kept = "".join(sign if sign.isprintable() and sign != layout.delimiter else " " for sign in composed)
    else:
        kept = "".join(_in_alphabet(layout.alphabet, sign) for sign in composed)
    return " ".join(kept.split()).lstrip("=+-@ ")


def _in_alphabet(alphabet: str, sign: str) -> str:
    if sign in alphabet:
        return sign
    plain = "".join(part for part in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(part))
    return "".join(part if part in alphabet else " " for part in plain) or " "


def _refused(column: Column, values: Values) -> Refusal:
    return Refusal(
        N_("The column %(column)s of the bank's file cannot hold “%(value)s” (payout %(key)s)."),
        column=column.name,
        value=str(values.get(column.name))[:60],
        key=str(values.get("key", "–")),
    )
