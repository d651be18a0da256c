"""Rows per second of an import, against a plain COPY of the very rows that it leaves behind.

COPY cannot write to a table with row security, so the plain way is COPY into a temporary table and INSERT … SELECT
from it: as the application's role, with the tenant named, constraints, foreign keys and the ledger's guard at work.
"""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psycopg
from flask import Flask
from psycopg import sql

from bench.report import Figure, of_rounds
from bench.world import found_tenant
from blueprints.imports.profile import Profile
from blueprints.imports.recognise import shipped_profiles
from blueprints.imports.runs import run_import
from saas.database import db

AIM = 0.4
INVOICES_EACH = 10
HEAD_ACCOUNTS = (
    "nro_cuenta;titular;tipo_doc;nro_doc;domicilio;departamento;categoria;medido;medidor;latitud;longitud"
)
HEAD_INVOICES = (
    "comp_nro;codigo_pago_electronico;nro_cuenta;periodo;emision;vto1;importe1;vto2;importe2;consumo_m3;cae;vto_cae;"
    "estado;fecha_pago"
)


class NotImported(Exception):
    """The import did not take the file whole, so there is nothing to compare."""


def measure(
    app: Flask,
    *,
    superuser_url: str,
    app_url: str,
    folder: Path,
    rows: int,
    rounds: int,
    say: Callable[[str], None],
) -> list[Figure]:
    """`rows` invoices of `rows / 10` accounts that are there already. `app` needs a pushed context."""
    profiles = shipped_profiles()
    tenant_id = found_tenant(app, "imports")
    accounts, invoices = folder / "cuentas.csv", folder / "facturas.csv"
    accounts.write_text("\n".join(_accounts(rows // INVOICES_EACH)), encoding="latin-1")
    invoices.write_text("\n".join(_invoices(rows)), encoding="latin-1")
    _take(tenant_id, profiles["agua-cuentas"], accounts, rows // INVOICES_EACH)
    before = _ids(superuser_url, tenant_id)
    ratios, spent = [], []
    written = 0
    for number in range(rounds):
        taken = _take(tenant_id, profiles["agua-facturas"], invoices, rows)
        left = _export(superuser_url, tenant_id, before)
        written = sum(count for count, _ in left.values())
        _take_away(superuser_url, tenant_id, before)
        copied = _copy(app_url, tenant_id, left)
        _take_away(superuser_url, tenant_id, before)
        ratios.append(copied / taken)
        spent.append((rows / taken, rows / copied))
        say(
            f"  round {number + 1} of {rounds}: {', '.join(f'{n} {count:,}' for n, (count, _) in left.items())}"
        )
    words = (
        f"{median(one for one, _ in spent):,.0f} : {median(other for _, other in spent):,.0f} rows a second; "
        f"{written / rows:.1f} rows written for each"
    )
    return [
        of_rounds(
            f"import of {rows:,} invoices : COPY of the same rows", ratios, least=AIM, orientation=words
        )
    ]


def _take(tenant_id: uuid.UUID, profile: Profile, path: Path, rows: int) -> float:
    """Seconds that the import took. Raises NotImported when a row was refused."""
    began = time.perf_counter()
    (outcome,) = run_import(tenant_id, profile, path)
    spent = time.perf_counter() - began
    if outcome.state != "done" or outcome.report.created != rows:
        problem = outcome.problem.msgid if outcome.problem else outcome.report.problems[:3]
        raise NotImported(f"{path.name}: {outcome.state}, {outcome.report.created} created, {problem}")
    return spent


def _tables() -> list[str]:
    """Every table of tenants, those that others point at first."""
    return [
        table.name for table in db.metadata.sorted_tables if {"tenant_id", "id"} <= set(table.columns.keys())
    ]


def _ids(url: str, tenant_id: uuid.UUID) -> dict[str, list[uuid.UUID]]:
    with psycopg.connect(url) as connection:
        query = sql.SQL("SELECT id FROM {} WHERE tenant_id = %s")
        return {
            table: [row[0] for row in connection.execute(query.format(sql.Identifier(table)), (tenant_id,))]
            for table in _tables()
        }


@contextmanager
def _new_rows(
    url: str, tenant_id: uuid.UUID, before: dict[str, list[uuid.UUID]]
) -> Iterator[tuple[psycopg.Connection[tuple[int]], Callable[[str], sql.Composed]]]:
    """A superuser's connection, and the condition under which a row of a table came after `before`."""
    with psycopg.connect(url) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("CREATE TEMP TABLE known (of_table text, id uuid) ON COMMIT DROP")
        with connection.cursor().copy("COPY known FROM STDIN") as copy:
            for table, ids in before.items():
                for known in ids:
                    copy.write_row((table, known))
        connection.execute("CREATE INDEX ON known (of_table, id)")
        connection.execute("ANALYZE known")

        def is_new(table: str) -> sql.Composed:
            return sql.SQL(
                "t.tenant_id = {} AND NOT EXISTS (SELECT FROM known WHERE known.of_table = {} AND known.id = t.id)"
            ).format(sql.Literal(tenant_id), sql.Literal(table))

        yield connection, is_new


def _export(
    url: str, tenant_id: uuid.UUID, before: dict[str, list[uuid.UUID]]
) -> dict[str, tuple[int, bytes]]:
    """What the import left behind: per table the number of rows, and the rows as COPY writes them."""
    found: dict[str, tuple[int, bytes]] = {}
    with _new_rows(url, tenant_id, before) as (connection, is_new):
        for table in before:
            query = sql.SQL("COPY (SELECT t.* FROM {} AS t WHERE {}) TO STDOUT")
            with connection.cursor().copy(query.format(sql.Identifier(table), is_new(table))) as copy:
                data = b"".join(bytes(part) for part in copy)
            if data:
                found[table] = (data.count(b"\n"), data)
    return found


def _take_away(url: str, tenant_id: uuid.UUID, before: dict[str, list[uuid.UUID]]) -> None:
    """Back to how it was, without dead rows, so that both ways start alike."""
    with _new_rows(url, tenant_id, before) as (connection, is_new):
        for table in before:
            query = sql.SQL("DELETE FROM {} AS t WHERE {}")
            connection.execute(query.format(sql.Identifier(table), is_new(table)))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _copy(url: str, tenant_id: uuid.UUID, left: dict[str, tuple[int, bytes]]) -> float:
    """Seconds that the plain way takes for the same rows."""
    began = time.perf_counter()
    with psycopg.connect(url) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(tenant_id),))
        for table, (_count, data) in left.items():
            names = {"stage": sql.Identifier(f"stage_{table}"), "table": sql.Identifier(table)}
            connection.execute(
                sql.SQL("CREATE TEMP TABLE {stage} (LIKE {table}) ON COMMIT DROP").format(**names)
            )
            with connection.cursor().copy(sql.SQL("COPY {stage} FROM STDIN").format(**names)) as copy:
                copy.write(data)
            connection.execute(sql.SQL("INSERT INTO {table} SELECT * FROM {stage}").format(**names))
    return time.perf_counter() - began


def _number(account: int) -> str:
    return f"061-{account:07d}-625-0"


def _accounts(count: int) -> Iterator[str]:
    yield HEAD_ACCOUNTS
    for n in range(count):
        yield (
            f"{_number(n)};Camila Núñez {n};DNI;{10_000_000 + n};San Martín N° {n % 4000};Las Heras;RESIDENCIAL;S;"
            f"{800_000 + n};-32,809787;-68,877894"
        )


def _invoices(count: int) -> Iterator[str]:
    """Ten cycles of two months; all but the last one paid, as in a file of a whole history."""
    yield HEAD_INVOICES
    accounts = count // INVOICES_EACH
    for n in range(count):
        cycle, account = divmod(n, accounts)
        issued = datetime.date(2025 + cycle // 6, 1 + cycle % 6 * 2, 3)
        due, second = issued + datetime.timedelta(days=15), issued + datetime.timedelta(days=27)
        cents = 800_000 + n * 7919 % 4_000_000
        state, paid = ("PAG", f"{due:%d/%m/%Y}") if cycle < INVOICES_EACH - 1 else ("IMP", "")
        yield (
            f"B-0012-{n + 1:08d};{527_795_632_000_000_000 + n:019d};{_number(account)};{issued.year}/{1 + cycle % 6};"
            f"{issued:%d/%m/%Y};{due:%d/%m/%Y};{_amount(cents)};{second:%d/%m/%Y};{_amount(cents * 102 // 100)};"
            f"{10 + n % 30};{78_381_795_000_000 + n};{second:%d/%m/%Y};{state};{paid}"
        )


def _amount(cents: int) -> str:
    return f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}"
