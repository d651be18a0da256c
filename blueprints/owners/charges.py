"""Charges to owners: a repair, a policy, anything else that is kept from their rent. Made once, taken back once."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import select, update

from blueprints.accounts.models import Account
from blueprints.leases.services import owners_of
from blueprints.ledger import rules as books
from blueprints.ledger.queries import entry_lines
from blueprints.ledger.services import post
from blueprints.owners.models import OwnerCharge
from blueprints.owners.statements import CHARGED, UNCHARGED
from blueprints.owners.suppliers import in_force
from saas import audit
from saas.audit import SYSTEM, Actor
from saas.counters import take_numbers
from saas.database import db
from saas.events import emit
from saas.ids import new_id
from saas.languages import N_
from saas.locks import lock
from saas.refusals import NotFound, Refusal
from tenants.loading import serving

KINDS = {
    "repair": N_("Repair"),
    "insurance": N_("Insurance"),
    "service": N_("Service"),
    "other": N_("Something else"),
}


@dataclass(frozen=True, slots=True)
class NewCharge:
    """`amount` is all of it in minor units, `tax` what of it is tax. `source_key` names what it comes from, such as
    "case:<id>": a second charge from the same source is none."""

    mandate_account_id: uuid.UUID
    kind: str
    description: str
    amount: int
    tax: int
    currency: str
    charged_on: datetime.date
    supplier: str = ""
    reference: str = ""
    source_key: str | None = None
    file_id: uuid.UUID | None = None


def make_charge(new: NewCharge, *, now: datetime.datetime, actor: Actor = SYSTEM) -> uuid.UUID:
    """Charge the owners of a mandate, by the shares of that day. Returns the charge's id, of a repeat the first one's.

    Raises NotFound for what is no mandate, Refusal for amounts that make no charge.
    """
    if new.source_key is not None:
        lock(f"owner-charge:{new.source_key}")
        known = db.session.execute(
            select(OwnerCharge.id).where(OwnerCharge.source_key == new.source_key)
        ).scalar()
        if known is not None:
            return known
    if new.amount <= 0:
        raise Refusal(N_("The amount must be more than zero."), field="amount")
    if not 0 <= new.tax <= new.amount:
        raise Refusal(N_("The tax is a part of the amount, so it cannot be more."), field="tax")
    if new.kind not in KINDS:
        raise Refusal(N_("Choose one of the options"), field="kind")
    mandate = select(Account.id).where(Account.id == new.mandate_account_id, Account.kind == "mandate")
    if db.session.execute(mandate).first() is None:
        raise NotFound()
    owners = owners_of(new.mandate_account_id, new.charged_on)
    if not owners:
        raise Refusal(N_("Nobody owns this property."), field="mandate")
    charge_id = new_id()
    number = f"{serving().setting('owners.charge-prefix')}{take_numbers('owner-charges')[0]:06d}"
    db.session.add(
        OwnerCharge(
            id=charge_id,
            number=number,
            mandate_account_id=new.mandate_account_id,
            kind=new.kind,
            description=new.description,
            supplier=new.supplier,
            reference=new.reference,
            amount=new.amount,
            tax=new.tax,
            currency=new.currency,
            charged_on=new.charged_on,
            source_key=new.source_key,
            file_id=new.file_id,
            made_by=actor.user_id if actor.kind == "staff" else None,
            made_at=now,
        )
    )
    db.session.flush()
    post(
        f"owner-charge:{charge_id}",
        CHARGED,
        books.charge_owners(mandate_account_id=new.mandate_account_id, amount=new.amount, owners=owners),
        currency=new.currency,
        occurred_on=new.charged_on,
    )
    audit.record(
        "owner-charge.made",
        actor=actor,
        subject=("owner-charge", charge_id),
        data={
            "number": number,
            "amount": new.amount,
            "currency": new.currency,
            "description": new.description,
            "supplier": new.supplier,
            "on": new.charged_on.isoformat(),
            "source": new.source_key,
        },
    )
    emit(
        "owner-charge.made",
        charge_id=charge_id,
        mandate_account_id=new.mandate_account_id,
        customer_ids=[owner for owner, _share in owners],
        number=number,
        amount=new.amount,
        currency=new.currency,
        description=new.description,
        charged_on=new.charged_on,
    )
    return charge_id


def reverse_charge(charge_id: uuid.UUID, *, reason: str, today: datetime.date, actor: Actor = SYSTEM) -> bool:
    """Take a charge back: each owner gets what he or she bore. False when that was done before.

    Raises NotFound, and Refusal without a reason or when its supplier was paid.
    """
    row = db.session.execute(
        select(
            OwnerCharge.number,
            OwnerCharge.amount,
            OwnerCharge.currency,
            OwnerCharge.charged_on,
            OwnerCharge.reversed_on,
        )
        .where(OwnerCharge.id == charge_id)
        .with_for_update()
    ).first()
    if row is None:
        raise NotFound()
    if row.reversed_on is not None:
        return False
    if not reason.strip():
        raise Refusal(N_("Say why."), field="reason")
    if in_force(charge_id) is not None:
        raise Refusal(
            N_(
                "Who did it was paid. If that is wrong, take the payment back first; else somebody must bear it."
            ),
            field="reason",
        )
    on = max(today, row.charged_on)
    post(
        f"owner-charge:{charge_id}:reversed",
        UNCHARGED,
        books.reversal(entry_lines(f"owner-charge:{charge_id}")),
        currency=row.currency,
        occurred_on=on,
    )
    db.session.execute(
        update(OwnerCharge)
        .where(OwnerCharge.id == charge_id)
        .values(
            reversed_on=on,
            reverse_reason=reason.strip(),
            reversed_by=actor.user_id if actor.kind == "staff" else None,
        )
        .execution_options(synchronize_session=False)
    )
    audit.record(
        "owner-charge.reversed",
        actor=actor,
        subject=("owner-charge", charge_id),
        data={
            "number": row.number,
            "amount": row.amount,
            "currency": row.currency,
            "reason": reason.strip(),
            "on": on.isoformat(),
        },
    )
    return True
