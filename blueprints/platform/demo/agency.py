"""Hogar & Raíz, an agency in Medellín: leases, rent, commissions and payouts of the last months."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from dataclasses import dataclass
from random import Random

from sqlalchemy import select

from blueprints.accounts.models import Property
from blueprints.invoices.services import NewInvoice, NewLine, issue_invoice
from blueprints.leases.models import Lease
from blueprints.leases.services import NewLease, open_lease, owners_of, record_payout, withhold_commission
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from blueprints.payments.providers.payu_simulator.opening import open_sandbox_account
from blueprints.platform.demo import people
from blueprints.platform.demo.bank_accounts import add_bank_account
from blueprints.platform.demo.logins import BOTH, OWNER, RENTER
from saas.audit import SYSTEM
from saas.clock import now
from saas.counters import take_numbers
from saas.database import db
from saas.ids import new_id
from saas.money import split
from tenants.provider_account_changes import move_account

MONTHS = 9
KINDS = ("Apartamento", "Casa", "Apartamento", "Local", "Apartamento", "Oficina")
CITIES = ("Medellín", "Envigado", "Sabaneta", "Itagüí", "Bello")
METHODS = ("PSE", "Transferencia", "Consignación", "Datáfono")
VAT = 19  # per cent, on commissions and on rents of premises


@dataclass(frozen=True, slots=True)
class DemoLease:
    lease_account: uuid.UUID
    mandate_account: uuid.UUID
    rent: int
    commission: int  # per cent
    business: bool
    late: bool
    starts_on: datetime.date
    payment_day: int


def load(today: datetime.date, password_hash: str, *, leases: int = 26) -> None:
    """Fill the active tenant. The same dice give the same town every time; only the dates move."""
    dice = Random(20_261)  # noqa: S311 - scenery, not secrecy
    omar = _customer(dice, "Omar Restrepo Gaviria", OWNER.email)
    renata = _customer(dice, "Renata Ochoa Luna", RENTER.email)
    beatriz = _customer(dice, "Beatriz Montoya Arango", BOTH.email)
    owners = [_customer(dice) for _ in range(leases // 2)]
    made = []
    for number in range(leases):
        renter = _customer(dice)
        owner = dice.choice(owners)
        shares = [(owner, 1_000_000)]
        if number in (0, 1):
            shares = [(omar, 1_000_000)]
        elif number == 2:
            shares = [(beatriz, 600_000), (owners[0], 400_000)]
        elif number % 6 == 5:
            shares = [(owners[1], 500_000), (owners[2], 500_000)]
        if number == 0:
            renter = renata
        elif number == 3:
            renter, shares = beatriz, [(owners[3], 1_000_000)]
        made.append(_lease(dice, number, renter, shares, today))
    for months_ago in range(MONTHS - 1, -1, -1):
        month = _month(today, months_ago)
        for index, lease in enumerate(made):
            _bill(dice, index, lease, month, today)
    omars = people.add_login(OWNER.email, "Omar Restrepo Gaviria", password_hash, customer_id=omar)
    add_bank_account(omar, omars, "20481736591")
    people.add_login(RENTER.email, "Renata Ochoa Luna", password_hash, customer_id=renata)
    people.add_login(BOTH.email, "Beatriz Montoya Arango", password_hash, customer_id=beatriz)
    # The agency is paid through PayU, in the shape of its sandbox; the simulated bank stays a second way.
    move_account(open_sandbox_account("CO"), up=True, actor=SYSTEM)


def _customer(dice: Random, full_name: str | None = None, email: str | None = None) -> uuid.UUID:
    return people.add_customer(
        dice,
        document_kind="CC",
        city=dice.choice(CITIES),
        full_name=full_name,
        email=email,
        phone=f"+5730{dice.randrange(10_000_000, 99_999_999)}",
    )


def _month(today: datetime.date, ago: int) -> datetime.date:
    """The first day of the month so many months ago."""
    index = today.year * 12 + today.month - 1 - ago
    return datetime.date(index // 12, index % 12 + 1, 1)


def _lease(
    dice: Random, number: int, renter: uuid.UUID, owners: list[tuple[uuid.UUID, int]], today: datetime.date
) -> DemoLease:
    kind = KINDS[number % len(KINDS)]
    city = dice.choice(CITIES)
    street = dice.choice(("Calle", "Carrera", "Transversal"))
    address = f"{street} {dice.randrange(5, 90)} # {dice.randrange(2, 99)}-{dice.randrange(2, 99):02}"
    if kind in ("Apartamento", "Oficina"):
        address += f", {kind.lower()} {dice.randrange(2, 18)}0{dice.randrange(1, 6)}"
    else:
        address += f", {kind.lower()}"
    property_id = new_id()
    db.session.add(
        Property(
            id=property_id,
            code=f"HR-{1001 + number}",
            kind=kind,
            address=address,
            city=city,
            stratum=dice.randrange(3, 7),
            created_at=now(),
        )
    )
    db.session.flush()
    starts_on = _month(today, MONTHS - 1 + number % 3 if number > 3 else MONTHS + 2)
    rent = dice.randrange(950, 4200) * 1000_00
    commission = dice.choice((8, 9, 10))
    payment_day = dice.choice((5, 10))
    lease_id = open_lease(
        NewLease(
            number=f"CT-{4001 + number}",
            property_id=property_id,
            address=address,
            city=city,
            renters=[renter],
            owners=owners,
            rent=rent,
            currency="COP",
            commission=commission * 10_000,
            payment_day=payment_day,
            starts_on=starts_on,
            ends_on=datetime.date(starts_on.year + 2, starts_on.month, 1) - datetime.timedelta(days=1),
            scenario_code="comercial" if kind in ("Local", "Oficina") else "vivienda",
        )
    )
    lease_account, mandate_account = _accounts(lease_id)
    return DemoLease(
        lease_account,
        mandate_account,
        rent,
        commission,
        kind in ("Local", "Oficina"),
        number % 7 == 4,
        starts_on,
        payment_day,
    )


def _accounts(lease_id: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
    row = db.session.execute(
        select(Lease.lease_account_id, Lease.mandate_account_id).where(Lease.id == lease_id)
    ).one()
    return row.lease_account_id, row.mandate_account_id


def _bill(dice: Random, index: int, lease: DemoLease, month: datetime.date, today: datetime.date) -> None:
    if month < lease.starts_on:
        return
    period = f"{month:%Y-%m}"
    number = f"FV-{take_numbers('rent')[0] + 20_000}"
    lines = [NewLine("charge", "Canon de arrendamiento", lease.rent)]
    if lease.business:
        lines.append(NewLine("tax", f"IVA {VAT} %", lease.rent * VAT // 100))
        lines.append(NewLine("withholding", "Retención en la fuente 3,5 %", lease.rent * 35 // 1000))
    due_on = month.replace(day=lease.payment_day)
    invoice_id = issue_invoice(
        NewInvoice(
            number=number,
            type_code="rent",
            account_id=lease.lease_account,
            period=period,
            issued_on=month,
            due_on=due_on,
            currency="COP",
            lines=lines,
            fiscal_kind="cufe",
            fiscal_id=hashlib.sha384(number.encode()).hexdigest(),
        )
    )
    current = month == today.replace(day=1)
    last = month == _month(today, 1)
    # Renata and Beatriz have something to pay; a few others are late, as in every agency.
    unpaid = (current and (index in (0, 3) or index % 5 == 2 or lease.late)) or (
        last and (index == 0 or lease.late)
    )
    paid_on = due_on + datetime.timedelta(days=dice.randrange(-4, 6))
    if unpaid or paid_on > today:
        return
    total = sum(-line.amount if line.kind == "withholding" else line.amount for line in lines)
    record_outside_payment(
        OutsidePayment(
            items=[(invoice_id, total)],
            paid_on=paid_on,
            currency="COP",
            method=dice.choice(METHODS),
            reference=str(dice.randrange(10**9, 10**10)),
            number=f"RC-{take_numbers('outside-receipt')[0] + 5000}",
        ),
        actor=None,
    )
    _pay_owners(dice, lease, period, total, paid_on, today)


def _pay_owners(
    dice: Random, lease: DemoLease, period: str, total: int, paid_on: datetime.date, today: datetime.date
) -> None:
    fee = lease.rent * lease.commission // 100
    tax = fee * VAT // 100
    commission_id = issue_invoice(
        NewInvoice(
            number=f"FC-{take_numbers('commission')[0] + 7000}",
            type_code="commission",
            account_id=lease.mandate_account,
            period=period,
            issued_on=paid_on,
            due_on=paid_on,
            currency="COP",
            lines=[
                NewLine("charge", f"Comisión de administración {lease.commission} %", fee),
                NewLine("tax", f"IVA {VAT} %", tax),
            ],
        )
    )
    withhold_commission(commission_id, on=paid_on, actor=None)
    handed = paid_on + datetime.timedelta(days=dice.randrange(2, 6))
    if handed > today:
        return
    owners = owners_of(lease.mandate_account, paid_on)
    shares = [share for _owner, share in owners]
    for (owner, _share), rent, kept in zip(
        owners, split(total, shares), split(fee + tax, shares), strict=True
    ):
        record_payout(
            number=f"CE-{take_numbers('payout')[0] + 3000}",
            mandate_account_id=lease.mandate_account,
            customer_id=owner,
            period=period,
            amount=rent - kept,
            currency="COP",
            paid_on=handed,
            method="Transferencia",
            reference=str(dice.randrange(10**11, 10**12)),
            actor=None,
        )
