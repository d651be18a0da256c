"""A telephone with an authenticator app: scans, and shows the code of any moment."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from blueprints.auth import totp
from blueprints.auth.models import SecondFactor
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tests.blueprints.auth import door
from tests.cast import TenantCast

SET_UP = "/profile/second-factor/set-up"


@dataclass
class Phone:
    secret: str = ""
    first: str = ""  # the code that proved the app, kept because half a minute may end before the next line

    def scan(self, page: str) -> None:
        found = re.search(r"otpauth://totp/[^?]+\?secret=([A-Z2-7]+)&", page)
        assert found, "nothing to scan"
        self.secret = found[1]

    def step(self) -> int:
        return totp.step_of(now().timestamp())

    def code(self, later: int = 0) -> str:
        """What the app shows, `later` steps of half a minute from now."""
        return totp.code_of(self.secret, self.step() + later)

    def wrong(self) -> str:
        """Six digits that count at no moment near this one."""
        near = {self.code(later) for later in range(-4, 5)}
        return next(code for n in range(20) if (code := f"{n:06d}") not in near)


def set_up(client: FlaskClient, phone: Phone, **fields: str) -> TestResponse:
    """Scan the picture and type the first code; the answer shows the recovery codes."""
    page = client.get(SET_UP).get_data(as_text=True)
    phone.scan(page)
    sent = {"csrf_token": door.hidden(page, "csrf_token"), "offer": door.hidden(page, "offer")}
    phone.first = phone.code()
    return client.post(SET_UP, data={**sent, "code": phone.first, **fields})


def codes_on(page: str) -> list[str]:
    return re.findall(r"<code>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})</code>", page)


def half_way(client: FlaskClient, tenant: TenantCast, email: str, *, target: str = "") -> dict[str, str]:
    """Come in with the password; returns the hidden fields of the page for the code."""
    answer = door.log_in(client, tenant, email, target=target)
    assert answer.status_code == 303 and answer.location.startswith("/login/code"), answer.location
    page = client.get(answer.location).get_data(as_text=True)
    return {name: door.hidden(page, name) for name in ("csrf_token", "attempt")}


def rewind(tenant: TenantCast) -> None:
    """As if the last code had been used long ago."""
    door.change(tenant, SecondFactor, last_step=0)


def last_step(tenant: TenantCast) -> int:
    with unit_of_work(tenant.id):
        return db.session.execute(select(SecondFactor.last_step)).scalar_one()
