"""Rows of messages for the world: sent to the customer, waiting, refused; wishes, own texts, a dead address."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from blueprints.messages.models import Choice, DeadAddress, Message, Reminder, TemplateVersion
from blueprints.messages.unsubscribing import token_for
from saas.clock import now

Add = Callable[..., Any]


def write_messages(side: Any, size: int, add: Add) -> None:
    """To be called once the side has files and invoices: the first message was sent, with a file and a text."""
    customer, user = side.first("customers"), side.people["customer"].user_id
    text = f"Hola {side.canary} {side.person_canary}"
    for number in range(size):
        trouble = number and number == size - 1
        message = add(
            side,
            Message,
            kind="invoice-new",
            channel="mail",
            state="refused" if trouble else "sent",
            customer_id=customer,
            user_id=user,
            recipient=f"cliente@{side.cast.slug}.example",
            subject=text,
            body=f"{text}\n\nSu factura",
            attachments=[{"file": str(side.first("files")), "name": "a.pdf", "type": "application/pdf"}],
            facts={"invoices": [str(side.first("invoices"))]},
            created_at=now() - datetime.timedelta(minutes=size - number),
            sent_at=None if trouble else now(),
        )
        add(
            side,
            Reminder,
            invoice_id=side.rows["invoices"][number],
            customer_id=customer,
            step="on",
            message_id=message,
        )
        add(
            side,
            Choice,
            customer_id=customer,
            kind="reminder-on",
            channel="whatsapp",
            wanted=bool(number % 2),
            source="profile",
        )
        add(
            side,
            TemplateVersion,
            kind="invoice-new",
            language="es",
            version=number + 1,
            subject=text,
            body=f"{text}\n\n{{facturas}}",
        )
        add(
            side,
            DeadAddress,
            address=f"nadie{number}@{side.cast.slug}.example",
            detail=side.canary,
            message_id=message,
        )
    side.unsubscribe_token = token_for(customer, "invoice-new")
