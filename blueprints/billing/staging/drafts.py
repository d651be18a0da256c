"""What a run foresees for the leases that are staged, against the month before: rows of billing_items."""

from __future__ import annotations

import datetime
import uuid
from typing import Final

from blueprints.billing.staging.bills import Reckoning, due_on
from saas.set_based import arrange, execute, joining_by_index


def draft(run_id: uuid.UUID, with_: Reckoning, moment: datetime.datetime) -> None:
    """Write an item for every lease that is staged and reckoned, but for those that neither are in force nor were
    billed the month before. Changes nothing else."""
    month = with_.month
    with joining_by_index():
        execute(
            BESIDE.replace("{made}", MADE).replace("{before}", BEFORE),
            type=with_.type_code,
            period=month.period,
            earlier=month.before.period,
            earlier_last=month.before.last,
        )
    arrange("ANALYZE staged_beside")
    due, values = due_on(with_)
    execute(
        ITEMS.replace("{due}", due),
        run=run_id,
        moment=f"{int(moment.timestamp() * 1000):012x}",  # ids in the order of time, as everywhere
        first_day=month.first,
        earlier_first=month.before.first,
        whole=30 if with_.count == "30" else month.days,
        **values,
    )


# What was made for the period already: by a run, by hand or by an import. Each of the two indexes on what is not void
# is asked by itself.
MADE: Final = """
    coalesce((SELECT 'billed' FROM invoices i
               WHERE i.tenant_id = :tenant AND i.account_id = l.account_id AND i.period = :period
                 AND i.type_code = :type AND i.run_id IS NOT NULL AND i.void_at IS NULL LIMIT 1),
             (SELECT CASE WHEN i.batch_id IS NULL THEN 'billed' ELSE 'imported' END FROM invoices i
               WHERE i.tenant_id = :tenant AND i.account_id = l.account_id AND i.period = :period
                 AND i.type_code = :type AND i.run_id IS NULL AND i.void_at IS NULL LIMIT 1))"""
BEFORE: Final = """
    (SELECT sum(i.total)::bigint
       FROM (SELECT n.total FROM invoices n
              WHERE n.tenant_id = :tenant AND n.account_id = l.account_id AND n.period = :earlier
                AND n.type_code = :type AND n.run_id IS NOT NULL AND n.void_at IS NULL
              UNION ALL
             SELECT n.total FROM invoices n
              WHERE n.tenant_id = :tenant AND n.account_id = l.account_id AND n.period = :earlier
                AND n.type_code = :type AND n.run_id IS NULL AND n.void_at IS NULL) i)"""
BESIDE: Final = """
    CREATE TEMP TABLE staged_beside ON COMMIT DROP AS
    SELECT l.place, {made} AS made, {before} AS before,
           (SELECT true FROM account_parties k
             WHERE k.tenant_id = :tenant AND k.account_id = l.mandate_id AND k.role = 'owner' LIMIT 1) AS owned,
           (SELECT true FROM account_parties k
             WHERE k.tenant_id = :tenant AND k.account_id = l.account_id AND k.role = 'renter' LIMIT 1) AS rented,
           (SELECT x.rent FROM lease_rents x
             WHERE x.tenant_id = :tenant AND x.lease_id = l.lease_id AND x.valid_from <= :earlier_last
             ORDER BY x.valid_from DESC LIMIT 1) AS rent_before,
           coalesce((SELECT sum(CASE x.kind WHEN 'charge' THEN x.amount ELSE -x.amount END) FROM lease_charges x
             WHERE x.tenant_id = :tenant AND x.lease_id = l.lease_id AND x.from_period <= :earlier
               AND coalesce(x.until_period, :earlier) >= :earlier), 0) AS extras_before
      FROM staged_leases l
"""
ITEMS: Final = """
    INSERT INTO billing_items (tenant_id, id, run_id, place, lease_id, lease_number, effect, reasons, warnings,
                               subtotal, tax, withholding, total, "left", before, due_on)
    SELECT :tenant,
           (CAST(:moment AS text) || '7' || lpad(to_hex(e.place % 4096), 3, '0') || substr(e.noise, 20, 4)
            || substr(e.noise, 25))::uuid, CAST(:run AS uuid), e.place, e.lease_id, e.number, e.effect,
           CASE e.effect
                WHEN 'skipped' THEN ARRAY[CASE WHEN e.made IS NOT NULL THEN e.made WHEN e.let IS NULL THEN 'no-rent'
                                               WHEN e.owned IS NULL THEN 'no-owner' ELSE 'nothing' END]
                WHEN 'gone' THEN ARRAY['ended']
                WHEN 'new' THEN ARRAY[CASE WHEN e.starts_on >= :first_day THEN 'starts' ELSE 'not-billed-before' END]
                WHEN 'changed' THEN CASE WHEN cardinality(e.why) = 0 THEN ARRAY['other'] ELSE e.why END
                ELSE ARRAY[]::text[] END
           || CASE WHEN e.effect IN ('new', 'changed', 'same', 'covered') AND e.left_over > 0
                   THEN ARRAY['credit-left'] ELSE ARRAY[]::text[] END,
           CASE WHEN e.made IS NOT NULL OR e.effect = 'gone' THEN ARRAY[]::text[]
                ELSE array_remove(ARRAY[CASE WHEN e.let IS NULL THEN 'no-rent' END,
                                        CASE WHEN e.owned IS NULL THEN 'no-owner' END,
                                        CASE WHEN e.scenario_code IS NULL THEN 'no-scenario' END,
                                        CASE WHEN e.rented IS NULL THEN 'no-renter' END], NULL) END,
           CASE WHEN e.billed THEN e.subtotal ELSE 0 END, CASE WHEN e.billed THEN e.tax ELSE 0 END,
           CASE WHEN e.billed THEN e.withholding ELSE 0 END, CASE WHEN e.billed THEN e.total ELSE 0 END,
           CASE WHEN e.billed THEN e.left_over ELSE 0 END, e.before,
           CASE WHEN e.effect IN ('new', 'changed', 'same') THEN e.due_on END
      FROM (SELECT f.*, gen_random_uuid()::text AS noise, f.effect IN ('new', 'changed', 'same', 'covered') AS billed
              FROM (SELECT l.place, l.lease_id, l.number, l.starts_on, l.scenario_code, b.made, b.before, b.owned,
                           b.rented, s.place AS let, s.subtotal, s.tax, s.withholding, s.total, s.left_over,
                           {due} AS due_on,
                           CASE WHEN b.made IS NOT NULL THEN 'skipped'
                                WHEN s.place IS NULL AND (l.until < :first_day) THEN
                                     CASE WHEN b.before IS NOT NULL THEN 'gone' END
                                WHEN s.place IS NULL OR b.owned IS NULL OR s.charged = 0 THEN 'skipped'
                                WHEN s.total <= 0 THEN 'covered'
                                WHEN b.before IS NULL THEN 'new'
                                WHEN b.before <> s.total THEN 'changed'
                                ELSE 'same' END AS effect,
                           array_remove(ARRAY[
                               CASE WHEN g.rent IS DISTINCT FROM b.rent_before THEN 'rent' END,
                               CASE WHEN g.days < :whole THEN 'part' END,
                               CASE WHEN l.starts_on > :earlier_first THEN 'part-before' END,
                               CASE WHEN s.charged - coalesce(g.amount, 0) - s.off_taxed - s.off_untaxed
                                         IS DISTINCT FROM b.extras_before THEN 'extras' END], NULL) AS why
                      FROM staged_leases l
                      JOIN staged_beside b ON b.place = l.place
                      LEFT JOIN staged_sums s ON s.place = l.place
                      LEFT JOIN (SELECT place, sum(days) AS days, sum(amount) AS amount,
                                        (array_agg(rent ORDER BY first_day DESC))[1] AS rent
                                   FROM staged_segments GROUP BY place) g ON g.place = l.place) f
             WHERE f.effect IS NOT NULL) e
"""
