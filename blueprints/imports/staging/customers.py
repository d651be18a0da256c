"""People and companies: new ones are added, known ones are brought up to date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blueprints.imports.problems import Fault
from blueprints.imports.rules import Columns, Found
from blueprints.imports.staging.load import Load, Plan
from blueprints.imports.staging.sheet import mark_ready
from blueprints.imports.staging.statement import arrange, execute
from saas.identity_numbers import normalise_document, normalise_email, normalise_phone
from saas.languages import N_

FIELDS: Final[Mapping[str, str]] = {
    "document_type": "text",
    "document_number": "text",
    "name": "text",
    "email": "text",
    "phone": "text",
    "address": "text",
    "city": "text",
}
CONTACT: Final = ("email", "phone", "address", "city")
# The back office has not heard yet of what a customer (or staff, at the desk) changed: its old value is no news.
_STALE: Final = """
    UPDATE staged s SET {field} = NULL
      FROM customers c
      JOIN LATERAL (
            SELECT k.before, k.source FROM contact_changes k
             WHERE k.tenant_id = c.tenant_id AND k.customer_id = c.id AND k.field = :field
             ORDER BY k.id DESC LIMIT 1) last ON last.source <> 'import'
     WHERE c.tenant_id = :tenant AND c.document_kind = s.document_type AND c.document_number = s.document_number
       AND s.{field} IS NOT NULL AND last.before IS NOT DISTINCT FROM s.{field}
"""
_HISTORY: Final = """
    INSERT INTO contact_changes (tenant_id, id, customer_id, field, before, after, source, changed_by, changed_at)
    SELECT :tenant, (r.stem || '{kind}')::uuid, c.id, '{field}', c.{field}, r.{field}, 'import', '',
           CAST(:moment AS timestamptz)
      FROM staged_ready r
      JOIN customers c ON c.tenant_id = :tenant AND c.id = r.known_id
     WHERE r.place BETWEEN :first AND :last AND r.{field} IS NOT NULL AND r.{field} IS DISTINCT FROM c.{field}
"""
NO_DOCUMENT: Final = Fault(N_("It is no document number."))
NO_EMAIL: Final = Fault(N_("It is no e-mail address and was left out."), refuses=False)


def prepare(columns: Columns, load: Load) -> list[tuple[str, Found]]:
    """Bring documents, addresses and telephones to the forms in which they are kept and compared."""
    country = load.home.country
    pairs = zip(columns["document_type"], columns["document_number"], strict=True)
    columns["document_number"] = [normalise_document(country, kind, number) for kind, number in pairs]
    found: Found = [(i, NO_DOCUMENT) for i, number in enumerate(columns["document_number"]) if not number]
    wrong: Found = []
    if "email" in columns:
        given = columns["email"]
        columns["email"] = [normalise_email(email) if email else None for email in given]
        wrong = [(i, NO_EMAIL) for i, email in enumerate(columns["email"]) if given[i] and email is None]
    if "phone" in columns:
        columns["phone"] = [
            (normalise_phone(phone, country) or phone) if phone else None for phone in columns["phone"]
        ]
    return [("document_number", found), *([("email", wrong)] if wrong else [])]


def judge(load: Load) -> None:
    """Nothing in the books can stand against a person."""


def plan(load: Load) -> Plan:
    """What a cell leaves empty stays as it is; so does what the customer changed since, while the file says the old."""
    for field in CONTACT:
        execute(_STALE.replace("{field}", field), field=field)
    execute(
        """
        CREATE TEMP TABLE staged_ready ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY x.line) AS place, x.*
          FROM (SELECT s.*, c.id AS known_id,
                       c.id IS NOT NULL AND (s.name IS DISTINCT FROM c.name
                         OR coalesce(s.email, c.email) IS DISTINCT FROM c.email
                         OR coalesce(s.phone, c.phone) IS DISTINCT FROM c.phone
                         OR coalesce(s.address, c.address) IS DISTINCT FROM c.address
                         OR coalesce(s.city, c.city) IS DISTINCT FROM c.city) AS differs
                  FROM staged s
                  LEFT JOIN customers c ON c.tenant_id = :tenant AND c.document_kind = s.document_type
                        AND c.document_number = s.document_number
                 WHERE NOT EXISTS (SELECT 1 FROM staged_wrong w WHERE w.line = s.line)) x
         WHERE x.known_id IS NULL OR x.differs
        """
    )
    return planned()


def planned() -> Plan:
    """Count what staged_ready holds: rows without `known_id` are new, the others change."""
    row = arrange("SELECT count(*) AS steps, count(known_id) AS updated FROM staged_ready").one()
    mark_ready(row.steps)
    return Plan(created=row.steps - row.updated, updated=row.updated, steps=row.steps)


def write(load: Load, first: int, last: int) -> None:
    execute(
        """
        INSERT INTO customers (tenant_id, id, document_kind, document_number, name, email, phone, address, city,
                               batch_id, created_at, updated_at)
        SELECT :tenant, (stem || '0010')::uuid, document_type, document_number, name, email, phone, address, city,
               CAST(:batch AS uuid), CAST(:moment AS timestamptz), CAST(:moment AS timestamptz)
          FROM staged_ready WHERE place BETWEEN :first AND :last AND known_id IS NULL
        """,
        batch=load.batch_id,
        moment=load.moment,
        first=first,
        last=last,
    )
    for kind, field in enumerate(CONTACT, start=1):
        execute(
            _HISTORY.replace("{field}", field).replace("{kind}", f"00a{kind}"),
            moment=load.moment,
            first=first,
            last=last,
        )
    execute(
        """
        UPDATE customers c
           SET name = r.name, email = coalesce(r.email, c.email), phone = coalesce(r.phone, c.phone),
               address = coalesce(r.address, c.address), city = coalesce(r.city, c.city),
               updated_at = CAST(:moment AS timestamptz)
          FROM staged_ready r
         WHERE r.place BETWEEN :first AND :last AND c.tenant_id = :tenant AND c.id = r.known_id
        """,
        moment=load.moment,
        first=first,
        last=last,
    )


def finish(load: Load) -> None:
    """Nobody listens: a person alone opens no account."""
