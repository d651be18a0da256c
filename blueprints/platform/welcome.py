"""The first page of the platform's host. In a demo it leads to the demo's organisations."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from blueprints.platform.demo.logins import LOGINS, PASSWORD, Login
from saas.config import Config
from saas.mail import mailbox
from saas.permissions import PUBLIC, allow
from saas.web import PLATFORM, Pages
from tenants.look import render
from tenants.services import list_tenants

pages = Pages("welcome", __name__, place=PLATFORM)
SHOWS_TENANTS = ("demo", "test", "bench")


@dataclass(frozen=True, slots=True)
class Area:
    """One organisation as the page shows it."""

    name: str
    url: str
    logins: tuple[Login, ...]


def areas(config: Config) -> list[Area]:
    """The organisations with their addresses. Never in production: who rents from us is nobody's business."""
    if config.environment not in SHOWS_TENANTS:
        return []
    return [
        Area(line.name, config.origin(line.host), LOGINS.get(line.slug, ()))
        for line in list_tenants()
        if line.host and line.status == "active"
    ]


@pages.get("/")
@allow(PUBLIC)
def index() -> str:
    config: Config = current_app.extensions["ventanilla_config"]
    return render(
        "platform/welcome.html",
        areas=areas(config),
        password=PASSWORD,
        has_mailbox=mailbox() is not None and config.environment in SHOWS_TENANTS,
    )
