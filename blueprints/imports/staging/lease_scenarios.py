"""How imported leases are taxed: guessed by the kind of the place, then as their own invoices show."""

from __future__ import annotations

from typing import Final

from blueprints.imports.staging.statement import execute
from blueprints.leases.scenarios import add_starter_scenarios

# Kinds of properties that are let for business; everything else is housing.
PREMISES: Final = r"^(local|oficina|bodega|consultorio|lote|comercial|edificio|office|shop|warehouse)"


def offer_scenarios(country: str) -> None:
    """A tenant that has no scenario gets the first ones of its country."""
    add_starter_scenarios(country)


def follow_invoices() -> None:
    """Leases whose scenario nobody chose take the one whose taxes their newest staged rent invoice shows, to the cent.

    One that fits no scenario stays as it is, and the desk asks to look at it.
    """
    execute(
        """
        UPDATE leases l SET scenario_code = f.code, scenario_from = 'invoiced'
          FROM (SELECT DISTINCT ON (l.id) l.id, c.code
                  FROM staged_ready r
                  JOIN leases l ON l.tenant_id = :tenant AND l.lease_account_id = r.account_id
                   AND l.scenario_from IN ('guessed', 'invoiced')
                  JOIN (SELECT s.code, s.active,
                               coalesce(sum((t.levy ->> 'rate')::bigint) FILTER (WHERE t.levy ->> 'kind' = 'tax'), 0)
                                 AS tax,
                               coalesce(sum((t.levy ->> 'rate')::bigint)
                                 FILTER (WHERE t.levy ->> 'kind' = 'withholding'), 0) AS withheld
                          FROM lease_scenarios s
                          LEFT JOIN LATERAL jsonb_array_elements(s.rent_taxes) AS t (levy) ON true
                         WHERE s.tenant_id = :tenant
                         GROUP BY s.code, s.active) c
                    ON c.active AND abs(r.subtotal * c.tax - r.tax * 1000000) <= 1000000
                   AND abs(r.subtotal * c.withheld - r.withholding * 1000000) <= 1000000
                 ORDER BY l.id, r.period DESC, c.code = l.scenario_code DESC, c.code) f
         WHERE l.tenant_id = :tenant AND l.id = f.id
        """
    )
