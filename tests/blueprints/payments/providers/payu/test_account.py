"""An account at PayU: what cannot be right is refused before anybody pays, and hosts follow the mode."""

from __future__ import annotations

import dataclasses

import pytest

from blueprints.payments import registry
from blueprints.payments.providers.payu.account import PRODUCTION, SANDBOX, hosts_of
from saas.refusals import Refusal
from tests.blueprints.payments.providers.payu.world import SANDBOX as KEYS
from tests.blueprints.payments.providers.payu.world import TEST_CONFIG, account, adapter

LIVE = {"merchant_id": "771122", "account_id": "778899"}
OWN = {"api_key": "9s8d7f6g5h4j3k2l1q0w9e8r7t", "api_login": "a1b2c3d4e5f6g7h"}


def refused(view) -> str | None:
    with pytest.raises(Refusal) as caught:
        adapter().check(view)
    return caught.value.field


def test_the_published_sandbox_is_good_for_tests_only():
    adapter().check(account())
    adapter().check(account(country="AR", account_id="512322"))
    assert refused(account(mode="live")) == "merchant_id"
    assert refused(account(mode="live", merchant_id="500238")) == "merchant_id"
    assert refused(account(mode="live", **LIVE)) == "api_key"
    assert (
        refused(account(mode="live", **LIVE, secrets={**OWN, "api_login": KEYS["api_login"]})) == "api_login"
    )
    assert refused(account(mode="live", **LIVE, secrets={**OWN, "hmac_key": KEYS["api_key"]})) == "hmac_key"
    assert refused(account(mode="live", **{**LIVE, "account_id": "512321"}, secrets=OWN)) == "account_id"
    adapter().check(account(mode="live", **LIVE, secrets=OWN))


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"country": "VE"}, "country"),
        ({"merchant_id": "50 8029"}, "merchant_id"),
        ({"merchant_id": "٥٠٨"}, "merchant_id"),
        ({"merchant_id": ""}, "merchant_id"),
        ({"account_id": "A12321"}, "account_id"),
        ({"algorithm": "SHA512"}, "algorithm"),
        ({"algorithm": "md5"}, "algorithm"),
        ({"tax": "19"}, "tax"),
        ({"hours": "1000"}, "hours"),
        ({"addresses": "example.com"}, "addresses"),
        ({"country": "AR"}, "account_id"),
    ],
)
def test_settings_that_cannot_be_right_name_their_field(settings, field):
    assert refused(account(**settings)) == field


@pytest.mark.parametrize(
    ("secrets", "field"),
    [
        ({}, "api_key"),
        ({"api_key": KEYS["api_key"]}, "api_login"),
        ({**KEYS, "api_key": "with~tilde0"}, "api_key"),
        ({**KEYS, "api_login": "with space"}, "api_login"),
        ({**KEYS, "hmac_key": "short"}, "hmac_key"),
        ({**KEYS, "api_key": "anotherkeyanotherkeyanothe"}, "api_key"),
        ({**KEYS, "api_login": "anotherlogin123"}, "api_login"),
    ],
)
def test_secrets_that_cannot_be_right_name_their_field(secrets, field):
    assert refused(account(secrets=secrets)) == field


def test_a_live_account_never_talks_to_a_sandbox_nor_the_other_way_round():
    production = dataclasses.replace(TEST_CONFIG, environment="production", simulator_host=None)
    wrong = dataclasses.replace(TEST_CONFIG, environment="production")
    for config in (TEST_CONFIG, production):
        assert hosts_of(account(mode="live"), config) == PRODUCTION
    assert hosts_of(account(), production) == SANDBOX
    assert hosts_of(account(), wrong) == SANDBOX, "there is no look-alike in production"
    simulated = hosts_of(account(), TEST_CONFIG)
    assert simulated.checkout.startswith("http://bank.localhost") and "/payu/ppp-web" in simulated.checkout
    assert "https://checkout.payulatam.com" in registry.form_origins(production)


def test_it_says_what_it_can():
    can = adapter().can(account(country="CL"))
    assert can.exponents == {"CLP": 0, "USD": 2}
    assert (can.refunds, can.refunds_wait, can.settlement) == ("partial", True, "ours")
    assert can.first_polls, "the look-alike may be asked at once"
    live = adapter().can(account(mode="live"))
    assert live.first_polls == (), "PayU wants seven minutes before the first question"
    assert adapter().can(account(hours="72")).lifetime.total_seconds() == 72 * 3600


def test_every_field_has_what_a_form_needs():
    names = [field.name for field in adapter().fields]
    assert len(names) == len(set(names))
    assert {field.name for field in adapter().fields if field.secret} == {"api_key", "api_login", "hmac_key"}
    assert next(field for field in adapter().fields if field.name == "algorithm").default == "HMAC-SHA256"
