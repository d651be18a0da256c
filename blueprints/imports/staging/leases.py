"""Leases: each opens a renter's account and the owners' account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from blueprints.imports.problems import Fault
from blueprints.imports.rules import EMPTY, Columns, Found
from blueprints.imports.staging import people
from blueprints.imports.staging.customers import planned
from blueprints.imports.staging.events import tell_parties
from blueprints.imports.staging.lease_scenarios import PREMISES, offer_scenarios
from blueprints.imports.staging.load import Load, Plan
from blueprints.imports.staging.statement import arrange, execute
from blueprints.leases.planning import attend_soon
from saas.languages import N_

FIELDS: Final[Mapping[str, str]] = {
    "number": "text",
    "property_code": "text",
    "renter_document": "text",
    "owner_documents": "text[]",
    "owner_shares": "bigint[]",
    "rent": "bigint",
    "starts_on": "date",
    "ends_on": "date",
    "payment_day": "bigint",
    "commission": "bigint",
}
BASIS_POINT: Final = 100  # millionths
WHOLE: Final = 1_000_000
TOO_HIGH: Final = Fault(N_("A commission must be less than the rent."))
NO_PROPERTY: Final = N_("There is no property “%(value)s”.")
OTHER_PEOPLE: Final = N_(
    "“%(value)s” is already in the books with another property or other people. Other owners or renters are written on"
    " the page of the lease, with their first day."
)
TAKEN: Final = N_("“%(value)s” is already the number of an account without a lease.")


def prepare(columns: Columns, load: Load) -> list[tuple[str, Found]]:
    """Shares and commission come in basis points and are kept in millionths."""
    load.named.add(columns["renter_document"])
    for documents in columns["owner_documents"]:
        load.named.add(documents or ())
    columns["owner_shares"] = [
        None if shares is None else tuple(share * BASIS_POINT for share in shares)
        for shares in columns["owner_shares"]
    ]
    if commissions := columns.get("commission"):
        columns["commission"] = [None if one is None else one * BASIS_POINT for one in commissions]
    endless: Found = [(i, EMPTY) for i, day in enumerate(columns["ends_on"]) if day is None]
    whole: Found = [
        (i, TOO_HIGH) for i, one in enumerate(columns.get("commission", ())) if (one or 0) >= WHOLE
    ]
    return [("ends_on", endless), *([("commission", whole)] if whole else [])]


def judge(load: Load) -> None:
    """Renters and owners that change while a lease runs are the desk's to write, with a day: a file has none. One that
    names those of any day is right, an old one too, and changes nothing about them; other people are refused."""
    people.find(load.named, load.home.country)
    people.judge("renter_document")
    people.judge("owner_documents", listed=True)
    execute(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT s.line, 'property_code', s.property_code, CAST(:msgid AS text),
               jsonb_build_object('value', s.property_code)
          FROM staged s
         WHERE NOT EXISTS (SELECT 1 FROM properties p WHERE p.tenant_id = :tenant AND p.code = s.property_code)
        """,
        msgid=NO_PROPERTY,
    )
    execute(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT DISTINCT s.line, 'number', s.number, CAST(:msgid AS text), jsonb_build_object('value', s.number)
          FROM staged s
          JOIN accounts a ON a.tenant_id = :tenant AND a.kind IN ('lease', 'mandate') AND a.number = s.number
         WHERE NOT EXISTS (SELECT 1 FROM leases l WHERE l.tenant_id = :tenant AND l.number = s.number)
        """,
        msgid=TAKEN,
    )
    arrange(
        """
        CREATE TEMP TABLE staged_owners ON COMMIT DROP AS
        SELECT s.line, s.stem, o.place, p.customer_id, o.share
          FROM staged s
         CROSS JOIN LATERAL unnest(s.owner_documents, s.owner_shares) WITH ORDINALITY AS o (document, share, place)
          JOIN staged_people p ON p.document = o.document
        """
    )
    execute(
        """
        INSERT INTO staged_wrong (line, field, value, msgid, facts)
        SELECT s.line, 'number', s.number, CAST(:msgid AS text), jsonb_build_object('value', s.number)
          FROM staged s
          JOIN leases l ON l.tenant_id = :tenant AND l.number = s.number
          JOIN properties b ON b.tenant_id = :tenant AND b.id = l.property_id
          JOIN staged_people r ON r.document = s.renter_document
         WHERE NOT EXISTS (SELECT 1 FROM staged_wrong w WHERE w.line = s.line)
           AND (b.code <> s.property_code
             OR NOT EXISTS (SELECT 1 FROM account_parties p
                             WHERE p.tenant_id = :tenant AND p.account_id = l.lease_account_id
                               AND p.role = 'renter' AND p.customer_id = r.customer_id)
             OR NOT EXISTS (SELECT 1 FROM account_parties d
                             WHERE d.tenant_id = :tenant AND d.account_id = l.mandate_account_id AND d.role = 'owner'
                               AND (SELECT array_agg((p.customer_id, p.share)::text ORDER BY p.customer_id)
                                      FROM account_parties p
                                     WHERE p.tenant_id = :tenant AND p.account_id = l.mandate_account_id
                                       AND p.role = 'owner'
                                       AND coalesce(d.valid_from, '-infinity')
                                           BETWEEN coalesce(p.valid_from, '-infinity')
                                               AND coalesce(p.valid_until, 'infinity'))
                                   = (SELECT array_agg((o.customer_id, o.share)::text ORDER BY o.customer_id)
                                        FROM staged_owners o WHERE o.line = s.line)))
        """,
        msgid=OTHER_PEOPLE,
    )


def plan(load: Load) -> Plan:
    """A lease that is known changes its terms: rent, dates, day of payment, commission."""
    execute(
        """
        CREATE TEMP TABLE staged_ready ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY x.line) AS place, x.*
          FROM (SELECT s.line, s.stem, s.number, s.rent, s.starts_on, s.ends_on, b.id AS property_id, b.address, b.city,
                       b.kind AS property_kind, l.rent AS known_rent, l.starts_on AS known_start,
                       r.customer_id AS renter_id, l.id AS known_id,
                       coalesce(s.payment_day, l.payment_day, extract(day FROM s.starts_on)::bigint) AS payment_day,
                       coalesce(s.commission, l.commission, 0) AS commission,
                       l.id IS NOT NULL AND (s.rent, s.starts_on, s.ends_on) IS DISTINCT FROM
                         (l.rent, l.starts_on, l.ends_on)
                         OR coalesce(s.payment_day, l.payment_day) IS DISTINCT FROM l.payment_day
                         OR coalesce(s.commission, l.commission) IS DISTINCT FROM l.commission AS differs
                  FROM staged s
                  JOIN properties b ON b.tenant_id = :tenant AND b.code = s.property_code
                  JOIN staged_people r ON r.document = s.renter_document
                  LEFT JOIN leases l ON l.tenant_id = :tenant AND l.number = s.number
                 WHERE NOT EXISTS (SELECT 1 FROM staged_wrong w WHERE w.line = s.line)) x
         WHERE x.known_id IS NULL OR x.differs
        """
    )
    return planned()


def write(load: Load, first: int, last: int) -> None:
    slice_ = {"first": first, "last": last}
    execute(
        """
        INSERT INTO accounts (tenant_id, id, kind, number, property_id, address, city, status, opened_on, details,
                              batch_id, created_at)
        SELECT :tenant, (r.stem || k.digits)::uuid, k.kind, r.number, r.property_id, r.address, r.city, 'active',
               r.starts_on, '{}', CAST(:batch AS uuid), CAST(:moment AS timestamptz)
          FROM staged_ready r CROSS JOIN (VALUES ('0010', 'lease'), ('0011', 'mandate')) AS k (digits, kind)
         WHERE r.place BETWEEN :first AND :last AND r.known_id IS NULL
        """,
        batch=load.batch_id,
        moment=load.moment,
        **slice_,
    )
    execute(
        """
        INSERT INTO account_parties (tenant_id, id, account_id, customer_id, role, share, valid_from)
        SELECT :tenant, (r.stem || '0012')::uuid, (r.stem || '0010')::uuid, r.renter_id, 'renter', 1000000, r.starts_on
          FROM staged_ready r WHERE r.place BETWEEN :first AND :last AND r.known_id IS NULL
         UNION ALL
        SELECT :tenant, (r.stem || lpad(to_hex(256 + o.place), 4, '0'))::uuid, (r.stem || '0011')::uuid, o.customer_id,
               'owner', o.share, r.starts_on
          FROM staged_ready r JOIN staged_owners o ON o.line = r.line
         WHERE r.place BETWEEN :first AND :last AND r.known_id IS NULL
        """,
        **slice_,
    )
    offer_scenarios(load.home.country)
    execute(
        """
        INSERT INTO leases (tenant_id, id, number, property_id, lease_account_id, mandate_account_id, rent, currency,
                            commission, payment_day, starts_on, ends_on, rent_since, term_until, scenario_code,
                            scenario_from, batch_id)
        SELECT :tenant, (r.stem || '0013')::uuid, r.number, r.property_id, (r.stem || '0010')::uuid,
               (r.stem || '0011')::uuid, r.rent, CAST(:currency AS text), r.commission, r.payment_day, r.starts_on,
               r.ends_on, r.starts_on, r.ends_on,
               (SELECT c.code FROM lease_scenarios c
                 WHERE c.tenant_id = :tenant AND c.active AND c.purpose =
                       CASE WHEN r.property_kind ~* CAST(:premises AS text) THEN 'commercial' ELSE 'housing' END
                 ORDER BY c.code LIMIT 1),
               'guessed', CAST(:batch AS uuid)
          FROM staged_ready r WHERE r.place BETWEEN :first AND :last AND r.known_id IS NULL
        """,
        batch=load.batch_id,
        currency=load.home.currency,
        premises=PREMISES,
        **slice_,
    )
    execute(
        """
        INSERT INTO lease_rents (tenant_id, id, lease_id, valid_from, rent, reason, facts)
        SELECT :tenant, (stem || '0014')::uuid, (stem || '0013')::uuid, starts_on, rent, 'start',
               '{"since": "unknown"}'
          FROM staged_ready WHERE place BETWEEN :first AND :last AND known_id IS NULL
        """,
        **slice_,
    )
    _change(load, slice_)


def _change(load: Load, slice_: Mapping[str, int]) -> None:
    """Known leases take the file's terms. Another rent holds from the present month; the first one keeps to the start.

    The present term begins anew only where the file names another end.
    """
    month = load.moment.astimezone(ZoneInfo(load.home.time_zone)).date().replace(day=1)
    execute(
        """
        UPDATE lease_rents t SET valid_from = r.starts_on
          FROM staged_ready r
         WHERE r.place BETWEEN :first AND :last AND t.tenant_id = :tenant AND t.lease_id = r.known_id
           AND t.reason = 'start' AND r.starts_on <> r.known_start
           AND NOT EXISTS (SELECT 1 FROM lease_rents o WHERE o.tenant_id = :tenant AND o.lease_id = r.known_id
                              AND o.reason <> 'start' AND o.valid_from <= r.starts_on)
        """,
        **slice_,
    )
    execute(
        """
        INSERT INTO lease_rents (tenant_id, id, lease_id, valid_from, rent, reason, facts)
        SELECT :tenant, (r.stem || '0014')::uuid, r.known_id,
               (SELECT greatest(CAST(:month AS date), max(t.valid_from)) FROM lease_rents t
                 WHERE t.tenant_id = :tenant AND t.lease_id = r.known_id),
               r.rent, 'agreed', jsonb_build_object('imported', true, 'before', r.known_rent)
          FROM staged_ready r
         WHERE r.place BETWEEN :first AND :last AND r.known_id IS NOT NULL AND r.rent <> r.known_rent
        ON CONFLICT (tenant_id, lease_id, valid_from)
        DO UPDATE SET rent = excluded.rent, facts = lease_rents.facts || excluded.facts
        """,
        month=month,
        **slice_,
    )
    execute(
        """
        UPDATE leases l
           SET rent = r.rent, starts_on = r.starts_on, payment_day = r.payment_day, commission = r.commission,
               term_until = CASE WHEN l.ends_on = r.ends_on THEN l.term_until ELSE r.ends_on END,
               ends_on = r.ends_on,
               rent_since = (SELECT max(t.valid_from) FROM lease_rents t
                              WHERE t.tenant_id = :tenant AND t.lease_id = l.id)
          FROM staged_ready r
         WHERE r.place BETWEEN :first AND :last AND l.tenant_id = :tenant AND l.id = r.known_id
        """,
        **slice_,
    )


def finish(load: Load) -> None:
    arrange(
        """
        CREATE TEMP TABLE staged_billed ON COMMIT DROP AS
        SELECT (r.stem || k.digits)::uuid AS account_id
          FROM staged_ready r CROSS JOIN (VALUES ('0010'), ('0011')) AS k (digits)
         WHERE r.known_id IS NULL
        """
    )
    tell_parties()
    if arrange("SELECT EXISTS (SELECT FROM staged_ready)").scalar():  # the same file again asks for nothing
        attend_soon()
