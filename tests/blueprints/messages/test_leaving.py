"""One way out: what is written to customers becomes a row, leaves, and says what became of it."""

from __future__ import annotations

import datetime
import smtplib
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from blueprints.auth.letters import ask_for_recovery
from blueprints.messages import rules
from blueprints.messages.models import DeadAddress, Message
from blueprints.messages.services import send
from saas import mail, outbox
from saas.database import db
from saas.mail import Mailbox, NotTaken
from saas.outbox import OutboxRow
from saas.scope import unit_of_work
from tests.blueprints.messages.conftest import WEDNESDAY, Office


def rows(office: Office, *columns: Any) -> list[Any]:
    with unit_of_work(office.tenant.id):
        return list(db.session.execute(select(*columns).order_by(Message.id)))


def write(office: Office, kind: str = "invoice-new", **options: Any) -> uuid.UUID | None:
    facts = options.pop("facts", {"invoices": [str(office.invoice)]})
    with unit_of_work(office.tenant.id):
        return send(kind, customer_id=options.pop("customer", office.renter), facts=facts, **options)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> Callable[[Exception | None], None]:
    """Let the mail server answer with an exception; None lets it take mail again."""
    answers: list[Exception | None] = [None]
    take = Mailbox.send

    def answer(self: Mailbox, message: Any) -> None:
        if answers[0] is not None:
            raise answers[0]
        take(self, message)

    monkeypatch.setattr(Mailbox, "send", answer)
    return lambda problem: answers.__setitem__(0, problem)


def test_a_message_is_sent_in_both_parts_and_kept_as_it_was(office: Office, mailbox: Mailbox):
    write(office, key="one")
    outbox.drain()
    ((_name, found),) = mailbox.letters()
    text = found.get_body(("plain",)).get_content()
    assert found["Subject"] == "Su factura de Hogar CANARIO-HOGAR está lista"
    assert "Renata Ochoa" in text and "1.250.000" in text and "20 de noviembre de 2026" in text
    assert "http://hogar.localhost/invoices" in text
    page = found.get_body(("html",)).get_content()
    assert "1.250.000" in page and 'href="http://hogar.localhost/invoices"' in page
    ((state, body, recipient, sent_at),) = rows(
        office, Message.state, Message.body, Message.recipient, Message.sent_at
    )
    assert (state, recipient) == (rules.SENT, "renata@casa.example") and sent_at is not None
    stop = found["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    assert body.split() == text.replace(stop, "••••••").split(), "but for the link that opens something"


def test_optional_mail_can_be_stopped_with_one_post(office: Office, mailbox: Mailbox):
    write(office)
    write(office, "case-filed", facts={"number": "R-1", "title": "Gotera", "until": "2026-12-01"})
    outbox.drain()
    by_subject = {str(found["Subject"]): found for _name, found in mailbox.letters()}
    optional = by_subject.pop("Su factura de Hogar CANARIO-HOGAR está lista")
    assert optional["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert optional["List-Unsubscribe"].startswith("<http://hogar.localhost/messages/no-more/")
    (mandatory,) = by_subject.values()
    assert mandatory["List-Unsubscribe"] is None


def test_the_same_key_is_sent_once(office: Office, mailbox: Mailbox):
    assert write(office, key="k") is not None and write(office, key="k") is None
    outbox.drain()
    assert len(mailbox.letters()) == 1


def test_who_is_killed_after_sending_sends_under_the_same_name(
    office: Office, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
):
    write(office)
    real, killed = mail.send_now, []

    def die_after(letter: Any, name: Any) -> None:
        real(letter, name)
        if not killed:
            killed.append(name)
            raise SystemExit

    monkeypatch.setattr("blueprints.messages.leaving.send_now", die_after)
    with pytest.raises(SystemExit):
        outbox.drain()
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + outbox.LEASE * 2):
        outbox.drain()
    names = [str(found["Message-ID"]) for _name, found in mailbox.letters()]
    assert len(names) == 2 and len(set(names)) == 1
    assert [state for (state,) in rows(office, Message.state)] == [rules.SENT]


def test_a_letter_of_another_capability_is_in_the_list_and_keeps_its_secret(office: Office, mailbox: Mailbox):
    with unit_of_work(office.tenant.id):
        ask_for_recovery("renata@casa.example")
    outbox.drain()
    ((_name, found),) = mailbox.letters()
    sent = found.get_body(("plain",)).get_content()
    token = next(
        line for line in sent.splitlines() if line.startswith("http://hogar.localhost/") and len(line) > 40
    )
    ((kind, customer, user, body, sealed),) = rows(
        office, Message.kind, Message.customer_id, Message.user_id, Message.body, Message.sealed
    )
    assert (kind, customer, user) == ("security", office.renter, office.user)
    assert token.rpartition("/")[2] not in body and "••••" in body and sealed is None


def test_what_waits_holds_no_readable_secret(office: Office):
    with unit_of_work(office.tenant.id):
        ask_for_recovery("renata@casa.example")
    with unit_of_work(office.tenant.id):
        asked = db.session.execute(select(OutboxRow.id)).scalar_one()
    assert outbox.run_next(office.tenant.id)
    ((sealed, body, subject),) = rows(office, Message.sealed, Message.body, Message.subject)
    assert sealed and "http" not in sealed and asked and "••••" in body and subject


def test_a_letter_to_a_new_address_is_nobodys_news(office: Office, mailbox: Mailbox):
    """Whether somebody has an address must not be told to who asks to change to it."""
    from blueprints.auth.email_change import ask_email_change
    from saas.audit import Actor

    with unit_of_work(office.tenant.id):
        ask_email_change(office.user, "nueva@casa.example", actor=Actor("customer", office.user, "Renata"))
    outbox.drain()
    to = {
        row.recipient: (row.customer_id, row.user_id)
        for row in rows(office, Message.recipient, Message.customer_id, Message.user_id)
    }
    assert to["nueva@casa.example"] == (None, None)
    assert to["renata@casa.example"] == (office.renter, office.user)


def test_a_server_that_is_away_is_tried_again_and_then_given_up(
    office: Office, mailbox: Mailbox, server: Callable[[Exception | None], None]
):
    server(ConnectionRefusedError("nobody there"))
    write(office)
    moment = datetime.datetime.now(datetime.UTC)
    for tries in range(1, len(outbox.PAUSES) + 1):
        with time_machine.travel(moment, tick=False):
            outbox.drain()
        ((state, count, detail),) = rows(office, Message.state, Message.tries, Message.detail)
        assert (state, count) == (rules.QUEUED, tries) and "nobody there" in detail
        moment += datetime.timedelta(hours=3)
    with time_machine.travel(moment, tick=False):
        outbox.drain()
    ((state, reason),) = rows(office, Message.state, Message.reason)
    assert (state, reason) == (rules.REFUSED, "The mail server could not be reached.")


def test_a_server_that_comes_back_gets_the_mail(
    office: Office, mailbox: Mailbox, server: Callable[[Exception | None], None]
):
    server(smtplib.SMTPServerDisconnected("bye"))
    write(office)
    outbox.drain()
    server(None)
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1)):
        outbox.drain()
    assert [state for (state,) in rows(office, Message.state)] == [rules.SENT]
    assert len(mailbox.letters()) == 1


def test_an_address_that_is_refused_gets_no_optional_mail_any_more(
    office: Office, mailbox: Mailbox, server: Callable[[Exception | None], None]
):
    server(NotTaken(550, "no such user", address=True))
    write(office)
    outbox.drain()
    server(None)
    write(office)
    with unit_of_work(office.tenant.id):
        ask_for_recovery("renata@casa.example")
    outbox.drain()
    found = rows(office, Message.kind, Message.state, Message.reason)
    assert [(row.kind, row.state) for row in found] == [
        ("invoice-new", rules.REFUSED),
        ("invoice-new", rules.REFUSED),
        ("security", rules.SENT),
    ]
    assert found[1].reason == "This address does not take mail."
    with unit_of_work(office.tenant.id):
        assert db.session.execute(select(DeadAddress.address)).scalars().all() == ["renata@casa.example"]


def test_who_has_no_address_still_has_a_text_to_be_printed(office: Office):
    with unit_of_work(office.tenant.id):
        from tests import cast

        account = cast.add_account("CT-2", kind="lease", customers=[(office.silent, "renter", 1_000_000)])
        invoice = office.bill("FV-2", due_on=datetime.date(2026, 11, 25), account=account)
    write(office, customer=office.silent, facts={"invoices": [str(invoice)]})
    outbox.drain()
    ((state, reason, body),) = rows(office, Message.state, Message.reason, Message.body)
    assert (state, reason) == (rules.REFUSED, "There is no e-mail address.") and "Silvio Mudo" in body


def test_what_was_paid_meanwhile_is_not_asked_for(office: Office, mailbox: Mailbox):
    from blueprints.payments.outside import OutsidePayment, record_outside_payment

    write(office)
    with unit_of_work(office.tenant.id):
        record_outside_payment(
            OutsidePayment(
                items=[(office.invoice, 1_250_000_00)],
                paid_on=datetime.date(2026, 11, 18),
                currency="COP",
                method="PSE",
                reference="1",
                number="RC-1",
            ),
            actor=None,
        )
    outbox.drain()
    assert ("invoice-new", rules.DROPPED) in [tuple(row) for row in rows(office, Message.kind, Message.state)]
    assert "Su factura" not in "".join(str(found["Subject"]) for _name, found in mailbox.letters())


@pytest.mark.parametrize(
    ("moment", "leaves"),
    [
        (datetime.datetime(2026, 11, 22, 15, tzinfo=datetime.UTC), "2026-11-23 08:00"),  # a Sunday
        (
            datetime.datetime(2026, 11, 16, 15, tzinfo=datetime.UTC),
            "2026-11-17 08:00",
        ),  # Independence of Cartagena
        (datetime.datetime(2026, 11, 19, 2, tzinfo=datetime.UTC), "2026-11-19 08:00"),  # nine in the evening
        (datetime.datetime(2026, 11, 21, 21, tzinfo=datetime.UTC), "2026-11-23 08:00"),  # Saturday at four
    ],
)
def test_a_reminder_waits_for_its_hour_and_a_receipt_does_not(
    office: Office, mailbox: Mailbox, moment: datetime.datetime, leaves: str
):
    """Case L14."""
    with time_machine.travel(moment, tick=False):
        write(office, "reminder-before")
        write(office, "case-answered", facts={"number": "R-1", "title": "Gotera", "detail": "Va un plomero."})
        outbox.drain()
    found = {row.kind: row for row in rows(office, Message.kind, Message.state, Message.not_before)}
    assert found["case-answered"].state == rules.SENT
    assert found["reminder-before"].state == rules.DEFERRED
    local = found["reminder-before"].not_before - datetime.timedelta(hours=5)
    assert f"{local:%Y-%m-%d %H:%M}" == leaves
    with time_machine.travel(found["reminder-before"].not_before, tick=False):
        outbox.drain()
    assert len(mailbox.letters()) == 2
    # What waited over its due date says so when it leaves.
    last = rows(office, Message.kind, Message.state)
    expected = "reminder-after" if leaves.startswith("2026-11-23") else "reminder-before"
    assert (expected, rules.SENT) in [tuple(row) for row in last]


def test_a_customer_is_asked_once_a_day(office: Office, mailbox: Mailbox):
    with time_machine.travel(WEDNESDAY, tick=False):
        write(office, "reminder-before")
        write(office, "reminder-before")
        outbox.drain()
    states = [row.state for row in rows(office, Message.state)]
    assert sorted(states) == [rules.DEFERRED, rules.SENT]
    (waits,) = [
        row.not_before
        for row in rows(office, Message.state, Message.not_before)
        if row.state == rules.DEFERRED
    ]
    assert waits == datetime.datetime(2026, 11, 19, 13, tzinfo=datetime.UTC)
