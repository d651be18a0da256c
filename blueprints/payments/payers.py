"""Who pays: a user, or whoever opened a payment link."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import and_, select

from blueprints.accounts.models import Customer
from blueprints.payments.interface import PayerView
from saas.audit import Actor
from saas.database import db
from tenants.context import Viewer
from tenants.loading import serving
from tenants.people import User


@dataclass(frozen=True, slots=True)
class Payer:
    """Who starts an attempt: exactly one of `user_id` and `link_id`. `view` is what providers are told."""

    actor: Actor
    language: str
    view: PayerView
    user_id: uuid.UUID | None = None
    link_id: uuid.UUID | None = None
    customer_id: uuid.UUID | None = None


def user_as_payer(viewer: Viewer) -> Payer:
    """The signed-in user as a payer."""
    row = db.session.execute(
        select(
            User.email,
            User.language,
            User.customer_id,
            User.name.label("user_name"),
            Customer.name,
            Customer.document_kind,
            Customer.document_number,
            Customer.phone,
        )
        .outerjoin(Customer, and_(Customer.tenant_id == User.tenant_id, Customer.id == User.customer_id))
        .where(User.id == viewer.user_id)
    ).one()
    return Payer(
        actor=viewer.actor(),
        language=row.language or serving().language,
        view=PayerView(
            email=row.email,
            name=row.name or row.user_name,
            document_kind=row.document_kind or "",
            document=row.document_number or "",
            phone=row.phone or "",
        ),
        user_id=viewer.user_id,
        customer_id=row.customer_id,
    )


def payer_as_data(view: PayerView) -> dict[str, str]:
    """A payer as JSON, to be frozen with the attempt."""
    return asdict(view)


def payer_from_data(data: Mapping[str, Any]) -> PayerView:
    """The payer that `payer_as_data` wrote down."""
    return PayerView(**{"email": "", **data})
