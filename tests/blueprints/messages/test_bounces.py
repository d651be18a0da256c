"""What comes back: read from raw mail, written down, told to the customer at the next visit."""

from __future__ import annotations

import uuid
from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from blueprints.messages.bounces import read_report
from blueprints.messages.models import DeadAddress, Message
from blueprints.messages.services import send
from saas import outbox
from saas.database import db
from saas.mail import Mailbox
from saas.scope import unit_of_work
from tests.application import client_for
from tests.blueprints.auth.door import log_in
from tests.blueprints.messages.conftest import Office


def report(
    original: EmailMessage,
    *,
    to: str,
    action: str = "failed",
    status: str = "5.1.1",
    headers_only: bool = False,
) -> bytes:
    """A report as Postfix writes it."""
    mail = MIMEMultipart("report", report_type="delivery-status")
    mail["From"], mail["To"], mail["Subject"] = (
        "MAILER-DAEMON@mx.example",
        "no-reply@localhost",
        "Undelivered Mail",
    )
    mail.attach(MIMEText("This is the mail system.\n"))
    per_message = EmailMessage()
    per_message["Reporting-MTA"] = "dns; mx.example"
    per_recipient = EmailMessage()
    per_recipient["Final-Recipient"] = f"rfc822; {to}"
    per_recipient["Action"] = action
    per_recipient["Status"] = status
    per_recipient["Diagnostic-Code"] = "smtp; 550 5.1.1 <ana>: Recipient address rejected: User unknown"
    blocks = MIMEMessage(per_message, "delivery-status")
    blocks.get_payload().append(per_recipient)
    mail.attach(blocks)
    if headers_only:
        part = MIMEText(f"Message-ID: {original['Message-ID']}\nSubject: x\n", "rfc822-headers")
        mail.attach(part)
    else:
        mail.attach(MIMEMessage(original))
    return mail.as_bytes()


def written(office: Office, mailbox: Mailbox) -> EmailMessage:
    with unit_of_work(office.tenant.id):
        send("invoice-new", customer_id=office.renter, facts={"invoices": [str(office.invoice)]})
    outbox.drain()
    return mailbox.letters()[0][1]


def state(office: Office) -> tuple[str, list[str]]:
    with unit_of_work(office.tenant.id):
        return (
            db.session.execute(select(Message.state).order_by(Message.id).limit(1)).scalar_one(),
            list(db.session.execute(select(DeadAddress.address)).scalars()),
        )


def take_in(office: Office, raw: bytes, folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "1.eml").write_bytes(raw)
    result = office.app.test_cli_runner().invoke(args=["messages", "bounce", str(folder)])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_bounce_is_written_down_and_the_address_is_left_alone(
    office: Office, mailbox: Mailbox, tmp_path: Path
):
    original = written(office, mailbox)
    assert "bounced" in take_in(office, report(original, to="renata@casa.example"), tmp_path / "in")
    assert state(office) == ("bounced", ["renata@casa.example"])
    assert (tmp_path / "in" / "taken" / "1.eml").exists()
    # The same report again tells nothing new.
    assert "unknown" in take_in(office, report(original, to="renata@casa.example"), tmp_path / "in")


def test_headers_alone_are_enough(office: Office, mailbox: Mailbox, tmp_path: Path):
    original = written(office, mailbox)
    take_in(office, report(original, to="renata@casa.example", headers_only=True), tmp_path / "in")
    assert state(office)[0] == "bounced"


def test_a_delay_is_no_bounce(office: Office, mailbox: Mailbox, tmp_path: Path):
    original = written(office, mailbox)
    assert "delayed" in take_in(
        office, report(original, to="renata@casa.example", action="delayed", status="4.4.1"), tmp_path / "in"
    )
    assert state(office) == ("sent", [])


def test_a_report_about_somebody_else_is_not_believed(office: Office, mailbox: Mailbox, tmp_path: Path):
    original = written(office, mailbox)
    take_in(office, report(original, to="otra@casa.example"), tmp_path / "in")
    original.replace_header("Message-ID", f"<{uuid.uuid4().hex}.{office.tenant.id.hex}@localhost>")
    take_in(office, report(original, to="renata@casa.example"), tmp_path / "in")
    original.replace_header("Message-ID", f"<{uuid.uuid4().hex}.{uuid.uuid4().hex}@localhost>")
    assert "unknown" in take_in(office, report(original, to="renata@casa.example"), tmp_path / "in")
    assert state(office) == ("sent", [])


@given(st.binary(max_size=400))
def test_anything_may_lie_in_the_folder(raw: bytes):
    assert read_report(raw) is None


@given(st.binary(max_size=200))
def test_a_damaged_report_is_no_failure(rest: bytes):
    head = b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n"
    head += b"Content-Type: message/delivery-status\n\n"
    tail = (
        b"\n--x\nContent-Type: message/rfc822\n\nMessage-ID: <"
        + b"0" * 32
        + b"."
        + b"0" * 32
        + b"@x>\n\n--x--"
    )
    read_report(head + rest + tail)


def test_the_customer_reads_it_at_the_next_visit(office: Office, mailbox: Mailbox, tmp_path: Path):
    take_in(office, report(written(office, mailbox), to="renata@casa.example"), tmp_path / "in")
    client = client_for(office.app, office.tenant.host)
    log_in(client, office.tenant, "renata@casa.example")
    page = client.get("/").get_data(as_text=True)
    assert "renata@casa.example no recibe correo" in page
    page = client.get("/messages").get_data(as_text=True)
    assert "Su dirección no recibe correo" in page and "Devuelto" in page
