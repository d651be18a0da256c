"""The coupon as payers see it, and collected files as staff see them."""

from __future__ import annotations

import io
import re
import uuid

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import func, select

from blueprints.payments.collected_models import CollectedFile, Coupon
from blueprints.payments.links import make_link
from blueprints.payments.models import Attempt
from saas import outbox
from saas.audit import SYSTEM
from saas.clock import now
from saas.database import db
from saas.mail import Mailbox
from saas.scope import unit_of_work
from tenants.provider_account_changes import switch_account
from tests import cast
from tests.application import client_for
from tests.blueprints.payments.providers.collector.world import CashWorld
from tests.blueprints.payments.test_pages import token
from tests.pages import check_page, checked_get
from tests.signed_in import signed_in


@pytest.fixture
def staff(cash: CashWorld) -> FlaskClient:
    with unit_of_work(cash.tenant_id):
        user = cast.add_user("caja@example.com", name="Caja", staff_role="billing")
    return signed_in(cash.paying.app, cash.paying.tenant, user)


def upload(staff: FlaskClient, cash: CashWorld, content: bytes, name: str = "cobros.txt"):
    form = token(staff.get("/desk/payments/collected/new").text)
    data = {"csrf_token": form, "account": str(cash.collector_id), "file": (io.BytesIO(content), name)}
    return staff.post("/desk/payments/collected/new", data=data)


def test_a_payer_gets_a_coupon_to_show_print_and_copy(cash: CashWorld, mailbox: Mailbox):
    made = cash.coupon(cash.paying.invoice(150_026))
    client = cash.paying.client()
    checked_get(client, f"/payments/{made.attempt_id}")
    page = client.get(f"/payments/{made.attempt_id}")
    assert "Pago Cerca" in page.text and "En cualquier sucursal" in page.text
    assert f'data-copy="{made.number}"' in page.text and made.instructions.barcode in page.text
    groups = re.search(r'class="digits"><code>(.+?)</code>', page.text)
    assert groups and re.sub(r"<[^>]+>", "", groups[1]) == made.number  # copied, it is one number
    assert "data:image/svg+xml;base64," in page.text and "http-equiv" not in page.text
    pdf = client.get(f"/payments/{made.attempt_id}/coupon")
    assert pdf.mimetype == "application/pdf"
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.data)).pages)
    assert made.instructions.barcode in text and "Pago Cerca" in text and "F-1" in text
    outbox.drain()
    ((_name, letter),) = mailbox.letters()
    assert letter["To"] == "paga@example.com" and made.number in str(letter["Subject"])
    assert [part.get_content_type() for part in letter.iter_attachments()] == ["application/pdf"]
    assert client.get(f"/payments/{made.attempt_id}/coupon").data == pdf.data
    with unit_of_work(cash.tenant_id):
        assert db.session.execute(select(func.count()).select_from(Coupon)).scalar() == 1


def test_whoever_pays_through_a_link_gets_the_coupon_too(cash: CashWorld, mailbox: Mailbox):
    world = cash.paying
    with unit_of_work(cash.tenant_id):
        switch_account(world.provider_account_id, enabled=False, actor=SYSTEM)
        link = make_link(
            world.invoice(150_026),
            days=7,
            actor=SYSTEM,
            user_id=None,
            customer_id=world.customer_id,
            now=now(),
        )[1]
    visitor = client_for(world.app, world.tenant.host)
    form = {"csrf_token": token(visitor.get(f"/pay/{link}").text), "email": "vecina@example.com"}
    status = visitor.post(f"/pay/{link}", data=form).headers["Location"]
    page = checked_get(visitor, status)
    assert "Pago Cerca" in page.text and "1.500,26" in page.text and "vecina@example.com" in page.text
    assert "Camila" not in page.text and "http-equiv" not in page.body
    with unit_of_work(cash.tenant_id):
        number = db.session.execute(select(Attempt.provider_reference)).scalar_one()
    assert f'data-copy="{number}"' in page.body
    outbox.drain()
    assert mailbox.letters()[-1][1]["To"] == "vecina@example.com"
    assert cash.collect(cash.line(str(number), 150_026)) == ["paid"]
    assert "Pago recibido" in checked_get(visitor, status).text


def test_a_payment_that_is_no_coupon_has_no_paper(cash: CashWorld):
    started = cash.paying.start(cash.paying.invoice())
    client = cash.paying.client()
    assert client.get(f"/payments/{started.attempt_id}/coupon").status_code == 404
    assert client.get(f"/payments/{started.attempt_id}").status_code == 200


def test_a_strangers_coupon_is_not_there(cash: CashWorld):
    made = cash.coupon(cash.paying.invoice())
    with unit_of_work(cash.tenant_id):
        stranger = cast.add_user("otra@example.com", name="Otra")
    client = signed_in(cash.paying.app, cash.paying.tenant, stranger)
    assert client.get(f"/payments/{made.attempt_id}/coupon").status_code == 404
    assert client.get(f"/payments/{made.attempt_id}").status_code == 404


def test_a_coupon_can_be_left(cash: CashWorld):
    made = cash.coupon(cash.paying.invoice())
    client = cash.paying.client()
    form = token(client.get(f"/payments/{made.attempt_id}").text)
    left = client.post(f"/payments/{made.attempt_id}/leave", data={"csrf_token": form})
    assert left.status_code == 303
    assert cash.paying.attempt(made.attempt_id).state == "canceled"
    # Whoever pays it all the same has paid.
    assert cash.collect(cash.line(made.number, made.amount)) == ["paid"]
    assert client.get(f"/payments/{made.attempt_id}").status_code == 200


def test_staff_put_a_file_in_see_what_it_would_do_and_apply_it(cash: CashWorld, staff: FlaskClient):
    made = cash.coupon(cash.paying.invoice(150_026))
    checked_get(staff, "/desk/payments/collected")
    content = cash.file(cash.line(made.number, made.amount, 1), cash.line("31415926", 4_200, 2))
    put_in = upload(staff, cash, content)
    assert put_in.status_code == 303
    path = put_in.headers["Location"]
    checked_get(staff, path)
    page = staff.get(path)
    assert "31415926" in page.text and cash.paying.attempt(made.attempt_id).state == "created"
    again = upload(staff, cash, content, "otra-vez.txt")
    assert again.headers["Location"] == path
    assert "tomado" in staff.get(path).text
    applied = staff.post(f"{path}/apply", data={"csrf_token": token(page.text)})
    assert applied.status_code == 303 and applied.headers["Location"].endswith("/progress")
    assert 'http-equiv="refresh"' in staff.get(applied.headers["Location"]).text
    outbox.drain()
    assert cash.paying.attempt(made.attempt_id).state == "captured"
    done = staff.get(applied.headers["Location"])
    assert done.status_code == 303
    checked_get(staff, path)
    assert "/apply" not in staff.get(path).text
    report = staff.get(f"{path}?format=csv")
    rows = report.data.decode("utf-8-sig").splitlines()
    assert len(rows) == 3 and "1500,26" in rows[1]
    checked_get(staff, "/desk/payments/collected")


def test_a_wrong_file_is_refused_with_the_line(cash: CashWorld, staff: FlaskClient):
    content = cash.file(cash.line("1", 100))
    page = upload(staff, cash, content[:-3])
    assert page.status_code == 422
    check_page(page, url="/desk/payments/collected/new")
    assert "98" in page.text or "caracteres" in page.text
    assert upload(staff, cash, b"").status_code == 422
    with unit_of_work(cash.tenant_id):
        assert db.session.execute(select(func.count()).select_from(CollectedFile)).scalar() == 0


def test_the_account_must_be_one_of_the_choices(cash: CashWorld, staff: FlaskClient):
    form = token(staff.get("/desk/payments/collected/new").text)
    for account in (cash.paying.provider_account_id, uuid.uuid4(), "x"):
        data = {"csrf_token": form, "account": str(account), "file": (io.BytesIO(b"x"), "x.txt")}
        assert staff.post("/desk/payments/collected/new", data=data).status_code == 422


def test_the_command_line_takes_a_file_in(cash: CashWorld, tmp_path):
    made = cash.coupon(cash.paying.invoice(150_026))
    runner = cash.paying.app.test_cli_runner()
    account = ["--tenant", "aguas", "--account", "Pago Cerca"]
    path = tmp_path / "dia.txt"
    sample = runner.invoke(args=["payments", "collect-sample", str(path), *account])
    assert "1 payments" in sample.output, sample.output
    rehearsed = runner.invoke(args=["payments", "collected", str(path), *account, "--dry-run", "--json"])
    assert '"what": "coupon"' in rehearsed.output and rehearsed.exit_code == 0, rehearsed.output
    assert cash.paying.attempt(made.attempt_id).state == "created"
    taken = runner.invoke(args=["payments", "collected", str(path), *account])
    assert "paid" in taken.output and taken.exit_code == 0, taken.output
    assert cash.paying.attempt(made.attempt_id).state == "captured"
    refused = runner.invoke(args=["payments", "collected", str(path), *account])
    assert refused.exit_code == 1 and "already taken" in refused.output
    with unit_of_work(cash.tenant_id):
        assert db.session.execute(select(func.count()).select_from(Attempt)).scalar() == 1
