"""The notice address: keep first, believe only signatures, answer 200 only when it is written down."""

from __future__ import annotations

import datetime
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update

from blueprints.hooks import gateway
from blueprints.payments.models import InboxRow, Payment, QuarantinedPayment
from blueprints.payments.providers.bank_simulator import signing
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tenants.provider_account_services import HOOK_TOKEN
from tenants.provider_accounts import ProviderAccount
from tenants.services import suspend_tenant
from tests.application import client_for
from tests.blueprints.payments.world import PayingWorld, paying_world


def message(world: PayingWorld, attempt_id, **changes) -> bytes:
    row = world.attempt(attempt_id)
    said = {
        "merchant": world.provider_account().settings["merchant"],
        "reference": row.reference,
        "order": "a1b2",
        "state": "approved",
        "transaction": 1,
        "amount": row.amount,
        "currency": row.currency,
        "occurred_at": now().isoformat(),
        "test": True,
        **changes,
    }
    return json.dumps(said, sort_keys=True).encode()


def inbox(world: PayingWorld) -> list[tuple[str, int]]:
    with unit_of_work(world.tenant.id):
        rows = db.session.execute(select(InboxRow.state, InboxRow.times).order_by(InboxRow.received_at))
        return [(row.state, row.times) for row in rows]


def quarantine(world: PayingWorld) -> list[str]:
    with unit_of_work(world.tenant.id):
        return list(db.session.execute(select(QuarantinedPayment.kind)).scalars())


def state(world: PayingWorld, attempt_id) -> str:
    return world.attempt(attempt_id).state


def test_a_true_notice_is_kept_and_applied(world: PayingWorld):
    started = world.start(world.invoice())
    body = message(world, started.attempt_id)
    assert world.notify(body) == 200
    assert state(world, started.attempt_id) == "captured"
    assert inbox(world) == [("applied", 1)]
    with unit_of_work(world.tenant.id):
        assert db.session.execute(select(InboxRow.body)).scalar_one() == body


def test_fifty_in_series_and_in_parallel(world: PayingWorld):
    started = world.start(world.invoice())
    body, path = message(world, started.attempt_id), world.hook_path()
    secret = world.provider_account().secrets["secret"]
    with ThreadPoolExecutor(8) as pool:

        def once(_turn: int) -> int:
            with world.app.app_context():
                return world.notify(body, path=path, secret=secret)

        assert set(pool.map(once, range(50))) == {200}
    assert {world.notify(body) for _turn in range(50)} == {200}
    assert inbox(world) == [("applied", 100)]
    with unit_of_work(world.tenant.id):
        assert db.session.execute(select(func.count()).select_from(Payment)).scalar_one() == 1


@pytest.mark.parametrize("signature", ["", "0" * 64, "[]", "é", " "])
def test_a_wrong_signature_is_refused_and_noted(world: PayingWorld, signature):
    started = world.start(world.invoice())
    response = client_for(world.app, "localhost").post(
        world.hook_path(),
        data=message(world, started.attempt_id),
        headers={
            signing.TIME_HEADER: str(int(now().timestamp())),
            signing.SIGNATURE_HEADER: signature.encode(),
        }
        if signature.isascii()
        else {signing.TIME_HEADER: str(int(now().timestamp()))},
    )
    assert response.status_code == 400
    assert "Set-Cookie" not in response.headers
    assert inbox(world) == [("forged", 1)]
    assert state(world, started.attempt_id) == "created"


def test_upper_case_signatures_are_the_same(world: PayingWorld):
    started = world.start(world.invoice())
    body, moment = message(world, started.attempt_id), str(int(now().timestamp()))
    signature = signing.sign_message(world.provider_account().secrets["secret"], moment, body).upper()
    headers = {signing.TIME_HEADER: moment, signing.SIGNATURE_HEADER: signature}
    assert (
        client_for(world.app, "localhost").post(world.hook_path(), data=body, headers=headers).status_code
        == 200
    )


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_notice_of_another_time_is_refused(world: PayingWorld, minutes):
    started = world.start(world.invoice())
    at = now() + datetime.timedelta(minutes=minutes)
    assert world.notify(message(world, started.attempt_id), at=at) == 400
    assert state(world, started.attempt_id) == "created"


@pytest.mark.parametrize(
    "field", ["merchant", "reference", "state", "amount", "currency", "test", "transaction"]
)
def test_a_changed_field_breaks_the_signature(world: PayingWorld, field):
    started = world.start(world.invoice())
    body, moment = message(world, started.attempt_id, state="declined"), str(int(now().timestamp()))
    signature = signing.sign_message(world.provider_account().secrets["secret"], moment, body)
    changed = {**json.loads(body), field: {"state": "approved", "amount": 1, "test": False}.get(field, "x")}
    response = client_for(world.app, "localhost").post(
        world.hook_path(),
        data=json.dumps(changed, sort_keys=True),
        headers={signing.TIME_HEADER: moment, signing.SIGNATURE_HEADER: signature},
    )
    assert response.status_code == 400
    assert state(world, started.attempt_id) == "created"


def test_another_tenants_valid_notice_is_refused_here(world: PayingWorld):
    other = paying_world(world.app, "vecina")
    ours, theirs = world.start(world.invoice()), other.start(other.invoice())
    body = message(other, theirs.attempt_id)
    secret = other.provider_account().secrets["secret"]
    assert other.notify(body, path=world.hook_path(), secret=secret) == 400
    assert (state(world, ours.attempt_id), state(other, theirs.attempt_id)) == ("created", "created")
    assert inbox(other) == []
    assert other.notify(body) == 200


def test_a_signed_message_for_another_merchant_is_refused(world: PayingWorld):
    started = world.start(world.invoice())
    assert world.notify(message(world, started.attempt_id, merchant="M99999999")) == 400
    assert state(world, started.attempt_id) == "created"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"reference": "AAAA-BBBB-CCCC"}, "unknown-reference"),
        ({"amount": 100_001}, "amount-differs"),
        ({"amount": 99_999}, "amount-differs"),
        ({"currency": "COP"}, "currency-differs"),
        ({"test": False}, "mode-differs"),
    ],
)
def test_what_is_true_but_does_not_fit_is_put_aside(world: PayingWorld, changes, kind):
    started = world.start(world.invoice(100_000))
    body = message(world, started.attempt_id, **changes)
    assert world.notify(body) == 200
    assert quarantine(world) == [kind]
    assert inbox(world) == [("quarantined", 1)]
    assert world.notify(body) == 200
    assert inbox(world) == [("quarantined", 2)], "said again it still waits for a person"
    assert state(world, started.attempt_id) == "created"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 20_000, b'{"state":"approved"}']
)
def test_signed_nonsense_is_refused(world: PayingWorld, body):
    assert world.notify(body) == 400


def test_a_body_that_is_too_large(world: PayingWorld):
    assert world.notify(b"x" * (gateway.LARGEST + 1)) == 413
    assert world.notify(b"x" * (10 * 1024 * 1024)) == 413
    assert inbox(world) == []


def test_other_methods_and_wrong_tokens(world: PayingWorld):
    client = client_for(world.app, "localhost")
    path = world.hook_path()
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"):
        response = client.open(path, method=method)
        assert response.status_code == 405, method
        assert "Set-Cookie" not in response.headers
    token = path.rpartition("/")[2]
    claimed, _, _secret = token.partition(".")
    for wrong in (
        "/hooks/bank-simulator/x",
        f"/hooks/bank-simulator/{claimed}.{'a' * 43}",
        f"/hooks/bank-simulator/{'0' * 32}.{token.partition('.')[2]}",
        f"/hooks/payu/{token}",
        f"/hooks/bank-simulator/{'z' * 32}.{'a' * 43}",
    ):
        response = client.post(wrong, data=b"{}")
        assert response.status_code == 404, wrong
        assert "Set-Cookie" not in response.headers
    assert client_for(world.app, world.tenant.host).post(path, data=b"{}").status_code == 404


def test_a_suspended_tenants_money_is_recorded(world: PayingWorld):
    started = world.start(world.invoice())
    body = message(world, started.attempt_id)
    suspend_tenant(world.tenant.id, suspended=True)
    assert world.notify(body) == 200
    assert state(world, started.attempt_id) == "captured"


def test_an_account_that_is_switched_off_still_gets_its_money(world: PayingWorld):
    started = world.start(world.invoice())
    with unit_of_work(world.tenant.id):
        db.session.execute(update(ProviderAccount).values(enabled=False))
    assert world.notify(message(world, started.attempt_id)) == 200
    assert state(world, started.attempt_id) == "captured"


def test_our_own_fault_is_a_5xx_and_the_next_delivery_works(world: PayingWorld, monkeypatch):
    started = world.start(world.invoice())
    body = message(world, started.attempt_id)

    def broken(*_given, **_named):
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setattr("blueprints.payments.capturing.issue_receipt", broken)
        assert world.notify(body) == 500
    assert inbox(world) == [("received", 1)]
    assert state(world, started.attempt_id) == "created"
    assert world.notify(body) == 200
    assert inbox(world) == [("applied", 2)]
    assert state(world, started.attempt_id) == "captured"


def test_a_forged_copy_does_not_undo_what_was_proved(world: PayingWorld):
    started = world.start(world.invoice())
    body = message(world, started.attempt_id)
    assert world.notify(body, secret="another") == 400
    assert world.notify(body) == 200
    assert world.notify(body, secret="another") == 400
    assert inbox(world)[0][0] == "applied"


def test_secrets_are_sealed_and_the_token_is_kept_as_a_digest(world: PayingWorld):
    account = world.provider_account()
    with unit_of_work(world.tenant.id):
        row = db.session.execute(select(ProviderAccount)).scalar_one()
        stored = json.dumps([row.settings, row.secrets, row.hook_digest])
    for secret in (account.secrets["secret"], account.secrets[HOOK_TOKEN]):
        assert secret not in stored
        assert secret not in repr(account)
