"""A provider with books of its own, kept in plain Python: what really happened, whether or not we heard of it.

It is an adapter as any other (`Modelled`), signs its notices, answers questions and gives money back once per refund.
The tests compare our books with these.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import threading
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from blueprints.payments.interface import (
    CAPTURED,
    DISPUTE_LOST,
    DISPUTE_WON,
    DISPUTED,
    POLLED,
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
    SIGNED,
    AccountField,
    AttemptView,
    Capabilities,
    CaptureView,
    Forged,
    Notice,
    Observation,
    ProviderAccountView,
    Redirect,
    RefundNotPossible,
    RefundView,
    Settled,
    Step,
    Unknown,
    Unreachable,
    Wire,
)
from saas.config import Config

NAME = "modelled"
PATH = "tests.blueprints.payments.machine.provider:Modelled"
SIGNATURE = "x-modelled-signature"
LIFETIME = datetime.timedelta(hours=1)
REFUND_WORDS = (REFUND_PENDING, REFUNDED, REFUND_FAILED)  # the later one is the stronger one
DISPUTE_WORDS = (DISPUTED, DISPUTE_WON, DISPUTE_LOST)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened to an order. Amounts in minor units; `event` is the provider's number of it."""

    reference: str
    kind: str
    amount: int
    currency: str
    mode: str
    event: str
    at: datetime.datetime
    refund_id: uuid.UUID | None = None

    def said(self, evidence: str, digest: str = "0" * 64) -> Observation:
        return Observation(
            reference=self.reference,
            kind=self.kind,
            amount=self.amount,
            currency=self.currency,
            mode=self.mode,
            provider_reference=f"m-{self.reference}",
            occurred_at=self.at,
            evidence=evidence,
            raw_digest=digest,
            event=self.event,
            refund_id=self.refund_id,
        )


@dataclass
class Order:
    """What a merchant asked to be paid, all that came of it, and what of that the merchant was told (in order)."""

    reference: str
    amount: int
    currency: str
    mode: str
    facts: list[Fact] = field(default_factory=list)
    told: list[Fact] = field(default_factory=list)
    numbers: int = 0

    def fits(self, fact: Fact) -> bool:
        """Whether a capture is what was asked for."""
        return (fact.amount, fact.currency, fact.mode) == (self.amount, self.currency, self.mode)

    def capture(self, facts: Iterable[Fact] | None = None) -> Fact | None:
        known = self.facts if facts is None else facts
        return next((fact for fact in known if fact.kind == CAPTURED and self.fits(fact)), None)

    def given_back(self, facts: Iterable[Fact] | None = None) -> int:
        return sum(
            amount for amount in _last(self.facts if facts is None else facts, REFUND_WORDS, {REFUNDED})
        )

    def disputed(self, facts: Iterable[Fact] | None = None) -> int:
        known = self.facts if facts is None else facts
        return sum(amount for amount in _last(known, DISPUTE_WORDS, {DISPUTED, DISPUTE_LOST}))

    def hear(self, facts: Iterable[Fact]) -> None:
        self.told += [fact for fact in facts if fact not in self.told]


def _last(facts: Iterable[Fact], words: Sequence[str], counting: set[str]) -> list[int]:
    """The amounts of the cases (refunds, disputes) whose strongest word counts."""
    strongest: dict[str, Fact] = {}
    for fact in facts:
        if fact.kind in words:
            known = strongest.get(fact.event)
            if known is None or words.index(fact.kind) > words.index(known.kind):
                strongest[fact.event] = fact
    return [fact.amount for fact in strongest.values() if fact.kind in counting]


class Provider:
    """One merchant's account at the provider. `answers` says what becomes of the next refunds that are asked for:
    done, later (a person decides), lost (done, and the answer is lost) or no."""

    def __init__(self, merchant: str, mode: str = "test") -> None:
        self.merchant = merchant
        self.secret = hashlib.sha256(merchant.encode()).hexdigest()
        self.mode = mode
        self.orders: dict[str, Order] = {}
        self.answers: list[str] = []
        self.silent = False
        self.lock = threading.RLock()

    def take(self, reference: str, amount: int, currency: str) -> Order:
        return self.orders.setdefault(reference, Order(reference, amount, currency, self.mode))

    def happen(
        self,
        order: Order,
        kind: str,
        amount: int,
        now: datetime.datetime,
        *,
        event: str = "",
        refund_id: uuid.UUID | None = None,
        currency: str = "",
        mode: str = "",
    ) -> Fact:
        if not event:
            order.numbers += 1
            event = str(order.numbers)
        fact = Fact(
            order.reference,
            kind,
            amount,
            currency or order.currency,
            mode or order.mode,
            event,
            now,
            refund_id,
        )
        order.facts.append(fact)
        return fact

    def decide(
        self,
        order: Order,
        kind: str,
        now: datetime.datetime,
        *,
        more: int = 0,
        currency: str = "",
        mode: str = "",
    ) -> Fact | None:
        """The payer decides. `more`, `currency` and `mode` make a capture of something that was not asked for.
        None when it cannot happen: one capture of an order that fits, and nothing before it is taken back."""
        if order.capture() is not None or order.amount + more <= 0:
            return None
        if kind != CAPTURED:
            return self.happen(order, kind, order.amount, now)
        return self.happen(order, kind, order.amount + more, now, currency=currency, mode=mode)

    def charge_twice(self, order: Order, now: datetime.datetime) -> Fact | None:
        """The payer is charged once more for the same, as a transaction of its own."""
        captured = order.capture()
        return self.happen(order, CAPTURED, captured.amount, now) if captured else None

    def give_back(
        self,
        order: Order,
        amount: int,
        now: datetime.datetime,
        refund_id: uuid.UUID | None = None,
        how: str = "done",
    ) -> Fact | None:
        """Once per `refund_id`. None when there is not so much left."""
        with self.lock:
            return self._give_back(order, amount, now, refund_id, how)

    def _give_back(
        self, order: Order, amount: int, now: datetime.datetime, refund_id: uuid.UUID | None, how: str
    ) -> Fact | None:
        known = [fact for fact in order.facts if refund_id is not None and fact.refund_id == refund_id]
        if known:
            return known[-1]
        left = order.amount - order.given_back() - self._waiting(order)
        if order.capture() is None or not 0 < amount <= left:
            return None
        order.numbers += 1
        kind = REFUND_PENDING if how == "later" else REFUNDED
        return self.happen(order, kind, amount, now, event=f"R{order.numbers}", refund_id=refund_id)

    def _waiting(self, order: Order) -> int:
        return sum(_last(order.facts, REFUND_WORDS, {REFUND_PENDING}))

    def end_refund(self, order: Order, pick: int, kind: str, now: datetime.datetime) -> Fact | None:
        """A refund that waits is done or fails; one that was done comes back from the payer's bank."""
        strongest: dict[str, Fact] = {}
        for fact in order.facts:
            if fact.kind in REFUND_WORDS:
                strongest[fact.event] = fact
        open_ones = [
            fact for fact in strongest.values() if REFUND_WORDS.index(fact.kind) < REFUND_WORDS.index(kind)
        ]
        if not open_ones:
            return None
        fact = open_ones[pick % len(open_ones)]
        return self.happen(order, kind, fact.amount, now, event=fact.event, refund_id=fact.refund_id)

    def dispute(self, order: Order, kind: str, now: datetime.datetime) -> Fact | None:
        """The payer's bank takes the whole payment back, then decides."""
        last = next((fact for fact in reversed(order.facts) if fact.kind in DISPUTE_WORDS), None)
        captured = order.capture()
        if captured is None or (kind == DISPUTED) != (last is None):
            return None
        if last is not None and last.kind != DISPUTED:
            return None
        return self.happen(order, kind, captured.amount, now, event="D1")

    def sign(self, body: bytes) -> str:
        return hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()

    @staticmethod
    def letter(facts: Iterable[Fact]) -> bytes:
        """The body of a notice that says these facts."""
        return json.dumps(
            [
                {
                    "reference": fact.reference,
                    "kind": fact.kind,
                    "amount": fact.amount,
                    "currency": fact.currency,
                    "mode": fact.mode,
                    "event": fact.event,
                    "at": fact.at.isoformat(),
                    "refund": str(fact.refund_id or ""),
                }
                for fact in facts
            ]
        ).encode()


class Modelled:
    """See `blueprints.payments.interface.Adapter`."""

    providers: ClassVar[dict[str, Provider]] = {}
    fields: Sequence[AccountField] = (
        AccountField("merchant", "Merchant"),
        AccountField("secret", "Secret", secret=True),
    )

    def __init__(self, _config: Config) -> None:
        pass

    def check(self, account: ProviderAccountView) -> None:
        pass

    def ping(self, account: ProviderAccountView, wire: Wire, now: datetime.datetime) -> None:
        pass

    def can(self, account: ProviderAccountView) -> Capabilities:
        return Capabilities(
            exponents={"ARS": 2, "USD": 2},
            highest=10**12,
            lifetime=LIFETIME,
            refunds="partial",
            refunds_wait=True,
        )

    def start(self, account: ProviderAccountView, attempt: AttemptView, wire: Wire) -> Step:
        _books(account).take(attempt.reference, attempt.amount, attempt.currency)
        return Redirect("http://bank.localhost/modelled")

    def receive(self, account: ProviderAccountView, notice: Notice) -> Sequence[Observation]:
        expected = hmac.new(account.secrets["secret"].encode(), notice.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, notice.headers.get(SIGNATURE, "")):
            raise Forged("the signature is not the provider's")
        digest = hashlib.sha256(notice.body).hexdigest()
        return [
            Observation(
                reference=said["reference"],
                kind=said["kind"],
                amount=said["amount"],
                currency=said["currency"],
                mode=said["mode"],
                provider_reference=f"m-{said['reference']}",
                occurred_at=datetime.datetime.fromisoformat(said["at"]),
                evidence=SIGNED,
                raw_digest=digest,
                event=said["event"],
                refund_id=uuid.UUID(said["refund"]) if said["refund"] else None,
            )
            for said in json.loads(notice.body)
        ]

    def observe(
        self, account: ProviderAccountView, attempt: AttemptView, wire: Wire, now: datetime.datetime
    ) -> Sequence[Observation] | Unknown:
        provider = _books(account)
        if provider.silent:
            raise Unreachable("silent")
        order = provider.orders.get(attempt.reference)
        if order is None or not order.facts:
            return Unknown("nothing happened yet")
        return [fact.said(POLLED) for fact in order.facts]

    def refund(
        self, account: ProviderAccountView, capture: CaptureView, refund: RefundView, wire: Wire
    ) -> Observation:
        provider = _books(account)
        how = provider.answers.pop(0) if provider.answers else "done"
        now = datetime.datetime.now(datetime.UTC)
        order = provider.orders[capture.reference]
        fact = None if how == "no" else provider.give_back(order, refund.amount, now, refund.id, how)
        if fact is None:
            raise RefundNotPossible("there is not so much left")
        if how == "lost":
            raise Unreachable("the answer was lost")
        return fact.said(POLLED)

    def settled(
        self,
        account: ProviderAccountView,
        since: datetime.datetime,
        until: datetime.datetime,
        ours: Sequence[CaptureView],
        wire: Wire,
    ) -> Sequence[Settled]:
        return ()


def _books(account: ProviderAccountView) -> Provider:
    return Modelled.providers[str(account.settings["merchant"])]
