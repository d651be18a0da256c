"""An account of Stripe: what can be seen to be wrong, and what a test of it says."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask

from blueprints.payments.interface import ProviderAccountView, Unreachable
from blueprints.payments.providers.stripe.adapter import Stripe
from blueprints.payments.providers.stripe.amounts import AMBIGUOUS, EXPONENTS, UNITS, from_stripe, to_stripe
from saas import money
from saas.clock import now
from saas.config import Config
from saas.refusals import Refusal
from tests.blueprints.payments.providers.stripe.world import SECRET, StripeWorld, stripe_world

GOOD = {"key": "rk_test_0123456789", "webhook_secret": SECRET}


def account(
    mode: str = "test", settings: dict[str, str] | None = None, **secrets: str
) -> ProviderAccountView:
    return ProviderAccountView(
        uuid.uuid4(), uuid.uuid4(), "stripe", mode, settings or {"access": "own"}, {**GOOD, **secrets}
    )


@pytest.fixture
def adapter(_app: Flask) -> Stripe:
    config: Config = _app.extensions["ventanilla_config"]
    return Stripe(config)


@pytest.mark.parametrize("mode", ["test", "live"])
@pytest.mark.parametrize("kind", ["sk", "rk"])
def test_good_accounts(adapter: Stripe, mode: str, kind: str):
    adapter.check(account(mode, key=f"{kind}_{mode}_0123456789"))
    adapter.check(account(mode, key=f"{kind}_{mode}_0123456789", webhook_secret=""))  # it may follow later
    connected = {"access": "connect", "connected_account": "acct_0123456789"}
    adapter.check(account(mode, connected, key=f"{kind}_{mode}_0123456789"))


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        (account(key=""), "key", "begins with"),
        (account(key="pk_test_0123456789"), "key", "publishable"),
        (account(key="rk_test_0123 456789"), "key", "begins with"),
        (account(key="rk_test_0123456789\n"), "key", "begins with"),
        (account(key="rk_live_0123456789"), "key", "live key"),
        (account("live", key="sk_test_0123456789"), "key", "test key"),
        (account(webhook_secret="secret"), "webhook_secret", "whsec_"),
        (account(webhook_secret="   "), "webhook_secret", "whsec_"),
        (account(settings={"access": "other"}), "access", "whose"),
        (account(settings={"access": "connect"}), "connected_account", "acct_"),
        (account(settings={"access": "connect", "connected_account": "me"}), "connected_account", "acct_"),
        (
            account(settings={"access": "own", "connected_account": "acct_01234567"}),
            "connected_account",
            "platform",
        ),
    ],
)
def test_what_cannot_be_right_is_said(adapter: Stripe, given: ProviderAccountView, field: str, words: str):
    with pytest.raises(Refusal, match=words) as refused:
        adapter.check(given)
    assert refused.value.field == field


def test_the_form_asks_for_what_the_check_wants(adapter: Stripe):
    fields = {field.name: field for field in adapter.fields}
    assert [name for name, field in fields.items() if field.secret] == ["key", "webhook_secret"]
    assert [name for name, field in fields.items() if not field.required] == [
        "webhook_secret",
        "connected_account",
    ]
    assert [value for value, _label in fields["access"].choices] == ["own", "connect"]
    for name, text in {**GOOD, "connected_account": "acct_0123456789"}.items():
        assert re.fullmatch(fields[name].pattern, text)


def test_a_good_key_answers(world: StripeWorld):
    world.adapter().ping(world.view(), world.peer, now())
    assert {asked.method for asked in world.peer.asked} == {"GET"}, "a test changes nothing"


@pytest.mark.parametrize(
    ("right", "words"),
    [
        ("sessions", "Checkout Sessions"),
        ("payment_intents", "PaymentIntents"),
        ("refunds", "Charges and Refunds"),
        ("disputes", "Disputes"),
        ("balance_transactions", "Balance Transactions"),
    ],
)
def test_a_right_that_is_missing_is_named(world: StripeWorld, right: str, words: str):
    world.peer.forbidden = {right}
    with pytest.raises(Refusal, match=words) as refused:
        world.adapter().ping(world.view(), world.peer, now())
    assert refused.value.field == "key"


def test_a_key_that_was_rolled(world: StripeWorld):
    world.peer.unknown = {world.merchant.key}
    with pytest.raises(Refusal, match="does not know this key"):
        world.adapter().ping(world.view(), world.peer, now())


def test_an_account_that_is_not_connected_any_more(app: Flask):
    world = stripe_world(app, connected="acct_0123456789")
    world.peer.faults.append("403")
    with pytest.raises(Refusal, match="acct_0123456789") as refused:
        world.adapter().ping(world.view(), world.peer, now())
    assert refused.value.field == "connected_account"


@pytest.mark.parametrize("fault", [["timeout"] * 3, ["503"] * 3, ["html"], ["429"] * 3])
def test_silence_is_not_a_wrong_key(world: StripeWorld, fault: list[str]):
    world.peer.faults.extend(fault)
    with pytest.raises(Unreachable):
        world.adapter().ping(world.view(), world.peer, now())


def test_what_it_can_do(adapter: Stripe):
    can = adapter.can(account())
    assert (can.refunds, can.settlement, can.saved_methods) == ("partial", "list", True)
    assert can.exponents == EXPONENTS
    assert can.exponents["COP"] == can.exponents["ARS"] == can.exponents["VES"] == 2
    assert can.exponents["CLP"] == can.exponents["JPY"] == can.exponents["PYG"] == 0
    assert can.exponents["KWD"] == 2, "of the thousandths the last is always 0"
    assert not AMBIGUOUS & can.exponents.keys()


@pytest.mark.parametrize("currency", sorted(set(UNITS) & set(money.EXPONENTS)))
@pytest.mark.parametrize("amount", [1, 7, 99, 15_025, 10**11])
def test_amounts_come_back_as_they_went(currency: str, amount: int):
    assert from_stripe(to_stripe(amount, currency), currency) == amount


def test_thousandths(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(money.EXPONENTS, "KWD", 3)
    assert to_stripe(5_120, "KWD") == 5_120
    monkeypatch.setitem(money.EXPONENTS, "KWD", 2)
    assert to_stripe(512, "KWD") == 5_120
    assert from_stripe(5_120, "KWD") == 512
    with pytest.raises(ValueError, match="fraction"):
        from_stripe(5_124, "KWD")


def test_nothing_is_rounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(money.EXPONENTS, "CLP", 2)
    assert to_stripe(150_00, "CLP") == 150
    with pytest.raises(Refusal, match="too many decimals"):
        to_stripe(150_25, "CLP")


def test_the_real_stripe_in_production(_app: Flask):
    import dataclasses

    config: Config = _app.extensions["ventanilla_config"]
    for strict in (
        dataclasses.replace(config, environment="production", simulator_host=None),
        dataclasses.replace(config, environment="production"),
    ):
        assert Stripe(strict)._api(account("test")) is None
        assert Stripe(strict)._api(account("live")) is None
    assert Stripe(config)._api(account("live")) is None
