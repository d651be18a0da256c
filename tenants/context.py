"""Who is served and who asks: what every request knows, as plain frozen values."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from saas.audit import Actor
from saas.clock import now, today


@dataclass(frozen=True, slots=True)
class Look:
    """The published look. `css_url` and `logo_url` are addresses on the tenant's own host."""

    package: str
    tokens: Mapping[str, Any]
    css_url: str
    logo_url: str | None


@dataclass(frozen=True, slots=True)
class Support:
    """How to reach the tenant; shown in the same place on every page."""

    phone: str = ""
    whatsapp: str = ""
    email: str = ""
    hours: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A provider account that payers may be sent to, and what it is not offered for."""

    off_types: frozenset[str] = frozenset()
    off_kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class TenantContext:
    """The tenant as it stood when it was read. Each reading is a value of its own: what is kept for one of them
    (`saas.kept_parts`) ends with it."""

    id: uuid.UUID
    slug: str
    name: str
    legal_name: str
    tax_number: str
    status: str
    country: str
    locale: str
    currency: str
    time_zone: str
    capabilities: frozenset[str]
    settings: Mapping[str, Any]  # complete: declared defaults under the tenant's own values
    words: Mapping[str, Mapping[str, str]]
    look: Look
    support: Support
    canonical_url: str  # scheme, host and port, no trailing slash
    test_mode: bool  # payments are taken, and none of them with real money
    offers: tuple[Offer, ...]  # empty: nothing can be paid online
    payments_stopped: str  # why somebody has stopped all online payments; empty: nobody has
    version: int

    @property
    def language(self) -> str:
        return self.locale.partition("_")[0]

    def today(self) -> datetime.date:
        """The tenant's calendar day."""
        return today(self.time_zone)

    def takes(self, invoice_type: str, account_kind: str) -> bool:
        """Whether an invoice of this type, on an account of this kind, can be paid online at all."""
        return any(
            invoice_type not in offer.off_types and account_kind not in offer.off_kinds
            for offer in self.offers
        )

    def setting(self, key: str) -> Any:
        """A declared setting's value. Raises KeyError for one that nobody declared."""
        return self.settings[key]

    def word(self, key: str, language: str) -> str:
        """The tenant's own word for a thing of ours ("account" may be "cuenta" or "contrato")."""
        own = self.words.get(language) or self.words.get(self.language) or {}
        return own.get(key) or DEFAULT_WORDS.get(language, DEFAULT_WORDS["es"])[key]


DEFAULT_WORDS: dict[str, dict[str, str]] = {
    "es": {
        "account": "cuenta",
        "accounts": "cuentas",
        "supply": "suministro",
        "lease": "contrato de arrendamiento",
        "mandate": "contrato de administración",
        "payment_code": "código de pago",
        "clearance": "paz y salvo",
    },
    "en": {
        "account": "account",
        "accounts": "accounts",
        "supply": "supply",
        "lease": "lease",
        "mandate": "management contract",
        "payment_code": "payment code",
        "clearance": "clearance certificate",
    },
}


# How long ago people may have proved who they are to open the page of a risky act, and to send its form: whoever was
# let in to the form has time to fill it in.
TO_OPEN: Final = datetime.timedelta(minutes=10)
TO_SEND: Final = datetime.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in user. `roles` are the access roles held today; `viewing_customer_id` is set while
    staff look at what a customer sees: pages then show that customer's accounts and change nothing."""

    user_id: uuid.UUID
    session_id: uuid.UUID
    name: str
    email: str
    language: str | None
    customer_id: uuid.UUID | None
    roles: frozenset[str]
    staff_roles: frozenset[str]
    staff_permissions: frozenset[str]
    account_id: uuid.UUID | None
    confirmed_at: datetime.datetime
    viewing_customer_id: uuid.UUID | None = None
    viewing_customer_name: str | None = None
    second_factor: bool = False  # whether they come in with a code besides the password
    desk_closed: bool = False  # works here, and has not set up the second factor that the tenant demands

    @property
    def is_staff(self) -> bool:
        return bool(self.staff_roles)

    def may(self, permission: str) -> bool:
        return permission in self.staff_permissions

    def actor(self) -> Actor:
        """The viewer as an audit row names it."""
        return Actor("staff" if self.is_staff else "customer", self.user_id, self.name)

    def recently_confirmed(self, lately: datetime.timedelta = TO_OPEN) -> bool:
        """Whether the password or a code was given a short while ago, for risky acts."""
        return now() - self.confirmed_at < lately


@dataclass(frozen=True, slots=True)
class Place:
    """Where a host leads: a tenant, the platform's own pages, or the bank simulator."""

    kind: str
    tenant_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose accounts a page shows: a user's, by access rows; or a customer's, while staff look on."""

    user_id: uuid.UUID | None = None
    customer_id: uuid.UUID | None = None
    today: datetime.date = field(default=datetime.date.min)
