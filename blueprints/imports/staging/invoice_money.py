"""What invoices post: their issue, and what the file says of their being paid.

A bill with a day of payment gets a payment of that day, at the amount that held then. Without a day the back
office only declares it paid: it is settled against `declared` on its due day, until its receipt is imported.
A commission is withheld from the owners. Rent that is settled belongs to the owners at once.
"""

from __future__ import annotations

from typing import Final

from blueprints.imports.staging import books
from blueprints.imports.staging.load import Load
from blueprints.imports.staging.statement import arrange, execute
from blueprints.ledger import rules

ISSUE: Final = "0020"
SURCHARGE: Final = "0030"
SETTLE: Final = "0038"
OWNERS: Final = "0040"


def prepare_books(load: Load) -> None:
    """Everything that the slices look up: ledger accounts, and the parts of owners."""
    rent = load.memo["books"] == "rent"
    arrange(
        """
        CREATE TEMP TABLE staged_billed ON COMMIT DROP AS
        SELECT account_id, min(stem) AS stem FROM staged_ready GROUP BY account_id
        """
    )
    books.open_accounts(load, rent=rent)
    kinds = [rules.TAX_PAYABLE, rules.CLEARING, rules.DECLARED, rules.SURCHARGE]
    against = rules.BOOKS[load.memo["books"]]
    load.memo["ledger"] = {
        "against": None if rent else books.common(load, against),
        **{kind.partition("-")[0]: books.common(load, kind) for kind in kinds},
    }
    if load.memo["books"] == "revenue":
        return
    # Withheld commissions count from 512, collected rent from 256: the ids of one row's parts do not meet.
    books.share_out(load, COLLECTED if rent else WITHHELD)


COLLECTED: Final = """
    SELECT r.place, a.mandate_id, least(r.owed, r.total) AS amount, r.day, '0040' AS digits, 256 AS first
      FROM staged_ready r JOIN staged_accounts a ON a.account_id = r.account_id
     WHERE r.how IS NOT NULL AND a.lease_id IS NOT NULL
"""
WITHHELD: Final = """
    SELECT r.place, a.mandate_id, r.owed AS amount, r.day, '0038' AS digits, 512 AS first
      FROM staged_ready r JOIN staged_accounts a ON a.account_id = r.account_id
     WHERE r.how = 'withheld'
"""


def write(load: Load, first: int, last: int) -> None:
    places = {"first": first, "last": last}
    _write_payments(load, first, last)
    execute(
        """
        INSERT INTO journal_entries (tenant_id, id, business_key, kind, occurred_on, posted_at)
        SELECT :tenant, (r.stem || e.digits)::uuid, e.key, e.kind, e.day, CAST(:moment AS timestamptz)
          FROM staged_ready r
          JOIN staged_accounts a ON a.account_id = r.account_id
         CROSS JOIN LATERAL (VALUES
               ('0020', 'invoice:' || r.id || ':issue', 'invoice-issued', r.issued_on, r.known_id IS NULL),
               ('0030', 'payment:' || (r.stem || '0050')::uuid || ':' || r.id || ':surcharge', 'surcharge', r.day,
                r.surcharge > 0),
               ('0038', CASE WHEN r.how = 'payment' THEN 'payment:' || (r.stem || '0050')::uuid || ':' || r.id
                             ELSE 'import:' || CAST(:batch AS text) || ':' || r.id || ':' || r.how END,
                CASE r.how WHEN 'payment' THEN 'payment' WHEN 'declared' THEN 'payment-declared'
                           ELSE 'commission-withheld' END, r.day, r.how IS NOT NULL),
               ('0040', CASE WHEN r.how = 'payment' THEN 'payment:' || (r.stem || '0050')::uuid
                             ELSE 'import:' || CAST(:batch AS text) END || ':' || r.id || ':owners',
                'rent-collected', r.day,
                r.how IS NOT NULL AND a.lease_id IS NOT NULL AND CAST(:books AS text) = 'rent')
               ) AS e (digits, key, kind, day, wanted)
         WHERE r.place BETWEEN :first AND :last AND e.wanted
        """,
        moment=load.moment,
        batch=str(load.batch_id),
        books=load.memo["books"],
        **places,
    )
    # One statement for all lines: the database checks the sum of each entry statement by statement.
    execute(
        POSTINGS + (PARTS if load.memo["books"] != "revenue" else ""),
        books=load.memo["books"],
        currency=load.home.currency,
        **load.memo["ledger"],
        **places,
    )


POSTINGS: Final = """
    INSERT INTO postings (tenant_id, id, entry_id, ledger_account_id, invoice_id, amount, currency)
    SELECT :tenant, (r.stem || p.digits)::uuid, (r.stem || p.entry)::uuid, p.ledger_id,
           CASE WHEN p.named THEN r.id END, p.amount, CAST(:currency AS text)
      FROM staged_ready r
      JOIN staged_accounts a ON a.account_id = r.account_id
     CROSS JOIN LATERAL (VALUES
           ('0020', '0021', a.receivable, r.total, r.known_id IS NULL, true),
           ('0020', '0022', coalesce(CAST(:against AS uuid), a.uncollected),
            -(r.total - CASE WHEN CAST(:books AS text) = 'rent' THEN 0 ELSE r.tax - r.withholding END),
            r.known_id IS NULL, false),
           ('0020', '0023', CAST(:tax AS uuid),
            CASE WHEN CAST(:books AS text) = 'rent' THEN 0 ELSE r.withholding - r.tax END, r.known_id IS NULL, false),
           ('0030', '0031', a.receivable, r.surcharge, true, true),
           ('0030', '0032', CAST(:surcharge AS uuid), -r.surcharge, true, false),
           ('0038', '0039', CASE r.how WHEN 'declared' THEN CAST(:declared AS uuid) ELSE CAST(:clearing AS uuid) END,
            r.owed + r.surcharge, r.how IN ('payment', 'declared'), true),
           ('0038', '003a', a.receivable, -(r.owed + r.surcharge), r.how IS NOT NULL, true),
           ('0040', '0041', a.uncollected, least(r.owed, r.total),
            r.how IS NOT NULL AND a.lease_id IS NOT NULL AND CAST(:books AS text) = 'rent', true)
           ) AS p (entry, digits, ledger_id, amount, wanted, named)
     WHERE r.place BETWEEN :first AND :last AND p.wanted AND p.amount <> 0
"""
PARTS: Final = """
     UNION ALL
    SELECT :tenant, (r.stem || lpad(to_hex(o.number), 4, '0'))::uuid, (r.stem || o.digits)::uuid, o.ledger_id, r.id,
           CASE o.digits WHEN '0040' THEN -o.amount ELSE o.amount END, CAST(:currency AS text)
      FROM staged_ready r JOIN staged_parts o ON o.place = r.place
     WHERE r.place BETWEEN :first AND :last AND o.place BETWEEN :first AND :last AND o.amount <> 0
"""


def _write_payments(load: Load, first: int, last: int) -> None:
    execute(
        """
        INSERT INTO payments (tenant_id, id, customer_id, paid_on, amount, currency, method, reference, batch_id,
                              created_at)
        SELECT :tenant, (r.stem || '0050')::uuid, {payer}, r.day, r.owed + r.surcharge, CAST(:currency AS text),
               CAST(:method AS text), coalesce(r.payment_code, r.number), CAST(:batch AS uuid),
               CAST(:moment AS timestamptz)
          FROM staged_ready r JOIN staged_accounts a ON a.account_id = r.account_id
         WHERE r.place BETWEEN :first AND :last AND r.how = 'payment'
        """.replace("{payer}", books.PAYER.replace("{day}", "r.day")),
        currency=load.home.currency,
        method=load.constants.get("paid_method", ""),
        batch=load.batch_id,
        moment=load.moment,
        first=first,
        last=last,
    )
    execute(
        """
        INSERT INTO payment_allocations (tenant_id, id, payment_id, invoice_id, amount)
        SELECT :tenant, (r.stem || '0051')::uuid, (r.stem || '0050')::uuid, r.id, r.owed + r.surcharge
          FROM staged_ready r WHERE r.place BETWEEN :first AND :last AND r.how = 'payment'
        """,
        first=first,
        last=last,
    )
