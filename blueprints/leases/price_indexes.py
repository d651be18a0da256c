"""Values of price indexes: typed, taken from a file, or those that come with the product. Data of the tenant."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from blueprints.leases.catalogue import indexes
from blueprints.leases.contracts import PERIOD
from blueprints.leases.models import PriceIndex
from blueprints.leases.rates import parse_percent
from saas import audit
from saas.audit import SYSTEM, Actor
from saas.database import db
from saas.dates import parse_date
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import Refusal

MOST_ROWS: Final = 2000
HIGHEST: Final = 100_000_000  # millionths: prices that double a hundred times over are a mistake


@dataclass(frozen=True, slots=True)
class IndexValue:
    """By how much prices rose in the twelve months that end with `period`, in millionths."""

    code: str
    period: str
    value: int
    source: str
    published_on: datetime.date | None = None


def set_values(values: Sequence[IndexValue], *, actor: Actor) -> int:
    """Write values; one that is there is corrected. Returns how many changed. Raises Refusal for a wrong one."""
    known = {
        (row.code, row.period): row.value
        for row in db.session.execute(select(PriceIndex.code, PriceIndex.period, PriceIndex.value))
    }
    changed = []
    for one in values:
        if one.code not in indexes():
            raise Refusal(N_("Nobody knows this index."), field="code")
        if not PERIOD.fullmatch(one.period):
            raise Refusal(N_("Write a month, for example 2026-03."), field="period")
        if not -HIGHEST // 100 <= one.value <= HIGHEST:
            raise Refusal(N_("This percentage cannot be right."), field="value")
        if not one.source:
            raise Refusal(N_("Write where the figure is published."), field="source")
        if known.get((one.code, one.period)) == one.value:
            continue
        row = insert(PriceIndex).values(
            id=new_id(),
            code=one.code,
            period=one.period,
            value=one.value,
            source=one.source,
            published_on=one.published_on,
        )
        db.session.execute(
            row.on_conflict_do_update(
                index_elements=["tenant_id", "code", "period"],
                set_={
                    "value": row.excluded.value,
                    "source": row.excluded.source,
                    "published_on": row.excluded.published_on,
                },
            )
        )
        changed.append(
            {
                "code": one.code,
                "period": one.period,
                "before": known.get((one.code, one.period)),
                "value": one.value,
                "source": one.source,
            }
        )
    if changed:
        audit.record("price-index.changed", actor=actor, data={"values": changed[:50], "count": len(changed)})
    return len(changed)


def add_known_values(*, actor: Actor = SYSTEM) -> int:
    """The values that come with the product, for periods of which the tenant has none. Returns how many."""
    here = {(row.code, row.period) for row in db.session.execute(select(PriceIndex.code, PriceIndex.period))}
    return set_values(
        [
            IndexValue(index.code, period, value, index.source)
            for index in indexes().values()
            for period, value in index.values.items()
            if (index.code, period) not in here
        ],
        actor=actor,
    )


def read_file(content: bytes, *, locale: str) -> list[IndexValue]:
    """A CSV with the columns code, period, value (per cent), source and, if known, published_on; comma or semicolon.

    Raises Refusal (field `file`) that names the first line that is wrong; then nothing is taken.
    """
    if len(content) > 500_000:
        raise Refusal(N_("The file is larger than %(most)s MB."), field="file", most="0,5")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if "\x00" in text:
        raise Refusal(N_("This file is no CSV."), field="file")
    first = text.partition("\n")[0]
    try:
        rows = list(
            csv.reader(io.StringIO(text), delimiter=";" if first.count(";") >= first.count(",") else ",")
        )
    except csv.Error:
        raise Refusal(N_("This file is no CSV."), field="file") from None
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if not {"code", "period", "value", "source"} <= set(header):
        raise Refusal(
            N_("The first line must name the columns code, period, value and source."), field="file"
        )
    if len(rows) > MOST_ROWS:
        raise Refusal(N_("The file has more than %(most)s lines."), field="file", most=MOST_ROWS)
    found = []
    for number, cells in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
        try:
            found.append(_read(row, locale))
        except Refusal as refusal:
            raise Refusal(
                N_("Line %(number)s: %(text)s cannot be read."),
                field="file",
                number=number,
                text=";".join(cells)[:80],
            ) from refusal
    return found


def _read(row: dict[str, str], locale: str) -> IndexValue:
    code, period = row.get("code", ""), row.get("period", "")
    if code not in indexes() or not PERIOD.fullmatch(period) or not row.get("source"):
        raise Refusal(N_("This file is no CSV."))
    day = row.get("published_on")
    return IndexValue(
        code,
        period,
        parse_percent(row.get("value", ""), negative=True),
        row["source"][:200],
        parse_date(day, locale) if day else None,
    )
