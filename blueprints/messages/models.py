"""What was sent to customers and what became of it; texts, wishes, and addresses that take no mail."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class Message(TenantOwned, Model):
    """One message to one person. `body` is the plain text as it was sent, links that open something blotted out;
    `sealed` holds the whole letter until it has left. `facts` is what it is about until it is composed."""

    __tablename__ = "messages"

    kind: Mapped[str]
    channel: Mapped[str] = mapped_column(default="mail")
    state: Mapped[str] = mapped_column(default="queued")
    counts: Mapped[bool] = mapped_column(
        default=False
    )  # as a contact that hours and frequency are limited for
    customer_id: Mapped[uuid.UUID | None]
    user_id: Mapped[uuid.UUID | None]
    recipient: Mapped[str]  # empty until somebody is found to write to
    language: Mapped[str | None]
    subject: Mapped[str]
    body: Mapped[str | None]
    sealed: Mapped[str | None]
    attachments: Mapped[list[Any]] = mapped_column(default=list)  # {"file": id, "name": …, "type": …}
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    about: Mapped[str | None]  # "case:<id>", "invoice:<id>": what a page of that thing finds its messages by
    key: Mapped[str | None]  # the same key is sent once, however often its cause is repeated
    reason: Mapped[str | None]  # why it waits, or why it did not arrive: a msgid
    detail: Mapped[str | None]  # what the mail server said
    tries: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime.datetime | None]
    created_at: Mapped[datetime.datetime]
    sent_at: Mapped[datetime.datetime | None]
    settled_at: Mapped[datetime.datetime | None]
    again_of: Mapped[uuid.UUID | None]
    made_by: Mapped[uuid.UUID | None]  # the member of staff who sent it, if one did

    __table_args__ = (
        unique("key"),
        belongs_to("customer_id", "customers", ondelete="CASCADE"),
        belongs_to("user_id", "users", ondelete="CASCADE"),
        belongs_to("again_of", "messages"),
        belongs_to("made_by", "users"),
        Index("ix_messages_customer", "tenant_id", "customer_id", "id"),
        Index("ix_messages_user", "tenant_id", "user_id", "id"),
        Index("ix_messages_about", "tenant_id", "about"),
        Index(
            "ix_messages_trouble", "tenant_id", "id", postgresql_where=text("state IN ('refused', 'bounced')")
        ),
        Index("ix_messages_contacts", "tenant_id", "customer_id", "sent_at", postgresql_where=text("counts")),
        Index("ix_messages_kept", "tenant_id", "created_at", postgresql_where=text("body IS NOT NULL")),
        CheckConstraint("channel IN ('mail', 'whatsapp', 'phone', 'letter')", name="channel"),
        CheckConstraint(
            "state IN ('queued', 'deferred', 'sent', 'refused', 'bounced', 'dropped')", name="state"
        ),
    )


class Reminder(TenantOwned, Model):
    """That a customer is told of an invoice at one step: once, however often the plan is made."""

    __tablename__ = "message_reminders"

    invoice_id: Mapped[uuid.UUID]
    customer_id: Mapped[uuid.UUID]
    step: Mapped[str]  # issued, before, on, after:3…
    message_id: Mapped[uuid.UUID]

    __table_args__ = (
        unique("invoice_id", "customer_id", "step"),
        belongs_to("invoice_id", "invoices", ondelete="CASCADE"),
        belongs_to("customer_id", "customers", ondelete="CASCADE"),
        belongs_to("message_id", "messages", ondelete="CASCADE"),
        Index("ix_message_reminders_message", "tenant_id", "message_id"),
        Index("ix_message_reminders_customer", "tenant_id", "customer_id"),
    )


class TemplateVersion(TenantOwned, Model):
    """A tenant's own words for one kind in one language. The newest version counts; without words, ours do."""

    __tablename__ = "message_templates"

    kind: Mapped[str]
    language: Mapped[str]
    version: Mapped[int]
    subject: Mapped[str | None]
    body: Mapped[str | None]
    made_at: Mapped[datetime.datetime]
    made_by: Mapped[uuid.UUID | None]

    __table_args__ = (unique("kind", "language", "version"), belongs_to("made_by", "users"))


class Choice(TenantOwned, Model):
    """What a customer wished about one kind on one channel, and how they said so. The newest row counts."""

    __tablename__ = "message_choices"

    customer_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    channel: Mapped[str]
    wanted: Mapped[bool]
    source: Mapped[str]
    made_at: Mapped[datetime.datetime]
    made_by: Mapped[uuid.UUID | None]

    __table_args__ = (
        belongs_to("customer_id", "customers", ondelete="CASCADE"),
        belongs_to("made_by", "users"),
        Index("ix_message_choices_customer", "tenant_id", "customer_id", "kind", "channel", "id"),
        CheckConstraint("source IN ('profile', 'link', 'staff')", name="source"),
    )


class DeadAddress(TenantOwned, Model):
    """An address whose server said that it takes no mail. Nothing optional is sent there until it is lifted."""

    __tablename__ = "message_dead_addresses"

    address: Mapped[str]
    detail: Mapped[str]
    message_id: Mapped[uuid.UUID | None]
    found_at: Mapped[datetime.datetime]

    __table_args__ = (
        unique("address"),
        belongs_to("message_id", "messages", ondelete="CASCADE"),
        Index("ix_message_dead_addresses_message", "tenant_id", "message_id"),
    )
