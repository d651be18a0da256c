"""Invoices: which are new, which are said to be paid now, and which stand in the books with other content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select

from blueprints.imports.rules import Columns, Found
from blueprints.imports.staging import invoice_money, people
from blueprints.imports.staging.lease_scenarios import follow_invoices
from blueprints.imports.staging.load import Load, Plan
from blueprints.imports.staging.sheet import mark_ready
from blueprints.imports.staging.statement import arrange, execute
from blueprints.invoices.models import InvoiceType
from blueprints.invoices.services import add_invoice_type
from saas.database import db
from saas.languages import N_

FIELDS: Final[Mapping[str, str]] = {
    "number": "text",
    "account_number": "text",
    "period": "text",
    "concept": "text",
    "net": "bigint",
    "tax": "bigint",
    "withholding": "bigint",
    "total": "bigint",
    "issued_on": "date",
    "due_on": "date",
    "second_due_on": "date",
    "second_total": "bigint",
    "state": "text",
    "paid_on": "date",
    "payment_code": "text",
    "cufe": "text",
    "cae": "text",
    "cae_due_on": "date",
    "consumption": "bigint",
    "owner_documents": "text[]",
}
# What a tenant gets that has no such type yet: account kind, books, names.
TYPES: Final[Mapping[str, tuple[str, str, Mapping[str, Any]]]] = {
    "rent": (
        "lease",
        "rent",
        {
            "es": {"one": "Factura de arriendo", "many": "Facturas de arriendo"},
            "en": {"one": "Rent invoice", "many": "Rent invoices"},
        },
    ),
    "commission": (
        "mandate",
        "commission",
        {
            "es": {"one": "Factura de comisión", "many": "Facturas de comisión"},
            "en": {"one": "Commission invoice", "many": "Commission invoices"},
        },
    ),
    "supply": (
        "supply",
        "revenue",
        {
            "es": {"one": "Factura de servicio", "many": "Facturas de servicio"},
            "en": {"one": "Service invoice", "many": "Service invoices"},
        },
    ),
}
NO_ACCOUNT: Final = N_("There is no account “%(value)s”.")
OTHER_CONTENT: Final = N_("“%(value)s” is already in the books with other content: %(columns)s.")
NO_SUM: Final = N_("Its parts do not make its total.")
NO_OWNER: Final = N_("“%(value)s” is no owner of this contract.")


def invoice_type(code: str) -> tuple[str, str, Mapping[str, Any]]:
    """Account kind, books and names of a type of the active tenant; a type that we know is made when missing."""
    wanted = select(InvoiceType.account_kind, InvoiceType.books, InvoiceType.names).where(
        InvoiceType.code == code
    )
    row = db.session.execute(wanted).first()
    if row is None:
        account_kind, books, names = TYPES[code]
        add_invoice_type(
            code, account_kind=account_kind, books=books, names=names, payable_online=books != "commission"
        )
        return account_kind, books, names
    return row.account_kind, row.books, row.names


def prepare(columns: Columns, load: Load) -> list[tuple[str, Found]]:
    for documents in columns.get("owner_documents") or ():
        load.named.add(documents or ())
    return []


def judge(load: Load) -> None:
    account_kind, books, names = invoice_type(load.constants["invoice_type"])
    load.memo.update(account_kind=account_kind, books=books)
    words = names.get(load.home.language) or next(iter(names.values()))
    load.memo["concept"] = load.constants.get("concept") or words["one"]
    _judge_accounts(load)
    arrange(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT line, 'total', total::text, CAST(:msgid AS text), '{}' FROM staged
         WHERE coalesce(tax, 0) < 0 OR coalesce(withholding, 0) < 0 OR total <= 0
            OR coalesce(net, total - coalesce(tax, 0) + coalesce(withholding, 0)) < 0
            OR net + coalesce(tax, 0) - coalesce(withholding, 0) <> total
        """,
        msgid=NO_SUM,
    )
    _judge_content(load)


def _judge_accounts(load: Load) -> None:
    execute(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT s.line, 'account_number', s.account_number, CAST(:msgid AS text),
               jsonb_build_object('value', s.account_number)
          FROM staged s
          LEFT JOIN accounts a ON a.tenant_id = :tenant AND a.kind = :account_kind AND a.number = s.account_number
         WHERE a.id IS NULL
        """,
        msgid=NO_ACCOUNT,
        account_kind=load.memo["account_kind"],
    )
    if not load.named.documents:
        return
    people.find(load.named, load.home.country)
    people.judge("owner_documents", listed=True)
    execute(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT s.line, 'owner_documents', d.document, CAST(:msgid AS text), jsonb_build_object('value', d.document)
          FROM staged s
         CROSS JOIN LATERAL unnest(s.owner_documents) AS d (document)
          JOIN staged_people o ON o.document = d.document
          JOIN accounts a ON a.tenant_id = :tenant AND a.kind = :account_kind AND a.number = s.account_number
         WHERE NOT EXISTS (SELECT 1 FROM account_parties p
                            WHERE p.tenant_id = :tenant AND p.account_id = a.id AND p.customer_id = o.customer_id
                              AND p.role = 'owner')
        """,
        msgid=NO_OWNER,
        account_kind=load.memo["account_kind"],
    )


def _judge_content(load: Load) -> None:
    """A number that stands in the books must say the same there; what a cell leaves empty is not compared."""
    execute(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT x.line, 'number', x.number, CAST(:msgid AS text),
               jsonb_build_object('value', x.number, 'fields', x.fields)
          FROM (SELECT s.line, s.number, array_remove(ARRAY[
                       CASE WHEN i.type_code <> :type_code THEN 'number' END,
                       CASE WHEN a.number <> s.account_number THEN 'account_number' END,
                       CASE WHEN i.period <> s.period THEN 'period' END,
                       CASE WHEN i.issued_on <> s.issued_on THEN 'issued_on' END,
                       CASE WHEN i.due_on <> s.due_on THEN 'due_on' END,
                       CASE WHEN i.total <> s.total THEN 'total' END,
                       CASE WHEN i.subtotal <> s.net THEN 'net' END,
                       CASE WHEN i.tax <> s.tax THEN 'tax' END,
                       CASE WHEN i.withholding <> s.withholding THEN 'withholding' END,
                       CASE WHEN s.second_total IS NOT NULL AND i.second_total IS DISTINCT FROM s.second_total
                            THEN 'second_total' END,
                       CASE WHEN s.second_total IS NOT NULL AND s.second_due_on IS NOT NULL
                                 AND i.second_due_on IS DISTINCT FROM s.second_due_on THEN 'second_due_on' END,
                       CASE WHEN s.payment_code IS NOT NULL AND i.payment_code IS DISTINCT FROM s.payment_code
                            THEN 'payment_code' END,
                       CASE WHEN s.cufe IS NOT NULL AND i.fiscal_id IS DISTINCT FROM s.cufe THEN 'cufe' END,
                       CASE WHEN s.cae IS NOT NULL AND i.fiscal_id IS DISTINCT FROM s.cae THEN 'cae' END
                       ], NULL) AS fields
                  FROM staged s
                  JOIN invoices i ON i.tenant_id = :tenant AND i.number = s.number AND i.void_at IS NULL
                  JOIN accounts a ON a.tenant_id = :tenant AND a.id = i.account_id
                 WHERE NOT EXISTS (SELECT 1 FROM staged_wrong w WHERE w.line = s.line)) x
         WHERE cardinality(x.fields) > 0
        """,
        msgid=OTHER_CONTENT,
        type_code=load.constants["invoice_type"],
    )


def plan(load: Load) -> Plan:
    """New invoices, and known ones that the file says are paid while something is open on them."""
    execute(
        """
        SELECT count(*) FROM (
            SELECT 1 FROM staged s
              JOIN invoices i ON i.tenant_id = :tenant AND i.number = s.number AND i.void_at IS NULL
             WHERE s.state = 'paid' AND i.open_amount > 0 ORDER BY i.id FOR UPDATE OF i) held
        """
    )
    execute(
        """
        CREATE TEMP TABLE staged_ready ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY x.line) AS place,
               coalesce(x.known_id, (x.stem || '0010')::uuid) AS id, x.*,
               CASE WHEN x.how = 'payment' AND x.day > x.due_on AND x.second_total IS NOT NULL AND x.owed <= x.total
                    THEN x.second_total - x.total ELSE 0 END AS surcharge
          FROM (SELECT s.line, s.stem, i.id AS known_id, a.id AS account_id, s.number, s.issued_on, s.due_on, s.total,
                       coalesce(s.period, to_char(s.issued_on, 'YYYY-MM')) AS period,
                       coalesce(s.concept, CAST(:concept AS text)) AS concept,
                       s.total - coalesce(s.tax, 0) + coalesce(s.withholding, 0) AS subtotal,
                       coalesce(s.tax, 0) AS tax, coalesce(s.withholding, 0) AS withholding,
                       CASE WHEN s.second_total IS NOT NULL THEN s.second_due_on END AS second_due_on,
                       CASE WHEN s.second_due_on IS NOT NULL THEN s.second_total END AS second_total,
                       s.payment_code, coalesce(s.cufe, s.cae) AS fiscal_id,
                       CASE WHEN s.cufe IS NOT NULL THEN 'cufe' WHEN s.cae IS NOT NULL THEN 'cae' END AS fiscal_kind,
                       s.cae_due_on, s.consumption, coalesce(i.open_amount, s.total) AS owed,
                       CASE WHEN s.state IS DISTINCT FROM 'paid' THEN NULL
                            WHEN CAST(:books AS text) = 'commission' THEN 'withheld'
                            WHEN s.paid_on IS NOT NULL THEN 'payment' ELSE 'declared' END AS how,
                       coalesce(s.paid_on, s.due_on) AS day
                  FROM staged s
                  JOIN accounts a ON a.tenant_id = :tenant AND a.kind = :account_kind AND a.number = s.account_number
                  LEFT JOIN invoices i ON i.tenant_id = :tenant AND i.number = s.number AND i.void_at IS NULL
                 WHERE NOT EXISTS (SELECT 1 FROM staged_wrong w WHERE w.line = s.line)) x
         WHERE x.known_id IS NULL OR (x.how IS NOT NULL AND x.owed > 0)
        """,
        concept=load.memo["concept"],
        books=load.memo["books"],
        account_kind=load.memo["account_kind"],
    )
    row = arrange("SELECT count(*) AS steps, count(known_id) AS updated FROM staged_ready").one()
    mark_ready(row.steps)
    if row.steps:
        invoice_money.prepare_books(load)
    return Plan(created=row.steps - row.updated, updated=row.updated, steps=row.steps)


def write(load: Load, first: int, last: int) -> None:
    places = {"first": first, "last": last}
    execute(
        """
        INSERT INTO invoices (tenant_id, id, number, type_code, account_id, period, issued_on, due_on, second_due_on,
                              currency, subtotal, tax, withholding, total, second_total, open_amount, settled_on,
                              payment_code, fiscal_kind, fiscal_id, fiscal_due_on, details, batch_id, created_at)
        SELECT :tenant, id, number, CAST(:type_code AS text), account_id, period, issued_on, due_on, second_due_on,
               CAST(:currency AS text), subtotal, tax, withholding, total, second_total,
               CASE WHEN how IS NULL THEN total ELSE 0 END, CASE WHEN how IS NOT NULL THEN day END, payment_code,
               fiscal_kind, fiscal_id, cae_due_on,
               CASE WHEN consumption IS NULL THEN '{}'
                    ELSE jsonb_strip_nulls(jsonb_build_object('consumption', consumption, 'unit', CAST(:unit AS text)))
               END, CAST(:batch AS uuid), CAST(:moment AS timestamptz)
          FROM staged_ready WHERE place BETWEEN :first AND :last AND known_id IS NULL
        """,
        type_code=load.constants["invoice_type"],
        currency=load.home.currency,
        unit=load.constants.get("consumption_unit"),
        batch=load.batch_id,
        moment=load.moment,
        **places,
    )
    execute(
        """
        INSERT INTO invoice_lines (tenant_id, id, invoice_id, position, kind, description, amount)
        SELECT :tenant, (r.stem || '001' || l.position)::uuid, r.id, l.position, l.kind, l.description, l.amount
          FROM staged_ready r
         CROSS JOIN LATERAL (VALUES
               (1, 'charge', r.concept, r.subtotal),
               (2, 'tax', CAST(:tax_text AS text), r.tax),
               (CASE WHEN r.tax = 0 THEN 2 ELSE 3 END, 'withholding', CAST(:withholding_text AS text), -r.withholding)
               ) AS l (position, kind, description, amount)
         WHERE r.place BETWEEN :first AND :last AND r.known_id IS NULL AND (l.amount <> 0 OR l.kind = 'charge')
        """,
        tax_text=load.constants.get("tax_text", "IVA"),
        withholding_text=load.constants.get("withholding_text", "Retención"),
        **places,
    )
    execute(
        """
        UPDATE invoices i SET open_amount = 0, settled_on = r.day
          FROM staged_ready r
         WHERE r.place BETWEEN :first AND :last AND i.tenant_id = :tenant AND i.id = r.known_id
        """,
        **places,
    )
    invoice_money.write(load, first, last)


def finish(load: Load) -> None:
    """Nobody is told: a load brings history, and nobody wants a mail for each old bill. Rent tells how it is taxed."""
    if load.memo["books"] == "rent":
        follow_invoices()
