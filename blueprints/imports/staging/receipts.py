"""Receipts: how what an invoice owed came in, or the proof of what the back office had declared paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blueprints.imports.rules import Columns, Found
from blueprints.imports.staging import books
from blueprints.imports.staging.load import Load, Plan
from blueprints.imports.staging.sheet import mark_ready
from blueprints.imports.staging.statement import arrange, execute
from blueprints.ledger import rules
from saas.languages import N_

FIELDS: Final[Mapping[str, str]] = {
    "number": "text",
    "invoice_number": "text",
    "received_on": "date",
    "amount": "bigint",
    "method": "text",
    "reference": "text",
}
NO_INVOICE: Final = N_("There is no invoice “%(value)s”.")
OTHER_CONTENT: Final = N_("“%(value)s” is already in the books with other content: %(columns)s.")
TOO_MUCH: Final = N_("It is more than what is owed on invoice %(invoice)s.")


def prepare(columns: Columns, load: Load) -> list[tuple[str, Found]]:
    return []


def judge(load: Load) -> None:
    execute(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT s.line, 'invoice_number', s.invoice_number, CAST(:msgid AS text),
               jsonb_build_object('value', s.invoice_number)
          FROM staged s
          LEFT JOIN invoices i ON i.tenant_id = :tenant AND i.number = s.invoice_number AND i.void_at IS NULL
         WHERE i.id IS NULL
        """,
        msgid=NO_INVOICE,
    )
    execute(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT x.line, 'number', x.number, CAST(:msgid AS text),
               jsonb_build_object('value', x.number, 'fields', x.fields)
          FROM (SELECT s.line, s.number, array_remove(ARRAY[
                       CASE WHEN p.amount <> s.amount THEN 'amount' END,
                       CASE WHEN p.paid_on <> s.received_on THEN 'received_on' END,
                       CASE WHEN i.number IS DISTINCT FROM s.invoice_number THEN 'invoice_number' END], NULL) AS fields
                  FROM staged s
                  JOIN payments p ON p.tenant_id = :tenant AND p.number = s.number
                  LEFT JOIN payment_allocations l ON l.tenant_id = :tenant AND l.payment_id = p.id
                  LEFT JOIN invoices i ON i.tenant_id = :tenant AND i.id = l.invoice_id) x
         WHERE cardinality(x.fields) > 0
        """,
        msgid=OTHER_CONTENT,
    )
    load.memo["ledger"] = {
        kind: books.common(load, kind) for kind in (rules.CLEARING, rules.DECLARED, rules.SURCHARGE)
    }
    _weigh(load)
    arrange(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT line, 'amount', amount::text, CAST(:msgid AS text), jsonb_build_object('invoice', invoice_number)
          FROM staged_ready WHERE settled_before + settled > owed + late
        """,
        msgid=TOO_MUCH,
    )
    arrange("DELETE FROM staged_ready r USING staged_wrong w WHERE w.line = r.line")


def _weigh(load: Load) -> None:
    """Make staged_ready, without places: what of each new receipt confirms, settles, and is surcharge.

    Receipts of one invoice count in the order of the file: first against what was declared paid, then
    against what is open, at last against the second due date's surcharge when they came after the first.
    """
    execute(
        """
        SELECT count(*) FROM (
            SELECT 1 FROM invoices i
             WHERE i.tenant_id = :tenant AND i.void_at IS NULL AND i.number IN (SELECT s.invoice_number FROM staged s)
             ORDER BY i.id FOR UPDATE) held
        """
    )
    # Each step is a table of its own: of those the planner knows how large they are.
    execute(
        """
        CREATE TEMP TABLE staged_fresh ON COMMIT DROP AS
        SELECT s.line, s.stem, s.number, s.invoice_number, s.received_on, s.amount, s.method, s.reference,
               i.id AS invoice_id, i.account_id, i.open_amount AS owed, i.total, k.books,
               CASE WHEN s.received_on > i.due_on AND i.second_total IS NOT NULL AND i.open_amount <= i.total
                    THEN i.second_total - i.total ELSE 0 END AS late,
               coalesce(sum(s.amount) OVER (PARTITION BY i.id ORDER BY s.line
                                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::bigint AS earlier
          FROM staged s
          JOIN invoices i ON i.tenant_id = :tenant AND i.number = s.invoice_number AND i.void_at IS NULL
          JOIN invoice_types k ON k.tenant_id = :tenant AND k.code = i.type_code
         WHERE NOT EXISTS (SELECT 1 FROM staged_wrong w WHERE w.line = s.line)
           AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.tenant_id = :tenant AND p.number = s.number)
        """
    )
    arrange("ANALYZE staged_fresh")
    execute(
        """
        CREATE TEMP TABLE staged_told ON COMMIT DROP AS
        SELECT p.invoice_id, sum(p.amount)::bigint AS declared
          FROM (SELECT DISTINCT f.invoice_id FROM staged_fresh f) x
          JOIN postings p ON p.tenant_id = :tenant AND p.invoice_id = x.invoice_id AND p.ledger_account_id = :declared
         GROUP BY p.invoice_id
        """,
        declared=load.memo["ledger"][rules.DECLARED],
    )
    arrange("ANALYZE staged_told")
    arrange(
        """
        CREATE TEMP TABLE staged_ready ON COMMIT DROP AS
        SELECT 0::bigint AS place, x.*, x.amount - x.confirmed AS settled,
               greatest(x.settled_before + x.amount - x.confirmed - x.owed, 0)
               - greatest(x.settled_before - x.owed, 0) AS surcharge,
               (x.stem || '0050')::uuid AS payment_id
          FROM (SELECT f.*, greatest(least(f.amount, coalesce(t.declared, 0) - f.earlier), 0) AS confirmed,
                       greatest(f.earlier - coalesce(t.declared, 0), 0) AS settled_before
                  FROM staged_fresh f LEFT JOIN staged_told t ON t.invoice_id = f.invoice_id) x
        """
    )


def plan(load: Load) -> Plan:
    arrange(
        """
        UPDATE staged_ready r SET place = n.place
          FROM (SELECT line, row_number() OVER (ORDER BY line) AS place FROM staged_ready) n WHERE n.line = r.line
        """
    )
    steps = arrange("SELECT count(*) FROM staged_ready").scalar_one()
    mark_ready(steps)
    if steps:
        arrange(
            """
            CREATE TEMP TABLE staged_billed ON COMMIT DROP AS
            SELECT account_id, min(stem) AS stem FROM staged_ready GROUP BY account_id
            """
        )
        books.open_accounts(load, rent=True)
        books.share_out(load, COLLECTED)
    return Plan(created=steps, updated=0, steps=steps)


COLLECTED: Final = """
    SELECT r.place, a.mandate_id, r.settled - r.surcharge AS amount, r.received_on AS day, '0040' AS digits,
           256 AS first
      FROM staged_ready r JOIN staged_accounts a ON a.account_id = r.account_id
     WHERE r.settled - r.surcharge > 0 AND a.lease_id IS NOT NULL AND r.books = 'rent'
"""


def write(load: Load, first: int, last: int) -> None:
    places = {"first": first, "last": last}
    execute(
        """
        INSERT INTO payments (tenant_id, id, number, customer_id, paid_on, amount, currency, method, reference,
                              batch_id, created_at)
        SELECT :tenant, r.payment_id, r.number, {payer}, r.received_on, r.amount, CAST(:currency AS text),
               coalesce(r.method, ''), coalesce(r.reference, ''), CAST(:batch AS uuid), CAST(:moment AS timestamptz)
          FROM staged_ready r JOIN staged_accounts a ON a.account_id = r.account_id
         WHERE r.place BETWEEN :first AND :last
        """.replace("{payer}", books.PAYER.replace("{day}", "r.received_on")),
        currency=load.home.currency,
        batch=load.batch_id,
        moment=load.moment,
        **places,
    )
    execute(
        """
        INSERT INTO payment_allocations (tenant_id, id, payment_id, invoice_id, amount)
        SELECT :tenant, (stem || '0051')::uuid, payment_id, invoice_id, amount
          FROM staged_ready WHERE place BETWEEN :first AND :last
        """,
        **places,
    )
    execute(
        """
        UPDATE invoices i
           SET open_amount = i.open_amount + m.moved,
               settled_on = CASE WHEN i.open_amount + m.moved = 0 THEN m.day END
          FROM (SELECT invoice_id, sum(surcharge - settled)::bigint AS moved, max(received_on) AS day
                  FROM staged_ready WHERE place BETWEEN :first AND :last AND settled > 0 GROUP BY invoice_id) m
         WHERE i.tenant_id = :tenant AND i.id = m.invoice_id
        """,
        **places,
    )
    execute(
        """
        INSERT INTO journal_entries (tenant_id, id, business_key, kind, occurred_on, posted_at)
        SELECT :tenant, (r.stem || e.digits)::uuid, 'payment:' || r.payment_id || ':' || r.invoice_id || e.ending,
               e.kind, r.received_on, CAST(:moment AS timestamptz)
          FROM staged_ready r
         CROSS JOIN LATERAL (VALUES
               ('0020', ':confirmed', 'payment-confirmed', r.confirmed > 0),
               ('0030', ':surcharge', 'surcharge', r.surcharge > 0),
               ('0038', '', 'payment', r.settled > 0),
               ('0040', ':owners', 'rent-collected', EXISTS (SELECT 1 FROM staged_parts o WHERE o.place = r.place))
               ) AS e (digits, ending, kind, wanted)
         WHERE r.place BETWEEN :first AND :last AND e.wanted
        """,
        moment=load.moment,
        **places,
    )
    # One statement for all lines: the database checks the sum of each entry statement by statement.
    execute(
        """
        INSERT INTO postings (tenant_id, id, entry_id, ledger_account_id, invoice_id, amount, currency)
        SELECT :tenant, (r.stem || p.digits)::uuid, (r.stem || p.entry)::uuid, p.ledger_id,
               CASE WHEN p.named THEN r.invoice_id END, p.amount, CAST(:currency AS text)
          FROM staged_ready r
          JOIN staged_accounts a ON a.account_id = r.account_id
         CROSS JOIN LATERAL (VALUES
               ('0020', '0021', CAST(:clearing AS uuid), r.confirmed, true),
               ('0020', '0022', CAST(:declared AS uuid), -r.confirmed, true),
               ('0030', '0031', a.receivable, r.surcharge, true),
               ('0030', '0032', CAST(:surcharge AS uuid), -r.surcharge, false),
               ('0038', '0039', CAST(:clearing AS uuid), r.settled, true),
               ('0038', '003a', a.receivable, -r.settled, true),
               ('0040', '0041', a.uncollected,
                (SELECT sum(o.amount)::bigint FROM staged_parts o WHERE o.place = r.place), true)
               ) AS p (entry, digits, ledger_id, amount, named)
         WHERE r.place BETWEEN :first AND :last AND p.amount <> 0
         UNION ALL
        SELECT :tenant, (r.stem || lpad(to_hex(o.number), 4, '0'))::uuid, (r.stem || '0040')::uuid, o.ledger_id,
               r.invoice_id, -o.amount, CAST(:currency AS text)
          FROM staged_ready r JOIN staged_parts o ON o.place = r.place
         WHERE r.place BETWEEN :first AND :last AND o.place BETWEEN :first AND :last AND o.amount <> 0
        """,
        currency=load.home.currency,
        **load.memo["ledger"],
        **places,
    )


def finish(load: Load) -> None:
    """Nobody is told: a load brings history, and nobody wants a mail for each old receipt."""
