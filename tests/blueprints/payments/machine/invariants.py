"""The nine invariants, each a function of what is seen: what it finds wrong, in words; nothing when all is well.

They know nothing of the code that moves money: rows of tables on one hand, the provider's own books on the other.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from blueprints.payments.interface import CAPTURED, REFUNDED
from tests.blueprints.payments.machine.provider import Fact, Order, Provider
from tests.blueprints.payments.machine.seen import Books, Seen, summed

RANK = {
    state: rank
    for rank, state in enumerate(["created", "pending", "canceled", "expired", "failed", "captured"])
}


@dataclass(frozen=True)
class Step:
    """What was just done: through which tenants' doors, whether it moves no money (`idle`) or was only a repetition
    that leaves not even a note (`again`), and the balances of twins that heard the same in another order."""

    name: str
    through: frozenset[uuid.UUID] = frozenset()
    idle: bool = False
    again: bool = False
    twins: tuple[tuple[Any, Any], ...] = ()


@dataclass(frozen=True)
class Scene:
    """All that an invariant looks at. `outside` is what staff gave back past the provider, by payment."""

    seen: Seen
    before: Seen | None
    providers: Mapping[uuid.UUID, Provider]
    step: Step
    customers: Mapping[uuid.UUID, uuid.UUID] = field(default_factory=dict)  # of accounts


Problems = list[str]
Invariant = Callable[[Scene], Problems]


def entries_balance_and_stay(scene: Scene) -> Problems:
    """1: every entry sums to zero in its currency and has lines; none changes or goes; a business key posts once."""
    found: Problems = []
    for tenant_id, books in scene.seen.items():
        sums = summed(((row.entry, row.currency), row.amount or 0) for row in books.lines)
        found += [
            f"entry {entry} sums to {amount} {currency}"
            for (entry, currency), amount in sums.items()
            if amount
        ]
        found += [f"entry {row.entry} has no lines" for row in books.lines if row.id is None]
        keys = Counter(key for key, _entry in {(row.business_key, row.entry) for row in books.lines})
        found += [f"{key} was posted {times} times" for key, times in keys.items() if times > 1]
        if scene.before is not None and not set(scene.before[tenant_id].lines) <= set(books.lines):
            found.append("an entry was changed or taken away")
    return found


def receivables_are_open_amounts(scene: Scene) -> Problems:
    """2: what the books say is owed is the sum of the open amounts, invoice by invoice; 0 <= open <= total."""
    found: Problems = []
    for books in scene.seen.values():
        booked = summed((row.invoice_id, row.amount) for row in books.lines if row.kind == "receivable")
        for row in books.invoices:
            if booked[row.id] != row.open_amount:
                found.append(f"invoice {row.id}: {row.open_amount} open, {booked[row.id]} in the books")
            if not 0 <= row.open_amount <= row.total:
                found.append(f"invoice {row.id}: {row.open_amount} open of {row.total}")
            if row.void and row.open_amount:
                found.append(f"invoice {row.id} is void and open")
        for currency in books.currencies():
            owed = sum(row.open_amount for row in books.invoices if row.currency == currency)
            if books.balance("receivable", currency) != owed:
                found.append(f"{owed} {currency} open, {books.balance('receivable', currency)} in the books")
    return found


def allocations_fit_payments(scene: Scene) -> Problems:
    """3: a payment's allocations are no more than what came less what went back, the rest is credit and never
    negative; an invoice gets no more than it lacks; allocations stay within tenant, customer and currency."""
    found: Problems = []
    for books in scene.seen.values():
        invoices = {row.id: row for row in books.invoices}
        allocated = summed((row.payment_id, row.amount - row.reversed) for row in books.allocations)
        unapplied = summed((row.payment_id, row.remaining) for row in books.credits)
        taken = summed((row.payment_id, row.amount) for row in books.reversals)
        for row in books.payments:
            left = row.amount - row.returned
            if allocated[row.id] > left:
                found.append(f"payment {row.id}: {allocated[row.id]} on invoices of {left}")
            if allocated[row.id] + unapplied[row.id] != left:
                found.append(
                    f"payment {row.id}: {left} left, {allocated[row.id]} + {unapplied[row.id]} lie somewhere"
                )
            if taken[row.id] != row.returned:
                found.append(f"payment {row.id}: {row.returned} went back, {taken[row.id]} was taken off")
        found += [f"credit {row.id} is {row.remaining}" for row in books.credits if row.remaining < 0]
        found += _credit_of_accounts(books)
        settled = summed(
            (row.invoice_id, row.amount - row.reversed - row.surcharge) for row in books.allocations
        )
        for row in books.invoices:
            missing = 0 if row.void else row.total - row.open_amount
            if settled[row.id] != missing:
                found.append(f"invoice {row.id}: {missing} of it is paid, {settled[row.id]} lies on it")
        found += _strangers(scene, books, invoices)
    return found


def _credit_of_accounts(books: Books) -> Problems:
    ours = summed(((row.account_id, row.currency), row.remaining) for row in books.credits)
    booked = summed(
        ((row.account_id, row.currency), -row.amount) for row in books.lines if row.kind == "customer-credit"
    )
    return [
        f"account {key[0]}: credit of {ours[key]} {key[1]}, {booked[key]} in the books"
        for key in {*ours, *booked}
        if ours[key] != booked[key] or booked[key] < 0
    ]


def _strangers(scene: Scene, books: Books, invoices: Mapping[uuid.UUID, Any]) -> Problems:
    """Allocations and credit on another customer's account or in another currency than the payment's."""
    found: Problems = []
    payments = {row.id: row for row in books.payments}
    whose: dict[uuid.UUID, set[uuid.UUID]] = {}
    for item in books.items:
        invoice = invoices[item.invoice_id]
        whose.setdefault(item.attempt_id, set()).add(scene.customers[invoice.account_id])
    for row in books.allocations:
        payment, invoice = payments.get(row.payment_id), invoices.get(row.invoice_id)
        if payment is None or invoice is None:
            found.append(f"allocation of {row.payment_id} to {row.invoice_id} leaves the tenant")
        elif payment.currency != invoice.currency:
            found.append(f"{payment.currency} of {row.payment_id} on an invoice in {invoice.currency}")
        elif payment.attempt_id and scene.customers[invoice.account_id] not in whose[payment.attempt_id]:
            found.append(f"money of {row.payment_id} on another customer's invoice")
    for row in books.credits:
        payment = payments[row.payment_id]
        if payment.currency != row.currency:
            found.append(f"credit {row.id} changed its currency")
        elif payment.attempt_id and scene.customers[row.account_id] not in whose[payment.attempt_id]:
            found.append(f"credit {row.id} on another customer's account")
    return found


def cash_is_the_providers(scene: Scene) -> Problems:
    """4: cash is what was captured less refunds and disputes, never negative, and the same as in the provider's own
    books as far as we were told; what we were told and did not book lies in quarantine; nothing else was booked."""
    found: Problems = []
    for tenant_id, books in scene.seen.items():
        orders = scene.providers[tenant_id].orders
        booked = _cash_by_attempt(books)
        outside = _given_back_outside(books)
        for attempt in books.attempts:
            order = orders.get(attempt.reference)
            if order is None:
                found += (
                    [f"{booked[attempt.id]} booked of an order that nobody knows"]
                    if booked[attempt.id]
                    else []
                )
                continue
            noted, problems = _noted(books, attempt.id, order, outside[attempt.id])
            found += problems
            captured = order.capture(noted)
            demanded = order.given_back(noted) + order.disputed(noted) + outside[attempt.id]
            expected = max(captured.amount - demanded, 0) if captured else 0
            if booked[attempt.id] != expected:
                found.append(
                    f"{order.reference}: {expected} at the provider, {booked[attempt.id]} in the books"
                )
            beyond = any(
                (row.kind, row.attempt_id) == ("beyond-capture", attempt.id) for row in books.quarantine
            )
            if captured and demanded > captured.amount and not beyond:
                found.append(f"{order.reference}: more went back than came, and nobody was told")
        found += _totals(books, booked)
    return found


def _noted(books: Books, attempt_id: uuid.UUID, order: Order, outside: int) -> tuple[list[Fact], Problems]:
    """What of all that we were told counts, and what is wrong with how the rest was kept."""
    found: Problems = []
    effects: dict[tuple[str, str], set[str]] = {}
    for row in books.observations:
        if row.attempt_id == attempt_id:
            effects.setdefault((row.kind, row.event), set()).add(row.effect)
    aside = {(row.observed, row.event) for row in books.quarantine if row.attempt_id == attempt_id}
    counted = []
    for fact in order.told:
        effect = effects.get((fact.kind, fact.event))
        if effect is None:
            found.append(f"{fact.kind} of {fact.reference} was said and is lost")
        elif all(one.startswith("quarantined") for one in effect):
            if (fact.kind, fact.event) not in aside:
                found.append(f"{fact.kind} of {fact.reference} was put aside, and lies nowhere")
            if not _may_lie_aside(order, fact, outside):
                found.append(f"{fact.kind} of {fact.reference} was put aside without reason: {effect}")
        else:
            counted.append(fact)
    if order.capture(order.told) and not order.capture(counted):
        found.append(f"{order.reference} was captured, and every word of it was put aside")
    known = {(fact.kind, fact.event) for fact in order.told}
    found += [
        f"{kind} of {order.reference} was noted, nobody said it" for kind, _event in effects.keys() - known
    ]
    return counted, found


def _may_lie_aside(order: Order, fact: Fact, outside: int) -> bool:
    """What was not asked for, a second capture of the same, and a refund of more than there is."""
    if fact.kind == CAPTURED:
        return not order.fits(fact) or order.capture(one for one in order.told if one != fact) is not None
    return fact.kind == REFUNDED and order.given_back(order.told) + outside > order.amount


def _cash_by_attempt(books: Books) -> Mapping[uuid.UUID, int]:
    """What the books hold of each attempt. An entry's key names its cause."""
    attempts = {row.id: row.attempt_id for row in books.payments}
    causes = {str(row.id): attempts[row.payment_id] for row in [*books.refunds, *books.disputes]}
    causes |= {str(row.id): row.id for row in books.attempts}
    return summed(
        (causes.get(row.business_key.split(":")[1]), row.amount)
        for row in books.lines
        if row.kind == "clearing"
    )


def _given_back_outside(books: Books) -> Mapping[uuid.UUID, int]:
    attempts = {row.id: row.attempt_id for row in books.payments}
    return summed(
        (attempts[row.payment_id], row.amount)
        for row in books.refunds
        if (row.way, row.state) == ("outside", "done")
    )


def _totals(books: Books, booked: Mapping[uuid.UUID, int]) -> Problems:
    found = [f"cash of {key} is {amount}" for key, amount in booked.items() if key is not None and amount < 0]
    for currency in books.currencies():
        ours = sum(row.amount - row.returned for row in books.payments if row.currency == currency)
        cash = books.balance("clearing", currency)
        if cash != ours or cash < 0:
            found.append(f"cash is {cash} {currency}, payments hold {ours}")
    return found


def captured_stays_captured(scene: Scene) -> Problems:
    """5: an attempt never falls back; one payment for each captured attempt and none for another."""
    found: Problems = []
    for tenant_id, books in scene.seen.items():
        paid = Counter(row.attempt_id for row in books.payments if row.attempt_id)
        for row in books.attempts:
            if paid[row.id] != (row.state == CAPTURED):
                found.append(f"attempt {row.id} is {row.state} and has {paid[row.id]} payments")
        entries = Counter(
            (key.split(":")[1], row_invoice)
            for key, row_invoice in {
                (row.business_key, row.invoice_id)
                for row in books.lines
                if row.kind == "clearing" and row.business_key.startswith("attempt:")
            }
            if ":settle" in key
        )
        found += [
            f"attempt {key[0]} settled an invoice {times} times"
            for key, times in entries.items()
            if times > 1
        ]
        if scene.before is not None:
            earlier = {row.id: row.state for row in scene.before[tenant_id].attempts}
            found += [
                f"attempt {row.id} went from {earlier[row.id]} to {row.state}"
                for row in books.attempts
                if row.id in earlier and RANK[row.state] < RANK[earlier[row.id]]
            ]
    return found


def order_and_repetition_do_not_matter(scene: Scene) -> Problems:
    """6: what was accepted changes nothing when it is said again, and any order of it ends in the same balances."""
    found: Problems = []
    if (scene.step.idle or scene.step.again) and scene.before is not None:
        found += [
            f"{scene.step.name} moved {table}"
            for tenant_id, books in scene.seen.items()
            for table, rows in (books.rows if scene.step.again else books.money()).items()
            if rows != scene.before[tenant_id].rows[table]
        ]
    found += [
        f"in another order: {one} instead of {other}" for other, one in scene.step.twins if one != other
    ]
    return found


def tenants_keep_to_themselves(scene: Scene) -> Problems:
    """7: what comes through one tenant's door changes nothing of another's, not even a note."""
    if scene.before is None:
        return []
    return [
        f"{scene.step.name} through another's door changed {table}"
        for tenant_id, books in scene.seen.items()
        if tenant_id not in scene.step.through
        for table, rows in books.rows.items()
        if rows != scene.before[tenant_id].rows[table]
    ]


def refunds_fit_captures(scene: Scene) -> Problems:
    """8: no more is given back than was captured, in our books and at the provider; the provider gives back for us
    what we asked for, once."""
    found: Problems = []
    for tenant_id, books in scene.seen.items():
        done = summed(
            (row.payment_id, row.amount)
            for row in books.refunds
            if row.state == "done" and row.way != "credit"
        )
        for row in books.payments:
            if not 0 <= row.returned <= row.amount or done[row.id] > row.amount:
                found.append(
                    f"payment {row.id}: {done[row.id]} given back, {row.returned} gone, of {row.amount}"
                )
        asked = {row.id: row.amount for row in books.refunds}
        for order in scene.providers[tenant_id].orders.values():
            captured = order.capture()
            if order.given_back() > (captured.amount if captured else 0):
                found.append(f"{order.reference}: the provider gave back more than it had")
            for fact in order.facts:
                if fact.refund_id is not None and asked.get(fact.refund_id) != fact.amount:
                    found.append(
                        f"{order.reference}: the provider gave {fact.amount} back that nobody asked for"
                    )
        found += _twice(books)
    return found


def _twice(books: Books) -> Problems:
    """One number of the provider is one refund or one dispute."""
    numbers = Counter((row.payment_id, row.event) for row in [*books.refunds, *books.disputes] if row.event)
    return [f"{key[1]} of payment {key[0]} is there {n} times" for key, n in numbers.items() if n > 1]


def one_receipt_each(scene: Scene) -> Problems:
    """9: every captured attempt has exactly one receipt, and exactly one message goes out with it."""
    found: Problems = []
    for books in scene.seen.values():
        paid = Counter(row.id for row in books.payments if row.attempt_id)
        if paid != Counter(row.payment_id for row in books.receipts):
            found.append(f"{len(paid)} payments, {len(books.receipts)} receipts")
        if Counter(map(str, paid)) != Counter(row.receipt for row in books.letters):
            found.append(f"{len(paid)} payments, {len(books.letters)} messages with receipts")
    return found


INVARIANTS: tuple[Invariant, ...] = (
    entries_balance_and_stay,
    receivables_are_open_amounts,
    allocations_fit_payments,
    cash_is_the_providers,
    captured_stays_captured,
    order_and_repetition_do_not_matter,
    tenants_keep_to_themselves,
    refunds_fit_captures,
    one_receipt_each,
)
NAMES = tuple(invariant.__name__ for invariant in INVARIANTS)


class Broken(AssertionError):
    """Invariants do not hold. `names` are theirs."""

    def __init__(self, step: str, problems: Mapping[str, Problems]) -> None:
        self.names = frozenset(problems)
        lines = [f"  {name}: {one}" for name, found in problems.items() for one in found[:3]]
        super().__init__("\n".join([f"after {step}", *lines]))


def check(scene: Scene, which: Iterable[Invariant] = INVARIANTS) -> None:
    """Raises Broken with all that do not hold."""
    problems = {one.__name__: found for one in which if (found := one(scene))}
    if problems:
        raise Broken(scene.step.name, problems)
