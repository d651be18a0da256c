"""Payouts: money that was handed to owners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blueprints.imports.rules import Columns, Found
from blueprints.imports.staging import books, people
from blueprints.imports.staging.load import Load, Plan
from blueprints.imports.staging.sheet import mark_ready
from blueprints.imports.staging.statement import arrange, execute
from blueprints.ledger import rules
from saas.languages import N_

FIELDS: Final[Mapping[str, str]] = {
    "number": "text",
    "account_number": "text",
    "owner_document": "text",
    "amount": "bigint",
    "paid_on": "date",
    "period": "text",
    "method": "text",
    "reference": "text",
}
NO_CONTRACT: Final = N_("There is no account “%(value)s”.")
NO_OWNER: Final = N_("“%(value)s” is no owner of this contract.")
OTHER_CONTENT: Final = N_("“%(value)s” is already in the books with other content: %(columns)s.")


def prepare(columns: Columns, load: Load) -> list[tuple[str, Found]]:
    load.named.add(columns["owner_document"])
    return []


def judge(load: Load) -> None:
    people.find(load.named, load.home.country)
    people.judge("owner_document")
    execute(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT s.line, 'account_number', s.account_number, CAST(:msgid AS text),
               jsonb_build_object('value', s.account_number)
          FROM staged s
          LEFT JOIN accounts a ON a.tenant_id = :tenant AND a.kind = 'mandate' AND a.number = s.account_number
         WHERE a.id IS NULL
        """,
        msgid=NO_CONTRACT,
    )
    execute(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT s.line, 'owner_document', s.owner_document, CAST(:msgid AS text),
               jsonb_build_object('value', s.owner_document)
          FROM staged s
          JOIN accounts a ON a.tenant_id = :tenant AND a.kind = 'mandate' AND a.number = s.account_number
          JOIN staged_people o ON o.document = s.owner_document
         WHERE NOT EXISTS (SELECT 1 FROM account_parties p
                            WHERE p.tenant_id = :tenant AND p.account_id = a.id AND p.role = 'owner'
                              AND p.customer_id = o.customer_id)
        """,
        msgid=NO_OWNER,
    )
    execute(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT x.line, 'number', x.number, CAST(:msgid AS text),
               jsonb_build_object('value', x.number, 'fields', x.fields)
          FROM (SELECT s.line, s.number, array_remove(ARRAY[
                       CASE WHEN a.number <> s.account_number THEN 'account_number' END,
                       CASE WHEN p.customer_id <> o.customer_id THEN 'owner_document' END,
                       CASE WHEN p.amount <> s.amount THEN 'amount' END,
                       CASE WHEN p.paid_on <> s.paid_on THEN 'paid_on' END,
                       CASE WHEN p.period <> s.period THEN 'period' END], NULL) AS fields
                  FROM staged s
                  JOIN payouts p ON p.tenant_id = :tenant AND p.number = s.number
                  JOIN accounts a ON a.tenant_id = :tenant AND a.id = p.mandate_account_id
                  LEFT JOIN staged_people o ON o.document = s.owner_document) x
         WHERE cardinality(x.fields) > 0
        """,
        msgid=OTHER_CONTENT,
    )


def plan(load: Load) -> Plan:
    execute(
        """
        CREATE TEMP TABLE staged_ready ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY s.line) AS place, s.*, a.id AS account_id, o.customer_id,
               (s.stem || '0010')::uuid AS payout_id
          FROM staged s
          JOIN accounts a ON a.tenant_id = :tenant AND a.kind = 'mandate' AND a.number = s.account_number
          JOIN staged_people o ON o.document = s.owner_document
         WHERE NOT EXISTS (SELECT 1 FROM staged_wrong w WHERE w.line = s.line)
           AND NOT EXISTS (SELECT 1 FROM payouts p WHERE p.tenant_id = :tenant AND p.number = s.number)
        """
    )
    steps = arrange("SELECT count(*) FROM staged_ready").scalar_one()
    mark_ready(steps)
    load.memo["clearing"] = books.common(load, rules.CLEARING)
    execute(
        """
        INSERT INTO ledger_accounts (tenant_id, id, kind, account_id, customer_id, currency)
        SELECT :tenant, (min(r.stem) || '0058')::uuid, 'owner-payable', r.account_id, r.customer_id,
               CAST(:currency AS text)
          FROM staged_ready r GROUP BY r.account_id, r.customer_id
        ON CONFLICT DO NOTHING
        """,
        currency=load.home.currency,
    )
    return Plan(created=steps, updated=0, steps=steps)


def write(load: Load, first: int, last: int) -> None:
    places = {"first": first, "last": last}
    execute(
        """
        INSERT INTO payouts (tenant_id, id, number, mandate_account_id, customer_id, period, amount, currency, paid_on,
                             method, reference, batch_id)
        SELECT :tenant, payout_id, number, account_id, customer_id, coalesce(period, to_char(paid_on, 'YYYY-MM')),
               amount, CAST(:currency AS text), paid_on, coalesce(method, ''), coalesce(reference, ''),
               CAST(:batch AS uuid)
          FROM staged_ready WHERE place BETWEEN :first AND :last
        """,
        currency=load.home.currency,
        batch=load.batch_id,
        **places,
    )
    execute(
        """
        INSERT INTO journal_entries (tenant_id, id, business_key, kind, occurred_on, posted_at)
        SELECT :tenant, (stem || '0020')::uuid, 'payout:' || payout_id, 'owner-paid', paid_on,
               CAST(:moment AS timestamptz)
          FROM staged_ready WHERE place BETWEEN :first AND :last
        """,
        moment=load.moment,
        **places,
    )
    execute(
        """
        INSERT INTO postings (tenant_id, id, entry_id, ledger_account_id, amount, currency)
        SELECT :tenant, (r.stem || p.digits)::uuid, (r.stem || '0020')::uuid, p.ledger_id, p.amount,
               CAST(:currency AS text)
          FROM staged_ready r
          JOIN ledger_accounts k ON k.tenant_id = :tenant AND k.kind = 'owner-payable' AND k.account_id = r.account_id
               AND k.customer_id = r.customer_id AND k.currency = CAST(:currency AS text)
         CROSS JOIN LATERAL (VALUES ('0021', k.id, r.amount), ('0022', CAST(:clearing AS uuid), -r.amount))
               AS p (digits, ledger_id, amount)
         WHERE r.place BETWEEN :first AND :last
        """,
        currency=load.home.currency,
        clearing=load.memo["clearing"],
        **places,
    )


def finish(load: Load) -> None:
    """Nobody is told: a load brings history."""
