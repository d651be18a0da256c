"""One way to pay, several, none; and the page from which a form leads on."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import select, update

from blueprints.payments import registry
from blueprints.payments.interface import Form
from blueprints.payments.models import Attempt
from saas.audit import SYSTEM
from saas.database import db
from saas.scope import unit_of_work
from tenants.provider_account_services import add_provider_account
from tenants.provider_accounts import ProviderAccount
from tenants.services import change_settings, touch
from tests import cast
from tests.blueprints.payments import acme
from tests.blueprints.payments.test_pages import begin, carry, decide
from tests.blueprints.payments.world import PayingWorld, paying_world
from tests.pages import check_page, checked_get
from tests.signed_in import post, signed_in

START = "/payments/start"


@pytest.fixture
def acme_account(world: PayingWorld, monkeypatch: pytest.MonkeyPatch) -> uuid.UUID:
    """A second way to pay, offered after the bank."""
    monkeypatch.setitem(registry.ADAPTERS, acme.NAME, acme.PATH)
    with unit_of_work(world.tenant.id):
        account_id, _token = add_provider_account(
            acme.NAME, "Acme Pagos", "live", {"shop": "1", "zone": "north"}, {"key": acme.RIGHT_KEY}
        )
    return account_id


def confirm(*invoices: uuid.UUID) -> str:
    return "/payments/confirm?" + "&".join(f"invoice={one}" for one in invoices)


def attempts(world: PayingWorld) -> list[tuple[uuid.UUID, str]]:
    with unit_of_work(world.tenant.id):
        query = select(Attempt.provider_account_id, Attempt.state).order_by(Attempt.id)
        return [(row.provider_account_id, row.state) for row in db.session.execute(query)]


def say_how_else(world: PayingWorld, **texts: str) -> None:
    with unit_of_work(world.tenant.id):
        change_settings(
            {f"invoices.{key.replace('__', '.')}": text for key, text in texts.items()}, actor=SYSTEM
        )


def test_one_way_is_named_and_not_asked(world: PayingWorld):
    client, one = world.client(), world.invoice()
    page = checked_get(client, confirm(one))
    assert "Banco Meridiano" in page.text and 'type="radio"' not in page.body
    assert page.text.count("no se mueve dinero real") == 1
    assert begin(client, one).headers["Location"].startswith("http://bank.localhost/pay")


def test_several_ways_are_cards_with_the_preferred_one_chosen(world: PayingWorld, acme_account):
    client, one = world.client(), world.invoice()
    page = checked_get(client, confirm(one))
    radios = re.findall(r'<input type="radio"[^>]*name="way" value="([^"]+)"( checked)?', page.body)
    assert radios == [(str(world.provider_account_id), " checked"), (str(acme_account), "")]
    assert "Tarjeta o transferencia, para practicar · Modo de prueba" in page.text
    assert 'class="testmode"' not in page.body, "real money moves by the other way"
    gone = begin(client, one, way=str(acme_account))
    assert gone.status_code == 200
    sent = check_page(gone, url=START)
    form = next(form for form in sent.forms if form.action == "http://bank.localhost/acme")
    assert dict(form.fields)["note"] == "ñandú <b>" and dict(form.fields)["shop"] == "1"
    assert attempts(world) == [(acme_account, "created")]


def test_a_way_that_is_not_offered_is_refused(world: PayingWorld, acme_account):
    neighbour = paying_world(world.app, "vecina", email="otra@example.com")
    client, one = world.client(), world.invoice()
    for way in (neighbour.provider_account_id, uuid.uuid4()):
        refused = begin(client, one, way=str(way))
        assert refused.status_code == 422
        page = check_page(refused, url=START)
        assert "no está disponible ahora" in page.text and 'type="radio"' in page.body
    with unit_of_work(world.tenant.id):
        db.session.execute(
            update(ProviderAccount)
            .where(ProviderAccount.id == acme_account)
            .values(off_for={"account_kinds": ["supply"]})
        )
        touch()
    assert begin(client, one, way=str(acme_account)).status_code == 422
    for typed in ("1", "x" * 3000):
        assert begin(client, one, way=typed).status_code == 404
    assert attempts(world) == []
    assert 'type="radio"' not in checked_get(client, confirm(one)).body


def test_another_way_leaves_what_was_not_finished(world: PayingWorld, acme_account):
    client, one = world.client(), world.invoice()
    bank = begin(client, one, way=str(world.provider_account_id))
    assert begin(client, one, way=str(acme_account)).status_code == 200
    assert begin(client, one, way=str(acme_account)).status_code == 200
    assert attempts(world) == [(world.provider_account_id, "canceled"), (acme_account, "created")]
    # Money that comes by the first way all the same is booked.
    path = decide(world, bank.headers["Location"], "approve")
    assert carry(world) == [200]
    assert client.get(f"{path}/status").json["state"] == "captured"


def test_a_pending_payment_is_shown_whatever_way_is_chosen(world: PayingWorld, acme_account):
    client, one = world.client(), world.invoice()
    path = decide(world, begin(client, one).headers["Location"], "pending")
    carry(world)
    again = post(client, "/profile", START, {"invoice": str(one), "way": str(acme_account)})
    assert again.headers["Location"] == path
    assert [state for _account, state in attempts(world)] == ["pending"]


def test_going_on_keeps_the_way(world: PayingWorld, acme_account):
    client, one = world.client(), world.invoice()
    assert begin(client, one, way=str(acme_account)).status_code == 200
    going_on = post(client, "/profile", START, {"invoice": str(one)})
    assert b"http://bank.localhost/acme" in going_on.data
    assert attempts(world) == [(acme_account, "created")]


def test_the_status_page_says_that_it_is_a_test(world: PayingWorld):
    client = world.client()
    path = decide(world, begin(client, world.invoice()).headers["Location"], "pending")
    assert checked_get(client, path).text.count("no se mueve dinero real") == 1, (
        "the bar says it, nobody else"
    )


def test_without_a_way_the_pages_say_how_to_pay(world: PayingWorld):
    """S4.3: no button that leads nowhere, on no page."""
    client, one = world.client(), world.invoice()
    say_how_else(
        world, other_ways="En la caja de Mitre 123\nTransferencia al CBU", other_ways__en="At our office"
    )
    with unit_of_work(world.tenant.id):
        db.session.execute(update(ProviderAccount).values(enabled=False))
        touch()
    pages = ["/invoices", f"/invoices/{one}", f"/payments/summary?invoice={one}", confirm(one)]
    for path in pages:
        page = checked_get(client, path)
        assert "En la caja de Mitre 123" in page.text, path
        assert not [form for form in page.forms if (form.action or "").startswith("/payments")], path
    for path in ("/", "/invoices/history"):
        assert "/payments/summary" not in checked_get(client, path).body
    refused = post(client, "/profile", START, {"invoice": str(one)})
    assert refused.status_code == 422 and "En la caja de Mitre 123" in refused.text
    with unit_of_work(world.tenant.id):
        english = cast.add_user("reader@example.com")
        cast.give_access(english, world.account_id)
        from tenants.people import User

        db.session.execute(update(User).where(User.id == english).values(language="en"))
    for path in pages:
        assert "At our office" in signed_in(world.app, world.tenant, english).get(path).text


def test_without_a_text_people_are_told_whom_to_ask(world: PayingWorld):
    client, one = world.client(), world.invoice()
    with unit_of_work(world.tenant.id):
        db.session.execute(update(ProviderAccount).values(enabled=False))
        touch()
    assert "Pregunte a" in checked_get(client, f"/payments/summary?invoice={one}").text


def test_what_no_way_takes_together_is_said_before_paying(world: PayingWorld):
    client, huge = world.client(), world.invoice(10**14)
    page = checked_get(client, f"/payments/summary?invoice={huge}")
    assert "no se pueden pagar juntas" in page.text
    assert not [form for form in page.forms if form.action == "/payments/confirm"]


def test_invoices_that_can_be_paid_say_so(world: PayingWorld):
    """S4.9: “Realizar pago” on every pending invoice."""
    client, one = world.client(), world.invoice()
    page = checked_get(client, "/invoices/history")
    assert f"/payments/summary?invoice={one}" in page.links and "Realizar pago" in page.text
    assert "Realizar pago" in checked_get(client, f"/invoices/{one}").text
    checked_get(client, f"/payments/summary?invoice={one}")


def test_a_form_is_a_step_too(world: PayingWorld, acme_account):
    assert isinstance(acme.Acme(world.app.extensions["ventanilla_config"]).start, object)
    client, one = world.client(), world.invoice()
    gone = begin(client, one, way=str(acme_account))
    policy = gone.headers["Content-Security-Policy"]
    assert "form-action 'self' http://bank.localhost" in policy and "unsafe" not in policy
    assert "data-leave" in gone.text and 'type="submit"' in gone.text
    with unit_of_work(world.tenant.id):
        step = db.session.execute(select(Attempt.step)).scalar_one()
    assert step["kind"] == "form" and Form(step["action"], step["fields"])
