"""The statements of an imported agency: true to the cent, and every settled month ends at nothing."""

from __future__ import annotations

import datetime
from collections import defaultdict

from flask import Flask
from sqlalchemy import select

from blueprints.accounts.models import Account
from blueprints.invoices.models import Invoice
from blueprints.leases.models import Lease, Payout
from blueprints.ledger.models import LedgerAccount
from blueprints.ledger.queries import balance
from blueprints.ledger.rules import OWNER_PAYABLE
from blueprints.owners import statement_rules as rules
from blueprints.owners.certificates import Figures, figures_of, year_of
from blueprints.owners.checking import differences
from blueprints.owners.statements import days_of, sheets
from saas.database import db
from saas.scope import unit_of_work
from tests.blueprints.imports.loads import good
from tests.cast import make_agency

MONTHS = [f"{year}-{month:02d}" for year in (2025, 2026) for month in range(1, 13)]


def test_statements_of_the_pack(app: Flask) -> None:
    tenant = make_agency()
    good(tenant.id, "agencia")
    with unit_of_work(tenant.id):
        mandates = dict(
            db.session.execute(select(Account.id, Account.number).where(Account.kind == "mandate")).all()
        )
        paid: dict[tuple[object, str], int] = defaultdict(int)
        for payout in db.session.execute(select(Payout.mandate_account_id, Payout.paid_on, Payout.amount)):
            paid[payout.mandate_account_id, f"{payout.paid_on:%Y-%m}"] += payout.amount
        billed: dict[tuple[object, str, str], int] = defaultdict(int)
        for row in db.session.execute(
            select(
                Lease.mandate_account_id,
                Invoice.period,
                Invoice.type_code,
                Invoice.total,
                Invoice.open_amount,
            ).join(
                Lease,
                (Lease.tenant_id == Invoice.tenant_id)
                & (
                    (Lease.lease_account_id == Invoice.account_id)
                    | (Lease.mandate_account_id == Invoice.account_id)
                ),
            )
        ):
            billed[row.mandate_account_id, row.period, row.type_code] += row.total - row.open_amount
        years: dict[tuple[object, int], Figures] = {}
        settled = 0
        for month in MONTHS:
            for mandate, sheet in sheets(list(mandates), *days_of(month), currency="COP").items():
                assert sheet.section(rules.RENT).total == billed[mandate, month, "rent"]
                assert -sheet.section(rules.COMMISSION).total == billed[mandate, month, "commission"]
                assert -sheet.section(rules.PAYOUT).total == paid[mandate, month]
                assert sheet.section(rules.OTHER).total == 0
                for owner in sheet.owners:
                    figures = figures_of(sheet, owner)
                    assert figures.opening == figures.closing == 0
                    settled += 1
                    key = (owner, int(month[:4]))
                    years[key] = years[key].beside(figures) if key in years else figures
        assert settled > 200
        for (owner, year), figures in years.items():
            assert year_of(owner, year, currency="COP", today=datetime.date(2027, 1, 1)).total == figures  # type: ignore[arg-type]
        owners = set(
            db.session.execute(
                select(LedgerAccount.customer_id).where(LedgerAccount.kind == OWNER_PAYABLE)
            ).scalars()
        )
        assert {owner for owner, _year in years} == owners and balance(OWNER_PAYABLE) == 0
        assert differences() == []
