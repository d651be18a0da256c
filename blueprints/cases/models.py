"""Cases, what happened to them, their files, and the catalogues that name them."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class Case(TenantOwned, Model):
    """Something a customer asks and staff must answer. `number` is what it is filed under ("radicado").

    `customer_id` is whose case it is; where staff wrote it down for somebody who is not in the books, `person` says who
    that is (persons.py); neither: nobody named. `user_id` is who filed it in the customer area. `follow_digest` is of
    the code that opens a case to who filed it without a login (follow_codes.py); nobody else's has one.

    `events` tell the whole story; `state`, `stage`, `due_on`, `moved_at` and `ended_at` say where it stands now, so
    that lists need not read it. `account_id` is the contract or supply it is about; `since` is when the matter
    began, as the customer says, and `received_at` when it came in, as the clock says. `details` are the answers
    to what its subject asks besides. `form_key` is of the form that opened it: sent twice, it opens one case.
    """

    __tablename__ = "cases"

    number: Mapped[str]
    kind: Mapped[str]  # pqrs…
    class_code: Mapped[str]
    subject_code: Mapped[str]
    channel: Mapped[str]  # area, web, or how staff got it (channels.py)
    state: Mapped[str]
    stage: Mapped[int] = mapped_column(default=1)  # 1 first answer, 2 appeal
    customer_id: Mapped[uuid.UUID | None]
    person: Mapped[dict[str, Any] | None]
    user_id: Mapped[uuid.UUID | None]  # who filed it in the customer area
    account_id: Mapped[uuid.UUID | None]
    property_id: Mapped[uuid.UUID | None]
    invoice_id: Mapped[uuid.UUID | None]
    since: Mapped[datetime.date | None]
    received_at: Mapped[datetime.datetime]
    description: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    assigned_to: Mapped[uuid.UUID | None]
    rating: Mapped[int | None]  # 1 to 5
    rating_words: Mapped[str | None]
    due_on: Mapped[datetime.date | None]  # the day until which an answer is owed; written by the clock
    moved_at: Mapped[datetime.datetime]  # of the newest event
    ended_at: Mapped[datetime.datetime | None]  # when it was closed or withdrawn
    form_key: Mapped[str | None]
    follow_digest: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)  # the number of the newest event

    __table_args__ = (
        unique("number"),
        unique("form_key"),
        belongs_to("customer_id", "customers"),
        belongs_to("user_id", "users"),
        belongs_to("account_id", "accounts"),
        belongs_to("property_id", "properties"),
        belongs_to("invoice_id", "invoices"),
        belongs_to("assigned_to", "users"),
        Index("ix_cases_customer", "tenant_id", "customer_id", text("id DESC")),
        Index("ix_cases_user", "tenant_id", "user_id", text("id DESC")),
        Index("ix_cases_account", "tenant_id", "account_id", text("id DESC")),
        Index("ix_cases_property", "tenant_id", "property_id", text("id DESC")),
        Index("ix_cases_invoice", "tenant_id", "invoice_id", postgresql_where=text("invoice_id IS NOT NULL")),
        Index(
            "ix_cases_due",
            "tenant_id",
            "due_on",
            "id",
            postgresql_where=text("state IN ('received', 'in-progress', 'waiting-customer')"),
        ),
        Index("ix_cases_received", "tenant_id", "received_at", "id"),
        Index("ix_cases_person", "tenant_id", "id", postgresql_where=text("person IS NOT NULL")),
        Index("ix_cases_assigned", "tenant_id", "assigned_to", text("id DESC")),
        CheckConstraint(
            "state IN ('received', 'in-progress', 'waiting-customer', 'answered', 'closed', 'withdrawn')",
            name="state",
        ),
        CheckConstraint("stage IN (1, 2)", name="stage"),
        CheckConstraint("person IS NULL OR (customer_id IS NULL AND user_id IS NULL)", name="person"),
        CheckConstraint("follow_digest IS NULL OR (customer_id IS NULL AND user_id IS NULL)", name="follow"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
    )


class CaseEvent(TenantOwned, Model):
    """One thing that happened to a case. Rows are only ever added: everything else is worked out from them.

    `number` counts the events of one case from 1. What is not `visible` is for staff alone.
    """

    __tablename__ = "case_events"

    case_id: Mapped[uuid.UUID]
    number: Mapped[int]
    kind: Mapped[str]
    at: Mapped[datetime.datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[uuid.UUID | None]
    actor_name: Mapped[str]
    visible: Mapped[bool]
    body: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        unique("case_id", "number"),
        belongs_to("case_id", "cases", ondelete="CASCADE"),
        belongs_to("actor_id", "users"),
    )


class CaseFile(TenantOwned, Model):
    """A file that came with an event; who may see the event may see it. `file_id` holds the bytes."""

    __tablename__ = "case_files"

    case_id: Mapped[uuid.UUID]
    event_id: Mapped[uuid.UUID]
    file_id: Mapped[uuid.UUID]
    position: Mapped[int]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]

    __table_args__ = (
        unique("event_id", "position"),
        belongs_to("case_id", "cases", ondelete="CASCADE"),
        belongs_to("event_id", "case_events", ondelete="CASCADE"),
        belongs_to("file_id", "files"),
        Index("ix_case_files_case", "tenant_id", "case_id"),
    )


class CaseUpload(TenantOwned, Model):
    """A file that arrived with a form which was not accepted yet, so that nobody has to send it again.

    `form_key` is the form's; only who sent it may use it (without a login the key itself is bound to the browser,
    file_forms.py). Those that no case took are tidied away.
    """

    __tablename__ = "case_uploads"

    form_key: Mapped[str]
    user_id: Mapped[uuid.UUID | None]
    file_id: Mapped[uuid.UUID]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    created_at: Mapped[datetime.datetime]

    __table_args__ = (
        belongs_to("user_id", "users", ondelete="CASCADE"),
        belongs_to("file_id", "files"),
        Index("ix_case_uploads_form", "tenant_id", "user_id", "form_key"),
        Index("ix_case_uploads_age", "tenant_id", "created_at"),
    )


class CaseClass(TenantOwned, Model):
    """How cases are classified (petition, complaint…): data of the tenant. `kinds` names the kinds of case."""

    __tablename__ = "case_classes"

    code: Mapped[str]
    names: Mapped[dict[str, Any]]  # {"es": …, "en": …}
    kinds: Mapped[list[str]]
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int]

    __table_args__ = (unique("code"),)


class CaseSubject(TenantOwned, Model):
    """What cases are about: data of the tenant. `asks` names what a form asks besides ("repair" or nothing);
    `without_login` says whether it makes sense without an account."""

    __tablename__ = "case_subjects"

    code: Mapped[str]
    names: Mapped[dict[str, Any]]
    kinds: Mapped[list[str]]
    asks: Mapped[str] = mapped_column(default="")
    without_login: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int]

    __table_args__ = (unique("code"), CheckConstraint("asks IN ('', 'repair')", name="asks"))


class CaseTemplate(TenantOwned, Model):
    """A text that staff begin an answer with. Empty codes: for every class, every subject."""

    __tablename__ = "case_templates"

    title: Mapped[str]
    body: Mapped[str]
    class_code: Mapped[str] = mapped_column(default="")
    subject_code: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime.datetime]

    __table_args__ = (unique("title"),)
