"""The net: nothing without a tenant, nothing of another one."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import exists, func, insert, select, text, union_all
from sqlalchemy.orm import aliased

from blueprints.accounts.models import Customer
from saas.clock import now
from saas.database import db
from saas.ids import new_id
from saas.scope import NoTenant, OutsideTheNet, WrongTenant, unit_of_work
from tests.cast import TenantCast, add_customer, make_agency, make_utility


@pytest.fixture
def two(app: Flask) -> tuple[TenantCast, TenantCast]:
    here, there = make_utility(), make_agency()
    with unit_of_work(here.id):
        add_customer("Aquí", document="1")
    with unit_of_work(there.id):
        add_customer("Allá", document="1")
        add_customer("Allá también", document="2")
    return here, there


def test_without_a_tenant_a_read_raises(two: tuple[TenantCast, TenantCast]) -> None:
    with pytest.raises(NoTenant):
        db.session.execute(select(Customer.id))


@pytest.mark.parametrize(
    "statement",
    [
        select(func.count()).select_from(Customer),
        select(func.count(Customer.id)),
        select(func.count()).select_from(select(Customer.id).subquery()),
        select(func.count()).select_from(select(Customer.name).cte()),
        select(func.count()).select_from(union_all(select(Customer.id), select(Customer.id)).subquery()),
    ],
    ids=["count(*)", "count", "subquery", "cte", "union"],
)
def test_every_shape_of_statement_is_filtered(
    two: tuple[TenantCast, TenantCast], statement: object, bypassing_rls: None
) -> None:
    here, _there = two
    with unit_of_work(here.id) as session:
        assert session.execute(statement).scalar() in (1, 2)  # type: ignore[call-overload]
        if "union" not in str(statement).lower():
            assert session.execute(statement).scalar() == 1  # type: ignore[call-overload]


def test_a_statement_that_the_filter_cannot_see_is_refused(
    two: tuple[TenantCast, TenantCast], bypassing_rls: None
) -> None:
    here, _there = two
    with pytest.raises(OutsideTheNet), unit_of_work(here.id) as session:
        session.execute(select(exists().where(Customer.document_number == "2")))


def test_exists_inside_a_statement_is_filtered(
    two: tuple[TenantCast, TenantCast], bypassing_rls: None
) -> None:
    here, _there = two
    other = aliased(Customer)
    with unit_of_work(here.id) as session:
        query = select(Customer.id).where(exists(select(other.id).where(other.document_number == "2")))
        assert session.execute(query).first() is None


def test_text_is_refused(two: tuple[TenantCast, TenantCast]) -> None:
    with pytest.raises(OutsideTheNet), unit_of_work(two[0].id) as session:
        session.execute(text("SELECT count(*) FROM customers"))


def test_a_row_of_another_tenant_is_not_written(two: tuple[TenantCast, TenantCast]) -> None:
    here, there = two
    values = {
        "tenant_id": there.id,
        "id": new_id(),
        "document_kind": "CC",
        "document_number": "9",
        "name": "x",
        "created_at": now(),
        "updated_at": now(),
    }
    with pytest.raises(WrongTenant), unit_of_work(here.id) as session:
        session.add(Customer(**values))
        session.flush()
    with pytest.raises(WrongTenant), unit_of_work(here.id) as session:
        session.execute(insert(Customer), [values])
