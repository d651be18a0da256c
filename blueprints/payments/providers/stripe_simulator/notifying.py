"""What happened in a merchant's books, carried to where the merchant wants to hear of it."""

from __future__ import annotations

from blueprints.payments.providers.stripe.notices import EVENTS
from blueprints.payments.providers.stripe_simulator.database_shelf import ENDPOINT
from blueprints.payments.providers.stripe_simulator.happenings import Happenings
from blueprints.payments.providers.stripe_simulator.merchants import secret_of
from blueprints.payments.providers.stripe_simulator.messenger import Messenger, tell
from tenants.frame import config, keyring


def notify(merchant: str, happenings: Happenings, messenger: Messenger) -> None:
    """Have the events of these happenings carried. A merchant without an address hears nothing."""
    endpoint = happenings.shelf.get(ENDPOINT)
    if endpoint is not None and is_ours(endpoint["url"]):
        events = [event for event in happenings.told if event["type"] in EVENTS]
        tell(messenger, endpoint["url"], secret_of(keyring(), merchant), events)
    happenings.told = []


def is_ours(url: str) -> bool:
    """Only notice addresses of this installation: a demo knocks at nobody else's door."""
    settings = config()
    return url.startswith(f"{settings.origin(settings.platform_host)}/hooks/stripe/")
