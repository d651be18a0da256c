"""When an attempt that nobody paid lets go of its invoices."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from blueprints.payments.coupon import is_coupon
from blueprints.payments.rules import CREATED
from tenants.loading import serving

COUPON_GRACE = "payments.coupon-grace"


def held_until(expires_at: datetime.datetime, step: Mapping[str, Any] | None) -> datetime.datetime:
    """With its time; for a coupon some days later, because the collector's file of its last day comes after that
    day. Until then whoever paid in cash must not be led to pay again."""
    if not is_coupon(step):
        return expires_at
    return expires_at + datetime.timedelta(days=int(serving().setting(COUPON_GRACE)))


def has_lapsed(
    state: str, expires_at: datetime.datetime, step: Mapping[str, Any] | None, now: datetime.datetime
) -> bool:
    """Whether it is a coupon whose last day is over and of which nobody knows yet whether it was paid."""
    return state == CREATED and expires_at <= now and is_coupon(step)
