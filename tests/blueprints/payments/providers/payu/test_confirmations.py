"""Groups F and G of the bad inputs, over HTTP: forged, foreign, replayed, shuffled, hostile; nothing moves a cent."""

from __future__ import annotations

import datetime
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from blueprints.payments.models import InboxRow, ObservationRow
from blueprints.payments.providers.payu.signing import Keys
from blueprints.payments.providers.payu_simulator import merchants
from saas.clock import now
from saas.database import db
from saas.outbox import drain
from saas.scope import unit_of_work
from tenants.frame import keyring
from tests.application import client_for
from tests.blueprints.payments.providers.payu.world import PayuWorld, payu_world
from tests.pages import checked_get

VECTORS = json.loads(Path(__file__).with_name("payu_vectors.json").read_text())


def effects(world: PayuWorld) -> list[str]:
    with unit_of_work(world.house.tenant.id):
        return list(
            db.session.execute(select(ObservationRow.effect).order_by(ObservationRow.recorded_at)).scalars()
        )


def test_a_genuine_confirmation_is_applied_once(world: PayuWorld):
    started = world.start(world.invoice())
    assert world.post(world.fields(started.attempt_id)) == 200
    assert world.state(started.attempt_id) == "captured"
    assert (world.inbox(), world.payments()) == ([("applied", 1)], 1)


@pytest.mark.parametrize("sign", ["", "0" * 64, "null", "0" * 32, "x"])
def test_g03_a_wrong_sign_is_refused_and_noted_without_a_state(world: PayuWorld, sign):
    started = world.start(world.invoice())
    assert world.post(world.fields(started.attempt_id, sign=sign)) == 400
    assert (world.state(started.attempt_id), world.inbox()) == ("created", [("forged", 1)])
    assert world.payments() == 0


def test_g03_capitals_are_the_same_and_another_algorithm_is_not(world: PayuWorld):
    started = world.start(world.invoice())
    for algorithm in ("MD5", "SHA", "SHA256"):
        assert world.post(world.fields(started.attempt_id, algorithm=algorithm)) == 400
    fields = world.fields(started.attempt_id)
    assert world.post({**fields, "sign": fields["sign"].upper()}) == 200
    assert world.state(started.attempt_id) == "captured"


def test_a_form_signature_is_no_confirmation(world: PayuWorld):
    started = world.start(world.invoice())
    seen = world.ordered[started.attempt_id].fields["signature"]
    assert world.post(world.fields(started.attempt_id, sign=seen)) == 400
    assert world.state(started.attempt_id) == "created"


def test_a_form_signature_extended_by_its_payer_is_no_confirmation(world: PayuWorld):
    said = VECTORS["must_reject"][0]["forged_confirmation"]
    world.settings(merchant_id=said["merchant_id"], algorithm="MD5")
    plain = {name: said[name] for name in ("merchant_id", "reference_sale", "value", "state_pol", "sign")}
    padded = "".join(f"%{byte:02X}" for byte in bytes.fromhex(said["currency_bytes_hex"]))
    assert world.post(f"{urlencode(plain)}&currency={padded}".encode()) == 400
    assert world.inbox() == [("forged", 1)] and world.quarantine() == []


def test_under_md5_a_genuine_sign_is_a_question_that_payu_answers(world: PayuWorld):
    """Even who could extend a signature gets PayU's own books read, and nothing else."""
    world.settings(algorithm="MD5")
    started = world.start(world.invoice())
    world.at_checkout(started.attempt_id)
    assert world.post(world.fields(started.attempt_id, algorithm="MD5")) == 200
    drain()
    assert world.state(started.attempt_id) == "created", "nobody has paid at PayU"
    world.decide(started.attempt_id, "approve")
    assert world.carry() == [200]
    drain()
    assert world.state(started.attempt_id) == "captured"


def test_g05_a_notice_for_another_tenant_is_refused_here_and_taken_there(world: PayuWorld):
    other = payu_world(world.app, "vecina", merchant="9002")
    ours, theirs = world.start(world.invoice()), other.start(other.invoice())
    fields = other.fields(theirs.attempt_id)
    assert other.post(fields, path=world.hook_path()) == 400
    # Also with our merchant's number on it: their key did not sign that for us.
    keys = other.keys()
    claimed = world.fields(ours.attempt_id, keys=keys)
    assert world.post(claimed) == 400
    assert (world.state(ours.attempt_id), other.state(theirs.attempt_id)) == ("created", "created")
    assert other.inbox() == [] and world.payments() == 0
    assert other.post(fields) == 200
    assert other.state(theirs.attempt_id) == "captured"


def test_two_tenants_at_the_public_sandbox_do_not_pay_each_others_invoices(world: PayuWorld):
    """They share merchant and key, so every signature is good on both addresses; the reference is not."""
    shared = {"merchant_id": "508029", "account_id": "512322"}
    other = payu_world(world.app, "vecina")
    for each in (world, other):
        each.merchant = "508029"
        each.settings(**shared)
        sealed = each.opened()
        with unit_of_work(each.house.tenant.id):
            ring = keyring()
            keys = merchants.keys_of(ring, "508029")[0]
            secrets = {**sealed.secrets, "api_key": keys.api_key, "api_login": keys.api_login}
            values = {
                name: ring.seal(value, sealed.tenant_id, sealed.id, name) for name, value in secrets.items()
            }
        each.change(secrets=values)
    theirs = other.start(other.invoice())
    assert other.post(other.fields(theirs.attempt_id), path=world.hook_path()) == 200
    assert (world.quarantine(), world.payments(), other.state(theirs.attempt_id)) == (
        ["unknown-reference"],
        0,
        "created",
    )


@pytest.mark.parametrize(
    "reference", ["AAAA-BBBB-CCCC", "2015-05-27 13:04:37", "=cmd|' /C calc'!A0", "<script>"]
)
def test_g06_a_genuine_notice_of_an_unknown_reference_waits_for_a_person(world: PayuWorld, reference):
    started = world.start(world.invoice())
    fields = world.fields(started.attempt_id, reference_sale=reference)
    assert {world.post(fields), world.post(fields)} == {200}
    assert (world.quarantine(), world.inbox()) == (["unknown-reference"], [("quarantined", 2)])
    assert world.state(started.attempt_id) == "created"


def test_g06_the_same_under_a_digest_that_only_asks(world: PayuWorld):
    world.settings(algorithm="SHA256")
    started = world.start(world.invoice())
    fields = world.fields(started.attempt_id, algorithm="SHA256", reference_sale="AAAA-BBBB-CCCC")
    assert world.post(fields) == 200
    assert world.quarantine() == ["unknown-reference"]


def test_g07_fifty_in_series_and_fifty_in_parallel_are_one_payment(world: PayuWorld):
    started = world.start(world.invoice())
    fields, path = world.fields(started.attempt_id), world.hook_path()

    def once(number: int) -> int:
        with world.app.app_context():
            return world.post({**fields, "transaction_id": str(number % 5)}, path=path)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(once, range(50))) == {200}
    assert {world.post(fields, path=path) for _turn in range(50)} == {200}
    assert (world.payments(), world.state(started.attempt_id)) == (1, "captured")
    assert effects(world) == ["moved"], "another transaction number is not another fact"


@pytest.mark.parametrize(
    "states", list(itertools.permutations("465")) + [tuple("64"), tuple("46"), tuple("54")]
)
def test_g08_whatever_order_ends_come_in_it_ends_paid_once(world: PayuWorld, states):
    started = world.start(world.invoice())
    for number, state in enumerate(states):
        said = world.fields(started.attempt_id, state_pol=state, transaction_id=str(number))
        assert world.post(said) == 200
    assert (world.state(started.attempt_id), world.payments(), world.quarantine()) == ("captured", 1, [])


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"value": "1000.01"}, "amount-differs"),
        ({"value": "999.99"}, "amount-differs"),
        ({"value": "100000.00"}, "amount-differs"),
        ({"value": "0"}, "amount-differs"),
        ({"currency": "COP"}, "currency-differs"),
        ({"currency": "JPY"}, "currency-differs"),
        ({"test": "0"}, "mode-differs"),
        ({"test": "maybe"}, "mode-differs"),
    ],
)
def test_f12_what_is_genuine_and_does_not_fit_is_put_aside(world: PayuWorld, changes, kind):
    started = world.start(world.invoice(100_000))
    assert world.post(world.fields(started.attempt_id, **changes)) == 200
    assert (world.quarantine(), world.state(started.attempt_id), world.payments()) == ([kind], "created", 0)
    assert world.post(world.fields(started.attempt_id)) == 200
    assert world.state(started.attempt_id) == "captured", "a wrong notice does not use up the right one"


def test_f12_another_merchant_is_refused(world: PayuWorld):
    started = world.start(world.invoice())
    assert world.post(world.fields(started.attempt_id, merchant_id="508029")) == 400
    assert world.state(started.attempt_id) == "created"


def test_f16_a_test_notice_on_a_live_account_pays_nothing(world: PayuWorld):
    world.change(mode="live")
    started = world.start(world.invoice())
    assert world.ordered[started.attempt_id].action.startswith("https://checkout.payulatam.com/")
    assert world.post(world.fields(started.attempt_id)) == 200  # says test=1
    assert (world.payments(), len(world.quarantine())) == (0, 1)
    assert world.state(started.attempt_id) == "created"


def test_f15_what_was_signed_before_a_rotation_is_believed_until_its_time_is_over(world: PayuWorld):
    first, second = world.start(world.invoice()), world.start(world.invoice())
    opened, new = world.opened(), merchants.keys_of(keyring(), world.merchant)[1]

    def sealed(name: str, value: str) -> str:
        return keyring().seal(value, opened.tenant_id, opened.id, name)

    before = {name: sealed(name, value) for name, value in opened.secrets.items()}
    after = {
        **before,
        "api_key": sealed("api_key", new.api_key),
        "api_login": sealed("api_login", new.api_login),
    }
    later = now() + datetime.timedelta(days=1)
    world.change(secrets=after, previous_secrets=before, previous_until=later, version=2)
    old = world.keys(0)
    assert world.post(world.fields(first.attempt_id, keys=old)) == 200
    assert world.state(first.attempt_id) == "captured"
    third = world.start(world.invoice())
    world.decide(third.attempt_id, "approve")
    assert world.carry() == [200], "new payments are signed with the new key, and PayU takes them"
    assert world.state(third.attempt_id) == "captured"
    assert world.poll(second.attempt_id) == [], "the questions are asked with the new key"
    world.change(previous_until=now() - datetime.timedelta(seconds=1))
    assert world.post(world.fields(second.attempt_id, keys=old)) == 400
    assert world.post(world.fields(second.attempt_id, keys=world.keys(1))) == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"content_type": "application/json"}, 400),
        ({"content_type": "text/plain"}, 400),
        ({"content_type": ""}, 400),
        ({"content_type": "application/x-www-form-urlencoded; charset=latin-1"}, 400),
    ],
)
def test_g13_another_kind_of_body_is_refused(world: PayuWorld, change, status):
    started = world.start(world.invoice())
    assert world.post(world.fields(started.attempt_id), **change) == status
    assert world.state(started.attempt_id) == "created"


def test_g13_bodies_that_are_too_much_are_refused(world: PayuWorld):
    started = world.start(world.invoice())
    good = urlencode(world.fields(started.attempt_id)).encode()
    assert world.post(good + b"&x=" + b"y" * 10_000_000) == 413
    assert world.post(b"&".join(b"f%d=1" % number for number in range(100_000))) == 413
    assert world.post(good + b"".join(b"&f%d=1" % number for number in range(1000))) == 400
    assert world.post(good, Content_Encoding="gzip") == 200, (
        "what is compressed is not unpacked: it is the bytes"
    )
    for body in (b"", b"\xff", b"a", b"%00=%00", b"=" * 50_000, good + b"&value=1", good + b"&sign[]=x"):
        assert world.post(body) in (200, 400)
    assert world.payments() == 1


def test_g14_hostile_texts_are_kept_as_they_came_and_shown_as_text(world: PayuWorld):
    started = world.start(world.invoice())
    hostile = {
        "cc_holder": "<script>alert(1)</script>",
        "response_message_pol": "=cmd|' /C calc'!A0",
        "description": "a\r\nSet-Cookie: x=1",
        "nickname_buyer": "ñ\u202e\u0000" + "x" * 10_000,
    }
    said = world.fields(started.attempt_id, **hostile)
    assert world.post(said) == 200
    with unit_of_work(world.house.tenant.id):
        assert db.session.execute(select(InboxRow.body)).scalar_one() == urlencode(said).encode()
    page = checked_get(world.house.client(), f"/payments/{started.attempt_id}")
    assert "<script>alert" not in page.body and "calc" not in page.body


def test_g16_other_methods_and_addresses_of_others(world: PayuWorld):
    client = client_for(world.app, "localhost")
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = client.open(world.hook_path(), method=method)
        assert answer.status_code == 405 and "Set-Cookie" not in answer.headers
    token = world.hook_path().rpartition("/")[2]
    started = world.start(world.invoice())
    for path in (f"/hooks/bank-simulator/{token}", f"/hooks/payu/{token}x", "/hooks/payu/x"):
        assert world.post(world.fields(started.attempt_id), path=path) == 404
    assert world.state(started.attempt_id) == "created"


def test_g19_a_sender_outside_the_list_is_refused_whatever_it_claims(world: PayuWorld):
    world.settings(addresses="34.233.144.154")
    started = world.start(world.invoice())
    said = world.fields(started.attempt_id)
    assert world.post(said, X_Forwarded_For="34.233.144.154", Forwarded="for=34.233.144.154") == 400
    world.settings(addresses="127.0.0.1")
    assert world.post(said) == 200


def test_f07_what_the_browser_brings_back_decides_nothing(world: PayuWorld):
    """Forged, signed for another payment, or genuine: the page tells what our own books say."""
    paid, other = world.start(world.invoice()), world.start(world.invoice())
    back = world.decide(paid.attempt_id, "approve", "never")
    assert "transactionState=4" in back and "signature=" in back
    query = back.partition("?")[2]
    client = world.house.client()
    for attempt_id in (paid.attempt_id, other.attempt_id):
        for said in (
            query,
            "transactionState=4",
            "transactionState=4&signature=0",
            "lapTransactionState=<script>",
        ):
            page = checked_get(client, f"/payments/{attempt_id}?{said}")
            assert client.get(f"/payments/{attempt_id}/status?{said}").json["state"] == "created"
            assert "<script>" not in page.text
    assert world.payments() == 0


def test_f07_a_genuine_response_signature_is_no_second_payment(world: PayuWorld):
    """For round amounts the response's signature equals the confirmation's: replayed, it changes nothing."""
    started = world.start(world.invoice(100_000))
    back = world.decide(started.attempt_id, "approve")
    assert world.carry() == [200]
    seen = dict(pair.split("=") for pair in back.partition("?")[2].split("&"))["signature"]
    for number in range(3):
        said = world.fields(started.attempt_id, sign=seen, transaction_id=f"replay-{number}")
        assert world.post(said) == 200
    assert (world.payments(), effects(world)) == (1, ["moved"])


def test_f10_money_that_comes_after_the_end_is_booked(world: PayuWorld):
    first = world.start(world.invoice())
    assert world.post(world.fields(first.attempt_id, state_pol="5")) == 200
    assert world.state(first.attempt_id) == "expired"
    again = world.start(world.house.invoices[0])
    assert world.post(world.fields(again.attempt_id)) == 200
    assert world.post(world.fields(first.attempt_id)) == 200
    assert (world.payments(), world.quarantine()) == (2, ["surplus"])


def test_keys_are_in_no_log_and_no_row(world: PayuWorld, caplog):
    started = world.start(world.invoice())
    world.post(world.fields(started.attempt_id, sign="0" * 64))
    world.post(world.fields(started.attempt_id))
    world.poll(started.attempt_id)
    key = world.keys().api_key
    assert key not in caplog.text and world.opened().secrets["api_login"] not in caplog.text
    assert Keys(key).api_key not in repr(world.opened())
