"""From the invoice to PayU and back, through the look-alike: forms, decisions, polls, lost notices, refunds."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import select

from blueprints.payments.accounts import view_of
from blueprints.payments.attempts import adapter_view, read_attempt
from blueprints.payments.interface import (
    Answer,
    CaptureView,
    RefundNotPossible,
    RefundView,
    Unreachable,
    step_from_data,
)
from blueprints.payments.models import Attempt, Payment
from blueprints.payments.providers.payu.signing import form_signature, response_is_genuine
from blueprints.payments.providers.payu_simulator import books
from blueprints.payments.providers.payu_simulator.opening import open_sandbox_account
from blueprints.payments.refund_models import Refund
from blueprints.payments.refund_sending import send as send_refund
from blueprints.payments.refundable import THRESHOLD
from blueprints.payments.refunds import NewRefund, request_refund
from saas.audit import SYSTEM, Actor
from saas.clock import now
from saas.config import Config
from saas.database import db
from saas.ids import new_id
from saas.outbox import drain
from saas.scope import unit_of_work
from tenants.provider_account_services import open_account
from tenants.services import change_settings
from tests.application import client_for
from tests.blueprints.payments.providers.payu.world import SIMULATOR, PayuWorld, adapter, token
from tests.blueprints.payments.test_pages import begin
from tests.pages import check_page, checked_get
from tests.signed_in import post


def order_page(world: PayuWorld, attempt_id):
    return client_for(world.app, SIMULATOR).get(world.order_path(attempt_id))


def test_the_way_of_a_payer(world: PayuWorld):
    client, invoice = world.house.client(), world.invoice(145_050)
    gone = begin(client, invoice)
    assert gone.status_code == 200
    page = check_page(gone, url="/payments/start")
    assert 'action="http://bank.localhost/payu/ppp-web-gateway-payu"' in page.body
    assert "http://bank.localhost" in gone.headers["Content-Security-Policy"]
    with unit_of_work(world.house.tenant.id):
        attempt = db.session.execute(select(Attempt)).scalar_one()
    world.ordered[attempt.id] = step_from_data(attempt.step)
    back = world.decide(attempt.id, "approve", "twice")
    assert urlsplit(back).path == f"/payments/{attempt.id}"
    checked_get(client, f"/payments/{attempt.id}?{urlsplit(back).query}")
    assert world.carry() == [200, 200]
    drain()
    assert world.state(attempt.id) == "captured" and world.payments() == 1
    paid = checked_get(client, f"/payments/{attempt.id}")
    assert "/receipts/" in paid.body


def test_the_order_page_is_whole_and_shows_what_is_paid(world: PayuWorld):
    started = world.start(world.invoice(145_050))
    path = world.at_checkout(started.attempt_id)
    shown = client_for(world.app, SIMULATOR).get(path)
    page = check_page(shown, url=path)
    assert "1.450,50" in page.text and world.merchant in page.text
    assert world.house.attempt(started.attempt_id).reference in page.text
    assert "form-action 'self' http://x.localhost" in shown.headers["Content-Security-Policy"]
    assert world.at_checkout(started.attempt_id) == path, "the same form leads to the same order"
    welcome = client_for(world.app, SIMULATOR).get("/payu")
    check_page(welcome, url="/payu")
    reference = world.house.attempt(started.attempt_id).reference
    found = client_for(world.app, SIMULATOR).get(f"/payu?reference={reference}")
    assert found.headers["Location"] == path
    assert client_for(world.app, SIMULATOR).get("/payu?reference=NONE").status_code == 200


CHANGES = [
    ("amount", "1.00"),
    ("currency", "USD"),
    ("referenceCode", "OTHER"),
    ("merchantId", "508029"),
    ("signature", "0" * 64),
    ("signature", ""),
    ("algorithmSignature", "MD5"),
    ("amount", "1000"),
    ("amount", "-1"),
    ("referenceCode", "a~b"),
    ("responseUrl", "javascript:alert(1)"),
    ("description", ""),
    ("test", "2"),
]


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_f01_a_form_that_was_changed_on_the_way_is_refused_by_payu(world: PayuWorld, name, value):
    started = world.start(world.invoice(100_000))
    form = world.ordered[started.attempt_id]
    payu = client_for(world.app, SIMULATOR)
    answer = payu.post(urlsplit(form.action).path, data={**form.fields, name: value})
    assert answer.status_code == 400
    check_page(answer, url="/payu/ppp-web-gateway-payu")
    twice = payu.post(urlsplit(form.action).path, data={**form.fields, name: [value, form.fields[name]]})
    assert twice.status_code == 400


def test_a_reference_stands_for_one_amount(world: PayuWorld):
    started = world.start(world.invoice(100_000))
    world.at_checkout(started.attempt_id)
    form = dict(world.ordered[started.attempt_id].fields)
    form["amount"] = "1.00"
    form["signature"] = form_signature(
        world.keys(),
        "HMAC-SHA256",
        merchant_id=form["merchantId"],
        reference=form["referenceCode"],
        amount="1.00",
        currency=form["currency"],
    )
    answer = client_for(world.app, SIMULATOR).post("/payu/ppp-web-gateway-payu", data=form)
    assert answer.status_code == 409


@pytest.mark.parametrize("algorithm", ["HMAC-SHA256", "SHA256", "SHA", "MD5"])
@pytest.mark.parametrize(
    ("decision", "state"), [("approve", "captured"), ("decline", "failed"), ("expire", "expired")]
)
def test_every_end_is_confirmed_in_every_algorithm(world: PayuWorld, algorithm, decision, state):
    world.settings(algorithm=algorithm)
    started = world.start(world.invoice())
    back = world.decide(started.attempt_id, decision)
    parameters = _query(back)
    assert response_is_genuine(world.keys(), algorithm, merchant_id=world.merchant, parameters=parameters)
    assert world.state(started.attempt_id) == "created", "coming back decides nothing"
    assert world.carry() == [200]
    drain()
    assert world.state(started.attempt_id) == state


def test_pending_is_never_confirmed_and_the_poll_tells(world: PayuWorld):
    started = world.start(world.invoice())
    assert "transactionState=7" in world.decide(started.attempt_id, "pending")
    assert world.payu.held == []
    world.poll(started.attempt_id)
    assert world.state(started.attempt_id) == "pending"
    world.decide(started.attempt_id, "approve", "never")
    world.poll(started.attempt_id)
    assert world.state(started.attempt_id) == "captured"


def test_approved_later_is_pending_until_then(world: PayuWorld, monkeypatch):
    started = world.start(world.invoice())
    world.decide(started.attempt_id, "approve-late")
    (held,) = world.payu.held
    assert held.delay > books.LATE.total_seconds() - 1
    world.poll(started.attempt_id)
    assert world.state(started.attempt_id) == "pending"
    later = now() + books.LATE * 2
    monkeypatch.setattr("blueprints.payments.providers.payu_simulator.api.now", lambda: later)
    world.poll(started.attempt_id)
    assert world.state(started.attempt_id) == "captured"
    assert world.carry() == [200] and world.payments() == 1


@pytest.mark.parametrize("way", ["once", "reversed", "twice"])
def test_declined_then_approved_ends_paid_in_whatever_order_it_is_told(world: PayuWorld, way):
    started = world.start(world.invoice())
    world.decide(started.attempt_id, "decline-approve", way)
    assert set(world.carry()) == {200}
    assert (world.state(started.attempt_id), world.payments()) == ("captured", 1)


def test_g17_when_every_notice_is_lost_the_poll_finds_the_money(world: PayuWorld):
    started = world.start(world.invoice())
    world.decide(started.attempt_id, "approve", "never")
    assert world.payu.held == []
    with unit_of_work(world.house.tenant.id):
        due = db.session.execute(select(Attempt.poll_at)).scalar_one()
    assert due is not None and (due - now()).total_seconds() < 60
    assert world.poll(started.attempt_id) == ["moved"]
    assert (world.state(started.attempt_id), world.payments()) == ("captured", 1)


def test_a_notice_after_the_poll_and_a_poll_after_the_notice_say_nothing_new(world: PayuWorld):
    first, second = world.start(world.invoice()), world.start(world.invoice())
    world.decide(first.attempt_id, "approve")
    world.poll(first.attempt_id)
    assert world.carry() == [200]
    world.decide(second.attempt_id, "approve")
    assert world.carry() == [200]
    assert world.poll(second.attempt_id, told=True) == ["duplicate"]
    assert world.payments() == 2


FAULTS = {
    "timeout": Unreachable("TimeoutError"),
    "500": Answer(500, b"", {}),
    "502 page": Answer(502, b"<html>Bad Gateway</html>", {}),
    "page with 200": Answer(200, b"<!doctype html><title>Mantenimiento</title>", {}),
    "cut": Answer(200, b'{"code":"SUCCESS","result":{"payl', {}),
    "error": Answer(200, b'{"code":"ERROR","error":"Internal","result":null}', {}),
    "null": Answer(200, b'{"code":"SUCCESS","error":null,"result":null}', {}),
    "login": Answer(200, b'{"code":"ERROR","error":"Invalid credentials","result":null}', {}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_m12_a_gateway_that_does_not_answer_leaves_it_unknown(world: PayuWorld, monkeypatch, name):
    started = world.start(world.invoice())
    world.decide(started.attempt_id, "approve", "never")

    def broken(*_given, **_named):
        if isinstance(FAULTS[name], Exception):
            raise FAULTS[name]
        return FAULTS[name]

    with monkeypatch.context() as patch:
        patch.setattr(world.wire, "send", broken)
        assert world.poll(started.attempt_id) == []
        assert world.state(started.attempt_id) == "created", "unknown is not failed"
    assert world.poll(started.attempt_id) == ["moved"]
    assert world.state(started.attempt_id) == "captured"


def test_f02_two_tabs_get_the_same_form(world: PayuWorld):
    client, invoice = world.house.client(), world.invoice()
    first, second = begin(client, invoice), begin(client, invoice)
    assert hidden_fields(first.text) == hidden_fields(second.text) != {}
    with unit_of_work(world.house.tenant.id):
        assert len(db.session.execute(select(Attempt.id)).all()) == 1


def hidden_fields(page: str) -> dict[str, str]:
    """The fields of the form that leads to PayU."""
    form = page.partition("ppp-web-gateway-payu")[2].partition("</form>")[0]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


def test_whoever_leaves_before_paying_is_asked_about_first(world: PayuWorld):
    client, started = world.house.client(), world.start(world.invoice())
    path = f"/payments/{started.attempt_id}"
    world.decide(started.attempt_id, "approve", "never")
    assert post(client, path, f"{path}/leave").headers["Location"] == path
    assert world.state(started.attempt_id) == "captured"


def refund(world: PayuWorld, attempt_id, amount: int, refund_id=None):
    account, row = world.opened(), world.house.attempt(attempt_id)
    capture = CaptureView(attempt_id, row.reference, row.amount, row.currency, "", now(), row.facts)
    config: Config = world.app.extensions["ventanilla_config"]
    asked = RefundView(refund_id or new_id(), amount, "Doble pago")
    return adapter(config).refund(view_of(account), capture, asked, world.wire)


def review(world: PayuWorld, attempt_id, decision: str) -> None:
    page = order_page(world, attempt_id)
    check_page(page, url="/payu/orders")
    waiting = page.text.partition('name="refund" value="')[2].partition('"')[0]
    path = world.order_path(attempt_id)
    payu = client_for(world.app, SIMULATOR)
    shown = payu.get(path)
    data = {"csrf_token": token(shown.text), "refund": waiting, "decision": decision}
    assert payu.post(f"{path}/refund", data=data).status_code == 303


def heard(world: PayuWorld, attempt_id) -> list[tuple[str, int]]:
    config: Config = world.app.extensions["ventanilla_config"]
    with unit_of_work(world.house.tenant.id):
        account = open_account(world.payu_id)
        view = adapter_view(read_attempt(attempt_id), account)
    news = adapter(config).observe(view_of(account), view, world.wire, now())
    return [(said.kind, said.amount) for said in news]


@pytest.fixture
def paid(world: PayuWorld):
    started = world.start(world.invoice(100_000))
    world.decide(started.attempt_id, "approve")
    assert world.carry() == [200]
    return started.attempt_id


def test_a_refund_waits_for_a_person_and_is_heard_of_by_asking(world: PayuWorld, paid):
    said = refund(world, paid, 100_000)
    assert (said.kind, said.amount) == ("refund_pending", 100_000)
    assert heard(world, paid) == [("captured", 100_000)], "until then PayU's books do not show it"
    review(world, paid, "approve")
    assert heard(world, paid) == [("captured", 100_000), ("refunded", 100_000)]
    (told,) = world.payu.held
    assert b"transaction_type=REFUND" in told.body and b"state_pol=4" in told.body
    assert world.carry() == [200]
    assert world.payments() == 1, "the notice of a refund is no second payment"


def test_the_core_gives_money_back_once_whatever_is_lost_on_the_way(world: PayuWorld, paid, monkeypatch):
    """Asked for by staff; the first answer is lost, PayU has it; a person approves; the books follow."""
    with unit_of_work(world.house.tenant.id):
        payment_id = db.session.execute(select(Payment.id)).scalar_one()
        change_settings({THRESHOLD: 100_000}, actor=SYSTEM)  # small enough for one person
    with unit_of_work(world.house.tenant.id):
        parts = [(world.house.invoices[0], 40_000)]
        refund_id = request_refund(
            NewRefund(payment_id, parts, "provider", "Doble pago"), actor=Actor("staff"), now=now()
        )
    send = world.wire.send

    def lost(method, url, **more):
        answer = send(method, url, **more)
        if "payments-api" in url:
            raise Unreachable("the answer was lost")
        return answer

    def stands() -> tuple[str, int]:
        with unit_of_work(world.house.tenant.id):
            row = db.session.execute(
                select(Refund.state, Payment.returned).join(Payment, Payment.id == Refund.payment_id)
            ).one()
            return tuple(row)

    with monkeypatch.context() as patch:
        patch.setattr(world.wire, "send", lost)
        drain()
    assert stands() == ("sent", 0), "unknown, not failed"
    with unit_of_work(world.house.tenant.id):
        assert send_refund(refund_id, wire=world.wire, now=now()) == "pending"
    review(world, paid, "approve")
    with unit_of_work(world.house.tenant.id):
        assert send_refund(refund_id, wire=world.wire, now=now()) == "pending", "it is not sent again"
    assert world.carry() == [200]
    drain()
    assert stands() == ("done", 40_000)
    world.poll(paid, told=True)
    assert stands() == ("done", 40_000)
    with unit_of_work(world.house.tenant.id):
        assert len(db.session.execute(select(Refund.id)).all()) == 1


def test_a_refund_asked_for_twice_is_one(world: PayuWorld, paid):
    same = new_id()
    assert refund(world, paid, 100_000, same).kind == "refund_pending"
    assert refund(world, paid, 100_000, same).kind == "refund_pending"
    review(world, paid, "approve")
    assert refund(world, paid, 100_000, same).kind == "refunded"
    assert heard(world, paid).count(("refunded", 100_000)) == 1


def test_a_refund_that_a_person_declines_may_be_asked_for_again(world: PayuWorld, paid):
    refund(world, paid, 40_000)
    review(world, paid, "decline")
    assert heard(world, paid)[1:] == [("refund_failed", 40_000)]
    assert world.payu.held == [], "nobody is told of a refund that was declined"
    assert refund(world, paid, 40_000).kind == "refund_pending"
    review(world, paid, "approve")
    assert ("refunded", 40_000) in heard(world, paid)


def test_two_parts_and_not_more_than_was_paid(world: PayuWorld, paid):
    for amount in (60_000, 30_000):
        refund(world, paid, amount)
        review(world, paid, "approve")
    assert heard(world, paid)[1:] == [("refunded", 60_000), ("refunded", 30_000)]
    with pytest.raises(RefundNotPossible):
        refund(world, paid, 20_000)
    with pytest.raises(RefundNotPossible):
        refund(world, paid, 10_050)


def test_cash_is_not_given_back(world: PayuWorld):
    started = world.start(world.invoice(100_000))
    world.decide(started.attempt_id, "approve", method="cash")
    world.carry()
    with pytest.raises(RefundNotPossible, match="cards only"):
        refund(world, started.attempt_id, 100_000)


def test_the_apis_answer_their_merchant_only(world: PayuWorld, paid):
    account = world.opened()
    order = json.loads(
        _ask(world, "ORDER_DETAIL_BY_REFERENCE_CODE", referenceCode=world.house.attempt(paid).reference)
    )
    number = order["result"]["payload"][0]["id"]
    transaction = order["result"]["payload"][0]["transactions"][0]["id"]
    details = {
        "PING": {},
        "ORDER_DETAIL": {"orderId": number},
        "ORDER_DETAIL_BY_REFERENCE_CODE": {"referenceCode": world.house.attempt(paid).reference},
        "TRANSACTION_RESPONSE_DETAIL": {"transactionId": transaction},
    }
    for command, asked in details.items():
        said = json.loads(_ask(world, command, **asked))
        assert said["code"] == "SUCCESS" and said["result"]["payload"], command
        for login in (
            {"apiLogin": "x", "apiKey": account.secrets["api_key"]},
            {},
            {"apiLogin": 1, "apiKey": []},
        ):
            assert json.loads(_ask(world, command, login=login, **asked))["code"] == "ERROR", command
    stranger = {"apiLogin": "pRRXKOl8ikMmt9u", "apiKey": "4Vj8eK4rloUd272L48hsrarnUA"}
    for command, asked in list(details.items())[1:]:
        said = json.loads(_ask(world, command, login=stranger, **asked))
        assert said["code"] == "ERROR" or said["result"]["payload"] is None, command


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 20_000,
        b'{"command":1,"merchant":2,"details":3}',
        b'{"command":"SUBMIT_TRANSACTION","transaction":{"order":{"id":"9"},"type":"REFUND"}}',
    ]
    + [
        b'{"command":"ORDER_DETAIL_BY_REFERENCE_CODE","details":{"referenceCode":"a\\u0000b"}}',
        b'{"command":"ORDER_DETAIL","details":{"orderId":99999999999999999999}}',
    ],
)
def test_the_apis_answer_nonsense_with_an_error(world: PayuWorld, body):
    for api in ("reports", "payments"):
        answer = client_for(world.app, SIMULATOR).post(f"/payu/{api}-api/4.0/service.cgi", data=body)
        assert answer.status_code == 200 and answer.json["code"] == "ERROR"


def test_it_calls_nobody_but_this_house(world: PayuWorld):
    """The sandbox's key is public: whoever signs a form with it must not make us call another address."""
    started = world.start(world.invoice())
    form = dict(world.ordered[started.attempt_id].fields)
    form |= {"confirmationUrl": "http://169.254.169.254/latest/", "referenceCode": "EVIL-1"}
    form["signature"] = form_signature(
        world.keys(),
        "HMAC-SHA256",
        merchant_id=form["merchantId"],
        reference="EVIL-1",
        amount=form["amount"],
        currency=form["currency"],
    )
    payu = client_for(world.app, SIMULATOR)
    path = payu.post("/payu/ppp-web-gateway-payu", data=form).headers["Location"]
    payu.post(path, data={"csrf_token": token(payu.get(path).text), "decision": "approve"})
    assert world.payu.held == []


def test_what_staff_type_from_payus_page_works_at_once(world: PayuWorld):
    """The published sandbox credentials, on an account of the tenant's country."""
    with unit_of_work(world.house.tenant.id):
        world.payu_id = open_sandbox_account("AR", "Arenero")
    world.change(preference=0)
    world.merchant = "508029"
    config: Config = world.app.extensions["ventanilla_config"]
    view = view_of(world.opened())
    adapter(config).check(view)
    adapter(config).ping(view, world.wire, now())
    started = world.start(world.invoice())
    assert world.ordered[started.attempt_id].fields["merchantId"] == "508029"
    world.decide(started.attempt_id, "approve")
    assert world.carry() == [200]
    assert world.state(started.attempt_id) == "captured"


def test_decisions_need_the_page_and_are_made_once(world: PayuWorld):
    started = world.start(world.invoice())
    path = world.at_checkout(started.attempt_id)
    payu = client_for(world.app, SIMULATOR)
    assert payu.post(path, data={"decision": "approve"}).status_code == 400
    shown = token(payu.get(path).text)
    for data in (
        {"decision": "x"},
        {"decision": "approve", "notice": "x"},
        {"decision": "approve", "method": "x"},
        {},
    ):
        assert payu.post(path, data={"csrf_token": shown, **data}).status_code == 400
    for data in ({"decision": "approve", "refund": "x"}, {"decision": "x", "refund": str(new_id())}):
        assert payu.post(f"{path}/refund", data={"csrf_token": shown, **data}).status_code == 400
    world.decide(started.attempt_id, "approve")
    assert 'value="decline"' not in payu.get(path).text
    again = payu.post(path, data={"csrf_token": shown, "decision": "decline"})
    assert again.status_code == 303 and "transactionState=4" in again.headers["Location"]
    assert world.carry() == [200]
    assert world.state(started.attempt_id) == "captured"
    assert payu.get("/payu/orders/00000000-0000-7000-8000-000000000000").status_code == 404


def test_it_is_on_its_own_host_only(world: PayuWorld):
    for host in (world.house.tenant.host, "localhost"):
        assert client_for(world.app, host).get("/payu").status_code == 404
        assert client_for(world.app, host).post("/payu/reports-api/4.0/service.cgi").status_code == 404


def _query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def _ask(world: PayuWorld, command: str, *, login: dict | None = None, **details) -> bytes:
    secrets = world.opened().secrets
    merchant = {"apiLogin": secrets["api_login"], "apiKey": secrets["api_key"]} if login is None else login
    body = json.dumps({"command": command, "merchant": merchant, "details": details}).encode()
    return client_for(world.app, SIMULATOR).post("/payu/reports-api/4.0/service.cgi", data=body).data
