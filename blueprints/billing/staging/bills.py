"""What leases are billed for a month, set-based: the same as rules.py, which says why.

`choose_next` or `choose_planned` make staged_leases; `reckon` makes of it staged_lines (without the taxes that follow
from them), staged_credits, staged_sums (one row for each lease that is in force) and staged_taxed.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from blueprints.billing.months import Month
from blueprints.billing.rules import THIRTY, Tax, Wording
from saas.set_based import arrange, copying, execute, joining_by_index


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What is the same for all leases of a run. `due_days` as months.due_days gives them; `taxes` by scenario."""

    month: Month
    count: str
    issued_on: datetime.date
    due_days: Sequence[datetime.date]
    wording: Wording
    taxes: Mapping[str, Sequence[Tax]]
    type_code: str


LEASES: Final = """
    CREATE TEMP TABLE staged_leases ON COMMIT DROP AS
    SELECT {place} AS place, x.*
      FROM (SELECT l.id AS lease_id, l.number, l.lease_account_id AS account_id, l.mandate_account_id AS mandate_id,
                   l.scenario_code, l.currency, l.payment_day, l.starts_on,
                   coalesce(l.ended_on, CASE WHEN l.renews THEN NULL ELSE l.ends_on END) AS until{planned}
              FROM {source}
             WHERE l.tenant_id = :tenant AND {chosen}) x
"""


def choose_next(month: Month, *, lease_id: uuid.UUID | None, seen_to: str, placed: int, size: int) -> None:
    """The next leases in the order of their numbers that are in force in the month or were in the one before."""
    statement = (
        LEASES.replace("{place}", "row_number() OVER (ORDER BY x.number) + :placed")
        .replace("{planned}", "")
        .replace("{source}", "leases l")
        .replace("{chosen}", NEXT + (" AND l.id = :lease" if lease_id else "") + ORDERED)
    )
    values = {"lease": lease_id} if lease_id else {}
    execute(
        statement,
        seen_to=seen_to,
        placed=placed,
        size=size,
        last_day=month.last,
        since=month.before.first,
        **values,
    )
    arrange("ANALYZE staged_leases")


NEXT: Final = """l.number > :seen_to AND l.status <> 'draft' AND l.starts_on <= :last_day
               AND coalesce(l.ended_on, CASE WHEN l.renews THEN NULL ELSE l.ends_on END, :since) >= :since"""
ORDERED: Final = """
             ORDER BY l.number LIMIT :size"""


def chosen() -> tuple[int, str]:
    """How many leases are staged, and the number of the last one."""
    row = arrange("SELECT count(*) AS many, max(number) AS last FROM staged_leases").one()
    return row.many, row.last or ""


def choose_planned(run_id: uuid.UUID, *, after: int, last: int) -> None:
    """The leases that a run means to bill, from places behind `after` to `last`, with what it foresaw for each."""
    statement = (
        LEASES.replace("{place}", "x.item_place")
        .replace("{planned}", PLANNED)
        .replace("{source}", "billing_items i JOIN leases l ON l.tenant_id = :tenant AND l.id = i.lease_id")
        .replace(
            "{chosen}",
            "i.tenant_id = :tenant AND i.run_id = :run AND i.place > :after AND i.place <= :last"
            " AND i.effect IN ('new', 'changed', 'same', 'covered')",
        )
    )
    with joining_by_index():
        execute(statement, run=run_id, after=after, last=last)
    arrange("ANALYZE staged_leases")


PLANNED: Final = """,
                   i.place AS item_place, i.subtotal AS planned_subtotal, i.tax AS planned_tax,
                   i.withholding AS planned_withholding, i.total AS planned_total, i.due_on AS planned_due_on"""


def reckon(with_: Reckoning) -> None:
    """Reckon the bills of the leases that are staged. Everything is staged; nothing else is written."""
    with joining_by_index():
        _cut_rents(with_)
        _collect_credits(with_)
        _collect_charges(with_)
    _apply_taxes(with_)


def _cut_rents(with_: Reckoning) -> None:
    month = with_.month
    execute(
        SEGMENTS.replace("{days}", DAYS_OF_THIRTY if with_.count == THIRTY else REAL_DAYS),
        first_day=month.first,
        last_day=month.last,
        whole=30 if with_.count == THIRTY else month.days,
    )
    arrange("CREATE INDEX ON staged_segments (place)")
    arrange("ANALYZE staged_segments")


# See leases.terms.segments. A row that does not change the rent begins nothing.
SEGMENTS: Final = """
    CREATE TEMP TABLE staged_segments ON COMMIT DROP AS
    SELECT d.place, d.first_day, d.last_day, d.rent, d.days,
           (2 * d.rent * d.days + :whole) / (2 * :whole) AS amount
      FROM (SELECT c.place, c.first_day, c.last_day, c.rent, {days} AS days
              FROM (SELECT p.place, p.rent, p.next_from,
                           greatest(p.starts_on, CAST(:first_day AS date), p.since) AS first_day,
                           least(p.until, CAST(:last_day AS date), p.next_from - 1) AS last_day
                      FROM (SELECT r.place, r.rent, r.starts_on, r.until,
                                   CASE WHEN row_number() OVER rents > 1 THEN r.valid_from END AS since,
                                   lead(r.valid_from) OVER rents AS next_from
                              FROM (SELECT l.place, l.starts_on, l.until, x.valid_from, x.rent,
                                           lag(x.rent) OVER (PARTITION BY l.place ORDER BY x.valid_from) AS rent_before
                                      FROM staged_leases l
                                      JOIN lease_rents x ON x.tenant_id = :tenant AND x.lease_id = l.lease_id) r
                             WHERE r.rent IS DISTINCT FROM r.rent_before
                            WINDOW rents AS (PARTITION BY r.place ORDER BY r.valid_from)) p) c
             WHERE c.first_day <= c.last_day) d
"""
REAL_DAYS: Final = "c.last_day - c.first_day + 1"
DAYS_OF_THIRTY: Final = """CASE WHEN c.last_day = CAST(:last_day AS date) THEN 30
                           WHEN c.next_from = c.last_day + 1 THEN least(extract(day FROM c.next_from)::int, 30) - 1
                           ELSE least(extract(day FROM c.last_day)::int, 30) END
                      - (least(extract(day FROM c.first_day)::int, 30) - 1)"""


def _collect_credits(with_: Reckoning) -> None:
    """What is to be taken off, in the order of rules.bill: brought forward first, then the month's own."""
    execute(
        """
        CREATE TEMP TABLE staged_credits ON COMMIT DROP AS
        SELECT c.place, c.part, c.since, c.source, c.description, c.amount, c.taxed,
               (sum(c.amount) OVER (PARTITION BY c.place, c.taxed ORDER BY c.part, c.since, c.source)
                 - c.amount)::bigint AS before
          FROM (SELECT l.place, 3 AS part, to_date(b.period, 'YYYY-MM') AS since, b.id AS source, b.description,
                       b.amount, b.taxed
                  FROM staged_leases l
                  JOIN billing_credits b ON b.tenant_id = :tenant AND b.lease_id = l.lease_id AND b.used_by IS NULL
                 WHERE b.period < :period
                 UNION ALL
                SELECT l.place, 4, NULL, x.id, x.description, x.amount, x.taxed
                  FROM staged_leases l
                  JOIN lease_charges x ON x.tenant_id = :tenant AND x.lease_id = l.lease_id
                 WHERE x.kind = 'credit' AND x.from_period <= :period AND coalesce(x.until_period, :period) >= :period
               ) c
         WHERE EXISTS (SELECT FROM staged_segments g WHERE g.place = c.place)
        """,
        period=with_.month.period,
    )
    arrange("ANALYZE staged_credits")


def _collect_charges(with_: Reckoning) -> None:
    execute(
        """
        CREATE TEMP TABLE staged_lines ON COMMIT DROP AS
        SELECT g.place, 1 AS part, g.first_day AS since, CAST(NULL AS uuid) AS source, 'charge' AS kind,
               {text} AS description,
               g.amount, true AS taxed
          FROM staged_segments g WHERE g.amount > 0
         UNION ALL
        SELECT l.place, 2, NULL, x.id, 'charge', x.description, x.amount, x.taxed
          FROM staged_leases l
          JOIN lease_charges x ON x.tenant_id = :tenant AND x.lease_id = l.lease_id
         WHERE x.kind = 'charge' AND x.from_period <= :period AND coalesce(x.until_period, :period) >= :period
           AND EXISTS (SELECT FROM staged_segments g WHERE g.place = l.place)
        """.replace("{text}", RENT_TEXT),
        period=with_.month.period,
        whole=30 if with_.count == THIRTY else with_.month.days,
        whole_text=with_.wording.whole,
        part_text=with_.wording.part,
    )
    arrange("ANALYZE staged_lines")


RENT_TEXT: Final = """
    CASE WHEN g.days = :whole THEN CAST(:whole_text AS text)
         ELSE replace(replace(replace(replace(CAST(:part_text AS text),
              '{first}', extract(day FROM g.first_day)::text), '{last}', extract(day FROM g.last_day)::text),
              '{days}', g.days::text), '{whole}', CAST(:whole AS text)) END"""


def _apply_taxes(with_: Reckoning) -> None:
    arrange(
        "CREATE TEMP TABLE staged_taxes (code text, position int, kind text, description text, rate bigint)"
        " ON COMMIT DROP"
    )
    with copying("staged_taxes", ["code", "position", "kind", "description", "rate"]) as copy:
        for code, taxes in with_.taxes.items():
            for position, tax in enumerate(taxes):
                copy.write_row((code, position, tax.kind, tax.description, tax.rate))
    arrange(BASES)
    arrange("ANALYZE staged_bases")
    arrange(TAXED)
    arrange("ANALYZE staged_taxed")
    arrange(SUMS)
    arrange("CREATE UNIQUE INDEX ON staged_sums (place)")
    arrange("ANALYZE staged_sums")


# What is charged, what of it is taxed after taxed credits, and what untaxed credits there are.
BASES: Final = """
    CREATE TEMP TABLE staged_bases ON COMMIT DROP AS
    SELECT g.place, g.first_day, coalesce(k.charged, 0) AS charged,
           least(coalesce(k.taxable, 0), coalesce(c.taxed, 0)) AS off_taxed,
           coalesce(k.taxable, 0) - least(coalesce(k.taxable, 0), coalesce(c.taxed, 0)) AS base,
           coalesce(c.untaxed, 0) AS untaxed, coalesce(c.taxed, 0) + coalesce(c.untaxed, 0) AS credited
      FROM (SELECT place, min(first_day) AS first_day FROM staged_segments GROUP BY place) g
      LEFT JOIN (SELECT place, sum(amount)::bigint AS charged,
                        coalesce(sum(amount) FILTER (WHERE taxed), 0)::bigint AS taxable
                   FROM staged_lines GROUP BY place) k ON k.place = g.place
      LEFT JOIN (SELECT place, coalesce(sum(amount) FILTER (WHERE taxed), 0)::bigint AS taxed,
                        coalesce(sum(amount) FILTER (WHERE NOT taxed), 0)::bigint AS untaxed
                   FROM staged_credits GROUP BY place) c ON c.place = g.place
"""
# Rounded half up: PostgreSQL rounds a half away from zero, and no base is below it.
TAXED: Final = """
    CREATE TEMP TABLE staged_taxed ON COMMIT DROP AS
    SELECT b.place, t.position, t.kind, t.description, round(b.base::numeric * t.rate / 1000000)::bigint AS amount
      FROM staged_bases b
      JOIN staged_leases l ON l.place = b.place
      JOIN staged_taxes t ON t.code = l.scenario_code
"""
SUMS: Final = """
    CREATE TEMP TABLE staged_sums ON COMMIT DROP AS
    SELECT x.place, x.first_day, x.charged, x.off_taxed, x.off_untaxed, x.tax, x.withholding,
           x.charged - x.off_taxed - x.off_untaxed AS subtotal, x.to_pay - x.off_untaxed AS total,
           x.credited - x.off_taxed - x.off_untaxed AS left_over
      FROM (SELECT y.*, greatest(least(y.charged - y.off_taxed, greatest(y.to_pay, 0), y.untaxed), 0) AS off_untaxed
              FROM (SELECT b.*, coalesce(t.tax, 0) AS tax, coalesce(t.withholding, 0) AS withholding,
                           b.charged - b.off_taxed + coalesce(t.tax, 0) - coalesce(t.withholding, 0) AS to_pay
                      FROM staged_bases b
                      LEFT JOIN (SELECT place,
                                        coalesce(sum(amount) FILTER (WHERE kind = 'tax'), 0)::bigint AS tax,
                                        coalesce(sum(amount) FILTER (WHERE kind = 'withholding'), 0)::bigint
                                          AS withholding
                                   FROM staged_taxed GROUP BY place) t ON t.place = b.place) y) x
"""


def due_on(with_: Reckoning) -> tuple[str, dict[str, object]]:
    """rules.due_on as SQL on staged_leases `l` and staged_sums `s`, with its values."""
    return (
        "greatest((CAST(:due_days AS date[]))[l.payment_day], s.first_day, CAST(:issued_on AS date))",
        {"due_days": list(with_.due_days), "issued_on": with_.issued_on},
    )
