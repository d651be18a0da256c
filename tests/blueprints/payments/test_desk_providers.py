"""Accounts at payment providers as the tenant's staff keep them."""

from __future__ import annotations

import datetime
import re
import time
import uuid

import psycopg
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from blueprints.payments import registry
from saas.audit import AuditRow, first_broken
from saas.clock import now
from saas.config import Config
from saas.database import db
from saas.scope import unit_of_work
from saas.secrets import Keyring
from tenants.provider_account_services import HOOK_TOKEN, open_account
from tenants.provider_accounts import ProviderAccount
from tests import cast
from tests.application import client_for
from tests.blueprints.payments import acme
from tests.blueprints.payments.test_pages import begin, carry, decide
from tests.blueprints.payments.world import HouseWire, PayingWorld, paying_world
from tests.database import DatabaseUrls
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


# --- secrets --------------------------------------------------------------------------------------------------------


def approved(world: PayingWorld, one: uuid.UUID) -> bytes:
    """A notice of the bank about a new attempt, not yet delivered."""
    decide(world, begin(world.client(), one).headers["Location"], "approve")
    return world.bank.held[-1].body


def replace_bank_secret(world: PayingWorld, client: FlaskClient, **fields: object):
    path = f"{LIST}/{world.provider_account_id}/secrets"
    data = {"of_secret": "un-secreto-nuevo-1234", "overlap": "7", "as_it_is": "yes", **fields}
    return post(client, path, path, data)


def test_rotation_with_payments_in_flight(world: PayingWorld):
    """F15: what was begun with the old secret arrives until the overlap ends; then it is forged."""
    client = staff(world)
    old = world.provider_account().secrets["secret"]
    old_path = world.hook_path()
    first, second, third = (approved(world, world.invoice()) for _ in range(3))
    assert replace_bank_secret(world, client, new_address="y").status_code == 303
    account = world.provider_account()
    assert account.version == 2 and account.secrets["secret"] == "un-secreto-nuevo-1234"
    assert account.previous["secret"] == old and world.hook_path() != old_path
    assert world.notify(first, path=old_path, secret=old) == 200
    assert world.notify(second, secret=old) == 200, "the new address believes the old secret as well"
    assert world.notify(third, path=old_path, secret="another") == 400
    page = checked_get(client, f"{LIST}/{world.provider_account_id}")
    assert "/end-overlap" in page.body
    ended = post(client, LIST, f"{LIST}/{world.provider_account_id}/end-overlap")
    assert ended.status_code == 303
    assert world.notify(third, path=old_path, secret=old) == 404
    assert world.notify(third, secret=old) == 400
    assert world.notify(third) == 200
    assert actions(world)[-1] == "payment.captured" and "provider-account.overlap-ended" in actions(world)


def test_an_overlap_ends_by_itself(world: PayingWorld):
    old = world.provider_account().secrets["secret"]
    notice = approved(world, world.invoice())
    assert replace_bank_secret(world, staff(world), overlap="2").status_code == 303
    with time_machine.travel(now() + datetime.timedelta(days=2, minutes=1), tick=True):
        assert world.notify(notice, secret=old) == 400
        assert world.provider_account().previous == {}
        assert world.notify(notice) == 200


def test_without_an_overlap_the_old_secret_is_nothing_at_once(world: PayingWorld):
    old = world.provider_account().secrets["secret"]
    notice = approved(world, world.invoice())
    assert replace_bank_secret(world, staff(world), overlap="0").status_code == 303
    assert world.notify(notice, secret=old) == 400


def prints_on(client: FlaskClient, account_id: uuid.UUID) -> list[str]:
    return re.findall(r"<code>([0-9a-f]{16})</code>", checked_get(client, f"{LIST}/{account_id}").body)


def test_new_secrets_are_tried_first(world: PayingWorld, acme_exists):
    client = staff(world)
    account_id = added(client)
    path = f"{LIST}/{account_id}/secrets"
    page = checked_get(client, path)
    assert acme.RIGHT_KEY not in page.body and "…0001" in page.text
    refused = post(client, path, path, {"of_key": "clave-mala-1", "overlap": "7"})
    assert (
        refused.status_code == 422 and 'href="#of_key"' in refused.text and "clave-mala" not in refused.text
    )
    for overlap in ("31", "-1", "x", ""):
        assert post(client, path, path, {"of_key": acme.NEXT_KEY, "overlap": overlap}).status_code == 422
    assert post(client, path, path, {"overlap": "7"}).status_code == 422, "nothing new"
    assert row(world, account_id).version == 1
    before = prints_on(client, account_id)
    assert post(client, path, path, {"of_key": acme.NEXT_KEY, "overlap": "7"}).status_code == 303
    after = prints_on(client, account_id)
    assert row(world, account_id).version == 2 and len(before) == len(after) == 1 and before != after


def test_secrets_are_nowhere_in_the_database(world: PayingWorld, acme_exists, database: DatabaseUrls):
    """Everything that the tables hold, read as text: no planted secret and no notice token in the clear."""
    client = staff(world)
    account_id = added(client, of_spare="otra-clave-plantada-77")
    path = f"{LIST}/{account_id}/secrets"
    post(client, path, path, {"of_key": acme.NEXT_KEY, "overlap": "7", "new_address": "y"})
    with unit_of_work(world.tenant.id):
        account = open_account(account_id)
    planted = [acme.RIGHT_KEY, acme.NEXT_KEY, "otra-clave-plantada-77", account.secrets[HOOK_TOKEN]]
    planted.append(account.previous[HOOK_TOKEN])
    assert len(set(planted)) == 5
    with psycopg.connect(database.superuser) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        dump = "\n".join(
            str(line[0])
            for (table,) in tables
            for line in connection.execute(f'SELECT t::text FROM "{table}" t')  # type: ignore[call-overload]
        )
    assert str(account_id) in dump
    for secret in planted:
        assert secret not in dump and secret.partition(".")[2] not in dump.split()


def test_equal_secrets_of_two_tenants_look_different(world: PayingWorld, acme_exists):
    prints = []
    for side in (world, paying_world(world.app, "vecina", email="otra@example.com")):
        client = staff(side)
        body = client.get(f"{LIST}/{added(client)}").text
        prints += re.findall(r"<code>([0-9a-f]{16})</code>", body)
    assert len(prints) == 2 and len(set(prints)) == 2


def test_a_key_that_does_not_open_stops_one_tenant_only(world: PayingWorld):
    """M17: the secrets of one tenant were sealed with a master key that is not here."""
    other = paying_world(world.app, "vecina", email="otra@example.com")
    strange = Keyring([b"z" * 40])
    with unit_of_work(world.tenant.id):
        account = world.provider_account()
        sealed = {
            name: strange.seal(text, world.tenant.id, account.id, name)
            for name, text in account.secrets.items()
        }
        db.session.execute(update(ProviderAccount).values(secrets=sealed))
    one, client, payer = world.invoice(), staff(world), world.client()
    page = checked_get(payer, f"/payments/summary?invoice={one}")
    assert not [form for form in page.forms if form.action == "/payments/confirm"]
    assert post(payer, "/profile", "/payments/start", {"invoice": str(one)}).status_code == 422
    checked_get(payer, "/invoices")
    for path in ("", f"/{world.provider_account_id}", f"/{world.provider_account_id}/secrets"):
        assert "no se abre" in checked_get(client, LIST + path).text
    checked_get(client, f"{LIST}/{world.provider_account_id}/set-up")
    assert "no se abren" in checked_get(client, "/desk").text
    fine = other.invoice()
    assert begin(other.client(), fine).status_code == 303
    # With all secrets typed anew it works again.
    path = f"{LIST}/{world.provider_account_id}/secrets"
    assert post(client, path, path, {"overlap": "7", "new_address": "y"}).status_code == 422
    assert replace_bank_secret(world, client).status_code == 303
    assert world.provider_account().secrets["secret"] == "un-secreto-nuevo-1234"


def test_a_provider_that_is_gone_is_said(world: PayingWorld):
    with unit_of_work(world.tenant.id):
        db.session.execute(update(ProviderAccount).values(provider="gone"))
    client, one = staff(world), world.invoice()
    checked_get(client, LIST)
    page = checked_get(client, f"{LIST}/{world.provider_account_id}")
    assert "no tiene este proveedor" in page.text
    for path in ("/edit", "/secrets", "/switch"):
        assert client.get(f"{LIST}/{world.provider_account_id}{path}").status_code == 200
    post(client, LIST, f"{LIST}/{world.provider_account_id}/test")
    checked_get(world.client(), f"/payments/summary?invoice={one}")


# --- stops ----------------------------------------------------------------------------------------------------------


def test_everything_is_stopped_and_resumed(world: PayingWorld):
    client, payer, one = staff(world), world.client(), world.invoice()
    notice = approved(world, world.invoice())
    path = "/desk/payments/stop"
    checked_get(client, path)
    assert post(client, path, path, {"reason": " "}).status_code == 422
    assert post(client, path, path, {"reason": "x" * 301}).status_code == 422
    assert post(client, path, path, {"reason": "Cobros dobles"}).status_code == 303
    for page in (LIST, "/desk", path, f"{LIST}/{world.provider_account_id}"):
        assert "Cobros dobles" in checked_get(client, page).text
    assert "/payments/summary" not in checked_get(payer, "/invoices").body
    assert "Cobros dobles" not in payer.get("/invoices").text
    assert "/payments/start" not in checked_get(payer, f"/payments/confirm?invoice={one}").body
    assert post(payer, "/profile", "/payments/start", {"invoice": str(one)}).status_code == 422
    assert world.notify(notice) == 200, "what is under way is received"
    assert post(client, LIST, "/desk/payments/resume").status_code == 303
    assert "/payments/summary" in checked_get(payer, "/invoices").body
    assert begin(payer, one).status_code == 303
    done = actions(world)
    assert done.index("payments.stopped") < done.index("payments.resumed")


def test_the_platform_stops_a_provider(world: PayingWorld, acme_exists):
    other = paying_world(world.app, "vecina", email="otra@example.com")
    client, cli = staff(world), world.app.test_cli_runner()
    added(client)

    def run(*words: str, text: str | None = None):
        return cli.invoke(args=["payments", *words], input=text)

    stop = ("stop", "--provider", "bank-simulator", "--reason", "Caída del banco")
    assert run(*stop).exit_code == 2 and run(*stop, "--tenant", "aguas", "--all").exit_code == 2
    assert run(*stop, "--all", text="n\n").exit_code == 1
    assert run("stop", "--provider", "nobody", "--reason", "x", "--all", "--yes").exit_code == 2
    assert run(*stop, "--tenant", "nadie").exit_code == 1
    assert run(*stop, "--tenant", "aguas").exit_code == 0
    assert "Caída del banco" in checked_get(client, LIST).text
    one = world.invoice()
    page = checked_get(world.client(), f"/payments/confirm?invoice={one}")
    assert "Acme" in page.text and "Banco Meridiano" not in page.text
    assert begin(other.client(), other.invoice()).status_code == 303
    done = run(*stop, "--all", "--yes")
    assert "aguas                was stopped already" in done.output and "stopped" in done.output
    assert "/payments/summary" not in checked_get(other.client(), "/invoices").body
    # The tenant cannot end what the platform ordered.
    post(client, LIST, "/desk/payments/resume")
    assert "Banco Meridiano" not in checked_get(world.client(), f"/payments/confirm?invoice={one}").text
    assert run("resume", "--provider", "bank-simulator", "--all", "--yes").exit_code == 0
    assert "/payments/summary" in checked_get(other.client(), "/invoices").body


def test_the_doctor_looks_at_accounts(world: PayingWorld, acme_exists, monkeypatch):
    """F16: published keys in a live account, and test beside live in production."""
    cli = world.app.test_cli_runner()
    assert cli.invoke(args=["payments", "check"]).exit_code == 0
    client = staff(world)
    post(client, LIST, f"{LIST}/{world.provider_account_id}/switch", {"enabled": "no"})
    live = added(client, mode="live", name="De verdad")
    added(client, name="De prueba")
    assert cli.invoke(args=["payments", "check"]).exit_code == 0
    before: Config = world.app.extensions["ventanilla_config"]
    from dataclasses import replace

    monkeypatch.setitem(world.app.extensions, "ventanilla_config", replace(before, environment="production"))
    assert "beside a live one" in cli.invoke(args=["payments", "check"]).output
    monkeypatch.setitem(world.app.extensions, "ventanilla_config", before)
    path = f"{LIST}/{live}/secrets"
    with unit_of_work(world.tenant.id):
        sealed = Keyring([b"k" * 40]).seal(acme.PUBLISHED_KEY, world.tenant.id, live, "key")
        kept = dict(
            db.session.execute(select(ProviderAccount.secrets).where(ProviderAccount.id == live)).scalar_one()
        )
        db.session.execute(
            update(ProviderAccount).where(ProviderAccount.id == live).values(secrets={**kept, "key": sealed})
        )
    assert client.get(path).status_code == 200
    found = cli.invoke(args=["payments", "check"])
    assert found.exit_code == 1 and "De verdad" in found.output and "live:" in found.output
    assert "De verdad" in cli.invoke(args=["doctor"]).output


def test_the_wire_is_not_used_for_what_is_wrong_already(world: PayingWorld, acme_exists):
    wire = world.app.extensions["payment_wire"]
    assert isinstance(wire, HouseWire)
    add(staff(world), of_shop="x")
    assert wire.sent == []
