"""A provider that hangs, breaks off or talks nonsense (case M12): the payer waits ten seconds at most, nobody else."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from blueprints.payments.breaker import SLOW
from chaos.gate import BROKEN, HANG, HTML, RESET
from chaos.house import BANK_HOST
from chaos.world import BANK, STRIPE
from tests.chaos.conftest import Street, wait_until
from tests.chaos.payers import attempts_for, captured, customer, payer_of, rows

pytestmark = pytest.mark.slow
# A page waits ten seconds for a provider, and the silence lasts thirty: a busy machine may be late, not that late.
MOST = 25.0


@pytest.mark.parametrize("how", [HANG, BROKEN, HTML, RESET])
def test_a_provider_that_fails_leaves_the_attempt_unknown_and_everybody_else_alone(street: Street, how: str):
    house = street.house
    house.start_web("fresh", outbox="off")  # no circuit is open there
    house.wait_ready("fresh")
    port = house.rooms["fresh"].port
    payer, neighbour = payer_of(street, STRIPE), payer_of(street, BANK)
    invoice_id = street.world.invoice(payer)
    form = street.form(payer, invoice_id)
    for one in (payer, neighbour):
        street.ask(one, "/invoices", port=port)
    house.gate.trouble[BANK_HOST] = how
    try:
        with ThreadPoolExecutor(1) as browser:
            pressed = browser.submit(street.ask, payer, "/payments/start", form, port=port)
            if how == HANG:
                wait_until(lambda: waiting_payers(street) == 1)
            meanwhile = [street.ask(neighbour, "/invoices", port=port) for _ in range(5)]
            assert how != HANG or not pressed.done(), "nobody waited for the payer who waits"
            answer = pressed.result()
        assert {page.status_code for page in meanwhile} == {200}
        assert answer.elapsed.total_seconds() < MOST
        assert answer.status_code == 303
        (attempt_id, state), *others = attempts_for(street, invoice_id)
        assert (state, others) == ("created", [])
        assert answer.headers["location"].endswith(f"/payments/{attempt_id}")
        assert street.ask(payer, f"/payments/{attempt_id}", port=port).status_code == 200
        due = rows(street, "SELECT poll_at IS NOT NULL FROM payment_attempts WHERE id = %s", attempt_id)
        assert due == [(True,)], "the provider is asked again later"
    finally:
        house.gate.trouble.clear()
        house.stop("fresh")
    wait_until(lambda: "fresh" not in house.pids)
    if how == HANG:
        # Whoever asked was told that nobody knows; the same attempt goes on when the provider is back.
        left = street.ask(payer, f"/payments/{attempt_id}/leave", {"csrf_token": form["csrf_token"]})
        assert left.status_code == 303
        assert customer(street, payer).pay(invoice_id)
        wait_until(lambda: captured(street, invoice_id))
        street.settle()


def test_when_a_provider_hangs_a_third_payer_is_not_made_to_wait(street: Street):
    """Those who wait already are enough to find out: the server's threads stay free for everybody else."""
    house = street.house
    house.start_web("crowded", outbox="off")
    house.wait_ready("crowded")
    port = house.rooms["crowded"].port
    payers = [payer_of(street, STRIPE, number) for number in range(3)]
    forms = [street.form(payer, street.world.invoice(payer)) for payer in payers]
    neighbour = payer_of(street, BANK)
    street.ask(neighbour, "/invoices", port=port)
    house.gate.trouble[BANK_HOST] = HANG
    try:
        with ThreadPoolExecutor(3) as browsers:
            waiting = [
                browsers.submit(street.ask, payer, "/payments/start", form, port=port)
                for payer, form in zip(payers[:2], forms[:2], strict=True)
            ]
            wait_until(lambda: waiting_payers(street) == 2)
            time.sleep(SLOW + 0.2)  # so long, and it is known that they wait
            third = street.ask(payers[2], "/payments/start", forms[2], port=port)
            assert third.status_code == 303
            assert street.ask(neighbour, "/invoices", port=port).status_code == 200
            assert not any(one.done() for one in waiting), "nobody waited for those who wait"
            assert [one.result().status_code for one in waiting] == [303, 303]
    finally:
        house.gate.trouble.clear()
        house.stop("crowded")
    wait_until(lambda: "crowded" not in house.pids)


def waiting_payers(street: Street) -> int:
    """How many hang on the way to a new checkout. Who drains the outbox may be asking about older ones."""
    return sum(bool(re.match("POST .*checkout/sessions ", one.line)) for one in street.house.gate.suffering)
