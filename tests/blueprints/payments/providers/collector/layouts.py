"""Daily files made by hand or by dice: payments that a layout can hold."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from blueprints.payments.providers.collector.daily_files import FileLayout, file_layouts
from blueprints.payments.providers.collector.writing import write_file

DAY = datetime.date(2026, 11, 20)
GIVEN: Mapping[str, Any] = {
    "company": "4207",
    "company_name": "AGUAS",
    "collector": "PAGO CERCA",
    "made_on": DAY,
    "collected_on": DAY,
    "made_at": "2030",
    "bank": "007",
    "account": "000123456",
    "account_kind": "01",
    "modifier": "A",
    "service": "0",
    "batch": "1",
}


def payment(reference: str, amount: int, number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "reference": reference,
        "amount": amount,
        "fee": 0,
        "currency": "ARS",
        "paid_on": DAY,
        "processed_on": DAY,
        "sequence": number,
        "branch": "1",
        "terminal": "2",
        "operation": str(number),
        "channel": "01",
        "means": "01",
        "authorisation": "0",
        "debited_bank": "0",
        **more,
    }


def layout(name: str) -> FileLayout:
    return file_layouts()[name]


def daily_file(name: str, payments: Sequence[Mapping[str, Any]], **given: Any) -> bytes:
    return write_file(layout(name), payments, given={**GIVEN, **given})
