"""A tenant that is paid in cash: coupons out, files in."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from blueprints.payments.choosing import choose
from blueprints.payments.collected_models import CollectedLineRow
from blueprints.payments.collecting import go_on, order, take_in
from blueprints.payments.interface import Instructions
from blueprints.payments.models import Attempt
from blueprints.payments.payers import user_as_payer
from blueprints.payments.providers.collector.opening import open_practice_collector
from blueprints.payments.starting import keep_step, start
from saas.audit import SYSTEM
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tenants.loading import serving
from tenants.provider_account_services import OpenedAccount, open_account
from tests.blueprints.payments.providers.collector.layouts import daily_file, payment
from tests.blueprints.payments.world import PayingWorld, viewer


@dataclass(frozen=True)
class Printed:
    """An attempt with its coupon."""

    attempt_id: uuid.UUID
    number: str
    amount: int
    instructions: Instructions


@dataclass
class CashWorld:
    paying: PayingWorld
    collector_id: uuid.UUID

    @property
    def tenant_id(self) -> uuid.UUID:
        return self.paying.tenant.id

    def account(self) -> OpenedAccount:
        with unit_of_work(self.tenant_id):
            return open_account(self.collector_id)

    def today(self) -> datetime.date:
        with unit_of_work(self.tenant_id):
            return serving().today()

    def coupon(self, *invoice_ids: uuid.UUID) -> Printed:
        """Start a payment with this collector, as a request does."""
        world = self.paying
        with unit_of_work(self.tenant_id):
            choice = choose(world.reach(), invoice_ids, today=serving().today(), lock=True)
            payer = user_as_payer(viewer(world.user_id))
            started = start(payer, choice, now(), way=self.collector_id, origin="http://x.localhost")
        assert started.errand is not None
        step = started.errand.run(world.wire)
        assert isinstance(step, Instructions)
        with unit_of_work(self.tenant_id):
            keep_step(started.attempt_id, step)
            row = db.session.execute(select(Attempt).where(Attempt.id == started.attempt_id)).scalar_one()
            return Printed(started.attempt_id, row.provider_reference or "", row.amount, step)

    def line(self, reference: str, amount: int, number: int = 1, **more: Any) -> dict[str, Any]:
        day = self.today()
        return payment(reference, amount, number, **{"paid_on": day, "processed_on": day, **more})

    def file(self, *lines: dict[str, Any]) -> bytes:
        return daily_file("ar-fixed-100-v1", lines)

    def take_in(self, content: bytes, name: str = "cobros.txt") -> uuid.UUID:
        with unit_of_work(self.tenant_id):
            return take_in(self.collector_id, content, name, actor=SYSTEM)

    def apply(self, collected_file_id: uuid.UUID) -> list[str | None]:
        with unit_of_work(self.tenant_id):
            order(collected_file_id, actor=SYSTEM)
        while go_on(self.tenant_id, collected_file_id):
            pass
        return self.effects(collected_file_id)

    def collect(self, *lines: dict[str, Any]) -> list[str | None]:
        """A file with these payments comes in and is applied; returns what each line did."""
        return self.apply(self.take_in(self.file(*lines)))

    def effects(self, collected_file_id: uuid.UUID) -> list[str | None]:
        with unit_of_work(self.tenant_id):
            return list(
                db.session.execute(
                    select(CollectedLineRow.effect)
                    .where(CollectedLineRow.collected_file_id == collected_file_id)
                    .order_by(CollectedLineRow.number)
                ).scalars()
            )


def cash_world(world: PayingWorld) -> CashWorld:
    with unit_of_work(world.tenant.id):
        return CashWorld(world, open_practice_collector("ARS", where="En cualquier sucursal, con el cupón."))


def all_lines(world: CashWorld) -> Sequence[Any]:
    with unit_of_work(world.tenant_id):
        return db.session.execute(
            select(CollectedLineRow.key, CollectedLineRow.counts, CollectedLineRow.effect)
        ).all()
