"""Stripe's look-alike: the adapter over HTTP, the pages, the notices; nowhere in production."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from blueprints.payments.accounts import adapter_of, view_of
from blueprints.payments.interface import PayerView, Redirect, SavedMethod
from blueprints.payments.models import ObservationRow
from blueprints.payments.providers.stripe_simulator import messenger
from blueprints.payments.providers.stripe_simulator.api import EXTENSION
from blueprints.payments.providers.stripe_simulator.database_shelf import ENDPOINT, DatabaseShelf
from blueprints.payments.providers.stripe_simulator.merchants import merchant_of, secret_of
from blueprints.payments.providers.stripe_simulator.messenger import Delivery, Messenger
from blueprints.payments.providers.stripe_simulator.opening import open_test_account
from blueprints.payments.wire import EXTENSION as WIRE
from saas import outbox
from saas.clock import now
from saas.config import Config
from saas.database import db
from saas.ids import new_id
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.frame import keyring
from tenants.provider_accounts import ProviderAccount
from tests import cast
from tests.application import client_for
from tests.blueprints.payments.world import HouseWire, PayingWorld, paying_world
from tests.pages import checked_get
from tests.signed_in import signed_in
from wsgi import create_app

SHOP = "bank.localhost"


class HeldMessenger(Messenger):
    """Keeps what would be carried, until a test lets it go."""

    def __init__(self, wire: HouseWire) -> None:
        super().__init__(wire)
        self.held: list[Delivery] = []

    def carry(self, delivery: Delivery) -> None:
        self.held.append(delivery)

    def go(self, wire: HouseWire) -> list[int]:
        held, self.held = self.held, []
        return [messenger.post(wire, delivery) for delivery in held]


@dataclasses.dataclass
class Shop:
    """A tenant whose Stripe is the look-alike."""

    paying: PayingWorld
    wire: HouseWire
    carrier: HeldMessenger

    @property
    def browser(self) -> FlaskClient:
        return client_for(self.paying.app, SHOP)

    def key(self) -> str:
        return self.paying.provider_account().secrets["key"]

    def start(self, amount: int = 100_000) -> tuple[object, str]:
        """A started attempt's id and the path of its checkout page."""
        started = self.paying.start(self.paying.invoice(amount))
        assert isinstance(started.step, Redirect)
        assert started.step.url.startswith(f"http://{SHOP}/stripe/pay/")
        return started.attempt_id, urlsplit(started.step.url).path

    def press(self, path: str, **fields: str) -> object:
        """Press a button of a page as a person does."""
        browser = self.browser
        page = browser.get(path)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert page.status_code == 200 and token
        target = fields.pop("to", path)
        return browser.post(target, data={"csrf_token": html.unescape(token[1]), **fields})

    def merchant_path(self) -> str:
        with unit_of_work(self.paying.tenant.id):
            shelf = DatabaseShelf(merchant_of(keyring(), self.key()))
            return f"/stripe/merchants/{shelf.row_id}"

    def told(self) -> None:
        """Let the notices go, and do what they ask for."""
        assert set(self.carrier.go(self.wire)) <= {200}
        outbox.drain()

    def observed(self) -> list[tuple[str, int]]:
        with unit_of_work(self.paying.tenant.id):
            rows = db.session.execute(
                select(ObservationRow.kind, ObservationRow.amount).order_by(ObservationRow.id)
            )
            return [(row.kind, row.amount) for row in rows]


@pytest.fixture
def shop(app: Flask) -> Iterator[Shop]:
    paying = paying_world(app)
    wire = app.extensions[WIRE] = paying.wire
    carrier = app.extensions[EXTENSION] = HeldMessenger(wire)
    with unit_of_work(paying.tenant.id):
        db.session.execute(update(ProviderAccount).values(enabled=False))
        paying.provider_account_id = open_test_account()
    yield Shop(paying, wire, carrier)
    app.extensions.pop(EXTENSION, None)


def state(shop: Shop, attempt_id: object) -> str:
    return shop.paying.attempt(attempt_id).state  # type: ignore[arg-type]


def test_paid_by_card(shop: Shop):
    attempt_id, path = shop.start(123_456)
    page = shop.browser.get(path)
    assert "1.234,56" in page.text and "F-1" in page.text
    assert "form-action 'self' http://x.localhost" in page.headers["Content-Security-Policy"]
    answer = shop.press(path, decision="card")
    assert answer.status_code == 303  # type: ignore[attr-defined]
    assert answer.headers["Location"] == f"http://x.localhost/payments/{attempt_id}"  # type: ignore[attr-defined]
    assert state(shop, attempt_id) == "created"
    shop.told()
    assert state(shop, attempt_id) == "captured"
    assert "decision" not in shop.browser.get(path).text


def test_declined_and_paid_with_another_card(shop: Shop):
    attempt_id, path = shop.start()
    answer = shop.press(path, decision="decline")
    assert answer.headers["Location"].endswith(path)  # type: ignore[attr-defined]
    assert 'role="alert"' in shop.browser.get(path).text
    shop.told()
    assert state(shop, attempt_id) == "created"
    shop.press(path, decision="card")
    shop.told()
    assert state(shop, attempt_id) == "captured"


@pytest.mark.parametrize(("decision", "end"), [("arrive", "captured"), ("fail", "failed")])
def test_money_that_comes_later(shop: Shop, decision: str, end: str):
    attempt_id, path = shop.start()
    shop.press(path, decision="delayed")
    shop.told()
    assert state(shop, attempt_id) == "pending"
    merchant = shop.merchant_path()
    name = shop.paying.attempt(attempt_id).facts["session"]  # type: ignore[arg-type]
    assert name in shop.browser.get(merchant).text
    shop.press(merchant, decision=decision, thing=name)
    shop.told()
    assert state(shop, attempt_id) == end


def test_the_poll_finds_what_no_notice_told(shop: Shop):
    attempt_id, path = shop.start()
    shop.press(path, decision="card")
    shop.carrier.held.clear()
    with time_machine.travel(now() + datetime.timedelta(seconds=30), tick=True):
        outbox.drain()
    assert state(shop, attempt_id) == "captured"


def test_given_back_and_disputed_at_the_merchants_page(shop: Shop):
    _attempt, path = shop.start()
    shop.press(path, decision="card")
    shop.told()
    merchant = shop.merchant_path()
    intent = shop.paying.attempt(_attempt).facts["intent"]  # type: ignore[arg-type]
    shop.press(merchant, decision="refund-half", thing=intent)
    shop.told()
    assert shop.observed() == [("captured", 100_000), ("refunded", 50_000)]
    shop.press(merchant, decision="dispute", thing=intent)
    shop.told()
    page = shop.browser.get(merchant).text
    found = re.search(r'name="thing" value="(du_[0-9a-f]+)"', page)
    assert found
    shop.press(merchant, decision="win", thing=found[1])
    shop.told()
    assert [kind for kind, _amount in shop.observed()] == ["captured", "refunded", "disputed", "dispute_won"]
    assert shop.press(merchant, decision="win", thing=found[1]).status_code == 409  # type: ignore[attr-defined]
    assert shop.press(merchant, decision="refund", thing="pi_0").status_code == 409  # type: ignore[attr-defined]
    shop.press(merchant, decision="refund", thing=intent)
    shop.told()
    assert [kind for kind, _amount in shop.observed()][-1] == "refunded"


def test_pressed_twice_it_is_paid_once(shop: Shop):
    _attempt, path = shop.start()
    shop.press(path, decision="card")
    browser = shop.browser
    browser.get(path)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/stripe").text)
    assert token
    again = browser.post(path, data={"csrf_token": html.unescape(token[1]), "decision": "card"})
    assert again.status_code == 409


def test_a_saved_card_over_http(shop: Shop):
    account = shop.paying.provider_account()
    adapter, view = adapter_of(account), view_of(account)
    key = new_id()
    sent = adapter.enrol(view, key, PayerView("a@example.com"), "http://x.localhost/b", shop.wire)  # type: ignore[attr-defined]
    assert adapter.enrol(view, key, PayerView("a@example.com"), "http://x.localhost/b", shop.wire) == sent  # type: ignore[attr-defined]
    shop.press(urlsplit(sent.url).path, decision="save-wants-payer")
    method = adapter.enrolled(view, sent.provider_reference, shop.wire)  # type: ignore[attr-defined]
    assert isinstance(method, SavedMethod)
    assert method.label == "Visa ··3155"


def test_the_test_button_and_keys(shop: Shop):
    account = shop.paying.provider_account()
    adapter, view = adapter_of(account), view_of(account)
    adapter.check(view)
    adapter.ping(view, shop.wire, now())
    with pytest.raises(Refusal, match="does not know this key"):
        adapter.ping(
            dataclasses.replace(view, secrets={**view.secrets, "key": "sk_live_0123456789"}), shop.wire, now()
        )


def asked(shop: Shop, name: str, *, key: str = "sk_test_x1", method: str = "GET", **more: object) -> object:
    headers = {"Authorization": f"Bearer {key}", **more.pop("headers", {})}  # type: ignore[dict-item]
    return shop.browser.open(f"/stripe/v1/{name}", method=method, headers=headers, **more)


def test_every_test_key_is_somebody_and_sees_only_its_own(shop: Shop):
    attempt_id, _path = shop.start()
    session = shop.paying.attempt(attempt_id).facts["session"]  # type: ignore[arg-type]
    assert asked(shop, f"checkout/sessions/{session}", key=shop.key()).status_code == 200  # type: ignore[attr-defined]
    for key in ("sk_test_other1", "rk_test_other1"):
        assert asked(shop, f"checkout/sessions/{session}", key=key).status_code == 404  # type: ignore[attr-defined]
        assert asked(shop, "checkout/sessions", key=key).json["data"] == []  # type: ignore[attr-defined]
    other = asked(shop, "checkout/sessions", key=shop.key(), headers={"Stripe-Account": "acct_x"})
    assert other.json["data"] == []  # type: ignore[attr-defined]
    for key in ("", "x", "pk_test_1", "sk_live_1", "sk_test_", "sk_test_é"):
        assert asked(shop, "refunds", key=key).status_code == 401  # type: ignore[attr-defined]
    basic = base64.b64encode(b"sk_test_x:").decode()
    assert (
        shop.browser.get("/stripe/v1/refunds", headers={"Authorization": f"Basic {basic}"}).status_code == 401
    )


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("checkout/sessions", "mode=payment"),
        ("checkout/sessions", "a=1&a[b]=2"),
        ("checkout/sessions", "mode[x]=1"),
        ("checkout/sessions", "mode=payment&success_url=https://a&cancel_url=https://a&line_items[0]=x"),
        ("checkout/sessions", "mode=setup&success_url=https://a&cancel_url=https://a"),
        ("checkout/sessions", "mode=setup&currency=cop&success_url=javascript:1&cancel_url=https://a"),
        (
            "checkout/sessions",
            "mode=setup&currency=cop&success_url=https://a&cancel_url=https://a&customer_email=nobody",
        ),
        (
            "checkout/sessions",
            "mode=setup&currency=cop&success_url=https://a&cancel_url=https://a&metadata=x",
        ),
        ("checkout/sessions", "mode=%00"),
        ("checkout/sessions", "mode=%ED%A0%80%00"),
        ("refunds", "payment_intent=pi_1&amount=x"),
        ("refunds", ""),
        ("payment_intents", "amount=1"),
        ("nothing", ""),
        ("checkout/sessions/cs_1/expire", ""),
        ("payment_methods/pm_1/detach", ""),
    ],
)
def test_senseless_questions(shop: Shop, name: str, body: str):
    answer = asked(shop, name, method="POST", data=body.encode())
    assert answer.status_code in (400, 404)  # type: ignore[attr-defined]
    assert answer.json["error"]["message"]  # type: ignore[attr-defined]


def test_an_idempotency_key_over_http(shop: Shop):
    good = b"mode=setup&currency=cop&success_url=https://a&cancel_url=https://a&customer_email=a@example.com"
    key = {"Idempotency-Key": "k-1"}
    first, second = (
        asked(shop, "checkout/sessions", method="POST", data=good, headers=key) for _turn in range(2)
    )
    assert first.json == second.json  # type: ignore[attr-defined]
    assert second.headers["idempotent-replayed"] == "true"  # type: ignore[attr-defined]
    assert first.json["url"].startswith(f"http://{SHOP}/stripe/pay/")  # type: ignore[attr-defined]
    assert not any(name.startswith("_") for name in first.json)  # type: ignore[attr-defined]
    other = asked(shop, "checkout/sessions", method="POST", data=good + b"&locale=es", headers=key)
    assert other.json["error"]["type"] == "idempotency_error"  # type: ignore[attr-defined]


def test_where_notices_go(shop: Shop):
    account = shop.paying.provider_account()
    merchant = merchant_of(keyring(), account.secrets["key"])
    assert account.secrets["webhook_secret"] == secret_of(keyring(), merchant)
    page, path = shop.browser.get(shop.merchant_path()), shop.merchant_path()
    assert account.secrets["webhook_secret"] in page.text
    assert account.secrets["key"] not in page.text
    for bad in (
        "",
        "http://evil.example/hooks/stripe/x",
        "http://localhost:1/hooks/stripe/x",
        "file:///etc/passwd",
    ):
        assert shop.press(path, to=f"{path}/notices", url=bad).status_code == 422  # type: ignore[attr-defined]
    assert (
        shop.press(path, to=f"{path}/notices", url="http://localhost/hooks/stripe/nobody").status_code == 303
    )  # type: ignore[attr-defined]
    _attempt, checkout = shop.start()
    shop.press(checkout, decision="card")
    assert set(shop.carrier.go(shop.wire)) == {404}


def test_a_merchant_without_an_address_hears_nothing(shop: Shop):
    with unit_of_work(shop.paying.tenant.id):
        shelf = DatabaseShelf(merchant_of(keyring(), shop.key()))
        shelf.put({"id": ENDPOINT, "object": ENDPOINT, "url": "http://evil.example/hooks/stripe/x"})
    _attempt, path = shop.start()
    shop.press(path, decision="card")
    assert shop.carrier.held == []


def test_the_way_to_the_merchants_page(shop: Shop):
    answer = shop.press("/stripe", key=shop.key())
    assert answer.headers["Location"].endswith(shop.merchant_path())  # type: ignore[attr-defined]
    assert shop.press("/stripe", key="sk_live_1").status_code == 422  # type: ignore[attr-defined]


def test_senseless_buttons(shop: Shop):
    _attempt, path = shop.start()
    for decision in ("", "save", "approve"):
        assert shop.press(path, decision=decision).status_code == 400  # type: ignore[attr-defined]
    assert shop.press(shop.merchant_path(), decision="card", thing="x").status_code == 400  # type: ignore[attr-defined]
    for kind in ("pay", "merchants"):
        assert shop.browser.get(f"/stripe/{kind}/{new_id()}").status_code == 404


def test_an_event_is_signed_over_its_bytes(shop: Shop):
    _attempt, path = shop.start()
    shop.press(path, decision="card")
    kinds = [json.loads(delivery.body)["type"] for delivery in shop.carrier.held]
    assert kinds == ["payment_intent.succeeded", "checkout.session.completed"]
    wrong = dataclasses.replace(shop.carrier.held[0], secret="whsec_other")
    assert messenger.post(shop.wire, wrong) == 400


def test_production_has_no_look_alike(app: Flask):
    config: Config = app.extensions["ventanilla_config"]
    strict = create_app(dataclasses.replace(config, environment="production", simulator_host=None))
    assert not [rule for rule in strict.url_map.iter_rules() if rule.endpoint.startswith("stripe.")]
    paying = paying_world(app)
    with strict.app_context(), unit_of_work(paying.tenant.id), pytest.raises(Refusal, match="does not exist"):
        open_test_account()
    strict.extensions["platform_engine"].dispose()


def test_the_look_alike_is_on_its_own_host_only(shop: Shop):
    for host in (shop.paying.tenant.host, "localhost"):
        assert client_for(shop.paying.app, host).get("/stripe").status_code == 404
        assert client_for(shop.paying.app, host).get("/stripe/v1/refunds").status_code == 404


def test_the_desk_says_when_notices_cannot_be_believed(shop: Shop):
    """An account may be kept before Stripe has shown its signing secret; then nobody must be surprised."""
    world, missing = shop.paying, "no puede avisarnos"
    with unit_of_work(world.tenant.id):
        clerk = cast.add_user("caja@example.com", name="Caja", staff_role="administrator")
    client, path = signed_in(world.app, world.tenant, clerk), "/desk/payments/providers"
    own = f"{path}/{world.provider_account_id}"
    assert missing not in checked_get(client, path).text + checked_get(client, own).text
    with unit_of_work(world.tenant.id) as session:
        row = session.execute(
            select(ProviderAccount).where(ProviderAccount.id == world.provider_account_id)
        ).scalar_one()
        row.secrets = {name: kept for name, kept in row.secrets.items() if name != "webhook_secret"}
    for page in (path, own):
        assert f"Stripe {missing}" in checked_get(client, page).text
    done = world.app.test_cli_runner().invoke(args=["payments", "check"])
    assert done.exit_code == 1 and "signing secret is missing" in done.output
