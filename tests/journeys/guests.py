"""Who visits: newcomers with invoices of their own, so that no journey takes another one's, and staff; signed in."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import select

from blueprints.platform.demo.logins import AGENCY, PASSWORD, STAFF, UTILITY
from blueprints.platform.demo.newcomers import add_newcomer
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.passwords import hash_password
from saas.scope import unit_of_work
from saas.tokens import digest, new_token
from tenants.people import User, UserSession
from tenants.services import find_tenant

SLUGS = {"agency": AGENCY, "utility": UTILITY}


@dataclass(frozen=True)
class Guest:
    """Somebody with a session at an organisation. `account` is the number of what a newcomer's invoices are on."""

    host: str
    email: str
    token: str
    account: str = ""


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

    def staff(self, area: str) -> Guest:
        with self._app.app_context(), unit_of_work(find_tenant(SLUGS[area])) as session:
            user_id = session.execute(select(User.id).where(User.email == STAFF.email)).scalar_one()
            return _let_in(area, user_id, STAFF.email)


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
