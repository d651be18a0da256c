"""Notices over HTTP, with the real database: whatever comes in whatever order, the books say what Stripe says."""

from __future__ import annotations

import datetime
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from blueprints.payments.models import InboxRow, Payment
from blueprints.payments.providers.stripe_simulator import shapes
from blueprints.payments.providers.stripe_simulator.shelf import Thing
from saas import outbox
from saas.clock import now
from saas.database import db
from saas.scope import unit_of_work
from tenants.frame import keyring
from tenants.provider_accounts import ProviderAccount
from tests.blueprints.payments.providers.stripe.peer import as_sent, signed
from tests.blueprints.payments.providers.stripe.world import StripeWorld, stripe_world


def completed(world: StripeWorld, started) -> Thing:
    """The event of a payment, which nobody has carried yet."""
    world.pay(started)
    return next(event for _, event in world.peer.told if event["type"] == "checkout.session.completed")


def test_paid_at_once(world: StripeWorld):
    started = world.start()
    world.pay(started)
    assert set(world.carry()) == {200}
    assert world.state(started) == "captured"
    row = world.attempt(started.attempt_id)
    assert row.provider_reference == row.facts["intent"] == world.intent(started)
    assert row.facts["session"].startswith("cs_test_")
    assert world.payments() == [100_000]
    assert world.observed() == [("captured", 100_000)]
    assert world.quarantine() == []


def test_the_notice_itself_applies_nothing(world: StripeWorld):
    """It is a hint: what is applied is what Stripe answers afterwards."""
    started = world.start()
    event = completed(world, started)
    world.peer.shelf(world.merchant).put(
        {
            **event["data"]["object"],
            "payment_status": "unpaid",
            "status": "open",
            "payment_intent": None,
            "_payment": {},
        }
    )
    assert world.notify(event) == 200
    outbox.drain()
    assert world.state(started) == "created"
    assert world.payments() == []


@pytest.mark.parametrize(
    "order", [list, lambda events: events[::-1], lambda events: events[2:] + events[:2] + events]
)
def test_any_order_and_repeats(world: StripeWorld, order):
    started = world.start()
    world.do(lambda at_stripe: at_stripe.decline(world.session(started)))
    world.pay(started)
    assert set(world.carry(order=order)) == {200}
    assert world.state(started) == "captured"
    assert world.payments() == [100_000]


def test_a_declined_card_is_no_end(world: StripeWorld):
    started = world.start()
    world.do(lambda at_stripe: at_stripe.decline(world.session(started)))
    assert set(world.carry()) == {200}
    assert world.state(started) == "created"
    world.pay(started)
    world.carry()
    assert world.state(started) == "captured"


def test_fifty_in_parallel_and_in_series(world: StripeWorld):
    started = world.start()
    body, path = as_sent(completed(world, started)), world.hook_path()
    header = signed(body, world.secret, int(now().timestamp()))

    def once(_turn: int) -> int:
        with world.paying.app.app_context():
            return world.post(body, header, path=path)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(once, range(50))) == {200}
    assert {world.post(body, header, path=path) for _turn in range(50)} == {200}
    outbox.drain()
    assert world.payments() == [100_000]
    assert world.observed() == [("captured", 100_000)]
    with unit_of_work(world.tenant_id):
        assert db.session.execute(select(InboxRow.times)).scalars().all() == [100]
        assert db.session.execute(select(func.count()).select_from(Payment)).scalar_one() == 1


def test_twenty_that_say_the_same_in_other_bytes(world: StripeWorld):
    """Stripe sends several events for one payment, and they may be worked on at once."""
    started = world.start()
    event, path, secret = completed(world, started), world.hook_path(), world.secret
    moment = int(now().timestamp())

    def once(turn: int) -> int:
        body = as_sent({**event, "id": f"evt_{turn}"})
        with world.paying.app.app_context():
            status = world.post(body, signed(body, secret, moment), path=path)
            outbox.drain()
            return status

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(once, range(20))) == {200}
    outbox.drain()
    assert world.payments() == [100_000]


def test_every_notice_is_lost(world: StripeWorld):
    started = world.start()
    world.pay(started)
    world.peer.told.clear()
    with time_machine.travel(now() + datetime.timedelta(minutes=8), tick=True):
        outbox.drain()
    assert world.state(started) == "captured"


def test_stripe_does_not_answer_the_question(world: StripeWorld):
    started = world.start()
    event = completed(world, started)
    world.peer.down = True
    assert world.notify(event) == 200
    outbox.drain()
    assert world.state(started) == "created"
    world.peer.down = False
    with time_machine.travel(now() + datetime.timedelta(hours=1), tick=True):
        outbox.drain()
    assert world.state(started) == "captured"


def test_forged_notices_change_nothing(world: StripeWorld):
    started = world.start()
    body = as_sent(completed(world, started))
    moment = int(now().timestamp())
    good = signed(body, world.secret, moment)
    for wrong, header in [
        (body, None),
        (body, ""),
        (body, "t=1,v1=x"),
        (body, signed(body, "whsec_of_somebody_else", moment)),
        (body, signed(body, world.secret, moment - 600)),
        (body, signed(body, world.secret, moment + 600)),
        (body, good.replace("v1=", "v0=")),
        (body + b"\n", good),
        (b"\xef\xbb\xbf" + body, good),
        (json.dumps(json.loads(body)).encode(), good),
    ]:
        assert world.post(wrong, header) == 400
    outbox.drain()
    assert world.state(started) == "created"
    assert set(world.inbox()) == {"forged"}
    assert world.post(body, good) == 200
    outbox.drain()
    assert world.state(started) == "captured"


def test_a_neighbours_notice_is_refused_here(world: StripeWorld):
    other = stripe_world(world.paying.app, "vecina", secret="whsec_of_the_neighbour")
    ours, theirs = world.start(), other.start()
    event = completed(other, theirs)
    assert world.notify(event, secret=other.secret) == 400, "their signature at our address"
    assert other.notify(event, secret=world.secret) == 400, "our signature at their address"
    outbox.drain()
    assert (world.state(ours), other.state(theirs)) == ("created", "created")
    assert other.notify(event) == 200
    outbox.drain()
    assert (world.state(ours), other.state(theirs)) == ("created", "captured")
    assert world.quarantine() == other.quarantine() == []


def test_a_neighbour_of_the_same_platform_is_refused_here(app: Flask):
    """By Connect all tenants' notices carry the same signature: `account` tells them apart."""
    one = stripe_world(app, "aguas", key="rk_test_platform01", connected="acct_one0000000")
    two = stripe_world(app, "vecina", key="rk_test_platform01", connected="acct_two0000000")
    ours, theirs = one.start(), two.start()
    event = completed(two, theirs)
    assert event["account"] == "acct_two0000000"
    assert one.notify(event) == 400
    forged = {**event, "account": "acct_one0000000"}
    assert one.notify(forged) == 200, (
        "signed by the platform's secret for us: a question, whose answer is ours"
    )
    outbox.drain()
    assert (one.state(ours), two.state(theirs)) == ("created", "created")
    assert one.quarantine() == ["unknown-reference"]
    assert two.notify(event) == 200
    outbox.drain()
    assert (one.state(ours), two.state(theirs)) == ("created", "captured")


def test_a_test_event_on_a_live_account(app: Flask):
    world = stripe_world(app, mode="live")
    started = world.start()
    event = completed(world, started)
    assert event["livemode"] is True
    assert world.notify({**event, "livemode": False}) == 200
    outbox.drain()
    assert world.state(started) == "created"
    assert world.notify(event) == 200
    outbox.drain()
    assert world.state(started) == "captured"


def test_a_test_payment_is_not_booked_on_a_live_account(app: Flask):
    """If the answer is of the other mode, staff look at it."""
    world = stripe_world(app, mode="live")
    started = world.start()
    world.pay(started)
    world.peer.lying = _in_test_mode
    assert world.ask(started) == ["quarantined:mode-differs"]
    assert world.payments() == []


def _in_test_mode(_asked: object, body: Thing) -> Thing:
    if isinstance(body.get("payment_intent"), dict):
        body["payment_intent"]["livemode"] = False
    return body


def test_two_secrets_while_rotating(world: StripeWorld):
    first, second, third = world.start(), world.start(), world.start()
    events = []
    for started in (first, second, third):
        world.peer.told.clear()
        events.append(completed(world, started))
    new = "whsec_9876543210zyxwvu"
    account_id = world.paying.provider_account_id
    with unit_of_work(world.tenant_id):
        row = db.session.execute(select(ProviderAccount).where(ProviderAccount.id == account_id)).scalar_one()
        row.previous_secrets = dict(row.secrets)
        row.previous_until = now() + datetime.timedelta(days=1)
        row.secrets = {
            **row.secrets,
            "webhook_secret": keyring().seal(new, world.tenant_id, account_id, "webhook_secret"),
        }
        row.version += 1
    assert world.notify(events[0]) == 200, "sent before the change"
    assert world.notify(events[1], secret=new) == 200
    with unit_of_work(world.tenant_id):
        db.session.execute(
            update(ProviderAccount).values(previous_until=now() - datetime.timedelta(minutes=1))
        )
    assert world.notify(events[2]) == 400, "the overlap is over"
    outbox.drain()
    assert [world.state(started) for started in (first, second, third)] == ["captured", "captured", "created"]
    assert world.notify(events[2], secret=new) == 200


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"amount_received": 100_001}, "amount-differs"),
        ({"amount_received": 99_999}, "amount-differs"),
        ({"amount_received": 1_000}, "amount-differs"),
        ({"currency": "usd"}, "currency-differs"),
        ({"currency": "clp"}, "currency-differs"),
    ],
)
def test_another_sum_is_put_aside(world: StripeWorld, changes: Thing, why: str):
    started = world.start()
    world.pay(started)
    intent = world.peer.shelf(world.merchant).get(world.intent(started))
    assert intent is not None
    world.peer.shelf(world.merchant).put({**intent, **changes})
    assert set(world.carry()) == {200}
    assert world.quarantine() == [why]
    assert world.payments() == []
    world.peer.shelf(world.merchant).put(intent)
    assert world.ask(started) == ["moved"], "said right it is booked"


def test_a_reference_that_nobody_knows(world: StripeWorld):
    session = {
        "id": "cs_test_1",
        "object": "checkout.session",
        "mode": "payment",
        "client_reference_id": "ZZZZ-ZZZZ",
    }
    event = shapes.event("checkout.session.completed", session, int(now().timestamp()), live=False)
    assert world.notify(event) == 200
    assert world.quarantine() == ["unknown-reference"]
    assert world.inbox() == ["quarantined"]


def test_other_business_of_the_same_account(world: StripeWorld):
    charge = {"id": "ch_1", "object": "charge", "metadata": {}, "payment_intent": "pi_shop"}
    for kind in ("charge.refunded", "payment_intent.succeeded", "invoice.paid", "v1.billing.meter.error"):
        assert world.notify(shapes.event(kind, charge, int(now().timestamp()), live=False)) == 200
    assert world.quarantine() == []
    assert set(world.inbox()) == {"applied"}


def test_a_stranger_in_our_session_is_not_booked(world: StripeWorld):
    """What the question brings must be the attempt's own."""
    started, other = world.start(), world.start()
    world.pay(other)
    shelf = world.peer.shelf(world.merchant)
    session = shelf.get(world.session(other))
    assert session is not None
    shelf.put({**session, "id": world.session(started)})
    assert world.ask(started) == []
    assert world.state(started) == "created"


def test_late_success_after_our_own_expiry(world: StripeWorld):
    started = world.start()
    event = completed(world, started)
    with time_machine.travel(now() + datetime.timedelta(hours=3), tick=True):
        with unit_of_work(world.tenant_id):
            db.session.execute(
                update(ProviderAccount).values(enabled=False)
            )  # switched off meanwhile: the money counts all the same
        world.peer.down = True
        outbox.drain()
        assert world.state(started) == "expired"
        world.peer.down = False
        assert world.notify(event) == 200
        outbox.drain()
        assert world.state(started) == "captured"


def test_expired_and_then_paid_after_all(world: StripeWorld):
    """An expiry that comes late does not undo what was paid."""
    started = world.start()
    world.pay(started)
    expired = shapes.event(
        "checkout.session.expired",
        {
            "id": "x",
            "object": "checkout.session",
            "mode": "payment",
            "client_reference_id": world.attempt(started.attempt_id).reference,
        },
        int(now().timestamp()),
        live=False,
    )
    assert world.notify(expired) == 200
    outbox.drain()
    assert world.state(started) == "captured"


def test_a_session_that_expired(world: StripeWorld):
    started = world.start()
    world.do(lambda at_stripe: at_stripe.expire(world.session(started)))
    world.carry()
    assert world.state(started) == "expired"


def test_names_from_outside_are_kept_as_they_are(world: StripeWorld):
    nasty = "<script>alert(1)</script>\r\n=cmd|' /C calc'!A0" + "x" * 10_000
    session = {
        "id": nasty,
        "object": "checkout.session",
        "mode": "payment",
        "client_reference_id": nasty,
        "note": nasty,
    }
    event = shapes.event("checkout.session.completed", session, int(now().timestamp()), live=False)
    assert world.notify(event) == 200
    assert world.quarantine() == []


def test_secrets_are_nowhere(world: StripeWorld, caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG")
    world.peer.faults.extend(["401"])
    assert world.start().step is None
    assert "Stripe refuses the key" in caplog.text
    for secret in (world.merchant.key, world.secret):
        assert secret not in caplog.text
        assert secret not in repr(world.view())
        with unit_of_work(world.tenant_id):
            row = db.session.execute(
                select(ProviderAccount).where(ProviderAccount.id == world.paying.provider_account_id)
            ).scalar_one()
            assert secret not in json.dumps([row.settings, row.secrets])
