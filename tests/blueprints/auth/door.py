"""Coming in as people do: read the form, answer its human check, send it."""

from __future__ import annotations

import datetime
import html
import json
import re
import uuid

import altcha
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from blueprints.auth import human
from saas import outbox
from saas.clock import now
from saas.database import db
from saas.human_check import form_token
from saas.mail import Mailbox
from saas.scope import tenant_scope, unit_of_work
from tests.cast import PASSWORD, TenantCast


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    assert found, f"no field {name}"
    return html.unescape(found[1])


def work(page: str) -> str:
    """What the script sends after doing the page's work."""
    asked = re.search(r'data-human-check="([^"]+)"', page)
    assert asked
    made = altcha.Challenge.from_dict(json.loads(html.unescape(asked[1])))
    solution = altcha.solve_challenge(made)
    assert solution is not None
    return altcha.Payload(made, solution).to_base64()


def waited(tenant: TenantCast, purpose: str = "log-in", seconds: int = 10) -> str:
    """The signed moment of a form that was opened a while ago, in a browser without script."""
    with tenant_scope(tenant.id):
        return form_token(human._key(purpose), now() - datetime.timedelta(seconds=seconds))


def log_in(
    client: FlaskClient,
    tenant: TenantCast,
    email: str,
    password: str = PASSWORD,
    *,
    target: str = "",
    address: str = "",
) -> TestResponse:
    """Send the login form as a browser without script does."""
    if address:
        client.environ_base["REMOTE_ADDR"] = address
    page = client.get(f"/login?next={target}" if target else "/login").get_data(as_text=True)
    fields = {
        "csrf_token": hidden(page, "csrf_token"),
        "email": email,
        "password": password,
        "form_token": waited(tenant),
    }
    if target:
        fields["next"] = target
    return client.post("/login", data=fields)


def letters(app: Flask, mailbox: Mailbox, to: str = "") -> list[str]:
    """The plain text of every letter so far (to one address), oldest first, after sending what waits."""
    while outbox.drain():
        pass
    return [
        f"Subject: {message['Subject']}\n{message.get_body(('plain',)).get_content()}"
        for _name, message in reversed(mailbox.letters())
        if not to or message["To"] == to
    ]


def link_in(letter: str) -> str:
    """The path of the one-time link in a letter."""
    found = re.search(r"https?://[^/\s]+(/links/\S+)", letter)
    assert found, letter
    return found[1]


def use_link(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    page = client.get(path).get_data(as_text=True)
    return client.post(path, data={"csrf_token": hidden(page, "csrf_token"), **fields})


def change(tenant: TenantCast, model: type, row: uuid.UUID | None = None, **values: object) -> None:
    """Move a row's clock, as time would."""
    with unit_of_work(tenant.id):
        statement = update(model).values(**values).execution_options(synchronize_session=False)
        db.session.execute(statement.where(model.id == row) if row else statement)
