"""What a capability says of itself. Only data: modules are named, and imported by the roof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One destination. `area` is customer or desk; `roles` are access roles, of which one is needed
    (none named: everybody); `permission` is a staff permission. `prefixes` mark it as current. In the area public are
    links for who is not logged in, shown where the tenant's setting `where` is on."""

    label: str
    endpoint: str
    icon: str
    area: str = "customer"
    order: int = 50
    roles: frozenset[str] = frozenset()
    permission: str | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the tenant: its type, default and words. Kinds: text, integer, amount (kept in minor
    units of the tenant's currency, shown and typed as money), boolean, choice, email, phone, url, long-text.
    `low` and `high` bound an integer; `choices` maps values to labels. `by_country` has other defaults, where the
    law of a country makes one thing the usual one."""

    key: str
    kind: str
    default: Any
    title: str
    hint: str = ""
    group: str = ""
    low: int | None = None
    high: int | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    by_country: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Capability:
    """`blueprints` are "module:attribute"; `wiring` are modules whose import subscribes handlers;
    `models` and `commands` likewise. `always` on, or chosen per tenant."""

    name: str
    title: str
    blueprints: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    wiring: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    menu: tuple[MenuEntry, ...] = ()
    settings: tuple[Setting, ...] = ()
    always: bool = True
