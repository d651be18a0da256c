"""Taking a batch back: reversals in the books, voided invoices, and deleted what nobody refers to."""

from __future__ import annotations

import datetime
import uuid
from typing import Final

from sqlalchemy import ForeignKeyConstraint

from blueprints.imports.staging.sheet import TABLES
from blueprints.imports.staging.statement import (
    arrange,
    copying,
    execute,
    joining_by_hash,
    plan_afresh,
)
from blueprints.imports.staging.stems import Stems
from saas.database import Base
from saas.languages import N_
from saas.refusals import Refusal

SLICE: Final = 20_000
REASON: Final = N_("The import that brought it was undone.")
PAID: Final = N_("Something was paid since on %(count)s of its invoices, such as %(number)s.")
BEING_PAID: Final = N_("Somebody is paying %(count)s of its invoices now, such as %(number)s.")
RECEIPT: Final = N_("A receipt was already given for %(count)s of its payments.")
PAID_OUT: Final = N_(
    "Owners were already paid for %(count)s of its invoices, such as %(number)s: undo the payouts first."
)
BILLED: Final = N_(
    "There are invoices on %(count)s of its accounts, such as %(number)s: undo their import first."
)
IN_USE: Final = N_("Everything that it brought is in use by other records now.")


def undo(batch_id: uuid.UUID, *, today: datetime.date, moment: datetime.datetime) -> dict[str, int]:
    """Take back what a batch brought. Returns how many invoices were voided, rows deleted and rows kept because
    something refers to them. Changes of records that were there before the batch stay.

    Raises Refusal, and has changed nothing then, when something was paid on it from outside the batch.
    """
    with joining_by_hash():
        _gather(batch_id)
        _refuse_if_used(batch_id)
        _reverse(batch_id, today, moment)
        voided = _void(moment)
    deleted = execute(
        """
        DELETE FROM payments p USING staged_payments s WHERE p.tenant_id = :tenant AND p.id = s.id
        """
    ).rowcount
    deleted += execute(
        "DELETE FROM payouts WHERE tenant_id = :tenant AND batch_id = CAST(:batch AS uuid)", batch=batch_id
    ).rowcount
    kept = 0
    for delete in (_delete_accounts, _delete_properties, _delete_customers):
        gone, left = delete(batch_id)
        deleted, kept = deleted + gone, kept + left
    if kept and not deleted and not voided:
        raise Refusal(IN_USE)
    return {"voided": voided, "deleted": deleted, "kept": kept}


def _gather(batch_id: uuid.UUID) -> None:
    """The batch's live invoices, its payments, and every entry of the books that either caused."""
    extra = ("staged_invoices", "staged_payments", "staged_entries", "staged_stems", "staged_free")
    arrange(f"DROP TABLE IF EXISTS {', '.join((*TABLES, *extra))}")
    execute(
        """
        CREATE TEMP TABLE staged_payments ON COMMIT DROP AS
        SELECT id FROM payments WHERE tenant_id = :tenant AND batch_id = CAST(:batch AS uuid)
        """,
        batch=batch_id,
    )
    # Locked in the order of ids, like everybody who pays.
    execute(
        """
        SELECT count(*) FROM (
            SELECT 1 FROM invoices i
             WHERE i.tenant_id = :tenant
               AND (i.batch_id = CAST(:batch AS uuid) OR i.id IN (
                    SELECT l.invoice_id FROM payment_allocations l JOIN staged_payments p ON p.id = l.payment_id
                     WHERE l.tenant_id = :tenant))
             ORDER BY i.id FOR UPDATE) held
        """,
        batch=batch_id,
    )
    execute(
        """
        CREATE TEMP TABLE staged_invoices ON COMMIT DROP AS
        SELECT id, number FROM invoices
         WHERE tenant_id = :tenant AND batch_id = CAST(:batch AS uuid) AND void_at IS NULL
        """,
        batch=batch_id,
    )
    execute(
        """
        CREATE TEMP TABLE staged_entries ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY e.id) AS place, e.id, e.kind, e.business_key
          FROM journal_entries e
         WHERE e.tenant_id = :tenant
           AND e.business_key IN (
                SELECT 'invoice:' || i.id || ':issue' FROM staged_invoices i
                 UNION ALL
                SELECT 'payment:' || l.payment_id || ':' || l.invoice_id || k.ending
                  FROM payment_allocations l
                  JOIN staged_payments p ON p.id = l.payment_id
                 CROSS JOIN (VALUES (''), (':surcharge'), (':confirmed'), (':owners')) AS k (ending)
                 WHERE l.tenant_id = :tenant
                 UNION ALL
                SELECT 'payout:' || o.id FROM payouts o
                 WHERE o.tenant_id = :tenant AND o.batch_id = CAST(:batch AS uuid)
                 UNION ALL
                SELECT d.business_key FROM journal_entries d
                 WHERE d.tenant_id = :tenant AND starts_with(d.business_key, 'import:' || CAST(:batch_text AS text)))
           AND NOT EXISTS (SELECT 1 FROM journal_entries u
                            WHERE u.tenant_id = :tenant
                              AND u.business_key = 'undo:' || CAST(:batch_text AS text) || ':' || e.id)
        """,
        batch=batch_id,
        batch_text=str(batch_id),
    )
    arrange("CREATE UNIQUE INDEX ON staged_entries (id)")
    arrange("ANALYZE staged_entries")
    arrange("ANALYZE staged_invoices")


def _refuse_if_used(batch_id: uuid.UUID) -> None:
    touched = execute(
        """
        SELECT count(*) AS many, min(x.number) AS number FROM (
            SELECT DISTINCT i.number
              FROM (SELECT p.invoice_id, (array_agg(e.id ORDER BY e.place))[1] AS first_entry
                      FROM staged_entries e
                      JOIN postings p ON p.tenant_id = :tenant AND p.entry_id = e.id
                     WHERE p.invoice_id IS NOT NULL GROUP BY p.invoice_id) t
              JOIN postings q ON q.tenant_id = :tenant AND q.invoice_id = t.invoice_id AND q.entry_id > t.first_entry
              JOIN invoices i ON i.tenant_id = :tenant AND i.id = t.invoice_id
             WHERE NOT EXISTS (SELECT 1 FROM staged_entries e WHERE e.id = q.entry_id)
             GROUP BY i.number, q.invoice_id, q.ledger_account_id HAVING sum(q.amount) <> 0) x
        """
    ).one()
    if touched.many:
        raise Refusal(PAID, count=touched.many, number=touched.number)
    paying = execute(
        """
        SELECT count(*) AS many, min(i.number) AS number FROM payment_attempt_items t
          JOIN invoices i ON i.tenant_id = :tenant AND i.id = t.invoice_id
         WHERE t.tenant_id = :tenant AND t.open AND t.invoice_id IN (SELECT s.id FROM staged_invoices s)
        """
    ).one()
    if paying.many:
        raise Refusal(BEING_PAID, count=paying.many, number=paying.number)
    proofs = execute(
        "SELECT count(*) FROM receipts r JOIN staged_payments p ON p.id = r.payment_id WHERE r.tenant_id = :tenant"
    ).scalar_one()
    if proofs:
        raise Refusal(RECEIPT, count=proofs)
    paid_out = execute(
        """
        SELECT count(*) AS many, min(x.number) AS number FROM (
            SELECT DISTINCT i.number FROM staged_invoices s
              JOIN invoices i ON i.tenant_id = :tenant AND i.id = s.id
              LEFT JOIN leases l ON l.tenant_id = :tenant AND l.lease_account_id = i.account_id
              JOIN payouts o ON o.tenant_id = :tenant
                   AND o.mandate_account_id = coalesce(l.mandate_account_id, i.account_id) AND o.period = i.period
             WHERE o.void_at IS NULL AND o.batch_id IS DISTINCT FROM CAST(:batch AS uuid)) x
        """,
        batch=batch_id,
    ).one()
    if paid_out.many:
        raise Refusal(PAID_OUT, count=paid_out.many, number=paid_out.number)

    billed = execute(
        """
        SELECT count(DISTINCT a.id) AS many, min(a.number) AS number
          FROM accounts a JOIN invoices i ON i.tenant_id = :tenant AND i.account_id = a.id AND i.void_at IS NULL
         WHERE a.tenant_id = :tenant AND a.batch_id = CAST(:batch AS uuid)
        """,
        batch=batch_id,
    ).one()
    if billed.many:
        raise Refusal(BILLED, count=billed.many, number=billed.number)


def _reverse(batch_id: uuid.UUID, today: datetime.date, moment: datetime.datetime) -> None:
    """Post every entry the other way round. A reversal has its entry's kind, so that sums by kind stay true;
    only an issue is called voided, as it is when one invoice is taken back."""
    count = arrange("SELECT count(*) FROM staged_entries").scalar_one()
    arrange("CREATE TEMP TABLE staged_stems (place bigint, stem text) ON COMMIT DROP")
    with copying("staged_stems", ["place", "stem"]) as copy:
        for place, stem in enumerate(Stems(moment).take(count), start=1):
            copy.write(f"{place}\t{stem}\n")
    arrange("ANALYZE staged_stems")
    for first in range(1, count + 1, SLICE):
        places = {"first": first, "last": first + SLICE - 1}
        plan_afresh()
        execute(
            """
            INSERT INTO journal_entries (tenant_id, id, business_key, kind, occurred_on, posted_at)
            SELECT :tenant, (s.stem || '0020')::uuid,
                   CASE e.kind WHEN 'invoice-issued' THEN regexp_replace(e.business_key, ':issue$', ':void')
                               ELSE 'undo:' || CAST(:batch AS text) || ':' || e.id END,
                   CASE e.kind WHEN 'invoice-issued' THEN 'invoice-voided' ELSE e.kind END,
                   CAST(:today AS date), CAST(:moment AS timestamptz)
              FROM staged_entries e JOIN staged_stems s ON s.place = e.place
             WHERE e.place BETWEEN :first AND :last
            """,
            batch=str(batch_id),
            today=today,
            moment=moment,
            **places,
        )
        execute(
            """
            INSERT INTO postings (tenant_id, id, entry_id, ledger_account_id, invoice_id, amount, currency)
            SELECT :tenant, (s.stem || lpad(to_hex(32768 + row_number() OVER (PARTITION BY e.place ORDER BY p.id)),
                                            4, '0'))::uuid,
                   (s.stem || '0020')::uuid, p.ledger_account_id, p.invoice_id, -p.amount, p.currency
              FROM staged_entries e
              JOIN staged_stems s ON s.place = e.place
              JOIN postings p ON p.tenant_id = :tenant AND p.entry_id = e.id
             WHERE e.place BETWEEN :first AND :last
            """,
            **places,
        )


def _void(moment: datetime.datetime) -> int:
    """Move the cached balances with the books, and void the invoices of the batch."""
    execute(
        """
        UPDATE invoices i
           SET open_amount = i.open_amount - m.moved,
               settled_on = CASE WHEN i.open_amount - m.moved = 0 THEN i.settled_on END
          FROM (SELECT p.invoice_id, sum(p.amount)::bigint AS moved
                  FROM staged_entries e
                  JOIN postings p ON p.tenant_id = :tenant AND p.entry_id = e.id
                  JOIN ledger_accounts k ON k.tenant_id = :tenant AND k.id = p.ledger_account_id
                 WHERE k.kind = 'receivable' GROUP BY p.invoice_id) m
         WHERE i.tenant_id = :tenant AND i.id = m.invoice_id
        """
    )
    return execute(
        """
        UPDATE invoices i
           SET void_at = CAST(:moment AS timestamptz), void_reason = CAST(:reason AS text), settled_on = NULL
          FROM staged_invoices s WHERE i.tenant_id = :tenant AND i.id = s.id
        """,
        moment=moment,
        reason=REASON,
    ).rowcount


def _delete_accounts(batch_id: uuid.UUID) -> tuple[int, int]:
    """Accounts with their parties and leases. The two accounts of a lease go together or stay together."""
    execute(
        _free("accounts"),
        batch=batch_id,
    )
    execute(
        """
        DELETE FROM staged_free f USING leases l
         WHERE l.tenant_id = :tenant AND f.id IN (l.lease_account_id, l.mandate_account_id)
           AND (SELECT count(*) FROM staged_free o WHERE o.id IN (l.lease_account_id, l.mandate_account_id)) < 2
        """
    )
    return _delete_free("accounts", batch_id)


def _delete_properties(batch_id: uuid.UUID) -> tuple[int, int]:
    execute(_free("properties"), batch=batch_id)
    return _delete_free("properties", batch_id)


def _delete_customers(batch_id: uuid.UUID) -> tuple[int, int]:
    execute(_free("customers"), batch=batch_id)
    return _delete_free("customers", batch_id)


def _free(table: str) -> str:
    """A statement that makes staged_free: the batch's rows of a table that no row of any table refers to, whatever
    capability that belongs to. References that go with the row do not count."""
    conditions = [
        NOT_REFERRED.replace("{other}", other).replace("{column}", column)
        for other, column in references(table)
    ]
    return FREE.replace("{table}", table).replace("{conditions}", "".join(conditions))


FREE: Final = """
    CREATE TEMP TABLE staged_free ON COMMIT DROP AS
    SELECT t.id FROM {table} t WHERE t.tenant_id = :tenant AND t.batch_id = CAST(:batch AS uuid){conditions}
"""
NOT_REFERRED: Final = """
       AND NOT EXISTS (SELECT 1 FROM {other} o WHERE o.tenant_id = :tenant AND o.{column} = t.id)"""
DELETE: Final = "DELETE FROM {table} t USING staged_free f WHERE t.tenant_id = :tenant AND t.id = f.id"
LEFT: Final = "SELECT count(*) FROM {table} WHERE tenant_id = :tenant AND batch_id = CAST(:batch AS uuid)"


def references(table: str) -> list[tuple[str, str]]:
    """(table, column) of every foreign key to a table that would stop a row from being deleted."""
    found = []
    for other in Base.metadata.tables.values():
        for constraint in other.constraints:
            if not isinstance(constraint, ForeignKeyConstraint) or constraint.referred_table.name != table:
                continue
            if constraint.ondelete != "CASCADE":
                found += [(other.name, column) for column in constraint.column_keys if column != "tenant_id"]
    return sorted(found)


def _delete_free(table: str, batch_id: uuid.UUID) -> tuple[int, int]:
    deleted = execute(DELETE.replace("{table}", table)).rowcount
    arrange("DROP TABLE staged_free")
    return deleted, execute(LEFT.replace("{table}", table), batch=batch_id).scalar_one()
