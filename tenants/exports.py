"""Lists as files: the same rows as the page, under the same filters, as CSV, XLSX or PDF.

A page that shows a list asks `wanted()`; where it answers a format, the page answers `export(...)` instead of HTML:

    if (file := wanted()) is not None:
        return export(file, Listing("invoices", _("Invoices"), COLUMNS, narrowed_by), every(page_at, row_of))

and its template draws the three links with `{{ exports() }}` (components/exports.html), which keep the address's
other arguments. Rows are `saas.sheets` cells.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Final, TypeVar

from babel.numbers import format_percent, get_decimal_symbol
from flask import Response, g, request
from flask_babel import gettext as _

from saas import audit
from saas.clock import today
from saas.dates import format_datetime, format_short
from saas.documents import DocumentTooLarge, render_pdf
from saas.languages import N_
from saas.money import Money, format_money
from saas.paging import Page
from saas.refusals import Refusal
from saas.sheets import CSV_TYPE, RATE, XLSX_TYPE, Cell, Column, Sheet, as_csv, as_xlsx
from saas.web import download
from tenants.loading import serving
from tenants.page_context import locale
from tenants.paper import frame, palette

Row = TypeVar("Row")

FORMATS: Final = ("csv", "xlsx", "pdf")
MOST_ROWS: Final = 50_000
"""Rows of one file: what fits comfortably into memory. More are refused, never cut."""
MOST_ON_PAPER: Final = 4_000
SHORT: Final = 14  # characters: on paper a column of short texts is as wide as they need
AT_ONCE: Final = 500
"""Rows that a list reads at once for a file: a page's twenty-five would ask the database too often."""
ASKED: Final = "format"
DESK: Final = "/desk"


@dataclass(frozen=True, slots=True)
class Listing:
    """What a file holds. `name` is the file's, without its ending; `narrowed_by` are the filters in words,
    (what, value), printed on paper so that a page that lies around says what it leaves out."""

    name: str
    title: str
    columns: Sequence[Column]
    narrowed_by: Sequence[tuple[str, str]] = ()


def wanted() -> str | None:
    """The format that the address asks for, or None for the page itself. An unknown one is the page too."""
    asked = request.args.get(ASKED)
    return asked if asked in FORMATS else None


def every(
    page_at: Callable[[str | None], Page[Row]], cells: Callable[[Row], Sequence[Cell]]
) -> Iterator[Sequence[Cell]]:
    """All rows of a keyset list, page after page from its first; `page_at` takes the cursor of the older rows."""
    cursor: str | None = None
    while True:
        page = page_at(cursor)
        yield from map(cells, page.rows)
        if page.older is None:
            return
        cursor = page.older


def export(format: str, listing: Listing, rows: Iterable[Sequence[Cell]]) -> Response:
    """The list as a download. Raises Refusal when it has more rows than one file takes."""
    limit = MOST_ON_PAPER if format == "pdf" else MOST_ROWS
    taken = list(islice(rows, limit + 1))
    if len(taken) > limit:
        raise too_long(limit)
    if request.path.startswith(DESK):
        # Staff take data of many people out of the house: that is evidence.
        audit.record(
            "list.exported",
            actor=g.viewer.actor(),
            subject=None,
            data={"list": listing.title, "format": format, "rows": len(taken)},
        )
    tenant = serving()
    day = today(tenant.time_zone)
    name = f"{listing.name}-{day.isoformat()}.{format}"
    if format == "pdf":
        return download(_paper(listing, taken), media_type="application/pdf", name=name)
    sheet = Sheet(listing.title, listing.columns, taken, tenant.time_zone, comma=_comma(tenant.locale))
    if format == "xlsx":
        return download(as_xlsx(sheet), media_type=XLSX_TYPE, name=name)
    return download(as_csv(sheet), media_type=f"{CSV_TYPE}; charset=utf-8", name=name)


def too_long(limit: int) -> Refusal:
    return Refusal(
        N_("The list has more than %(limit)s rows: narrow it with the filters, then download it."),
        limit=limit,
    )


def _comma(where: str) -> bool:
    """Whether decimals stand behind a comma where the tenant is: what its spreadsheets expect of a CSV."""
    return get_decimal_symbol(where) == ","


def _paper(listing: Listing, rows: Sequence[Sequence[Cell]]) -> bytes:
    tenant, where = serving(), locale()
    day = today(tenant.time_zone)
    data = {
        **frame(listing.title, day, empty=_("Nothing to show")),
        "list": {
            "kind": _("List"),
            "title": listing.title,
            "facts": [
                {"label": _("Made on"), "value": format_short(day)},
                {"label": _("Rows"), "value": str(len(rows))},
                *({"label": what, "value": value} for what, value in listing.narrowed_by),
            ],
        },
        "landscape": len(listing.columns) > 5,
        # Mappings and not lists: what counts as a row of a document is the row, not each of its cells.
        "columns": {
            str(at): {
                "title": column.title,
                "right": column.kind in ("money", "integer", "rate"),
                "width": column.width if column.kind == "text" and column.width > SHORT else 0,
            }
            for at, column in enumerate(listing.columns)
        },
        "rows": [_row(row, listing.columns, where) for row in rows],
    }
    try:
        return render_pdf("list", data, palette=palette(tenant.look), package=tenant.look.package)
    except DocumentTooLarge as problem:
        raise too_long(MOST_ON_PAPER) from problem


def _row(row: Sequence[Cell], columns: Sequence[Column], where: str) -> dict[str, str]:
    return {
        str(at): _said(cell, column.kind, where)
        for at, (cell, column) in enumerate(zip(row, columns, strict=True))
    }


def _said(cell: Cell, kind: str, where: str) -> str:
    """A cell as people read it."""
    match cell:
        case None:
            return ""
        case str():
            return cell
        case Money():
            return format_money(cell.amount, cell.currency, where)
        case datetime.datetime():
            return format_datetime(cell, serving().time_zone, where, short=True)
        case datetime.date():
            return format_short(cell)
        case _ if kind == "rate":
            return format_percent(Decimal(cell) / RATE, format="#,##0.####%", locale=where)
        case _:
            return str(cell)
