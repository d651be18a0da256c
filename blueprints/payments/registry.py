"""The payment adapters that exist, by name."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from blueprints.payments.interface import Adapter
from saas.config import Config

SIMULATOR = "bank-simulator"
PAYU = "payu"
COLLECTOR = "collector"
STRIPE = "stripe"
ADAPTERS = {
    SIMULATOR: "blueprints.payments.providers.bank_simulator.adapter:BankSimulator",
    PAYU: "blueprints.payments.providers.payu.adapter:PayU",
    COLLECTOR: "blueprints.payments.providers.collector.adapter:Collector",
    STRIPE: "blueprints.payments.providers.stripe.adapter:Stripe",
}
# Where payers of live and, without a look-alike, of test accounts are sent by a form, also by way of a redirect.
ORIGINS = (
    "https://checkout.payulatam.com",
    "https://sandbox.checkout.payulatam.com",
    "https://checkout.stripe.com",
)


class NoSuchProvider(Exception):
    """There is no such provider in this installation."""


def adapter(provider: str, config: Config) -> Adapter:
    """The adapter of a provider. Raises NoSuchProvider; the simulator does not exist in production."""
    path = ADAPTERS.get(provider)
    if path is None or not exists(provider, config):
        raise NoSuchProvider(provider)
    module, _, name = path.partition(":")
    return cast(Adapter, getattr(import_module(module), name)(config))


def exists(provider: str, config: Config) -> bool:
    """Whether this installation may use a provider."""
    if provider == SIMULATOR and (config.environment == "production" or config.simulator_host is None):
        return False
    return provider in ADAPTERS


def form_origins(config: Config) -> list[str]:
    """The origins that a payer may be sent to."""
    if config.environment == "production" or config.simulator_host is None:
        return list(ORIGINS)
    return [config.origin(config.simulator_host), *ORIGINS]
