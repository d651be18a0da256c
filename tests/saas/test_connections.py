"""Connections that the server has closed meanwhile are noticed before anybody uses them (case M05)."""

from __future__ import annotations

import threading

import psycopg
from flask import Flask
from sqlalchemy import select

from saas.database import db
from saas.limits import AttemptBucket
from saas.scope import unit_of_work
from tests.cast import make_utility
from tests.database import DatabaseUrls


def test_no_request_fails_for_a_server_that_was_started_again(app: Flask, database: DatabaseUrls):
    tenant = make_utility()
    together = threading.Barrier(3)

    def ask() -> None:
        with app.app_context(), unit_of_work(tenant.id) as session:
            session.execute(select(AttemptBucket.id)).all()
            together.wait(20)

    others = [threading.Thread(target=ask) for _ in range(2)]
    for other in others:
        other.start()
    ask()
    for other in others:
        other.join()
    assert db.engine.pool.checkedin() >= 3  # type: ignore[attr-defined]
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 'portal_app'"
        )
    for _turn in range(4):
        with unit_of_work(tenant.id) as session:
            assert session.execute(select(AttemptBucket.id)).all() == []
