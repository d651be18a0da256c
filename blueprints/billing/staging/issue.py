"""Invoices out of what was reckoned: rows, lines and the books, as invoices.services.issue_invoice makes them one by
one. A test compares the two."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from blueprints.billing.payment_codes import Part
from blueprints.billing.staging.bills import Reckoning, due_on
from blueprints.billing.staging.drafts import MADE
from saas.set_based import (
    arrange,
    copying,
    execute,
    joining_by_hash,
    joining_by_index,
    plan_afresh,
)
from saas.stems import Stems


@dataclass(frozen=True, slots=True)
class Found:
    """How many of the staged leases become invoices, their total, and how many were put aside."""

    ready: int
    total: int
    aside: int


def put_aside(run_id: uuid.UUID, with_: Reckoning) -> Found:
    """Make staged_ready of the bills that still are what the run foresaw (`n` counts them from 1). The others are not
    issued: their items say that they were billed meanwhile or have changed."""
    due, values = due_on(with_)
    with joining_by_index():
        execute(
            COMPARED.replace("{made}", MADE).replace("{due}", due),
            type=with_.type_code,
            period=with_.month.period,
            **values,
        )
    arrange("ANALYZE staged_compared")
    aside = _tell_aside(run_id)
    arrange(
        """
        CREATE TEMP TABLE staged_ready ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY c.place) AS n, c.*
          FROM staged_compared c WHERE c.made IS NULL AND NOT c.differs AND c.total > 0
        """
    )
    arrange("CREATE UNIQUE INDEX ON staged_ready (place)")
    arrange("ANALYZE staged_ready")
    row = arrange(
        "SELECT count(*) AS ready, coalesce(sum(total), 0)::bigint AS total FROM staged_ready"
    ).one()
    return Found(row.ready, row.total, aside)


def _tell_aside(run_id: uuid.UUID) -> int:
    arrange(
        """
        CREATE TEMP TABLE staged_aside ON COMMIT DROP AS
        SELECT place, coalesce(made, 'changed-since') AS reason FROM staged_compared WHERE made IS NOT NULL OR differs
        """
    )
    arrange("ANALYZE staged_aside")
    row = arrange("SELECT count(*) AS many, min(place) AS first, max(place) AS last FROM staged_aside").one()
    if row.many:
        # By hash: what the draft brought may have no statistics yet, and one by one could mean each with all.
        with joining_by_hash():
            execute(
                """
                UPDATE billing_items i
                   SET effect = 'skipped', warnings = ARRAY[]::text[], due_on = NULL, reasons = ARRAY[a.reason],
                       subtotal = 0, tax = 0, withholding = 0, total = 0, "left" = 0
                  FROM staged_aside a
                 WHERE i.tenant_id = :tenant AND i.run_id = :run AND i.place BETWEEN :first AND :last
                   AND i.place = a.place
                """,
                run=run_id,
                first=row.first,
                last=row.last,
            )
    return int(row.many)


COMPARED: Final = """
    CREATE TEMP TABLE staged_compared ON COMMIT DROP AS
    SELECT x.*, (x.subtotal, x.tax, x.withholding, x.total) IS DISTINCT FROM
                (x.planned_subtotal, x.planned_tax, x.planned_withholding, x.planned_total)
                OR (x.total > 0 AND x.due_on IS DISTINCT FROM x.planned_due_on) AS differs
      FROM (SELECT l.*, {made} AS made, s.subtotal, s.tax, s.withholding, s.total, {due} AS due_on,
                   CASE WHEN s.first_day > CAST(:issued_on AS date)
                             AND s.first_day > (CAST(:due_days AS date[]))[l.payment_day] THEN 'first-day'
                        WHEN CAST(:issued_on AS date) > (CAST(:due_days AS date[]))[l.payment_day] THEN 'issue'
                        WHEN extract(day FROM (CAST(:due_days AS date[]))[l.payment_day]) <> l.payment_day THEN 'moved'
                        ELSE 'day' END AS due_by
              FROM staged_leases l LEFT JOIN staged_sums s ON s.place = l.place) x
"""


def issue(
    run_id: uuid.UUID,
    with_: Reckoning,
    numbers: range,
    *,
    prefix: str,
    code: Sequence[Part],
    moment: datetime.datetime,
) -> tuple[uuid.UUID, uuid.UUID]:
    """Issue and post what is in staged_ready, in the order of places, under the numbers. Returns the ids of the first
    and the last invoice; those between them are of this very batch."""
    _name_rows(len(numbers), moment)
    plan_afresh()
    pattern, values = _code_of(code)
    execute(
        INVOICES.replace("{code}", pattern),
        run=run_id,
        prefix=prefix,
        first=numbers.start,
        type=with_.type_code,
        period=with_.month.period,
        issued_on=with_.issued_on,
        moment=moment,
        **values,
    )
    execute(LINES, brought_text=with_.wording.brought)
    _post(with_, moment)
    row = arrange(
        "SELECT (min(stem) || '0010')::uuid AS first, (max(stem) || '0010')::uuid AS last FROM staged_stems"
    ).one()
    return row.first, row.last


def _name_rows(count: int, moment: datetime.datetime) -> None:
    arrange("CREATE TEMP TABLE staged_stems (n bigint, stem text) ON COMMIT DROP")
    with copying("staged_stems", ["n", "stem"]) as copy:
        for n, stem in enumerate(Stems(moment).take(count), start=1):
            copy.write(f"{n}\t{stem}\n")
    arrange("ANALYZE staged_stems")
    arrange(
        """
        CREATE TEMP TABLE staged_issued ON COMMIT DROP AS
        SELECT r.*, t.stem, (t.stem || '0010')::uuid AS id FROM staged_ready r JOIN staged_stems t ON t.n = r.n
        """
    )
    arrange("ANALYZE staged_issued")


def _code_of(parts: Sequence[Part]) -> tuple[str, dict[str, Any]]:
    """payment_codes.payment_code as SQL on staged_ready `r`, with its values."""
    if not parts:
        return "NULL", {}
    pieces, values = [], {}
    for place, part in enumerate(parts):
        if not part.field:
            pieces.append(f"CAST(:code{place} AS text)")
            values[f"code{place}"] = part.text
            continue
        digits = DIGITS[part.field]
        pieces.append(
            f"right(lpad({digits}, greatest(length({digits}), {part.width}), '0'), {part.width})"
            if part.width
            else digits
        )
    return " || ".join(pieces), values


DIGITS: Final = {
    "number": "regexp_replace(CAST(:prefix AS text) || (:first + r.n - 1)::text, '[^0-9]', '', 'g')",
    "account": "regexp_replace(r.number, '[^0-9]', '', 'g')",
    "period": "replace(CAST(:period AS text), '-', '')",
}
# `rent`: what of it bears commission (owners/agreed.py).
INVOICES: Final = """
    INSERT INTO invoices (tenant_id, id, number, type_code, account_id, period, issued_on, due_on, currency, subtotal,
                          tax, withholding, total, open_amount, payment_code, details, run_id, created_at)
    SELECT :tenant, r.id, CAST(:prefix AS text) || (:first + r.n - 1)::text, CAST(:type AS text),
           r.account_id, CAST(:period AS text), CAST(:issued_on AS date), r.due_on, r.currency, r.subtotal, r.tax,
           r.withholding, r.total, r.total, {code},
           jsonb_build_object('due_by', r.due_by, 'payment_day', r.payment_day, 'rent', g.rent),
           CAST(:run AS uuid), CAST(:moment AS timestamptz)
      FROM staged_issued r
      LEFT JOIN (SELECT place, sum(amount)::bigint AS rent FROM staged_segments GROUP BY place) g ON g.place = r.place
"""
# Credits are used up in their order, each class within its room; taxes of nothing are no line.
LINES: Final = """
    INSERT INTO invoice_lines (tenant_id, id, invoice_id, position, kind, description, amount)
    SELECT :tenant, (r.stem || lpad(to_hex(256 + x.position), 4, '0'))::uuid, r.id, x.position, x.kind,
           x.description, x.amount
      FROM (SELECT y.*, row_number() OVER (PARTITION BY y.place ORDER BY y.part, y.since, y.source, y.tax) AS position
              FROM (SELECT place, part, since, source, 0 AS tax, kind, description, amount FROM staged_lines
                     UNION ALL
                    SELECT c.place, c.part, c.since, c.source, 0, 'charge',
                           CASE c.part WHEN 3 THEN replace(CAST(:brought_text AS text), '{what}', c.description)
                                       ELSE c.description END, -u.used
                      FROM staged_credits c
                      JOIN staged_sums s ON s.place = c.place
                     CROSS JOIN LATERAL (SELECT greatest(0, least(c.amount,
                           CASE WHEN c.taxed THEN s.off_taxed ELSE s.off_untaxed END - c.before))::bigint AS used) u
                     WHERE u.used > 0
                     UNION ALL
                    SELECT place, 5, NULL, NULL, position, kind, description,
                           CASE kind WHEN 'withholding' THEN -amount ELSE amount END
                      FROM staged_taxed WHERE amount > 0) y) x
      JOIN staged_issued r ON r.place = x.place
"""


def _post(with_: Reckoning, moment: datetime.datetime) -> None:
    """ledger.rules.issue for rent: the receivable stands against what is not collected yet, whole."""
    _open_accounts()
    execute(
        """
        INSERT INTO journal_entries (tenant_id, id, business_key, kind, occurred_on, posted_at)
        SELECT :tenant, (b.stem || '0020')::uuid, 'invoice:' || b.id || ':issue', 'invoice-issued',
               CAST(:issued_on AS date), CAST(:moment AS timestamptz)
          FROM staged_books b
        """,
        issued_on=with_.issued_on,
        moment=moment,
    )
    # One statement for all lines: the database checks the sum of each entry statement by statement.
    execute(
        """
        INSERT INTO postings (tenant_id, id, entry_id, ledger_account_id, invoice_id, amount, currency)
        SELECT :tenant, (b.stem || p.digits)::uuid, (b.stem || '0020')::uuid, p.ledger_id,
               CASE WHEN p.named THEN b.id END, p.amount, b.currency
          FROM staged_books b
         CROSS JOIN LATERAL (VALUES ('0021', b.receivable, b.total, true), ('0022', b.uncollected, -b.total, false))
               AS p (digits, ledger_id, amount, named)
        """
    )


def carry_credits(run_id: uuid.UUID, with_: Reckoning, moment: datetime.datetime) -> None:
    """Credits that were brought forward are used up by this run, and what is left of any goes over: of the leases that
    were billed or whose credits cover the month."""
    arrange(
        """
        CREATE TEMP TABLE staged_used ON COMMIT DROP AS
        SELECT c.*, c.amount - greatest(0, least(c.amount,
                    CASE WHEN c.taxed THEN s.off_taxed ELSE s.off_untaxed END - c.before))::bigint AS rest
          FROM staged_credits c
          JOIN staged_sums s ON s.place = c.place
          JOIN staged_compared d ON d.place = c.place AND d.made IS NULL AND NOT d.differs
        """
    )
    if not arrange("SELECT EXISTS (SELECT FROM staged_used)").scalar():
        return
    execute(
        """
        UPDATE billing_credits b SET used_by = CAST(:run AS uuid)
          FROM staged_used u WHERE u.part = 3 AND b.tenant_id = :tenant AND b.id = u.source
        """,
        run=run_id,
    )
    execute(
        """
        INSERT INTO billing_credits (tenant_id, id, run_id, lease_id, period, description, amount, taxed)
        SELECT :tenant, (CAST(:moment AS text) || '7' || lpad(to_hex(u.n % 4096), 3, '0') || substr(u.noise, 20, 4)
                         || substr(u.noise, 25))::uuid, CAST(:run AS uuid), u.lease_id, CAST(:period AS text),
               u.description, u.rest, u.taxed
          FROM (SELECT w.*, l.lease_id, gen_random_uuid()::text AS noise,
                       row_number() OVER (ORDER BY w.place, w.part, w.since, w.source) AS n
                  FROM staged_used w JOIN staged_leases l ON l.place = w.place
                 WHERE w.rest > 0) u
        """,
        run=run_id,
        period=with_.month.period,
        moment=f"{int(moment.timestamp() * 1000):012x}",
    )


def _open_accounts() -> None:
    """Open the ledger accounts that are missing, and make staged_books: what each invoice posts to.

    Those that were there are found by hash: for a tenant of which the planner has never heard, it takes any index for
    as good as another, and one of them holds every account of the tenant.
    """
    arrange("CREATE TEMP TABLE staged_accounts (id uuid, kind text, account_id uuid) ON COMMIT DROP")
    execute(
        """
        WITH opened AS (
            INSERT INTO ledger_accounts (tenant_id, id, kind, account_id, currency)
            SELECT :tenant, (r.stem || k.digits)::uuid, k.kind, r.account_id, r.currency
              FROM staged_issued r
             CROSS JOIN (VALUES ('0058', 'receivable'), ('0059', 'uncollected-rent')) AS k (digits, kind)
            ON CONFLICT DO NOTHING
            RETURNING id, kind, account_id)
        INSERT INTO staged_accounts SELECT id, kind, account_id FROM opened
        """
    )
    known = arrange(
        "SELECT 2 * (SELECT count(*) FROM staged_issued) - (SELECT count(*) FROM staged_accounts)"
    )
    if known.scalar_one():
        with joining_by_hash():
            execute(
                """
                INSERT INTO staged_accounts (id, kind, account_id)
                SELECT a.id, a.kind, a.account_id
                  FROM staged_issued r
                  JOIN ledger_accounts a ON a.account_id = r.account_id AND a.currency = r.currency
                 WHERE a.tenant_id = :tenant AND a.kind IN ('receivable', 'uncollected-rent')
                   AND a.customer_id IS NULL
                   AND NOT EXISTS (SELECT FROM staged_accounts s WHERE s.account_id = a.account_id AND s.kind = a.kind)
                """
            )
    arrange("ANALYZE staged_accounts")
    arrange(
        """
        CREATE TEMP TABLE staged_books ON COMMIT DROP AS
        SELECT r.id, r.stem, r.total, r.currency, a.id AS receivable, u.id AS uncollected
          FROM staged_issued r
          JOIN staged_accounts a ON a.account_id = r.account_id AND a.kind = 'receivable'
          JOIN staged_accounts u ON u.account_id = r.account_id AND u.kind = 'uncollected-rent'
        """
    )
