"""What a new tenant begins with: invoice types, words, a look; for leases taxes and price indexes. Data, to be changed
at the desk."""

from __future__ import annotations

from dataclasses import dataclass

from blueprints.cases.catalogue import own_catalogue
from blueprints.invoices.services import add_invoice_type
from blueprints.leases.price_indexes import add_known_values
from blueprints.leases.scenarios import add_starter_scenarios
from saas.audit import Actor
from tenants.loading import serving
from tenants.services import change_words, publish_look, save_look


@dataclass(frozen=True, slots=True)
class StarterType:
    code: str
    account_kind: str
    books: str
    names: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class StarterKit:
    theme: str
    types: tuple[StarterType, ...]
    words: dict[str, dict[str, str]]
    capabilities: tuple[str, ...] = ()  # those that can be switched off and are on from the first day


KITS: dict[str, StarterKit] = {
    "agency": StarterKit(
        theme="portada",
        capabilities=("leases", "billing", "owners", "payouts"),
        types=(
            StarterType(
                "rent",
                "lease",
                "rent",
                {
                    "es": {"one": "Factura de arriendo", "many": "Facturas de arriendo"},
                    "en": {"one": "Rent invoice", "many": "Rent invoices"},
                },
            ),
            StarterType(
                "commission",
                "mandate",
                "commission",
                {
                    "es": {"one": "Factura de comisión", "many": "Facturas de comisión"},
                    "en": {"one": "Commission invoice", "many": "Commission invoices"},
                },
            ),
        ),
        words={
            "es": {"account": "contrato", "accounts": "contratos"},
            "en": {"account": "contract", "accounts": "contracts"},
        },
    ),
    "utility": StarterKit(
        theme="caudal",
        types=(
            StarterType(
                "supply",
                "supply",
                "revenue",
                {
                    "es": {"one": "Factura de servicio", "many": "Facturas de servicio"},
                    "en": {"one": "Service invoice", "many": "Service invoices"},
                },
            ),
        ),
        words={
            "es": {"payment_code": "código de pago electrónico"},
            "en": {"payment_code": "electronic payment code"},
        },
    ),
}


def give_starter_kit(kind: str, *, theme: str | None, actor: Actor, logo: str | None = None) -> None:
    """Set up the active tenant. `kind` is agency or utility; `theme` replaces the kit's own package."""
    kit = KITS[kind]
    for one in kit.types:
        add_invoice_type(
            one.code,
            account_kind=one.account_kind,
            books=one.books,
            names=one.names,
            payable_online=one.books != "commission",
        )
    if "leases" in kit.capabilities:
        add_starter_scenarios(serving().country)
        add_known_values(actor=actor)
    own_catalogue()
    change_words(kit.words, actor=actor)
    tokens = {"logo": logo} if logo else {}
    publish_look(save_look(theme or kit.theme, tokens, actor=actor), actor=actor)
