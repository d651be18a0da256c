"""The coupon as a page and as a file."""

from __future__ import annotations

import uuid

from flask import Response, g, url_for

from blueprints.accounts.reach import reach_of
from blueprints.payments import queries
from blueprints.payments.blueprint import pages
from blueprints.payments.coupon import bars_picture, coupon_document, coupon_facts, is_coupon
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
    if found.state != CREATED or found.expires_at <= now() or not is_coupon(found.step):
        return None
    facts = coupon_facts(found.id, language())
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


def _bill_line(description: str, amount: int) -> dict[str, str | int]:
    """A line as components/pay.html draws it."""
    title, _dot, number = description.rpartition(" · ")
    return {"label": title, "note": number, "amount": amount}
