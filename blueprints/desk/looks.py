"""Looks as the editor speaks of them: versions, what a package leaves open, what had to be corrected."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from blueprints.desk.queries import Line
from saas.database import db
from saas.languages import N_
from saas.refusals import NotFound
from saas.scope import current_tenant_id
from tenants import services
from tenants.context import Look
from tenants.models import Tenant, ThemeVersion
from tenants.palette import TEXT, contrast, corrected, on_color, palette
from tenants.theme_packages import Token, check_tokens, load_package, resolved

# Kept when another package is tried: what is the organisation's own rather than the package's.
OWN = ("brand", "accent", "neutral")

TOKEN_WORDS = {
    "brand": (N_("Main colour"), N_("Buttons, links and the header. # and six digits.")),
    "accent": (N_("Second colour"), N_("Marks what is chosen or has the focus.")),
    "neutral": (N_("Tone of the greys"), ""),
    "radius": (N_("Corners"), ""),
    "density": (N_("Space"), ""),
    "font": (N_("Typeface"), N_("Only typefaces that phones and computers already have.")),
    "header": (N_("Header"), ""),
}
VALUE_WORDS = {
    ("neutral", "warm"): N_("Warm"),
    ("neutral", "neutral"): N_("Neutral"),
    ("neutral", "cool"): N_("Cool"),
    ("radius", "0"): N_("Square"),
    ("radius", "6px"): N_("Slightly round"),
    ("radius", "12px"): N_("Round"),
    ("density", "comfortable"): N_("Airy"),
    ("density", "compact"): N_("Compact"),
    ("font", "system"): N_("The device's own"),
    ("font", "grotesque"): N_("Sober"),
    ("font", "humanist"): N_("Friendly"),
    ("font", "book"): N_("Like a book"),
    ("header", "plain"): N_("Plain"),
    ("header", "band"): N_("Band of colour"),
    ("header", "masthead"): N_("Centred name"),
}


@dataclass(frozen=True, slots=True)
class Correction:
    """A colour that could not be read where it is used, and what is used instead. Contrasts are with the
    page's ground, as texts such as "1.1"."""

    token: str
    chosen: str
    used: str
    before: str
    after: str
    needed: str
    on_chosen: str


def package_name(package: str, language: str) -> str:
    names = load_package(package).name
    return names.get(language) or names.get("es") or package


def versions() -> list[Line]:
    """The last twenty saved looks, newest first."""
    found: Iterable[Line] = services.looks()
    return list(found)


def version(version_id: uuid.UUID) -> Line:
    """One saved look: id, number, package, tokens, created_at. Raises NotFound."""
    row = db.session.execute(
        select(
            ThemeVersion.id,
            ThemeVersion.number,
            ThemeVersion.package,
            ThemeVersion.tokens,
            ThemeVersion.created_at,
        ).where(ThemeVersion.id == version_id)
    ).first()
    if row is None:
        raise NotFound()
    return row


def published_id() -> uuid.UUID | None:
    """The version that everybody sees; None while the tenant has the plain look it began with."""
    return db.session.execute(
        select(Tenant.theme_version_id).where(Tenant.id == current_tenant_id())
    ).scalar()


def open_tokens(package: str) -> dict[str, Token]:
    """What the package leaves to the tenant, by name."""
    return {name: token for name, token in load_package(package).tokens.items() if token.tenant}


def starting_tokens(package: str, look: Look) -> dict[str, str]:
    """What the editor begins with: the present tokens on the same package, else the package's with our colours."""
    loaded = load_package(package)
    present, _problems = check_tokens(look.tokens, package)
    if look.package != package:
        present = {name: value for name, value in present.items() if name in OWN}
    return {name: {**loaded.values, **present}[name] for name in open_tokens(package)}


def without_defaults(package: str, tokens: Mapping[str, str]) -> dict[str, str]:
    """Only what differs from the package, so that a later version of the package still shows through."""
    values = load_package(package).values
    return {name: value for name, value in tokens.items() if values.get(name) != value}


def corrections(tokens: Mapping[str, str]) -> list[Correction]:
    """What the palette changed so that every word can be read. `tokens` are resolved."""
    ground = palette(tokens, "light")["ground"]
    return [
        Correction(
            token=name,
            chosen=chosen,
            used=used,
            before=f"{contrast(chosen, ground):.1f}",
            after=f"{contrast(used, ground):.1f}",
            needed=f"{TEXT:.1f}",
            on_chosen=on_color(chosen),
        )
        for name, (chosen, used) in corrected(tokens).items()
    ]


def tokens_of(row: Line) -> dict[str, str]:
    """A version's tokens over its package's, ready for the palette."""
    package = load_package(row.package)
    return resolved(package, check_tokens(row.tokens, package.id)[0])
