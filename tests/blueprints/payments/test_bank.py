"""The simulated bank: nowhere in production; orders and questions only with a merchant's signature."""

from __future__ import annotations

import dataclasses

import pytest
from flask import Flask

from blueprints.payments import registry
from blueprints.payments.interface import (
    Form,
    Instructions,
    Redirect,
    step_as_data,
    step_from_data,
)
from blueprints.payments.providers.bank_simulator import books
from blueprints.payments.providers.bank_simulator.opening import open_simulator_account
from saas.config import Config
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.provider_account_services import add_provider_account, enabled_accounts
from tests.application import client_for
from tests.blueprints.payments.world import PayingWorld
from tests.cast import make_utility
from wsgi import create_app


def production(config: Config) -> Config:
    return dataclasses.replace(config, environment="production", simulator_host=None)


def test_it_does_not_exist_in_production(app: Flask):
    config: Config = app.extensions["ventanilla_config"]
    assert registry.form_origins(config)[0] == "http://bank.localhost"
    assert registry.adapter("bank-simulator", config)
    for strict in (production(config), dataclasses.replace(config, environment="production")):
        assert registry.form_origins(strict) == list(registry.ORIGINS)
        with pytest.raises(registry.NoSuchProvider):
            registry.adapter("bank-simulator", strict)


def test_production_has_neither_its_pages_nor_its_accounts(world: PayingWorld):
    config: Config = world.app.extensions["ventanilla_config"]
    strict = create_app(production(config))
    assert not [rule for rule in strict.url_map.iter_rules() if rule.endpoint.startswith("bank.")]
    with strict.app_context(), unit_of_work(world.tenant.id):
        assert enabled_accounts() == []
        with pytest.raises(Refusal, match="does not exist"):
            open_simulator_account("Otro")
    assert client_for(strict, "bank.localhost").get("/").status_code == 404
    strict.extensions["platform_engine"].dispose()


def test_a_provider_nobody_wrote_is_refused(app: Flask):
    with pytest.raises(registry.NoSuchProvider):
        registry.adapter("paypal", app.extensions["ventanilla_config"])


def test_accounts_are_checked(app: Flask):
    tenant = make_utility()
    with unit_of_work(tenant.id):
        with pytest.raises(Refusal, match="only be used for tests"):
            add_provider_account("bank-simulator", "B", "live", {}, {})
        open_simulator_account("B")
        with pytest.raises(Refusal, match="already"):
            open_simulator_account("B")


@pytest.mark.parametrize("step", [Redirect("https://x/y"), Form("https://x", {"a": "b"})])
def test_steps_survive_the_database(step):
    assert step_from_data(step_as_data(step)) == step


def test_instructions_survive_too():
    import datetime

    step = Instructions("text", "ref", datetime.date(2026, 11, 21), "0123")
    assert step_from_data(step_as_data(step)) == step
    with pytest.raises(ValueError, match="no step"):
        step_from_data({"kind": "other"})


@pytest.mark.parametrize(
    "change",
    [
        ("amount=100000", "amount=1"),
        ("currency=ARS", "currency=USD"),
        ("return_url=http%3A%2F%2F", "return_url=http%3A%2F%2Fevil."),
        ("merchant=M", "merchant=N"),
        ("&signature=", "&signature=0"),
        ("&signature=", "&more=1&signature="),
        ("&amount=", "&amount=1&amount="),
    ],
)
def test_an_order_that_the_merchant_did_not_sign_is_refused(world: PayingWorld, change):
    started = world.start(world.invoice(100_000))
    url = started.step.url.removeprefix("http://bank.localhost")
    assert change[0] in url
    bank = client_for(world.app, "bank.localhost")
    assert bank.get(url.replace(*change)).status_code == 400
    assert bank.get(url).status_code == 303
    assert bank.get(url).headers["Location"] == bank.get(url).headers["Location"]


def test_the_question_must_be_signed_and_fresh(world: PayingWorld):
    bank = client_for(world.app, "bank.localhost")
    assert bank.get("/api/order").status_code == 403
    assert bank.get("/api/order?merchant=M1&reference=x&time=1&signature=0").status_code == 403


def test_decisions_need_the_page(world: PayingWorld):
    started = world.start(world.invoice())
    bank = client_for(world.app, "bank.localhost")
    order = bank.get(started.step.url.removeprefix("http://bank.localhost")).headers["Location"]
    assert bank.post(order, data={"decision": "approve"}).status_code == 400
    assert bank.get("/orders/00000000-0000-7000-8000-000000000000").status_code == 404
    assert books.captured("M0") == 0


def test_the_bank_is_on_its_own_host_only(world: PayingWorld):
    for host in (world.tenant.host, "localhost"):
        assert client_for(world.app, host).get("/pay").status_code == 404
    assert client_for(world.app, "bank.localhost").get("/receipts").status_code == 404
