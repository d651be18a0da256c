"""A payment link pays one invoice without a login, and opens nothing else."""

from __future__ import annotations

import datetime
import re

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from blueprints.payments.link_letters import link_letter
from blueprints.payments.links import LONGEST, MOST_AT_A_TIME, links_of, make_link
from blueprints.payments.models import Attempt, Payment, PaymentLink
from saas.audit import SYSTEM, AuditRow
from saas.clock import now
from saas.database import db
from saas.outbox import drain
from saas.refusals import Refusal
from saas.scope import unit_of_work
from tenants.payment_stops import resume_payments, stop_payments
from tests import cast
from tests.application import client_for
from tests.blueprints.payments.test_pages import carry, decide, token
from tests.blueprints.payments.world import PayingWorld, paying_world
from tests.pages import check_page, checked_get
from tests.signed_in import post, signed_in


def made(world: PayingWorld, invoice, days: int = 7) -> str:
    with unit_of_work(world.tenant.id):
        return make_link(
            invoice, days=days, actor=SYSTEM, user_id=None, customer_id=world.customer_id, now=now()
        )[1]


def stranger(world: PayingWorld) -> FlaskClient:
    return client_for(world.app, world.tenant.host)


def pay(client: FlaskClient, link: str, email: str = "vecina@example.com"):
    page = client.get(f"/pay/{link}")
    return client.post(f"/pay/{link}", data={"csrf_token": token(page.text), "email": email})


def counts(world: PayingWorld) -> tuple[int, int]:
    with unit_of_work(world.tenant.id):
        return (
            db.session.execute(select(func.count()).select_from(Attempt)).scalar_one(),
            db.session.execute(select(func.count()).select_from(Payment)).scalar_one(),
        )


def test_a_stranger_pays_one_invoice_and_gets_the_receipt(world: PayingWorld, mailbox):
    one, client = world.invoice(145_050), stranger(world)
    link = made(world, one)
    page = checked_get(client, f"/pay/{link}")
    assert "1.450,50" in page.text
    for private in ("Camila", "Santino", "19261266", "061-1", world.email):
        assert private not in page.body
    gone = pay(client, link)
    assert gone.status_code == 303
    back = decide(world, gone.headers["Location"], "approve")
    assert back.startswith("/pay/status/")
    carry(world)
    status = checked_get(client, back)
    assert "Pago recibido" in status.text and "vecina@example.com" in status.text
    assert counts(world) == (1, 1)
    drain()
    letter = mailbox.letters()[-1][1]
    assert letter["To"] == "vecina@example.com"
    with unit_of_work(world.tenant.id):
        assert db.session.execute(select(Payment.customer_id)).scalar_one() == world.customer_id
    # The customer sees it among their own payments; the neighbour was told nothing of the customer.
    assert "1.450,50" in checked_get(world.client(), "/receipts").text
    text = letter.get_body(("plain",)).get_content()
    assert "/check/" in text and "/receipts/" not in text and "Camila" not in text


def test_looking_changes_nothing(world: PayingWorld):
    """Programs that preview links open them many times, with GET and HEAD (case B05)."""
    link, client = made(world, world.invoice()), stranger(world)
    for _turn in range(5):
        assert client.get(f"/pay/{link}").status_code == 200
        assert client.head(f"/pay/{link}").status_code == 200
    assert counts(world) == (0, 0)
    with unit_of_work(world.tenant.id):
        assert db.session.execute(select(PaymentLink.opened)).scalar_one() == 0


def test_the_address_is_told_to_nobody(world: PayingWorld):
    answer = stranger(world).get(f"/pay/{made(world, world.invoice())}")
    assert answer.headers["Referrer-Policy"] == "strict-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_it_opens_nothing_else(world: PayingWorld):
    """Paying through a link signs nobody in, and other invoices named in the form are not read."""
    one, other, client = world.invoice(100_000), world.invoice(999_000), stranger(world)
    link = made(world, one)
    page = client.get(f"/pay/{link}")
    data = {
        "csrf_token": token(page.text),
        "email": "v@example.com",
        "invoice": str(other),
        "amount": "1",
        "user_id": str(world.user_id),
    }
    assert client.post(f"/pay/{link}", data=data).status_code == 303
    with unit_of_work(world.tenant.id):
        row = db.session.execute(select(Attempt.amount, Attempt.user_id, Attempt.link_id)).one()
    assert row.amount == 100_000 and row.user_id is None and row.link_id is not None
    for address in (f"/invoices/{one}", "/invoices", "/receipts", f"/invoices/{one}/payment-links"):
        assert client.get(address).status_code == 302


@pytest.mark.parametrize("end", ["revoked", "expired", "paid", "void"])
def test_an_ended_link_takes_no_payment(world: PayingWorld, end: str):
    from blueprints.invoices.services import void_invoice
    from blueprints.payments.outside import OutsidePayment, record_outside_payment

    one, client = world.invoice(100_000), stranger(world)
    link = made(world, one, days=2)
    page = client.get(f"/pay/{link}")
    moment = now()
    with unit_of_work(world.tenant.id):
        if end == "revoked":
            for row in db.session.execute(select(PaymentLink)).scalars():
                row.revoked_at = now()
        elif end == "paid":
            record_outside_payment(
                OutsidePayment([(one, 100_000)], now().date(), world.tenant.currency, "caja", "c-1")
            )
        elif end == "void":
            void_invoice(one, reason="error", today=now().date())
    if end == "expired":
        moment += datetime.timedelta(days=3)
    with time_machine.travel(moment, tick=True):
        seen = stranger(world).get(f"/pay/{link}")
        assert seen.status_code == (410 if end in ("revoked", "expired") else 409)
        check_page(seen, url="/pay")
        tried = client.post(f"/pay/{link}", data={"csrf_token": token(page.text), "email": "v@example.com"})
        assert tried.status_code in (400, 403, 409, 410)
    assert counts(world)[0] == 0


def test_two_people_with_links_and_a_customer_hold_it_one_at_a_time(world: PayingWorld):
    one = world.invoice()
    first, second = stranger(world), stranger(world)
    link, other = made(world, one), made(world, one)
    assert pay(first, link).status_code == 303
    again = pay(second, link, "otra@example.com")
    assert again.status_code == 303, "the same link goes on with the same attempt"
    refused = pay(second, other)
    assert refused.status_code == 409 and "en proceso" in refused.text
    assert counts(world)[0] == 1


def test_a_wrong_address_keeps_what_was_typed(world: PayingWorld):
    link, client = made(world, world.invoice()), stranger(world)
    for typed in ("", "nadie", "a@b", "x" * 400):
        answer = pay(client, link, typed)
        assert answer.status_code == 422
        assert "<title>Error: " in answer.text
    assert 'value="nadie"' in pay(client, link, "nadie").text
    assert counts(world) == (0, 0)


def test_tokens_are_bound_to_their_tenant(world: PayingWorld):
    link = made(world, world.invoice())
    elsewhere = paying_world(world.app, "luz", email="otro@example.com")
    assert client_for(world.app, elsewhere.tenant.host).get(f"/pay/{link}").status_code == 404
    wrong = ("A" if link[0] != "A" else "B") + link[1:]
    assert stranger(world).get(f"/pay/{wrong}").status_code == 404
    assert stranger(world).get("/pay/status/AAAA-BBBB-CCCC").status_code == 404


def test_a_users_payment_is_not_shown_by_its_reference(world: PayingWorld):
    started = world.start(world.invoice())
    reference = world.attempt(started.attempt_id).reference
    assert stranger(world).get(f"/pay/status/{reference}").status_code == 404


def test_the_database_alone_makes_no_link(world: PayingWorld):
    """Only a digest is stored; lists show the link again because the key makes it again."""
    link = made(world, world.invoice())
    with unit_of_work(world.tenant.id):
        stored = db.session.execute(select(PaymentLink)).scalar_one()
        assert link not in str(vars(stored))
        assert links_of(stored.invoice_id, now())[0].token == link


def test_the_customer_makes_copies_and_takes_back_a_link(world: PayingWorld):
    one, client = world.invoice(), world.client()
    path = f"/invoices/{one}/payment-links"
    assert path in checked_get(client, f"/invoices/{one}").links
    assert post(client, path, path, {"days": "5"}).status_code == 303
    page = checked_get(client, path)
    link = re.search(r"http://aguas\.localhost[^/]*/pay/([\w-]{43})", page.body)
    assert link and stranger(world).get(f"/pay/{link[1]}").status_code == 200
    revoke = re.search(r'action="(/payment-links/[^"]+/revoke)"', page.body)
    assert revoke and post(client, path, revoke[1]).status_code == 303
    assert stranger(world).get(f"/pay/{link[1]}").status_code == 410
    with unit_of_work(world.tenant.id):
        actions = db.session.execute(select(AuditRow.action).order_by(AuditRow.number)).scalars().all()
    assert actions[-2:] == ["payment-link.made", "payment-link.revoked"]


@pytest.mark.parametrize("days", ["0", "61", "-3", "x", "", "7.5", "9" * 30])
def test_an_impossible_time_is_refused(world: PayingWorld, days: str):
    one, client = world.invoice(), world.client()
    path = f"/invoices/{one}/payment-links"
    answer = post(client, path, path, {"days": days})
    assert answer.status_code == 422 and str(LONGEST) in answer.text


def test_only_who_may_pay_makes_links(world: PayingWorld):
    one = world.invoice()
    with unit_of_work(world.tenant.id):
        nobody = cast.add_user("nadie@example.com")
        looks = cast.add_user("mira@example.com")
        cast.give_access(looks, world.account_id, can_pay=False)
    for user in (nobody, looks):
        client = signed_in(world.app, world.tenant, user)
        assert client.get(f"/invoices/{one}/payment-links").status_code == 404


def test_there_is_an_end_to_links(world: PayingWorld):
    one = world.invoice()
    for _turn in range(MOST_AT_A_TIME):
        made(world, one)
    with pytest.raises(Refusal, match="too many"):
        made(world, one)


def test_the_letter_takes_the_link_to_the_customer(world: PayingWorld):
    with unit_of_work(world.tenant.id):
        from blueprints.accounts.models import Customer

        db.session.execute(select(Customer)).scalar_one().email = "camila@example.com"
    link = made(world, world.invoice())
    with unit_of_work(world.tenant.id):
        link_id = db.session.execute(select(PaymentLink.id)).scalar_one()
        letter = link_letter(link_id)
    assert letter is not None and letter.to == "camila@example.com"
    assert f"/pay/{link}" in letter.text and f"/pay/{link}" in letter.html


def test_staff_make_mail_and_take_back_links(world: PayingWorld, mailbox):
    one = world.invoice()
    with unit_of_work(world.tenant.id):
        from blueprints.accounts.models import Customer

        db.session.execute(select(Customer)).scalar_one().email = "camila@example.com"
        staff = cast.add_user("ana@example.com", staff_role="billing")
        reader = cast.add_user("lee@example.com", staff_role="reader")
    client = signed_in(world.app, world.tenant, staff)
    path = f"/desk/payments/links/{one}"
    page = checked_get(client, path)
    assert "camila@example.com" in page.text
    assert post(client, path, path, {"days": "3", "send": "yes"}).status_code == 303
    drain()
    assert mailbox.letters()[-1][1]["To"] == "camila@example.com"
    listed = checked_get(client, "/desk/payments/links")
    assert path in listed.links
    revoke = re.search(r'action="(/desk/payments/links/[^"]+/revoke)"', checked_get(client, path).body)
    assert revoke and post(client, path, revoke[1]).status_code == 303
    assert path not in checked_get(client, "/desk/payments/links").links
    assert path in checked_get(client, "/desk/payments/links?state=all").links
    assert signed_in(world.app, world.tenant, reader).get(path).status_code == 403


def test_while_payments_are_stopped_a_link_says_how_to_pay_otherwise(world: PayingWorld):
    """No dead button; the link itself stays valid, and pays again when the stop is over."""
    link, client = made(world, world.invoice(145_050)), stranger(world)
    with unit_of_work(world.tenant.id):
        stop_payments("Mantenimiento del banco", actor=SYSTEM)
    page = checked_get(client, f"/pay/{link}")
    assert "1.450,50" in page.text and "Otras formas de pagar" in page.text
    assert "<form" not in page.body.split("<main", 1)[1].split("</main>", 1)[0]
    assert "Mantenimiento" not in page.text, "the reason is for staff"
    with unit_of_work(world.tenant.id):
        resume_payments(actor=SYSTEM)
    assert pay(client, link).status_code == 303
