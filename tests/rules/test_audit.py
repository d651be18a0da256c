"""The evidence cannot be changed by the application, and a change by anybody is found (case M18)."""

from __future__ import annotations

import psycopg
import pytest
from flask import Flask
from sqlalchemy import delete, update
from sqlalchemy.exc import ProgrammingError

from saas.audit import Actor, AuditRow, first_broken, record
from saas.schema import APPEND_ONLY
from saas.scope import unit_of_work
from tests.cast import TenantCast, make_agency, make_utility
from tests.database import DatabaseUrls

ROWS = 12


@pytest.fixture
def tenant(app: Flask) -> TenantCast:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        for number in range(ROWS):
            record("thing.done", actor=Actor("staff", None, "Jefa"), data={"number": number, "text": "ñandú"})
    return tenant


def broken(tenant: TenantCast) -> int | None:
    with unit_of_work(tenant.id):
        return first_broken()


def as_superuser(urls: DatabaseUrls, statement: str, *values: object) -> None:
    """What somebody with all rights could do, who also knows of the triggers."""
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement, values)


def test_a_whole_chain_is_whole(tenant: TenantCast):
    assert broken(tenant) is None


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_application_may_not_change_evidence(tenant: TenantCast, verb: str):
    statement = update(AuditRow).values(action="nothing.done") if verb == "update" else delete(AuditRow)
    with pytest.raises(ProgrammingError, match="permission denied"), unit_of_work(tenant.id) as session:
        session.execute(statement.execution_options(synchronize_session=False))
    assert broken(tenant) is None


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}", "TRUNCATE {}"])
def test_append_only_tables_are(database_urls: DatabaseUrls, table: str, verb: str):
    with (
        psycopg.connect(database_urls.app) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"),
    ):
        connection.execute(verb.format(table))


@pytest.mark.parametrize("table", ["audit_rows", "journal_entries", "postings"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}"])
def test_a_slip_of_the_owner_is_refused(database_urls: DatabaseUrls, table: str, verb: str):
    with (
        psycopg.connect(database_urls.superuser) as connection,
        pytest.raises(psycopg.Error, match="append-only"),
    ):
        connection.execute(verb.format(table))


@pytest.mark.parametrize(
    "change",
    [
        "action = 'nothing.done'",
        "data = '{}'",
        "actor_name = 'Otra'",
        "at = at + interval '1 second'",
        "customer_id = gen_random_uuid()",
        "subject_kind = 'other'",
        "hash = repeat('0', 64)",
        "previous_hash = repeat('1', 64)",
    ],
)
def test_an_edit_is_named(tenant: TenantCast, database_urls: DatabaseUrls, change: str):
    as_superuser(database_urls, f"UPDATE audit_rows SET {change} WHERE number = 7")
    assert broken(tenant) == 7


def test_a_removed_row_is_named(tenant: TenantCast, database_urls: DatabaseUrls):
    as_superuser(database_urls, "DELETE FROM audit_rows WHERE number = 5")
    assert broken(tenant) == 5


def test_a_row_that_was_slipped_in_is_named(tenant: TenantCast, database_urls: DatabaseUrls):
    as_superuser(
        database_urls,
        "INSERT INTO audit_rows SELECT tenant_id, gen_random_uuid(), %s, at, actor_kind, actor_id, actor_name, action,"
        " subject_kind, subject_id, customer_id, data, hash, repeat('2', 64) FROM audit_rows WHERE number = %s",
        ROWS + 1,
        ROWS,
    )
    assert broken(tenant) == ROWS + 1


def test_chains_are_each_tenants_own(app: Flask, tenant: TenantCast, database_urls: DatabaseUrls):
    other = make_agency()
    with unit_of_work(other.id):
        record("thing.done", actor=Actor("system"), data={})
    as_superuser(
        database_urls, "UPDATE audit_rows SET data = '{}' WHERE tenant_id = %s AND number = 3", tenant.id
    )
    assert broken(tenant) == 3
    assert broken(other) is None
