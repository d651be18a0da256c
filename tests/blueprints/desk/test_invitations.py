"""Inviting every customer at once: who is, who is not, and nobody twice."""

from __future__ import annotations

from collections import Counter

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.desk import inviting
from blueprints.messages.models import Message
from saas.database import db
from saas.outbox import drain
from saas.scope import unit_of_work
from tenants.people import User
from tests import cast
from tests.blueprints.desk.office import Office, make_office, post, text_of

PAGE = "/desk/customers/invitations"


@pytest.fixture
def office(app: Flask) -> Office:
    """José has a login. Three more can be invited; one has no address, two share one, one has that of a colleague."""
    made = make_office()
    with unit_of_work(made.tenant.id):
        for place, email in enumerate(
            ["uno@example.com", "dos@example.com", "Tres@Example.com", None, "casa@example.com",
             "Casa@example.com", "sara@example.com"]
        ):  # fmt: skip
            cast.add_customer(f"Cliente {place}", document=f"4000000{place}", email=email)
    return made


def invited(office: Office) -> Counter[str]:
    with unit_of_work(office.tenant.id):
        return Counter(db.session.scalars(select(User.email).where(User.status == "invited")))


def test_who_can_be_is_counted_and_invited_once(app: Flask, office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(inviting, "STEP", 2)  # more than one step
    client = office.at_desk(app, "service")
    body = text_of(client.get(PAGE))
    assert "Enviar 3 invitaciones" in body
    for _twice in range(2):
        assert post(client, PAGE).status_code == 303
    with app.app_context():
        while drain():
            pass
    assert invited(office) == {f"{who}@example.com": 1 for who in ("uno", "dos", "tres")}
    with unit_of_work(office.tenant.id):
        assert sorted(db.session.scalars(select(Message.recipient))) == sorted(invited(office))
    assert "Enviar" not in text_of(client.get(PAGE))


def test_who_may_not_invite_does_not_see_it(app: Flask, office: Office):
    reader = office.at_desk(app, "reader")
    assert "Invitarlos a todos" not in text_of(reader.get("/desk/customers?login=none"))
    assert "Invitarlos a todos" in text_of(office.at_desk(app, "service").get("/desk/customers?login=none"))
    assert reader.get(PAGE).status_code == 403
