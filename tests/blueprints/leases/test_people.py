"""Other owners and renters while a lease runs: written at the desk with a day, and each reads the own time alone."""

from __future__ import annotations

import datetime
import re
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from blueprints.accounts.models import Access, AccountParty
from blueprints.desk import words as desk_words
from blueprints.invoices import queries as invoices
from blueprints.leases import customer_queries
from blueprints.leases.models import LeaseDocument
from blueprints.leases.parties import OWNER, RENTER, NewPeople, change_people
from blueprints.leases.people import Person, find
from blueprints.leases.services import book_collected_rent
from blueprints.owners.checking import differences
from saas.audit import SYSTEM, AuditRow, first_broken
from saas.database import db
from saas.files import store
from saas.ids import new_id
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tenants.context import Reach
from tests.blueprints.leases.village import Village, lease, login_of, make_village
from tests.cast import add_invoice
from tests.pages import check_page, checked_get
from tests.signed_in import post, signed_in

D = datetime.date
SOLD = D(2026, 7, 1)
EVE = D(2026, 6, 30)


@pytest.fixture
def village(app: Flask) -> Village:
    return make_village()


@pytest.fixture
def desk(app: Flask, village: Village) -> FlaskClient:
    return signed_in(app, village.tenant, village.staff)


def people(*documents_and_shares: tuple[str, int]) -> list[Person]:
    return [
        Person(f"owner_{place}_document", "CC", document, "Carla Nueva", share=share)
        for place, (document, share) in enumerate(documents_and_shares, start=1)
    ]


def change(village: Village, role: str, *who: tuple[str, int], day: D = SOLD) -> bool:
    new = NewPeople(role, find(people(*who), "CO"), day, "Venta")
    return change_people(village.home, new, actor=SYSTEM)


def rows(account_id: uuid.UUID) -> list[tuple[str, int, D | None, D | None]]:
    found = db.session.execute(
        select(AccountParty)
        .where(AccountParty.account_id == account_id)
        .order_by(AccountParty.valid_from, AccountParty.share.desc())
        .execution_options(populate_existing=True)
    ).scalars()
    return [(row.customer_id, row.share, row.valid_from, row.valid_until) for row in found]


FORM = {
    "people": "2", "first_day": "01/07/2026", "reason": "Venta por escritura 123",
    "owner_1_kind": "CC", "owner_1_document": "500600700", "owner_1_share": "25", "owner_1_name": "",
    "owner_1_email": "", "owner_1_phone": "", "owner_2_kind": "CC", "owner_2_document": "77.001",
    "owner_2_share": "75", "owner_2_name": "Carla Nueva", "owner_2_email": "carla@example.com",
    "owner_2_phone": "",
}  # fmt: skip


def test_owners_are_changed_after_a_look_and_only_once(desk: FlaskClient, village: Village):
    page = f"/desk/leases/{village.home}/owners"
    asked = checked_get(desk, page)
    assert "500600701" in desk.get(page).get_data(as_text=True), "who owns now stands in the form"
    assert asked.h1 == "Propietarios del contrato CT-1"
    look = post(desk, page, page, FORM)
    text = check_page(look, url=page)
    assert look.status_code == 200
    assert text.h1.startswith("Propietarios desde el")
    shown = look.get_data(as_text=True)
    assert "Beatriz Montoya" in shown
    assert "Carla Nueva" in shown
    with unit_of_work(village.tenant.id):
        assert len(rows(lease(village.home).mandate_account_id)) == 2, "a look changes nothing"
    for _twice in range(2):
        answer = post(desk, page, page, {**FORM, "step": "confirm"})
        assert answer.status_code == 303
    after = checked_get(desk, answer.headers["Location"])
    assert after.h1 == "Contrato CT-1"
    with unit_of_work(village.tenant.id):
        account = lease(village.home).mandate_account_id
        found = rows(account)
        carla = found[-2][0]
        assert found == [
            (village.owner, 600_000, D(2025, 12, 1), EVE),
            (village.co_owner, 400_000, D(2025, 12, 1), EVE),
            (carla, 750_000, SOLD, None),
            (village.owner, 250_000, SOLD, None),
        ]
        (audit,) = db.session.execute(
            select(AuditRow).where(AuditRow.action == "lease.owners-changed")
        ).scalars()
        assert audit.data["reason"] == FORM["reason"]
        assert audit.data["before"] == [["Omar Restrepo", 600_000], ["Beatriz Montoya", 400_000]]
        assert audit.action in desk_words.ACTIONS
        assert first_broken() is None


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"owner_1_share": "26"}, "100"),
        ({"owner_1_share": "25,0001"}, "100"),
        ({"owner_2_name": ""}, "escriba también el nombre"),
        ({"owner_2_document": "500600700"}, "dos veces"),
        ({"owner_1_document": "", "owner_2_document": ""}, "necesita un propietario"),
        ({"first_day": "01/01/2020"}, "empieza"),
        ({"first_day": "31/02/2026"}, "no existe"),
        ({"reason": " "}, "Diga por qué."),
        ({"reason": ""}, "Complete este campo."),
        ({"first_day": ""}, "Complete este campo."),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(
    desk: FlaskClient, village: Village, wrong: dict[str, str], sentence: str
):
    page = f"/desk/leases/{village.home}/owners"
    for step in ("", "confirm"):
        answer = post(desk, page, page, {**FORM, **wrong, "step": step})
        assert answer.status_code == 422
        text = answer.get_data(as_text=True)
        assert sentence in text
        assert "carla@example.com" in text
    with unit_of_work(village.tenant.id):
        assert len(rows(lease(village.home).mandate_account_id)) == 2


def test_one_more_place_and_back_to_the_form_lose_nothing(desk: FlaskClient, village: Village):
    page = f"/desk/leases/{village.home}/owners"
    for step, places in (("more", 3), ("edit", 2)):
        answer = post(desk, page, page, {**FORM, "step": step})
        assert answer.status_code == 200
        text = answer.get_data(as_text=True)
        assert "carla@example.com" in text
        assert f'name="owner_{places}_document"' in text
        assert f'name="owner_{places + 1}_document"' not in text


def test_the_enter_key_asks_for_the_look_and_not_for_one_more_place(desk: FlaskClient, village: Village):
    """A browser presses the form's first button."""
    for page in (
        f"/desk/leases/{village.home}/owners",
        f"/desk/leases/{village.home}/renters",
        "/desk/leases/new",
    ):
        form = re.search(r'<form class="form.*?</form>', checked_get(desk, page).body, re.DOTALL)
        buttons = re.findall(r"<button[^>]*>", form[0])
        assert "name=" not in buttons[0] and len(buttons) > 2, page


def test_owners_do_not_change_before_what_is_booked_nor_before_another_change(village: Village):
    with unit_of_work(village.tenant.id):
        home = lease(village.home)
        rent = add_invoice(home.lease_account_id, "F-1", amount=1_000, type_code="rent", currency="COP")
        book_collected_rent("payment:1", [(rent, 1_000)], currency="COP", paid_on=SOLD)
        with pytest.raises(Refusal) as refused:
            change(village, OWNER, ("77001", 1_000_000), day=SOLD)
        assert (refused.value.field, refused.value.facts["day"]) == ("first_day", "01/07/2026")
        later = SOLD + datetime.timedelta(days=1)
        assert change(village, OWNER, ("77001", 1_000_000), day=later)
        with pytest.raises(Refusal):
            change(village, OWNER, ("500600700", 1_000_000), day=SOLD)
        assert differences() == []


def test_a_day_has_one_answer_whatever_is_written(village: Village):
    """The database refuses a second row of the same person and day."""
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), unit_of_work(village.tenant.id):
        account = lease(village.home).mandate_account_id
        db.session.add(
            AccountParty(
                id=new_id(),
                account_id=account,
                customer_id=village.owner,
                role=OWNER,
                share=1,
                valid_from=SOLD,
            )
        )
        db.session.flush()


def test_who_left_and_who_entered_read_their_own_time(app: Flask, village: Village):
    """Two renters; one leaves, another enters, and the first one comes back in the end."""
    with unit_of_work(village.tenant.id):
        home = lease(village.home)
        account = home.lease_account_id
        former = login_of(village.renter, "renata@example.com")
        assert change(village, RENTER, ("77001", 1_000_000))
        newcomer_id = next(row[0] for row in rows(account) if row[0] != village.renter)
        newcomer = login_of(newcomer_id, "carla@example.com")
        change(village, RENTER, ("77001", 1_000_000), ("100200300", 1_000_000), day=D(2026, 10, 1))
        for number, day in (("MAY", D(2026, 5, 31)), ("AUG", D(2026, 8, 1)), ("OCT", D(2026, 10, 1))):
            add_invoice(account, number, amount=1_000, type_code="rent", currency="COP",
                        issued_on=day, due_on=day)  # fmt: skip
    with unit_of_work(village.tenant.id):
        access = db.session.execute(
            select(Access.valid_from, Access.valid_until)
            .where(Access.user_id == former, Access.account_id == account)
            .order_by(Access.valid_from)
        ).all()
        assert [tuple(row) for row in access] == [(D(2025, 12, 1), EVE), (D(2026, 10, 1), None)]
        for user, customer, seen in (
            (former, village.renter, ["MAY", "OCT"]),
            (newcomer, newcomer_id, ["AUG", "OCT"]),
        ):
            for reach in (
                Reach(user_id=user, today=D(2026, 11, 1)),
                Reach(customer_id=customer, today=D(2026, 11, 1)),
            ):
                found = invoices.pending(reach, language="es").rows
                assert [row.number for row in found] == seen
            assert all(
                row.payable
                for row in invoices.pending(Reach(user_id=user, today=D(2026, 11, 1)), language="es").rows
            )
            (total,) = invoices.totals(Reach(user_id=user, today=D(2026, 11, 1)))
            assert total.count == 2
        gone = Reach(user_id=former, today=D(2026, 9, 1))
        assert [row.number for row in invoices.pending(gone, language="es").rows] == ["MAY"]


def test_the_contract_of_who_left_speaks_of_the_own_time(app: Flask, village: Village):
    with unit_of_work(village.tenant.id):
        home = lease(village.home)
        user = login_of(village.renter, "renata@example.com")
        change(village, RENTER, ("77001", 1_000_000))
        newcomer_id = next(row[0] for row in rows(home.lease_account_id) if row[0] != village.renter)
        login_of(newcomer_id, "carla@example.com")
        for kind, title, added in (
            ("contract", "Contrato firmado", D(2025, 11, 20)),
            ("other", "Carta vieja", D(2026, 3, 1)),
            ("other", "Carta nueva", D(2026, 9, 1)),
        ):
            paper = store(b"%PDF-1.4", media_type="application/pdf", name="a.pdf", purpose="lease")
            db.session.add(
                LeaseDocument(
                    id=new_id(), lease_id=home.id, kind=kind, title=title, file_id=paper, version=1,
                    added_at=datetime.datetime.combine(added, datetime.time(12), datetime.UTC),
                )
            )  # fmt: skip
        db.session.flush()
        left = customer_queries.contract(Reach(user_id=user, today=D(2026, 11, 1)), home.id)
        entered = customer_queries.contract(Reach(customer_id=newcomer_id, today=D(2026, 11, 1)), home.id)
        assert (left.row.status, left.row.ended_on, left.until) == ("ended", EVE, EVE)
        assert (entered.row.status, entered.until) == ("active", None)
        names = [
            [one.name for one in customer_queries.people(seen, D(2026, 11, 1))] for seen in (left, entered)
        ]
        assert names == [["Renata Ochoa Luna"], ["Carla Nueva"]]
        papers = [[one.title for one in customer_queries.documents(seen)] for seen in (left, entered)]
        assert papers == [["Contrato firmado", "Carta vieja"], ["Contrato firmado", "Carta nueva"]]
    client = signed_in(app, village.tenant, user)
    page = checked_get(client, f"/contracts/{village.home}", not_showing=("Carla Nueva", "Carta nueva"))
    assert page.h1 == "Contrato CT-1"
    checked_get(client, "/accounts")
    checked_get(client, "/")


def test_a_change_that_is_undone_before_its_day_leaves_no_trace_for_readers(village: Village):
    with unit_of_work(village.tenant.id):
        account = lease(village.home).lease_account_id
        before = rows(account)
        user = login_of(village.renter, "renata@example.com")
        ahead = D(2030, 1, 1)
        assert change(village, RENTER, ("77001", 1_000_000), day=ahead)
        assert change(village, RENTER, ("100200300", 1_000_000), day=ahead)
        assert rows(account) == before
        (access,) = db.session.execute(
            select(Access).where(Access.user_id == user).execution_options(populate_existing=True)
        ).scalars()
        assert (access.valid_until, access.can_see) == (None, True)


def test_a_lease_that_is_over_keeps_its_people(village: Village):
    with unit_of_work(village.tenant.id):
        db.session.execute(
            update(type(lease(village.home)))
            .where(type(lease(village.home)).id == village.home)
            .values(status="ended", ended_on=SOLD)
            .execution_options(synchronize_session=False)
        )
        with pytest.raises(Refusal):
            change(village, OWNER, ("77001", 1_000_000))
        with pytest.raises(NotFound):
            change_people(
                new_id(), NewPeople(OWNER, find(people(("77001", 1_000_000)), "CO"), SOLD, "x"), actor=SYSTEM
            )
