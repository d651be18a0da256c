"""Accounts at payment providers as the tenant's staff keep them."""

from __future__ import annotations

import datetime
import re
import time
import uuid

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blueprints.payments import registry
from saas.audit import AuditRow, first_broken
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from saas.secrets import Keyring
from tenants.provider_account_services import HOOK_TOKEN, open_account
from tenants.provider_accounts import ProviderAccount
from tests import cast
from tests.application import client_for
from tests.blueprints.payments import acme
from tests.blueprints.payments.test_pages import begin, carry, decide
from tests.blueprints.payments.world import PayingWorld, paying_world
from tests.pages import checked_get
from tests.signed_in import post, signed_in

LIST = "/desk/payments/providers"
NEW = f"{LIST}/new"


@pytest.fixture
def acme_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.ADAPTERS, acme.NAME, acme.PATH)
    monkeypatch.setattr(acme.Acme, "down", False)


def staff(world: PayingWorld, role: str = "administrator") -> FlaskClient:
    with unit_of_work(world.tenant.id):
        user = cast.add_user(f"{role}@example.com", name="Ana Admin", staff_role=role)
    return signed_in(world.app, world.tenant, user)


def typed(**changes: object) -> dict[str, object]:
    return {
        "provider": acme.NAME,
        "name": "Acme",
        "mode": "test",
        "of_shop": "1234",
        "of_zone": "north",
        "of_key": acme.RIGHT_KEY,
        "invoice_types": ["supply"],
        "account_kinds": ["supply"],
        **changes,
    }


def add(client: FlaskClient, **changes: object):
    return post(client, f"{NEW}?provider={acme.NAME}", NEW, typed(**changes))


def added(client: FlaskClient, **changes: object) -> uuid.UUID:
    answer = add(client, **changes)
    assert answer.status_code == 303, answer.text[-2000:]
    return uuid.UUID(answer.headers["Location"].split("/")[4])


def row(world: PayingWorld, account_id: uuid.UUID) -> ProviderAccount:
    with unit_of_work(world.tenant.id) as session:
        found = session.execute(select(ProviderAccount).where(ProviderAccount.id == account_id)).scalar_one()
        session.expunge(found)
        return found


def actions(world: PayingWorld) -> list[str]:
    with unit_of_work(world.tenant.id) as session:
        assert first_broken() is None
        return list(session.execute(select(AuditRow.action).order_by(AuditRow.number)).scalars())


# --- from nothing to the first payment ------------------------------------------------------------------------------


def test_from_no_provider_to_the_first_payment(app: Flask):
    """What an administrator of a new tenant presses, in this order; nothing is typed and nothing looked up."""
    began = time.monotonic()
    world = paying_world(app)
    with unit_of_work(world.tenant.id):
        db.session.delete(db.session.execute(select(ProviderAccount)).scalar_one())
    client, payer, invoice = staff(world), world.client(), world.invoice(100_000)
    assert "/payments/summary" not in checked_get(payer, "/invoices").body
    page = checked_get(client, LIST)
    assert NEW in page.links
    page = checked_get(client, NEW)
    practice = next(link for link in page.links if "bank-simulator" in link)
    checked_get(client, practice)
    opened = post(client, practice, NEW, {"provider": "bank-simulator"})
    assert opened.status_code == 303
    page = checked_get(client, opened.headers["Location"])
    assert "Banco Meridiano" in page.h1
    tested = post(client, opened.headers["Location"], f"{opened.headers['Location']}/test")
    assert "funciona" in checked_get(client, tested.headers["Location"]).text
    assert "/payments/summary" in checked_get(payer, "/invoices").body
    back = decide(world, begin(payer, invoice).headers["Location"], "approve")
    assert carry(world) == [200]
    assert payer.get(f"{back}/status").json["state"] == "captured"
    assert time.monotonic() - began < 180
    assert "provider-account.added" in actions(world)


def test_the_practice_bank_can_be_opened_twice(world: PayingWorld):
    client = staff(world)
    post(client, f"{NEW}?provider=bank-simulator", NEW, {"provider": "bank-simulator"})
    assert "Banco Meridiano 2" in checked_get(client, LIST).text


# --- adding ---------------------------------------------------------------------------------------------------------


def test_the_form_is_the_adapters(world: PayingWorld, acme_exists):
    page = checked_get(staff(world), f"{NEW}?provider={acme.NAME}")
    form = next(form for form in page.forms if form.action == NEW)
    names = {name for name, _value in form.fields}
    assert {"provider", "mode", "name", "of_shop", "of_zone", "of_key", "of_spare"} <= names
    assert re.search(r'id="of_key" name="of_key" type="password"', page.body)
    assert re.search(r'value="south" checked', page.body) and "Figures only." in page.text


def test_an_account_that_works_is_on_and_shows_what_to_do_next(world: PayingWorld, acme_exists):
    client = staff(world)
    answer = add(client)
    assert answer.status_code == 303 and answer.headers["Location"].endswith("/set-up")
    page = checked_get(client, answer.headers["Location"])
    account_id = uuid.UUID(answer.headers["Location"].split("/")[4])
    with unit_of_work(world.tenant.id):
        token = open_account(account_id).secrets[HOOK_TOKEN]
    assert f"http://localhost/hooks/acme/{token}" in page.text
    kept = row(world, account_id)
    assert kept.enabled and kept.checked_at is not None and kept.check_problem is None
    assert kept.settings == {"shop": "1234", "zone": "north"} and kept.preference == 2
    body = checked_get(client, f"{LIST}/{account_id}").body
    assert acme.RIGHT_KEY not in body and "…0001" in body and token not in body
    assert Keyring([b"k" * 40]).fingerprint(acme.RIGHT_KEY, world.tenant.id) in body


def test_a_failed_test_says_what_is_wrong_and_keeps_the_rest(world: PayingWorld, acme_exists):
    client = staff(world)
    answer = add(client, of_key="clave-equivocada-9", of_shop="77")
    assert answer.status_code == 422 and "clave-equivocada" not in answer.text
    assert 'id="of_key-error"' in answer.text and 'value="77"' in answer.text
    assert 'href="#of_key"' in answer.text and "<title>Error" in answer.text
    assert 'name="as_it_is"' in answer.text
    with unit_of_work(world.tenant.id) as session:
        assert session.execute(select(ProviderAccount.provider)).scalars().all() == ["bank-simulator"]
    account_id = added(client, of_key="clave-equivocada-9", as_it_is="yes")
    kept = row(world, account_id)
    assert not kept.enabled and kept.check_problem
    assert kept.check_problem in checked_get(client, f"{LIST}/{account_id}").text


def test_a_silent_provider_loses_nothing_that_was_typed(world: PayingWorld, acme_exists, monkeypatch):
    monkeypatch.setattr(acme.Acme, "down", True)
    client = staff(world)
    account_id = added(client)
    kept = row(world, account_id)
    assert not kept.enabled and kept.check_problem
    monkeypatch.setattr(acme.Acme, "down", False)
    post(client, f"{LIST}/{account_id}", f"{LIST}/{account_id}/test")
    assert row(world, account_id).check_problem is None
    post(client, f"{LIST}/{account_id}/switch", f"{LIST}/{account_id}/switch", {"enabled": "yes"})
    assert row(world, account_id).enabled


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"of_shop": "12a"}, "of_shop"),
        ({"of_shop": ""}, "of_shop"),
        ({"of_zone": "west"}, "of_zone"),
        ({"of_key": ""}, "of_key"),
        ({"name": ""}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"mode": "both"}, "mode"),
        ({"mode": "live", "of_key": acme.PUBLISHED_KEY}, "of_key"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(world: PayingWorld, acme_exists, changes, wrong):
    client = staff(world)
    answer = add(client, **changes)
    assert answer.status_code == 422 and f'href="#{wrong}"' in answer.text
    assert "Not a valid" not in answer.text and 'name="as_it_is"' not in answer.text
    assert add(client, **changes, as_it_is="yes").status_code == 422, "no button leads past what cannot be"


def test_names_are_unique_and_strangers_do_not_exist(world: PayingWorld, acme_exists):
    client = staff(world)
    added(client)
    answer = add(client)
    assert answer.status_code == 422 and 'href="#name"' in answer.text
    assert post(client, NEW + f"?provider={acme.NAME}", NEW, typed(provider="nobody")).status_code == 404
    neighbour = staff(paying_world(world.app, "vecina"))
    foreign = f"{LIST}/{world.provider_account_id}"
    for path in ("", "/set-up", "/edit", "/secrets", "/switch"):
        assert neighbour.get(foreign + path).status_code == 404
    for path in ("/move", "/test", "/edit", "/secrets", "/switch", "/end-overlap"):
        assert post(neighbour, LIST, foreign + path, {"enabled": "no"}).status_code == 404
    assert row(world, world.provider_account_id).enabled


def test_in_production_there_is_no_practice_bank(world: PayingWorld, monkeypatch):
    from dataclasses import replace

    before = world.app.extensions["ventanilla_config"]
    monkeypatch.setitem(world.app.extensions, "ventanilla_config", replace(before, simulator_host=None))
    client = staff(world)
    assert "bank-simulator" not in client.get(NEW).text
    assert post(client, LIST, NEW, {"provider": "bank-simulator"}).status_code == 404


# --- rights ---------------------------------------------------------------------------------------------------------


def test_billing_looks_and_changes_nothing(world: PayingWorld):
    client, one = staff(world, "billing"), f"{LIST}/{world.provider_account_id}"
    for path in (LIST, one):
        body = checked_get(client, path).body
        assert NEW not in body and "/switch" not in body and "/stop" not in body
    for path in ("/move", "/test", "/edit", "/secrets", "/switch", "/end-overlap"):
        assert post(client, LIST, one + path).status_code == 403, path
    for path in (
        NEW,
        f"{one}/edit",
        f"{one}/secrets",
        f"{one}/switch",
        f"{one}/set-up",
        "/desk/payments/stop",
    ):
        assert client.get(path).status_code == 403, path
    assert client_for(world.app, world.tenant.host).get(LIST).status_code == 302


def test_risky_acts_ask_again_who_is_there(world: PayingWorld):
    one = f"{LIST}/{world.provider_account_id}"
    client = staff(world)
    with time_machine.travel(now() + datetime.timedelta(minutes=40), tick=True):
        for path in (
            NEW,
            f"{one}/edit",
            f"{one}/secrets",
            f"{one}/switch",
            f"{one}/set-up",
            "/desk/payments/stop",
        ):
            answer = client.get(path)
            assert answer.status_code == 302 and "/confirm-identity" in answer.headers["Location"], path
        for path in (f"{one}/secrets", f"{one}/switch", f"{one}/end-overlap", "/desk/payments/stop"):
            answer = post(client, LIST, path, {"enabled": "no", "reason": "x"})
            assert answer.status_code == 303 and "/confirm-identity" in answer.headers["Location"], path
    assert row(world, world.provider_account_id).enabled


# --- order, switch, places ------------------------------------------------------------------------------------------


def test_the_order_is_the_staffs(world: PayingWorld, acme_exists):
    client = staff(world)
    second = added(client)
    assert [link for link in checked_get(client, LIST).links if link.startswith(f"{LIST}/0")] == [
        f"{LIST}/{world.provider_account_id}", f"{LIST}/{second}",
    ]  # fmt: skip
    post(client, LIST, f"{LIST}/{second}/move", {"way": "up"})
    post(client, LIST, f"{LIST}/{second}/move", {"way": "up"})
    assert (row(world, second).preference, row(world, world.provider_account_id).preference) == (1, 2)
    post(client, LIST, f"{LIST}/{second}/move", {"way": "down"})
    assert (row(world, second).preference, row(world, world.provider_account_id).preference) == (2, 1)
    assert actions(world).count("provider-account.moved") == 2


def test_the_kill_switch_holds_from_the_next_page_on(world: PayingWorld):
    client, payer, one = staff(world), world.client(), world.invoice()
    gone = begin(payer, one)  # at the bank's door
    assert gone.headers["Location"].startswith("http://bank.localhost")
    path = f"{LIST}/{world.provider_account_id}/switch"
    checked_get(client, path)
    post(client, path, path, {"enabled": "no"})
    assert "/payments/summary" not in checked_get(payer, "/invoices").body
    page = checked_get(payer, f"/payments/confirm?invoice={one}")
    assert not [form for form in page.forms if form.action == "/payments/start"]
    again = post(payer, "/profile", "/payments/start", {"invoice": str(one)})
    assert again.status_code == 422, "the step that is known already leads to a provider that is off"
    decide(world, gone.headers["Location"], "approve")
    assert carry(world) == [200], "money on its way is received"
    post(client, path, path, {"enabled": "yes"})
    assert actions(world)[-1] == "provider.switched-on"


def test_where_an_account_is_offered(world: PayingWorld, acme_exists):
    client, payer, one = staff(world), world.client(), world.invoice()
    path = f"{LIST}/{world.provider_account_id}/edit"
    merchant = world.provider_account().settings["merchant"]
    checked_get(client, path)
    answer = post(client, path, path, {"name": "Banco", "of_merchant": merchant, "account_kinds": ["supply"]})
    assert answer.status_code == 303
    assert row(world, world.provider_account_id).off_for == {"invoice_types": ["supply"]}
    assert "Supply" in checked_get(client, LIST).text
    page = checked_get(payer, "/invoices")
    assert f'value="{one}" ' in page.body and f'value="{one}" data-amount="100000" disabled' in page.body
    assert "/payments/summary" not in checked_get(payer, f"/invoices/{one}").body
    second = added(client)
    assert checked_get(payer, f"/invoices/{one}").body.count("/payments/summary") == 1
    assert second


def test_settings_are_tried_before_they_are_kept(world: PayingWorld, acme_exists):
    client = staff(world)
    account_id = added(client)
    path = f"{LIST}/{account_id}/edit"
    assert "of_key" not in checked_get(client, path).body
    good = {
        "name": "Otra",
        "of_shop": "99",
        "of_zone": "south",
        "invoice_types": ["supply"],
        "account_kinds": ["supply"],
    }
    assert post(client, path, path, {**good, "of_shop": "x"}).status_code == 422
    assert post(client, path, path, {**good, "mode": "live"}).status_code == 303
    kept = row(world, account_id)
    assert (kept.name, kept.settings, kept.mode, kept.off_for) == (
        "Otra",
        {"shop": "99", "zone": "south"},
        "test",
        {},
    )
    with unit_of_work(world.tenant.id) as session:
        data = session.execute(
            select(AuditRow.data).where(AuditRow.action == "provider-account.changed")
        ).scalar_one()
    assert data["before"] == {"name": "Acme", "settings": {"shop": "1234", "zone": "north"}}
