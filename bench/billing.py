"""Invoices per second of a monthly run, against INSERT … SELECT of the very rows that it leaves behind.

The run is the whole of it: the draft that people look at, and the issue with numbers, books and evidence. The plain
way starts with the finished rows in tables beside, and copies them as the application's role: row security,
constraints, foreign keys and the ledger's guard at work.
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

import psycopg
from flask import Flask
from psycopg import sql

from bench.report import Figure, of_rounds
from blueprints.platform.starter import give_starter_kit
from saas.audit import SYSTEM
from saas.clock import now, today
from saas.scope import unit_of_work
from tenants.services import NewTenant, create_tenant

AIM = 0.25
MEMORY_AIM = 1.1
LITTLE = 10_000  # a run whose memory a large one is compared with
ZONE = "America/Bogota"
# What a run writes, those that others point at first.
WRITTEN = ("ledger_accounts", "invoices", "invoice_lines", "journal_entries", "postings", "billing_items")


class NotBilled(Exception):
    """The run did not issue what it should, so there is nothing to compare."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Of one run in a process of its own: seconds, and the most memory that it took, in bytes."""

    seconds: float
    peak: int


def measure(
    app: Flask,
    environ: Mapping[str, str],
    *,
    invoices: int,
    rounds: int,
    say: Callable[[str], None],
) -> list[Figure]:
    """A run of `invoices` contracts with two taxes each. Empties the tables that it writes, so it comes last."""
    superuser, own = environ["MIGRATION_DATABASE_URL"], environ["DATABASE_URL"]
    little = found_agency(app, superuser, "poco", min(LITTLE, invoices // 10))
    much = found_agency(app, superuser, "mucho", invoices)
    small = _bill(environ, little, min(LITTLE, invoices // 10))
    ratios, spent, peaks, written = [], [], [], 0
    for number in range(rounds):
        _empty(superuser, much)
        run = _bill(environ, much, invoices)
        written = _put_beside(superuser, much)
        _empty(superuser, much)
        plain = _insert(own, much)
        ratios.append(plain / run.seconds)
        spent.append((invoices / run.seconds, invoices / plain))
        peaks.append(run.peak / small.peak)
        say(f"  round {number + 1} of {rounds}: {run.seconds:.0f} s : {plain:.0f} s, {written:,} rows")
    _empty(superuser, much)
    words = (
        f"{median(one for one, _ in spent):,.0f} : {median(other for _, other in spent):,.0f} invoices a second; "
        f"{written / invoices:.1f} rows written for each"
    )
    mega = 1024 * 1024
    return [
        of_rounds(
            f"run of {invoices:,} invoices : INSERT … SELECT of the same rows",
            ratios,
            least=AIM,
            orientation=words,
        ),
        of_rounds(
            f"memory of that process : of a run of {min(LITTLE, invoices // 10):,}",
            peaks,
            most=MEMORY_AIM,
            orientation=f"{small.peak * median(peaks) / mega:.0f} : {small.peak / mega:.0f} MiB at most",
        ),
    ]


def _bill(environ: Mapping[str, str], tenant_id: uuid.UUID, invoices: int) -> Spent:
    """Draft and issue in a process of its own, so that its memory is nobody else's."""
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.billing", str(tenant_id)],
        env=dict(environ),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    told = child.stdout.read()
    _pid, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stdout.close()
    found = json.loads(told or "{}")
    if child.returncode or found.get("issued") != invoices:
        raise NotBilled(f"a run of {invoices:,}: {found or child.returncode}")
    return Spent(found["seconds"], used.ru_maxrss * 1024)


def main(tenant: str) -> None:
    from blueprints.billing.models import BillingRun
    from blueprints.billing.runs import finish
    from blueprints.billing.services import draft_run, start_run
    from saas.config import Config
    from saas.database import db
    from wsgi import create_app

    tenant_id = uuid.UUID(tenant)
    with create_app(Config.from_env({**os.environ, "VENTANILLA_OUTBOX": "off"})).app_context():
        began = time.perf_counter()
        with unit_of_work(tenant_id):
            run_id = draft_run(f"{today(ZONE):%Y-%m}", actor=SYSTEM, later=False)
        finish(tenant_id, run_id)
        drafted = time.perf_counter()
        with unit_of_work(tenant_id):
            start_run(run_id, actor=SYSTEM, later=False)
        finish(tenant_id, run_id)
        done = time.perf_counter()
        with unit_of_work(tenant_id):
            run = db.session.get_one(BillingRun, (tenant_id, run_id))
            told = {
                "issued": run.issued,
                "state": run.state,
                "problem": run.problem,
                "seconds": done - began,
                "draft": drafted - began,
            }
        sys.stderr.write(f"  drafted in {drafted - began:.1f} s, issued in {done - drafted:.1f} s\n")
        sys.stdout.write(json.dumps(told))


def _put_beside(url: str, tenant_id: uuid.UUID) -> int:
    """Copy what the run left into tables of the bench. Returns how many rows."""
    count = 0
    with psycopg.connect(url) as connection:
        for table in WRITTEN:
            names = {"beside": sql.Identifier(f"bench_{table}"), "table": sql.Identifier(table)}
            connection.execute(sql.SQL("DROP TABLE IF EXISTS {beside}").format(**names))
            count += connection.execute(
                sql.SQL(
                    "CREATE UNLOGGED TABLE {beside} AS SELECT * FROM {table} WHERE tenant_id = {tenant} ORDER BY id"
                ).format(tenant=sql.Literal(tenant_id), **names)
            ).rowcount
            connection.execute(sql.SQL("GRANT SELECT ON {beside} TO PUBLIC").format(**names))
    return count


def _empty(url: str, tenant_id: uuid.UUID) -> None:
    """Both ways start with empty tables and a quiet database. The run itself stays: its items point at it."""
    with psycopg.connect(url, autocommit=True) as connection:
        tables = sql.SQL(", ").join(map(sql.Identifier, WRITTEN))
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(tables))
        connection.execute("DELETE FROM counters WHERE tenant_id = %s", (tenant_id,))
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _insert(url: str, tenant_id: uuid.UUID) -> float:
    """Seconds of the plain way, one statement a table, in one transaction."""
    began = time.perf_counter()
    with psycopg.connect(url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(tenant_id),))
        for table in WRITTEN:
            connection.execute(
                sql.SQL("INSERT INTO {} SELECT * FROM {}").format(
                    sql.Identifier(table), sql.Identifier(f"bench_{table}")
                )
            )
    return time.perf_counter() - began


def found_agency(app: Flask, superuser_url: str, slug: str, leases: int) -> uuid.UUID:
    """An agency with its starter kit and that many contracts in force, written by set-based SQL."""
    tenant_id = create_tenant(
        NewTenant(
            slug=slug,
            name=f"Hogar {slug}",
            legal_name=f"Hogar {slug} S.A.S.",
            tax_number="900123456-7",
            country="CO",
            locale="es_CO",
            currency="COP",
            time_zone=ZONE,
            host=f"{slug}.localhost",
            settings={"staff.second-factor": "optional"},
        )
    )
    with unit_of_work(tenant_id):
        give_starter_kit("agency", theme=None, actor=SYSTEM)
    moment = now()
    values = {
        "tenant": tenant_id,
        "leases": leases,
        "now": moment,
        "start": datetime.date(2024, 1, 1),
        "epoch": int(moment.timestamp() * 1000) - leases,
        "tail": uuid.uuid4().hex[-12:],
    }
    with psycopg.connect(superuser_url) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        for statement in CONTRACTS:
            connection.execute(statement, values)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return tenant_id


def _id(kind: str, number: str = "n") -> str:
    """A version 7 UUID as SQL: `epoch` and a number as its time, a letter for the kind of row."""
    return (
        f"(lpad(to_hex(%(epoch)s::bigint + {number}), 12, '0') || '7{kind}008' || "
        f"substr(md5('{kind}' || {number}), 1, 3) || %(tail)s)::uuid"
    )


_ALL = "FROM generate_series(0, %(leases)s::int - 1) AS n"
_ONE = "FROM generate_series(0, 0) AS n"
_NUMBER = "'CT-' || lpad(n::text, 8, '0')"

CONTRACTS = (
    f"""
    INSERT INTO customers (tenant_id, id, document_kind, document_number, name, created_at, updated_at)
    SELECT %(tenant)s, {_id("1")}, 'CC', (10000000 + n)::text, 'Persona ' || n, %(now)s, %(now)s
      FROM generate_series(0, 1) AS n
    """,  # noqa: S608 - put together from constants of this file
    f"""
    INSERT INTO properties (tenant_id, id, code, kind, address, city, created_at)
    SELECT %(tenant)s, {_id("2")}, 'A1', 'Casa', 'Calle 1 # 2-3', 'Bello', %(now)s {_ONE}
    """,
    f"""
    INSERT INTO accounts (tenant_id, id, kind, number, address, city, status, details, created_at)
    SELECT %(tenant)s, {_id("3")}, 'lease', {_NUMBER}, 'Calle 1 # 2-3', 'Bello', 'active', '{{}}'::jsonb, %(now)s
           {_ALL}
     UNION ALL
    SELECT %(tenant)s, {_id("4")}, 'mandate', {_NUMBER}, 'Calle 1 # 2-3', 'Bello', 'active', '{{}}'::jsonb, %(now)s
           {_ALL}
    """,
    f"""
    INSERT INTO account_parties (tenant_id, id, account_id, customer_id, role, share, valid_from)
    SELECT %(tenant)s, {_id("5")}, {_id("3")}, {_id("1", "0")}, 'renter', 1000000, %(start)s {_ALL}
     UNION ALL
    SELECT %(tenant)s, {_id("6")}, {_id("4")}, {_id("1", "1")}, 'owner', 1000000, %(start)s {_ALL}
    """,
    f"""
    INSERT INTO lease_scenarios (tenant_id, id, code, names, purpose, rent_taxes, commission_taxes, active)
    SELECT %(tenant)s, {_id("7")}, 'BENCH', '{{"es": "Comercio", "en": "Commercial"}}', 'commercial',
           '[{{"kind": "tax", "name": "IVA", "rate": 190000}},
             {{"kind": "withholding", "name": "Retención", "rate": 35000}}]', '[]', true {_ONE}
    """,
    f"""
    INSERT INTO leases (tenant_id, id, number, property_id, lease_account_id, mandate_account_id, rent, currency,
                        commission, payment_day, starts_on, ends_on, scenario_code, rent_since, term_until)
    SELECT %(tenant)s, {_id("8")}, {_NUMBER}, {_id("2", "0")}, {_id("3")}, {_id("4")},
           100000000 + (n::bigint * 7919) %% 400000000, 'COP', 90000, 1 + n %% 31, %(start)s, %(start)s, 'BENCH',
           %(start)s, %(start)s {_ALL}
    """,
    f"""
    INSERT INTO lease_rents (tenant_id, id, lease_id, valid_from, rent, reason, facts)
    SELECT %(tenant)s, {_id("9")}, {_id("8")}, %(start)s, 100000000 + (n::bigint * 7919) %% 400000000, 'start', '{{}}'
           {_ALL}
    """,
)


if __name__ == "__main__":
    main(sys.argv[1])
