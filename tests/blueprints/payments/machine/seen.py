"""Everything that money depends on, read at once past the application: one round trip as the database's superuser."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

QUERIES = {
    "lines": """
        SELECT e.tenant_id, e.id AS entry, e.business_key, e.kind AS event, p.id, a.kind, a.account_id, p.invoice_id,
               p.amount, p.currency
          FROM journal_entries AS e
          LEFT JOIN postings AS p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
          LEFT JOIN ledger_accounts AS a ON a.tenant_id = p.tenant_id AND a.id = p.ledger_account_id
         WHERE e.tenant_id = ANY(%s) ORDER BY e.id, p.id""",
    "invoices": """
        SELECT tenant_id, id, account_id, currency, total, open_amount, void_at IS NOT NULL AS void
          FROM invoices WHERE tenant_id = ANY(%s) ORDER BY id""",
    "attempts": """
        SELECT tenant_id, id, reference, state, amount, currency, mode
          FROM payment_attempts WHERE tenant_id = ANY(%s) ORDER BY id""",
    "items": """
        SELECT tenant_id, attempt_id, invoice_id, amount, surcharge, open
          FROM payment_attempt_items WHERE tenant_id = ANY(%s) ORDER BY id""",
    "payments": """
        SELECT tenant_id, id, attempt_id, amount, returned, currency
          FROM payments WHERE tenant_id = ANY(%s) ORDER BY id""",
    "allocations": """
        SELECT tenant_id, payment_id, invoice_id, amount, reversed, surcharge
          FROM payment_allocations WHERE tenant_id = ANY(%s) ORDER BY id""",
    "credits": """
        SELECT tenant_id, id, payment_id, account_id, amount, remaining, currency
          FROM payment_credits WHERE tenant_id = ANY(%s) ORDER BY id""",
    "refunds": """
        SELECT tenant_id, id, payment_id, amount, way, state, event
          FROM payment_refunds WHERE tenant_id = ANY(%s) ORDER BY id""",
    "disputes": """
        SELECT tenant_id, id, payment_id, amount, state, event
          FROM payment_disputes WHERE tenant_id = ANY(%s) ORDER BY id""",
    "reversals": """
        SELECT tenant_id, payment_id, refund_id, dispute_id, amount
          FROM payment_reversals WHERE tenant_id = ANY(%s) ORDER BY id""",
    "receipts": "SELECT tenant_id, payment_id FROM receipts WHERE tenant_id = ANY(%s) ORDER BY id",
    "letters": """
        SELECT tenant_id, payload ->> 'receipt_id' AS receipt
          FROM outbox WHERE topic = 'payments.receipt' AND tenant_id = ANY(%s) ORDER BY id""",
    "observations": """
        SELECT tenant_id, attempt_id, kind, event, effect
          FROM payment_observations WHERE tenant_id = ANY(%s) ORDER BY id""",
    "quarantine": """
        SELECT tenant_id, attempt_id, kind, data ->> 'observed' AS observed, data ->> 'event' AS event
          FROM payment_quarantine WHERE tenant_id = ANY(%s) ORDER BY id""",
}
# What may grow when something is said again or is put aside, and moves no money.
NOTES = frozenset({"observations", "quarantine"})


@dataclass(frozen=True)
class Books:
    """One tenant's rows by table, each row with the table's columns as attributes."""

    rows: dict[str, list[Any]]

    def __getattr__(self, table: str) -> list[Any]:
        try:
            return self.rows[table]
        except KeyError:
            raise AttributeError(table) from None

    def money(self) -> dict[str, list[Any]]:
        return {table: rows for table, rows in self.rows.items() if table not in NOTES}

    def balance(self, kind: str, currency: str) -> int:
        return sum(row.amount for row in self.lines if (row.kind, row.currency) == (kind, currency))

    def currencies(self) -> set[str]:
        return {row.currency for row in self.lines if row.currency}


Seen = dict[uuid.UUID, Books]


def look(connection: psycopg.Connection[Any], tenant_ids: Sequence[uuid.UUID]) -> Seen:
    found: Seen = {tenant_id: Books({table: [] for table in QUERIES}) for tenant_id in tenant_ids}
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with connection.pipeline():
            cursors = {
                table: connection.cursor(row_factory=namedtuple_row).execute(query, (list(tenant_ids),))
                for table, query in QUERIES.items()
            }
        for table, cursor in cursors.items():
            rows: list[Any] = cursor.fetchall()
            for row in rows:
                found[row.tenant_id].rows[table].append(row)
    return found


def summed(pairs: Any) -> dict[Any, int]:
    """The sum of the amounts per key."""
    found: dict[Any, int] = defaultdict(int)
    for key, amount in pairs:
        found[key] += amount
    return found
