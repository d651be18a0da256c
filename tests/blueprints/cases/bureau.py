"""An agency whose staff answer cases, and how a test works at its desk."""

from __future__ import annotations

import datetime
import re
import uuid
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blueprints.cases import services
from blueprints.cases.models import Case, CaseEvent
from blueprints.cases.services import NewCase
from saas.audit import Actor
from saas.clock import now
from saas.scope import unit_of_work
from tests import signed_in
from tests.blueprints.desk.office import text_of
from tests.cast import TenantCast

BOGOTA = ZoneInfo("America/Bogota")
FRIDAY = date(2026, 3, 20)
QUEUE = "/desk/cases"


def moment(day: date, hour: int = 10) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(hour), BOGOTA)


@dataclass
class Bureau:
    """An agency with a customer, somebody who answers, and somebody who must not."""

    tenant: TenantCast
    sara: uuid.UUID
    beto: uuid.UUID
    customer: uuid.UUID
    user: uuid.UUID

    def at_desk(self, app: Flask, who: str = "sara") -> FlaskClient:
        return signed_in.signed_in(app, self.tenant, getattr(self, who))

    def file(
        self, words: str = "No llega la factura", day: date = FRIDAY, class_code: str = "petition"
    ) -> uuid.UUID:
        with time_machine.travel(moment(day), tick=False), unit_of_work(self.tenant.id):
            new = NewCase(class_code, "payments", words, self.customer, user_id=self.user)
            return services.open_case(new, actor=Actor("customer", self.user, "Ñandú"), now=now()).id

    def case(self, case_id: uuid.UUID) -> Case:
        with unit_of_work(self.tenant.id) as session:
            found = session.execute(select(Case).where(Case.id == case_id)).scalar_one()
            session.expunge(found)
            return found

    def events(self, case_id: uuid.UUID) -> list[CaseEvent]:
        with unit_of_work(self.tenant.id) as session:
            rows = session.execute(
                select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.number)
            ).scalars()
            found = list(rows)
            session.expunge_all()
            return found


def send(client: FlaskClient, page: str, fields: dict[str, object], to: str = ""):
    found = re.search(r'name="csrf_token" value="([^"]+)"', text_of(client.get(page)))
    assert found
    return client.post(
        to or page, data={"csrf_token": found[1], **fields}, content_type="multipart/form-data"
    )
