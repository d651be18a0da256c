"""Row security, rights, and the guards of the ledger"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from saas.schema import APP, OWNER, PLATFORM, TENANT_IS_ACTIVE, protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BALANCED = """
CREATE FUNCTION refuse_unbalanced_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong uuid;
BEGIN
    SELECT entry_id INTO wrong FROM fresh GROUP BY tenant_id, entry_id, currency HAVING sum(amount) <> 0 LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'entry % does not sum to zero', wrong USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""
NEVER = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
PLAIN = """
CREATE FUNCTION plain(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN lower(public.unaccent('public.unaccent', words))
"""


def upgrade() -> None:
    op.execute(f"GRANT USAGE ON SCHEMA public TO {APP}, {PLATFORM}")
    for table in _tenant_tables():
        if table != "domains":
            protect(op, table)
    _tenants_and_domains()
    _ledger()
    _search()
    op.execute("REVOKE ALL ON alembic_version FROM PUBLIC")
    op.execute(f"GRANT SELECT ON alembic_version TO {APP}, {PLATFORM}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON bank_simulator_orders TO {APP}")
    # The runner asks which tenants have work; it never sees what the work is.
    op.execute(f"GRANT SELECT (tenant_id, due_at, locked_until, done_at, dead_at) ON outbox TO {PLATFORM}")
    op.execute(f"CREATE POLICY platform ON outbox FOR SELECT TO {PLATFORM} USING (true)")


def _tenant_tables() -> list[str]:
    rows = op.get_bind().execute(
        sa.text(
            "SELECT table_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY table_name"
        )
    )
    return [row.table_name for row in rows]


def _tenants_and_domains() -> None:
    for table in ("tenants", "domains"):
        op.execute(f"ALTER TABLE {table} OWNER TO {OWNER}")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {PLATFORM}")
        op.execute(f"CREATE POLICY platform ON {table} TO {PLATFORM} USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT ON {table} TO {APP}")
    own = TENANT_IS_ACTIVE.replace("tenant_id =", "id =", 1)
    op.execute(f"CREATE POLICY tenant ON tenants TO {APP} USING ({own}) WITH CHECK ({own})")
    # What a tenant's own staff may change of it; its name, status and hosts are the platform's.
    op.execute(f"GRANT UPDATE (capabilities, settings, words, theme_version_id, version) ON tenants TO {APP}")
    op.execute(
        f"CREATE POLICY tenant ON domains FOR SELECT TO {APP} "
        f"USING (({TENANT_IS_ACTIVE}) OR host = NULLIF(current_setting('app.host', true), ''))"
    )


def _ledger() -> None:
    op.execute(BALANCED)
    op.execute(
        "CREATE TRIGGER balanced AFTER INSERT ON postings REFERENCING NEW TABLE AS fresh "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_entries()"
    )
    op.execute(NEVER)
    for table in ("journal_entries", "postings", "audit_rows"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _search() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA public")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public")
    op.execute(PLAIN)
    op.execute("CREATE INDEX ix_customers_search ON customers USING gin (plain(name) gin_trgm_ops)")


def downgrade() -> None:
    raise NotImplementedError("the guards are never taken away; restore a backup instead")
