"""PayU's signatures: every published and captured vector, what must be rejected, and the misprints."""

from __future__ import annotations

import hashlib
import hmac
import json
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.payments.providers.payu import signing
from blueprints.payments.providers.payu.signing import Keys

VECTORS = json.loads(Path(__file__).with_name("payu_vectors.json").read_text())
KEYS = Keys(VECTORS["sandbox"]["apiKey"])


def keys_of(vector: dict[str, Any]) -> Keys:
    return Keys(vector["apiKey"], vector.get("hmacKey", ""))


def algorithm_of(vector: dict[str, Any]) -> str:
    """The vectors write SHA1; PayU's form field calls it SHA."""
    return {"SHA1": "SHA"}.get(vector["algorithm"], vector["algorithm"])


def by_id(vectors: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("vector", vectors, ids=[vector["id"] for vector in vectors])


def confirm(vector: dict[str, Any], **changes: str) -> str:
    said = {**vector, **changes}
    return signing.confirmation_sign(
        keys_of(vector) if "apiKey" in vector else KEYS,
        algorithm_of(vector) if "algorithm" in vector else "MD5",
        merchant_id=said["merchant_id"],
        reference=said["reference_sale"],
        value=said["value"],
        currency=said["currency"],
        state=said["state_pol"],
    )


@by_id(VECTORS["form_signature"]["vectors"])
def test_the_form_is_signed_as_payu_signs_it(vector):
    assert vector["expected"] == signing.form_signature(
        keys_of(vector),
        algorithm_of(vector),
        merchant_id=vector["merchantId"],
        reference=vector["referenceCode"],
        amount=vector["amount"],
        currency=vector["currency"],
    )


@by_id([*VECTORS["confirmation_sign"]["vectors"], *VECTORS["confirmation_sign"]["derived"]])
def test_the_confirmation_is_signed_as_payu_signs_it(vector):
    assert signing.confirmation_value(vector["value"]) == vector["new_value"]
    assert confirm(vector) == vector["expected"]


@by_id(VECTORS["response_signature"]["vectors"])
def test_the_response_is_signed_as_payu_signs_it(vector):
    assert signing.response_value(vector["TX_VALUE"]) == vector["new_value"]
    parameters = {
        **{
            name: vector[name]
            for name in ("merchantId", "referenceCode", "TX_VALUE", "currency", "transactionState")
        },
        "signature": vector["expected"].upper(),
    }
    known = {"merchant_id": vector["merchantId"], "parameters": parameters}
    assert signing.response_is_genuine(keys_of(vector), algorithm_of(vector), **known)
    for name in ("referenceCode", "TX_VALUE", "currency", "transactionState", "signature", "merchantId"):
        changed = {**parameters, name: "9" + parameters[name][1:] + "9"}
        assert not signing.response_is_genuine(
            keys_of(vector), algorithm_of(vector), merchant_id=vector["merchantId"], parameters=changed
        ), name
        missing = {key: value for key, value in parameters.items() if key != name}
        assert not signing.response_is_genuine(
            keys_of(vector), algorithm_of(vector), merchant_id=vector["merchantId"], parameters=missing
        ), name


def test_the_documentation_prints_the_signature_of_another_state():
    """Misprint 1: the confirmation page shows the value of state 4 under state 6."""
    misprint = VECTORS["doc_misprints"][0]
    said = {**misprint["printed_inputs"], "merchant_id": "508029"}
    assert confirm(said) == misprint["true_value"] != misprint["printed"]
    assert confirm(said, state_pol="4") == misprint["printed"]


def test_the_documentation_shows_a_merchant_that_did_not_sign():
    """Misprint 2: the samples show merchant 508029 and were signed with the sandbox before it, 500238."""
    misprint = VECTORS["doc_misprints"][1]
    assert confirm(misprint["printed_inputs"]) == misprint["true_value"] != misprint["printed"]
    before = {**misprint["printed_inputs"], "merchant_id": "500238"}
    before |= {"apiKey": "6u39nqhq8ftd0hlvnjfs66eh8c", "algorithm": "MD5"}
    assert confirm(before) == misprint["printed"]


def test_the_documentation_drops_the_decimal_of_whole_amounts():
    """Misprint 3: the PHP sample prints 300 for 300.00 and would refuse genuine answers."""
    captured = next(
        vector for vector in VECTORS["response_signature"]["vectors"] if "captured" in vector["id"]
    )
    values = (captured["merchantId"], captured["referenceCode"], "3", captured["currency"], "4")
    assert signing.sign(keys_of(captured), "MD5", values) != captured["expected"]
    assert signing.response_value("300.00") == "300.0"


@by_id([vector for vector in VECTORS["must_reject"] if "sign" in vector and "expected_effect" not in vector])
def test_a_signature_made_for_something_else_is_none(vector):
    assert confirm(vector) != vector["sign"]


def test_a_verifier_of_bare_bytes_would_take_the_extended_signature():
    """Why the others are not believed by themselves: the forged confirmation's digest is right, byte for byte."""
    forged = VECTORS["must_reject"][0]["forged_confirmation"]
    text = b"~".join(
        [
            KEYS.api_key.encode(),
            forged["merchant_id"].encode(),
            forged["reference_sale"].encode(),
            signing.confirmation_value(forged["value"]).encode(),
            bytes.fromhex(forged["currency_bytes_hex"]),
            forged["state_pol"].encode(),
        ]
    )
    assert hashlib.md5(text).hexdigest() == forged["sign"]


def test_a_genuine_sign_stays_genuine_with_another_transaction():
    vector = next(vector for vector in VECTORS["must_reject"] if "expected_effect" in vector)
    assert confirm(vector) == vector["sign"], "so its number must never make it a second payment"


@given(st.integers(0, 10**13 - 1))
def test_values_of_the_response_are_rounded_half_to_even(cents):
    value = f"{cents // 100}.{cents % 100:02d}"
    expected = Decimal(value).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)
    assert signing.response_value(value) == str(expected)


@given(st.integers(0, 10**12), st.integers(0, 99))
def test_values_of_the_confirmation_never_change_their_amount(whole, cents):
    for written in {f"{whole}.{cents:02d}", f"{whole}.{cents:02d}".removesuffix("0")}:
        if not written.endswith("."):
            short = signing.confirmation_value(written)
            assert Decimal(short) == Decimal(written)
            assert len(short.partition(".")[2]) == (1 if cents % 10 == 0 else 2)


@pytest.mark.parametrize(
    "value", ["", ".5", "5.", "1.234", "-1", "+1", "1e3", "NaN", "1,5", "٣", " 1", "1 ", "1\n", "0x1"]
)
def test_what_is_no_amount_has_no_signature(value):
    for rule in (signing.confirmation_value, signing.response_value):
        with pytest.raises(ValueError, match="no amount"):
            rule(value)


@given(
    st.text("abcABC019", min_size=1, max_size=30),
    st.text("abc019", max_size=30),
    st.sampled_from(signing.ALGORITHMS),
    st.lists(st.text("abcXYZ0129.-", min_size=1, max_size=12), min_size=1, max_size=6),
)
def test_signing_is_the_standard_librarys_digest_of_what_payu_describes(api_key, hmac_key, algorithm, values):
    """The differential test: written here a second time, from the documentation alone."""
    text = "~".join([api_key, *values]).encode()
    if algorithm == "HMAC-SHA256":
        expected = hmac.digest((hmac_key or api_key).encode(), text, "sha256").hex()
    else:
        name = {"SHA": "sha1"}.get(algorithm, algorithm.lower())
        expected = hashlib.new(name, text, usedforsecurity=False).hexdigest()
    assert signing.sign(Keys(api_key, hmac_key), algorithm, values) == expected
    assert signing.same(expected.upper(), expected)


def test_there_are_four_algorithms():
    with pytest.raises(ValueError, match="no algorithm"):
        signing.sign(KEYS, "SHA512", ["x"])


def test_limits_of_the_form_are_signed_in_their_order():
    form = {"merchant_id": "508029", "reference": "TestPayU", "amount": "3", "currency": "USD"}
    both = signing.form_signature(KEYS, "MD5", **form, limits=("VISA", "450799"))
    assert both == signing.sign(KEYS, "MD5", ("508029", "TestPayU", "3", "USD", "VISA", "450799"))


def test_keys_are_not_shown():
    assert "4Vj8" not in repr(KEYS)
