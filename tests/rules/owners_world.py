"""What the world holds of owners: rent that came in for the customer, charges, a credit note, a certificate."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from blueprints.leases.services import book_collected_rent
from blueprints.ledger import rules as books
from blueprints.ledger.services import post
from blueprints.owners.certificates import KIND
from blueprints.owners.charges import NewCharge, make_charge
from blueprints.owners.commissions import REVERSED
from blueprints.owners.models import CommissionDocument, RentCommission
from saas.clock import now
from tenants.issued_documents import IssuedDocument, subject_of

if TYPE_CHECKING:
    from tests.rules.world import Side

LAST_YEAR = now().year - 1
DAY = datetime.date(LAST_YEAR, 12, 7)
PERIOD = f"{DAY:%Y-%m}"


def earn(side: Side, size: int, add: Callable[..., Any]) -> None:
    """Rent of `size` months, each with a charge; one credit note and one certificate."""
    mandate, customer, currency = side.rows["accounts"][2], side.first("customers"), side.cast.currency
    rents = side.rows["invoices"][size + 1 : 2 * size + 1]
    side.rows["collected_rents"] = list(rents)
    for number, rent in enumerate(rents):
        day = DAY - datetime.timedelta(days=28 * number)
        book_collected_rent(f"world:{number}", [(rent, 50_000)], currency=currency, paid_on=day)
        charge = make_charge(
            NewCharge(
                mandate, "repair", f"Techo {side.canary} {side.person_canary}", 1_000, 0, currency, day,
                file_id=side.first("files"),
            ),
            now=now(),
        )  # fmt: skip
        side.rows["owner_charges"].append(charge)
    agreed = add(
        side,
        RentCommission,
        rent_invoice_id=rents[0],
        mandate_account_id=mandate,
        period=PERIOD,
        currency=currency,
        base=100_000,
        rent_total=100_000,
        rate=90_000,
    )
    note = add(
        side,
        CommissionDocument,
        commission_id=agreed,
        kind="credit-note",
        number=f"NC-{side.person_canary}",
        charge=100,
        tax=0,
        withholding=0,
        total=100,
        currency=currency,
        issued_on=DAY,
        file_id=side.first("files"),
    )
    post(
        f"commission-note:{note}",
        REVERSED,
        books.give_back_commission(
            mandate_account_id=mandate, rent_invoice_id=rents[0], charge=100, tax=0, parts=[(customer, 100)]
        ),
        currency=currency,
        occurred_on=DAY,
    )
    add(
        side,
        IssuedDocument,
        kind=KIND,
        key=f"{customer}:{LAST_YEAR}:CI-1:x",
        subject=subject_of("customer", customer),
        number=f"CI-{side.person_canary}",
        code=f"{side.cast.slug[:4].upper():0<4}-0000-0001",
        file_id=side.first("files"),
    )
