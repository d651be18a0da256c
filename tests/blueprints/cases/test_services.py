"""The verbs: numbers, states, the log, evidence and what listeners hear."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from blueprints.cases import rules, services
from blueprints.cases.models import Case, CaseEvent
from blueprints.cases.services import NewCase
from saas import audit
from saas.audit import Actor
from saas.clock import now
from saas.database import db
from saas.events import _handlers, subscribe
from saas.refusals import NotFound, Refusal
from saas.scope import unit_of_work
from tests.cast import TenantCast, add_customer, add_user, make_agency

CUSTOMER = Actor("customer", None, "Ana Renter")
STAFF = Actor("staff", None, "Luis Office")


@pytest.fixture
def tenant(app) -> TenantCast:
    return make_agency()


def a_case(**given: Any) -> services.Opened:
    fields: dict[str, Any] = {
        "class_code": "petition",
        "subject_code": "information",
        "description": "¿Cuándo vence mi contrato?",
        "customer_id": None,
    }
    return services.open_case(NewCase(**(fields | given)), actor=CUSTOMER, now=now())


def state_of(case_id) -> str:
    return db.session.execute(select(Case.state).where(Case.id == case_id)).scalar_one()


def test_a_case_goes_from_question_to_rating(tenant):
    with unit_of_work(tenant.id):
        case = a_case()
        assert case.number.endswith("-000001") and a_case().number.endswith("-000002")
        services.assign(case.id, None, actor=STAFF, now=now())
        assert state_of(case.id) == rules.IN_PROGRESS
        services.ask_for_more(case.id, "¿Cuál contrato?", until=None, actor=STAFF, now=now())
        assert state_of(case.id) == rules.WAITING
        services.complete(case.id, "El 14", actor=CUSTOMER, now=now())
        services.note(case.id, "Solo entre nosotros", actor=STAFF, now=now())
        services.answer(case.id, "En marzo.", actor=STAFF, now=now())
        assert state_of(case.id) == rules.ANSWERED
        services.rate(case.id, 5, "Gracias", actor=CUSTOMER, now=now())
        services.close(case.id, actor=CUSTOMER, now=now())
        assert state_of(case.id) == rules.CLOSED
        log = db.session.execute(
            select(CaseEvent.number, CaseEvent.kind, CaseEvent.visible)
            .where(CaseEvent.case_id == case.id)
            .order_by(CaseEvent.number)
        ).all()
        assert [row.number for row in log] == list(range(1, 9))
        assert [row.kind for row in log if not row.visible] == [rules.ASSIGNED, rules.NOTED]
        assert audit.first_broken() is None


def test_the_same_form_opens_one_case(tenant):
    with unit_of_work(tenant.id):
        first, second = a_case(form_key="k1"), a_case(form_key="k1")
        assert (first.id, True, False) == (second.id, first.created, second.created)
        other = add_user("otra@example.com")
        with pytest.raises(NotFound):
            a_case(form_key="k1", user_id=other)
        assert db.session.execute(select(func.count()).select_from(Case)).scalar_one() == 1


def test_appeal_once_and_reopen_in_time(tenant):
    with unit_of_work(tenant.id):
        case = a_case().id
        services.answer(case, "No.", actor=STAFF, now=now())
        services.appeal(case, "No estoy de acuerdo", actor=CUSTOMER, now=now())
        assert db.session.execute(select(Case.stage).where(Case.id == case)).scalar_one() == 2
        services.answer(case, "Tampoco.", actor=STAFF, now=now())
        with pytest.raises(Refusal):
            services.appeal(case, "Otra vez", actor=CUSTOMER, now=now())
        services.close(case, actor=CUSTOMER, now=now())
        with pytest.raises(Refusal):
            late = now() + datetime.timedelta(days=16)
            services.reopen(case, "Sigue igual", actor=CUSTOMER, now=late)
        services.reopen(case, "Sigue igual", actor=CUSTOMER, now=now())
        assert state_of(case) == rules.IN_PROGRESS
        with pytest.raises(Refusal):
            services.close(case, "ya", actor=CUSTOMER, now=now())
        services.withdraw(case, actor=CUSTOMER, now=now())
        with pytest.raises(Refusal):
            services.say(case, "¿Hola?", actor=CUSTOMER, now=now())


def test_listeners_hear_the_log_first(tenant):
    heard: list[tuple[str, dict[str, Any]]] = []

    def logged(**facts: Any) -> None:
        heard.append(("logged", facts))

    def opened(**facts: Any) -> None:
        heard.append(("opened", facts))

    subscribe("case.logged", logged)
    subscribe("case.opened", opened)
    try:
        with unit_of_work(tenant.id):
            customer = add_customer("Ana", document="1")
            case = a_case(customer_id=customer)
    finally:
        _handlers["case.logged"].remove(logged)
        _handlers["case.opened"].remove(opened)
    assert [name for name, _facts in heard] == ["logged", "opened"]
    assert heard[1][1]["case_id"] == case.id and heard[1][1]["customer_id"] == customer
    assert heard[1][1]["number"] == case.number and heard[1][1]["by"] == "customer"


def test_only_who_answers_cases_is_given_one(tenant):
    with unit_of_work(tenant.id):
        case = a_case().id
        service = add_user("s@example.com", staff_role="service", name="Sara")
        reader = add_user("r@example.com", staff_role="reader")
        services.assign(case, service, actor=STAFF, now=now())
        with pytest.raises(Refusal):
            services.assign(case, reader, actor=STAFF, now=now())


@pytest.mark.parametrize(
    "wrong",
    [
        {"class_code": "nothing"},
        {"subject_code": "nothing"},
        {"description": " \u202e\x00 "},
        {"since": datetime.date(2999, 1, 1)},
    ],
)
def test_what_cannot_be_filed_is_refused(tenant, wrong):
    with unit_of_work(tenant.id), pytest.raises(Refusal):
        a_case(**wrong)
