"""The application under test: one per worker, on the worker's database; a client per host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine
from werkzeug.test import TestResponse

from saas.config import Config
from saas.database import db
from saas.mail import Mailbox
from tests.database import DatabaseUrls
from wsgi import create_app


@pytest.fixture(scope="session")
def _app(database_urls: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("application")
    app = create_app(
        Config.from_env(
            {
                "VENTANILLA_ENVIRONMENT": "test",
                "DATABASE_URL": database_urls.app,
                "PLATFORM_DATABASE_URL": database_urls.platform,
                "MIGRATION_DATABASE_URL": database_urls.superuser,
                "VENTANILLA_MASTER_KEYS": "k" * 40,
                "VENTANILLA_FILES_DIR": str(folder / "files"),
                "VENTANILLA_MAIL": f"mailbox:{folder / 'mail'}",
                "VENTANILLA_OUTBOX": "off",
                "VENTANILLA_PORT": "80",
                "VENTANILLA_POOL_SIZE": "10",
            }
        )
    )
    yield app
    with app.app_context():
        db.engine.dispose()
        app.extensions["platform_engine"].dispose()
        app.extensions["limits_engine"].dispose()


@pytest.fixture
def app(_app: Flask, database: DatabaseUrls) -> Iterator[Flask]:
    """The application on empty tables, with an app context pushed for services and `unit_of_work`."""
    _app.extensions["host_book"].known.clear()
    box: Mailbox = _app.extensions["mail"]
    for letter in Path(box.folder).glob("*.eml") if Path(box.folder).is_dir() else ():
        letter.unlink()
    with _app.app_context():
        yield _app
        db.session.remove()


@pytest.fixture
def mailbox(app: Flask) -> Mailbox:
    box: Mailbox = app.extensions["mail"]
    return box


class Browser(FlaskClient):
    """Each request begins with nothing of the test around it: Flask would reuse the test's context, and with
    it `g` and the session of whatever was asked before."""

    host = "localhost"

    def open(self, *args: Any, **options: Any) -> TestResponse:
        if args and isinstance(args[0], str):
            options.setdefault("base_url", f"http://{self.host}")
        if self.preserve_context:  # inside `with client:`
            return super().open(*args, **options)
        return Context().run(super().open, *args, **options)


def client_for(app: Flask, host: str) -> FlaskClient:
    """A browser that only ever talks to one host."""
    client = Browser(app, app.response_class)
    client.host = host
    return client


@pytest.fixture
def bypassing_rls(app: Flask, database: DatabaseUrls) -> Iterator[None]:
    """The application connects as a superuser: row security is off, only the ORM net holds."""
    with _connected_as(app, database.superuser):
        yield


@contextmanager
def _connected_as(app: Flask, url: str) -> Iterator[None]:
    engines = db.engines
    before = engines[None]
    engines[None] = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    try:
        yield
    finally:
        db.session.remove()
        engines[None].dispose()
        engines[None] = before
