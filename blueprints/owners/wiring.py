"""What owners listen to: rent that came in or went back moves the commission on it; an agreed quote is charged."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from blueprints.owners import certificates, commissions
from blueprints.owners.charges import NewCharge, make_charge
from saas.clock import now
from saas.events import subscribe
from saas.languages import N_
from saas.outbox import handler
from tenants.issued_documents import declare_kind
from tenants.loading import serving

declare_kind(certificates.KIND, N_("Certificate of income and withholdings"))


@handler(commissions.TOPIC)
def _follow(payload: dict[str, Any]) -> None:
    commissions.follow_row(payload)


def _payment_captured(
    *, payment_id: uuid.UUID, items: Sequence[tuple[uuid.UUID, int]], paid_on: datetime.date, **_more: Any
) -> None:
    invoices = [invoice_id for invoice_id, _amount in items]
    commissions.ask_for_commission(f"payment:{payment_id}", invoices, on=paid_on)


def _payment_changed(
    *, source: str, items: Sequence[tuple[uuid.UUID, int, int]], occurred_on: datetime.date, **_more: Any
) -> None:
    invoices = [invoice_id for invoice_id, _before, _after in items]
    commissions.ask_for_commission(source, invoices, on=occurred_on)


def _quote_approved(
    *,
    mandate_account_id: uuid.UUID,
    amount: int,
    currency: str,
    description: str,
    case_id: uuid.UUID,
    **more: Any,
) -> None:
    """A repair that an owner agreed to is charged: one charge a quote, or a case where no quote is named."""
    if "owners" not in serving().capabilities:
        return
    quote_id = more.get("quote_id")
    make_charge(
        NewCharge(
            mandate_account_id=mandate_account_id,
            kind="repair",
            description=description[:200],
            amount=amount,
            tax=int(more.get("tax") or 0),
            currency=currency,
            charged_on=serving().today(),
            supplier=str(more.get("vendor") or "")[:120],
            source_key=f"quote:{quote_id}" if quote_id else f"case:{case_id}",
            file_id=more.get("file_id"),
        ),
        now=now(),
    )


subscribe("quote.approved", _quote_approved)
subscribe("payment.captured", _payment_captured)
subscribe("payment.reversed", _payment_changed)
subscribe("payment.applied", _payment_changed)
