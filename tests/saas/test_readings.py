"""Statements that are compiled once: filtered for whoever is active, and refused where the net cannot reach."""

from __future__ import annotations

import uuid
from functools import lru_cache

import pytest
from flask import Flask
from sqlalchemy import Select, Text, Uuid, bindparam, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import aliased

from blueprints.accounts.models import Account, Customer
from saas.database import db
from saas.readings import Words, read
from saas.scope import NoTenant, OutsideTheNet, unit_of_work
from tests.cast import TenantCast, add_account, add_customer, make_agency, make_utility
from tests.signed_in import statements


@lru_cache
def named() -> Select[uuid.UUID, str]:
    return select(Customer.id, Customer.name).where(Customer.document_number == bindparam("document"))


@lru_cache
def with_others() -> Select[str, int, bool]:
    other = aliased(Customer)
    everybody = select(func.count()).select_from(select(Customer.id).subquery()).scalar_subquery()
    return select(
        Customer.name,
        everybody.label("everybody"),
        exists(select(other.id).where(other.name == "Allá")).label("there"),
    )


@pytest.fixture
def two(app: Flask) -> tuple[TenantCast, TenantCast]:
    here, there = make_utility(), make_agency()
    with unit_of_work(here.id):
        add_customer("Aquí", document="1")
    with unit_of_work(there.id):
        add_customer("Allá", document="1")
        add_customer("Allá también", document="2")
    return here, there


def test_a_kept_statement_follows_the_active_tenant(
    two: tuple[TenantCast, TenantCast], bypassing_rls: None
) -> None:
    here, there = two
    for tenant, names in ((here, ["Aquí"]), (there, ["Allá"]), (here, ["Aquí"])):
        with unit_of_work(tenant.id):
            assert [row.name for row in read(named(), {"document": "1"})] == names


def test_every_part_of_it_is_filtered(two: tuple[TenantCast, TenantCast], bypassing_rls: None) -> None:
    here, there = two
    with unit_of_work(here.id):
        assert [(row.everybody, row.there) for row in read(with_others(), {})] == [(1, False)]
    with unit_of_work(there.id):
        assert [(row.everybody, row.there) for row in read(with_others(), {})] == [(2, True)] * 2


def test_a_tenant_cannot_be_given(two: tuple[TenantCast, TenantCast]) -> None:
    here, there = two
    with unit_of_work(here.id), pytest.raises(ValueError, match="tenant"):
        read(named(), {"document": "1", "active_tenant": there.id})


def test_without_a_tenant_it_raises(two: tuple[TenantCast, TenantCast]) -> None:
    with pytest.raises(NoTenant):
        read(named(), {"document": "1"})


def test_it_sees_what_was_written_before_it(two: tuple[TenantCast, TenantCast]) -> None:
    with unit_of_work(two[0].id):
        account_id = add_account("7")
        db.session.get_one(Account, (two[0].id, account_id)).number = "8"
        statement = select(Account.number).where(Account.id == bindparam("account", type_=Uuid))
        assert [row.number for row in read(statement, {"account": account_id})] == ["8"]


@pytest.mark.parametrize(
    "statement",
    [select(literal(1).label("one")), select(exists().where(Customer.name == "Aquí"))],
    ids=["no model", "a model out of sight"],
)
def test_what_the_net_cannot_reach_is_refused(
    two: tuple[TenantCast, TenantCast], statement: Select[int]
) -> None:
    with unit_of_work(two[0].id), pytest.raises(OutsideTheNet):
        read(statement, {})


@lru_cache
def awkward() -> Select[str, str]:
    """A per cent sign, a value that stands in the statement, one used twice."""
    wanted = bindparam("wanted", type_=Text)
    return select(Customer.name, (literal("5 % de ") + wanted).label("words")).where(
        or_(Customer.document_number == wanted, Customer.name.like("%" + wanted))
    )


@lru_cache
def of_some() -> Select[str]:
    return select(Customer.name).where(Customer.document_number.in_(bindparam("some", expanding=True)))


def test_signs_and_values_survive_the_drivers_words(two: tuple[TenantCast, TenantCast]) -> None:
    with unit_of_work(two[1].id):
        rows = read(awkward(), {"wanted": "2"})
        assert [(row.name, row.words) for row in rows] == [("Allá también", "5 % de 2")]
        assert [row.name for row in read(awkward(), {"wanted": "Allá"})] == ["Allá"]
        with pytest.raises(KeyError):
            read(awkward(), {})


def test_a_statement_whose_values_grow_goes_through_sqlalchemy(two: tuple[TenantCast, TenantCast]) -> None:
    for tenant, some, names in ((two[1], ["1", "2"], ["Allá", "Allá también"]), (two[0], ["1"], ["Aquí"])):
        with unit_of_work(tenant.id):
            assert sorted(row.name for row in read(of_some(), {"some": some})) == names


def test_it_is_counted_and_fails_as_every_statement(two: tuple[TenantCast, TenantCast]) -> None:
    with unit_of_work(two[0].id), statements() as sent:
        read(named(), {"document": "1"})
    assert len([text for text in sent if "customers" in text]) == 1
    with unit_of_work(two[0].id), pytest.raises(ProgrammingError):
        Words("SELECT nothing FROM nowhere WHERE tenant_id = %(tenant)s").fetch({"tenant": two[0].id})
    with unit_of_work(two[0].id):
        assert [row.name for row in read(named(), {"document": "1"})] == ["Aquí"]


def test_a_part_that_the_net_does_not_reach_is_refused(
    two: tuple[TenantCast, TenantCast], bypassing_rls: None
) -> None:
    names = func.jsonb_agg(aggregate_order_by(Customer.name, Customer.name))
    with unit_of_work(two[0].id):
        with pytest.raises(OutsideTheNet):
            read(select(Customer.name, select(names).scalar_subquery().label("all")), {})
        reached = select(names).select_from(Customer).scalar_subquery().label("everybody")
        assert [row.everybody for row in read(select(Customer.name, reached), {})] == [["Aquí"]]
