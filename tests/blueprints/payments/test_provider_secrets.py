"""Secrets of provider accounts that are replaced, do not open or must not show; and stops of payments."""

from __future__ import annotations

import datetime
import re
import uuid

import psycopg
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select, update

from saas.clock import now
from saas.config import Config
from saas.database import db
from saas.scope import unit_of_work
from saas.secrets import Keyring
from tenants.provider_account_services import HOOK_TOKEN, open_account
from tenants.provider_accounts import ProviderAccount
from tests.blueprints.payments import acme
from tests.blueprints.payments.test_desk_providers import LIST, acme_exists, actions, add, added, row, staff
from tests.blueprints.payments.test_pages import begin, decide
from tests.blueprints.payments.world import HouseWire, PayingWorld, paying_world
from tests.database import DatabaseUrls
from tests.pages import checked_get
from tests.signed_in import post

__all__ = ["acme_exists"]

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
    assert done.output.split() == ["every", "tenant", "stopped"]
    assert run(*stop, "--all", "--yes").output.split()[2:] == ["was", "stopped", "already"]
    assert "/payments/summary" not in checked_get(other.client(), "/invoices").body
    assert actions(other).count("payments.stopped") == 1
    later = paying_world(world.app, "tercera", email="tarde@example.com")
    later.invoice()
    assert "/payments/summary" not in checked_get(later.client(), "/invoices").body, "made after the stop"
    assert run("resume", "--provider", "bank-simulator", "--tenant", "tercera").exit_code == 1
    # The tenant cannot end what the platform ordered.
    post(client, LIST, "/desk/payments/resume")
    assert "Banco Meridiano" not in checked_get(world.client(), f"/payments/confirm?invoice={one}").text
    done = run("resume", "--provider", "bank-simulator", "--all", "--yes")
    assert done.output.split() == ["every", "tenant", "resumed", "aguas", "resumed"]
    for one_of_them in (world, other, later):
        assert "/payments/summary" in checked_get(one_of_them.client(), "/invoices").body
    assert actions(other).count("payments.resumed") == 1


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
