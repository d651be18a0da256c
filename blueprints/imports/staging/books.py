"""The books seen from a load: which ledger accounts its rows post to, and how owners share an amount.

What is posted here set-based is what blueprints/ledger/rules.py says; a test imports a pack both ways and
compares every balance.
"""

from __future__ import annotations

import uuid
from typing import Final

from blueprints.imports.staging.load import Load
from blueprints.imports.staging.statement import arrange, execute
from blueprints.ledger import rules
from blueprints.ledger.services import ledger_account

# The last digits of ids that hang on an account's first row.
RECEIVABLE_DIGITS: Final = "0058"
UNCOLLECTED_DIGITS: Final = "0059"


def common(load: Load, kind: str) -> uuid.UUID:
    """The ledger account of a kind that has no dimension."""
    return ledger_account(kind, None, None, load.home.currency)


def open_accounts(load: Load, *, rent: bool) -> None:
    """Open what is missing for the accounts in staged_billed (account_id, stem) and make staged_accounts:
    account_id, receivable, uncollected, mandate_id (of a lease; a mandate is its own), payer_id, and whether
    the account's parties change with time (`dated`: then PAYER says who it was)."""
    _open(load, rules.RECEIVABLE, RECEIVABLE_DIGITS)
    if rent:
        _open(load, rules.UNCOLLECTED_RENT, UNCOLLECTED_DIGITS)
    execute(
        """
        CREATE TEMP TABLE staged_accounts ON COMMIT DROP AS
        SELECT b.account_id, b.stem, r.id AS receivable, u.id AS uncollected,
               coalesce(l.mandate_account_id, b.account_id) AS mandate_id, l.id AS lease_id, p.customer_id AS payer_id,
               coalesce(d.dated, false) AS dated
          FROM staged_billed b
          JOIN ledger_accounts r ON r.tenant_id = :tenant AND r.kind = 'receivable' AND r.account_id = b.account_id
               AND r.customer_id IS NULL AND r.currency = :currency
          LEFT JOIN ledger_accounts u ON u.tenant_id = :tenant AND u.kind = 'uncollected-rent'
               AND u.account_id = b.account_id AND u.customer_id IS NULL AND u.currency = :currency
          LEFT JOIN leases l ON l.tenant_id = :tenant AND l.lease_account_id = b.account_id
          LEFT JOIN (SELECT DISTINCT ON (k.account_id) k.account_id, k.customer_id
                       FROM account_parties k WHERE k.tenant_id = :tenant
                      ORDER BY k.account_id, k.role, k.share DESC, k.customer_id) p ON p.account_id = b.account_id
          LEFT JOIN (SELECT DISTINCT k.account_id, true AS dated FROM account_parties k
                      WHERE k.tenant_id = :tenant AND (k.valid_from IS NOT NULL OR k.valid_until IS NOT NULL)
                    ) d ON d.account_id = b.account_id
        """,
        currency=load.home.currency,
    )
    arrange("ANALYZE staged_accounts")


def _open(load: Load, kind: str, digits: str) -> None:
    execute(
        """
        INSERT INTO ledger_accounts (tenant_id, id, kind, account_id, currency)
        SELECT :tenant, (b.stem || :digits)::uuid, CAST(:kind AS text), b.account_id, CAST(:currency AS text)
          FROM staged_billed b
         WHERE NOT EXISTS (SELECT 1 FROM ledger_accounts k
                            WHERE k.tenant_id = :tenant AND k.kind = CAST(:kind AS text) AND k.account_id = b.account_id
                              AND k.customer_id IS NULL AND k.currency = CAST(:currency AS text))
        ON CONFLICT DO NOTHING
        """,
        kind=kind,
        digits=digits,
        currency=load.home.currency,
    )


# Who stands behind an account `a` of staged_accounts on {day}; any of its parties when none does on that day.
PAYER: Final = """
    CASE WHEN a.dated THEN coalesce(
        (SELECT k.customer_id FROM account_parties k
          WHERE k.tenant_id = :tenant AND k.account_id = a.account_id
            AND {day} BETWEEN coalesce(k.valid_from, '-infinity') AND coalesce(k.valid_until, 'infinity')
          ORDER BY k.role, k.share DESC, k.customer_id LIMIT 1), a.payer_id)
    ELSE a.payer_id END"""


def share_out(load: Load, amounts: str) -> None:
    """Make staged_parts: what falls to each owner of an amount, to the last cent by largest remainder.

    `amounts` is a query on temporary tables that gives place, mandate_id, amount, day (on which it came in),
    digits (the entry's) and first (a number: ids of the parts count from it). Owners stand in the order of
    blueprints/leases/services.owners_of, which decides between equal remainders; who owns on a day is what
    blueprints/leases/rules.owners_on says.
    """
    execute(
        """
        CREATE TEMP TABLE staged_shares ON COMMIT DROP AS
        SELECT p.account_id AS mandate_id, p.customer_id, p.share, b.stem, row_number() OVER owners AS place,
               coalesce(p.valid_from, '-infinity') AS since, coalesce(p.valid_until, 'infinity') AS until
          FROM account_parties p
          JOIN (SELECT mandate_id, min(stem) AS stem FROM staged_accounts GROUP BY mandate_id) b
            ON b.mandate_id = p.account_id
         WHERE p.tenant_id = :tenant AND p.role = 'owner'
        WINDOW owners AS (PARTITION BY p.account_id ORDER BY p.share DESC, p.customer_id)
        """
    )
    execute(
        """
        INSERT INTO ledger_accounts (tenant_id, id, kind, account_id, customer_id, currency)
        SELECT :tenant, (s.stem || lpad(to_hex(768 + s.place), 4, '0'))::uuid, 'owner-payable', s.mandate_id,
               s.customer_id, CAST(:currency AS text)
          FROM staged_shares s
        ON CONFLICT DO NOTHING
        """,
        currency=load.home.currency,
    )
    arrange("ANALYZE staged_shares")
    arrange(OWNED.replace("{amounts}", amounts))
    arrange("ANALYZE staged_owned")
    execute(
        SHARING.replace("{amounts}", amounts),
        currency=load.home.currency,
    )
    arrange("CREATE INDEX ON staged_parts (place)")
    arrange("ANALYZE staged_parts")


# Each day on which something came in, with the day whose owners get it.
OWNED: Final = """
    CREATE TEMP TABLE staged_owned ON COMMIT DROP AS
    SELECT d.mandate_id, d.day,
           CASE WHEN bool_or(d.day BETWEEN s.since AND s.until) THEN d.day
                ELSE coalesce(min(s.since) FILTER (WHERE s.since > d.day), max(s.until)) END AS owners_of
      FROM (SELECT DISTINCT a.mandate_id, a.day FROM ({amounts}) a) d
      JOIN staged_shares s ON s.mandate_id = d.mandate_id
     GROUP BY d.mandate_id, d.day
"""
SHARING: Final = """
    CREATE TEMP TABLE staged_parts ON COMMIT DROP AS
    SELECT t.place, t.digits, t.first + t.owner AS number, k.id AS ledger_id,
           t.base + CASE WHEN row_number() OVER (PARTITION BY t.place, t.digits ORDER BY t.rest DESC, t.owner)
                              <= t.amount - sum(t.base) OVER (PARTITION BY t.place, t.digits)
                         THEN 1 ELSE 0 END AS amount
      FROM (SELECT a.place, a.digits, a.first, a.amount, s.place AS owner, s.mandate_id, s.customer_id,
                   div(a.amount * s.share::numeric, s.whole)::bigint AS base,
                   mod(a.amount * s.share::numeric, s.whole) AS rest
              FROM ({amounts}) a
              JOIN (SELECT o.mandate_id, o.day, s.customer_id, s.share, s.place,
                           sum(s.share) OVER (PARTITION BY o.mandate_id, o.day) AS whole
                      FROM staged_owned o
                      JOIN staged_shares s ON s.mandate_id = o.mandate_id AND o.owners_of BETWEEN s.since AND s.until
                   ) s ON s.mandate_id = a.mandate_id AND s.day = a.day) t
      JOIN ledger_accounts k ON k.tenant_id = :tenant AND k.kind = 'owner-payable' AND k.account_id = t.mandate_id
           AND k.customer_id = t.customer_id AND k.currency = :currency
"""
