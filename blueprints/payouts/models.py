"""How owners are paid: their bank accounts, runs with their lines, and what the bank answered."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class OwnerBankAccount(TenantOwned, Model):
    """Where one owner is paid. A row is never changed into another account: a change is a new row, so the rows are
    the history. The number is sealed; its last four digits are what people see.

    States: waiting (to be confirmed), confirmed (used from `usable_from` until a newer one is usable), frozen
    ("it was not me": nobody is paid until staff decide), ended (`end_reason` says why).
    """

    __tablename__ = "owner_bank_accounts"

    customer_id: Mapped[uuid.UUID]
    country: Mapped[str]
    bank_code: Mapped[str]  # as bank files name it; empty where the number says it
    bank_name: Mapped[str]
    account_kind: Mapped[str]
    sealed_number: Mapped[str]
    last_four: Mapped[str]
    number_fingerprint: Mapped[str]  # tells whether two rows hold the same number, and nothing else
    holder_name: Mapped[str]
    holder_document_kind: Mapped[str]
    holder_document_number: Mapped[str]  # normalised
    another_holder: Mapped[bool]  # the document is not the owner's: staff must agree
    state: Mapped[str]
    entered_by: Mapped[uuid.UUID]
    entered_by_staff: Mapped[bool]
    entered_at: Mapped[datetime.datetime]
    confirm_until: Mapped[datetime.datetime]
    mailed_to: Mapped[str | None]  # who got the link; None: no e-mail is known
    link_digest: Mapped[str | None]
    sealed_code: Mapped[str | None]  # the other channel's code, until it was used
    code_sent_to: Mapped[str | None]  # None: it is shown on the owner's own page
    alarm_digest: Mapped[str]
    link_confirmed_at: Mapped[datetime.datetime | None]
    vouched_by: Mapped[uuid.UUID | None]  # staff who asked the owner by telephone, and what they heard
    vouched_at: Mapped[datetime.datetime | None]
    vouched_note: Mapped[str | None]
    holder_approved_by: Mapped[uuid.UUID | None]
    holder_approved_at: Mapped[datetime.datetime | None]
    holder_note: Mapped[str | None]
    confirmed_at: Mapped[datetime.datetime | None]
    usable_from: Mapped[datetime.datetime | None]
    frozen_at: Mapped[datetime.datetime | None]
    ended_at: Mapped[datetime.datetime | None]
    end_reason: Mapped[str | None]

    __table_args__ = (
        unique("link_digest"),
        unique("alarm_digest"),
        belongs_to("customer_id", "customers"),
        belongs_to("entered_by", "users"),
        belongs_to("vouched_by", "users"),
        belongs_to("holder_approved_by", "users"),
        Index("ix_owner_bank_accounts_customer", "tenant_id", "customer_id", text("id DESC")),
        Index(
            "uq_owner_bank_accounts_waiting",
            "tenant_id",
            "customer_id",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_owner_bank_accounts_state", "tenant_id", "state", text("id DESC")),
        CheckConstraint("state IN ('waiting', 'confirmed', 'frozen', 'ended')", name="state"),
        CheckConstraint("state <> 'confirmed' OR usable_from IS NOT NULL", name="usable"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
    )


class PayoutRun(TenantOwned, Model):
    """What is paid to owners in one go. States: prepared (proposed, nothing is booked), approved (money is under
    way), done (the bank has answered for every line), dropped.

    `cut_on`: what was collected until this day. Minor units of `currency`.
    """

    __tablename__ = "payout_runs"

    number: Mapped[str]
    state: Mapped[str]
    cut_on: Mapped[datetime.date]
    pay_on: Mapped[datetime.date]
    currency: Mapped[str]
    scope: Mapped[dict[str, Any]] = mapped_column(default=dict)
    lines: Mapped[int]
    total: Mapped[int]
    prepared_by: Mapped[uuid.UUID | None]
    prepared_at: Mapped[datetime.datetime]
    second_person: Mapped[bool | None]  # whether two were needed, as it was decided at approval
    approved_by: Mapped[uuid.UUID | None]
    approved_at: Mapped[datetime.datetime | None]
    layout: Mapped[str | None]
    file_id: Mapped[uuid.UUID | None]
    file_sha256: Mapped[str | None]  # of the bytes that the bank gets; what is stored is sealed
    file_name: Mapped[str | None]
    file_made_at: Mapped[datetime.datetime | None]
    ended_at: Mapped[datetime.datetime | None]
    end_reason: Mapped[str | None]

    __table_args__ = (
        unique("number"),
        belongs_to("prepared_by", "users"),
        belongs_to("approved_by", "users"),
        belongs_to("file_id", "files"),
        Index("ix_payout_runs_state", "tenant_id", "state", text("id DESC")),
        CheckConstraint("state IN ('prepared', 'approved', 'done', 'dropped')", name="state"),
        CheckConstraint("lines >= 0 AND total >= 0", name="amounts"),
    )


class PayoutLine(TenantOwned, Model):
    """One owner and mandate of a run. `held` is what the books hold for them, `kept` what of it stays; `facts` say
    why, each in minor units. States: proposed, left-out (`reason` says why), under-way, paid, returned.

    `key` is what the bank's file calls it: digits only, unique in the tenant.
    """

    __tablename__ = "payout_lines"

    run_id: Mapped[uuid.UUID]
    mandate_account_id: Mapped[uuid.UUID]
    customer_id: Mapped[uuid.UUID]
    state: Mapped[str]
    reason: Mapped[str | None]
    note: Mapped[str | None]  # what somebody wrote: why it was taken out, how they know how it ended
    held: Mapped[int]
    kept: Mapped[int]
    amount: Mapped[int]
    currency: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    bank_account_id: Mapped[uuid.UUID | None]
    payout_id: Mapped[uuid.UUID | None]
    key: Mapped[str | None]
    in_file: Mapped[bool] = mapped_column(default=False)
    turns: Mapped[int] = mapped_column(
        default=0
    )  # how often the bank changed its mind: part of the books' keys
    reference: Mapped[str | None]
    bank_words: Mapped[str | None]
    ended_on: Mapped[datetime.date | None]
    ended_at: Mapped[datetime.datetime | None]
    ended_by: Mapped[uuid.UUID | None]

    __table_args__ = (
        unique("run_id", "mandate_account_id", "customer_id"),
        unique("key"),
        belongs_to("run_id", "payout_runs", ondelete="CASCADE"),
        belongs_to("mandate_account_id", "accounts"),
        belongs_to("customer_id", "customers"),
        belongs_to("bank_account_id", "owner_bank_accounts"),
        belongs_to("payout_id", "payouts"),
        belongs_to("ended_by", "users"),
        Index("ix_payout_lines_run", "tenant_id", "run_id", "state", "id"),
        Index("ix_payout_lines_order", "tenant_id", "run_id", text("(state = 'left-out')"), "id"),
        Index("ix_payout_lines_payout", "tenant_id", "payout_id"),
        CheckConstraint("state IN ('proposed', 'left-out', 'under-way', 'paid', 'returned')", name="state"),
        CheckConstraint("amount >= 0 AND (state = 'left-out' OR amount > 0)", name="amount"),
        CheckConstraint(
            "(state IN ('under-way', 'paid', 'returned')) = (payout_id IS NOT NULL)", name="payout"
        ),
    )


class PayoutAnswer(TenantOwned, Model):
    """A file in which the bank says what became of payouts. The same bytes count once."""

    __tablename__ = "payout_answers"

    layout: Mapped[str]
    file_id: Mapped[uuid.UUID]
    file_name: Mapped[str]
    sha256: Mapped[str]
    lines: Mapped[int]
    total: Mapped[int]
    currency: Mapped[str]
    outcome: Mapped[dict[str, Any]] = mapped_column(default=dict)  # effect -> number of lines
    kept: Mapped[int] = mapped_column(default=0)  # lines that staff must look at, and have not yet
    taken_by: Mapped[uuid.UUID | None]
    taken_at: Mapped[datetime.datetime]

    __table_args__ = (
        unique("sha256"),
        belongs_to("file_id", "files"),
        belongs_to("taken_by", "users"),
        Index("ix_payout_answers_kept", "tenant_id", "id", postgresql_where=text("kept > 0")),
        CheckConstraint("lines >= 0 AND total >= 0 AND kept >= 0", name="amounts"),
    )


class PayoutAnswerLine(TenantOwned, Model):
    """One line of an answer and its `effect`: paid, returned, same (it was known), or kept for staff: unknown-line,
    unknown-code, wrong-amount, contradiction."""

    __tablename__ = "payout_answer_lines"

    answer_id: Mapped[uuid.UUID]
    number: Mapped[int]
    key: Mapped[str]
    code: Mapped[str]
    amount: Mapped[int]
    reference: Mapped[str]
    words: Mapped[str]
    done_on: Mapped[datetime.date]
    effect: Mapped[str]
    line_id: Mapped[uuid.UUID | None]
    resolved_at: Mapped[datetime.datetime | None]
    resolved_by: Mapped[uuid.UUID | None]
    resolution: Mapped[str | None]

    __table_args__ = (
        unique("answer_id", "number"),
        belongs_to("answer_id", "payout_answers", ondelete="CASCADE"),
        belongs_to("line_id", "payout_lines"),
        belongs_to("resolved_by", "users"),
        CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolved"),
    )
