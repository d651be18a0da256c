"""Aguas del Piedemonte, a water utility near Mendoza: supplies and two-month bills with two due dates."""

from __future__ import annotations

import datetime
import uuid
from random import Random

from blueprints.accounts.models import Account, AccountParty
from blueprints.invoices.services import NewInvoice, NewLine, issue_invoice
from blueprints.payments.outside import OutsidePayment, record_outside_payment
from blueprints.payments.providers.collector.opening import open_practice_collector
from blueprints.payments.providers.stripe_simulator.opening import open_test_account
from blueprints.platform.demo import people
from blueprints.platform.demo.logins import HOLDER, STRIPE_KEY
from saas.audit import SYSTEM
from saas.clock import now
from saas.counters import take_numbers
from saas.database import db
from saas.ids import new_id
from tenants.provider_account_changes import move_account

CYCLES = 8  # two months each
TOWNS = ("Godoy Cruz", "Luján de Cuyo", "Las Heras", "Maipú", "Guaymallén")
STREETS = ("San Martín", "Belgrano", "Sarmiento", "Las Cañas", "Los Álamos", "Paso de los Andes", "Rivadavia")
METHODS = ("Rapipago", "Pago Fácil", "Débito automático", "Transferencia")
VAT = 21  # per cent


def load(today: datetime.date, password_hash: str, *, supplies: int = 44) -> None:
    """Fill the active tenant. The same dice give the same town every time; only the dates move."""
    dice = Random(20_262)  # noqa: S311 - scenery, not secrecy
    camila = people.add_customer(
        dice,
        document_kind="DNI",
        city="Godoy Cruz",
        full_name="Camila Benítez Funes",
        email=HOLDER.email,
        phone="+542615550182",
    )
    accounts = [
        _supply(dice, 0, camila, "Los Álamos N° 1284", "Godoy Cruz", "RESIDENCIAL"),
        _supply(dice, 1, camila, "San Martín N° 640, local 2", "Godoy Cruz", "COMERCIAL"),
    ]
    for number in range(2, supplies):
        holder = people.add_customer(
            dice,
            document_kind="DNI",
            city=dice.choice(TOWNS),
            phone=f"+54261{dice.randrange(1_000_000, 9_999_999)}",
        )
        street = f"{dice.choice(STREETS)} N° {dice.randrange(20, 4800)}"
        accounts.append(_supply(dice, number, holder, street, dice.choice(TOWNS), "RESIDENCIAL"))
    for ago in range(CYCLES - 1, -1, -1):
        for index, account_id in enumerate(accounts):
            _bill(dice, index, account_id, ago, today)
    people.add_login(HOLDER.email, "Camila Benítez Funes", password_hash, customer_id=camila)
    # The utility is paid through Stripe's look-alike; the simulated bank stays a second way.
    move_account(open_test_account(key=STRIPE_KEY), up=True, actor=SYSTEM)
    open_practice_collector("ARS", where="En cualquier caja de la red, con este cupón. Solo efectivo.")


def _supply(dice: Random, number: int, holder: uuid.UUID, street: str, town: str, category: str) -> uuid.UUID:
    account_id = new_id()
    db.session.add(
        Account(
            id=account_id,
            kind="supply",
            number=f"{dice.randrange(50, 990):03}-{2_000_000 + number:07}-{dice.randrange(0, 999):03}-{number % 10}",
            address=street,
            city=town,
            status="active",
            details={"category": category, "meter": str(dice.randrange(100_000, 999_999)), "metered": True},
            created_at=now(),
        )
    )
    db.session.flush()
    db.session.add(
        AccountParty(id=new_id(), account_id=account_id, customer_id=holder, role="holder", share=1_000_000)
    )
    db.session.flush()
    return account_id


def _bill(dice: Random, index: int, account_id: uuid.UUID, ago: int, today: datetime.date) -> None:
    months = today.year * 12 + today.month - 1 - 2 * ago
    issued_on = datetime.date(months // 12, months % 12 + 1, 3)
    if issued_on > today:
        return
    cycle = (issued_on.month + 1) // 2
    cubic = dice.randrange(9, 38) if index != 1 else dice.randrange(30, 70)
    fixed, water = 4_620_00, cubic * 412_35
    tax = (fixed + water) * VAT // 100
    total = fixed + water + tax
    second_total = total + total * 18 // 1000
    number = take_numbers("supply")[0]
    due_on = issued_on + datetime.timedelta(days=15)
    second_due_on = issued_on + datetime.timedelta(days=27)
    invoice_id = issue_invoice(
        NewInvoice(
            number=f"B-0007-{number:08}",
            type_code="supply",
            account_id=account_id,
            period=f"{issued_on.year}/{cycle}",
            issued_on=issued_on,
            due_on=due_on,
            second_due_on=second_due_on,
            second_total=second_total,
            currency="ARS",
            lines=[
                NewLine("charge", "Cargo fijo", fixed),
                NewLine("charge", f"Consumo medido, {cubic} m³", water),
                NewLine("tax", f"IVA {VAT} %", tax),
            ],
            payment_code=f"{dice.randrange(10**9, 10**10)}{number:09}",
            fiscal_kind="cae",
            fiscal_id=str(dice.randrange(10**13, 10**14)),
            fiscal_due_on=second_due_on + datetime.timedelta(days=5),
            details={"consumption": cubic, "unit": "m³"},
        )
    )
    # Camila owes the last bill of both accounts and forgot the one before of the shop.
    unpaid = (ago == 0 and (index < 2 or index % 3 == 0)) or (ago == 1 and (index == 1 or index % 9 == 4))
    paid_on = due_on + datetime.timedelta(days=dice.randrange(-9, 9))
    if unpaid or paid_on > today:
        return
    record_outside_payment(
        OutsidePayment(
            items=[(invoice_id, total if paid_on <= due_on else second_total)],
            paid_on=paid_on,
            currency="ARS",
            method=dice.choice(METHODS),
            reference=str(dice.randrange(10**9, 10**10)),
        ),
        actor=None,
    )
