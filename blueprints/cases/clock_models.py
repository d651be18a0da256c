"""What the clock keeps: the organisation's own terms, and where the clock of each stage of a case stood last."""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped

from saas.database import Model, belongs_to, unique
from saas.scope import TenantOwned


class CaseTerm(TenantOwned, Model):
    """A term that the organisation set for a class, for cases received from a day on: so many business days, or a rule
    of the law by its code (terms.toml). Neither: the law's again. Rows are added, never changed."""

    __tablename__ = "case_terms"

    class_code: Mapped[str]
    valid_from: Mapped[datetime.date]
    days: Mapped[int | None]
    rule: Mapped[str | None]
    source: Mapped[str]  # why, in the organisation's words
    set_by: Mapped[uuid.UUID | None]
    created_at: Mapped[datetime.datetime]

    __table_args__ = (
        belongs_to("set_by", "users"),
        Index("ix_case_terms_class", "tenant_id", "class_code", "valid_from"),
        CheckConstraint("days IS NULL OR rule IS NULL", name="one"),
        CheckConstraint("days BETWEEN 1 AND 180", name="days"),
    )


class CaseClock(TenantOwned, Model):
    """The clock of one stage of a case, as it was counted last (`calendar` is the edition it was counted with).

    Written by `keeping.keep` and nobody else; `flask cases check` compares it with what the events say. `regime` and
    `closes` are what the organisation had set when the case came in, so that a later setting moves no date.
    """

    __tablename__ = "case_clocks"

    case_id: Mapped[uuid.UUID]
    stage: Mapped[int]
    state: Mapped[str]
    regime: Mapped[str]
    closes: Mapped[str]  # HH:MM on the clocks of the tenant
    usual_days: Mapped[int]
    term: Mapped[str]
    days: Mapped[int]
    started_on: Mapped[datetime.date]
    due_on: Mapped[datetime.date | None]
    answered_on: Mapped[datetime.date | None]
    in_time: Mapped[bool | None]
    silent: Mapped[bool]
    calendar: Mapped[str]

    __table_args__ = (
        unique("case_id", "stage"),
        belongs_to("case_id", "cases", ondelete="CASCADE"),
        Index("ix_case_clocks_answered", "tenant_id", text("answered_on DESC"), "case_id"),
        CheckConstraint("state IN ('running', 'paused', 'answered', 'ended')", name="state"),
    )
