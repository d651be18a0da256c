"""The demo's lists show every state, and nothing of them leaves."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from blueprints.messages.models import Message
from blueprints.platform.demo import messages
from saas.database import db
from saas.mail import Mailbox
from saas.outbox import OutboxRow
from saas.scope import unit_of_work
from tests import cast
from tests.blueprints.messages.conftest import Office


def test_the_demo_has_every_state(app: Flask, office: Office, mailbox: Mailbox):
    with unit_of_work(office.tenant.id):
        for number in range(12):
            email = None if number == 3 else f"c{number}@x.example"
            customer = cast.add_customer(f"Cliente {number}", document=f"9{number}", email=email)
            account = cast.add_account(
                f"CT-9{number}", kind="lease", customers=[(customer, "renter", 1_000_000)]
            )
            cast.add_invoice(account, f"FV-9{number}", type_code="rent", currency="COP")
        messages.load()
        rows = db.session.execute(
            select(Message.state, Message.channel, Message.created_at).order_by(Message.id)
        ).all()
        assert db.session.execute(select(OutboxRow.id)).first() is None
    assert {row.state for row in rows} == {"sent", "refused", "bounced"}
    assert "letter" in {row.channel for row in rows}
    assert [row.created_at for row in rows] == sorted(row.created_at for row in rows)
