"""Which host leads where. Known hosts are remembered; that the row still stands is checked again by
the first statement of every request, so a removed domain stops at once."""

from __future__ import annotations

from flask import Flask

from saas.config import Config
from saas.database import db
from saas.scope import tenant_scope
from saas.web import PLATFORM, SIMULATOR
from tenants.context import Place
from tenants.loading import place_of

REMEMBERED = 10_000


class HostBook:
    """Call it with a normalised host; it answers with a Place or None."""

    def __init__(self, app: Flask, config: Config) -> None:
        self.app = app
        self.fixed = {config.platform_host: Place(PLATFORM)}
        if config.simulator_host:
            self.fixed[config.simulator_host] = Place(SIMULATOR)
        self.known: dict[str, Place] = {}

    def __call__(self, host: str) -> Place | None:
        place = self.fixed.get(host) or self.known.get(host)
        if place is not None:
            return place
        with self.app.app_context(), tenant_scope(None):
            try:
                place = place_of(host)
            finally:
                db.session.remove()
        if place is not None:
            if len(self.known) >= REMEMBERED:
                self.known.clear()
            self.known[host] = place
        return place

    def forget(self, host: str) -> None:
        self.known.pop(host, None)
