"""Refunds: asked for once, never guessed, in PayU's own words where it says no."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from blueprints.payments.interface import (
    REFUND_FAILED,
    REFUND_PENDING,
    REFUNDED,
    RefundNotPossible,
    RefundView,
    Unreachable,
)
from tests.blueprints.payments.providers.payu.test_queries import Scripted, answer, order, transaction
from tests.blueprints.payments.providers.payu.world import account, adapter, capture

OURS = uuid.UUID("01900000-0000-7000-8000-000000000007")


def view(amount: int = 15_000_50, reason: str = "Paid twice") -> RefundView:
    return RefundView(OURS, amount, reason)


def submitted(state: str = "PENDING", **more: Any) -> dict[str, Any]:
    response = {
        "orderId": 857695047,
        "transactionId": None,
        "state": state,
        "pendingReason": "PENDING_REVIEW",
    }
    return {"code": "SUCCESS", "error": None, "transactionResponse": {**response, **more}}


def refused(words: str) -> dict[str, Any]:
    return {"code": "ERROR", "error": words, "result": None}


def ask(*answers: Any, amount: int = 15_000_50, **settings: str) -> tuple[Any, Scripted]:
    wire = Scripted(*answers)
    return adapter().refund(account(**settings), capture(), view(amount), wire), wire


def test_a_whole_refund_waits_for_a_person():
    said, wire = ask(answer(order(transaction())), submitted())
    assert (said.kind, said.amount, said.refund_id, said.event) == (REFUND_PENDING, 15_000_50, OURS, "")
    url, asked = wire.sent[1]
    assert url.endswith("/payments-api/4.0/service.cgi") and asked["command"] == "SUBMIT_TRANSACTION"
    assert asked["transaction"] == {
        "order": {"id": "857695047"},
        "parentTransactionId": "t1",
        "reason": f"Paid twice [{OURS}]",
        "type": "REFUND",
    }


def test_a_part_says_how_much():
    _said, wire = ask(answer(order(transaction())), submitted(), amount=100_05)
    assert wire.sent[1][1]["transaction"]["type"] == "PARTIAL_REFUND"
    assert wire.sent[1][1]["transaction"]["additionalValues"] == {
        "TX_VALUE": {"value": "100.05", "currency": "COP"}
    }


@pytest.mark.parametrize(
    ("state", "more", "kind"),
    [
        ("APPROVED", {"transactionId": "r9"}, REFUNDED),
        ("DECLINED", {"transactionId": "r9"}, REFUND_FAILED),
        ("DECLINED", {"responseMessage": "The refund was already registered"}, REFUND_PENDING),
        ("PENDING", {"transactionId": "r9"}, REFUND_PENDING),
    ],
)
def test_what_payu_says_at_once(state, more, kind):
    said, _wire = ask(answer(order(transaction())), submitted(state, **more))
    assert said.kind == kind
    if "transactionId" in more:
        assert said.event == "r9" and said.facts == {"payu_refund_r9": str(OURS)}


def test_a_repeat_that_is_already_registered_is_still_waiting():
    said, _wire = ask(answer(order(transaction())), refused("The refund request is already registered"))
    assert (said.kind, said.refund_id) == (REFUND_PENDING, OURS)


@pytest.mark.parametrize(("state", "kind"), [("APPROVED", REFUNDED), ("PENDING", REFUND_PENDING)])
def test_what_is_in_the_books_is_not_asked_for_again(state, kind):
    """The answer to the first request was lost: the repeat finds the refund there."""
    back = transaction(state, "REFUND", id="r1", at=5)
    said, wire = ask(answer(order(back, transaction())))
    assert (said.kind, said.event, len(wire.sent)) == (kind, "r1", 1)


def test_a_part_that_is_in_the_books_by_its_number_is_not_asked_for_again():
    """There would be room for another one: only the number in its reason tells that this is the same."""
    back = transaction("APPROVED", "PARTIAL_REFUND", id="r1", value=100, at=5, reason=f"Paid twice [{OURS}]")
    said, wire = ask(answer(order(back, transaction())), amount=100_00)
    assert (said.kind, said.event, said.refund_id, len(wire.sent)) == (REFUNDED, "r1", OURS, 1)
    other = {**back, "reason": f"Paid twice [{uuid.UUID(int=OURS.int + 1)}]"}
    said, wire = ask(answer(order(other, transaction())), submitted(), amount=100_00)
    assert (said.kind, len(wire.sent)) == (REFUND_PENDING, 2)


def test_a_declined_one_may_be_asked_for_again():
    back = transaction("DECLINED", "REFUND", id="r1", at=5)
    said, wire = ask(answer(order(back, transaction())), submitted())
    assert said.kind == REFUND_PENDING and len(wire.sent) == 2


def test_more_than_is_left_is_not_possible():
    back = transaction("APPROVED", "PARTIAL_REFUND", id="r1", value=10_000, at=5)
    with pytest.raises(RefundNotPossible, match="already given back"):
        ask(answer(order(back, transaction())), amount=6_000_00)


@pytest.mark.parametrize("method", ["PSE", "EFECTY", "efecty", "RAPIPAGO", "OXXO"])
def test_cash_and_transfers_are_given_back_outside(method):
    with pytest.raises(RefundNotPossible, match="cards only"):
        ask(answer(order(transaction(paymentMethod=method))))


def test_argentina_gives_back_whole_pesos_only():
    with pytest.raises(RefundNotPossible, match="whole amounts"):
        ask(answer(order(transaction())), country="AR")
    said, _wire = ask(answer(order(transaction())), submitted(), amount=100_00, country="AR")
    assert said.kind == REFUND_PENDING


def test_an_authorisation_is_voided_where_the_country_allows():
    held = answer(order(transaction("APPROVED", "AUTHORIZATION")))
    _said, wire = ask(held, submitted("APPROVED", transactionId="v1"), country="MX")
    assert wire.sent[1][1]["transaction"]["type"] == "VOID"
    for settings in ({"country": "CO"}, {"country": "PA"}):
        with pytest.raises(RefundNotPossible, match="authorised"):
            ask(held, **settings)
    with pytest.raises(RefundNotPossible, match="authorised"):
        ask(held, amount=100_00, country="MX")


@pytest.mark.parametrize(
    "answers",
    [
        [{"code": "ERROR", "error": "does not exist"}],
        [answer(order(transaction("DECLINED")))],
        [answer(order(transaction(value=1)))],
        [answer(order(transaction())), refused("The payment method does not support refunds")],
        [answer(order(transaction())), refused("The value exceeds the order's")],
    ],
)
def test_what_can_never_be_is_said_to_staff(answers):
    with pytest.raises(RefundNotPossible):
        ask(*answers)


@pytest.mark.parametrize(
    "answers",
    [
        [refused("Invalid credentials")],
        [Unreachable("TimeoutError")],
        [answer(order(transaction())), Unreachable("TimeoutError")],
        [answer(order(transaction())), refused("Internal error")],
        [answer(order(transaction())), b"<html>"],
        [answer(order(transaction())), {"code": "SUCCESS", "transactionResponse": None}],
        [answer(order(transaction())), submitted("STRANGE")],
    ],
)
def test_what_nobody_knows_is_asked_again_later(answers):
    with pytest.raises(Unreachable):
        ask(*answers)


def test_the_charge_noted_before_is_the_one_given_back():
    there = answer(order(transaction(id="a"), transaction(id="b", at=2)))
    wire = Scripted(there, submitted())
    adapter().refund(account(), capture(facts={"payu_transaction": "b"}), view(), wire)
    assert wire.sent[1][1]["transaction"]["parentTransactionId"] == "b"


def test_the_reason_cannot_break_the_question():
    wire = Scripted(answer(order(transaction())), submitted())
    adapter().refund(account(), capture(), view(reason='a"~\r\n\x00' + "x" * 500), wire)
    sent = wire.sent[1][1]["transaction"]["reason"]
    assert len(sent) <= 250 and "~" not in sent and sent.isprintable()
