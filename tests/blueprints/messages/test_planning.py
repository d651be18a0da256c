"""Reminders and notices: each step of an invoice once, one mail a customer, nothing that need not be asked for."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import time_machine
from sqlalchemy import func, select

from blueprints.messages import planning, rules
from blueprints.messages.choices import PROFILE, choose
from blueprints.messages.jobs import order_day
from blueprints.messages.models import Message, Reminder
from blueprints.payments.models import PaymentLink
from saas import outbox
from saas.audit import SYSTEM
from saas.database import db
from saas.events import emit
from saas.mail import Mailbox
from saas.scope import unit_of_work
from tenants.provider_accounts import ProviderAccount
from tests import cast
from tests.blueprints.messages.conftest import WEDNESDAY, Office, settings

NOON = datetime.datetime(2026, 11, 17, 17, tzinfo=datetime.UTC)  # Tuesday; FV-1 is due on the 20th


def day(office: Office, moment: datetime.datetime) -> None:
    """Plan and send a day, as a server does that is up all the time."""
    with time_machine.travel(moment, tick=False):
        with unit_of_work(office.tenant.id):
            order_day(moment.date())
        outbox.drain()


def sent(office: Office) -> list[tuple[Any, ...]]:
    with unit_of_work(office.tenant.id):
        rows = db.session.execute(select(Message.kind, Message.state, Message.body).order_by(Message.id))
        return [tuple(row) for row in rows]


def test_reminders_are_off_until_somebody_switches_them_on(office: Office, mailbox: Mailbox):
    day(office, NOON)
    assert sent(office) == []


def test_one_mail_for_several_invoices_and_each_step_once(office: Office, mailbox: Mailbox):
    with unit_of_work(office.tenant.id):
        settings(reminders=True)
        office.bill("FV-2", due_on=datetime.date(2026, 11, 19))
        office.bill("FV-3", due_on=datetime.date(2026, 12, 19))
    for hour in range(3):
        day(office, NOON + datetime.timedelta(hours=hour))
    assert len(mailbox.letters()) == 1
    ((kind, state, body),) = sent(office)
    assert (kind, state) == ("reminder-before", rules.SENT)
    assert "FV-1" in body and "FV-2" in body and "FV-3" not in body
    with unit_of_work(office.tenant.id):
        assert db.session.execute(select(func.count()).select_from(Reminder)).scalar_one() == 2


def test_the_steps_of_an_invoice_that_nobody_pays(office: Office, mailbox: Mailbox):
    """Three days before it, on the day, three and ten days after it: once each, however often a day is planned."""
    with unit_of_work(office.tenant.id):
        settings(reminders=True)
    for days in range(25):
        day(office, NOON + datetime.timedelta(days=days))
    subjects = [str(found["Subject"]) for _name, found in reversed(mailbox.letters())]
    assert [subject.split(":")[0].split(" $")[0] for subject in subjects] == [
        "Recordatorio",
        "Último día para pagar",
        subjects[2].split(" $")[0],
        subjects[3].split(" $")[0],
    ]
    assert all("está vencido" in subject for subject in subjects[2:]) and len(subjects) == 4
    dates = [found["Date"].datetime.date() for _name, found in reversed(mailbox.letters())]
    # The 23rd is a Monday; the 30th too.
    assert dates == [datetime.date(2026, 11, one) for one in (17, 20, 23, 30)]


def test_who_never_pays_and_was_forgotten_for_months_is_left_alone(office: Office, mailbox: Mailbox):
    with unit_of_work(office.tenant.id):
        settings(reminders=True)
        office.bill("FV-OLD", due_on=datetime.date(2026, 5, 1))
    day(office, NOON)
    ((_kind, _state, body),) = sent(office)
    assert "FV-OLD" not in body


def test_who_said_no_is_not_reminded(office: Office, mailbox: Mailbox):
    with unit_of_work(office.tenant.id):
        settings(reminders=True)
        choose(office.renter, [("reminder-before", "mail", False)], source=PROFILE, actor=SYSTEM)
    day(office, NOON)
    assert sent(office) == [] and mailbox.letters() == []


def test_void_disputed_and_withheld_invoices_are_not_asked_for(office: Office, mailbox: Mailbox):
    from blueprints.invoices.services import void_invoice
    from blueprints.payments.models import Allocation, Payment
    from blueprints.payments.refund_models import Dispute
    from saas.ids import new_id

    with unit_of_work(office.tenant.id):
        settings(reminders=True)
        due_on = datetime.date(2026, 11, 19)
        void = office.bill("FV-VOID", due_on=due_on)
        void_invoice(void, reason="error", today=datetime.date(2026, 11, 17))
        fought = office.bill("FV-FOUGHT", due_on=due_on)
        mandate = cast.add_account("MA-1", kind="mandate", customers=[(office.renter, "owner", 1_000_000)])
        cast.add_invoice(
            mandate, "FC-1", type_code="commission", currency="COP", due_on=due_on, issued_on=due_on
        )
        payment = new_id()
        moment = NOON
        db.session.add(
            Payment(
                id=payment,
                customer_id=office.renter,
                paid_on=due_on,
                amount=1,
                currency="COP",
                method="card",
                reference="x",
                created_at=moment,
            )
        )
        db.session.flush()
        db.session.add(Allocation(id=new_id(), payment_id=payment, invoice_id=fought, amount=1))
        db.session.add(
            Dispute(
                id=new_id(),
                payment_id=payment,
                event="1",
                state="open",
                amount=1,
                currency="COP",
                opened_at=moment,
            )
        )
    day(office, NOON)
    ((_kind, _state, body),) = sent(office)
    assert "FV-1" in body
    assert not any(number in body for number in ("FV-VOID", "FV-FOUGHT", "FC-1"))


def test_a_plan_goes_on_where_a_batch_ended(office: Office, mailbox: Mailbox, monkeypatch: Any):
    monkeypatch.setattr(planning, "BATCH", 3)
    with unit_of_work(office.tenant.id):
        settings(reminders=True)
        for number in range(5):
            customer = cast.add_customer(
                f"Cliente {number}", document=f"9{number}", email=f"c{number}@x.example"
            )
            account = cast.add_account(
                f"CT-9{number}", kind="lease", customers=[(customer, "renter", 1_000_000)]
            )
            for part in range(2):
                office.bill(f"FV-9{number}{part}", due_on=datetime.date(2026, 11, 19), account=account)
    day(office, NOON)
    letters = mailbox.letters()
    assert sorted(str(found["To"]) for _name, found in letters) == sorted(
        [*(f"c{number}@x.example" for number in range(5)), "renata@casa.example"]
    )


def test_new_invoices_of_a_run_come_in_one_mail(office: Office, mailbox: Mailbox):
    """The run tells of them a stretch at a time; what comes for the same customer is gathered."""
    with time_machine.travel(WEDNESDAY, tick=False) as clock:
        for number in range(3):
            with unit_of_work(office.tenant.id):
                invoice = office.bill(f"FV-1{number}", due_on=datetime.date(2026, 12, 5))
                emit(
                    "invoices.issued",
                    run_id=uuid.uuid4(),
                    period="2026-12",
                    count=1,
                    first_id=invoice,
                    last_id=invoice,
                )
            outbox.drain()
        assert mailbox.letters() == []
        clock.shift(planning.GATHERED)
        outbox.drain()
    ((_name, found),) = mailbox.letters()
    text = found.get_body(("plain",)).get_content()
    assert all(f"FV-1{number}" in text for number in range(3)) and "100.000" in text


def test_no_notice_where_the_tenant_wants_none(office: Office, mailbox: Mailbox):
    with unit_of_work(office.tenant.id):
        settings(invoice_notice=False)
        emit("invoices.issued", first_id=office.invoice, last_id=office.invoice)
        emit("invoices.imported", batch_id=uuid.uuid4())
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)):
        outbox.drain()
    assert mailbox.letters() == []


def test_a_payment_link_in_the_mail_where_the_tenant_wants_it(office: Office, mailbox: Mailbox):
    from saas.ids import new_id
    from tenants.services import touch

    with unit_of_work(office.tenant.id):
        settings(reminders=True, payment_link=True)
        db.session.add(
            ProviderAccount(
                id=new_id(), provider="bank_simulator", name="Banco", mode="test", enabled=True,
                hook_digest="0" * 64, settings={"merchant": "m"}, created_at=NOON,
            )
        )  # fmt: skip
        touch()
    day(office, NOON)
    ((_name, found),) = mailbox.letters()
    text = found.get_body(("plain",)).get_content()
    (address,) = [line for line in text.splitlines() if "/pay/" in line]
    with unit_of_work(office.tenant.id):
        assert db.session.execute(select(PaymentLink.invoice_id)).scalar_one() == office.invoice
        body = db.session.execute(select(Message.body)).scalar_one()
    assert address.rpartition("/")[2] not in body
