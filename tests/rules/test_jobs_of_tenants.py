"""Jobs carry their tenant (case A15): many of two tenants on one worker, and one without any."""

from __future__ import annotations

import uuid
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import func, select

from blueprints.accounts.models import Customer
from saas import files, outbox
from saas.clock import now
from saas.counters import take_numbers
from saas.database import db
from saas.files import StoredFileRow
from saas.mail import Letter, Mailbox, deliver
from saas.outbox import OutboxRow
from saas.platform_database import platform_connection
from saas.refusals import NotFound
from saas.scope import NoTenant, current_tenant_id, unit_of_work
from tests.cast import TenantCast, add_customer, make_agency, make_utility

JOBS = 200
TOPIC = "test.work"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that reads the tenant's customers, stores a file and sends a letter about them."""

    def run(payload: dict[str, object]) -> None:
        names = db.session.execute(select(Customer.name)).scalars().all()
        text = f"{payload['number']}: {', '.join(names)}"
        files.store(text.encode(), media_type="text/plain", name="work.txt", purpose="test")
        deliver(
            Letter(
                to="persona@tenant.example",
                subject=f"Trabajo {payload['number']}",
                text=text,
                html=f"<p>{text}</p>",
                sender_name="Ventanilla",
                sender_address="no-responder@localhost",
                tenant=str(current_tenant_id()),
            )
        )

    monkeypatch.setitem(outbox._handlers, TOPIC, run)


@pytest.fixture
def pair(app: Flask) -> tuple[TenantCast, TenantCast]:
    pair = make_utility(), make_agency()
    for tenant in pair:
        with unit_of_work(tenant.id):
            add_customer(f"Cliente {tenant.canary}", document="1")
    return pair


def canaries(letter: EmailMessage) -> set[str]:
    body = letter.get_body(("plain",))
    assert body is not None
    text = f"{letter['Subject']} {body.get_content()}"
    return {name for name in ("CANARIO-AGUAS", "CANARIO-HOGAR") if name in text}


def test_interleaved_jobs_keep_apart(
    app: Flask, mailbox: Mailbox, pair: tuple[TenantCast, TenantCast], work: None
):
    for number in range(JOBS):
        with unit_of_work(pair[number % 2].id):
            outbox.enqueue(TOPIC, {"number": number})
    assert outbox.drain(limit=JOBS * 2) == JOBS
    letters = mailbox.letters(limit=JOBS * 2)
    assert len(letters) == JOBS
    for tenant in pair:
        own = [letter for _name, letter in letters if letter["X-Tenant"] == str(tenant.id)]
        assert len(own) == JOBS // 2
        assert {frozenset(canaries(letter)) for letter in own} == {frozenset({tenant.canary})}
        with unit_of_work(tenant.id):
            stored = db.session.execute(select(StoredFileRow.id)).scalars().all()
            contents = [files.load(file_id).content.decode() for file_id in stored]
        other = next(side for side in pair if side is not tenant)
        assert len(contents) == JOBS // 2
        assert all(tenant.canary in text and other.canary not in text for text in contents)


def test_jobs_of_both_tenants_take_turns(app: Flask, pair: tuple[TenantCast, TenantCast], work: None):
    """A limit smaller than the work of one tenant leaves rows, and they are the same tenant's own."""
    for number in range(6):
        with unit_of_work(pair[number % 2].id):
            outbox.enqueue(TOPIC, {"number": number})
    assert outbox.drain(limit=2) == 2
    assert outbox.drain(limit=10) == 4


def test_a_job_without_a_tenant_fails_loudly(app: Flask, pair: tuple[TenantCast, TenantCast], work: None):
    with pytest.raises(NoTenant):
        outbox._handlers[TOPIC]({"number": 1})
    with pytest.raises(NoTenant):
        outbox.enqueue(TOPIC, {"number": 1})
    for tenant in pair:
        with unit_of_work(tenant.id):
            assert db.session.execute(select(func.count()).select_from(StoredFileRow)).scalar_one() == 0
            assert db.session.execute(select(func.count()).select_from(OutboxRow)).scalar_one() == 0


def test_a_job_of_no_tenant_that_exists_is_no_job(app: Flask, work: None):
    assert outbox.run_next(uuid.uuid4()) is False


def test_a_file_of_another_tenant_does_not_exist(app: Flask, pair: tuple[TenantCast, TenantCast]):
    one, other = pair
    with unit_of_work(one.id):
        file_id = files.store(b"secreto", media_type="text/plain", name="a.txt", purpose="test")
    with unit_of_work(other.id), pytest.raises(NotFound):
        files.load(file_id)


def test_the_platform_sees_who_has_work_and_not_what(
    app: Flask, pair: tuple[TenantCast, TenantCast], work: None
):
    with unit_of_work(pair[0].id):
        outbox.enqueue(TOPIC, {"number": 1})
    assert outbox.tenants_with_work(now()) == [pair[0].id]
    for statement in ("SELECT payload FROM outbox", "SELECT * FROM customers", "DELETE FROM outbox"):
        with pytest.raises(Exception, match="permission denied"), platform_connection() as connection:
            connection.exec_driver_sql(statement)


def test_a_counter_is_each_tenants_own(app: Flask, pair: tuple[TenantCast, TenantCast]):
    taken = []
    for tenant in (*pair, *pair):
        with unit_of_work(tenant.id):
            taken += list(take_numbers("series"))
    assert taken == [1, 1, 2, 2]
