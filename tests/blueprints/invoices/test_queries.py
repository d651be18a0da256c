"""What is owed: the same in lists, sums and books; only what is in reach; paged without gaps."""

from __future__ import annotations

import datetime
import uuid

import pytest
from flask import Flask
from sqlalchemy import exists, func, select, update

from blueprints.accounts.models import Access, AccountParty
from blueprints.accounts.queries import my_accounts
from blueprints.invoices import queries, rules
from blueprints.invoices.models import Invoice
from blueprints.invoices.narrowing import Filters
from blueprints.invoices.services import void_invoice
from blueprints.ledger import queries as books
from blueprints.ledger.rules import CLEARING, RECEIVABLE, settle
from blueprints.ledger.services import post
from saas.database import db
from saas.scope import unit_of_work
from tenants.context import Reach
from tests.cast import add_account, add_customer, add_invoice, add_user, give_access, make_utility
from tests.signed_in import statements

D = datetime.date
TODAY = D(2026, 11, 21)
DAY = datetime.timedelta(days=1)


def pay(
    account: uuid.UUID, invoice: uuid.UUID, amount: int, key: str = "pay", on: datetime.date = TODAY
) -> None:
    lines = settle(source=CLEARING, account_id=account, invoice_id=invoice, amount=amount)
    post(key, "payment", lines, currency="ARS", occurred_on=on)


def reach_of(user: uuid.UUID, today: datetime.date = TODAY) -> Reach:
    return Reach(user_id=user, today=today)


def everything(reach: Reach, filters: Filters | None = None, page: int = 3) -> list[str]:
    """All numbers of a history, page after page, and back again."""
    numbers: list[str] = []
    cursor: str | None = None
    while True:
        found = queries.history(reach, filters or Filters(), language="es", older=cursor, page=page)
        numbers += [row.number for row in found.rows]
        last, cursor = found, found.older
        if cursor is None:
            break
    back = [row.number for row in last.rows]
    while last.newer is not None:
        last = queries.history(reach, filters or Filters(), language="es", newer=last.newer, page=page)
        back = [row.number for row in last.rows] + back
    assert back == numbers
    return numbers


def test_list_sums_and_books_agree(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        first = add_invoice(account, "1", amount=1000, due_on=D(2026, 11, 10))
        add_invoice(account, "2", amount=500, due_on=D(2026, 12, 10))
        gone = add_invoice(account, "3", amount=77)
        pay(account, first, 400)
        void_invoice(gone, reason="mistake", today=TODAY)
        reach = reach_of(user)
        found = queries.pending(reach, language="es")
        (sums,) = queries.totals(reach)
        assert [(row.number, row.due.amount, row.state) for row in found.rows] == [
            ("1", 600, rules.OVERDUE),
            ("2", 500, rules.TO_PAY),
        ]
        assert sums.owed == sum(row.due.amount for row in found.rows) == 1100
        assert sums.owed == books.balance(RECEIVABLE, account_id=account)
        assert (sums.overdue, sums.next_due_on, sums.count, sums.overdue_count) == (
            600,
            D(2026, 12, 10),
            2,
            1,
        )


def test_the_second_amount_holds_from_the_day_after_the_first_date(app: Flask) -> None:
    tenant = make_utility()
    first, second = D(2026, 11, 10), D(2026, 11, 25)
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        add_invoice(account, "1", amount=1000, due_on=first, second_due_on=second, second_total=1080)
        for day, amount, overdue, following in (
            (first - DAY, 1000, 0, first),
            (first, 1000, 0, first),
            (first + DAY, 1080, 0, second),
            (second, 1080, 0, second),
            (second + DAY, 1080, 1080, None),
        ):
            (sums,) = queries.totals(reach_of(user, day))
            (row,) = queries.pending(reach_of(user, day), language="es").rows
            assert (sums.owed, sums.overdue, sums.next_due_on) == (amount, overdue, following), day
            assert row.due.amount == amount


def test_the_sum_says_what_the_rule_says(app: Flask) -> None:
    """`rules.due` and its SQL are two texts of one rule: every kind of invoice, day by day, in both."""
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        number = 0
        for gap in (None, 0, 3, 9):
            for added in (0, 70):
                for paid in (0, 400, 999):
                    number += 1
                    second = None if gap is None else TODAY + gap * DAY
                    amount = None if second is None else 1000 + added
                    invoice = add_invoice(
                        account,
                        str(number),
                        amount=1000,
                        due_on=TODAY,
                        second_due_on=second,
                        second_total=amount,
                    )
                    if paid:
                        pay(account, invoice, paid, key=str(number))
        for days in range(-2, 13):
            reach = reach_of(user, TODAY + days * DAY)
            rows = queries.pending(reach, language="es").rows
            (sums,) = queries.totals(reach)
            late = [row for row in rows if row.state == rules.OVERDUE]
            assert sums.owed == sum(row.due.amount for row in rows)
            assert (sums.overdue, sums.overdue_count) == (sum(row.due.amount for row in late), len(late))
            ahead = [row.due.until for row in rows if row.due.until >= reach.today]
            assert sums.next_due_on == (min(ahead) if ahead else None)


def test_nobody_sees_what_is_not_theirs(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, strangers = add_account("1"), add_account("2")
        current, former, holder, stranger = (add_user(f"{name}@example.com") for name in "abcd")
        give_access(current, account, role="renter", valid_from=D(2026, 11, 1))
        give_access(former, account, role="renter", valid_until=D(2026, 10, 31))
        give_access(holder, account, role="holder", valid_until=D(2026, 10, 31))
        give_access(stranger, strangers)
        add_invoice(account, "OLD", issued_on=D(2026, 10, 1), due_on=D(2026, 10, 10))
        add_invoice(account, "NEW", issued_on=D(2026, 11, 1), due_on=D(2026, 11, 10))
        numbers = {
            name: [row.number for row in queries.pending(reach_of(user), language="es").rows]
            for name, user in (
                ("current", current),
                ("former", former),
                ("holder", holder),
                ("stranger", stranger),
            )
        }
        # Who rented keeps the own time; a connection that was linked and is no more shows nothing.
        assert numbers == {"current": ["NEW"], "former": ["OLD"], "holder": [], "stranger": []}
        assert everything(reach_of(current)) == ["NEW"]
        assert queries.totals(reach_of(holder)) == []


def test_staff_looking_on_sees_and_may_not_pay(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        customer = add_customer("Ana", document="1")
        account = add_account("1", customers=[(customer, "holder", 1_000_000)])
        add_invoice(account, "1")
        reach = Reach(customer_id=customer, today=TODAY)
        (row,) = queries.pending(reach, language="es").rows
        assert not row.payable
        db.session.execute(update(AccountParty).values(valid_until=TODAY - DAY))
        assert queries.pending(reach, language="es").rows == []


def test_only_who_may_pay_can_choose(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account = add_account("1")
        payer, watcher = add_user("a@example.com"), add_user("b@example.com")
        give_access(payer, account)
        give_access(watcher, account, role="delegate", can_pay=False)
        add_invoice(account, "1")
        assert [row.payable for row in queries.pending(reach_of(payer), language="es").rows] == [True]
        assert [row.payable for row in queries.pending(reach_of(watcher), language="es").rows] == [False]


def test_what_is_being_paid_is_told_by_later_capabilities(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        add_invoice(account, "1", amount=1000, due_on=D(2026, 11, 1))
        add_invoice(account, "2", amount=300, due_on=D(2026, 11, 1))
        monkeypatch.setattr(queries, "in_process", [lambda: Invoice.number == "1"])
        found = queries.pending(reach_of(user), language="es").rows
        assert [(row.state, row.payable) for row in found] == [
            (rules.IN_PROCESS, False),
            (rules.OVERDUE, True),
        ]
        (sums,) = queries.totals(reach_of(user))
        assert (sums.owed, sums.overdue, sums.in_process) == (1300, 300, 1000)
        held = select(Invoice.id).where(Invoice.number == "2").subquery()
        monkeypatch.setattr(queries, "in_process", [lambda: exists().where(held.c.id == Invoice.id)])
        assert [row.state for row in queries.pending(reach_of(user), language="es").rows] == [
            rules.OVERDUE,
            rules.IN_PROCESS,
        ]


def test_a_history_is_paged_without_gaps_or_repeats(app: Flask) -> None:
    """Many invoices of one day on several accounts, some of a stranger: any page size walks all, once, in order."""
    tenant = make_utility()
    with unit_of_work(tenant.id):
        user, stranger = add_user("a@example.com"), add_user("b@example.com")
        mine = [add_account(str(number)) for number in range(3)]
        other = add_account("x")
        for account in mine:
            give_access(user, account)
        give_access(stranger, other)
        for number in range(23):
            due = D(2026, 1, 1) + (number // 7) * DAY
            add_invoice(mine[number % 3], f"N{number:02}", issued_on=D(2026, 1, 1), due_on=due)
            add_invoice(other, f"X{number:02}", issued_on=D(2026, 1, 1), due_on=due)
        rows = db.session.execute(
            select(Invoice.number)
            .where(Invoice.number.like("N%"))
            .order_by(Invoice.due_on.desc(), Invoice.id.desc())
        )
        wanted = list(rows.scalars())
        for page in (1, 2, 3, 7, 22, 23, 24):
            assert everything(reach_of(user), page=page) == wanted, page


def test_a_history_is_narrowed(app: Flask) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, other, user = add_account("1"), add_account("2"), add_user("a@example.com")
        give_access(user, account)
        give_access(user, other)
        paid = add_invoice(account, "B-0012-00000088", issued_on=D(2025, 3, 1), due_on=D(2025, 3, 10))
        late = add_invoice(account, "B-0012-00000099", due_on=D(2026, 11, 10))
        add_invoice(other, "C-1", due_on=D(2026, 12, 10))
        gone = add_invoice(other, "C-2", due_on=D(2026, 12, 11))
        pay(account, paid, 100_000)
        void_invoice(gone, reason="mistake", today=TODAY)
        reach = reach_of(user)
        assert late
        for filters, wanted in (
            (Filters(state=rules.PAID), ["B-0012-00000088"]),
            (Filters(state=rules.OVERDUE), ["B-0012-00000099"]),
            (Filters(state=rules.TO_PAY), ["C-1", "B-0012-00000099"]),
            (Filters(state=rules.VOID), ["C-2"]),
            (Filters(state="nonsense", account_id=other), ["C-2", "C-1"]),
            (Filters(year=2025), ["B-0012-00000088"]),
            (Filters(number="b 0012.0000009"), ["B-0012-00000099"]),
            (Filters(number="%"), ["C-2", "C-1", "B-0012-00000099", "B-0012-00000088"]),
            (Filters(type_code="rent"), []),
        ):
            assert everything(reach, filters) == wanted, filters


def test_pending_is_paged_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_utility()
    monkeypatch.setattr(queries, "PENDING_PAGE", 2)
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        for number in range(5):
            add_invoice(account, str(number), due_on=D(2026, 12, 1 + number // 2))
        numbers, cursor = [], None
        while True:
            found = queries.pending(reach_of(user), language="es", cursor=cursor)
            numbers += [row.number for row in found.rows]
            cursor = found.older
            if cursor is None:
                break
        assert numbers == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("count", [5, 50])
def test_lists_take_one_statement(app: Flask, count: int) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user = add_account("1"), add_user("a@example.com")
        give_access(user, account)
        for number in range(count):
            add_invoice(account, str(number))
        db.session.execute(select(func.count(Invoice.id)))
        with statements() as sent:
            queries.pending(reach_of(user), language="es")
            queries.history(reach_of(user), Filters(), language="es")
            queries.totals(reach_of(user))
        assert len(sent) == 3


@pytest.mark.parametrize("several", [False, True])
def test_a_history_tells_the_account_and_the_kinds_itself(app: Flask, several: bool) -> None:
    tenant = make_utility()
    with unit_of_work(tenant.id):
        account, user, customer = add_account("1"), add_user("a@example.com"), add_customer("A", document="1")
        give_access(user, account, main=True)
        give_access(user, account, role="delegate")
        db.session.execute(update(Access).values(label="La casa"))
        db.session.add(AccountParty(account_id=account, customer_id=customer, role="holder", share=1_000_000))
        # An account that is not theirs any more does not count, nor does its name.
        gone = add_account("2")
        give_access(user, gone, valid_until=None if several else TODAY - DAY)
        db.session.execute(update(Access).where(Access.account_id == gone).values(label="Zeta"))
        add_invoice(account, "1")
        for reach in (reach_of(user), Reach(customer_id=customer, today=TODAY)):
            found = queries.history(reach, Filters(), language="es")
            lines, known = my_accounts(reach)
            assert found.only == (lines[0] if known == 1 else None)
            assert (found.only is None) == (several and reach.user_id is not None)
            assert found.kinds == queries.invoice_types("es") != []
        assert queries.history(reach, Filters(number="none"), language="es").kinds is None
