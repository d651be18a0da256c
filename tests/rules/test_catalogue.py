"""The schema as PostgreSQL has it: what keeps tenants apart must hold for every table, also for tomorrow's."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from saas.database import Base
from saas.local.postgres_program import clean_environment, find_bin
from saas.schema import APP, APPEND_ONLY, BACKUP, OWNER, PLATFORM
from saas.scope import TenantOwned
from tests.database import DatabaseUrls
from wsgi import load_models

# Tables that belong to no tenant, each with its reason.
NO_TENANT = {
    "tenants": "the list of tenants itself; its own policy shows the active one",
    "bank_simulator_orders": "the books of an invented bank, which knows merchants and no tenants",
    "payu_simulator_orders": "the books of PayU's look-alike, which knows merchants and no tenants",
    "payu_simulator_transactions": "the books of PayU's look-alike, which knows merchants and no tenants",
    "stripe_simulator_things": "the books of Stripe's look-alike, which knows merchants and no tenants",
    "platform_stops": "what the platform orders for every tenant, also for one that is made later",
    "alembic_version": "the schema's own revision",
}
# Tables with a tenant_id whose key is something else.
OTHER_KEYS = {"domains": ("host",)}
# Uniqueness over the whole installation, each with its reason.
GLOBAL_UNIQUE = {
    "pk_domains": "the world's host names are unique in the world",
    "pk_tenants": "the tenants themselves",
    "uq_tenants_slug": "an operator names a tenant by it",
    "pk_bank_simulator_orders": "an invented bank's own books",
    "uq_bank_simulator_orders_merchant_reference": "an invented bank's own books",
    "pk_payu_simulator_orders": "the look-alike's own books",
    "uq_payu_simulator_orders_merchant_reference": "the look-alike's own books",
    "uq_payu_simulator_orders_number": "the look-alike's own books",
    "pk_payu_simulator_transactions": "the look-alike's own books",
    "pk_stripe_simulator_things": "the look-alike's own books",
    "uq_stripe_simulator_things_merchant_name": "the look-alike's own books",
    "pk_platform_stops": "the platform's own orders",
    "uq_platform_stops_open": "one order for a provider at a time, for all tenants",
    "alembic_version_pkc": "the schema's own revision",
}
# Indexes of tenant tables that do not begin with the tenant.
OTHER_INDEXES = {
    "ix_domains_tenant_id": "hosts of a tenant; begins with the tenant and has no more",
}
# Indexes on expressions that serve what row security does not stop.
EXPRESSIONS = {
    "ix_payout_lines_order": "the order of a list: = of texts leaks nothing",
    "ex_access_days": "an exclusion constraint",
    "ex_account_parties_days": "an exclusion constraint",
}
# What other roles than the application's may do with tables, besides the backup that reads everything.
PLATFORM_MAY = {
    ("tenants", "SELECT"), ("tenants", "INSERT"), ("tenants", "UPDATE"), ("tenants", "DELETE"),
    ("domains", "SELECT"), ("domains", "INSERT"), ("domains", "UPDATE"), ("domains", "DELETE"),
    ("platform_stops", "SELECT"), ("platform_stops", "INSERT"), ("platform_stops", "UPDATE"),
    ("alembic_version", "SELECT"),
}  # fmt: skip
PLATFORM_COLUMNS = {"outbox": {"tenant_id", "due_at", "locked_until", "done_at", "dead_at"}}
OWN_POLICY = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)"


@pytest.fixture(scope="module")
def catalogue(superuser_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def tenant_tables(catalogue: psycopg.Connection) -> list[str]:
    return [
        name
        for (name,) in catalogue.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
            " AND a.attname = 'tenant_id' AND NOT a.attisdropped ORDER BY 1"
        )
    ]


def indexes(catalogue: psycopg.Connection) -> list[tuple[str, str, bool, list[str]]]:
    """Table, index, whether unique, and its columns or expressions in order."""
    rows = catalogue.execute(
        "SELECT t.relname, i.relname, x.indisunique,"
        " array(SELECT pg_get_indexdef(x.indexrelid, n, true) FROM generate_series(1, x.indnkeyatts) n)"
        " FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid"
        " WHERE t.relnamespace = 'public'::regnamespace ORDER BY 1, 2"
    )
    return [(table, index, unique, list(columns)) for table, index, unique, columns in rows]


def test_there_are_tables(tenant_tables: list[str]):
    assert len(tenant_tables) > 25


def test_every_table_belongs_to_a_tenant_or_says_why_not(
    catalogue: psycopg.Connection, tenant_tables: list[str]
):
    tables = {
        name
        for (name,) in catalogue.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        )
    }
    assert tables - set(tenant_tables) == set(NO_TENANT)


def test_keys_begin_with_the_tenant(catalogue: psycopg.Connection, tenant_tables: list[str]):
    keys: dict[str, tuple[str, ...]] = {
        table: tuple(columns)
        for table, columns in catalogue.execute(
            "SELECT t.relname, array(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(number, place)"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number ORDER BY place)"
            " FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid WHERE c.contype = 'p'"
        )
    }
    wrong = {
        table: keys.get(table)
        for table in tenant_tables
        if keys.get(table) != OTHER_KEYS.get(table, ("tenant_id", "id"))
    }
    assert not wrong


def test_foreign_keys_cannot_cross_tenants(catalogue: psycopg.Connection, tenant_tables: list[str]):
    rows = catalogue.execute(
        "SELECT c.conname, s.relname, t.relname,"
        " array(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(number, place)"
        "  JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number ORDER BY place),"
        " array(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY k(number, place)"
        "  JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number ORDER BY place)"
        " FROM pg_constraint c JOIN pg_class s ON s.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid"
        " WHERE c.contype = 'f'"
    ).fetchall()
    assert len(rows) > 40
    wrong = []
    for name, source, target, columns, others in rows:
        if target == "tenants":
            fine = (columns, others) == (["tenant_id"], ["id"])
        else:
            fine = (
                source in tenant_tables and target in tenant_tables and columns[0] == others[0] == "tenant_id"
            )
        if not fine:
            wrong.append(f"{name}: {source}{columns} -> {target}{others}")
    assert not wrong


def test_ids_of_other_tables_are_foreign_keys(catalogue: psycopg.Connection, tenant_tables: list[str]):
    """A column `x_id` without a foreign key could point into another tenant. Exceptions are named."""
    loose = {
        "audit_rows": {"actor_id", "subject_id", "customer_id"},  # evidence outlives what it tells of
        "sessions": {"account_id", "viewing_customer_id"},
        "theme_versions": {"created_by"},
        "payment_quarantine": {"resolved_by"},
        "import_batches": {"created_by"},
        "invoices": {"run_id"},  # which monthly run made it: runs are a later capability's
    }
    columns = catalogue.execute(
        "SELECT t.relname, a.attname::text FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid"
        " WHERE t.relnamespace = 'public'::regnamespace AND t.relkind IN ('r', 'p') AND a.attnum > 0"
        " AND NOT a.attisdropped AND a.atttypid = 'uuid'::regtype AND a.attname NOT IN ('id', 'tenant_id')"
    ).fetchall()
    held = {
        (table, column)
        for table, column in catalogue.execute(
            "SELECT t.relname, a.attname::text FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey) WHERE c.contype = 'f'"
        )
    }
    bare = [
        f"{table}.{column}"
        for table, column in columns
        if table in tenant_tables
        and (table, column) not in held
        and column not in loose.get(table, ())
        and column != "batch_id"  # where a row came from; the batch may be gone
    ]
    assert not bare


def test_uniqueness_is_within_a_tenant(catalogue: psycopg.Connection):
    found = {
        index for _table, index, unique, columns in indexes(catalogue) if unique and columns[0] != "tenant_id"
    }
    assert found == set(GLOBAL_UNIQUE), "another tenant could learn what exists here"


def test_every_index_begins_with_the_tenant(catalogue: psycopg.Connection, tenant_tables: list[str]):
    found = {
        index: columns
        for table, index, _unique, columns in indexes(catalogue)
        if table in tenant_tables and columns[0] != "tenant_id" and index not in GLOBAL_UNIQUE
    }
    assert set(found) <= set(OTHER_INDEXES), found


def test_no_index_on_an_expression(catalogue: psycopg.Connection):
    """A function that is not LEAKPROOF is called only on rows that the policy let through, so its index is never used:
    a generated column is (law 10)."""
    found = catalogue.execute(
        "SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid"
        " WHERE t.relnamespace = 'public'::regnamespace AND x.indexprs IS NOT NULL"
    ).fetchall()
    assert {name for (name,) in found} == set(EXPRESSIONS)


def test_row_security_is_on_and_forced(catalogue: psycopg.Connection, tenant_tables: list[str]):
    rows = {
        name: (enabled, forced, owner)
        for name, enabled, forced, owner in catalogue.execute(
            "SELECT relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        )
    }
    wrong = {name: rows[name] for name in (*tenant_tables, "tenants") if rows[name] != (True, True, OWNER)}
    assert not wrong
    assert rows["bank_simulator_orders"][2] == OWNER


def policies(catalogue: psycopg.Connection) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for table, name, permissive, roles, command, using, check in catalogue.execute(
        "SELECT tablename, policyname, permissive, roles::text[], cmd, qual, with_check FROM pg_policies"
        " WHERE schemaname = 'public' ORDER BY tablename, policyname"
    ):
        found[table].append((name, permissive, roles, command, using, check))
    return found


def test_one_policy_for_the_application_names_the_tenant(
    catalogue: psycopg.Connection, tenant_tables: list[str]
):
    found = policies(catalogue)
    for table in tenant_tables:
        own = [policy for policy in found[table] if policy[2] != [PLATFORM]]
        assert len(own) == 1, f"{table} has {len(own)} policies: any one of several lets a row through"
        name, permissive, roles, command, using, check = own[0]
        assert (name, permissive, roles) == ("tenant", "PERMISSIVE", [APP]), table
        if table == "domains":
            assert command == "SELECT" and OWN_POLICY in using and "app.host" in using
        else:
            assert (command, using, check) == ("ALL", OWN_POLICY, OWN_POLICY), table


def test_the_platform_has_policies_on_three_tables(catalogue: psycopg.Connection):
    found = {
        table: policy[3]
        for table, all_of_it in policies(catalogue).items()
        for policy in all_of_it
        if policy[2] == [PLATFORM]
    }
    assert found == {"tenants": "ALL", "domains": "ALL", "outbox": "SELECT"}
    assert not [table for table, rows in policies(catalogue).items() for row in rows if "public" in row[2]]


def test_roles_have_no_powers(catalogue: psycopg.Connection):
    rows = {
        name: rest
        for name, *rest in catalogue.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin"
            " FROM pg_roles WHERE rolname = ANY(%s)",
            ([APP, PLATFORM, OWNER, BACKUP],),
        )
    }
    nothing = [False] * 5
    assert rows[APP] == [*nothing, True]
    assert rows[PLATFORM] == [*nothing, True]
    assert rows[OWNER] == [*nothing, False], "the owner cannot log in"
    assert rows[BACKUP] == [False, True, False, False, False, True]


def test_the_application_is_nobody_else(catalogue: psycopg.Connection):
    """No membership: SET ROLE leads nowhere."""
    members = catalogue.execute(
        "SELECT pg_get_userbyid(member), pg_get_userbyid(roleid) FROM pg_auth_members"
        " WHERE pg_get_userbyid(member) = ANY(%s)",
        ([APP, PLATFORM],),
    ).fetchall()
    assert members == []
    owned = catalogue.execute(
        "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = ANY(%s)", ([APP, PLATFORM, BACKUP],)
    ).fetchall()
    assert owned == []


def grants(catalogue: psycopg.Connection) -> dict[str, dict[str, set[str]]]:
    """Role -> table -> rights on the whole table."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for role, table, right in catalogue.execute(
        "SELECT pg_get_userbyid(acl.grantee), c.relname, acl.privilege_type FROM pg_class c,"
        " aclexplode(c.relacl) acl WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')"
    ):
        found[role][table].add(right)
    return found


def test_rights_of_the_application(catalogue: psycopg.Connection, tenant_tables: list[str]):
    found = grants(catalogue)[APP]
    everything = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    expected = {
        table: {"SELECT", "INSERT"} if table in APPEND_ONLY else everything for table in tenant_tables
    }
    expected |= {
        "tenants": {"SELECT"},  # and some columns, below
        "domains": {"SELECT"},
        "bank_simulator_orders": {"SELECT", "INSERT", "UPDATE"},
        "payu_simulator_orders": {"SELECT", "INSERT", "UPDATE"},
        "payu_simulator_transactions": {"SELECT", "INSERT", "UPDATE"},
        "stripe_simulator_things": {"SELECT", "INSERT", "UPDATE"},
        "platform_stops": {"SELECT"},
        "alembic_version": {"SELECT"},
    }
    assert dict(found) == expected


def test_rights_of_the_platform(catalogue: psycopg.Connection):
    found = {(table, right) for table, rights in grants(catalogue)[PLATFORM].items() for right in rights}
    assert found == PLATFORM_MAY
    assert "unknown (OID=0)" not in grants(catalogue), "nothing is granted to PUBLIC"


def test_rights_on_columns(catalogue: psycopg.Connection):
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for role, table, column, right in catalogue.execute(
        "SELECT pg_get_userbyid(acl.grantee), c.relname, a.attname::text, acl.privilege_type"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) acl"
        " WHERE c.relnamespace = 'public'::regnamespace"
    ):
        found[role, table, right].add(column)
    assert dict(found) == {
        (APP, "tenants", "UPDATE"): {"settings", "words", "capabilities", "theme_version_id", "version"},
        **{(PLATFORM, table, "SELECT"): columns for table, columns in PLATFORM_COLUMNS.items()},
    }


def test_append_only_tables_refuse_even_the_owner(catalogue: psycopg.Connection):
    """Rights keep the application away; triggers keep everybody else from a slip."""
    guarded = {
        table
        for (table,) in catalogue.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname = 'append_only'"
        )
    }
    assert guarded == {"journal_entries", "postings", "audit_rows"}
    assert guarded <= set(APPEND_ONLY)


def test_no_function_runs_with_other_rights(catalogue: psycopg.Connection):
    found = catalogue.execute(
        "SELECT p.proname FROM pg_proc p WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace"
    ).fetchall()
    assert found == []


def test_views_use_the_rights_of_who_asks(catalogue: psycopg.Connection):
    found = catalogue.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')"
        " AND NOT coalesce(reloptions @> '{security_invoker=true}', false)"
    ).fetchall()
    assert found == []


def test_models_are_what_the_migrations_make(database_urls: DatabaseUrls):
    load_models()
    engine = create_engine(database_urls.superuser.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert not differences, "write a migration: " + "\n".join(str(difference) for difference in differences)


def test_amounts_are_whole_numbers(catalogue: psycopg.Connection):
    """Money is an integer of the minor unit; no column could hold a fraction, a binary one least of all."""
    found = catalogue.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND data_type IN ('real', 'double precision', 'numeric', 'money')"
    ).fetchall()
    assert found == []
    bare = catalogue.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND (data_type = 'timestamp without time zone' OR data_type LIKE 'time %')"
    ).fetchall()
    assert bare == [], "a moment without a zone is no moment"


def test_every_model_with_a_tenant_is_owned():
    """A class with a `tenant_id` that is not TenantOwned would slip through the ORM net."""
    load_models()
    loose = [
        mapper.class_.__name__
        for mapper in Base.registry.mappers
        if "tenant_id" in mapper.columns and not issubclass(mapper.class_, TenantOwned)
    ]
    assert loose == ["Domain"]


def test_a_dump_by_the_application_fails(database_urls: DatabaseUrls):
    """pg_dump turns row security off for itself, which PostgreSQL refuses a role that cannot bypass it."""
    done = subprocess.run(
        [str(find_bin() / "pg_dump"), "--data-only", "--table=customers", database_urls.app],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode != 0
    assert re.search(r"row-level security|permission denied", done.stderr)
