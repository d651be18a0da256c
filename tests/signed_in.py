"""A browser that has signed in, without walking through the login page; and a count of its statements."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.scope import unit_of_work
from saas.tokens import digest, new_token
from tenants.people import UserSession
from tests.application import client_for
from tests.cast import TenantCast


def signed_in(
    app: Flask, tenant: TenantCast, user_id: uuid.UUID, *, viewing: uuid.UUID | None = None
) -> FlaskClient:
    """A client of the tenant's host with a session of the user (`viewing`: staff looking at this customer's pages)."""
    token, moment = new_token(), now()
    with unit_of_work(tenant.id):
        db.session.add(
            UserSession(
                id=new_id(),
                token_digest=digest(token),
                user_id=user_id,
                host=tenant.host,
                created_at=moment,
                last_seen_at=moment,
                expires_at=moment + datetime.timedelta(hours=8),
                confirmed_at=moment,
                device="test",
                address="127.0.0.1",
                viewing_customer_id=viewing,
                viewing_since=moment if viewing else None,
            )
        )
    client = client_for(app, tenant.host)
    client.set_cookie("ventanilla", token, domain=tenant.host)
    return client


def post(client: FlaskClient, page: str, to: str, fields: dict[str, str] | None = None) -> TestResponse:
    """Send a form that stands on `page`, with the token that the page gave."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).get_data(as_text=True))
    assert found, f"{page} has no form"
    return client.post(to, data={"csrf_token": found[1], **(fields or {})})


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that the application sends meanwhile, without those that open the transaction."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        if "set_config" not in statement:
            sent.append(statement)

    engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
