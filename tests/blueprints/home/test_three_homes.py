"""The homes of an agency's people: who rents, who owns, and who does both (S4.6). Amounts of the worked example:
a rent of 5.393.850, of which 500.157 are kept, leaves 4.893.693."""

from __future__ import annotations

import datetime
import re
import uuid
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from blueprints.accounts.models import Customer
from blueprints.cases.quotes import NewQuote, add_quote
from blueprints.cases.services import NewCase, open_case
from blueprints.leases.models import Lease, LeaseScenario
from blueprints.leases.services import record_payout
from blueprints.payouts.bank_accounts import NewAccount, confirm_by_link, enter_account, freeze
from blueprints.payouts.proposing import Scope
from blueprints.payouts.runs import approve_run, prepare_run
from blueprints.payouts.tokens import LINK, make_token
from saas.audit import SYSTEM, Actor
from saas.clock import now, today
from saas.database import db
from saas.scope import unit_of_work
from tenants.payment_stops import stop_payments
from tenants.services import change_settings
from tests import cast
from tests.blueprints.owners.estate import Estate, bill, collect, make_estate, settle_outbox
from tests.blueprints.payouts.world import code_of
from tests.pages import checked_get
from tests.signed_in import signed_in, statements

RENT = 4_670_000_00
WHOLE = 5_393_850_00
LONG_AGO = datetime.timedelta(days=20)
MOST = 12


@dataclass
class Homes:
    """The estate's owner, its renter, and the owner's second life as the renter of another place."""

    app: Flask
    estate: Estate
    day: datetime.date
    renter: uuid.UUID
    own_home: uuid.UUID | None = None

    @property
    def month(self) -> str:
        return f"{self.day:%Y-%m}"

    def unit(self):
        return unit_of_work(self.estate.tenant.id)

    def client(self, user: uuid.UUID) -> FlaskClient:
        return signed_in(self.app, self.estate.tenant, user)

    def page(self, user: uuid.UUID):
        return checked_get(self.client(user), "/")

    def text(self, user: uuid.UUID) -> str:
        return self.page(user).text.replace("\xa0", " ")

    def rent_comes_in(self) -> None:
        with self.unit():
            collect(bill(self.estate, "FV-1", RENT, period=self.month), WHOLE, self.day)
        settle_outbox()

    def bank_account(self, *, confirmed: bool = True, ago: datetime.timedelta = LONG_AGO) -> uuid.UUID:
        at = now() - ago
        actor = Actor("customer", self.estate.user, "Dueña")
        new = NewAccount(
            bank="1007", kind="savings", number="12345678901", holder_name="Dueña 0",
            holder_document_kind="CC", holder_document_number="10",
        )  # fmt: skip
        with self.unit():
            account = enter_account(self.estate.owners[0], new, actor=actor, by_staff=False, now=at)
            if confirmed:
                assert confirm_by_link(make_token(LINK, account), code_of(account), now=at)
        return account

    def rents_too(self) -> None:
        """The owner rents another place."""
        with self.unit():
            parties = [(self.estate.owners[0], "renter", 1_000_000)]
            self.own_home = cast.add_account("CT-9", kind="lease", customers=parties, address="Carrera 9")
            cast.give_access(self.estate.user, self.own_home, role="renter")

    def owes(self, amount: int) -> None:
        assert self.own_home
        with self.unit():
            soon = self.day + datetime.timedelta(days=9)
            cast.add_invoice(
                self.own_home, "R-9", type_code="rent", currency="COP", amount=amount,
                issued_on=self.day, due_on=soon,
            )  # fmt: skip


@pytest.fixture
def homes(app: Flask) -> Homes:
    estate = make_estate((1_000_000,))
    with unit_of_work(estate.tenant.id):
        person = db.session.execute(select(Customer.id).where(Customer.document_number == "900")).scalar_one()
        renter = cast.add_user("inquilina@example.com", name="Inquilina", customer_id=person)
        cast.give_access(renter, estate.lease_account, role="renter", main=True)
    return Homes(app, estate, today("America/Bogota"), renter)


def lease(**values: object) -> None:
    db.session.execute(update(Lease).values(**values))


def test_a_renter_sees_the_debt_the_contract_and_the_open_case(homes: Homes) -> None:
    with homes.unit():
        bill(homes.estate, "FV-1", RENT, period=homes.month)
        lease(term_until=homes.day + datetime.timedelta(days=400), renews=False)
        person = db.session.execute(select(Customer.id).where(Customer.document_number == "900")).scalar_one()
        open_case(
            NewCase("petition", "payments", "Gotea el lavamanos", person, user_id=homes.renter),
            actor=Actor("customer", homes.renter, "Inquilina"),
            now=now(),
        )
    text = homes.text(homes.renter)
    assert "$5.393.850" in text
    assert "Su contrato" in text and "Calle 1Hasta el " in text
    assert "Mis solicitudes abiertas" in text and "Gotea el lavamanos" in text
    assert "Paz y salvo" not in text, "nothing to certify while something is owed"
    assert "Sus giros" not in text and "Lo que usted" not in text, "nothing of owners"


def test_a_renter_who_owes_nothing_is_led_to_the_certificate_and_the_last_payment(homes: Homes) -> None:
    homes.rent_comes_in()
    page = homes.page(homes.renter)
    text = page.text.replace("\xa0", " ")
    assert "Al día" in text and "Últimos pagos" in text and "$5.393.850" in text
    assert f"/accounts/{homes.estate.lease_account}/clearance" in page.body


def test_what_comes_next_in_a_contract(homes: Homes) -> None:
    soon = homes.day + datetime.timedelta(days=50)
    with homes.unit():
        lease(term_until=soon, renews=True)
    assert "; luego se renueva solo" in homes.text(homes.renter)
    with homes.unit():
        lease(ended_on=soon)
    assert "Calle 1Termina el " in homes.text(homes.renter)
    assert "Contratos que terminan pronto" in homes.text(homes.estate.user)
    with homes.unit():
        db.session.execute(update(LeaseScenario).values(index_code="co-ipc", cap="co-ley-820"))
        a_year_ago = soon.replace(year=soon.year - 1, day=min(soon.day, 28))
        later = homes.day + datetime.timedelta(days=300)
        lease(ended_on=None, term_until=later, rent_since=a_year_ago)
    assert "El canon puede cambiar desde el " in homes.text(homes.renter)
    assert "Contratos que terminan pronto" not in homes.text(homes.estate.user)


def test_an_owner_sees_what_came_in_what_was_kept_and_where_it_goes(homes: Homes) -> None:
    homes.rent_comes_in()
    homes.bank_account()
    page = homes.page(homes.estate.user)
    text = page.text.replace("\xa0", " ")
    assert "Recaudado para usted este mes $5.393.850" in text
    assert "Descontado por comisión y cargos: $500.157. Para usted: $4.893.693" in text
    assert re.search(r"Pendiente de girarleVa a su cuenta terminada en 8901 [^$]*\$4\.893\.693", text), text
    assert f"/income/statements/{homes.estate.mandate}/{homes.month}" in page.body
    assert "/income/certificates" in page.body
    assert "Últimos pagos" not in text and "Lo que usted paga" not in text, "nothing of payers"
    assert page.body.count("btn-primary") == 1


def test_why_an_owner_is_not_paid(homes: Homes) -> None:
    homes.rent_comes_in()
    page = homes.page(homes.estate.user)
    assert "no conocemos su cuenta bancaria" in page.text
    assert re.search(r'btn-primary[^>]*href="/income/bank-account/new"', page.body), "the one thing to do"
    account = homes.bank_account(confirmed=False, ago=datetime.timedelta())
    assert "cuando su cuenta bancaria esté confirmada" in homes.text(homes.estate.user)
    with homes.unit():
        assert confirm_by_link(make_token(LINK, account), code_of(account), now=now())
    assert "espera 72 horas" in homes.text(homes.estate.user)
    with homes.unit():
        freeze(account, actor=Actor("customer", homes.estate.user, "Dueña"), now=now())
    assert "Su dinero está seguro" in homes.text(homes.estate.user)


def test_what_stays_by_the_rules_of_the_house(homes: Homes) -> None:
    homes.rent_comes_in()
    homes.bank_account()
    for key, amount, said in (
        ("payouts.minimum", 5_000_000_00, "Se le gira cuando llegue a $5.000.000"),
        ("payouts.reserve", 100_000_00, None),
        ("payouts.minimum", 0, "De cada inmueble quedan $100.000 como reserva"),
        ("payouts.reserve", 4_893_693_00, "Queda como reserva de su inmueble, hasta $4.893.693"),
    ):
        with homes.unit():
            change_settings({key: amount}, actor=SYSTEM)
        assert said is None or said in homes.text(homes.estate.user), said


def test_a_payout_on_its_way_is_not_called_paid(homes: Homes) -> None:
    homes.rent_comes_in()
    homes.bank_account()
    with homes.unit():
        record_payout(
            number="CE-1", mandate_account_id=homes.estate.mandate, customer_id=homes.estate.owners[0],
            period=homes.month, amount=893_693_00, currency="COP", paid_on=homes.day, method="Transferencia",
            reference="9",
        )  # fmt: skip
        boss = cast.add_user("jefe@example.com", name="Jefe", staff_role="administrator")
    with homes.unit():
        run = prepare_run(homes.day, homes.day, Scope(), actor=homes.estate.clerk, now=now())
        approve_run(run, may_approve=True, actor=Actor("staff", boss, "Jefe"), now=now())
    text = homes.text(homes.estate.user)
    assert re.search(r"En camino a ustedOrdenado para el [^$]*\$4\.000\.000", text), text
    assert re.search(r"Último giro[^$]*Ver el recibo\$893\.693", text), text
    assert "No hay nada pendiente" in text


def test_a_quote_waits_for_the_owner(homes: Homes) -> None:
    with homes.unit():
        place = db.session.execute(select(Lease.property_id)).scalar_one()
        asks = NewCase("petition", "payments", "Gotea el techo", None, property_id=place)
        case = open_case(asks, actor=SYSTEM, now=now()).id
        quote = NewQuote(
            450_000_00,
            "COP",
            "Techos SAS",
            "Cambio de tejas",
            homes.day,
            mandate_account_id=homes.estate.mandate,
        )
        add_quote(case, quote, actor=homes.estate.clerk, now=now())
    assert "1 cotización espera su decisión" in homes.text(homes.estate.user)
    assert "cotización" not in homes.text(homes.renter)


def test_who_rents_and_owns_pays_first_and_confuses_nothing(homes: Homes) -> None:
    homes.rent_comes_in()
    homes.rents_too()
    homes.owes(900_000_00)
    page = homes.page(homes.estate.user)
    text = page.text.replace("\xa0", " ")
    pays, owns = text.index("Lo que usted paga"), text.index("Lo que usted recibe")
    assert pays < text.index("$900.000") < owns < text.index("$5.393.850") < text.index("$4.893.693")
    assert "Carrera 9" in text[pays:owns] and "Calle 1" in text[owns:]
    assert page.body.count("btn-primary") == 1, "one thing to do first: pay"
    assert "/income/bank-account/new" in page.body, "and a link to what else is missing"


def test_who_rents_and_owns_and_owes_nothing_sees_the_income_first(homes: Homes) -> None:
    homes.rent_comes_in()
    homes.rents_too()
    page = homes.page(homes.estate.user)
    text = page.text.replace("\xa0", " ")
    assert text.index("Lo que usted recibe") < text.index("$5.393.850") < text.index("Lo que usted paga")
    assert text.index("Lo que usted paga") < text.index("Al día")
    assert f"/accounts/{homes.own_home}/clearance" in page.body
    assert f"/accounts/{homes.estate.mandate}/clearance" not in page.body


def test_homes_take_few_statements_however_much_there_is(homes: Homes) -> None:
    """A renter is not made to wait for what only owners read."""
    homes.rent_comes_in()
    homes.bank_account()
    counted: dict[str, int] = {}
    for who, user in (("renter", homes.renter), ("owner", homes.estate.user)):
        counted[who] = count(homes, user)
    homes.rents_too()
    homes.owes(900_000_00)
    counted["both"] = count(homes, homes.estate.user)
    assert counted["renter"] <= 8 and max(counted.values()) < MOST, f"one is left for a credit: {counted}"
    with homes.unit():
        for number in range(2, 12):
            collect(bill(homes.estate, f"FV-{number}", RENT, period=homes.month), WHOLE, homes.day)
    settle_outbox()
    assert count(homes, homes.estate.user) == counted["both"]


def count(homes: Homes, user: uuid.UUID) -> int:
    client = homes.client(user)
    client.get("/")
    with statements() as sent:
        assert client.get("/").status_code == 200
    return len(sent)


def test_staff_who_look_on_see_the_owner_s_home_and_are_not_asked_to_act(homes: Homes) -> None:
    homes.rent_comes_in()
    with homes.unit():
        staff = cast.add_user("mesa@example.com", name="Mesa", staff_role="administrator")
    client = signed_in(homes.app, homes.estate.tenant, staff, viewing=homes.estate.owners[0])
    page = checked_get(client, "/")
    assert "$4.893.693" in page.text.replace("\xa0", " ")
    assert "/income/bank-account/new" not in page.body


def test_while_payments_are_stopped_the_list_says_for_now(homes: Homes) -> None:
    with homes.unit():
        bill(homes.estate, "FV-1", RENT, period=homes.month)
    client = homes.client(homes.renter)
    assert "En este momento" not in checked_get(client, "/invoices").text
    with homes.unit():
        stop_payments("Revisión del banco", actor=homes.estate.clerk)
    assert "En este momento" in checked_get(client, "/invoices").text


def test_the_desk_leads_from_a_customer_to_the_cases(homes: Homes) -> None:
    with homes.unit():
        staff = cast.add_user("mesa@example.com", name="Mesa", staff_role="administrator")
    page = checked_get(homes.client(staff), f"/desk/customers/{homes.estate.owners[0]}")
    assert "/desk/cases?q=" in page.body
