"""Whatever happens to rents, owners and what is kept of them: the books balance, and every paper says what they say.

Random rents come in by parts, go back, are disputed and won again; owners are charged, paid, and change; the outbox
runs now and then, twice, or not at all for a while. After every step the trial balance is zero; at the end everything
is followed up, and what is owed to owners, what the agency earned, taxes and charges are exactly what was collected.
"""

from __future__ import annotations

import datetime
import itertools
import os
import uuid
from collections import defaultdict

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from blueprints.invoices.models import Invoice
from blueprints.leases.parties import OWNER, NewPeople, change_people, last_booked_day
from blueprints.leases.people import Person, find
from blueprints.leases.services import move_collected_rent, owners_of, record_payout
from blueprints.ledger import rules as books
from blueprints.ledger.models import Posting
from blueprints.ledger.queries import balance, unbalanced_entries
from blueprints.owners import commissions
from blueprints.owners.certificates import Figures, figures_of, year_of
from blueprints.owners.charges import NewCharge, make_charge, reverse_charge
from blueprints.owners.checking import differences
from blueprints.owners.commissions import ask_for_commission
from blueprints.owners.models import CommissionDocument, OwnerCharge, SupplierPayment
from blueprints.owners.rules import Amounts, Terms, due, sums
from blueprints.owners.statements import days_of, sheets
from blueprints.owners.suppliers import (
    NewPayment,
    in_force,
    record_supplier_payment,
    reverse_supplier_payment,
)
from saas.audit import SYSTEM
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tests.blueprints.owners.estate import IVA, RETENTION, Estate, bill, make_estate

MONTHS = [f"2025-{number:02d}" for number in range(10, 13)] + [f"2026-{number:02d}" for number in range(1, 4)]
AMOUNTS = st.integers(1, 5_000_000_00) | st.integers(1, 50)
SHARES = st.lists(st.integers(1, 999_999), min_size=1, max_size=4)
_slugs = itertools.count(1)


def shares_of(parts: list[int]) -> list[int]:
    """Parts as millionths that make a whole."""
    cut = [max(part * 1_000_000 // sum(parts), 1) for part in parts]
    cut[0] += 1_000_000 - sum(cut)
    return cut


class Owners(RuleBasedStateMachine):
    """`paid` is what each payment holds of a rent; the books are told of every change as payments tell them."""

    app: Flask
    rents = Bundle("rents")

    @initialize(
        parts=SHARES,
        rate=st.sampled_from([1, 80_000, 90_000, 103_333, 999_999]),
        taxes=st.sampled_from([(), (IVA,), (IVA, RETENTION)]),
    )
    def begin(self, parts: list[int], rate: int, taxes: tuple[dict[str, object], ...]) -> None:
        self.numbers = itertools.count(1)
        self.estate: Estate = make_estate(
            shares_of(parts), rate=rate, taxes=taxes, slug=f"m{next(_slugs)}x{os.getpid()}"
        )
        self.rate, self.taxes = rate, tuple((str(tax["kind"]), int(str(tax["rate"]))) for tax in taxes)
        self.paid: dict[tuple[uuid.UUID, uuid.UUID], tuple[int, datetime.date]] = {}
        self.total: dict[uuid.UUID, tuple[int, int]] = {}
        self.paid_out = 0
        self.owners = list(self.estate.owners)
        self.documents = {owner: f"1{place}" for place, owner in enumerate(self.owners)}

    def work(self) -> object:
        return unit_of_work(self.estate.tenant.id)

    @rule(target=rents, amount=AMOUNTS, month=st.sampled_from(MONTHS), taxed=st.booleans())
    def bill_a_month(self, amount: int, month: str, taxed: bool) -> uuid.UUID:
        with self.work():  # type: ignore[attr-defined]
            taxes = (190_000, 35_000) if taxed else ()
            rent = bill(self.estate, f"F-{next(self.numbers)}", amount, period=month, taxes=taxes or (0, 0))
            total = db.session.execute(select(Invoice.total).where(Invoice.id == rent)).scalar_one()
        self.total[rent] = (amount, total)
        return rent

    def move(self, rent: uuid.UUID, payment: uuid.UUID, after: int, on: datetime.date) -> None:
        before, paid_on = self.paid.get((rent, payment), (0, on))
        source = f"payment:{payment}" if (rent, payment) not in self.paid else f"dispute:{new_id()}"
        with self.work():  # type: ignore[attr-defined]
            for _twice in range(2):  # told twice, booked once
                move_collected_rent(
                    source, [(rent, before, after)], currency="COP", paid_on=paid_on, occurred_on=on
                )
                ask_for_commission(source, [rent], on=on)
        self.paid[rent, payment] = (after, paid_on)

    @rule(rent=rents, part=st.integers(1, 100), day=st.integers(1, 28), month=st.sampled_from(MONTHS))
    def collect_a_part(self, rent: uuid.UUID, part: int, day: int, month: str) -> None:
        held = sum(amount for (one, _payment), (amount, _on) in self.paid.items() if one == rent)
        room = self.total[rent][1] - held
        if room > 0:
            on = datetime.date.fromisoformat(f"{month}-{day:02d}")
            self.move(rent, new_id(), max(room * part // 100, 1), on)

    @rule(rent=rents, part=st.integers(0, 99), day=st.integers(1, 28), month=st.sampled_from(MONTHS))
    def give_back_or_win_again(self, rent: uuid.UUID, part: int, day: int, month: str) -> None:
        """A refund, a dispute, or its return: one payment holds another part of what it could hold."""
        mine = [key for key in self.paid if key[0] == rent]
        if not mine:
            return
        key = mine[part % len(mine)]
        others = sum(self.paid[one][0] for one in mine if one != key)
        self.move(
            rent,
            key[1],
            (self.total[rent][1] - others) * part // 100,
            datetime.date.fromisoformat(f"{month}-{day:02d}"),
        )

    @rule(amount=AMOUNTS, tax=st.integers(0, 100), month=st.sampled_from(MONTHS), undo=st.booleans())
    def charge_the_owners(self, amount: int, tax: int, month: str, undo: bool) -> None:
        first = days_of(month)[0]
        with self.work():  # type: ignore[attr-defined]
            new = NewCharge(self.estate.mandate, "repair", "Techo", amount, amount * tax // 100, "COP", first)
            charge = make_charge(new, now=now())
            if undo:
                later = first + datetime.timedelta(days=40)
                assert reverse_charge(charge, reason="Error", today=later)
                assert not reverse_charge(charge, reason="Error", today=later)

    @rule(owner=st.integers(0, 9), amount=AMOUNTS, month=st.sampled_from(MONTHS))
    def pay_an_owner(self, owner: int, amount: int, month: str) -> None:
        with self.work():  # type: ignore[attr-defined]
            record_payout(
                number=f"CE-{next(self.numbers)}",
                mandate_account_id=self.estate.mandate,
                customer_id=self.owners[owner % len(self.owners)],
                period=month,
                amount=amount,
                currency="COP",
                paid_on=days_of(month)[1],
                method="Banco",
                reference="1",
            )
        self.paid_out += amount

    @rule(parts=SHARES, keep=st.integers(0, 4), month=st.sampled_from(MONTHS), day=st.integers(1, 28))
    def change_the_owners(self, parts: list[int], keep: int, month: str, day: int) -> None:
        """A sale, an inheritance, other shares: some stay or come back, others enter. Twice is once, and a day for
        whose owners something is booked is refused."""
        shares = shares_of(parts)
        with self.work():  # type: ignore[attr-defined]
            first_day = datetime.date.fromisoformat(f"{month}-{day:02d}")
            booked = last_booked_day(self.estate.mandate)
            people = []
            for place, share in enumerate(shares):
                back = place < keep and place < len(self.owners)
                document = self.documents[self.owners[place]] if back else f"8{next(self.numbers)}"
                people.append(Person("", "CC", document, "Compradora", share=share))
            found = find(people, "CO")
            new = NewPeople(OWNER, found, first_day, "Venta")
            try:
                changed = change_people(self.estate.lease, new, actor=SYSTEM)
            except Refusal:
                db.session.rollback()
                return
            assert not changed or booked is None or first_day > booked
            found = find(people, "CO")
            assert not change_people(
                self.estate.lease, NewPeople(OWNER, found, first_day, "Otra vez"), actor=SYSTEM
            )
            now_own = dict(owners_of(self.estate.mandate, first_day))
            assert now_own == {one.customer_id: one.share for one in found}
        for one, person in zip(found, people, strict=True):
            assert one.customer_id is not None
            if one.customer_id not in self.documents:
                self.documents[one.customer_id] = person.document
                self.owners.append(one.customer_id)

    @rule(month=st.sampled_from(MONTHS), undo=st.booleans())
    def pay_a_supplier(self, month: str, undo: bool) -> None:
        first = days_of(month)[0]
        with self.work():  # type: ignore[attr-defined]
            charge = db.session.execute(
                select(OwnerCharge.id).where(OwnerCharge.reversed_on.is_(None)).order_by(OwnerCharge.id)
            ).scalar()
            if charge is None:
                return
            how = NewPayment(first, "Transferencia", "1")
            today = first + datetime.timedelta(days=1)
            stood = in_force(charge) is not None
            assert record_supplier_payment(charge, how, today=today, now=now()) is not stood
            assert not record_supplier_payment(charge, how, today=today, now=now())
            if undo:
                assert reverse_supplier_payment(charge, reason="Error", today=today)
                assert not reverse_supplier_payment(charge, reason="Error", today=today)

    @rule(twice=st.booleans())
    def follow_up(self, twice: bool) -> None:
        """What was to be done is done; a crash in between leaves it to be done again."""
        with self.work():  # type: ignore[attr-defined]
            commissions.follow_all()
            if twice:
                assert commissions.follow_all() == 0
            else:
                db.session.rollback()

    @invariant()
    def the_trial_balance_is_zero(self) -> None:
        if not hasattr(self, "estate"):
            return
        with self.work():  # type: ignore[attr-defined]
            assert db.session.execute(select(func.coalesce(func.sum(Posting.amount), 0))).scalar_one() == 0
            assert unbalanced_entries() == []
            assert (
                -balance(books.UNCOLLECTED_RENT)
                == sum(total for _amount, total in self.total.values()) - self.collected()
            )

    def collected(self) -> int:
        return sum(amount for amount, _on in self.paid.values())

    def teardown(self) -> None:
        if not hasattr(self, "estate"):
            return
        with self.work():  # type: ignore[attr-defined]
            commissions.follow_all()
        with self.work():  # type: ignore[attr-defined]
            assert commissions.follow_all() == 0
            self.everything_adds_up()
            self.commissions_are_what_is_due()
            self.statements_chain_and_certificates_are_their_sum()
            assert differences() == []

    def everything_adds_up(self) -> None:
        """Owners' liabilities, the agency's income, taxes and charges are what was collected and not paid out."""
        owed = -balance(books.OWNER_PAYABLE)
        earned, taxes = -balance(books.COMMISSION), -balance(books.TAX_PAYABLE)
        charged = -balance(books.SUPPLIER_PAYABLE)
        settled = db.session.execute(
            select(func.coalesce(func.sum(SupplierPayment.amount), 0)).where(
                SupplierPayment.reversed_on.is_(None)
            )
        ).scalar_one()
        assert owed + earned + taxes + charged + settled + self.paid_out == self.collected()
        standing = select(func.coalesce(func.sum(OwnerCharge.amount), 0)).where(
            OwnerCharge.reversed_on.is_(None)
        )
        assert charged + settled == db.session.execute(standing).scalar_one()
        assert balance(books.RECEIVABLE, account_id=self.estate.mandate) == 0

    def commissions_are_what_is_due(self) -> None:
        """Of each rent invoice: its documents add up to the commission on what it holds, whatever the way there."""
        for rent, (amount, total) in self.total.items():
            held = sum(one for (which, _payment), (one, _on) in self.paid.items() if which == rent)
            terms = Terms(amount, total, self.rate, self.taxes)
            known = commissions.agreed_on(rent)
            booked = known.booked if known else Amounts(0, tuple(0 for _tax in self.taxes))
            wanted = due(terms, held)
            if booked != wanted:  # a cent or two whose taxes outweigh it waits
                assert sums(terms, wanted).total <= sums(terms, booked).total
                assert wanted.charge - booked.charge <= 2
            assert booked.charge <= -(-amount * self.rate // 1_000_000)
        negative = select(func.count()).where(CommissionDocument.total < 0)
        assert db.session.execute(negative).scalar_one() == 0

    def statements_chain_and_certificates_are_their_sum(self) -> None:
        mandate, sums_of = self.estate.mandate, defaultdict(Figures)
        closing: dict[uuid.UUID, int] = defaultdict(int)
        for year, number in [(2025, n) for n in range(10, 13)] + [(2026, n) for n in range(1, 13)]:
            sheet = sheets([mandate], *days_of(f"{year}-{number:02d}"), currency="COP")[mandate]
            assert sheet.closes() == sum(sheet.closes(owner) for owner in self.owners)
            for owner in self.owners:
                figures = figures_of(sheet, owner)
                assert figures.opening == closing[owner]
                closing[owner] = figures.closing
                assert figures.closing == figures.opening + sum(
                    (
                        figures.rent.total,
                        figures.commission.total,
                        figures.charges.total,
                        figures.other,
                        figures.paid,
                    )
                )
                known = sums_of[owner, year]
                sums_of[owner, year] = known.plus(figures) if known != Figures() else figures
        for (owner, year), figures in sums_of.items():
            assert closing[owner] == -balance(books.OWNER_PAYABLE, customer_id=owner)
            try:
                certified = year_of(owner, year, currency="COP", today=datetime.date(2027, 1, 1)).total
            except NotFound:
                assert not figures.moved
                continue
            assert certified == figures


@pytest.fixture
def machine(app: Flask) -> type[Owners]:
    return type("MachineOfOwners", (Owners,), {"app": app})


def test_the_books_of_owners_always_add_up(machine: type[Owners]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("OWNERS_EXAMPLES", "8")),
            stateful_step_count=int(os.environ.get("OWNERS_STEPS", "12")),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
