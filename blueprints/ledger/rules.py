"""The books' accounts and what each event posts. Pure: amounts in minor units, debit positive."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from saas.money import split

# Assets
RECEIVABLE = "receivable"  # what an account owes; one per billed account
CLEARING = "clearing"  # money at payment providers and banks
DECLARED = "declared"  # the back office said "paid"; its receipts say how, later
# Liabilities
OWNER_PAYABLE = "owner-payable"  # rent collected for an owner until it is paid out; per mandate and owner
PAYOUTS_UNDER_WAY = "payouts-under-way"  # ordered and not answered for by the bank; per mandate and owner
UNCOLLECTED_RENT = "uncollected-rent"  # rent billed for owners and not collected yet; per lease
CUSTOMER_CREDIT = "customer-credit"  # money that arrived and belongs to no invoice; per account
TAX_PAYABLE = "tax-payable"
SUPPLIER_PAYABLE = "supplier-payable"  # owed to whoever did what owners were charged for
# Income
REVENUE = "revenue"
COMMISSION = "commission"
SURCHARGE = "surcharge"  # what the second due date adds

KINDS = frozenset(
    {
        RECEIVABLE,
        CLEARING,
        DECLARED,
        OWNER_PAYABLE,
        PAYOUTS_UNDER_WAY,
        UNCOLLECTED_RENT,
        CUSTOMER_CREDIT,
        TAX_PAYABLE,
        SUPPLIER_PAYABLE,
        REVENUE,
        COMMISSION,
        SURCHARGE,
    }
)

# How an invoice type is booked when it is issued: the account that stands against the receivable.
BOOKS: Mapping[str, str] = {"rent": UNCOLLECTED_RENT, "commission": COMMISSION, "revenue": REVENUE}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an entry: the account of the books by kind and dimension, the amount, the invoice."""

    kind: str
    amount: int
    account_id: uuid.UUID | None = None
    customer_id: uuid.UUID | None = None
    invoice_id: uuid.UUID | None = None


class Unbalanced(ValueError):
    """The lines of an entry do not sum to zero."""


def checked(lines: Iterable[Line]) -> list[Line]:
    """The lines without zeros. Raises Unbalanced, or ValueError for an unknown account."""
    kept = [line for line in lines if line.amount]
    if sum(line.amount for line in kept) != 0:
        raise Unbalanced(f"the lines sum to {sum(line.amount for line in kept)}")
    for line in kept:
        if line.kind not in KINDS:
            raise ValueError(f"the books have no account {line.kind}")
    return kept


def issue(
    *, books: str, account_id: uuid.UUID, invoice_id: uuid.UUID, total: int, tax: int, withholding: int
) -> list[Line]:
    """An invoice is issued. Rent belongs to owners whole, tax and withholding included: the agency
    passes on what the renter pays. Commission and supply split their tax off."""
    against = BOOKS[books]
    lines = [Line(RECEIVABLE, total, account_id=account_id, invoice_id=invoice_id)]
    if against == UNCOLLECTED_RENT:
        lines.append(Line(UNCOLLECTED_RENT, -total, account_id=account_id))
    else:
        lines.append(Line(against, -(total - tax + withholding)))
        lines.append(Line(TAX_PAYABLE, -(tax - withholding)))
    return checked(lines)


def surcharge(*, account_id: uuid.UUID, invoice_id: uuid.UUID, amount: int) -> list[Line]:
    """The invoice was paid after its first due date: the difference is owed too."""
    return _surcharge(account_id, invoice_id, amount)


def _surcharge(account_id: uuid.UUID, invoice_id: uuid.UUID, amount: int) -> list[Line]:
    return checked(
        [Line(RECEIVABLE, amount, account_id=account_id, invoice_id=invoice_id), Line(SURCHARGE, -amount)]
    )


def settle(*, source: str, account_id: uuid.UUID, invoice_id: uuid.UUID, amount: int) -> list[Line]:
    """Money for an invoice. `source` is CLEARING, or DECLARED while the receipt is still to come."""
    return checked(
        [
            Line(source, amount, invoice_id=invoice_id),
            Line(RECEIVABLE, -amount, account_id=account_id, invoice_id=invoice_id),
        ]
    )


def confirm_declared(*, invoice_id: uuid.UUID, amount: int) -> list[Line]:
    """The receipt of what the back office had declared paid: now it is known where the money came in."""
    return checked(
        [Line(CLEARING, amount, invoice_id=invoice_id), Line(DECLARED, -amount, invoice_id=invoice_id)]
    )


def collect_rent(
    *,
    lease_account_id: uuid.UUID,
    mandate_account_id: uuid.UUID,
    invoice_id: uuid.UUID,
    amount: int,
    owners: Sequence[tuple[uuid.UUID, int]],
) -> list[Line]:
    """Rent came in: it becomes a liability to the owners by share, to the last cent (largest remainder).

    `owners` are (customer, share). Every line names the rent invoice, so a statement can open its source.
    """
    return move_rent(
        lease_account_id=lease_account_id,
        mandate_account_id=mandate_account_id,
        invoice_id=invoice_id,
        before=0,
        after=amount,
        owners=owners,
    )


def move_rent(
    *,
    lease_account_id: uuid.UUID,
    mandate_account_id: uuid.UUID,
    invoice_id: uuid.UUID,
    before: int,
    after: int,
    owners: Sequence[tuple[uuid.UUID, int]],
) -> list[Line]:
    """What one payment holds of a rent went from `before` to `after`, and with it the liability to the owners.

    Each owner's part is the difference of two divisions, so however often a payment is cut down or restored
    the cents end as if its last amount had been divided once.
    """
    shares = [share for _owner, share in owners]
    parts = [new - old for new, old in zip(split(after, shares), split(before, shares), strict=True)]
    lines = [Line(UNCOLLECTED_RENT, after - before, account_id=lease_account_id, invoice_id=invoice_id)]
    for (owner, _share), part in zip(owners, parts, strict=True):
        lines.append(Line(OWNER_PAYABLE, -part, mandate_account_id, owner, invoice_id))
    return checked(lines)


def withhold_commission(
    *,
    mandate_account_id: uuid.UUID,
    invoice_id: uuid.UUID,
    amount: int,
    owners: Sequence[tuple[uuid.UUID, int]],
) -> list[Line]:
    """A commission invoice is settled out of the rent that is held for the owners."""
    parts = split(amount, [share for _owner, share in owners])
    return withhold_parts(
        mandate_account_id=mandate_account_id,
        invoice_id=invoice_id,
        parts=[(owner, part) for (owner, _share), part in zip(owners, parts, strict=True)],
    )


def withhold_parts(
    *, mandate_account_id: uuid.UUID, invoice_id: uuid.UUID, parts: Sequence[tuple[uuid.UUID, int]]
) -> list[Line]:
    """The same where it is known what each owner bears: (customer, amount), together the invoice's amount."""
    amount = sum(part for _owner, part in parts)
    lines = [Line(RECEIVABLE, -amount, account_id=mandate_account_id, invoice_id=invoice_id)]
    lines += [Line(OWNER_PAYABLE, part, mandate_account_id, owner, invoice_id) for owner, part in parts]
    return checked(lines)


def give_back_commission(
    *,
    mandate_account_id: uuid.UUID,
    rent_invoice_id: uuid.UUID,
    charge: int,
    tax: int,
    parts: Sequence[tuple[uuid.UUID, int]],
) -> list[Line]:
    """Rent went back, and the commission on it: less income and less tax (`tax` net of withholdings); the owners get
    their `parts` (customer, amount), together charge and tax. The invoices of the commission stay settled."""
    lines = [Line(COMMISSION, charge), Line(TAX_PAYABLE, tax)]
    lines += [Line(OWNER_PAYABLE, -part, mandate_account_id, owner, rent_invoice_id) for owner, part in parts]
    return checked(lines)


def charge_owners(
    *, mandate_account_id: uuid.UUID, amount: int, owners: Sequence[tuple[uuid.UUID, int]]
) -> list[Line]:
    """Work or a policy that owners pay out of their rent, by share: what they are owed shrinks (below zero, it is
    held against what comes next), and whoever did it is owed."""
    parts = split(amount, [share for _owner, share in owners])
    lines = [Line(SUPPLIER_PAYABLE, -amount)]
    for (owner, _share), part in zip(owners, parts, strict=True):
        lines.append(Line(OWNER_PAYABLE, part, mandate_account_id, owner))
    return checked(lines)


def pay_supplier(*, amount: int) -> list[Line]:
    """Whoever did what owners were charged for was paid."""
    return checked([Line(SUPPLIER_PAYABLE, amount), Line(CLEARING, -amount)])


def pay_out(*, mandate_account_id: uuid.UUID, owner_id: uuid.UUID, amount: int) -> list[Line]:
    """Money handed to an owner."""
    return checked(
        [
            Line(OWNER_PAYABLE, amount, account_id=mandate_account_id, customer_id=owner_id),
            Line(CLEARING, -amount),
        ]
    )


def order_payout(*, mandate_account_id: uuid.UUID, owner_id: uuid.UUID, amount: int) -> list[Line]:
    """A payout was agreed to: it is no more held for the owner, and not paid yet."""
    return checked(
        [
            Line(OWNER_PAYABLE, amount, mandate_account_id, owner_id),
            Line(PAYOUTS_UNDER_WAY, -amount, mandate_account_id, owner_id),
        ]
    )


def complete_payout(*, mandate_account_id: uuid.UUID, owner_id: uuid.UUID, amount: int) -> list[Line]:
    """The bank says that what was ordered is paid."""
    return checked([Line(PAYOUTS_UNDER_WAY, amount, mandate_account_id, owner_id), Line(CLEARING, -amount)])


def credit(*, account_id: uuid.UUID, amount: int) -> list[Line]:
    """Money that fits no invoice stays the customer's."""
    return checked([Line(CLEARING, amount), Line(CUSTOMER_CREDIT, -amount, account_id=account_id)])


def return_credit(*, account_id: uuid.UUID, amount: int) -> list[Line]:
    """Credit leaves the house again."""
    return reversal(credit(account_id=account_id, amount=amount))


def unsettle(*, account_id: uuid.UUID, invoice_id: uuid.UUID, amount: int, surcharge: int) -> list[Line]:
    """Money that had settled an invoice leaves the house: the invoice is open again. What of it lateness had
    added (`surcharge`) is not owed any more; it will be again when the rest is paid late."""
    return checked(
        [
            *reversal(settle(source=CLEARING, account_id=account_id, invoice_id=invoice_id, amount=amount)),
            *reversal(_surcharge(account_id, invoice_id, surcharge)),
        ]
    )


def resettle(*, account_id: uuid.UUID, invoice_id: uuid.UUID, amount: int, surcharge: int) -> list[Line]:
    """Money that had left comes back to its invoice."""
    return reversal(
        unsettle(account_id=account_id, invoice_id=invoice_id, amount=amount, surcharge=surcharge)
    )


def use_credit(
    *, account_id: uuid.UUID, invoice_id: uuid.UUID, amount: int, surcharge: int = 0
) -> list[Line]:
    """Credit settles an invoice; of it `surcharge` is what lateness adds now."""
    return checked(
        [
            Line(CUSTOMER_CREDIT, amount, account_id=account_id),
            Line(RECEIVABLE, -amount, account_id=account_id, invoice_id=invoice_id),
            *_surcharge(account_id, invoice_id, surcharge),
        ]
    )


def turn_into_credit(
    *, account_id: uuid.UUID, invoice_id: uuid.UUID, amount: int, surcharge: int
) -> list[Line]:
    """Money that had settled an invoice stays, on the account: the invoice is open again."""
    return reversal(
        use_credit(account_id=account_id, invoice_id=invoice_id, amount=amount, surcharge=surcharge)
    )


def reversal(lines: Iterable[Line]) -> list[Line]:
    """The same entry the other way round."""
    return [
        Line(line.kind, -line.amount, line.account_id, line.customer_id, line.invoice_id) for line in lines
    ]
