"""The coupon as a page and as a file."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response, g, url_for

from blueprints.accounts.reach import reach_of
from blueprints.payments import queries
from blueprints.payments.blueprint import pages
from blueprints.payments.coupon import CouponFacts, bars_picture, coupon_document, coupon_facts, is_coupon
from blueprints.payments.queries import AttemptStatus
from blueprints.payments.rules import CREATED
from saas.clock import now
from saas.permissions import SIGNED_IN, allow
from saas.refusals import NotFound
from saas.web import download
from tenants.look import render
from tenants.page_context import language


@pages.get("/payments/<uuid:attempt_id>/coupon")
@allow(SIGNED_IN)
def coupon(attempt_id: uuid.UUID) -> Response:
    """The stored document, whatever became of the payment."""
    found = queries.attempt(reach_of(g.viewer, g.tenant), attempt_id)
    if found is None or not is_coupon(found.step):
        raise NotFound()
    stored = coupon_document(attempt_id)
    return download(stored.content, media_type=stored.media_type, name=stored.name, inline=True)


def coupon_page(found: AttemptStatus) -> str | None:
    """The page of a payment that waits for its coupon to be paid; None for every other one."""
    facts = waiting_coupon(found.id, found.state, found.expires_at, found.step)
    if facts is None:
        return None
    return render(
        "payments/coupon.html",
        attempt=found,
        facts=facts,
        bars=bars_picture(facts),
        pdf_url=url_for("payments.coupon", attempt_id=found.id),
        lines=[_bill_line(line.description, line.amount) for line in facts.lines],
        unfinished=g.viewer.viewing_customer_id is None,
    )


def waiting_coupon(
    attempt_id: uuid.UUID, state: str, expires_at: datetime.datetime, step: Mapping[str, Any] | None
) -> CouponFacts | None:
    """What the coupon of an attempt says while it can be paid; None afterwards, and where there is no coupon."""
    if state != CREATED or expires_at <= now() or not is_coupon(step):
        return None
    return coupon_facts(attempt_id, language())


def _bill_line(description: str, amount: int) -> dict[str, str | int]:
    """A line as components/pay.html draws it."""
    title, _dot, number = description.rpartition(" · ")
    return {"label": title, "note": number, "amount": amount}
