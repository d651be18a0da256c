"""The two layers of isolation, each with the other switched off (case A17); and the proof that the tests can fail.

The layers: row-level security in PostgreSQL, and the ORM net in saas/scope.py. With both off the same requests
must find leaks; docs/isolation-proof.md says which.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from sqlalchemy import func, select, update

from saas import scope
from saas.database import db
from saas.scope import unit_of_work
from tests.application import _connected_as
from tests.rules.asking import (
    Answer,
    Asker,
    Asking,
    contents,
    differences,
    hostile_form,
    hostile_query,
    keeping_nothing,
    nothing,
    tenant_routes,
)
from tests.rules.manifest import Route
from tests.rules.rows import owned_models
from tests.rules.world import World


@contextmanager
def without_the_net() -> Iterator[None]:
    """Only row-level security holds."""
    scope._net_disabled_by_test = True
    try:
        yield
    finally:
        scope._net_disabled_by_test = False


@contextmanager
def without_row_security(world: World) -> Iterator[None]:
    """The application connects as a superuser: only the ORM net holds."""
    with world.app.app_context(), _connected_as(world.app, world.urls.superuser):
        yield


@contextmanager
def without_either(world: World) -> Iterator[None]:
    with without_row_security(world), without_the_net():
        yield


LAYERS = {
    "both on": lambda world: ExitStack(),
    "row security only": lambda world: without_the_net(),
    "net only": without_row_security,
}
layers = pytest.mark.parametrize("switched", LAYERS.values(), ids=LAYERS.keys())


# --- the models ---------------------------------------------------------------------------------------------------


def rows_of_others(world: World) -> dict[str, int]:
    """What the other tenant reads of everybody's rows, per table, by the plainest of queries."""
    found: dict[str, int] = {}
    for model in owned_models():
        with world.app.app_context(), unit_of_work(world.other.id) as session:
            tenants = session.execute(select(model.tenant_id)).scalars().all()
            counted = session.execute(select(func.count()).select_from(model)).scalar_one()
        foreign = sum(tenant != world.other.id for tenant in tenants)
        assert tenants, f"{model.__tablename__} is empty: the test would prove nothing"
        if foreign or counted != len(tenants) - foreign:
            found[model.__tablename__] = foreign or counted
    return found


@layers
def test_no_query_reads_another_tenants_row(world: World, switched):
    with switched(world):
        assert rows_of_others(world) == {}


def test_with_both_off_every_table_leaks(world: World):
    with without_either(world):
        leaking = rows_of_others(world)
    assert leaking.keys() == {model.__tablename__ for model in owned_models()}


@layers
def test_no_statement_changes_another_tenants_row(world: World, switched):
    before = contents(world, world.victim)
    with switched(world), world.app.app_context():
        for model in owned_models():
            columns = [column for column in model.__table__.columns if not column.primary_key]
            victims = world.victim.first(model.__tablename__)
            with (
                pytest.MonkeyPatch.context(),
                _tolerating_refusals(),
                unit_of_work(world.other.id) as session,
            ):
                done = session.execute(
                    update(model)
                    .where(model.id == victims)
                    .values({columns[0].name: getattr(model, columns[0].key)})
                    .execution_options(synchronize_session=False)
                )
                assert done.rowcount == 0, model.__tablename__
    assert differences(before, contents(world, world.victim), moving=frozenset()) == []


@contextmanager
def _tolerating_refusals() -> Iterator[None]:
    """Append-only tables refuse any UPDATE, which serves as well."""
    try:
        yield
    except Exception as problem:
        if "permission denied" not in str(problem) and "append-only" not in str(problem):
            raise


@layers
def test_a_row_cannot_be_fetched_by_its_key(world: World, switched):
    with switched(world), world.app.app_context():
        for model in owned_models():
            row_id = world.victim.first(model.__tablename__)
            with unit_of_work(world.other.id) as session:
                assert session.get(model, (world.victim.id, row_id)) is None, model.__tablename__
                assert session.get(model, (world.other.id, row_id)) is None, model.__tablename__


def test_writing_into_another_tenant_is_refused_by_the_database(world: World):
    """The policy's WITH CHECK, asked by the application's own role."""
    with psycopg.connect(world.urls.app) as connection:
        connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(world.other.id),))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(
                "INSERT INTO staff_roles (tenant_id, id, user_id, role) VALUES (%s, %s, %s, 'administrator')",
                (world.victim.id, uuid.uuid4(), world.victim.people["customer"].user_id),
            )


def test_without_a_tenant_the_database_shows_nothing(world: World):
    with psycopg.connect(world.urls.app, autocommit=True) as connection:
        for model in owned_models():
            counted = connection.execute(f"SELECT count(*) FROM {model.__tablename__}").fetchone()
            assert counted == (0,), model.__tablename__
        assert connection.execute("SELECT count(*) FROM tenants").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM domains").fetchone() == (0,)


def test_the_tenant_of_a_transaction_dies_with_it(world: World):
    """A pooled connection that is handed on carries no tenant."""
    with world.app.app_context():
        with unit_of_work(world.other.id) as session:
            session.execute(select(func.count()).select_from(owned_models()[0])).scalar_one()
        with db.engine.connect() as connection:
            left = connection.exec_driver_sql("SELECT current_setting('app.tenant_id', true)").scalar()
        assert left in (None, "")


# --- the pages ----------------------------------------------------------------------------------------------------


def ask_across(world: World, all_routes: list[Route]) -> list[Answer]:
    """The cross-tenant part of the matrix: people of one tenant, on their host, with the ids of the other."""
    asking = Asking(world)
    form, query = hostile_form(world.victim), hostile_query(world.victim)
    for name in ("customer", "admin"):
        asker = Asker(f"{name} of another tenant", world.other, world.other.people[name])
        for route in tenant_routes(all_routes):
            if route.permission == "gateway" or route.endpoint == "auth.log_out":
                continue
            for method in route.methods:
                if route.ids or method == "GET":
                    asking.ask(asker, route, method, world.victim, form=form, query=query)
    return asking.answers


def leaks_in(answers: list[Answer], world: World) -> list[str]:
    """What was shown, and pages of the victim's rows that were found at all."""
    shown = [leak for answer in answers for leak in answer.leaks(world.victim.secrets)]
    found = [str(answer) for answer in answers if answer.status < 400 and _has_foreign_id(answer, world)]
    return sorted({*shown, *found})


def _has_foreign_id(answer: Answer, world: World) -> bool:
    path = answer.path.partition("?")[0]
    return any(str(row_id) in path for ids in world.victim.rows.values() for row_id in ids)


@layers
def test_no_page_leaks(world: World, all_routes: list[Route], switched):
    before = contents(world, world.victim)
    with switched(world):
        answers = ask_across(world, all_routes)
    assert len(answers) > 40
    nothing(leaks_in(answers, world))
    assert differences(before, contents(world, world.victim), moving=frozenset()) == []


def test_with_both_off_the_pages_leak(
    world: World, all_routes: list[Route], capsys: pytest.CaptureFixture[str]
):
    """The proof that these tests can fail: without both layers the same requests find the other tenant's rows."""
    with without_either(world), keeping_nothing():
        answers = ask_across(world, all_routes)
    found = leaks_in(answers, world)
    print("\n".join(found))  # docs/isolation-proof.md: pytest -s
    assert len(found) >= 10, found
    assert any("PERSONA" in leak for leak in found), (
        "names and numbers of the victim's customer are among them"
    )
