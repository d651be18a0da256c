"""Supplies: an account, its holder, and what is written on the meter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blueprints.imports.rules import Columns, Found
from blueprints.imports.staging.customers import NO_DOCUMENT, planned
from blueprints.imports.staging.events import tell_parties
from blueprints.imports.staging.load import Load, Plan
from blueprints.imports.staging.statement import arrange, execute
from saas.identity_numbers import normalise_document
from saas.languages import N_

FIELDS: Final[Mapping[str, str]] = {
    "number": "text",
    "holder_name": "text",
    "document_type": "text",
    "document_number": "text",
    "address": "text",
    "district": "text",
    "category": "text",
    "metered": "boolean",
    "meter": "text",
    "latitude": "text",
    "longitude": "text",
}
OTHER_HOLDER: Final = N_("The account “%(value)s” has another holder in the books.")


def prepare(columns: Columns, load: Load) -> list[tuple[str, Found]]:
    country = load.home.country
    pairs = zip(columns["document_type"], columns["document_number"], strict=True)
    columns["document_number"] = [normalise_document(country, kind, number) for kind, number in pairs]
    for name in ("latitude", "longitude"):
        if name in columns:  # kept as written: they are shown on a map, nothing is decided on them
            columns[name] = [None if value is None else str(value) for value in columns[name]]
    return [
        ("document_number", [(i, NO_DOCUMENT) for i, n in enumerate(columns["document_number"]) if not n])
    ]


def judge(load: Load) -> None:
    """A change of holder moves rights, so a file alone may not make it."""
    execute(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT s.line, 'document_number', s.document_number, CAST(:msgid AS text),
               jsonb_build_object('value', s.number)
          FROM staged s
          JOIN accounts a ON a.tenant_id = :tenant AND a.kind = 'supply' AND a.number = s.number
         WHERE NOT EXISTS (
               SELECT 1 FROM account_parties p
                 JOIN customers c ON c.tenant_id = :tenant AND c.id = p.customer_id
                WHERE p.tenant_id = :tenant AND p.account_id = a.id AND p.role = 'holder'
                  AND c.document_kind = s.document_type AND c.document_number = s.document_number)
        """,
        msgid=OTHER_HOLDER,
    )


def plan(load: Load) -> Plan:
    execute(
        """
        CREATE TEMP TABLE staged_ready ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY x.line) AS place, x.*
          FROM (SELECT g.*, a.id AS known_id,
                       a.id IS NOT NULL AND (g.address IS DISTINCT FROM a.address
                         OR coalesce(g.district, a.city) IS DISTINCT FROM a.city
                         OR NOT a.details @> g.details) AS differs
                  FROM (SELECT s.*, jsonb_strip_nulls(jsonb_build_object(
                                 'category', s.category, 'metered', s.metered, 'meter', s.meter,
                                 'latitude', s.latitude, 'longitude', s.longitude)) AS details
                          FROM staged s
                         WHERE NOT EXISTS (SELECT 1 FROM staged_wrong w WHERE w.line = s.line)) g
                  LEFT JOIN accounts a ON a.tenant_id = :tenant AND a.kind = 'supply' AND a.number = g.number) x
         WHERE x.known_id IS NULL OR x.differs
        """
    )
    found = planned()
    # Holders that nobody knows yet. The same person may hold several supplies: the first row names them.
    execute(
        """
        INSERT INTO customers (tenant_id, id, document_kind, document_number, name, batch_id, created_at, updated_at)
        SELECT DISTINCT ON (document_type, document_number)
               :tenant, (stem || '0011')::uuid, document_type, document_number, holder_name, CAST(:batch AS uuid),
               CAST(:moment AS timestamptz), CAST(:moment AS timestamptz)
          FROM staged_ready WHERE known_id IS NULL ORDER BY document_type, document_number, line
        ON CONFLICT (tenant_id, document_kind, document_number) DO NOTHING
        """,
        batch=load.batch_id,
        moment=load.moment,
    )
    return found


def write(load: Load, first: int, last: int) -> None:
    values = {"batch": load.batch_id, "moment": load.moment, "first": first, "last": last}
    execute(
        """
        INSERT INTO accounts (tenant_id, id, kind, number, address, city, status, details, batch_id, created_at)
        SELECT :tenant, (stem || '0010')::uuid, 'supply', number, address, coalesce(district, ''), 'active', details,
               CAST(:batch AS uuid), CAST(:moment AS timestamptz)
          FROM staged_ready WHERE place BETWEEN :first AND :last AND known_id IS NULL
        """,
        **values,
    )
    execute(
        """
        INSERT INTO account_parties (tenant_id, id, account_id, customer_id, role, share)
        SELECT :tenant, (r.stem || '0012')::uuid, (r.stem || '0010')::uuid, c.id, 'holder', 1000000
          FROM staged_ready r
          JOIN customers c ON c.tenant_id = :tenant AND c.document_kind = r.document_type
               AND c.document_number = r.document_number
         WHERE r.place BETWEEN :first AND :last AND r.known_id IS NULL
        """,
        first=first,
        last=last,
    )
    execute(
        """
        UPDATE accounts a
           SET address = r.address, city = coalesce(r.district, a.city), details = a.details || r.details
          FROM staged_ready r
         WHERE r.place BETWEEN :first AND :last AND a.tenant_id = :tenant AND a.id = r.known_id
        """,
        first=first,
        last=last,
    )


def finish(load: Load) -> None:
    arrange(
        """
        CREATE TEMP TABLE staged_billed ON COMMIT DROP AS
        SELECT (stem || '0010')::uuid AS account_id FROM staged_ready WHERE known_id IS NULL
        """
    )
    tell_parties()
