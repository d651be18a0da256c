"""Starting a payment at Stripe: what it is told, what it is not asked twice, and what its silence means."""

from __future__ import annotations

import dataclasses
import datetime

import pytest
import time_machine
from sqlalchemy import update

from blueprints.payments.interface import BillLine, Redirect, Unreachable
from blueprints.payments.models import Attempt
from saas.clock import now
from saas.database import db
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tests.blueprints.payments.providers.stripe.world import StripeWorld


def test_a_session_with_a_line_for_each_invoice(world: StripeWorld):
    one, two = world.paying.invoice(100_000), world.paying.invoice(51_050)
    started = world.paying.start(one, two)
    row = world.attempt(started.attempt_id)
    assert isinstance(started.step, Redirect)
    assert started.step.url.startswith("https://checkout.stripe.com/c/pay/cs_test_")
    assert row.provider_reference == row.facts["session"] == started.step.provider_reference
    asked = world.peer.posts("checkout/sessions")[0]
    assert asked.host == "bank.localhost"
    assert asked.key == f"{world.tenant_id}:{row.id}:start"
    given = asked.params
    assert given["client_reference_id"] == row.reference
    assert given["metadata"] == given["payment_intent_data"]["metadata"]
    assert given["metadata"] == {"reference": row.reference, "attempt": str(row.id)}
    assert [
        (line["price_data"]["unit_amount"], line["price_data"]["currency"]) for line in given["line_items"]
    ] == [
        ("100000", "ars"),
        ("51050", "ars"),
    ]
    assert "F-1" in given["line_items"][0]["price_data"]["product_data"]["name"]
    assert given["customer_email"] == world.paying.email
    assert given["locale"] == "es-419"
    assert given["expires_at"] == str(int(row.expires_at.timestamp()))
    assert given["success_url"] == given["cancel_url"] == f"http://x.localhost/payments/{row.id}"
    assert not {name for name in given if "payment_method" in name}, (
        "Stripe's own settings say which means there are"
    )


def test_many_invoices_are_one_line(world: StripeWorld):
    started = world.paying.start(*[world.paying.invoice(1_000 + number) for number in range(31)])
    lines = world.peer.posts("checkout/sessions")[0].params["line_items"]
    assert [line["price_data"]["unit_amount"] for line in lines] == [str(31 * 1_000 + sum(range(31)))]
    assert world.attempt(started.attempt_id).amount == 31 * 1_000 + sum(range(31))


def test_lines_that_do_not_add_up_are_not_shown(world: StripeWorld):
    view = world.attempt_view(world.start().attempt_id)
    wrong = dataclasses.replace(view, id=world.tenant_id, lines=(BillLine("F-1", 1),))
    world.adapter().start(world.view(), wrong, world.peer)
    line = world.peer.posts("checkout/sessions")[1].params["line_items"][0]
    assert line["price_data"]["unit_amount"] == "100000"


def test_a_second_click_asks_nobody(world: StripeWorld):
    invoice = world.paying.invoice()
    first, second = world.paying.start(invoice), world.paying.start(invoice)
    assert first.step == Redirect(second.step.url, first.step.provider_reference, first.step.facts)  # type: ignore[union-attr]
    assert len(world.peer.posts("checkout/sessions")) == 1


@pytest.mark.parametrize("fault", ["timeout", "lost", "409", "429", "500", "503"])
def test_one_fault_is_tried_again_under_the_same_key(world: StripeWorld, fault: str):
    world.peer.faults.append(fault)
    started = world.start()
    asked = world.peer.posts("checkout/sessions")
    assert started.step is not None
    assert len(asked) == 2
    assert asked[0].key == asked[1].key != ""
    assert len(world.peer.shelf(world.merchant).all("checkout.session")) == 1


@pytest.mark.parametrize(
    ("faults", "tries"),
    [
        (["timeout"] * 3, 3),
        (["lost"] * 3, 3),
        (["409"] * 3, 3),
        (["429"] * 3, 3),
        (["503"] * 3, 3),
        (["kept-500"], 1),
        (["html"], 1),
        (["truncated"], 1),
        (["list"], 1),
        (["401"], 1),
        (["403"], 1),
    ],
)
def test_no_sense_is_unknown_and_the_next_click_uses_the_same_key(
    world: StripeWorld, faults: list[str], tries: int
):
    world.peer.faults.extend(faults)
    invoice = world.paying.invoice()
    first = world.paying.start(invoice)
    assert first.step is None
    assert world.state(first) == "created", "unknown, not failed"
    assert len(world.peer.asked) == tries
    second = world.paying.start(invoice)
    assert second.attempt_id == first.attempt_id
    assert {asked.key for asked in world.peer.posts("checkout/sessions")} == {
        f"{world.tenant_id}:{first.attempt_id}:start"
    }
    sessions = world.peer.shelf(world.merchant).all("checkout.session")
    if faults == ["kept-500"]:
        assert second.step is None
        assert sessions == [], "Stripe repeats its own 500 for a day"
    else:
        assert second.step is not None
        assert len(sessions) == 1


def test_slow_tries_are_not_repeated(world: StripeWorld, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("blueprints.payments.providers.stripe.client.LAST_TRY", -1.0)
    world.peer.faults.extend(["timeout"] * 3)
    assert world.start().step is None
    assert len(world.peer.asked) == 1


def test_a_lost_answer_is_found_by_the_poll(world: StripeWorld):
    world.peer.faults.extend(["lost"] * 3)
    started = world.start()
    assert world.attempt(started.attempt_id).provider_reference is None
    session = world.peer.shelf(world.merchant).all("checkout.session")[0]
    world.do(lambda at_stripe: at_stripe.pay(session["id"]))
    assert world.ask(started) == ["moved"]
    assert world.state(started) == "captured"


def test_other_words_for_the_same_attempt_find_the_first_session(world: StripeWorld):
    """Told differently under the same key (the texts have changed meanwhile), Stripe refuses; the session is there."""
    started = world.start()
    view = dataclasses.replace(world.attempt_view(started.attempt_id), description="otra cosa")
    step = world.adapter().start(world.view(), view, world.peer)
    assert step == started.step


def test_after_a_day_nothing_is_sent_again(world: StripeWorld):
    started = world.start()
    with unit_of_work(world.tenant_id):
        old = now() - datetime.timedelta(hours=25)
        db.session.execute(
            update(Attempt).values(created_at=old, expires_at=now() + datetime.timedelta(hours=1))
        )
    view = world.attempt_view(started.attempt_id)
    assert world.adapter().start(world.view(), view, world.peer) == started.step
    assert len(world.peer.posts("checkout/sessions")) == 1
    with pytest.raises(Refusal, match="over"):
        world.adapter().start(world.view(), dataclasses.replace(view, id=world.tenant_id), world.peer)
    assert len(world.peer.posts("checkout/sessions")) == 1


def test_a_session_that_is_over_leads_back_to_us(world: StripeWorld):
    started = world.start()
    world.pay(started)
    view = dataclasses.replace(world.attempt_view(started.attempt_id), description="otra cosa")
    step = world.adapter().start(world.view(), view, world.peer)
    assert isinstance(step, Redirect)
    assert step.url == view.return_url


def test_what_stripe_refuses_ends_the_attempt_with_a_reason(world: StripeWorld):
    view = world.attempt_view(world.start().attempt_id)
    late = dataclasses.replace(view, id=world.tenant_id, expires_at=now() + datetime.timedelta(minutes=10))
    with pytest.raises(Refusal, match="does not take this payment"):
        world.adapter().start(world.view(), late, world.peer)
    huge = dataclasses.replace(view, id=world.paying.user_id, amount=10**12, lines=())
    with pytest.raises(Refusal, match="too large"):
        world.adapter().start(world.view(), huge, world.peer)


@pytest.mark.parametrize(
    ("amount", "currency", "sent"),
    [
        (150_25, "COP", "15025"),
        (150_35, "ARS", "15035"),
        (1, "USD", "1"),
        (4_990, "CLP", "4990"),
        (120_000, "PYG", "120000"),
    ],
)
def test_amounts_as_stripe_counts_them(world: StripeWorld, amount: int, currency: str, sent: str):
    view = dataclasses.replace(
        world.attempt_view(world.start().attempt_id),
        id=world.tenant_id,
        amount=amount,
        currency=currency,
        lines=(),
    )
    world.adapter().start(world.view(), view, world.peer)
    line = world.peer.posts("checkout/sessions")[-1].params["line_items"][0]["price_data"]
    assert (line["unit_amount"], line["currency"]) == (sent, currency.lower())


@pytest.mark.parametrize("currency", ["CLF", "ISK", "UGX", "XXX"])
def test_what_stripe_cannot_express_is_refused(world: StripeWorld, currency: str):
    view = dataclasses.replace(world.attempt_view(world.start().attempt_id), currency=currency)
    with pytest.raises(Refusal, match="cannot take"):
        world.adapter().start(world.view(), view, world.peer)
    assert currency not in world.adapter().can(world.view()).exponents


def test_live_accounts_speak_with_stripe_itself(app):
    from tests.blueprints.payments.providers.stripe.world import stripe_world

    world = stripe_world(app, mode="live", key="sk_live_0123456789")
    started = world.start()
    asked = world.peer.asked[0]
    assert asked.host == "api.stripe.com"
    assert asked.headers["authorization"] == "Bearer sk_live_0123456789"
    world.pay(started)
    assert world.ask(started) == ["moved"]


def test_nothing_is_kept_between_accounts(world: StripeWorld):
    import stripe

    world.start()
    assert stripe.api_key is None
    assert stripe.default_http_client is None
    assert not stripe.enable_telemetry
    assert "x-stripe-client-telemetry" not in world.peer.asked[-1].headers


def test_an_account_of_a_platform_is_named_in_every_call(app):
    from tests.blueprints.payments.providers.stripe.world import stripe_world

    world = stripe_world(app, connected="acct_0123456789")
    started = world.start()
    world.pay(started)
    world.ask(started)
    assert {asked.headers.get("stripe-account") for asked in world.peer.asked} == {"acct_0123456789"}
    assert world.state(started) == "captured"


def test_a_provider_that_is_down_keeps_nobody_waiting(world: StripeWorld):
    world.peer.down = True
    started = world.start()
    assert started.step is None
    assert world.ask(started) == []
    with pytest.raises(Unreachable):
        world.ask(started, told=True)
    with time_machine.travel(now() + datetime.timedelta(hours=1), tick=True):
        world.peer.down = False
        assert world.paying.start(world.paying.invoices[0]).step is not None
