"""What tests of refunds, disputes and credit look at: balances, tables, and whether everything agrees."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import func, select

from blueprints.invoices.models import Invoice
from blueprints.ledger import queries as books
from blueprints.ledger import rules as kinds
from blueprints.payments.applying import apply
from blueprints.payments.checking import differences
from blueprints.payments.interface import Observation
from blueprints.payments.models import Payment
from blueprints.payments.refund_models import Credit, Dispute, Refund
from blueprints.payments.refundable import THRESHOLD
from blueprints.payments.refunds import NewRefund, request_refund
from saas import outbox
from saas.audit import SYSTEM, Actor
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tenants.services import change_settings
from tests import cast
from tests.blueprints.payments.world import PayingWorld


def tell(world: PayingWorld, *observations: Observation) -> list[str]:
    """Each observation in a transaction of its own; the books agree after each."""
    effects = []
    account = world.provider_account()
    for observation in observations:
        with unit_of_work(world.tenant.id):
            effects.append(apply(observation, account=account, now=now()))
        agree(world)
    return effects


def agree(world: PayingWorld) -> None:
    with unit_of_work(world.tenant.id):
        assert books.unbalanced_entries() == []
        assert differences() == []
        cached = dict(db.session.execute(select(Invoice.id, Invoice.open_amount)).all())
        booked = books.receivables_by_invoice()
        assert {key: booked.get(key, 0) for key in cached} == cached


def standing(world: PayingWorld) -> dict[str, int]:
    with unit_of_work(world.tenant.id):
        return {
            "clearing": books.balance(kinds.CLEARING),
            "owed": books.balance(kinds.RECEIVABLE),
            "credit": -books.balance(kinds.CUSTOMER_CREDIT),
            "surcharge": -books.balance(kinds.SURCHARGE),
        }


def open_of(world: PayingWorld, invoice_id: uuid.UUID) -> int:
    with unit_of_work(world.tenant.id):
        return db.session.execute(select(Invoice.open_amount).where(Invoice.id == invoice_id)).scalar_one()


def paid(world: PayingWorld, *invoices: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
    """Pay invoices. Returns the attempt and the payment."""
    started = world.start(*invoices)
    assert tell(world, world.said(started.attempt_id, event="c")) == ["moved"]
    return started.attempt_id, payment_of(world, started.attempt_id)


def payment_of(world: PayingWorld, attempt_id: uuid.UUID) -> uuid.UUID:
    with unit_of_work(world.tenant.id):
        return db.session.execute(select(Payment.id).where(Payment.attempt_id == attempt_id)).scalar_one()


def staff(world: PayingWorld, name: str = "ana") -> Actor:
    with unit_of_work(world.tenant.id):
        user = cast.add_user(f"{name}@example.com", name=name.capitalize(), staff_role="billing")
    return Actor("staff", user, name.capitalize())


def threshold(world: PayingWorld, amount: int) -> None:
    with unit_of_work(world.tenant.id):
        change_settings({THRESHOLD: amount}, actor=SYSTEM)


def request(world: PayingWorld, actor: Actor, payment_id: uuid.UUID, *parts: Any, **more: str) -> uuid.UUID:
    values = {"way": "provider", "reason": "Cobro duplicado", **more}
    with unit_of_work(world.tenant.id):
        refund_id = request_refund(
            NewRefund(payment_id=payment_id, parts=list(parts), **values), actor=actor, now=now()
        )
    agree(world)
    return refund_id


def refund_of(world: PayingWorld, refund_id: uuid.UUID) -> Refund:
    with unit_of_work(world.tenant.id):
        return db.session.execute(select(Refund).where(Refund.id == refund_id)).scalar_one()


def refunds(world: PayingWorld) -> list[tuple[str, int]]:
    with unit_of_work(world.tenant.id):
        return [
            (row.state, row.amount)
            for row in db.session.execute(select(Refund.state, Refund.amount).order_by(Refund.id))
        ]


def disputes(world: PayingWorld) -> list[str]:
    with unit_of_work(world.tenant.id):
        return list(db.session.execute(select(Dispute.state).order_by(Dispute.id)).scalars())


def credit(world: PayingWorld) -> int:
    with unit_of_work(world.tenant.id):
        return int(db.session.execute(select(func.coalesce(func.sum(Credit.remaining), 0))).scalar_one())


def drain(world: PayingWorld) -> None:
    with world.app.app_context():
        for _turn in range(4):
            outbox.drain()
    agree(world)
