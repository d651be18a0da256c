"""The verifier: only PayU's own bytes are believed, and of them only what is signed. Group G, spec §2.3."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.payments.interface import CAPTURED, EXPIRED, FAILED, SIGNED, Ask, Forged, Observation
from blueprints.payments.providers.payu.signing import EXTENDABLE, Keys
from tests.blueprints.payments.providers.payu.world import (
    MOMENT,
    SANDBOX,
    account,
    adapter,
    confirmation,
    notice,
)

VECTORS = json.loads(Path(__file__).with_name("payu_vectors.json").read_text())
KEYS = Keys(SANDBOX["api_key"])


def read(fields, view=None, **of_notice):
    return adapter().receive(view or account(), notice(fields, **of_notice))


def forged(fields, view=None, **of_notice) -> str:
    with pytest.raises(Forged) as caught:
        read(fields, view, **of_notice)
    return str(caught.value)


@pytest.mark.parametrize(("state", "kind"), [("4", CAPTURED), ("6", FAILED), ("5", EXPIRED)])
def test_a_genuine_confirmation_is_an_observation(state, kind):
    (said,) = read(confirmation(state_pol=state))
    assert isinstance(said, Observation)
    assert (said.kind, said.amount, said.currency, said.mode) == (kind, 15_000_50, "COP", "test")
    assert (said.reference, said.evidence, said.occurred_at) == ("ABCD-EFGH-2345", SIGNED, MOMENT)


@pytest.mark.parametrize("algorithm", sorted(EXTENDABLE))
def test_a_digest_that_can_be_extended_is_only_a_question(algorithm):
    view = account(algorithm=algorithm)
    assert read(confirmation(algorithm=algorithm), view) == [Ask(reference="ABCD-EFGH-2345")]


@pytest.mark.parametrize("vector", VECTORS["confirmation_sign"]["vectors"], ids=lambda vector: vector["id"])
def test_published_confirmations_are_accepted(vector):
    view = account(
        algorithm=vector["algorithm"],
        merchant_id=vector["merchant_id"],
        secrets={**SANDBOX, "api_key": vector["apiKey"], "hmac_key": vector.get("hmacKey", "")},
    )
    names = ("merchant_id", "reference_sale", "value", "currency", "state_pol")
    (said,) = read({**{name: vector[name] for name in names}, "sign": vector["expected"]}, view)
    assert said.reference == vector["reference_sale"]


@pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS["must_reject"] if "sign" in vector and "expected_effect" not in vector],
    ids=lambda vector: vector["id"],
)
def test_signatures_made_for_something_else_are_refused(vector):
    names = ("merchant_id", "reference_sale", "value", "currency", "state_pol", "sign")
    assert "signature" in forged({name: vector[name] for name in names}, account(algorithm="MD5"))


def test_a_form_signature_that_was_extended_is_refused():
    """Length extension: the digest is right, only the currency is three letters and a hash's padding."""
    said = VECTORS["must_reject"][0]["forged_confirmation"]
    plain = {name: said[name] for name in ("merchant_id", "reference_sale", "value", "state_pol", "sign")}
    padded = "".join(f"%{byte:02X}" for byte in bytes.fromhex(said["currency_bytes_hex"]))
    view = account(algorithm="MD5")
    assert forged(f"{urlencode(plain)}&currency={padded}".encode(), view) == "not a form: UnicodeDecodeError"
    # The same bytes read as Latin-1, by whatever stands between: no currency has such letters.
    latin = {**plain, "currency": bytes.fromhex(said["currency_bytes_hex"]).decode("latin-1")}
    assert forged(latin, view) == "no currency"


@pytest.mark.parametrize(
    "sign", ["", "0" * 64, "é" * 64, "[]", " ", "4", "0" * 32, "x" * 64, "null", "0" * 63 + "٣"]
)
def test_a_wrong_signature_is_refused(sign):
    assert "signature" in forged(confirmation(sign=sign))


def test_a_signature_with_something_around_it_is_refused_and_capitals_are_the_same():
    good = confirmation()["sign"]
    for wrong in (f"{good} ", f" {good}", f"{good}\n", good[:-1], f"{good}0", f"{good}~"):
        forged(confirmation(sign=wrong))
    assert read(confirmation(sign=good.upper()))


def test_an_array_is_no_signature():
    fields = confirmation()
    fields["sign[]"] = fields.pop("sign")
    assert "signature" in forged(fields)


@pytest.mark.parametrize("configured", ["HMAC-SHA256", "SHA256", "SHA", "MD5"])
def test_only_the_configured_algorithm_counts_whatever_the_message_looks_like(configured):
    for algorithm in {"HMAC-SHA256", "SHA256", "SHA", "MD5"} - {configured}:
        said = {**confirmation(algorithm=algorithm), "algorithmSignature": algorithm}
        assert "signature" in forged(said, account(algorithm=configured))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("merchant_id", "508030"),
        ("reference_sale", "ABCD-EFGH-2346"),
        ("value", "15000.51"),
        ("value", "15000.5"),
        ("value", "1500050"),
        ("currency", "USD"),
        ("state_pol", "6"),
    ],
)
def test_a_change_in_any_signed_field_breaks_it(name, value):
    said = {**confirmation(state_pol="4"), name: value}
    if (name, value) == ("value", "15000.5"):
        assert read(said)[0].amount == 15_000_50, "the same amount, written shorter"
    else:
        forged(said)


UNSIGNED = (
    "transaction_id",
    "reference_pol",
    "date",
    "response_code_pol",
    "extra1",
    "cc_holder",
    "tax",
    "email_buyer",
)


@pytest.mark.parametrize("name", UNSIGNED)
def test_no_unsigned_field_makes_another_fact_of_it(name):
    (one,) = read(confirmation())
    for value in ("", "0", "4", "<script>", "=cmd|' /C calc'!A0", "a\r\nSet-Cookie: x", "x" * 10_000, "~4"):
        (other,) = read({**confirmation(), name: value})
        assert other.dedupe_key == one.dedupe_key
        assert (other.kind, other.amount, other.provider_reference, dict(other.facts), other.event) == (
            CAPTURED,
            one.amount,
            "",
            {},
            "",
        )


def test_a_minimal_confirmation_is_enough():
    names = ("merchant_id", "reference_sale", "value", "currency", "state_pol", "sign")
    (said,) = read({name: confirmation()[name] for name in names})
    assert said.mode == "test", "without a word of it, the account's own"


@pytest.mark.parametrize(
    ("test", "mode"), [("1", "test"), ("0", "live"), ("", "unknown"), ("true", "unknown")]
)
def test_the_mode_is_said_so_that_it_can_differ(test, mode):
    own = {**SANDBOX, "api_key": "9s8d7f6g5h4j3k2l1q0w9e8r7t"}
    for view in (account(secrets=own), account(mode="live", secrets=own)):
        assert read(confirmation(Keys(own["api_key"]), test=test), view)[0].mode == mode


@pytest.mark.parametrize("state", ["7", "104", "", "44", "4 ", "٤", "12"])
def test_only_ends_are_confirmed(state):
    assert "state" in forged(confirmation(state_pol=state))


@pytest.mark.parametrize("currency", ["", "US", "USDX", "usd", "U\u0421D", "US~", "USD\n", "US\x00"])
def test_a_currency_is_three_letters(currency):
    assert forged(confirmation(currency=currency)) == "no currency"


@pytest.mark.parametrize("reference", ["", "a~b", "a\x00b", "a\n", "x" * 256])
def test_a_reference_that_no_shop_has_is_refused(reference):
    assert forged(confirmation(reference_sale=reference)) == "no reference"


def test_a_reference_of_another_shop_of_the_merchant_is_heard():
    """One account at PayU may serve more than us: what is genuine and unknown is quarantined, not refused."""
    assert read(confirmation(reference_sale="2015-05-27 13:04:37"))[0].reference == "2015-05-27 13:04:37"


@pytest.mark.parametrize("value", ["-15000.50", "1e5", "15,000.50", "15000.500", "", "NaN", "٣"])
def test_a_value_is_a_plain_amount(value):
    fields = {**confirmation(), "value": value}
    assert forged(fields) == "no amount"


def test_an_amount_finer_than_its_currency_is_refused():
    assert "finer" in forged(confirmation(currency="CLP", value="150.50"), account(country="CL"))
    assert read(confirmation(currency="CLP", value="150.00"), account(country="CL"))[0].amount == 150


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencodedx",
    ]
    + [
        "application/x-www-form-urlencoded; charset=iso-8859-1",
        "application/x-www-form-urlencoded; charset=utf-7",
    ],
)
def test_another_content_type_is_refused(kind):
    assert forged(confirmation(), content_type=kind) == "not a form in UTF-8"


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", 'Application/X-WWW-Form-Urlencoded; charset="UTF-8"']
)
def test_the_forms_own_content_type_is_taken(kind):
    assert read(confirmation(), content_type=kind)


@pytest.mark.parametrize("name", ["sign", "value", "state_pol", "extra1", "currency"])
def test_a_field_twice_is_refused(name):
    body = urlencode([*confirmation().items(), (name, "4")]).encode()
    assert forged(body) == "a field twice"


@pytest.mark.parametrize(
    "tail",
    [b"&extra2=%", b"&extra2=%4", b"&extra2=%zz", b"&extra2=%FF", b"&extra2=\xff", b"&extra2", b"&&", b"&"],
)
def test_bytes_that_are_no_form_in_utf8_are_refused(tail):
    forged(urlencode(confirmation()).encode() + tail)


def test_hundreds_of_fields_are_refused():
    forged({**confirmation(), **{f"f{number}": "1" for number in range(500)}})


@pytest.mark.parametrize("name", ["merchant_id", "reference_sale", "value", "currency", "state_pol", "sign"])
def test_a_missing_signed_field_is_refused(name):
    fields = confirmation()
    del fields[name]
    forged(fields)


def test_a_merchant_that_is_not_the_accounts_is_refused_even_when_it_signed():
    assert forged(confirmation(), account(merchant_id="771122")) == "a confirmation for another merchant"


def test_the_secrets_before_a_rotation_are_believed_while_they_are_known():
    """F15."""
    new = {"api_key": "newkeynewkeynewkeynewkey12", "api_login": "newloginnew1234"}
    rotated = account(secrets=new, previous=SANDBOX)
    assert read(confirmation(), rotated)
    assert read(confirmation(Keys(new["api_key"])), rotated)
    forged(confirmation(), account(secrets=new))
    forged(confirmation(Keys("anotherkeyanotherkeyanothe")), rotated)


def test_the_public_sandbox_key_proves_nothing_on_a_live_account():
    """A tenant that went live by replacing its secrets still has the published ones as those before."""
    live = {"merchant_id": "771122", "mode": "live"}
    own = {"api_key": "9s8d7f6g5h4j3k2l1q0w9e8r7t", "api_login": "a1b2c3d4e5f6g7h"}
    fields = confirmation(merchant_id="771122", test="0")
    for previous in (SANDBOX, {**own, "hmac_key": SANDBOX["api_key"]}):
        forged(fields, account(**live, secrets=own, previous=previous))
    forged(fields, account(**live, secrets=SANDBOX))
    assert read(fields, account(merchant_id="771122", secrets=own, previous=SANDBOX)), (
        "in test mode it is one"
    )
    genuine = confirmation(Keys(own["api_key"]), merchant_id="771122", test="0")
    assert read(genuine, account(**live, secrets=own, previous=SANDBOX))


@pytest.mark.parametrize("algorithm", ["HMAC-SHA256", "SHA256", "SHA", "MD5"])
def test_an_account_without_a_key_believes_nobody(algorithm):
    """No key is not an empty key: there is nothing before the first rotation."""
    fields = confirmation(Keys(""), algorithm)
    for secrets in ({}, {**SANDBOX, "api_key": ""}, SANDBOX):
        forged(fields, account(secrets=secrets, algorithm=algorithm))


def test_an_hmac_key_of_its_own():
    view = account(secrets={**SANDBOX, "hmac_key": "test123"})
    assert read(confirmation(Keys(SANDBOX["api_key"], "test123")), view)
    forged(confirmation(), view)


def test_a_sender_that_the_account_does_not_allow_is_refused():
    view = account(addresses="34.233.144.154, 184.73.94.138;2001:db8::1")
    assert read(confirmation(), view, address="184.73.94.138")
    assert read(confirmation(), view, address="2001:db8::1")
    for address in ("", "184.73.94.139", "34.233.144.154, 184.73.94.138"):
        assert "address" in forged(confirmation(), view, address=address)


@pytest.mark.parametrize("kind", ["REFUND", "PARTIAL_REFUND", "VOID", "refund"])
def test_a_notice_of_a_refund_is_a_question_and_never_a_payment(kind):
    """Its state is 4 too, and its type is not signed."""
    assert read({**confirmation(), "transaction_type": kind}) == [Ask(reference="ABCD-EFGH-2345")]


@given(st.binary(max_size=400))
def test_whatever_comes_in_is_forged_or_genuine_and_nothing_else(body):
    with pytest.raises(Forged):
        read(body)


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=12))
def test_whatever_form_comes_in_is_forged_without_the_key(fields):
    if fields:
        with pytest.raises(Forged):
            read(fields)


@given(
    amount=st.integers(1, 10**12),
    reference=st.from_regex("[A-Za-z0-9-]{1,40}", fullmatch=True),
    state=st.sampled_from("456"),
)
def test_what_payu_signs_is_what_is_read(amount, reference, state):
    whole, cents = divmod(amount, 100)
    (said,) = read(confirmation(value=f"{whole}.{cents:02d}", reference_sale=reference, state_pol=state))
    assert (said.amount, said.reference) == (amount, reference)


def test_nothing_of_the_key_is_in_what_is_said_of_a_forged_one():
    for fields in (confirmation(sign="0" * 64), {**confirmation(), "value": "x"}):
        assert SANDBOX["api_key"] not in forged(fields)
