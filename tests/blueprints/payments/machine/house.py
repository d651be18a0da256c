"""Two tenants side by side, and the nine invariants after each thing that is done."""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from flask import Flask

from blueprints.payments import registry
from blueprints.payments.interface import (
    CAPTURED,
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    EXPIRED,
    FAILED,
    PENDING,
    REFUND_FAILED,
    REFUNDED,
    Unreachable,
)
from saas import audit
from saas.clock import now
from saas.scope import unit_of_work
from tests.blueprints.payments.machine.invariants import Broken, Scene, Step, check
from tests.blueprints.payments.machine.provider import NAME, PATH, Fact, Order
from tests.blueprints.payments.machine.seen import Seen, look
from tests.blueprints.payments.machine.side import (
    BEFORE_ANSWER,
    BEFORE_COMMIT,
    BEFORE_WORK,
    Side,
    make_side,
)

slugs = itertools.count()
WRONG = ({"more": 1}, {"more": -1}, {"currency": "COP"}, {"mode": "live"})
PAYER_SAYS = (PENDING, FAILED, EXPIRED, CAPTURED, CAPTURED, CAPTURED, CAPTURED)
DISPUTE_SAYS = (DISPUTED, DISPUTE_WON, DISPUTE_LOST)
ANSWERS = ("done", "done", "later", "lost", "no")
WAYS_BACK = ("provider", "provider", "outside", "credit")
DEATHS = (BEFORE_WORK, BEFORE_COMMIT, BEFORE_ANSWER)


@contextmanager
def modelled_provider() -> Iterator[None]:
    """The application knows the modelled provider."""
    registry.ADAPTERS[NAME] = PATH
    try:
        yield
    finally:
        del registry.ADAPTERS[NAME]


class House:
    """What a machine or a walk does; each act ends with `settled`, which looks at the invariants."""

    def __init__(self, app: Flask, eye: psycopg.Connection[Any]) -> None:
        self.app, self.eye = app, eye
        self.sides = [make_side(app, f"casa-{next(slugs)}") for _one in "ab"]
        self.before: Seen | None = None
        self.steps = 0
        for side in self.sides:
            side.issue(70_000)
            side.issue(30_001, late=True)
            side.issue(5_000, account=1)
            side.start(*side.invoices[:2])
        self.settled("the beginning", *self.sides)

    def settled(
        self,
        name: str,
        *through: Side,
        idle: bool = False,
        again: bool = False,
        twins: tuple[tuple[Any, Any], ...] = (),
    ) -> None:
        """Raises Broken."""
        self.steps += 1
        seen = look(self.eye, [side.id for side in self.sides])
        customers = {account: owner for side in self.sides for account, owner in side.customers.items()}
        providers = {side.id: side.provider for side in self.sides}
        step = Step(name, frozenset(side.id for side in through), idle, again, twins)
        check(Scene(seen, self.before, providers, step, customers))
        self.before = seen

    def side(self, which: int) -> Side:
        return self.sides[which % 2]

    # What people do

    def issue(self, which: int, amount: int, late: bool, account: int, dollars: bool) -> None:
        side = self.side(which)
        side.issue(amount, late=late, account=account % 2, currency="USD" if dollars else "ARS")
        self.settled("an invoice", side)

    def void(self, which: int, pick: int) -> None:
        side = self.side(which)
        side.void(_one(side.invoices, pick))
        self.settled("an invoice taken back", side)

    def start(self, which: int, picks: set[int], per_cent: int, link: bool) -> None:
        side = self.side(which)
        side.start(*{_one(side.invoices, pick) for pick in sorted(picks)}, per_cent=per_cent, link=link)
        self.settled("an attempt", side)

    def pay_outside(self, which: int, pick: int, per_cent: int) -> None:
        side = self.side(which)
        side.paid_outside(_one(side.invoices, pick), per_cent)
        self.settled("a payment at the counter", side)

    def use_credit(self, which: int, pick: int, per_cent: int) -> None:
        side = self.side(which)
        invoice_id, use_id = _one(side.invoices, pick), uuid.uuid4()
        used = side.use_credit(invoice_id, per_cent, use_id)
        self.settled("credit used", side)
        if used:
            side.use_credit(invoice_id, per_cent, use_id)
            self.settled("the same credit used again", side, again=True)

    def give_back(self, which: int, pick: int, portion: int, way: str, answer: str) -> None:
        """Staff give money back; the provider is told at once, and answers so or so."""
        side = self.side(which)
        payments = side.payments()
        if not payments:
            return
        refund_id = side.give_back(_one(payments, pick).id, portion, way)
        self.settled(f"a refund: {way}", side)
        if refund_id is not None and way == "provider":
            side.send(refund_id, answer)
            self.settled(f"a refund was sent: {answer}", side)

    def send_again(self, which: int) -> None:
        side = self.side(which)
        for refund_id in side.refunds_to_send():
            side.send(refund_id)
        self.settled("refunds were sent again", side)

    # What happens at the provider, whether or not we hear of it

    def _order(self, side: Side, pick: int) -> Order | None:
        return side.orders[_one(side.attempts, pick)] if side.attempts else None

    def decide(self, which: int, pick: int, kind: str, tell: bool) -> None:
        side = self.side(which)
        order = self._order(side, pick)
        fact = side.provider.decide(order, kind, now()) if order else None
        if fact and tell:
            self._hear(side, [fact], kind)

    def pay_something_else(self, which: int, pick: int, wrong: int) -> None:
        """The provider captures what was not asked for, and tells."""
        side = self.side(which)
        order = self._order(side, pick)
        if order is None:
            return
        said = WRONG[wrong % len(WRONG)]
        fact = side.provider.decide(order, CAPTURED, now(), **said)
        if fact:
            _taken(side.notify([fact]))
            self.settled(f"a capture of something else: {said}", side, idle=True)

    def give_back_at_the_provider(self, which: int, pick: int, portion: int, tell: bool) -> None:
        side = self.side(which)
        order = self._order(side, pick)
        fact = order and side.provider.give_back(order, max(order.amount * portion // 100, 1), now())
        if fact and tell:
            self._hear(side, [fact], "a refund at the provider")

    def refund_ends(self, which: int, pick: int, fails: bool, tell: bool) -> None:
        side = self.side(which)
        order = self._order(side, pick)
        kind = REFUND_FAILED if fails else REFUNDED
        fact = order and side.provider.end_refund(order, pick, kind, now())
        if fact and tell:
            self._hear(side, [fact], kind)

    def dispute(self, which: int, pick: int, kind: str, tell: bool) -> None:
        side = self.side(which)
        order = self._order(side, pick)
        fact = order and side.provider.dispute(order, kind, now())
        if fact and tell:
            self._hear(side, [fact], kind)

    # How we hear of it

    def _hear(self, side: Side, facts: list[Fact], name: str) -> None:
        _taken(side.notify(facts))
        self.settled(f"heard: {name}", side)

    def untold(self, side: Side) -> list[Fact]:
        return [
            fact for order in side.provider.orders.values() for fact in order.facts if fact not in order.told
        ]

    def told(self, side: Side) -> list[Fact]:
        return [fact for order in side.provider.orders.values() for fact in order.told]

    def deliver(self, which: int, draw: random.Random, most: int) -> None:
        """Some of what is on its way, in any order."""
        side = self.side(which)
        waiting = self.untold(side)
        draw.shuffle(waiting)
        for fact in waiting[:most]:
            self._hear(side, [fact], fact.kind)

    def repeat(self, which: int, draw: random.Random, times: int) -> None:
        side = self.side(which)
        heard = self.told(side)
        if heard:
            fact = draw.choice(heard)
            for turn in range(times):
                if turn % 2:
                    side.tell([fact])
                else:
                    _taken(side.notify([fact]))
            self.settled(f"{fact.kind} said again", side, again=True)

    def charge_twice(self, which: int, pick: int) -> None:
        """The provider takes the same money once more: it may not be booked twice, nor be passed over."""
        side = self.side(which)
        order = self._order(side, pick)
        fact = order and side.provider.charge_twice(order, now())
        if order and fact:
            known = order.capture(order.told) is not None
            _taken(side.notify([fact]))
            self.settled("a second charge", side, idle=known)

    def misdirect(self, which: int, pick: int, signed_right: bool) -> None:
        """What is true of one tenant comes through the other's door, signed for that door (its own merchant can do
        so) or by the first one's provider."""
        side, other = self.side(which), self.side(which + 1)
        order = self._order(side, pick)
        if order is None:
            return
        fact = Fact(order.reference, CAPTURED, order.amount, order.currency, order.mode, "9", now())
        status = side.notify(
            [fact], through=other, signed_by=other.provider if signed_right else side.provider
        )
        assert status == (200 if signed_right else 400)
        self.settled("a notice through the other's door", other, idle=True)

    def die(self, which: int, draw: random.Random, where: str) -> None:
        """The handler of a notice dies, and the provider comes again."""
        side = self.side(which)
        waiting = self.untold(side)
        if waiting:
            fact = draw.choice(waiting)
            status = side.notify([fact], die=where)
            if not side.died:
                raise NotTaken(status)
            assert status == 500
            self.settled(f"died {where}: {fact.kind}", side, again=where != BEFORE_ANSWER)
            _taken(side.notify([fact]))
            self.settled(f"came again after it died {where}", side, again=where == BEFORE_ANSWER)

    def poll(self, which: int, pick: int, silent: bool = False) -> None:
        """A question to the provider; a silent one leaves everything as it is."""
        side = self.side(which)
        if side.attempts:
            side.provider.silent = silent
            with suppress(Unreachable):
                side.poll(_one(side.attempts, pick))
            side.provider.silent = False
            self.settled("a question", side, again=silent)

    def expire(self, which: int, pick: int) -> None:
        side = self.side(which)
        if side.attempts:
            side.expire(_one(side.attempts, pick))
            self.settled("time ran out", side)

    def twin(self, which: int, pick: int, draw: random.Random) -> None:
        side = self.side(which)
        order = self._order(side, pick)
        balances = order and side.twin(order, draw)
        if balances:
            self.settled("twins", side, twins=(balances,))

    def come_to_rest(self) -> None:
        """Everything that happened is heard in the end, and the evidence is whole."""
        draw = random.Random(self.steps)
        for which, side in enumerate(self.sides):
            self.deliver(which, draw, most=10**6)
            assert not self.untold(side)
            with unit_of_work(side.id):
                assert audit.first_broken() is None


class NotTaken(Exception):
    """The house did not answer 200 to a genuine notice."""


def _taken(status: int) -> None:
    if status != 200:
        raise NotTaken(status)


def _one(things: list[Any], pick: int) -> Any:
    return things[pick % len(things)]


def walk(house: House, seed: int, steps: int) -> Broken | None:
    """A walk without Hypothesis: the same for the same seed. Returns the first break."""
    draw = random.Random(seed)
    try:
        for _step in range(steps):
            random_act(house, draw)
        house.come_to_rest()
    except Broken as broken:
        return broken
    return None


def random_act(house: House, draw: random.Random) -> None:
    which, pick = draw.randrange(2), draw.randrange(100)
    per_cent, tell = draw.choice((100, 100, 60, 33, 1)), draw.random() < 0.6
    acts: dict[str, int] = {
        "issue": 2, "void": 1, "start": 4, "pay_outside": 1, "use_credit": 2, "give_back": 4, "send_again": 1,
        "decide": 8, "pay_something_else": 2, "give_back_at_the_provider": 2, "refund_ends": 2, "dispute": 3,
        "deliver": 3, "repeat": 3, "charge_twice": 1, "misdirect": 2, "die": 3, "poll": 2, "expire": 1,
        "twin": 1,
    }  # fmt: skip
    act = draw.choices(list(acts), weights=list(acts.values()))[0]
    given: dict[str, tuple[Any, ...]] = {
        "issue": (draw.randrange(1, 300_000), draw.random() < 0.4, draw.randrange(2), draw.random() < 0.2),
        "void": (pick,),
        "start": (
            {draw.randrange(100) for _one_more in range(draw.randrange(1, 4))},
            per_cent,
            draw.random() < 0.2,
        ),
        "pay_outside": (pick, per_cent),
        "use_credit": (pick, per_cent),
        "give_back": (pick, per_cent, draw.choice(WAYS_BACK), draw.choice(ANSWERS)),
        "send_again": (),
        "decide": (pick, draw.choice(PAYER_SAYS), tell),
        "pay_something_else": (pick, draw.randrange(4)),
        "give_back_at_the_provider": (pick, per_cent, tell),
        "refund_ends": (pick, draw.random() < 0.4, tell),
        "dispute": (pick, draw.choice(DISPUTE_SAYS), tell),
        "deliver": (draw, 3),
        "repeat": (draw, draw.randrange(1, 4)),
        "charge_twice": (pick,),
        "misdirect": (pick, draw.random() < 0.5),
        "die": (draw, draw.choice(DEATHS)),
        "poll": (pick, draw.random() < 0.3),
        "expire": (pick,),
        "twin": (pick, draw),
    }
    getattr(house, act)(which, *given[act])
