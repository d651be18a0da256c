"""Terms of leases: scenarios, rents, charges, documents, price indexes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from saas.schema import protect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What `leases` did alone is four capabilities now (docs/decisions/0018): whoever had it keeps all of it.
    # The owner of the tables is bound by their policies too: without this it would see no tenant, and change none.
    op.execute("ALTER TABLE tenants NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "UPDATE tenants SET capabilities = capabilities || ARRAY['billing', 'owners', 'payouts']"
        " WHERE 'leases' = ANY (capabilities)"
    )
    op.execute("ALTER TABLE tenants FORCE ROW LEVEL SECURITY")
    _scenarios()
    _leases()
    _rents()
    _charges()
    _indexes()
    _documents()


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *parts,
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f(f"fk_{name}_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{name}")),
    )


def _belongs_to(name: str, column: str, table: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{table}.tenant_id", f"{table}.id"],
        name=op.f(f"fk_{name}_tenant_id_{column}"),
        ondelete=ondelete,
    )


def _scenarios() -> None:
    _table(
        "lease_scenarios",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("names", JSONB(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("rent_taxes", JSONB(), nullable=False),
        sa.Column("commission_taxes", JSONB(), nullable=False),
        sa.Column("index_code", sa.Text(), nullable=True),
        sa.Column("cap", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("tenant_id", "code", name=op.f("uq_lease_scenarios_tenant_id_code")),
        sa.CheckConstraint("purpose IN ('housing', 'commercial')", name=op.f("ck_lease_scenarios_purpose")),
        sa.CheckConstraint(
            "jsonb_typeof(rent_taxes) = 'array' AND jsonb_typeof(commission_taxes) = 'array'",
            name=op.f("ck_lease_scenarios_taxes"),
        ),
    )
    protect(op, "lease_scenarios")


def _leases() -> None:
    def add(*column: sa.Column[object]) -> None:
        for one in column:
            op.add_column("leases", one)

    add(
        sa.Column("scenario_code", sa.Text(), nullable=True),
        sa.Column("scenario_from", sa.Text(), nullable=False, server_default="chosen"),
        sa.Column("status", sa.Text(), nullable=False, server_default="active"),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("renews", sa.Boolean(), nullable=False, server_default=sa.text("true")),
        sa.Column("renewal_months", sa.BigInteger(), nullable=False, server_default="12"),
        sa.Column("adjustment_points", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("rent_since", sa.Date(), nullable=True),
        sa.Column("term_until", sa.Date(), nullable=True),
    )
    # The owner of the tables is bound by their policies too, and sees no tenant's rows.
    op.execute("ALTER TABLE leases NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE leases SET rent_since = starts_on, term_until = ends_on, scenario_from = 'guessed'")
    # Checks of foreign keys wait in a queue that would stop the table from being changed.
    op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    op.alter_column("leases", "rent_since", nullable=False)
    op.alter_column("leases", "term_until", nullable=False)
    for name, condition in {
        "status": "status IN ('draft', 'active', 'ended')",
        "ended": "status <> 'ended' OR ended_on IS NOT NULL",
        "renewal": "renewal_months BETWEEN 1 AND 120",
        "scenario_from": "scenario_from IN ('chosen', 'guessed', 'invoiced')",
    }.items():
        op.create_check_constraint(op.f(f"ck_leases_{name}"), "leases", condition)
    op.create_foreign_key(
        op.f("fk_leases_tenant_id_scenario_code"),
        "leases",
        "lease_scenarios",
        ["tenant_id", "scenario_code"],
        ["tenant_id", "code"],
    )
    op.create_index("ix_leases_property", "leases", ["tenant_id", "property_id"])
    op.create_index("ix_leases_term", "leases", ["tenant_id", "status", "term_until", "id"])
    op.create_index("ix_leases_rent_since", "leases", ["tenant_id", "status", "rent_since", "id"])


def _rents() -> None:
    _table(
        "lease_rents",
        sa.Column("lease_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("rent", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("index_code", sa.Text(), nullable=True),
        sa.Column("facts", JSONB(), nullable=False),
        _belongs_to("lease_rents", "lease_id", "leases", "CASCADE"),
        sa.UniqueConstraint(
            "tenant_id", "lease_id", "valid_from", name=op.f("uq_lease_rents_tenant_id_lease_id_valid_from")
        ),
        sa.CheckConstraint("rent > 0", name=op.f("ck_lease_rents_rent")),
        sa.CheckConstraint(
            "reason IN ('start', 'index', 'agreed', 'correction')", name=op.f("ck_lease_rents_reason")
        ),
    )
    op.create_index("ix_lease_rents_from", "lease_rents", ["tenant_id", "valid_from"])
    # Since when a lease that is known already costs what it costs, nobody wrote down: from its start, says `facts`
    # with a doubt.
    op.execute(
        "INSERT INTO lease_rents (tenant_id, id, lease_id, valid_from, rent, reason, facts)"
        " SELECT tenant_id, gen_random_uuid(), id, starts_on, rent, 'start', '{\"since\": \"unknown\"}' FROM leases"
    )
    op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    op.execute("ALTER TABLE leases FORCE ROW LEVEL SECURITY")
    protect(op, "lease_rents")


def _charges() -> None:
    _table(
        "lease_charges",
        sa.Column("lease_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("taxed", sa.Boolean(), nullable=False),
        sa.Column("from_period", sa.Text(), nullable=False),
        sa.Column("until_period", sa.Text(), nullable=True),
        _belongs_to("lease_charges", "lease_id", "leases", "CASCADE"),
        sa.CheckConstraint("kind IN ('charge', 'credit')", name=op.f("ck_lease_charges_kind")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_lease_charges_amount")),
        sa.CheckConstraint(
            "until_period IS NULL OR until_period >= from_period", name=op.f("ck_lease_charges_periods")
        ),
    )
    op.create_index("ix_lease_charges_lease", "lease_charges", ["tenant_id", "lease_id"])
    protect(op, "lease_charges")


def _indexes() -> None:
    _table(
        "price_indexes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.UniqueConstraint(
            "tenant_id", "code", "period", name=op.f("uq_price_indexes_tenant_id_code_period")
        ),
    )
    protect(op, "price_indexes")


def _documents() -> None:
    _table(
        "lease_documents",
        sa.Column("lease_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("for_renter", sa.Boolean(), nullable=False),
        sa.Column("for_owner", sa.Boolean(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        _belongs_to("lease_documents", "lease_id", "leases", "CASCADE"),
        _belongs_to("lease_documents", "file_id", "files"),
        _belongs_to("lease_documents", "added_by", "users"),
        sa.UniqueConstraint(
            "tenant_id",
            "lease_id",
            "kind",
            "title",
            "version",
            name=op.f("uq_lease_documents_tenant_id_lease_id_kind_title_version"),
        ),
        sa.CheckConstraint(
            "kind IN ('contract', 'inventory', 'policy', 'other')", name=op.f("ck_lease_documents_kind")
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_lease_documents_version")),
    )
    op.create_index(
        "ix_lease_documents_expiring",
        "lease_documents",
        ["tenant_id", "expires_on", "id"],
        postgresql_where=sa.text("current AND expires_on IS NOT NULL"),
    )
    protect(op, "lease_documents")


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
