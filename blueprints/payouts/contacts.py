"""How an owner is reached: who gets the link, who gets the code, and who is only warned."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import exists, select

from blueprints.accounts.models import AccountParty, ContactChange, Customer
from saas.audit import AuditRow
from saas.database import db
from saas.identity_numbers import normalise_email
from saas.refusals import NotFound
from tenants.people import User

FORMER = 5  # e-mails and telephones of before that still count


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner with every way to reach them. `emails` begins with the login's, then what the books hold, then the
    ones of before: whoever took a login over changed its contacts first."""

    customer_id: uuid.UUID
    name: str
    document_kind: str
    document_number: str
    language: str | None
    login: str | None
    present: tuple[str, ...]
    former: tuple[str, ...]
    phone: str | None

    @property
    def emails(self) -> tuple[str, ...]:
        return (*self.present, *self.former)


def is_owner(customer_id: uuid.UUID) -> bool:
    """Whether a customer owns a property here, or did: what is held for them is still theirs."""
    found = select(AccountParty.id).where(
        AccountParty.customer_id == customer_id, AccountParty.role == "owner"
    )
    return bool(db.session.execute(select(exists(found))).scalar())


def find_owner(customer_id: uuid.UUID) -> Owner:
    """Raises NotFound for somebody who owns nothing here."""
    row = db.session.execute(
        select(
            Customer.name,
            Customer.document_kind,
            Customer.document_number,
            Customer.email,
            Customer.phone,
        ).where(Customer.id == customer_id)
    ).first()
    if row is None or not is_owner(customer_id):
        raise NotFound()
    logins = db.session.execute(
        select(User.id, User.email, User.language, User.status)
        .where(User.customer_id == customer_id, User.status != "disabled")
        .order_by(User.status, User.id)  # who has come in before who was only invited
    ).all()
    booked = normalise_email(row.email) if row.email else None
    present = list(dict.fromkeys([*(login.email for login in logins), *([booked] if booked else [])]))
    return Owner(
        customer_id=customer_id,
        name=row.name,
        document_kind=row.document_kind,
        document_number=row.document_number,
        language=logins[0].language if logins else None,
        login=logins[0].email if logins else None,
        present=tuple(present),
        former=_former(customer_id, [login.id for login in logins], present),
        phone=row.phone,
    )


def _former(customer_id: uuid.UUID, user_ids: list[uuid.UUID], present: list[str]) -> tuple[str, ...]:
    """E-mails of before, of the books and of the logins, after the evidence of their changes."""
    found = [normalise_email(email) or "" for email in _before(customer_id, "email")]
    for user_id in user_ids[:3]:
        rows = db.session.execute(
            select(AuditRow.data)
            .where(
                AuditRow.subject_kind == "user",
                AuditRow.subject_id == user_id,
                AuditRow.action == "email.changed",
            )
            .order_by(AuditRow.number.desc())
            .limit(FORMER)
        )
        found += [str(row.data.get("before", "")) for row in rows]
    kept = [email for email in dict.fromkeys(found) if email and email not in present]
    return tuple(kept[:FORMER])


def former_phones(customer_id: uuid.UUID) -> list[str]:
    """Telephones that the books held before, the newest first: the ones to call when a contact was changed lately."""
    return list(dict.fromkeys(_before(customer_id, "phone")))


def _before(customer_id: uuid.UUID, field: str) -> list[str]:
    rows = db.session.execute(
        select(ContactChange.before)
        .where(
            ContactChange.customer_id == customer_id,
            ContactChange.field == field,
            ContactChange.before.is_not(None),
        )
        .order_by(ContactChange.id.desc())
        .limit(FORMER)
    ).scalars()
    return [before for before in rows if before]
