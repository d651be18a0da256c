"""Cases that anybody files without a login: the digest of their code, their files, and which subjects they may have"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("follow_digest", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_cases_follow"), "cases", "follow_digest IS NULL OR (customer_id IS NULL AND user_id IS NULL)"
    )
    op.alter_column("case_uploads", "user_id", nullable=True)
    op.add_column(
        "case_subjects",
        sa.Column("without_login", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    # What the starter kit says of its own subjects; whoever has others decides at the desk.
    op.execute("ALTER TABLE case_subjects NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE case_subjects SET without_login = false WHERE asks <> '' OR code = 'termination'")
    op.execute("ALTER TABLE case_subjects FORCE ROW LEVEL SECURITY")
    op.alter_column("case_subjects", "without_login", server_default=None)


def downgrade() -> None:
    raise NotImplementedError("migrations only go forward; restore a backup instead")
