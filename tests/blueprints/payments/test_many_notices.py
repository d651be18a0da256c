"""A storm of notices over HTTP, several at a time: shuffled, repeated, partly forged. What is left is the truth.

Two tenants, each paid through the simulated bank and through PayU. Every order has a story; the bank and PayU tell it
in any order and more than once, and between them come notices that nobody of theirs wrote.

`VENTANILLA_NOTICES=10000` makes it the full storm; docs/payments-proof.md has its figures.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import psycopg
from flask import Flask
from sqlalchemy import func, select, update

from blueprints.ledger import queries as ledger
from blueprints.ledger import rules as kinds
from blueprints.payments.checking import differences
from blueprints.payments.models import ObservationRow, Payment, QuarantinedPayment, Receipt
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from blueprints.payments.providers.bank_simulator import signing
from saas import audit
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tenants.loading import serving
from tenants.provider_accounts import ProviderAccount
from tests.application import client_for
from tests.blueprints.payments.machine.seen import Books, look, summed
from tests.blueprints.payments.providers.payu.world import PayuWorld, confirmation, payu_world

NOTICES = int(os.environ.get("VENTANILLA_NOTICES", "1000"))
WORKERS = 4
PER_ORDER = 8  # notices, forged ones among them
BANK_STORIES = ("approve", "approve", "late", "declined", "retry", "refund", "dispute", "won", "other-amount")
PAYU_STORIES = ("approve", "approve", "declined", "expired", "retry", "other-amount", "other-mode")
ELSEWHERE = 10  # of a hundred invoices are paid at the counter meanwhile


@dataclass
class Order:
    """An order and how it ends: `cash` is what must lie in the books of it, minor units."""

    attempt_id: uuid.UUID
    reference: str
    amount: int
    story: str
    captured: bool = False
    cash: int = 0


@dataclass(frozen=True)
class Letter:
    """One notice: where it goes, with which bytes, signed at the moment of sending where the bank signs its time.
    `genuine` ones must be taken, the others must not move anything; `taken` are the answers that are right."""

    path: str
    body: bytes
    taken: tuple[int, ...]
    secret: str = ""
    genuine: bool = True

    def headers(self) -> dict[str, str]:
        if not self.secret:
            return {"Content-Type": "application/x-www-form-urlencoded"}
        moment = str(int(now().timestamp()))
        return {
            signing.TIME_HEADER: moment,
            signing.SIGNATURE_HEADER: signing.sign_message(self.secret, moment, self.body),
        }


@dataclass
class Town:
    """One tenant with its orders at both providers."""

    world: PayuWorld
    bank: list[Order] = field(default_factory=list)
    payu: list[Order] = field(default_factory=list)

    def start(self, orders: int, draw: random.Random) -> None:
        """Half of the orders at each provider."""
        house = self.world.house
        for stories, into in ((PAYU_STORIES, self.payu), (BANK_STORIES, self.bank)):
            at_payu = into is self.payu
            self._enable(house.provider_account_id, not at_payu)
            self._enable(self.world.payu_id, at_payu)
            for number in range(orders // 2):
                amount = draw.randrange(10_00, 900_000_00)
                invoice = house.invoice(amount)
                attempt_id = house.start(invoice).attempt_id
                reference = house.attempt(attempt_id).reference
                into.append(Order(attempt_id, reference, amount, stories[number % len(stories)]))
                if draw.randrange(100) < ELSEWHERE:
                    self._pay_elsewhere(invoice, draw.randrange(1, amount))

    def _enable(self, account_id: uuid.UUID, on: bool) -> None:
        with unit_of_work(self.world.house.tenant.id):
            db.session.execute(
                update(ProviderAccount).where(ProviderAccount.id == account_id).values(enabled=on)
            )

    def _pay_elsewhere(self, invoice_id: uuid.UUID, amount: int) -> None:
        with unit_of_work(self.world.house.tenant.id):
            today = serving().today()
            record_outside_payment(OutsidePayment([(invoice_id, amount)], today, "ARS", "counter", "caja"))


def test_what_a_storm_of_notices_leaves_is_the_truth(app: Flask, eye: psycopg.Connection[Any], capsys):
    draw = random.Random(2026)
    towns = [
        Town(payu_world(app, slug, merchant=merchant))
        for slug, merchant in (("alfa", "9001"), ("beta", "9002"))
    ]
    for town in towns:
        town.start(-(-NOTICES // PER_ORDER // 4) * 2, draw)
    letters = storm(towns, draw)
    began = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as workers:
        answers = list(workers.map(lambda letter: send(app, letter), letters))
    spent = time.perf_counter() - began
    wrong = [
        (letter, status)
        for letter, status in zip(letters, answers, strict=True)
        if status not in letter.taken
    ]
    assert wrong == []
    genuine = {hashlib.sha256(letter.body).hexdigest() for letter in letters if letter.genuine}
    seen = look(eye, [town.world.house.tenant.id for town in towns])
    for town in towns:
        compare(town, seen[town.world.house.tenant.id], genuine)
    with capsys.disabled():
        forged = sum(not letter.genuine for letter in letters)
        print(
            f"\n{len(letters)} notices ({len({letter.body for letter in letters})} different, {forged} forged) of "
            f"{sum(len(town.bank) + len(town.payu) for town in towns)} orders by {WORKERS} at a time in {spent:.1f} s"
        )


def send(app: Flask, letter: Letter) -> int:
    return (
        client_for(app, "localhost").post(letter.path, data=letter.body, headers=letter.headers()).status_code
    )


def storm(towns: list[Town], draw: random.Random) -> list[Letter]:
    letters: list[Letter] = []
    for town, other in (towns, towns[::-1]):
        for order in town.bank:
            told, forged = bank_letters(town, other, order)
            letters += _often(told, forged, draw)
        for order in town.payu:
            told, forged = payu_letters(town, other, order)
            letters += _often(told, forged, draw)
    draw.shuffle(letters)
    return letters


def _often(told: list[Letter], forged: list[Letter], draw: random.Random) -> list[Letter]:
    """Everything that is true at least once, the rest of the order's share repeated, and two forged ones."""
    lies = draw.sample(forged, k=2)
    return [*told, *draw.choices(told, k=max(PER_ORDER - len(told) - len(lies), 0)), *lies]


# The bank


def bank_letters(town: Town, other: Town, order: Order) -> tuple[list[Letter], list[Letter]]:
    account = town.world.house.provider_account()
    path, secret = town.world.house.hook_path(), account.secrets["secret"]
    when = now().isoformat()
    refund = {"number": 1, "refund": "", "amount": order.amount // 3, "at": when}

    def said(state: str, transaction: int, **more: object) -> bytes:
        values = {
            "merchant": account.settings["merchant"],
            "reference": order.reference,
            "order": order.reference[-4:],
            "state": state,
            "transaction": transaction,
            "amount": order.amount,
            "currency": "ARS",
            "occurred_at": when,
            "refunds": [],
            "dispute": "",
            "disputed_at": when,
            "test": True,
            **more,
        }
        return json.dumps(values, sort_keys=True).encode()

    approved = said("approved", 1)
    stories = {
        "approve": [approved],
        "late": [said("pending", 0), approved],
        "declined": [said("pending", 0), said("declined", 1)],
        "retry": [said("declined", 0), approved],
        "refund": [approved, said("approved", 1, refunds=[refund])],
        "dispute": [approved, said("approved", 1, dispute="open")],
        "won": [said("approved", 1, dispute="open"), said("approved", 1, dispute="won")],
        "other-amount": [said("approved", 1, amount=order.amount - 1)],
    }
    order.captured = order.story not in ("declined", "other-amount")
    order.cash = order.amount if order.captured else 0
    order.cash -= {"refund": order.amount // 3, "dispute": order.amount}.get(order.story, 0)
    told = [Letter(path, body, (200,), secret) for body in stories[order.story]]
    foreign = other.world.house.provider_account()
    strange = said("approved", 9)
    forged = [
        Letter(path, strange, (400,), "a" * 64, False),  # nobody's secret
        Letter(path, strange, (400,), foreign.secrets["secret"], False),  # another merchant's
        Letter(other.world.house.hook_path(), strange, (400,), secret, False),  # through another's door
        Letter(
            other.world.house.hook_path(), strange, (400,), foreign.secrets["secret"], False
        ),  # …as himself
        Letter(path[:-3] + "xyz", strange, (404,), secret, False),  # a door that nobody was given
        Letter(path, strange, (400,), "", False),  # not signed
    ]
    return told, forged


# PayU


def payu_letters(town: Town, other: Town, order: Order) -> tuple[list[Letter], list[Letter]]:
    world, path = town.world, town.world.hook_path()
    whole, cents = divmod(order.amount, 100)
    wrong_whole, wrong_cents = divmod(order.amount + 1, 100)

    def form(state: str, **more: Any) -> bytes:
        said = {
            "merchant_id": world.merchant,
            "reference_sale": order.reference,
            "value": f"{whole}.{cents:02d}",
            "currency": "ARS",
            "state_pol": state,
            **more,
        }
        return urlencode(confirmation(said.pop("keys", world.keys()), **said)).encode()

    stories = {
        "approve": [form("4"), form("4")],  # the number of the transaction is another one each time
        "declined": [form("6"), form("6")],
        "expired": [form("5")],
        "retry": [form("6"), form("4")],
        "other-amount": [form("4", value=f"{wrong_whole}.{wrong_cents:02d}")],
        "other-mode": [form("4", test="0")],
    }
    order.captured = order.story in ("approve", "retry")
    order.cash = order.amount if order.captured else 0
    told = [Letter(path, body, (200,)) for body in stories[order.story]]
    genuine = form("4")
    flipped = form("6").replace(b"state_pol=6", b"state_pol=4")
    forged = [
        Letter(path, flipped, (400,), "", False),
        Letter(path, genuine.replace(b"currency=ARS", b"currency=USD"), (400,), "", False),
        Letter(path, form("4", keys=other.world.keys()), (400,), "", False),
        Letter(path, form("4", sign=""), (400,), "", False),
        Letter(other.world.hook_path(), genuine, (400,), "", False),
        # Another tenant's own merchant may sign this at his door: there nobody knows the reference.
        Letter(
            other.world.hook_path(),
            form("4", merchant_id=other.world.merchant, keys=other.world.keys()),
            (200,),
            "",
            False,
        ),
    ]
    return told, forged


# The truth


def compare(town: Town, books: Books, genuine: set[str]) -> None:
    """Each order, each balance, each receipt; and every observation was written by somebody who may."""
    orders = [*town.bank, *town.payu]
    paid = {row.attempt_id: row for row in books.payments if row.attempt_id}
    assert set(paid) == {order.attempt_id for order in orders if order.captured}
    assert {key: row.amount - row.returned for key, row in paid.items()} == {
        order.attempt_id: order.cash for order in orders if order.captured
    }
    states = {row.id: row.state for row in books.attempts}
    assert Counter(states.values())["captured"] == sum(order.captured for order in orders)
    elsewhere = sum(row.amount for row in books.payments if not row.attempt_id)
    assert books.balance("clearing", "ARS") == sum(order.cash for order in orders) + elsewhere
    owed = summed((row.invoice_id, row.amount) for row in books.lines if row.kind == "receivable")
    assert all(
        row.open_amount == owed[row.id] and 0 <= row.open_amount <= row.total for row in books.invoices
    )
    assert Counter(row.payment_id for row in books.receipts) == Counter(row.id for row in paid.values())
    with unit_of_work(town.world.house.tenant.id):
        assert ledger.unbalanced_entries() == [] and differences() == []
        assert audit.first_broken() is None
        credit = -ledger.balance(kinds.CUSTOMER_CREDIT)
        total = db.session.execute(select(func.sum(Payment.amount - Payment.returned))).scalar_one()
        assert db.session.execute(select(func.count()).select_from(Receipt)).scalar_one() == len(paid)
        digests = set(db.session.execute(select(ObservationRow.raw_digest)).scalars())
        aside = Counter(db.session.execute(select(QuarantinedPayment.kind)).scalars())
    settled = sum(row.total - row.open_amount for row in books.invoices)
    assert credit == total - settled
    assert digests <= genuine
    assert aside["amount-differs"] == sum(order.story == "other-amount" for order in orders)
    assert aside["mode-differs"] == sum(order.story == "other-mode" for order in orders)
