"""A payer without whims, and a look into the tables."""

from __future__ import annotations

import random
import uuid
from typing import Any

import psycopg

from chaos.payers import Counts, Customer
from chaos.world import Payer
from tests.chaos.conftest import Street


class Calm(random.Random):
    """Presses once, approves, and lets the bank tell us once."""

    def random(self) -> float:
        return 0.5

    def choices(self, population, *_more, **_options):
        return [population[0]]


def customer(street: Street, payer: Payer) -> Customer:
    return Customer(payer, street.world, street.house.gate.port, Counts(), Calm())


def payer_of(street: Street, provider: str, number: int = 0) -> Payer:
    return [payer for payer in street.world.payers if payer.town.provider == provider][number]


def rows(street: Street, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(street.house.superuser_url, autocommit=True) as connection:
        return connection.execute(query, values).fetchall()


def attempts_for(street: Street, invoice_id: uuid.UUID) -> list[tuple[Any, ...]]:
    """id and state of every attempt that ever held this invoice."""
    return rows(
        street,
        "SELECT a.id, a.state FROM payment_attempt_items i JOIN payment_attempts a"
        " ON a.tenant_id = i.tenant_id AND a.id = i.attempt_id WHERE i.invoice_id = %s ORDER BY a.id",
        invoice_id,
    )


def captured(street: Street, invoice_id: uuid.UUID) -> bool:
    """Whether the last attempt for this invoice is paid."""
    return attempts_for(street, invoice_id)[-1][1] == "captured"
