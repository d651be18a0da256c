"""The payment adapters that exist, by name."""

from __future__ import annotations

from saas.config import Config


def form_origins(config: Config) -> list[str]:
    """The origins that a payer may be sent to."""
    return [config.origin(config.simulator_host)] if config.simulator_host else []
