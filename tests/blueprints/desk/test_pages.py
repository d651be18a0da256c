"""Every page of the desk: for the right role, and for nobody else."""

from __future__ import annotations

import re
import uuid

import pytest
from flask import Flask

from saas.ids import new_id
from tests.application import client_for
from tests.blueprints.desk.office import Office, make_office, post, text_of

PAGES = {
    "/desk": "admin billing service reader",
    "/desk/customers": "admin billing service reader",
    "/desk/customers?login=none": "admin billing service reader",
    "/desk/customers/{customer}": "admin billing service reader",
    "/desk/customers/invitations": "admin service",
    "/desk/customers/{customer}/view": "admin service",
    "/desk/customers/{customer}/invite": "admin service",
    "/desk/accounts": "admin billing service reader",
    "/desk/accounts?customer={customer}": "admin billing service reader",
    "/desk/accounts/{account}": "admin billing service reader",
    "/desk/accounts/{account}/invoices": "admin billing service reader",
    "/desk/payments": "admin billing",
    "/desk/payments/quarantine": "admin billing",
    "/desk/payments/providers": "admin billing",
    "/desk/payments/providers/{provider}": "admin billing",
    "/desk/payments/providers/{provider}/switch": "admin",
    "/desk/staff": "admin",
    "/desk/staff/invite": "admin",
    "/desk/staff/{reader}": "admin",
    "/desk/settings": "admin",
    "/desk/settings/words": "admin",
    "/desk/settings/capabilities": "admin",
    "/desk/theme": "admin",
    "/desk/theme/edit/caudal": "admin",
    "/desk/audit": "admin",
    "/desk/unsent": "admin",
}


def address(page: str, office: Office) -> str:
    return page.format(**vars(office))


@pytest.fixture
def office(app: Flask) -> Office:
    return make_office()


def test_each_role_sees_its_pages_and_no_other(app: Flask, office: Office):
    for who in ("admin", "billing", "service", "reader"):
        client = office.at_desk(app, who)
        for page, allowed in PAGES.items():
            answer = client.get(address(page, office))
            expected = 200 if who in allowed.split() else 403
            assert answer.status_code == expected, (who, page, answer.get_data(as_text=True)[-2000:])


def test_for_customers_the_desk_is_not_there(app: Flask, office: Office):
    client = office.at_desk(app, "holder")
    assert {client.get(address(page, office)).status_code for page in PAGES} == {404}


def test_strangers_are_asked_to_sign_in(app: Flask, office: Office):
    client = client_for(app, office.tenant.host)
    for page in PAGES:
        answer = client.get(address(page, office))
        assert answer.status_code == 302 and "/login" in answer.location, page


def test_every_page_is_whole(app: Flask, office: Office):
    """One h1, a title that begins with it, no inline style or script, a token in every form that posts."""
    client = office.at_desk(app)
    for page in PAGES:
        body = text_of(client.get(address(page, office)))
        headings = re.findall(r"<h1[^>]*>(.*?)</h1>", body, re.DOTALL)
        assert len(headings) == 1, page
        title = re.search(r"<title>(.*?)</title>", body, re.DOTALL)
        assert title and title[1].startswith(re.sub("<[^>]+>", "", headings[0])), page
        assert " style=" not in body and "<style" not in body, page
        assert re.search(r"<script(?![^>]*\bsrc=)", body) is None, page
        for form in re.findall(r'<form[^>]*method="post".*?</form>', body, re.DOTALL):
            assert 'name="csrf_token"' in form, page
        ids = re.findall(r'\bid="([^"]+)"', body)
        assert len(ids) == len(set(ids)), page
        assert body.count('aria-current="page"') <= 2, page  # the menu's, and that of tabs


ONE_ROW = (
    "/desk/customers/{id}", "/desk/customers/{id}/view", "/desk/customers/{id}/invite", "/desk/accounts/{id}",
    "/desk/accounts/{id}/invoices", "/desk/accounts?customer={id}", "/desk/payments/quarantine/{id}",
    "/desk/payments/providers/{id}", "/desk/staff/{id}", "/desk/theme/versions/{id}", "/desk/theme/preview/{id}",
    "/desk/theme/preview/{id}.css", "/desk/theme/versions/{id}/dark.svg",
)  # fmt: skip


def test_what_does_not_exist_and_what_is_foreign_is_not_found(app: Flask, office: Office):
    stranger = make_office("vecina", canary="CANARIO-VECINA")
    client = office.at_desk(app)
    foreign = (
        new_id(),
        stranger.customer,
        stranger.account,
        stranger.provider,
        stranger.reader,
        office.holder,
    )
    for page in ONE_ROW:
        for row_id in foreign:
            answer = client.get(page.format(id=row_id))
            assert answer.status_code == 404, page
            assert "VECINA" not in answer.get_data(as_text=True)


def test_foreign_ids_change_nothing(app: Flask, office: Office):
    stranger = make_office("vecina", canary="CANARIO-VECINA")
    client = office.at_desk(app)
    fields: dict[str, object] = {"reason": "por curiosidad", "email": "x@example.com", "roles": "reader"}
    for to in (
        "/desk/customers/{customer}/view", "/desk/customers/{customer}/invite",
        "/desk/payments/providers/{provider}/switch", "/desk/staff/{reader}",
        "/desk/staff/{reader}/disable", "/desk/staff/{reader}/enable",
    ):  # fmt: skip
        assert post(client, "/desk/audit", address(to, stranger), fields).status_code == 404, to


def test_the_start_page_says_what_waits(app: Flask, office: Office):
    from saas.scope import unit_of_work
    from tests.cast import add_customer

    with unit_of_work(office.tenant.id):
        add_customer("Sin Acceso", document="1")
    body = text_of(office.at_desk(app).get("/desk"))
    assert "login=none" in body
    listed = text_of(office.at_desk(app).get("/desk/customers?login=none"))
    assert "Sin Acceso" in listed and "José" not in listed


def test_customers_are_found_by_what_people_know(app: Flask, office: Office):
    client = office.at_desk(app)
    known = ("nandu", "PEÑA jose", "josé", "30.123.456", "30123", "0042-7", "JOSE@example.com")
    unknown = ("50%", "_and_", "nadie", "x@example.com", "' OR 1=1 --")
    for question in (*known, *unknown):
        body = text_of(client.get("/desk/customers", query_string={"q": question}))
        assert (f"/desk/customers/{office.customer}" in body) is (question in known), question


def test_accounts_are_found(app: Flask, office: Office):
    client = office.at_desk(app)
    for question, found in (("0042", True), ("0042-7", True), ("pena", True), ("9", False), ("%", False)):
        body = text_of(client.get("/desk/accounts", query_string={"q": question}))
        assert (f"/desk/accounts/{office.account}" in body) is found, question


def test_lists_go_on_where_they_ended(app: Flask, office: Office):
    from saas.scope import unit_of_work
    from tests.cast import add_customer

    with unit_of_work(office.tenant.id):
        for number in range(60):
            add_customer(f"Persona {number:03d}", document=f"p{number}")
    client, at, seen = office.at_desk(app), "/desk/customers?q=persona", []
    while at:
        body = text_of(client.get(at))
        seen += re.findall(r">(Persona \d{3})<", body)
        following = re.search(r'rel="next" href="([^"]+)"', body)
        at = following[1].replace("&amp;", "&") if following else ""
    assert seen == [f"Persona {number:03d}" for number in range(60)]


def test_pages_cost_the_same_for_long_lists(app: Flask, office: Office):
    from saas.scope import unit_of_work
    from tests.cast import add_account, add_customer
    from tests.signed_in import statements

    client = office.at_desk(app)
    pages = [
        "/desk/customers",
        "/desk/accounts",
        f"/desk/customers/{office.customer}",
        f"/desk/accounts/{office.account}",
    ]
    counts = {}
    for page in pages:
        client.get(page)
        with statements() as sent:
            client.get(page)
        counts[page] = len(sent)
    with unit_of_work(office.tenant.id):
        for number in range(20):
            other = add_customer(f"Otro {number}", document=f"o{number}")
            add_account(
                f"9{number:03d}", customers=[(other, "owner", 500_000), (office.customer, "owner", 500_000)]
            )
    for page in pages:
        with statements() as sent:
            text_of(client.get(page))
        assert len(sent) == counts[page], page


def test_the_account_page_tells_what_the_books_say(app: Flask, office: Office):
    body = text_of(office.at_desk(app).get(f"/desk/accounts/{office.account}"))
    assert "$1.234,50" in body.replace("\xa0", "") and "B-1" in body and "Ñandú" in body


def test_money_that_arrived_is_shown(app: Flask, office: Office):
    from blueprints.payments.models import Allocation, Attempt, Payment
    from saas.clock import now
    from saas.scope import unit_of_work

    with unit_of_work(office.tenant.id) as session:
        attempt = Attempt(
            reference="REF-1", user_id=office.holder, provider_account_id=office.provider, mode="test",
            state="captured", amount=50_050, currency="ARS", items_key="k", created_at=now(), expires_at=now(),
        )  # fmt: skip
        session.add(attempt)
        session.flush()
        payment = Payment(
            attempt_id=attempt.id, customer_id=office.customer, paid_on=now().date(), amount=50_050, currency="ARS",
            method="card", reference="REF-1", created_at=now(),
        )  # fmt: skip
        session.add(payment)
        session.flush()
        session.add(Allocation(payment_id=payment.id, invoice_id=office.invoice, amount=50_050))
    client = office.at_desk(app)
    for page in (
        "/desk",
        f"/desk/accounts/{office.account}",
        "/desk/payments",
        "/desk/payments?reference=REF-1&state=captured",
    ):
        assert "$500,50" in text_of(client.get(page)), page
    assert "$500,50" not in text_of(client.get("/desk/payments?state=failed"))


def test_without_row_security_the_net_still_holds(app: Flask, office: Office, bypassing_rls: None):
    stranger = make_office("vecina", name="Vecina Total", canary="CANARIO-VECINA")
    client = office.at_desk(app)
    for page in PAGES:
        assert "VECINA" not in text_of(client.get(address(page, office))), page
    for question in ("vecina", "30123456", "0042-7", "jose@example.com"):
        body = text_of(client.get("/desk/customers", query_string={"q": question}))
        assert str(stranger.customer) not in body and "Vecina" not in body.replace('value="vecina"', "")
        body = text_of(client.get("/desk/accounts", query_string={"q": question}))
        assert str(stranger.account) not in body
    for page in ("/desk/customers/{customer}", "/desk/accounts/{account}", "/desk/staff/{reader}"):
        assert client.get(address(page, stranger)).status_code == 404


def test_damaged_cursors_and_odd_questions_are_a_first_page(app: Flask, office: Office):
    client = office.at_desk(app)
    for page in (
        "customers",
        "accounts",
        "payments",
        "payments/quarantine",
        "audit",
        f"accounts/{office.account}/invoices",
    ):
        for cursor in ("x", "W10", "bnVsbA", "W251bGxd", "a" * 2000, "ñ", "W251bGwsbnVsbF0"):
            assert client.get(f"/desk/{page}", query_string={"after": cursor, "q": "a"}).status_code == 200, (
                page,
                cursor,
            )
    for question in (
        "\x00",
        "\ud800".encode("utf-8", "surrogatepass"),
        "‮",
        "a" * 10_000,
        "e\u0301" * 5000,
        "😀",
        "\\",
        "%%%",
    ):
        assert client.get("/desk/customers", query_string={"q": question}).status_code == 200
        assert client.get("/desk/accounts", query_string={"q": question}).status_code == 200


def test_ids_are_not_guessed_at(app: Flask, office: Office):
    client = office.at_desk(app)
    for odd in ("1", "-1", "null", str(uuid.uuid4()).upper() + "x", "'", "9" * 40):
        assert client.get(f"/desk/customers/{odd}").status_code == 404
