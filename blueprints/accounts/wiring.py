"""What accounts listen to: people become users, and the books change who stands behind an account."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import select

from blueprints.accounts.contact import follow_email
from blueprints.accounts.models import Customer
from blueprints.accounts.services import grant_access_from_parties, users_of
from blueprints.auth.services import add_source
from saas.audit import Actor
from saas.database import db
from saas.events import subscribe
from saas.identity_numbers import written_document
from saas.languages import N_
from tenants.loading import serving


def _user_linked(user_id: uuid.UUID, customer_id: uuid.UUID) -> None:
    grant_access_from_parties(user_id, customer_id, serving().today())


def _parties_changed(customer_id: uuid.UUID | None = None, customer_ids: Iterable[uuid.UUID] = ()) -> None:
    """One customer, or all of a batch: two statements find whom it concerns, however many there are."""
    changed = {*customer_ids, *([customer_id] if customer_id else [])}
    for user_id, customer in users_of(changed) if changed else []:
        grant_access_from_parties(user_id, customer, serving().today())


def _email_changed(*, customer_id: uuid.UUID | None, email: str, actor: Actor) -> None:
    if customer_id is not None:
        follow_email(customer_id, email, actor=actor)


def _what_the_books_hold(customer_id: uuid.UUID) -> list[tuple[str, str]]:
    row = db.session.execute(
        select(
            Customer.name,
            Customer.document_kind,
            Customer.document_number,
            Customer.email,
            Customer.phone,
            Customer.address,
            Customer.city,
        ).where(Customer.id == customer_id)
    ).first()
    if row is None:
        return []
    return [
        (N_("Name in the books"), row.name),
        (N_("Document"), written_document(row.document_kind, row.document_number)),
        (N_("E-mail in the books"), row.email or ""),
        (N_("Telephone"), row.phone or ""),
        (N_("Address"), ", ".join(part for part in (row.address, row.city) if part)),
    ]


subscribe("user.linked", _user_linked)
subscribe("email.changed", _email_changed)
subscribe("customer.parties-changed", _parties_changed)
add_source(_what_the_books_hold)
