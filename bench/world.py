"""Tenants of any size, written by set-based SQL, and customers who are signed in.

Every account has the same twenty invoices of twenty months, the newest six open, written month by month as billing
does: the invoices of one customer lie scattered over the whole table.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

import psycopg
from flask import Flask

from blueprints.platform.starter import give_starter_kit
from saas.audit import SYSTEM
from saas.clock import now, today
from saas.scope import unit_of_work
from saas.tokens import digest, new_token
from tenants.provider_account_services import add_provider_account
from tenants.services import NewTenant, create_tenant

INVOICES_EACH = 20
OPEN_EACH = 6
CUSTOMERS = 40  # signed in and taking turns, so that no single row is the only one in the cache
ZONE = "America/Argentina/Mendoza"


@dataclass(frozen=True, slots=True)
class Resident:
    """A customer with a session: the cookie's token, and the account that the floor's page asks for."""

    token: str
    account_id: uuid.UUID
    newest: str  # number of the newest invoice, which must stand on the page


@dataclass(frozen=True, slots=True)
class Town:
    """A tenant with that many invoices."""

    id: uuid.UUID
    host: str
    invoices: int
    residents: tuple[Resident, ...]


def found_tenant(app: Flask, slug: str) -> uuid.UUID:
    """A utility with its starter kit and no data. `app` needs a pushed context."""
    tenant_id = create_tenant(
        NewTenant(
            slug=slug,
            name=f"Aguas {slug}",
            legal_name=f"Aguas {slug} S.A.",
            tax_number="30-70000000-1",
            country="AR",
            locale="es_AR",
            currency="ARS",
            time_zone=ZONE,
            host=f"{slug}.localhost",
            settings={
                "staff.second-factor": "optional",
                "support.phone": "0800 222 2482",
                "support.email": "hola@example.com",
            },
        )
    )
    with unit_of_work(tenant_id):
        give_starter_kit("utility", theme=None, actor=SYSTEM)
        add_provider_account("bank-simulator", "Bank", "test", {}, {}, actor=SYSTEM)
    return tenant_id


def build_town(app: Flask, superuser_url: str, slug: str, invoices: int) -> Town:
    """A tenant with `invoices` invoices (a multiple of twenty), its tables analysed."""
    tenant_id = found_tenant(app, slug)
    accounts = invoices // INVOICES_EACH
    moment = now()
    first = (today(ZONE).replace(day=1) - datetime.timedelta(days=30 * (INVOICES_EACH - 1))).replace(day=1)
    values = {
        "tenant": tenant_id,
        "accounts": accounts,
        "months": INVOICES_EACH,
        "settled": INVOICES_EACH - OPEN_EACH,
        "first": first,
        "now": moment,
        "host": f"{slug}.localhost",
        # Ids in the order of time, as UUIDv7 are; the tenant in their tail keeps them apart.
        "epoch": int(moment.timestamp() * 1000) - invoices,
        "tail": tenant_id.hex[-12:],
    }
    tokens = [new_token() for _ in range(min(CUSTOMERS, accounts))]
    with psycopg.connect(superuser_url) as connection:
        # The rows are right by construction; checking a million foreign keys would be most of the time.
        connection.execute("SET LOCAL session_replication_role = replica")
        for statement in PEOPLE + INVOICES:
            connection.execute(statement, values)
        for place, token in enumerate(tokens):
            account = place * (accounts // len(tokens))
            connection.execute(SESSION, {**values, "account": account, "digest": digest(token)})
        residents = [
            _resident(connection, values, token, place * (accounts // len(tokens)))
            for place, token in enumerate(tokens)
        ]
    return Town(tenant_id, f"{slug}.localhost", invoices, tuple(residents))


def settle_down(superuser_url: str) -> None:
    """What autovacuum does in the first minutes: statistics, visibility, and the load's dirty pages on the disk."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _resident(
    connection: psycopg.Connection[tuple[object, ...]], values: dict[str, object], token: str, account: int
) -> Resident:
    row = connection.execute(NEWEST, {**values, "account": account}).fetchone()
    assert row is not None
    return Resident(token, uuid.UUID(str(row[0])), str(row[1]))


def _id(kind: str, number: str) -> str:
    """A version 7 UUID as SQL: `epoch` and a number as its time, a letter for the kind of row."""
    return (
        f"(lpad(to_hex(%(epoch)s::bigint + {number}), 12, '0') || '7{kind}00' || "
        f"'8' || substr(md5('{kind}' || {number}), 1, 3) || %(tail)s)::uuid"
    )


_ACCOUNT = "lpad(n::text, 7, '0')"
_STREETS = (
    "(ARRAY['San Martín', 'Belgrano', 'Colón', 'Las Heras', 'Godoy Cruz', 'Perú', 'España'])[1 + n %% 7]"
)
_FIRST = "(ARRAY['Camila', 'Benicio', 'Gael', 'Juan', 'Emma', 'Lucía', 'Bruno', 'Sofía'])[1 + n %% 8]"
_LAST = "(ARRAY['González', 'Fernández', 'Cabrera', 'Pérez', 'Sosa', 'Quiroga', 'Núñez'])[1 + n / 8 %% 7]"
_ALL = "FROM generate_series(0, %(accounts)s::int - 1) AS n"

PEOPLE = (
    f"""
    INSERT INTO customers (tenant_id, id, document_kind, document_number, name, email, created_at, updated_at)
    SELECT %(tenant)s, {_id("1", "n")}, 'DNI', (10000000 + n)::text, {_FIRST} || ' ' || {_LAST},
           'persona' || n || '@example.com', %(now)s, %(now)s {_ALL}
    """,
    f"""
    INSERT INTO accounts (tenant_id, id, kind, number, address, city, status, details, created_at)
    SELECT %(tenant)s, {_id("2", "n")}, 'supply', '061-' || {_ACCOUNT} || '-0',
           {_STREETS} || ' ' || 100 + n %% 4000, 'Mendoza', 'active', '{{"category": "residential"}}', %(now)s {_ALL}
    """,
    f"""
    INSERT INTO account_parties (tenant_id, id, account_id, customer_id, role, share)
    SELECT %(tenant)s, {_id("3", "n")}, {_id("2", "n")}, {_id("1", "n")}, 'holder', 1000000 {_ALL}
    """,
    f"""
    INSERT INTO users (tenant_id, id, email, email_version, name, status, customer_id, created_at)
    SELECT %(tenant)s, {_id("4", "n")}, 'persona' || n || '@example.com', 1, {_FIRST} || ' ' || {_LAST}, 'active',
           {_id("1", "n")}, %(now)s {_ALL}
    """,
    f"""
    INSERT INTO access (tenant_id, id, user_id, account_id, role, can_see, can_pay, can_claim, can_enrol, main,
                        created_at)
    SELECT %(tenant)s, {_id("5", "n")}, {_id("4", "n")}, {_id("2", "n")}, 'holder', true, true, true, true, true,
           %(now)s {_ALL}
    """,
)

_BILLED = """
    FROM (SELECT m, n, m * %(accounts)s::bigint + n AS serial, %(first)s::date + make_interval(months => m) AS issued,
                 800000 + (n * 7919 + m * 104729) %% 4000000 AS net
            FROM generate_series(0, %(months)s::int - 1) AS m, generate_series(0, %(accounts)s::int - 1) AS n) AS billed
"""

INVOICES = (
    f"""
    INSERT INTO invoices (tenant_id, id, number, type_code, account_id, period, issued_on, due_on, second_due_on,
                          currency, subtotal, tax, withholding, total, second_total, open_amount, settled_on,
                          payment_code, fiscal_kind, fiscal_id, details, created_at)
    SELECT %(tenant)s, {_id("6", "serial")}, 'B-0012-' || lpad(serial::text, 8, '0'), 'supply', {_id("2", "n")},
           to_char(issued, 'YYYY-MM'), issued, issued + interval '15 days', issued + interval '27 days', 'ARS',
           net, net * 21 / 100, 0, net + net * 21 / 100, (net + net * 21 / 100) * 102 / 100,
           CASE WHEN m < %(settled)s::int THEN 0 ELSE net + net * 21 / 100 END,
           CASE WHEN m < %(settled)s::int THEN issued + interval '12 days' END,
           lpad((serial * 7717)::text, 19, '5'), 'cae', lpad((serial * 7919)::text, 14, '7'),
           jsonb_build_object('consumption', 10 + n %% 20), %(now)s
    {_BILLED} ORDER BY serial
    """,
)

SESSION = f"""
    INSERT INTO sessions (tenant_id, id, token_digest, user_id, host, created_at, last_seen_at, expires_at,
                          confirmed_at, device, address)
    SELECT %(tenant)s, {_id("7", "n")}, %(digest)s, {_id("4", "n")}, %(host)s, %(now)s, %(now)s,
           %(now)s::timestamptz + interval '8 hours', %(now)s, 'Firefox', '127.0.0.1'
      FROM (SELECT %(account)s::int AS n) AS one
"""  # noqa: S608 - put together from constants of this file

NEWEST = f"""
    SELECT account_id, number FROM invoices
     WHERE tenant_id = %(tenant)s AND account_id = (SELECT {_id("2", "n")} FROM (SELECT %(account)s::int AS n) AS one)
     ORDER BY due_on DESC LIMIT 1
"""  # noqa: S608 - likewise
