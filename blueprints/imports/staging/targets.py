"""The kinds of record that a profile may aim at (profile.TARGETS names their fields)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from blueprints.imports.staging import customers, invoices, leases, payouts, properties, receipts, supplies
from blueprints.imports.staging.load import Target

TARGETS: Final[Mapping[str, Target]] = {
    "customers": customers,
    "properties": properties,
    "leases": leases,
    "invoices": invoices,
    "receipts": receipts,
    "payouts": payouts,
    "supplies": supplies,
}
