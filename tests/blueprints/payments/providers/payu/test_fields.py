"""The form: strict fields, exact amounts, the same form for the same attempt."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.payments.interface import Form, PayerView
from blueprints.payments.providers.payu import amounts
from blueprints.payments.providers.payu.fields import LENGTHS, form_fields, plain
from blueprints.payments.providers.payu.signing import Keys, form_signature
from saas.money import EXPONENTS
from saas.refusals import Refusal
from tests.blueprints.payments.providers.payu.world import SANDBOX, account, adapter, attempt


def test_the_form_says_everything_that_payu_wants():
    step = adapter().start(account(), attempt(), wire=None)  # type: ignore[arg-type]
    assert isinstance(step, Form) and step.action.endswith("/payu/ppp-web-gateway-payu")
    assert dict(step.fields) == {
        "merchantId": "508029",
        "accountId": "512321",
        "description": "Hogar & Raíz: FV-1",
        "referenceCode": "ABCD-EFGH-2345",
        "amount": "15000.50",
        "currency": "COP",
        "tax": "0",
        "taxReturnBase": "0",
        "lng": "es",
        "algorithmSignature": "HMAC-SHA256",
        "test": "1",
        "responseUrl": "http://hogar.localhost/payments/1",
        "confirmationUrl": "http://localhost/hooks/payu/token",
        "expirationDate": "2026-11-22 10:00:00",
        "buyerFullName": "Renata Ochoa",
        "buyerEmail": "renata@example.com",
        "buyerDocumentType": "CC",
        "buyerDocument": "43111222",
        "telephone": "+573001112233",
        "payerFullName": "Renata Ochoa",
        "payerEmail": "renata@example.com",
        "payerDocumentType": "CC",
        "payerDocument": "43111222",
        "payerPhone": "+573001112233",
        "signature": form_signature(
            Keys(SANDBOX["api_key"]),
            "HMAC-SHA256",
            merchant_id="508029",
            reference="ABCD-EFGH-2345",
            amount="15000.50",
            currency="COP",
        ),
    }
    assert step == adapter().start(account(), attempt(), wire=None), "the same attempt gives the same step"  # type: ignore[arg-type]


def test_a_live_form_is_no_test():
    own = {**SANDBOX, "api_key": "9s8d7f6g5h4j3k2l1q0w9e8r7t"}
    assert form_fields(account(mode="live", secrets=own), attempt())["test"] == "0"
    with pytest.raises(Refusal, match="not set up"):
        form_fields(account(mode="live", previous=own), attempt())


def test_taxes_can_be_left_to_payu():
    fields = form_fields(account(tax="payu"), attempt())
    assert "tax" not in fields and "taxReturnBase" not in fields


def test_the_hmac_key_signs_where_there_is_one():
    with_own = form_fields(account(secrets={**SANDBOX, "hmac_key": "test123"}), attempt())
    assert with_own["signature"] != form_fields(account(), attempt())["signature"]


@pytest.mark.parametrize(
    ("country", "days", "expected"),
    [("CO", 30, "2026-11-28 10:00:00"), ("AR", 30, "2026-12-06 10:00:00"), ("CO", 1, "2026-11-22 10:00:00")],
)
def test_a_coupon_ends_with_the_attempt_or_where_payu_ends_it(country, days, expected):
    one = attempt(currency="USD", expires_at=attempt().created_at + datetime.timedelta(days=days))
    assert form_fields(account(country=country), one)["expirationDate"] == expected


@pytest.mark.parametrize("amount", [0, -1, 10**12])
def test_amounts_that_payu_cannot_hold_are_refused(amount):
    with pytest.raises(Refusal):
        form_fields(account(), attempt(amount=amount))


def test_currencies_of_other_countries_are_refused():
    for currency in ("ARS", "EUR"):
        with pytest.raises(Refusal, match="currency"):
            form_fields(account(), attempt(currency=currency))


@pytest.mark.parametrize("reference", ["", "a~4", "a b", "x" * 41, "ñ", "a\n", "../a", "٣"])
def test_a_reference_is_letters_figures_and_hyphens(reference):
    with pytest.raises(ValueError, match="reference"):
        form_fields(account(), attempt(reference=reference))


@pytest.mark.parametrize("name", ["return_url", "notice_url"])
@pytest.mark.parametrize("url", ["http://a/" + "x" * 255, "http://a/~b", "http://a/\nb", ""])
def test_addresses_that_payu_cannot_hold_are_not_sent(name, url):
    with pytest.raises(ValueError, match="PayU"):
        form_fields(account(), attempt(**{name: url}))


def test_what_is_not_known_of_the_payer_is_not_sent():
    fields = form_fields(account(), attempt(payer=PayerView("a@example.com")))
    assert not {name for name in fields if "Document" in name or "FullName" in name or "hone" in name}
    odd = PayerView("a~b@example.com", "~", "LIBRETA", "1", "no phone")
    fields = form_fields(account(), attempt(payer=odd))
    assert not {name for name in fields if name.startswith(("buyerEmail", "buyerDocument", "telephone"))}


@given(
    description=st.text(max_size=400),
    name=st.text(max_size=300),
    document=st.text(max_size=40),
    phone=st.text(max_size=30),
)
def test_whatever_people_wrote_the_form_stays_inside_payus_fields(description, name, document, phone):
    payer = PayerView("a@example.com", name, "CC", document, phone)
    fields = form_fields(account(), attempt(description=description + "x", payer=payer))
    for key, value in fields.items():
        assert value and "~" not in value and value.isprintable() and value == value.strip(), key
        assert len(value) <= LENGTHS.get(key, 255), key


def test_plain_keeps_what_people_read():
    assert plain("Año  2026\r\n ~ <script>\x00", 255) == "Año 2026 - <script>"


@given(st.integers(1, 10**14), st.sampled_from(sorted(EXPONENTS)))
def test_amounts_go_out_and_come_back_the_same(amount, currency):
    written = amounts.written(amount, currency)
    assert "." not in written or len(written.partition(".")[2]) == EXPONENTS[currency]
    if Decimal(written).adjusted() <= amounts.LARGEST_DIGITS:
        assert amounts.read(Decimal(written), currency) == amount


@pytest.mark.parametrize(
    ("value", "currency"),
    [
        ("150.5", "CLP"),
        ("1.234", "COP"),
        ("-1", "COP"),
        ("NaN", "COP"),
        ("Infinity", "COP"),
        ("1E+999999", "COP"),
    ],
)
def test_amounts_that_cannot_be_exact_are_none(value, currency):
    with pytest.raises(ValueError, match=r"amount|finer"):
        amounts.read(Decimal(value), currency)


def test_a_strange_currency_is_read_so_that_it_can_be_told_apart():
    assert amounts.read(Decimal("150.25"), "JPY") == 150_25
    assert amounts.read(Decimal("1.5E+3"), "CLP") == 1500


def test_the_view_is_not_changed():
    one = attempt()
    form_fields(account(), one)
    assert one == dataclasses.replace(one)
