"""The peer's own check: what Stripe's types do not know must not pass, or the other tests prove nothing."""

from __future__ import annotations

import pytest

from blueprints.payments.providers.stripe_simulator.forms import nested
from tests.blueprints.payments.providers.stripe.contract import complaints

GOOD = (
    "mode=payment&success_url=https://x/&line_items[0][quantity]=1&line_items[0][price_data][currency]=cop"
    "&line_items[0][price_data][unit_amount]=100&line_items[0][price_data][product_data][name]=F-1"
    "&metadata[attempt]=1&adaptive_pricing[enabled]=false"
)


def test_a_good_request_passes():
    assert complaints("POST", "checkout/sessions", nested(GOOD)) == []


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ("&payment_method_types[0]=card", "no such parameter"),
        ("&payment_intent_data[metdata][a]=1", "no such parameter"),
        ("&line_items[0][price_data][amount]=1", "no such parameter"),
        ("&expires_at=tomorrow", "a number"),
        ("&expires_at=1.5", "a number"),
        ("&mode=pay", "none of"),
        ("&adaptive_pricing[enabled]=False", "true or false"),
        ("&locale=es-CO", "none of"),
        ("&client_reference_id=", "a text"),
        ("&metadata[a][b]=1", "mapping of texts"),
    ],
)
def test_what_the_types_do_not_know_is_found(more: str, word: str):
    found = complaints("POST", "checkout/sessions", nested(GOOD + more))
    assert len(found) == 1
    assert word in found[0]


def test_what_is_missing_and_what_nobody_knows():
    assert complaints("POST", "checkout/sessions", nested("line_items[0][price_data][unit_amount]=1"))
    assert complaints("POST", "charges", {}) == ["POST charges: no parameters are known for it"]
    assert complaints("GET", "refunds", nested("paymentintent=pi_1"))
