"""From an organisation with nothing in it to paid owners: the files of its back office, a month, money through two
providers, payouts by two persons, a case inside its term; and an owner who rents sees it all true to the cent."""

from __future__ import annotations

import io
import json
import re
import uuid
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blueprints.accounts.models import Account
from blueprints.cases.models import Case
from blueprints.payments.providers.bank_simulator import messenger as bank_messenger
from blueprints.payments.providers.payu.signing import Keys
from blueprints.payments.providers.payu_simulator.checkout import EXTENSION as PAYU_MESSENGER
from blueprints.payments.wire import EXTENSION as WIRE
from blueprints.payouts.bank_accounts import NewAccount, confirm_by_link, enter_account
from blueprints.payouts.layouts import ANSWER, layouts
from blueprints.payouts.models import OwnerBankAccount, PayoutLine
from blueprints.payouts.tokens import CODE, LINK, make_token, unseal
from blueprints.payouts.writing import write_file
from saas import outbox
from saas.audit import SYSTEM, Actor
from saas.clock import now, today
from saas.database import db
from saas.mail import Mailbox
from saas.scope import unit_of_work
from tenants.people import User
from tenants.provider_accounts import ProviderAccount
from tenants.services import change_settings
from tests.application import client_for
from tests.blueprints.payments.providers.payu.world import SANDBOX, SIMULATOR, PayuWorld, token
from tests.blueprints.payments.providers.payu.world import HeldMessenger as HeldPayu
from tests.blueprints.payments.world import HeldMessenger, HouseWire, PayingWorld
from tests.blueprints.payouts.world import LONG_AGO, ZONE
from tests.cast import ONE_STEP, TenantCast
from tests.journeys.opening import CREATE, HOST, ORDER, Opening, last_totals
from tests.pages import checked_get
from tests.signed_in import post

# Of the pack: who rents CT-2004 for 6.350.000 and owns 40 % of CT-2003, which is let for 3.200.000 at 10 % and its IVA.
BOTH, CO_OWNER, RENTS, OWNS = "429072899", "1028232521", "CT-2004", "CT-2003"
RENT, LET_FOR, KEPT = 6_350_000_00, 3_200_000_00, 380_800_00
SHARE = {BOTH: (1_280_000_00, 152_320_00, 1_127_680_00), CO_OWNER: (1_920_000_00, 228_480_00, 1_691_520_00)}
CSV = "csv-generico-v1"
OTHER_NET = 6_350_000_00 - 680_085_00  # of the owner of CT-2004: 9 % and 19 % of it are kept


@pytest.fixture
def opening(app: Flask, mailbox: Mailbox) -> Opening:
    """On the air, with two people who may do everything."""
    opening = Opening(app, mailbox, TenantCast(uuid.UUID(int=0), "vecinos", HOST, "", "COP"))
    tenant_id = uuid.UUID(json.loads(opening.typed(*CREATE, "--json"))["id"])
    opening.tenant = replace(opening.tenant, id=tenant_id)
    with unit_of_work(tenant_id):
        change_settings(ONE_STEP, actor=SYSTEM)  # the second factor has tests of its own
    for email, name in (("jefa@vecinos.example", "Rosa Peña"), ("socia@vecinos.example", "Inés Paz")):
        opening.typed(
            "user", "invite", email, "--tenant", "vecinos", "--name", name, "--role", "administrator"
        )
    opening.boss = opening.come_in("jefa@vecinos.example")
    opening.partner = opening.come_in("socia@vecinos.example")
    return opening


def test_an_agency_opens_bills_collects_pays_and_answers(opening: Opening) -> None:
    import_the_pack(opening)
    period = bill_next_month(opening)
    people = invite_customers(opening)
    collect(opening, people, period)
    pay_owners(opening)
    number = ask_and_answer(opening, people[BOTH])
    see_it_all(opening, people, period, number)
    for command in (["ledger", "check"], ["cases", "check"], ["audit", "verify"]):
        opening.typed(*command, "--tenant", "vecinos")


def import_the_pack(opening: Opening) -> None:
    refused = {}
    for name in ORDER:
        shown = opening.take_in(name)
        assert "Terminada" in shown, (name, shown)
        refused[name] = shown.count("<tr") if "Filas con problemas" in shown else 0
    assert refused["facturas_arrendamiento.csv"] and not refused["contratos.csv"]
    opening.typed("ledger", "check", "--tenant", "vecinos")


def bill_next_month(opening: Opening) -> str:
    """The first run of the house costs each contract what the back office billed last."""
    day = today(ZONE)
    index = day.year * 12 + day.month
    period = f"{index // 12}-{index % 12 + 1:02}"
    new = "/desk/billing/new"
    answer = post(opening.boss, new, new, {"month": period})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    run = answer.location.removesuffix("/progress")
    outbox.drain()
    billed = last_totals()
    assert money(sum(billed.values())) in checked_get(opening.boss, run).text
    assert post(opening.boss, f"{run}/start", f"{run}/start").status_code == 303
    outbox.drain()
    assert {contract: opening.invoice(contract, period).total for contract in billed} == billed
    return period


def invite_customers(opening: Opening) -> dict[str, FlaskClient]:
    """Everybody at once; those of whom this tells come in, by their letters."""
    page = "/desk/customers/invitations"
    assert post(opening.boss, page, page).status_code == 303
    outbox.drain()
    return {
        document: opening.come_in(str(opening.customer(document).email))
        for document in (BOTH, CO_OWNER, opening.renter_of(OWNS))
    }


def collect(opening: Opening, people: dict[str, FlaskClient], period: str) -> None:
    """One rent through the bank to practise with, the other through PayU, with the keys of its sandbox."""
    wire = opening.app.extensions[WIRE] = HouseWire(opening.app)
    bank = opening.app.extensions[bank_messenger.EXTENSION] = HeldMessenger(wire)
    payu = opening.app.extensions[PAYU_MESSENGER] = HeldPayu(wire)
    new = "/desk/payments/providers/new?provider="
    assert post(opening.boss, f"{new}bank-simulator", new, {"provider": "bank-simulator"}).status_code == 303
    house = payers(opening, wire, bank, BOTH, RENTS)
    started = house.start(opening.invoice(RENTS, period).id)
    at_bank = client_for(opening.app, SIMULATOR)
    order = at_bank.get(str(started.step.url).removeprefix(f"http://{SIMULATOR}")).headers["Location"]
    decision = {"csrf_token": token(at_bank.get(order).text), "decision": "approve", "notice": "once"}
    assert at_bank.post(order, data=decision).status_code == 303
    for delivery in bank.held:
        assert bank_messenger.post(wire, delivery) == 200
    add = {
        "provider": "payu", "mode": "test", "of_country": "CO", "of_merchant_id": "508029",
        "of_account_id": "512321", "of_api_key": SANDBOX["api_key"], "of_api_login": SANDBOX["api_login"],
        "of_algorithm": "HMAC-SHA256", "of_tax": "zero", "of_hours": "24", "name": "PayU",
        "invoice_types": "rent", "account_kinds": "lease",
    }  # fmt: skip
    added = post(opening.boss, f"{new}payu", new.partition("?")[0], add)
    assert added.status_code == 303, added.get_data(as_text=True)
    bank_page = f"/desk/payments/providers/{house.provider_account_id}"
    assert post(opening.boss, f"{bank_page}/switch", f"{bank_page}/switch").status_code == 303
    with unit_of_work(opening.tenant.id):
        payu_id = db.session.execute(
            select(ProviderAccount.id).where(ProviderAccount.provider == "payu")
        ).scalar_one()
    renter = opening.renter_of(OWNS)
    gateway = PayuWorld(payers(opening, wire, bank, renter, OWNS), payu_id, "508029", payu)
    paid = gateway.start(opening.invoice(OWNS, period).id)
    gateway.decide(paid.attempt_id, "approve")
    assert gateway.carry() == [200]
    genuine = gateway.fields(paid.attempt_id, keys=Keys(SANDBOX["api_key"]))
    assert gateway.post(genuine) == 200, "said again, it is heard and changes nothing"
    assert gateway.state(paid.attempt_id) == "captured"
    while outbox.drain():
        pass
    for contract in (RENTS, OWNS):
        assert opening.invoice(contract, period).open_amount == 0


def payers(
    opening: Opening, wire: HouseWire, bank: HeldMessenger, document: str, contract: str
) -> PayingWorld:
    """Somebody who pays an own contract."""
    customer = opening.customer(document)
    with unit_of_work(opening.tenant.id):
        user = db.session.execute(select(User.id).where(User.customer_id == customer.id)).scalar_one()
        provider = db.session.execute(
            select(ProviderAccount.id).where(ProviderAccount.provider == "bank-simulator")
        ).scalar_one()
        account = db.session.execute(
            select(Account.id).where(Account.number == contract, Account.kind == "lease")
        ).scalar_one()
    return PayingWorld(
        opening.app, opening.tenant, provider, user, customer.id, account, wire, bank, str(customer.email)
    )


def pay_owners(opening: Opening) -> None:
    """Accounts confirmed more than 72 hours ago, a run that a second person approves, the bank's file and answer."""
    for place, document in enumerate((BOTH, CO_OWNER)):
        know_account_of(opening, document, f"2000000000{place}")
    new = "/desk/payouts/new"
    form = next(one for one in checked_get(opening.boss, new).forms if one.action == new)
    prepared = opening.boss.post(new, data=dict(form.fields) | {"whom": "all"})
    assert prepared.status_code == 303, prepared.get_data(as_text=True)
    run = prepared.location
    shown = checked_get(opening.boss, run).text
    assert money(sum(net for _rent, _kept, net in SHARE.values())) in shown
    assert money(OTHER_NET) in shown and "no tiene cuenta bancaria" in shown
    assert not [one for one in checked_get(opening.boss, run).forms if str(one.action).endswith("/approve")]
    assert post(opening.partner, run, f"{run}/approve").status_code == 303
    layout = {"layout": CSV}
    assert post(opening.boss, run, f"{run}/file", layout).status_code == 303
    content = opening.boss.get(f"{run}/file").get_data()
    with unit_of_work(opening.tenant.id):
        lines = db.session.execute(
            select(PayoutLine.key, PayoutLine.amount).where(PayoutLine.amount > 0)
        ).all()
    assert sorted(line.amount for line in lines) == sorted(net for _rent, _kept, net in SHARE.values())
    for line in lines:
        assert f"{line.amount // 100}.{line.amount % 100:02}".encode() in content
    said = [
        {"key": line.key, "amount": line.amount, "code": "OK", "done_on": today(ZONE), "reference": "B-1", "words": ""}
        for line in lines
    ]  # fmt: skip
    page = "/desk/payouts/answers/new"
    form = next(one for one in checked_get(opening.boss, page).forms if one.action == page)
    file = (io.BytesIO(write_file(layouts(ANSWER)[CSV], {}, said)), "respuesta.csv")
    taken = opening.boss.post(
        page, data=dict(form.fields) | {"layout": CSV, "file": file}, content_type="multipart/form-data"
    )
    assert taken.status_code == 303, taken.get_data(as_text=True)
    assert "contestado" in checked_get(opening.boss, run).text


def know_account_of(opening: Opening, document: str, number: str) -> None:
    customer = opening.customer(document)
    long_ago = now() - LONG_AGO
    account = NewAccount(
        bank="1007", kind="savings", number=number, holder_name=customer.name,
        holder_document_kind=customer.document_kind, holder_document_number=document,
    )  # fmt: skip
    with unit_of_work(opening.tenant.id):
        user = db.session.execute(select(User.id).where(User.customer_id == customer.id)).scalar_one()
        entered = enter_account(
            customer.id, account, actor=Actor("customer", user, customer.name), by_staff=False, now=long_ago
        )
        sealed = db.session.execute(
            select(OwnerBankAccount.sealed_code).where(OwnerBankAccount.id == entered)
        ).scalar_one()
        assert confirm_by_link(make_token(LINK, entered), unseal(sealed, entered, CODE), now=long_ago)


def ask_and_answer(opening: Opening, customer: FlaskClient) -> str:
    """Filed by the owner who rents, answered at the desk inside its term. Returns the case's number."""
    chosen = "/cases/new/details?class_code=claim&subject_code=payments"
    form = next(one for one in checked_get(customer, chosen).forms if "/cases/new" in str(one.action))
    words = {"description": "¿Por qué no aparece mi pago?"}
    filed = customer.post("/cases/new/details", data=dict(form.fields) | words)
    assert filed.status_code == 303, filed.get_data(as_text=True)
    case = f"/desk{filed.location}"
    page = checked_get(opening.boss, case)
    number = re.search(r"\d{4}-\d{6}", page.h1)
    assert number and "¿Por qué no aparece mi pago?" in page.text
    form = next(
        one for one in checked_get(opening.boss, f"{case}/answer").forms if "/answer" in str(one.action)
    )
    answer = {"body": "Ya aparece: llegó hoy.", "step": "send"}
    assert opening.boss.post(f"{case}/answer", data=dict(form.fields) | answer).status_code == 303
    assert "Ya aparece: llegó hoy." in checked_get(customer, filed.location).text
    with unit_of_work(opening.tenant.id):
        row = db.session.execute(select(Case).where(Case.number == number[0])).scalar_one()
        assert row.state == "answered" and row.due_on is not None and row.due_on >= today(ZONE)
    return number[0]


def see_it_all(opening: Opening, people: dict[str, FlaskClient], period: str, number: str) -> None:
    """Two who own one place read the same month, each the own part; one of them rents elsewhere and owes nothing."""
    month = f"{today(ZONE):%Y-%m}"
    for document in (BOTH, CO_OWNER):
        rent, kept, net = SHARE[document]
        client = people[document]
        statement = next(link for link in checked_get(client, "/income").links if link.endswith(f"/{month}"))
        page = checked_get(client, statement)
        for said in (money(LET_FOR), money(rent), f"-{money(KEPT)}", f"-{money(kept)}", f"-{money(net)}"):
            assert said in page.text, (document, said)
        for link in page.links:
            if link.startswith(("/income/", "/invoices/")):
                assert client.get(link).status_code == 200, link
    both = people[BOTH]
    home = checked_get(both, "/").text
    assert money(SHARE[BOTH][2]) in home and number in checked_get(both, "/cases").text
    assert not re.search(r"Por pagar\s*\$[1-9]", home)
    assert money(RENT) in checked_get(both, "/invoices/history").text
    foreign = opening.invoice(OWNS, period).id
    assert both.get(f"/invoices/{foreign}").status_code == 404, (
        "an owner reads the rent, not the renter's invoice"
    )


def money(amount: int) -> str:
    """As pages write it: cents only where there are some."""
    whole = f"{amount // 100:,}".replace(",", ".")
    return f"${whole},{amount % 100:02}" if amount % 100 else f"${whole}"
