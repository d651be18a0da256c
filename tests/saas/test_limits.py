"""Counting attempts: exact under pressure, and never at the mercy of who holds the application's connections."""

from __future__ import annotations

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

from saas.database import db
from saas.limits import AttemptBucket, attempts, count_attempt, forget
from saas.scope import current_tenant_id, tenant_scope, unit_of_work
from tests.cast import make_agency, make_utility

HOUR = datetime.timedelta(hours=1)


def test_a_refused_request_still_counts(app: Flask):
    tenant = make_utility()
    for turn in (1, 2):
        with pytest.raises(ZeroDivisionError), unit_of_work(tenant.id):
            assert count_attempt("door", "ana", window=HOUR) == turn
            _ = 1 / 0
    with tenant_scope(tenant.id):
        assert attempts("door", "ana", window=HOUR) == 2
        forget("door", "ana")
        assert attempts("door", "ana", window=HOUR) == 0


def test_a_bucket_belongs_to_its_tenant(app: Flask):
    tenant, other = make_utility(), make_agency()
    for one in (tenant, other):
        with tenant_scope(one.id):
            assert count_attempt("door", "ana", window=HOUR) == 1


def test_requests_that_hold_every_connection_still_count(app: Flask):
    """One request a connection, all of the pool, and each then counts: none waits for another one's."""
    tenant = make_utility()
    db.session.remove()
    everybody = db.engine.pool.size() + db.engine.pool._max_overflow  # type: ignore[attr-defined]
    together = threading.Barrier(everybody)

    def sign_in(_turn: int) -> int:
        with app.app_context(), unit_of_work(tenant.id) as session:
            session.execute(select(AttemptBucket.id)).all()
            together.wait(20)  # now the pool is empty
            assert current_tenant_id() == tenant.id
            return count_attempt("door", "ana", window=HOUR)

    with ThreadPoolExecutor(everybody) as threads:
        counts = list(threads.map(sign_in, range(everybody)))
    assert sorted(counts) == list(range(1, everybody + 1))
