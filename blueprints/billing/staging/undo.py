"""Taking a run back: its invoices voided, each issue posted the other way round, credits as they were before."""

from __future__ import annotations

import datetime
import uuid
from typing import Final

from saas.languages import N_
from saas.refusals import Refusal
from saas.set_based import arrange, copying, execute, joining_by_hash, plan_afresh
from saas.stems import Stems

SLICE: Final = 20_000
REASON: Final = N_("The monthly run that made it was undone.")
PAID: Final = N_("Something was paid since on %(count)s of its invoices, such as %(number)s.")
BEING_PAID: Final = N_("Somebody is paying %(count)s of its invoices now, such as %(number)s.")
LINKED: Final = N_(
    "There are payment links for %(count)s of its invoices, such as %(number)s: take them back first."
)
LATER: Final = N_("Credits that were left over went into a later run already: undo that one first.")


def undo(run_id: uuid.UUID, *, today: datetime.date, moment: datetime.datetime) -> dict[str, int]:
    """Void what a run issued, post the reversals, free the period. Returns how many invoices and their total.

    Raises Refusal, and has changed nothing then, when anything was paid or is under way on one of its invoices, or a
    later run used credits that it had left over.
    """
    arrange("DROP TABLE IF EXISTS staged_invoices, staged_stems")
    # Locked in the order of ids, like everybody who pays.
    execute(
        """
        CREATE TEMP TABLE staged_invoices ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY h.id) AS n, h.*
          FROM (SELECT i.id, i.number, i.total, i.open_amount FROM invoices i
                 WHERE i.tenant_id = :tenant AND i.run_id = CAST(:run AS uuid) AND i.void_at IS NULL
                 ORDER BY i.id FOR UPDATE) h
        """,
        run=run_id,
    )
    arrange("CREATE UNIQUE INDEX ON staged_invoices (n)")
    arrange("ANALYZE staged_invoices")
    with joining_by_hash():
        _refuse_if_used(run_id, moment)
    row = arrange(
        "SELECT count(*) AS many, coalesce(sum(total), 0)::bigint AS total FROM staged_invoices"
    ).one()
    _reverse(row.many, today, moment)
    execute(
        """
        UPDATE invoices i
           SET open_amount = 0, settled_on = NULL, void_at = CAST(:moment AS timestamptz),
               void_reason = CAST(:reason AS text)
          FROM staged_invoices s WHERE i.tenant_id = :tenant AND i.id = s.id
        """,
        moment=moment,
        reason=REASON,
    )
    execute(
        "UPDATE billing_credits SET used_by = NULL WHERE tenant_id = :tenant AND used_by = :run", run=run_id
    )
    execute("DELETE FROM billing_credits WHERE tenant_id = :tenant AND run_id = :run", run=run_id)
    return {"voided": row.many, "total": row.total}


def _refuse_if_used(run_id: uuid.UUID, moment: datetime.datetime) -> None:
    """Money may be back on where it came from: an invoice that is open whole can be taken back, as one by one."""
    for refusal, found in (
        (
            PAID,
            "SELECT s.number FROM staged_invoices s WHERE s.open_amount <> s.total AND :tenant IS NOT NULL",
        ),
        (BEING_PAID, UNDER_WAY),
        (LINKED, LINKS),
    ):
        row = execute(
            COUNTED.replace("{found}", found), **({"moment": moment} if found is LINKS else {})
        ).one()
        if row.many:
            raise Refusal(refusal, count=row.many, number=row.number)
    later = execute(
        """
        SELECT count(*) FROM billing_credits
         WHERE tenant_id = :tenant AND run_id = :run AND used_by IS NOT NULL
        """,
        run=run_id,
    ).scalar_one()
    if later:
        raise Refusal(LATER)


COUNTED: Final = "SELECT count(DISTINCT x.number) AS many, min(x.number) AS number FROM ({found}) x"
# Coupons are attempts too: while one may be paid at a counter, its attempt is open.
UNDER_WAY: Final = """
    SELECT s.number FROM payment_attempt_items t JOIN staged_invoices s ON s.id = t.invoice_id
     WHERE t.tenant_id = :tenant AND t.open
"""
LINKS: Final = """
    SELECT s.number FROM payment_links k JOIN staged_invoices s ON s.id = k.invoice_id
     WHERE k.tenant_id = :tenant AND k.revoked_at IS NULL AND k.expires_at > CAST(:moment AS timestamptz)
"""


def _reverse(count: int, today: datetime.date, moment: datetime.datetime) -> None:
    arrange("CREATE TEMP TABLE staged_stems (n bigint, stem text) ON COMMIT DROP")
    with copying("staged_stems", ["n", "stem"]) as copy:
        for n, stem in enumerate(Stems(moment).take(count), start=1):
            copy.write(f"{n}\t{stem}\n")
    arrange("CREATE UNIQUE INDEX ON staged_stems (n)")
    arrange("ANALYZE staged_stems")
    for first in range(1, count + 1, SLICE):
        slice_ = {"first": first, "last": first + SLICE - 1}
        plan_afresh()
        execute(
            """
            INSERT INTO journal_entries (tenant_id, id, business_key, kind, occurred_on, posted_at)
            SELECT :tenant, (t.stem || '0020')::uuid, 'invoice:' || s.id || ':void', 'invoice-voided',
                   CAST(:today AS date), CAST(:moment AS timestamptz)
              FROM staged_invoices s JOIN staged_stems t ON t.n = s.n WHERE s.n BETWEEN :first AND :last
            """,
            today=today,
            moment=moment,
            **slice_,
        )
        execute(
            """
            INSERT INTO postings (tenant_id, id, entry_id, ledger_account_id, invoice_id, amount, currency)
            SELECT :tenant,
                   (t.stem || lpad(to_hex(33 + row_number() OVER (PARTITION BY s.n ORDER BY p.id)), 4, '0'))::uuid,
                   (t.stem || '0020')::uuid, p.ledger_account_id, p.invoice_id, -p.amount, p.currency
              FROM staged_invoices s
              JOIN staged_stems t ON t.n = s.n
              JOIN journal_entries e ON e.tenant_id = :tenant AND e.business_key = 'invoice:' || s.id || ':issue'
              JOIN postings p ON p.tenant_id = :tenant AND p.entry_id = e.id
             WHERE s.n BETWEEN :first AND :last
            """,
            **slice_,
        )
