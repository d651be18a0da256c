"""The Queries API: what its books say is read whatever their order, and what is no answer is unknown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprints.payments.interface import (
    CAPTURED,
    EXPIRED,
    FAILED,
    PENDING,
    POLLED,
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
    Answer,
    Unknown,
    Unreachable,
)
from saas.refusals import Refusal
from tests.blueprints.payments.providers.payu.world import MOMENT, account, adapter, attempt, capture

CHARGE = "AUTHORIZATION_AND_CAPTURE"


class Scripted:
    """A wire that answers what a test says, one after the other, and keeps what was sent."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        assert method == "POST" and headers and headers["Accept"] == "application/json"
        self.sent.append((url, json.loads(body)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Answer):
            return answer
        return Answer(200, answer if isinstance(answer, bytes) else json.dumps(answer).encode(), {})


def transaction(
    state: str = "APPROVED",
    kind: str = CHARGE,
    *,
    id: str = "t1",
    value: Any = 15000.5,
    at: int = 1,
    **more: Any,
) -> dict[str, Any]:
    said = {
        "id": id,
        "type": kind,
        "paymentMethod": "VISA",
        "transactionResponse": {"state": state, "operationDate": 1_795_000_000_000 + at * 1000},
        "additionalValues": {"TX_VALUE": {"value": value, "currency": "COP"}},
    }
    return {**said, **more}


def order(*transactions: dict[str, Any], **more: Any) -> dict[str, Any]:
    said = {
        "id": 857695047,
        "status": "CAPTURED",
        "referenceCode": "ABCD-EFGH-2345",
        "isTest": True,
        "merchantId": 508029,
        "additionalValues": {"TX_VALUE": {"value": 15000.5, "currency": "COP"}},
        "transactions": list(transactions),
    }
    return {**said, **more}


def answer(*orders: dict[str, Any]) -> dict[str, Any]:
    return {"code": "SUCCESS", "error": None, "result": {"payload": list(orders)}}


def observe(*orders: dict[str, Any], **of_attempt: Any) -> Any:
    return adapter().observe(account(), attempt(**of_attempt), Scripted(answer(*orders)), MOMENT)


def kinds(*orders: dict[str, Any]) -> list[str]:
    return [said.kind for said in observe(*orders)]


def test_an_approved_charge_is_the_same_fact_as_its_confirmation():
    (said,) = observe(order(transaction()))
    assert (said.kind, said.amount, said.currency, said.mode) == (CAPTURED, 15_000_50, "COP", "test")
    assert (said.evidence, said.event, said.provider_reference) == (POLLED, "", "857695047")
    assert said.facts == {"payu_order": "857695047", "payu_transaction": "t1", "payu_method": "VISA"}


def test_the_question_carries_the_reference_and_the_login():
    wire = Scripted(answer())
    adapter().observe(account(mode="live"), attempt(), wire, MOMENT)
    ((url, asked),) = wire.sent
    assert url == "https://api.payulatam.com/reports-api/4.0/service.cgi"
    assert asked["command"] == "ORDER_DETAIL_BY_REFERENCE_CODE"
    assert asked["details"] == {"referenceCode": "ABCD-EFGH-2345"}
    assert asked["merchant"]["apiLogin"] == "pRRXKOl8ikMmt9u" and asked["test"] is False


def test_amounts_are_never_binary_fractions():
    (said,) = observe(order(transaction(value=0.07)), amount=7)
    assert said.amount == 7
    body = json.dumps(answer(order(transaction(value=99)))).replace("99", "99999999999.99").encode()
    read = adapter().observe(account(), attempt(amount=9_999_999_999_999), Scripted(body), MOMENT)
    assert read[0].amount == 9_999_999_999_999
    assert observe(order(transaction(value="15000.50")))[0].amount == 15_000_50


@pytest.mark.parametrize(
    ("transactions", "expected"),
    [
        ([transaction("DECLINED", id="a", at=1), transaction("APPROVED", id="b", at=2)], [CAPTURED]),
        ([transaction("APPROVED", id="a", at=1), transaction("DECLINED", id="b", at=2)], [CAPTURED]),
        ([transaction("DECLINED")], [FAILED]),
        ([transaction("EXPIRED")], [EXPIRED]),
        ([transaction("DECLINED", id="a", at=1), transaction("EXPIRED", id="b", at=2)], [EXPIRED]),
        ([transaction("PENDING")], [PENDING]),
        ([transaction("SUBMITTED")], [PENDING]),
        ([transaction("DECLINED", id="a", at=9), transaction("PENDING", id="b", at=1)], [PENDING]),
        ([transaction("ERROR", id="a", at=9), transaction("DECLINED", id="b", at=1)], [FAILED]),
        ([transaction("APPROVED", "AUTHORIZATION")], [PENDING]),
        (
            [transaction("APPROVED", "AUTHORIZATION", id="a"), transaction("APPROVED", "CAPTURE", id="b")],
            [CAPTURED],
        ),
    ],
)
def test_what_several_tries_under_one_reference_come_to(transactions, expected):
    assert kinds(order(*transactions)) == expected
    assert kinds(order(*reversed(transactions))) == expected
    one_each = [order(one, id=number) for number, one in enumerate(transactions)]
    assert kinds(*one_each) == expected


@pytest.mark.parametrize(
    "orders", [[], [order()], [order(transaction("ERROR"))], [order(transaction("APPROVED", "OTHER"))]]
)
def test_without_an_end_there_is_no_news(orders):
    assert isinstance(observe(*orders), Unknown)


@pytest.mark.parametrize("words", ["The order does not exist", "Order not found", "La orden no existe"])
def test_a_reference_that_payu_does_not_know_is_unknown(words):
    wire = Scripted({"code": "ERROR", "error": words, "result": None})
    assert isinstance(adapter().observe(account(), attempt(), wire, MOMENT), Unknown)
    assert isinstance(
        adapter().observe(account(), attempt(), Scripted({**answer(), "result": {"payload": None}}), MOMENT),
        Unknown,
    )


NO_ANSWERS = {
    "error": {"code": "ERROR", "error": "Internal payment provider error", "result": None},
    "error without words": {"code": "ERROR", "error": None},
    "bad login": {"code": "ERROR", "error": "Invalid credentials"},
    "result null": {"code": "SUCCESS", "error": None, "result": None},
    "no result": {"code": "SUCCESS"},
    "no code": {"result": {"payload": []}},
    "a list": [],
    "a number": 1,
    "html": b"<html><body>502 Bad Gateway</body></html>",
    "truncated": json.dumps(answer(order(transaction()))).encode()[:-20],
    "empty": b"",
    "latin-1": b'{"code":"SUCCESS","error":"\xe9"}',
    "not a number": b'{"code":"SUCCESS","result":{"payload":NaN}}',
    "not a number where nobody looks": json.dumps(answer(order(transaction(), odd=float("nan")))).encode(),
    "deep": b"[" * 100_000,
    "timeout": Unreachable("TimeoutError"),
    "500": Answer(500, b"{}", {}),
    "500 with an answer": Answer(500, json.dumps(answer(order(transaction()))).encode(), {}),
    "502 html": Answer(502, b"<html>", {}),
    "302": Answer(302, b"", {"location": "https://example.com"}),
    "429": Answer(429, b"{}", {}),
    "403": Answer(403, b"", {}),
    "payload text": {"code": "SUCCESS", "result": {"payload": "x"}},
    "order without number": answer({"referenceCode": "ABCD-EFGH-2345"}),
    "transactions text": answer(order(transactions="x")),
    "another reference": answer(order(transaction(), referenceCode="OTHER")),
    "another merchant": answer(order(transaction(), merchantId=1)),
    "value list": answer(order(transaction(value=[1]))),
    "value word": answer(order(transaction(value="much"))),
    "value finer": answer(order(transaction(value="1.234"))),
    "value huge": b'{"code":"SUCCESS","result":{"payload":['
    + json.dumps(order(transaction(value=7777))).replace("7777", "1e99999999").encode()
    + b"]}}",
}


@pytest.mark.parametrize("name", NO_ANSWERS)
def test_what_is_no_answer_is_neither_paid_nor_failed(name):
    with pytest.raises(Unreachable):
        adapter().observe(account(), attempt(), Scripted(NO_ANSWERS[name]), MOMENT)


def test_another_amount_or_currency_is_said_as_it_is():
    (said,) = observe(order(transaction(value=15000)))
    assert (said.kind, said.amount, said.event) == (CAPTURED, 15_000_00, "t1")
    dollars = transaction(additionalValues={"TX_VALUE": {"value": 15000.5, "currency": "USD"}})
    assert observe(order(dollars))[0].currency == "USD"


def test_our_charge_is_found_beside_somebody_elses():
    news = observe(order(transaction(value=1, id="a"), id=1), order(transaction(id="b", at=2), id=2))
    assert [(said.amount, said.event) for said in news] == [(1_00, "a"), (15_000_50, "")]


def test_a_charge_of_the_same_figure_in_another_currency_is_not_ours():
    dollars = {"TX_VALUE": {"value": 15000.5, "currency": "USD"}}
    news = observe(order(transaction(id="a", additionalValues=dollars), transaction(id="b", at=2)))
    assert [(said.currency, said.event) for said in news] == [("USD", "a"), ("COP", "")]


def test_a_second_charge_of_the_same_amount_is_an_event_of_its_own():
    news = observe(order(transaction(id="b", at=2), transaction(id="a", at=1)))
    assert [(said.kind, said.event) for said in news] == [(CAPTURED, ""), (CAPTURED, "b")]


@pytest.mark.parametrize(("test", "mode"), [(True, "test"), (False, "live"), (None, "test")])
def test_the_orders_mode_is_said(test, mode):
    assert observe(order(transaction(), isTest=test))[0].mode == mode


@pytest.mark.parametrize(
    ("state", "kind"), [("APPROVED", REFUNDED), ("DECLINED", REFUND_FAILED), ("PENDING", REFUND_PENDING)]
)
def test_refunds_are_heard_of_with_the_charge(state, kind):
    back = transaction(state, "PARTIAL_REFUND", id="r1", value=100, at=5)
    charge, refund = observe(order(back, transaction()))
    assert charge.kind == CAPTURED
    assert (refund.kind, refund.amount, refund.event, refund.provider_reference) == (kind, 100_00, "r1", "r1")
    assert refund.refund_id is None


def test_a_whole_refund_without_an_amount_is_the_orders():
    back = transaction("APPROVED", "REFUND", id="r1", additionalValues={}, at=5)
    assert [said.amount for said in observe(order(back, transaction()))] == [15_000_50, 15_000_50]
    part = transaction("APPROVED", "PARTIAL_REFUND", id="r1", additionalValues={}, at=5)
    assert kinds(order(part, transaction())) == [CAPTURED], "how much, nobody knows: not guessed"


@pytest.mark.parametrize("tail", ["x", "", "[nothing]", "[01900000-0000-7000-8000-00000000000]"])
def test_a_reason_without_our_number_is_nobodys(tail):
    back = transaction("APPROVED", "REFUND", id="r1", at=5, reason=f"Paid twice {tail}")
    assert observe(order(back, transaction()))[1].refund_id is None


def test_a_refund_with_our_number_in_its_reason_is_ours():
    ours = "01900000-0000-7000-8000-000000000007"
    back = transaction("APPROVED", "REFUND", id="r1", at=5, reason=f"Paid twice [{ours}]")
    assert str(observe(order(back, transaction()))[1].refund_id) == ours


def test_a_refund_that_payu_named_at_once_is_ours():
    ours = "01900000-0000-7000-8000-000000000007"
    back = transaction("APPROVED", "REFUND", id="r1", at=5)
    _charge, refund = observe(order(back, transaction()), facts={"payu_refund_r1": ours})
    assert str(refund.refund_id) == ours


@given(
    st.permutations(
        [("DECLINED", "a"), ("PENDING", "b"), ("APPROVED", "c"), ("EXPIRED", "d"), ("ERROR", "e")]
    )
)
def test_the_order_of_the_list_changes_nothing(listed):
    moments = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
    rows = [transaction(state, id=name, at=moments[name]) for state, name in listed]
    (said,) = observe(order(*rows))
    assert said.facts["payu_transaction"] == "c"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "code",
                        "result",
                        "payload",
                        "id",
                        "transactions",
                        "additionalValues",
                        "TX_VALUE",
                        "referenceCode",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_json_comes_back_is_unknown_or_unreachable(said):
    try:
        news = adapter().observe(account(), attempt(), Scripted(said), MOMENT)
    except Unreachable:
        return
    assert isinstance(news, Unknown)


def test_the_ping_says_plainly_what_is_wrong():
    adapter().ping(account(), Scripted({"code": "SUCCESS", "result": {"payload": "x"}}), MOMENT)
    for said in ({"code": "ERROR", "error": "Invalid credentials"}, Answer(401, b"", {})):
        with pytest.raises(Refusal, match="does not accept") as caught:
            adapter().ping(account(), Scripted(said), MOMENT)
        assert caught.value.field == "api_key"
    with pytest.raises(Refusal, match="answered: The service is closed"):
        adapter().ping(account(), Scripted({"code": "ERROR", "error": "The service is closed"}), MOMENT)
    with pytest.raises(Unreachable):
        adapter().ping(account(), Scripted(b"<html>"), MOMENT)


def test_settlement_lists_every_charge_of_ours():
    twice = order(transaction(id="a"), transaction(id="b"))
    wire = Scripted(
        answer(twice), {"code": "ERROR", "error": "does not exist"}, answer(order(transaction("DECLINED")))
    )
    ours = [capture(), capture(reference="NONE"), capture()]
    found = adapter().settled(account(), MOMENT, MOMENT, ours, wire)
    assert [(one.reference, one.amount, one.provider_reference) for one in found] == [
        ("ABCD-EFGH-2345", 15_000_50, "857695047")
    ] * 2
