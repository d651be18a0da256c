"""People of a lease as staff type them: found in the books by document, or added."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from blueprints.accounts.models import Customer
from blueprints.leases.services import WHOLE
from saas.clock import now
from saas.database import db
from saas.identity_numbers import normal_forms, normalise_document, normalise_email, normalise_phone
from saas.ids import new_id
from saas.languages import N_
from saas.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by document; the rest is needed for who is not in the books yet. `field` is where to complain."""

    field: str
    document_kind: str
    document: str
    name: str = ""
    email: str = ""
    phone: str = ""
    share: int = WHOLE


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody as the books know them, or (without `customer_id`) as they would be added."""

    customer_id: uuid.UUID | None
    document_kind: str
    document_number: str  # normalised
    name: str
    email: str | None
    phone: str | None
    share: int


def find(people: Sequence[Person], country: str) -> list[Found]:
    """Who people are, in their order; nothing is written. Raises Refusal with the field at fault: somebody who is named
    twice, or who is not in the books and cannot be added as typed."""
    found: list[Found] = []
    for person in people:
        one = _known(person, country) or _typed(person, country)
        if any(_same(one, other) for other in found):
            raise Refusal(N_("This person is named twice."), field=person.field)
        found.append(one)
    return found


def find_or_add(people: Sequence[Person], country: str) -> list[uuid.UUID]:
    """The customers of people, in their order; who is not in the books is added. Raises what `find` does."""
    return add(find(people, country))


def add(found: Sequence[Found]) -> list[uuid.UUID]:
    """The customers of who was found, in their order; who is not in the books is added."""
    return [one.customer_id or _new(one) for one in found]


def _same(one: Found, other: Found) -> bool:
    if one.customer_id or other.customer_id:
        return one.customer_id == other.customer_id
    return (one.document_kind, one.document_number) == (other.document_kind, other.document_number)


def _known(person: Person, country: str) -> Found | None:
    """The customer of this kind and number, or the only one of this number whatever its kind."""
    number = normalise_document(country, person.document_kind, person.document)
    rows = db.session.execute(
        select(
            Customer.id,
            Customer.document_kind,
            Customer.document_number,
            Customer.name,
            Customer.email,
            Customer.phone,
        )
        .where(Customer.document_number.in_({number, *normal_forms(country, person.document)}))
        .limit(20)
    ).all()
    exact = [
        row for row in rows if (row.document_kind, row.document_number) == (person.document_kind, number)
    ]
    if not exact and len(rows) > 1:
        raise Refusal(N_("Several people have this number: choose the kind of document."), field=person.field)
    row = next(iter(exact or rows), None)
    return Found(*row, person.share) if row is not None else None


def _typed(person: Person, country: str) -> Found:
    number = normalise_document(country, person.document_kind, person.document)
    if not number:
        raise Refusal(N_("Write the number of the document."), field=person.field)
    if not person.name:
        raise Refusal(
            N_("Nobody in the books has this document: write the name too, and the person is added."),
            field=person.field.replace("_document", "_name"),
        )
    email = normalise_email(person.email) if person.email else None
    if person.email and email is None:
        raise Refusal(N_("This is no e-mail address."), field=person.field.replace("_document", "_email"))
    phone = (normalise_phone(person.phone, country) or person.phone) if person.phone else None
    return Found(None, person.document_kind, number, person.name, email, phone, person.share)


def _new(one: Found) -> uuid.UUID:
    moment, customer_id = now(), new_id()
    db.session.add(
        Customer(
            id=customer_id,
            document_kind=one.document_kind,
            document_number=one.document_number,
            name=one.name,
            email=one.email,
            phone=one.phone,
            created_at=moment,
            updated_at=moment,
        )
    )
    db.session.flush()
    return customer_id
