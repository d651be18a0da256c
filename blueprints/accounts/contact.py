"""How a customer is reached: telephone, address, e-mail in the books; who changed them and what they were (S4.7).

What customers say of themselves is theirs: a file of the back office that still has the old value does not bring it
back (blueprints/imports/staging/customers.py).
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select, update

from blueprints.accounts.models import ContactChange, Customer
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.events import emit
from saas.identity_numbers import normalise_phone
from saas.ids import new_id
from saas.languages import N_
from saas.paging import Page, decode_cursor, encode_cursor
from saas.refusals import NotFound, Refusal
from tenants.loading import serving

FIELDS = ("phone", "address", "city")
LONGEST = {"phone": 40, "address": 120, "city": 60}
FIELD_WORDS = {
    "email": N_("E-mail"),
    "phone": N_("Telephone"),
    "address": N_("Address"),
    "city": N_("City"),
}
SOURCE_WORDS = {
    "customer": N_("by you"),
    "staff": N_("by our staff"),
    "import": N_("with our books"),
}
SOURCE_WORDS_TO_STAFF = {
    "customer": N_("by the customer"),
    "staff": N_("by our staff"),
    "import": N_("with a file"),
}
PER_PAGE = 10
_BLANKS = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the history, in the words of codes."""

    id: uuid.UUID
    field: str
    before: str | None
    after: str | None
    source: str
    changed_by: str
    changed_at: datetime.datetime


def contact_of(customer_id: uuid.UUID) -> Mapping[str, str]:
    """What the books hold today: phone, address, city, email; empty where nothing is known. Raises NotFound."""
    row = db.session.execute(
        select(Customer.phone, Customer.address, Customer.city, Customer.email).where(
            Customer.id == customer_id
        )
    ).first()
    if row is None:
        raise NotFound()
    return {
        "phone": row.phone or "",
        "address": row.address or "",
        "city": row.city or "",
        "email": row.email or "",
    }


def change_contact(customer_id: uuid.UUID, typed: Mapping[str, str], *, actor: Actor) -> bool:
    """Take over telephone, address and city as typed; what is empty is taken away. Returns whether anything changed.

    Raises Refusal that names the field, NotFound.
    """
    wanted = {field: _checked(field, typed[field]) for field in FIELDS if field in typed}
    return _take_over(
        customer_id, wanted, source="staff" if actor.kind == "staff" else "customer", actor=actor
    )


def follow_email(customer_id: uuid.UUID, email: str, *, actor: Actor) -> None:
    """The person's confirmed address is the one in the books too."""
    _take_over(customer_id, {"email": email}, source="customer", actor=actor)


def history(customer_id: uuid.UUID, cursor: str | None = None, size: int = PER_PAGE) -> Page[Change]:
    """What was changed, newest first."""
    start = decode_cursor(cursor, (uuid.UUID,))
    query = (
        select(
            ContactChange.id,
            ContactChange.field,
            ContactChange.before,
            ContactChange.after,
            ContactChange.source,
            ContactChange.changed_by,
            ContactChange.changed_at,
        )
        .where(ContactChange.customer_id == customer_id)
        .order_by(ContactChange.id.desc())
        .limit(size + 1)
    )
    if start is not None:
        query = query.where(ContactChange.id < start[0])
    rows = [Change(*row) for row in db.session.execute(query)]
    older = encode_cursor((rows[size - 1].id,)) if len(rows) > size else None
    return Page(rows[:size], older=older)


def _take_over(
    customer_id: uuid.UUID, wanted: Mapping[str, str | None], *, source: str, actor: Actor
) -> bool:
    row = db.session.execute(
        select(Customer.phone, Customer.address, Customer.city, Customer.email)
        .where(Customer.id == customer_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    before = row._mapping
    changed = {field: value for field, value in wanted.items() if (before[field] or None) != value}
    if not changed:
        return False
    moment = now()
    db.session.execute(
        update(Customer)
        .where(Customer.id == customer_id)
        .values(**changed, updated_at=moment)
        .execution_options(synchronize_session=False)
    )
    db.session.add_all(
        ContactChange(
            id=new_id(),
            customer_id=customer_id,
            field=field,
            before=before[field],
            after=value,
            source=source,
            changed_by=actor.name,
            changed_at=moment,
        )
        for field, value in changed.items()
    )
    db.session.flush()
    # The values stand in the history, where they can be erased; the evidence only says which ones.
    audit.record(
        "customer.contact-changed",
        actor=actor,
        subject=("customer", customer_id),
        customer_id=customer_id,
        data={"fields": sorted(changed)},
    )
    emit("customer.contact-changed", customer_id=customer_id, fields=sorted(changed), source=source)
    return True


def _checked(field: str, typed: str) -> str | None:
    text = _BLANKS.sub(" ", _CONTROL.sub(" ", typed)).strip()
    if len(text) > LONGEST[field]:
        raise Refusal(N_("Use at most %(count)s letters."), field=field, count=LONGEST[field])
    if not text:
        return None
    if field != "phone":
        return text
    number = normalise_phone(text, serving().country)
    if number is None:
        raise Refusal(
            N_("This is no telephone number. Type it with its area code, for example %(example)s."),
            field=field,
            example=_EXAMPLES.get(serving().country, "+57 300 123 4567"),
        )
    return number


_EXAMPLES = {"CO": "300 123 4567", "AR": "261 423 4567", "VE": "0412 123 4567"}
