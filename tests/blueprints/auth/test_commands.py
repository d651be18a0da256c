"""`flask user invite`."""

from __future__ import annotations

import dataclasses
import json

import pytest
from sqlalchemy import select

from blueprints.accounts.models import Access
from saas.audit import AuditRow
from saas.database import db
from saas.scope import unit_of_work
from tenants.people import StaffRole, User
from tests.blueprints.auth import door
from tests.cast import add_account, add_customer

NEW = "tres palabras sueltas nuevas"


def run(ana, *words: str):
    return ana.app.test_cli_runner().invoke(args=["user", "invite", *words])


def test_staff_are_invited_with_their_roles(ana, mailbox) -> None:
    words = ("berta@x.test", "--tenant", "aguas", "--name", "Berta", "--role", "administrator", "--json")
    done = run(ana, *words, "--print-link")
    assert done.exit_code == 0, done.output
    said = json.loads(done.output)
    assert said["invited"] and said["link"].startswith("http://aguas.localhost/links/")
    path = door.link_in(said["link"])
    assert door.link_in(door.letters(ana.app, mailbox, "berta@x.test")[-1]) == path
    assert door.use_link(ana.browser(), path, password=NEW).status_code == 303
    with unit_of_work(ana.tenant.id):
        assert db.session.execute(select(StaffRole.role)).scalar() == "administrator"
        row = db.session.execute(
            select(AuditRow.actor_kind, AuditRow.action).order_by(AuditRow.number)
        ).first()
        assert tuple(row) == ("operator", "user.invited")


def test_a_customer_is_invited_by_document(ana, mailbox) -> None:
    with unit_of_work(ana.tenant.id):
        customer = add_customer("Luz Marina", document="30111222")
        account = add_account("100", customers=[(customer, "holder", 1_000_000)])
    done = run(ana, "luz@x.test", "--tenant", "aguas", "--customer", "30111222")
    assert done.exit_code == 0 and "/links/" not in done.output
    with unit_of_work(ana.tenant.id):
        user = db.session.execute(select(User).where(User.email == "luz@x.test")).scalar_one()
        assert (user.name, user.customer_id) == ("Luz Marina", customer)
        assert db.session.execute(select(Access.account_id)).scalar_one() == account
    assert "Hola, Luz Marina:" in door.letters(ana.app, mailbox, "luz@x.test")[-1]


@pytest.mark.parametrize(
    "words",
    [
        ("luz@x.test", "--tenant", "nadie", "--name", "Luz"),
        ("no es", "--tenant", "aguas", "--name", "Luz"),
        ("luz@x.test", "--tenant", "aguas"),
        ("luz@x.test", "--tenant", "aguas", "--customer", "404"),
    ],
)
def test_what_is_refused_leaves_nothing(ana, mailbox, words) -> None:
    done = run(ana, *words, "--json")
    assert done.exit_code == 1 and json.loads(done.output)["refused"]
    assert door.letters(ana.app, mailbox) == []
    with unit_of_work(ana.tenant.id):
        assert db.session.execute(select(User.email)).scalars().all() == [ana.email]


def test_no_link_is_printed_in_production(ana, monkeypatch) -> None:
    config = dataclasses.replace(ana.app.extensions["ventanilla_config"], environment="production")
    monkeypatch.setitem(ana.app.extensions, "ventanilla_config", config)
    done = run(ana, "luz@x.test", "--tenant", "aguas", "--name", "Luz", "--print-link")
    assert done.exit_code == 1 and "/links/" not in done.output
