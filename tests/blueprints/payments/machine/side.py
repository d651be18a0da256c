"""One tenant of the machine: its customers, its provider, and everything that can be done to it."""

from __future__ import annotations

import contextlib
import datetime
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from flask import Flask
from sqlalchemy import func, select

from blueprints.hooks import gateway, services
from blueprints.invoices.models import Invoice
from blueprints.invoices.services import void_invoice
from blueprints.ledger import queries as ledger
from blueprints.ledger import rules as kinds
from blueprints.payments import links, refund_rules
from blueprints.payments.applying import apply
from blueprints.payments.choosing import Choice, choose, choose_linked
from blueprints.payments.credit import credit_of, use_credit
from blueprints.payments.interface import CAPTURED, PayerView
from blueprints.payments.models import Attempt, Payment
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from blueprints.payments.parts import PartRules, part_of
from blueprints.payments.payers import Payer, user_as_payer
from blueprints.payments.polling import expire, poll
from blueprints.payments.refund_models import Credit, Dispute, Refund
from blueprints.payments.refund_sending import send
from blueprints.payments.refundable import refundable
from blueprints.payments.refunds import NewRefund, approve, request_refund
from blueprints.payments.starting import keep_step, start
from saas import outbox
from saas.audit import SYSTEM, Actor
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.context import Reach
from tenants.loading import serving
from tenants.provider_account_services import OpenedAccount, add_provider_account, open_account
from tenants.services import change_settings
from tests import cast
from tests.application import client_for
from tests.blueprints.payments.machine.provider import NAME, SIGNATURE, Fact, Modelled, Order, Provider
from tests.blueprints.payments.world import HouseWire, viewer

FAR = datetime.date(2099, 1, 1)
LATER = datetime.timedelta(days=10)
SECOND_PERSON = 60_000  # refunds above it need somebody else's word
HOSTS = "localhost"
# Where the handler of a notice dies: before it works, before its commit, before its answer.
BEFORE_WORK, BEFORE_COMMIT, BEFORE_ANSWER = "before-work", "before-commit", "before-answer"


class Died(Exception):
    """The process is gone."""


@dataclass
class Side:
    app: Flask
    tenant: cast.TenantCast
    account: OpenedAccount
    provider: Provider
    hook_token: str
    user_id: uuid.UUID
    customers: dict[uuid.UUID, uuid.UUID]  # of accounts
    staff: tuple[Actor, Actor]
    wire: HouseWire
    numbers: int = 0
    invoices: list[uuid.UUID] = field(default_factory=list)
    attempts: list[uuid.UUID] = field(default_factory=list)
    orders: dict[uuid.UUID, Order] = field(default_factory=dict)
    died: bool = False  # whether the handler of the last notice came to where it was to die

    @property
    def id(self) -> uuid.UUID:
        return self.tenant.id

    @property
    def accounts(self) -> list[uuid.UUID]:
        return list(self.customers)

    # Invoices

    def issue(
        self, amount: int, *, late: bool = False, account: int = 0, currency: str = "ARS", surcharge: int = 0
    ) -> uuid.UUID:
        self.numbers += 1
        second = surcharge or (1 + amount // 10 if late else 0)
        with unit_of_work(self.id):
            today = serving().today()
            invoice_id = cast.add_invoice(
                self.accounts[account % len(self.accounts)],
                f"F-{self.numbers}",
                amount=amount,
                currency=currency,
                issued_on=today - datetime.timedelta(days=30),
                due_on=today + datetime.timedelta(days=-2 if second else 5 + self.numbers),
                second_due_on=FAR if second else None,
                second_total=amount + second if second else None,
            )
        self.invoices.append(invoice_id)
        return invoice_id

    def void(self, invoice_id: uuid.UUID) -> None:
        with contextlib.suppress(Refusal), unit_of_work(self.id):
            void_invoice(invoice_id, reason="prueba", today=serving().today())

    # Attempts

    def start(
        self,
        *invoice_ids: uuid.UUID,
        per_cent: int = 100,
        link: bool = False,
        user_id: uuid.UUID | None = None,
    ) -> uuid.UUID | None:
        """An attempt for invoices, for a part of them, or for the first through a link. None when it is refused."""
        try:
            with unit_of_work(self.id):
                payer, choice = (
                    self._through_a_link(invoice_ids[0]) if link else self._as_user(invoice_ids, user_id)
                )
                if per_cent < 100:
                    part = max(choice.amount * per_cent // 100, 1)
                    choice = part_of(choice, part, PartRules(allowed=True, minimum=1))
                started = start(payer, choice, now(), origin="http://x.localhost")
        except Refusal:
            return None
        if started.errand is not None:
            step = started.errand.run(self.wire)
            with unit_of_work(self.id):
                keep_step(started.attempt_id, step)
        if started.attempt_id not in self.orders:
            with unit_of_work(self.id):
                reference = db.session.execute(
                    select(Attempt.reference).where(Attempt.id == started.attempt_id)
                ).scalar_one()
            self.attempts.append(started.attempt_id)
            self.orders[started.attempt_id] = self.provider.orders[reference]
        return started.attempt_id

    def _as_user(self, invoice_ids: Sequence[uuid.UUID], user_id: uuid.UUID | None) -> tuple[Payer, Choice]:
        who, today = user_id or self.user_id, serving().today()
        choice = choose(Reach(user_id=who, today=today), invoice_ids, today=today, lock=True)
        return user_as_payer(viewer(who)), choice

    def _through_a_link(self, invoice_id: uuid.UUID) -> tuple[Payer, Choice]:
        link_id, _token = links.make_link(
            invoice_id, days=7, actor=SYSTEM, user_id=None, customer_id=None, now=now()
        )
        payer = Payer(Actor("visitor", None, "link"), "es", PayerView("paga@example.com"), link_id=link_id)
        return payer, choose_linked(invoice_id, today=serving().today(), lock=True)

    def expire(self, attempt_id: uuid.UUID) -> None:
        with unit_of_work(self.id):
            expire(attempt_id, now=now() + LATER)

    # What the provider tells

    def notify(
        self,
        facts: Sequence[Fact],
        *,
        die: str = "",
        through: Side | None = None,
        signed_by: Provider | None = None,
    ) -> int:
        """A notice through the house's door (or another tenant's), signed by the provider of that door or another's.
        Where the handler dies is said by `die`. Returns the status."""
        door = through or self
        body = self.provider.letter(facts)
        with dying(die) as deaths:
            response = client_for(self.app, HOSTS).post(
                f"/hooks/{NAME}/{door.hook_token}",
                data=body,
                headers={SIGNATURE: (signed_by or door.provider).sign(body)},
            )
        self.died = bool(deaths)
        committed = response.status_code == 200 or (self.died and die == BEFORE_ANSWER)
        if committed and door is self and signed_by in (None, self.provider):
            for fact in facts:
                self.provider.orders[fact.reference].hear([fact])
        return response.status_code

    def tell(self, facts: Sequence[Fact]) -> list[str]:
        """The same without a network: one transaction for each fact. Returns the effects."""
        effects = []
        for fact in facts:
            with unit_of_work(self.id):
                effects.append(apply(fact.said("signed"), account=self.account, now=now()))
            self.provider.orders[fact.reference].hear([fact])
        return effects

    def poll(self, attempt_id: uuid.UUID, *, told: bool = True) -> list[str]:
        order = self.orders[attempt_id]
        with unit_of_work(self.id):
            effects = poll(attempt_id, wire=self.wire, now=now(), jitter=0, told=told)
        if effects:
            order.hear(order.facts)
        return effects

    # Money that goes back, credit, money from elsewhere

    def payments(self) -> list[Any]:
        with unit_of_work(self.id):
            return list(
                db.session.execute(
                    select(Payment.id, Payment.attempt_id, Payment.amount).order_by(Payment.id)
                )
            )

    def give_back(self, payment_id: uuid.UUID, portion: int, way: str) -> uuid.UUID | None:
        """Staff give back some per cent of every place where a payment's money lies. None when it is refused."""
        first, second = self.staff
        try:
            with unit_of_work(self.id):
                free = refundable(payment_id)
                if way == refund_rules.CREDIT:
                    free.pop(None, None)
                parts = [(place, max(amount * portion // 100, 1)) for place, amount in free.items()]
                refund_id = request_refund(
                    NewRefund(payment_id, parts, way, "prueba", "T-1"), actor=first, now=now()
                )
        except Refusal:
            return None
        with contextlib.suppress(Refusal), unit_of_work(self.id):
            approve(refund_id, actor=second, now=now())
        return refund_id

    def refunds_to_send(self) -> list[uuid.UUID]:
        with unit_of_work(self.id):
            waiting = select(Refund.id).where(Refund.state.in_((refund_rules.APPROVED, refund_rules.SENT)))
            return list(db.session.execute(waiting.order_by(Refund.id)).scalars())

    def send(self, refund_id: uuid.UUID, answer: str = "done") -> str:
        """Tell the provider to give money back; what it answers we have heard once it is committed."""
        self.provider.answers = [answer]
        known = {reference: list(order.facts) for reference, order in self.provider.orders.items()}
        with unit_of_work(self.id):
            state = send(refund_id, wire=self.wire, now=now())
        self.provider.answers = []
        if answer != "lost":
            for order in self.provider.orders.values():
                # A repeated question is answered with what is so by now.
                answered = [fact for fact in order.facts if fact.refund_id is not None]
                fresh = [fact for fact in answered if fact not in known.get(order.reference, [])]
                again = [fact for fact in answered if fact.refund_id == refund_id][-1:]
                order.hear(fresh or (again if state not in ("approved", "failed") else []))
        return state

    def use_credit(self, invoice_id: uuid.UUID, per_cent: int, use_id: uuid.UUID | None = None) -> int:
        """Put some per cent of an account's credit on an invoice. Returns the amount; 0 when it is refused."""
        try:
            with unit_of_work(self.id):
                row = db.session.execute(
                    select(Invoice.account_id, Invoice.currency, Invoice.open_amount).where(
                        Invoice.id == invoice_id
                    )
                ).one()
                usable = [one for one in credit_of([row.account_id]) if one.currency == row.currency]
                free = usable[0].free if usable else 0
                amount = min(free, row.open_amount) * per_cent // 100
                if amount <= 0:
                    return 0
                return use_credit(use_id or new_id(), invoice_id, amount, actor=self.staff[0], now=now())
        except Refusal:
            return 0

    def paid_outside(self, invoice_id: uuid.UUID, per_cent: int) -> None:
        """At the counter, as the tenant's books say."""
        with contextlib.suppress(Refusal), unit_of_work(self.id):
            row = db.session.execute(
                select(Invoice.open_amount, Invoice.currency).where(Invoice.id == invoice_id)
            ).one()
            amount = row.open_amount * per_cent // 100
            if amount:
                today = serving().today()
                record_outside_payment(
                    OutsidePayment([(invoice_id, amount)], today, row.currency, "counter", "caja")
                )

    # Twins

    def twin(self, order: Order, draw: random.Random) -> tuple[Any, Any] | None:
        """Two new attempts of the same shape hear all that happened to an attempt: one in the order of time, one in
        another, some of it twice. Returns the balances of both; None when there is no other order."""
        heard = [fact for fact in order.facts if fact.kind != CAPTURED or order.fits(fact)]
        if len(heard) < 2:
            return None
        amounts = (
            [order.amount - order.amount // 3, order.amount // 3] if order.amount > 9 else [order.amount]
        )
        orders = heard, [*heard, *draw.choices(heard, k=2)]
        draw.shuffle(orders[1])
        return self._hear(amounts, order.currency, orders[0]), self._hear(amounts, order.currency, orders[1])

    def _hear(self, amounts: Sequence[int], currency: str, facts: Sequence[Fact]) -> Any:
        account, user_id = self.new_account()
        place = self.accounts.index(account)
        known = len(self.invoices)
        mine = [self.issue(amount, account=place, currency=currency) for amount in amounts]
        del self.invoices[known:]  # nobody else touches them
        attempt_id = self.start(*mine, user_id=user_id)
        assert attempt_id is not None
        self.attempts.remove(attempt_id)
        twin = self.orders[attempt_id]
        for fact in facts:
            own = Fact(
                twin.reference, fact.kind, fact.amount, fact.currency, fact.mode, fact.event, fact.at, None
            )
            if own not in twin.facts:
                twin.facts.append(own)
            self.tell([own])
        with unit_of_work(self.id):
            refunds = select(Refund.amount, Refund.state).join(Payment, Payment.id == Refund.payment_id)
            disputes = select(Dispute.amount, Dispute.state).join(Payment, Payment.id == Dispute.payment_id)
            credit = select(func.coalesce(func.sum(Credit.remaining), 0)).where(Credit.account_id == account)
            returned = select(Payment.amount, Payment.returned).where(Payment.attempt_id == attempt_id)
            return (
                ledger.balance(kinds.RECEIVABLE, account_id=account),
                ledger.balance(kinds.CUSTOMER_CREDIT, account_id=account),
                db.session.execute(credit).scalar_one(),
                [tuple(row) for row in db.session.execute(returned)],
                sorted(
                    tuple(row) for row in db.session.execute(refunds.where(Payment.attempt_id == attempt_id))
                ),
                sorted(
                    tuple(row) for row in db.session.execute(disputes.where(Payment.attempt_id == attempt_id))
                ),
            )

    def new_account(self) -> tuple[uuid.UUID, uuid.UUID]:
        """Another customer with an account and a login."""
        number = len(self.customers) + 1
        with unit_of_work(self.id):
            customer = cast.add_customer(f"Persona {number}", document=f"1926{number:04d}")
            user = cast.add_user(f"p{number}@example.com", customer_id=customer)
            account = cast.add_account(f"061-{number}", customers=[(customer, "holder", 1_000_000)])
            cast.give_access(user, account, main=True)
        self.customers[account] = customer
        return account, user


@contextlib.contextmanager
def dying(where: str) -> Iterator[list[str]]:
    """The handler of notices dies at a place. Yields what it has died of, which is nothing before it comes there."""
    real = services.work
    deaths: list[str] = []

    def die(*_given: Any, **_more: Any) -> list[str]:
        deaths.append(where)
        raise Died

    def work_and_die(*given: Any) -> list[str]:
        real(*given)
        return die()

    if not where:
        yield deaths
    elif where == BEFORE_ANSWER:
        with patch.object(gateway.log, "info", die):
            yield deaths
    else:
        with patch.object(gateway, "work", die if where == BEFORE_WORK else work_and_die):
            yield deaths


def make_side(app: Flask, slug: str) -> Side:
    """A utility with two customers of one user, two of the staff, and an account at the modelled provider."""
    tenant = cast.make_utility(slug)
    provider = Modelled.providers[slug] = Provider(slug)
    with unit_of_work(tenant.id):
        account_id, token = add_provider_account(
            NAME, "Modelo", "test", {"merchant": slug}, {"secret": provider.secret}
        )
        account = open_account(account_id)
        customers, user = {}, cast.add_user(f"paga@{slug}.example")
        for number in (1, 2):
            customer = cast.add_customer(f"Persona {number}", document=f"1926126{number}")
            held = cast.add_account(f"061-{number}", customers=[(customer, "holder", 1_000_000)])
            cast.give_access(user, held, main=number == 1)
            customers[held] = customer
        staff = tuple(
            Actor("staff", cast.add_user(f"{name}@{slug}.example", staff_role="billing"), name)
            for name in ("ana", "luis")
        )
        change_settings({"refunds.second-person-above": SECOND_PERSON}, actor=SYSTEM)
    return Side(app, tenant, account, provider, token, user, customers, (staff[0], staff[1]), HouseWire(app))


def drain(app: Flask) -> None:
    with app.app_context():
        outbox.drain()
