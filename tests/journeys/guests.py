"""Who visits: newcomers with invoices of their own, so that no journey takes another one's, and staff; signed in."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import select, update

from blueprints.payments.models import Attempt
from blueprints.platform.demo.logins import AGENCY, PASSWORD, STAFF, UTILITY
from blueprints.platform.demo.newcomers import add_newcomer
from blueprints.platform.demo.people import add_login
from saas import outbox
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.passwords import hash_password
from saas.scope import unit_of_work
from saas.tokens import digest, new_token
from tenants.people import User, UserSession
from tenants.services import find_tenant
from tests.journeys.shared_place import add_shared_place

SLUGS = {"agency": AGENCY, "utility": UTILITY}


@dataclass(frozen=True)
class Guest:
    """Somebody with a session at an organisation. `account` is the number of what a newcomer's invoices are on."""

    host: str
    email: str
    token: str
    account: str = ""


@dataclass(frozen=True)
class Household:
    """Everybody of a shop whose contract was never billed; the owners hold 60 % and 40 %."""

    contract: str
    renter: Guest
    owners: tuple[Guest, ...]


class Guests:
    """Lets people in. `app` works on the tables of the site's server."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._password_hash = hash_password(PASSWORD)

    def newcomer(self, area: str, invoices: int) -> Guest:
        """A renter or holder with so many open invoices."""
        with self._app.app_context(), unit_of_work(find_tenant(SLUGS[area])):
            came = add_newcomer(self._password_hash, invoices=invoices)
            return _let_in(area, came.user_id, came.email, came.account)

    def shared_place(self) -> Household:
        """A renter and two owners at the agency, nothing billed yet."""
        with self._app.app_context(), unit_of_work(find_tenant(AGENCY)):
            came = add_shared_place(self._password_hash)
            renter = _let_in("agency", came.renter.user_id, came.renter.email, came.contract)
            owners = tuple(_let_in("agency", one.user_id, one.email) for one in came.owners)
            return Household(came.contract, renter, owners)

    def staff(self, area: str) -> Guest:
        return self.known(area, STAFF.email)

    def colleague(self, area: str, role: str = "administrator") -> Guest:
        """One more of the staff: who may approve what the other prepared."""
        email = f"colega.{uuid.uuid4().hex[:8]}@example.com"
        with self._app.app_context(), unit_of_work(find_tenant(SLUGS[area])):
            return _let_in(area, add_login(email, "Luis Cardona", self._password_hash, role=role), email)

    def time_passes(self, area: str) -> None:
        """Whatever a provider would be asked for later, because nobody told of it, is asked now."""
        moment = now()
        with self._app.app_context(), unit_of_work(find_tenant(SLUGS[area])) as session:
            row = outbox.OutboxRow
            waits = (row.done_at.is_(None), row.dead_at.is_(None), row.locked_until.is_(None))
            for due in (
                update(Attempt).where(Attempt.poll_at.is_not(None)).values(poll_at=moment),
                update(row).where(row.topic == "payments.poll", *waits).values(due_at=moment),
            ):
                session.execute(due, execution_options={"synchronize_session": False})

    def known(self, area: str, email: str) -> Guest:
        """Somebody of the demo. Journeys may look at what is theirs, and leave it as it is."""
        with self._app.app_context(), unit_of_work(find_tenant(SLUGS[area])) as session:
            user_id = session.execute(select(User.id).where(User.email == email)).scalar_one()
            return _let_in(area, user_id, email)


def _let_in(area: str, user_id: uuid.UUID, email: str, account: str = "") -> Guest:
    host, token, moment = f"{SLUGS[area]}.localhost", new_token(), now()
    row = UserSession(
        id=new_id(),
        token_digest=digest(token),
        user_id=user_id,
        host=host,
        created_at=moment,
        last_seen_at=moment,
        expires_at=moment + datetime.timedelta(hours=8),
        confirmed_at=moment,
        device="Chromium",
        address="127.0.0.1",
    )
    db.session.add(row)
    db.session.flush()
    return Guest(host, email, token, account)
