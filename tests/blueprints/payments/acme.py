"""A provider that only tests know: every kind of field, a form to leave by, and credentials that may be wrong."""

from __future__ import annotations

import datetime

from blueprints.payments.interface import (
    AccountField,
    AttemptView,
    Capabilities,
    Form,
    ProviderAccountView,
    Step,
    Unreachable,
    Wire,
)
from blueprints.payments.providers.bank_simulator.adapter import BankSimulator
from saas.config import Config
from saas.languages import N_
from saas.refusals import Refusal

NAME = "acme"
PATH = "tests.blueprints.payments.acme:Acme"
RIGHT_KEY = "clave-de-acme-0001"
NEXT_KEY = "clave-de-acme-0002"
PUBLISHED_KEY = "clave-publicada-1"


class Acme(BankSimulator):
    """`down` makes it silent; keys other than the two right ones are refused."""

    down = False
    fields = (
        AccountField("shop", "Shop number", pattern="[0-9]{1,8}", hint="Figures only."),
        AccountField("zone", "Zone", choices=(("north", "North"), ("south", "South")), default="south"),
        AccountField("key", "Key", secret=True),
        AccountField("spare", "Spare key", secret=True, required=False),
    )

    def __init__(self, config: Config) -> None:
        super().__init__(config)

    def check(self, account: ProviderAccountView) -> None:
        if account.mode == "live" and account.secrets.get("key") == PUBLISHED_KEY:
            raise Refusal(N_("The text is too long"), field="key")

    def ping(self, account: ProviderAccountView, wire: Wire, now: datetime.datetime) -> None:
        if Acme.down:
            raise Unreachable("down")
        if account.secrets["key"] not in (RIGHT_KEY, NEXT_KEY, PUBLISHED_KEY):
            raise Refusal(N_("Give the account a name."), field="key")

    def can(self, account: ProviderAccountView) -> Capabilities:
        return Capabilities(exponents={"ARS": 2}, highest=10**9, lifetime=datetime.timedelta(hours=1))

    def start(self, account: ProviderAccountView, attempt: AttemptView, wire: Wire) -> Step:
        return Form(
            "http://bank.localhost/acme",
            {"reference": attempt.reference, "shop": account.settings["shop"], "note": "ñandú <b>"},
        )
