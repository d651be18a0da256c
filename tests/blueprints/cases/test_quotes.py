"""Quotes of repairs: who decides, from where, once; and that nobody else learns the price."""

from __future__ import annotations

import datetime
import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from blueprints.accounts.models import Account, AccountParty, Property
from blueprints.cases import quote_rules, quotes, services
from blueprints.cases.casebook import Upload
from blueprints.cases.models import CaseEvent
from blueprints.cases.quote_links import token_of
from blueprints.cases.quote_models import CaseQuote, CaseQuoteLink
from blueprints.cases.quotes import NewQuote
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.events import _handlers, subscribe
from saas.files import store
from saas.ids import new_id
from saas.outbox import drain
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tenants.services import change_settings
from tests.application import client_for
from tests.cast import TenantCast, add_account, add_customer, add_user, give_access, make_agency
from tests.pages import checked_get
from tests.signed_in import signed_in

STAFF = Actor("staff", None, "Luis Oficina")
RENTER = Actor("customer", None, "Renata")


@dataclass
class Repair:
    tenant: TenantCast
    case: uuid.UUID
    mandate: uuid.UUID
    main: uuid.UUID
    partner: uuid.UUID
    renter_user: uuid.UUID


@pytest.fixture
def repair(app: Flask) -> Repair:
    tenant = make_agency()
    with unit_of_work(tenant.id):
        renter = add_customer("Renata", document="1", email="renata@example.com")
        main = add_customer("Omar Restrepo", document="2", email="omar@example.com")
        partner = add_customer("Paula Restrepo", document="3", email="paula@example.com")
        place = new_id()
        db.session.add(
            Property(
                id=place, code="P-1", kind="Casa", address="Calle 10 # 4-5", city="Cali", created_at=now()
            )
        )
        db.session.flush()
        mandate = add_account(
            "MD-1", kind="mandate", customers=[(main, "owner", 600_000), (partner, "owner", 400_000)]
        )
        lease = add_account("CT-1", kind="lease", customers=[(renter, "renter", 1_000_000)])
        for account in (mandate, lease):
            db.session.get_one(Account, (tenant.id, account)).property_id = place
        for email, name, customer in (
            ("omar@example.com", "Omar", main),
            ("paula@example.com", "Paula", partner),
        ):
            give_access(add_user(email, name=name, customer_id=customer), mandate, role="owner")
        renter_user = add_user("renata@example.com", name="Renata", customer_id=renter)
        give_access(renter_user, lease, role="renter")
        case = services.open_case(
            services.NewCase(
                class_code="petition",
                subject_code="repairs",
                description="Gotea la llave",
                customer_id=renter,
                user_id=renter_user,
                account_id=lease,
                property_id=place,
            ),
            actor=RENTER,
            now=now(),
        )
    return Repair(tenant, case.id, mandate, main, partner, renter_user)


def user_of(repair: Repair, email: str) -> uuid.UUID:
    from tenants.people import User

    with unit_of_work(repair.tenant.id):
        return db.session.execute(select(User.id).where(User.email == email)).scalar_one()


def a_quote(repair: Repair, **given: Any) -> uuid.UUID:
    fields: dict[str, Any] = {
        "amount": 350_000_00,
        "currency": "COP",
        "vendor": "Plomería SECRETO-PRECIO",
        "description": "Cambiar la llave",
        "valid_until": now().date() + datetime.timedelta(days=20),
    }
    with unit_of_work(repair.tenant.id):
        return quotes.add_quote(repair.case, NewQuote(**(fields | given)), actor=STAFF, now=now())


def tokens(repair: Repair) -> list[str]:
    with unit_of_work(repair.tenant.id):
        ids = db.session.execute(select(CaseQuoteLink.id)).scalars().all()
        return [token for link_id in ids if (token := token_of(link_id))]


def state_of(repair: Repair, quote_id: uuid.UUID) -> tuple[str, str | None, uuid.UUID | None]:
    with unit_of_work(repair.tenant.id):
        row = db.session.execute(
            select(CaseQuote.state, CaseQuote.decided_through, CaseQuote.decider_id).where(
                CaseQuote.id == quote_id
            )
        ).one()
        return row.state, row.decided_through, row.decider_id


def press(client, address: str, page: str, decision: str, status: int = 303):
    body = client.get(page).get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', body)
    fields = {"csrf_token": token[1] if token else "", "decision": decision}
    answer = client.post(address, data=fields)
    assert answer.status_code == status, answer.status_code
    return answer


@pytest.fixture
def approved():
    heard: list[dict[str, Any]] = []

    def note(**facts: Any) -> None:
        heard.append(facts)

    subscribe("quote.approved", note)
    yield heard
    _handlers["quote.approved"].remove(note)


def test_the_owner_approves_from_the_link(app, repair: Repair, mailbox, approved):
    quote_id = a_quote(repair)
    (token,) = tokens(repair)
    drain()
    letters = [letter for _name, letter in mailbox.letters() if "omar" in str(letter["To"])]
    assert len(letters) == 1
    visitor = client_for(app, repair.tenant.host)
    address = f"/repair/{token}"
    for _ in range(3):  # programs that look at messages open it too
        page = checked_get(visitor, address)
        assert visitor.head(address).status_code == 200
    assert "Calle 10" in page.text and "Renata" not in page.text and "Gotea" not in page.text
    assert state_of(repair, quote_id)[0] == "open" and not approved
    press(visitor, address, address, "approve")
    assert state_of(repair, quote_id) == ("approved", "link", repair.main)
    assert checked_get(visitor, address).h1
    assert len(approved) == 1
    facts = approved[0]
    assert (facts["amount"], facts["currency"]) == (350_000_00, "COP")
    assert (facts["mandate_account_id"], facts["case_id"]) == (repair.mandate, repair.case)


def test_the_link_is_no_other_tenants_and_no_guess(app, repair: Repair):
    a_quote(repair)
    (token,) = tokens(repair)
    other = make_agency("otra", canary="CANARIO-OTRA")
    assert client_for(app, other.host).get(f"/repair/{token}").status_code == 404
    assert client_for(app, repair.tenant.host).get(f"/repair/{token[:-1]}x").status_code == 404


def test_a_link_that_is_over_shows_no_price(app, repair: Repair):
    quote_id = a_quote(repair)
    (token,) = tokens(repair)
    with unit_of_work(repair.tenant.id):
        quotes.take_back(quote_id, actor=STAFF, now=now())
    page = checked_get(client_for(app, repair.tenant.host), f"/repair/{token}", status=410)
    assert "SECRETO-PRECIO" not in page.body and "350" not in page.text


def test_the_link_of_who_sold_meanwhile_opens_nothing(app, repair: Repair):
    """A11: the right ends, and with it the link that is still in the mailbox."""
    content = b"%PDF-1.7 SECRETO-PRECIO"
    with unit_of_work(repair.tenant.id):
        file_id = store(content, media_type="application/pdf", name="q.pdf", purpose="case")
    upload = Upload(file_id, "q.pdf", "application/pdf", len(content), "0" * 64)
    quote_id = a_quote(repair, file=upload)
    (token,) = tokens(repair)
    visitor, address = client_for(app, repair.tenant.host), f"/repair/{token}"
    assert visitor.get(f"{address}/file").status_code == 200
    page = visitor.get(address).get_data(as_text=True)
    with unit_of_work(repair.tenant.id):
        sold = update(AccountParty).where(AccountParty.customer_id == repair.main)
        db.session.execute(sold.values(valid_until=now().date() - datetime.timedelta(days=2)))
    assert "SECRETO-PRECIO" not in checked_get(visitor, address, status=410).body
    assert visitor.get(f"{address}/file").status_code == 404
    form = dict(re.findall(r'name="(csrf_token)" value="([^"]+)"', page))
    assert visitor.post(address, data={**form, "decision": "approve"}).status_code == 404
    assert state_of(repair, quote_id)[0] == "open"


def test_who_decides_in_the_own_area(app, repair: Repair, approved):
    quote_id = a_quote(repair)
    main = signed_in(app, repair.tenant, user_of(repair, "omar@example.com"))
    partner = signed_in(app, repair.tenant, user_of(repair, "paula@example.com"))
    renter = signed_in(app, repair.tenant, repair.renter_user)
    address = f"/repairs/{quote_id}"
    assert "SECRETO-PRECIO" in checked_get(partner, address).body
    press(
        partner,
        f"{address}/decision",
        "/cases/new/details?class_code=claim&subject_code=legal",
        "approve",
        404,
    )
    assert renter.get(address).status_code == 404
    assert "SECRETO-PRECIO" not in renter.get("/repairs").get_data(as_text=True)
    assert checked_get(main, "/cases").text.count("1") and checked_get(main, "/repairs")
    press(main, f"{address}/decision", address, "refuse")
    assert state_of(repair, quote_id) == ("refused", "area", repair.main) and not approved


def test_a_co_owner_with_too_small_a_share_sees_and_does_not_decide(app, repair: Repair):
    quote_id = a_quote(repair)
    with unit_of_work(repair.tenant.id), pytest.raises(NotFound):
        quotes.decide(
            quote_id,
            approve=True,
            decider_id=repair.partner,
            through="area",
            actor=RENTER,
            now=now(),
        )


def test_any_owner_with_enough_of_a_share(app, repair: Repair):
    with unit_of_work(repair.tenant.id):
        change_settings({"cases.quote-decides": "any", "cases.quote-share": 40}, actor=STAFF)
    quote_id = a_quote(repair)
    assert len(tokens(repair)) == 2
    with unit_of_work(repair.tenant.id):
        given = {"decider_id": repair.partner, "through": "area", "actor": RENTER, "now": now()}
        assert quotes.decide(quote_id, approve=True, **given)
        assert not quotes.decide(quote_id, approve=True, **given)  # pressed twice
        with pytest.raises(Refusal):
            quotes.decide(quote_id, approve=False, **given)


def test_a_small_repair_needs_nobody(app, repair: Repair, approved):
    with unit_of_work(repair.tenant.id):
        change_settings({"cases.quote-free-up-to": 400_000_00}, actor=STAFF)
    quote_id = a_quote(repair)
    assert state_of(repair, quote_id) == ("approved", "rule", None)
    assert len(approved) == 1 and tokens(repair) == []


def test_the_renter_sees_progress_and_no_price(app, repair: Repair):
    quote_id = a_quote(repair)
    with unit_of_work(repair.tenant.id):
        quotes.decide(
            quote_id,
            approve=False,
            decider_id=repair.main,
            through="area",
            actor=Actor("customer", None, "Omar"),
            now=now(),
            words="MUY-CARO",
        )
    page = checked_get(signed_in(app, repair.tenant, repair.renter_user), f"/cases/{repair.case}")
    assert "cotización" in page.text.lower() or "reparación" in page.text.lower()
    for secret in ("SECRETO-PRECIO", "350", "MUY-CARO", "Omar"):
        assert secret not in page.text
    with unit_of_work(repair.tenant.id):
        events = db.session.execute(
            select(func.count()).select_from(CaseEvent).where(CaseEvent.kind.like("quote%"))
        ).scalar_one()
    assert events == 2


def test_staff_put_a_quote_and_take_it_back(app, repair: Repair):
    with unit_of_work(repair.tenant.id):
        staff = add_user("servicio@example.com", staff_role="service")
        reader = add_user("lee@example.com", staff_role="reader")
    desk = signed_in(app, repair.tenant, staff)
    address = f"/desk/cases/{repair.case}/quotes"
    assert signed_in(app, repair.tenant, reader).get(address).status_code == 403
    page = checked_get(desk, address)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.body)
    assert token
    fields = {
        "csrf_token": token[1],
        "vendor": "Plomería",
        "description": "Cambiar la llave",
        "amount": "350.000",
        "valid_until": f"{now().date() + datetime.timedelta(days=9):%d/%m/%Y}",
        "mandate_account_id": str(repair.mandate),
    }
    assert desk.post(address, data=fields | {"amount": "-1"}).status_code == 422
    assert desk.post(address, data=fields).status_code == 303
    with unit_of_work(repair.tenant.id):
        row = db.session.execute(select(CaseQuote.id, CaseQuote.amount)).one()
    assert row.amount == 350_000_00
    assert desk.post(f"/desk/cases/quotes/{row.id}/take-back", data=fields).status_code == 303
    assert state_of(repair, row.id)[0] == "taken-back"


@given(
    st.dictionaries(st.uuids(), st.integers(1, 1_000_000), max_size=6),
    st.sampled_from(["main", "any"]),
    st.integers(1, 100),
)
def test_somebody_always_decides(shares, how, per_cent):
    found = quote_rules.who_decides(shares, how, per_cent)
    assert bool(found) == bool(shares) and found <= shares.keys()
    if shares:
        top = max(shares.values())
        assert any(shares[owner] == top for owner in found)
        if how == "main":
            assert all(shares[owner] == top for owner in found)
