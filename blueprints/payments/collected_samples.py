"""A daily file as a collector would send it, for the coupons that wait: for rehearsals, never in production."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import select

from blueprints.payments.models import Attempt
from blueprints.payments.providers.collector.daily_files import file_layouts
from blueprints.payments.providers.collector.writing import write_file
from blueprints.payments.rules import OPEN_STATES
from saas.database import db
from tenants.provider_account_services import OpenedAccount

MOST = 10_000


def sample_file(account: OpenedAccount, day: datetime.date, *, most: int = MOST) -> tuple[bytes, int]:
    """A file in which the account's open coupons were paid on `day`, and how many they are."""
    settings = account.settings
    rows = db.session.execute(
        select(Attempt.provider_reference, Attempt.amount, Attempt.currency)
        .where(Attempt.provider_account_id == account.id, Attempt.state.in_(OPEN_STATES))
        .order_by(Attempt.created_at)
        .limit(most)
    ).all()
    run = uuid.uuid4().int % 10**6  # two samples of one day are two files, as those of a collector are
    payments = [
        payment(row.provider_reference, row.amount, row.currency, day, run + n) for n, row in enumerate(rows)
    ]
    company = str(settings.get("file_company") or settings["company"])
    given = {**_GIVEN, "company": company, "made_on": day, "collected_on": day}
    return write_file(file_layouts()[str(settings["file"])], payments, given=given), len(rows)


def payment(reference: str, amount: int, currency: str, day: datetime.date, number: int) -> dict[str, Any]:
    """One payment with everything that a layout of ours may ask of it."""
    return {
        "reference": reference,
        "amount": amount,
        "fee": 0,
        "currency": currency,
        "paid_on": day,
        "processed_on": day,
        "sequence": number % 100_000,
        "branch": str(number % 9 + 1),
        "terminal": "1",
        "operation": str(number),
    }


_GIVEN = {
    "collector": "MUESTRA",
    "company_name": "MUESTRA",
    "bank": "007",
    "account": "000123456",
    "account_kind": "01",
    "made_at": "2030",
    "modifier": "A",
    "service": "0",
    "batch": "1",
    "channel": "01",
    "means": "01",
    "authorisation": "0",
    "debited_bank": "0",
}
