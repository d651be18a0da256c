"""The roof: the only place that knows every floor."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask, g
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from blueprints import capabilities
from saas import audit, counters, files, limits, outbox
from saas.asked import Asked
from saas.config import Config
from saas.database import CONNECTING, db
from saas.environment import HouseEnvironment
from saas.hosts import HostCheck
from saas.languages import init_languages
from saas.logs import init_logs
from saas.mail import init_mail
from saas.platform_database import init_platform_database
from saas.runner import start_runner
from saas.secrets import Keyring
from saas.web import Pages
from tenants import issued_documents, models, people, provider_accounts
from tenants.assets import pages as asset_pages
from tenants.assets import tenant_pages as tenant_asset_pages
from tenants.capability import MenuEntry
from tenants.frame import init_frame
from tenants.hosts import HostBook
from tenants.look import init_looks
from tenants.page_context import init_page_context
from tenants.settings import declare

ROOT = Path(__file__).resolve().parent
MAXIMUM_BODY = 12 * 1024 * 1024
MAXIMUM_FORM = 512 * 1024
DRAINING = 120  # seconds; RQ gives a job three minutes

# Imported for their tables.
TABLES = (audit, counters, files, limits, outbox, issued_documents, models, people, provider_accounts)


def load_models() -> None:
    """Import every table, for the migrations and the catalogue test."""
    for capability in capabilities():
        for name in capability.models:
            import_module(name)


def create_app(config: Config | None = None, *, run_outbox: bool = False) -> Flask:
    """The whole application for one configuration (by default the environment's).

    Its `wsgi_app` already checks the Host header. Only servers ask for `run_outbox`.
    """
    config = config or Config.from_env(os.environ)
    app = Flask("ventanilla", root_path=str(ROOT), static_folder=None, template_folder=None)
    init_logs()
    app.config.update(
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": config.pool_size,
            "max_overflow": 5,
            "pool_timeout": 1.5,  # then the answer is 503, within two seconds (case M07)
            "pool_pre_ping": False,
            "pool_recycle": 1800,
            "connect_args": CONNECTING,
        },
        MAX_CONTENT_LENGTH=MAXIMUM_BODY,
        MAX_FORM_MEMORY_SIZE=MAXIMUM_FORM,
        MAX_FORM_PARTS=2000,
        WTF_CSRF_ENABLED=False,  # the frame checks every unsafe request, forms or not
        TESTING=config.environment == "test",
        PROPAGATE_EXCEPTIONS=False,
    )
    app.extensions["ventanilla_config"] = config
    app.extensions["keyring"] = Keyring(list(config.master_keys))
    app.extensions["file_store"] = files.FolderStore(config.files_dir)
    app.request_class = Asked
    app.jinja_environment = HouseEnvironment
    app.jinja_options = {
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "auto_reload": False,
    }
    app.url_map.strict_slashes = False
    db.init_app(app)
    init_platform_database(app, config)
    limits.init_limits(app, config)
    init_mail(app, config.mail)
    init_languages(app, _language, _zone)
    init_page_context(app)
    init_frame(app)
    _install_capabilities(app)
    host_book = HostBook(app, config)
    app.extensions["host_book"] = host_book
    app.wsgi_app = HostCheck(app.wsgi_app, host_book)  # type: ignore[method-assign]
    if config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.trusted_proxies, x_proto=config.trusted_proxies)  # type: ignore[method-assign]
    if run_outbox:
        app.extensions["outbox_runner"] = start_runner(app, config)
    return app


def _install_capabilities(app: Flask) -> None:
    app.register_blueprint(asset_pages)
    app.register_blueprint(tenant_asset_pages)
    optional: dict[str, str] = {}
    menu: list[MenuEntry] = []
    template_folders = []
    for capability in capabilities():
        declare(capability.settings)
        for name in (*capability.models, *capability.wiring):
            import_module(name)
        for found in _load_all(capability.blueprints):
            if isinstance(found, Pages) and not _exists_here(app, found):
                continue
            app.register_blueprint(found)
            if not capability.always:
                optional[found.name] = capability.name
        for command in _load_all(capability.commands):
            app.cli.add_command(command)
        menu.extend(capability.menu)
        folder = ROOT / "blueprints" / capability.name / "templates"
        if folder.is_dir():
            template_folders.append(folder)
    app.extensions["optional_blueprints"] = optional
    app.extensions["menu"] = tuple(sorted(menu, key=lambda entry: entry.order))
    app.extensions["form_targets"] = _form_targets(app)
    init_looks(app, template_folders)


def _exists_here(app: Flask, pages: Pages) -> bool:
    """The bank simulator has no pages where the configuration gives it no host (production)."""
    config: Config = app.extensions["ventanilla_config"]
    return pages.place != "simulator" or config.simulator_host is not None


def _form_targets(app: Flask) -> Callable[[], Iterable[str]]:
    """The origins that a payment form may lead to, for the content policy."""
    from blueprints.payments.registry import form_origins

    return lru_cache(maxsize=1)(lambda: tuple(form_origins(app.extensions["ventanilla_config"])))


def _load_all(names: Iterable[str]) -> list[Any]:
    found = []
    for name in names:
        module, _, attribute = name.partition(":")
        found.append(getattr(import_module(module), attribute))
    return found


def _language() -> str | None:
    viewer, tenant = g.get("viewer"), g.get("tenant")
    forced: str | None = g.get("language")
    if forced:
        return forced
    if viewer is not None and viewer.language and tenant is not None:
        return str(tenant.locale) if viewer.language == tenant.language else str(viewer.language)
    return str(tenant.locale) if tenant is not None else "es"


def _zone() -> str | None:
    tenant = g.get("tenant")
    return str(tenant.time_zone) if tenant is not None else None


def drain_outbox() -> int:
    """What an RQ worker runs when a transaction has left work behind. It ends before RQ would end it; the periodic
    drain does the rest."""
    app, end, ran = application(), time.monotonic() + DRAINING, 0
    with app.app_context():
        while more := outbox.drain(stop=lambda: time.monotonic() > end):
            ran += more
    return ran


@lru_cache(maxsize=1)
def application() -> Flask:
    """The process's one application, configured from the environment; servers call this factory."""
    return create_app(run_outbox=True)
