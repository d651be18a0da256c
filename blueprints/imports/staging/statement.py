"""How the imports run set-based statements: as everybody does."""

from __future__ import annotations

from saas.set_based import (
    NoTenantNamed,
    arrange,
    copying,
    execute,
    joining_by_hash,
    plan_afresh,
)

__all__ = ["NoTenantNamed", "arrange", "copying", "execute", "joining_by_hash", "plan_afresh"]
