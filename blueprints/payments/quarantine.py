"""What could not be applied is put aside for staff: seen, explained, never lost."""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from blueprints.payments.models import QuarantinedPayment
from saas.database import db
from saas.ids import new_id
from saas.languages import N_
from saas.scope import current_tenant_id

log = logging.getLogger("ventanilla.payments")
FITS_NOW = N_("It was applied by itself, when it fitted.")


def set_aside(
    kind: str,
    *,
    dedupe_key: str,
    data: Mapping[str, Any],
    now: datetime.datetime,
    account_id: uuid.UUID | None = None,
    attempt_id: uuid.UUID | None = None,
) -> None:
    """Write one row per `dedupe_key`, in the caller's transaction, and raise the alarm in the log."""
    db.session.execute(
        insert(QuarantinedPayment)
        .values(
            id=new_id(),
            kind=kind,
            provider_account_id=account_id,
            attempt_id=attempt_id,
            dedupe_key=dedupe_key,
            data=dict(data),
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "dedupe_key"])
    )
    log.error(
        "a payment needs a person",
        extra={
            "event": "payment_quarantined",
            "facts": {"tenant": str(current_tenant_id()), "kind": kind, "attempt": str(attempt_id)},
        },
    )


def take_back(dedupe_key: str, now: datetime.datetime) -> None:
    """What was set aside has found its place without anybody's help."""
    db.session.execute(
        update(QuarantinedPayment)
        .where(QuarantinedPayment.dedupe_key == dedupe_key, QuarantinedPayment.resolved_at.is_(None))
        .values(resolved_at=now, resolution=FITS_NOW)
        .execution_options(synchronize_session=False)
    )
