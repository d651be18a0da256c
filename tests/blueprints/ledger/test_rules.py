"""What every event posts sums to zero, and cents are neither made nor lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.ledger import rules
from blueprints.ledger.rules import Line, Unbalanced, checked
from saas.ids import new_id

amounts = st.integers(min_value=1, max_value=10**12)
owners = st.lists(st.integers(min_value=1, max_value=1_000_000), min_size=1, max_size=5).map(
    lambda shares: [(new_id(), share) for share in shares]
)


def total(lines: list[Line]) -> int:
    return sum(line.amount for line in lines)


@given(
    books=st.sampled_from(sorted(rules.BOOKS)),
    subtotal=amounts,
    tax=st.integers(min_value=0, max_value=10**9),
    withheld=st.floats(min_value=0, max_value=0.5),
)
def test_an_invoice_balances_and_its_receivable_is_its_total(
    books: str, subtotal: int, tax: int, withheld: float
) -> None:
    withholding = int(subtotal * withheld)
    demanded = subtotal + tax - withholding
    lines = rules.issue(
        books=books,
        account_id=new_id(),
        invoice_id=new_id(),
        total=demanded,
        tax=tax,
        withholding=withholding,
    )
    assert total(lines) == 0
    assert [line.amount for line in lines if line.kind == rules.RECEIVABLE] == [demanded]


@given(amount=amounts, shares=owners)
def test_collected_rent_reaches_the_owners_to_the_last_cent(
    amount: int, shares: list[tuple[object, int]]
) -> None:
    lines = rules.collect_rent(
        lease_account_id=new_id(),
        mandate_account_id=new_id(),
        invoice_id=new_id(),
        amount=amount,
        owners=shares,  # type: ignore[arg-type]
    )
    assert total(lines) == 0
    assert -sum(line.amount for line in lines if line.kind == rules.OWNER_PAYABLE) == amount


@given(amount=amounts, shares=owners)
def test_a_reversal_undoes(amount: int, shares: list[tuple[object, int]]) -> None:
    lines = rules.withhold_commission(
        mandate_account_id=new_id(),
        invoice_id=new_id(),
        amount=amount,
        owners=shares,  # type: ignore[arg-type]
    )
    assert total([*lines, *rules.reversal(lines)]) == 0
    assert [line.kind for line in rules.reversal(lines)] == [line.kind for line in lines]


def test_what_does_not_balance_is_refused() -> None:
    with pytest.raises(Unbalanced):
        checked([Line(rules.CLEARING, 5)])


def test_an_unknown_account_is_refused() -> None:
    with pytest.raises(ValueError, match="no account"):
        checked([Line("till", 5), Line(rules.CLEARING, -5)])


def test_zero_lines_are_left_out() -> None:
    assert checked([Line(rules.CLEARING, 0)]) == []
