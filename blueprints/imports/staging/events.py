"""What other capabilities are told about what a file brought."""

from __future__ import annotations

from blueprints.imports.staging.statement import execute
from saas.events import emit


def tell_parties() -> None:
    """The accounts in staged_billed got parties: people with a login of their own must see them now.

    Only customers who have a login are named, so a first import of a whole utility tells nothing.
    """
    rows = execute(
        """
        SELECT DISTINCT p.customer_id
          FROM staged_billed b
          JOIN account_parties p ON p.tenant_id = :tenant AND p.account_id = b.account_id
          JOIN users u ON u.tenant_id = :tenant AND u.customer_id = p.customer_id
        """
    )
    if customers := [row.customer_id for row in rows]:
        emit("customer.parties-changed", customer_ids=customers)
