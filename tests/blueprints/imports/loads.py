"""What tests of loading share: run a pack or a file, and look at what came of it."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import func, select

from blueprints.imports.recognise import resolve_profile
from blueprints.imports.runs import Outcome, run_import
from blueprints.invoices.models import Invoice
from blueprints.ledger.models import LedgerAccount, Posting
from blueprints.ledger.queries import receivables_by_invoice, unbalanced_entries
from saas.scope import unit_of_work
from tests.blueprints.imports.files import PACKS

# The progress of an import and its report are all that a rehearsal may leave.
OWN_TABLES = {"import_batches", "import_refusals"}


def load(tenant_id: uuid.UUID, profile: str, path: Path | None = None, **options: Any) -> list[Outcome]:
    """Import a pack's folder, or one file."""
    return run_import(tenant_id, resolve_profile(profile), path or PACKS / profile, **options)


def good(tenant_id: uuid.UUID, profile: str, path: Path | None = None) -> list[Outcome]:
    return load(tenant_id, profile, path, mode="good-rows-only")


def one(outcomes: list[Outcome]) -> Outcome:
    assert len(outcomes) == 1
    return outcomes[0]


def numbers(outcome: Outcome) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, refused."""
    report = outcome.report
    assert report.rows_read == report.created + report.updated + report.unchanged + report.refused
    return report.created, report.updated, report.unchanged, report.refused


def reasons(outcome: Outcome) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for problem in outcome.report.problems:
        found.setdefault(problem.row_number, []).append(str(problem))
    return found


def balances(tenant_id: uuid.UUID) -> dict[str, int]:
    """Every kind of account of the books."""
    with unit_of_work(tenant_id) as session:
        rows = session.execute(
            select(LedgerAccount.kind, func.sum(Posting.amount).label("amount"))
            .join(
                LedgerAccount,
                (LedgerAccount.tenant_id == Posting.tenant_id)
                & (LedgerAccount.id == Posting.ledger_account_id),
            )
            .group_by(LedgerAccount.kind)
        )
        return {row.kind: int(row.amount) for row in rows}


def check_books(tenant_id: uuid.UUID) -> None:
    """Every entry sums to zero, and every invoice's cached balance is what the books say."""
    with unit_of_work(tenant_id) as session:
        books = receivables_by_invoice()
        cached = {row.id: row.open_amount for row in session.execute(select(Invoice.id, Invoice.open_amount))}
        assert {key: cached.get(key, 0) for key in books} == books
        assert not [key for key, amount in cached.items() if amount and key not in books]
        assert unbalanced_entries() == []


def checksum(superuser_url: str, but: set[str] = OWN_TABLES) -> dict[str, str]:
    """A digest of every table, row security aside."""
    found = {}
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        for (table,) in tables:
            if table not in but:
                rows = connection.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1').fetchall()
                found[table] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return found
