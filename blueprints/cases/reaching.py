"""How news of a case gets to whose it is: in their area, by a mail that says it all, or by somebody's hand."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import and_, or_, select

from blueprints.accounts.models import Customer
from blueprints.cases.models import Case
from saas.database import db
from saas.refusals import NotFound
from tenants.people import User


@dataclass(frozen=True, slots=True)
class Reached:
    """Whose case it is and how they are reached. `email` is that of their login, else of the books, else what they
    said; empty where nobody knows one. `language` is the login's. `follows`: they filed it without a login, and
    read the answer with a code."""

    name: str
    email: str
    signs_in: bool
    customer_id: uuid.UUID | None
    user_id: uuid.UUID | None
    language: str | None
    phone: str = ""
    follows: bool = False

    @property
    def by_letter(self) -> bool:
        """Whether a mail must say it all: who cannot sign in, or has access to somebody's account and no messages."""
        return bool(self.email) and not (self.signs_in and self.customer_id)

    @property
    def by_hand(self) -> bool:
        """Whether somebody has to bring it. Who gave a telephone is called, also where they can read it with a code."""
        return not self.email and not self.signs_in and (bool(self.phone) or not self.follows)


def reached(case_id: uuid.UUID) -> Reached:
    """One statement. Raises NotFound."""
    theirs = or_(User.id == Case.user_id, User.customer_id == Case.customer_id)
    row = db.session.execute(
        select(
            Case.customer_id,
            Case.person,
            Case.follow_digest,
            Customer.name,
            Customer.email,
            User.id.label("user_id"),
            User.name.label("user_name"),
            User.email.label("login"),
            User.language,
        )
        .outerjoin(Customer, and_(Customer.tenant_id == Case.tenant_id, Customer.id == Case.customer_id))
        .outerjoin(User, and_(User.tenant_id == Case.tenant_id, User.status == "active", theirs))
        .where(Case.id == case_id)
        .order_by(User.last_login_at.desc().nulls_last(), User.id)
        .limit(1)
    ).first()
    if row is None:
        raise NotFound()
    person = row.person or {}
    return Reached(
        name=row.name or person.get("name") or row.user_name or "",
        email=row.login or row.email or person.get("email") or "",
        signs_in=row.user_id is not None,
        customer_id=row.customer_id,
        user_id=row.user_id,
        language=row.language,
        phone=person.get("phone") or "",
        follows=row.follow_digest is not None,
    )
