"""Places that are leased."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from blueprints.imports.rules import Columns, Found
from blueprints.imports.staging.customers import planned
from blueprints.imports.staging.load import Load, Plan
from blueprints.imports.staging.statement import execute

FIELDS: Final[Mapping[str, str]] = {
    "code": "text",
    "kind": "text",
    "address": "text",
    "city": "text",
    "stratum": "bigint",
    "latitude": "bigint",
    "longitude": "bigint",
}
MILLION: Final = 1_000_000


def millionths(degrees: Decimal | None) -> int | None:
    return None if degrees is None else int((degrees * MILLION).to_integral_value())


def prepare(columns: Columns, load: Load) -> list[tuple[str, Found]]:
    for name in ("latitude", "longitude"):
        if name in columns:
            columns[name] = [millionths(value) for value in columns[name]]
    return []


def judge(load: Load) -> None:
    """Nothing in the books can stand against a place."""


def plan(load: Load) -> Plan:
    execute(
        """
        CREATE TEMP TABLE staged_ready ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY x.line) AS place, x.*
          FROM (SELECT s.*, p.id AS known_id,
                       p.id IS NOT NULL AND (s.address IS DISTINCT FROM p.address
                         OR coalesce(s.kind, p.kind) IS DISTINCT FROM p.kind
                         OR coalesce(s.city, p.city) IS DISTINCT FROM p.city
                         OR coalesce(s.stratum, p.stratum) IS DISTINCT FROM p.stratum
                         OR coalesce(s.latitude, p.latitude) IS DISTINCT FROM p.latitude
                         OR coalesce(s.longitude, p.longitude) IS DISTINCT FROM p.longitude) AS differs
                  FROM staged s
                  LEFT JOIN properties p ON p.tenant_id = :tenant AND p.code = s.code
                 WHERE NOT EXISTS (SELECT 1 FROM staged_wrong w WHERE w.line = s.line)) x
         WHERE x.known_id IS NULL OR x.differs
        """
    )
    return planned()


def write(load: Load, first: int, last: int) -> None:
    execute(
        """
        INSERT INTO properties (tenant_id, id, code, kind, address, city, stratum, latitude, longitude,
                                batch_id, created_at)
        SELECT :tenant, (stem || '0010')::uuid, code, coalesce(kind, ''), address, coalesce(city, ''), stratum,
               latitude, longitude, CAST(:batch AS uuid), CAST(:moment AS timestamptz)
          FROM staged_ready WHERE place BETWEEN :first AND :last AND known_id IS NULL
        """,
        batch=load.batch_id,
        moment=load.moment,
        first=first,
        last=last,
    )
    execute(
        """
        UPDATE properties p
           SET kind = coalesce(r.kind, p.kind), address = r.address, city = coalesce(r.city, p.city),
               stratum = coalesce(r.stratum, p.stratum), latitude = coalesce(r.latitude, p.latitude),
               longitude = coalesce(r.longitude, p.longitude)
          FROM staged_ready r
         WHERE r.place BETWEEN :first AND :last AND p.tenant_id = :tenant AND p.id = r.known_id
        """,
        first=first,
        last=last,
    )


def finish(load: Load) -> None:
    """Nobody listens: a place alone opens no account."""
