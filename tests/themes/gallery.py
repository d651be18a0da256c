"""A gallery of the look: sample pages with invented data, rendered without the application.

`python -m tests.themes.gallery FOLDER` writes every page for every theme package as plain files that a browser can
open; `shots(FOLDER)` takes pictures of them. The page bodies in `gallery_templates/` are the reference for people
who write pages: lift the markup from there.
"""

from __future__ import annotations

import datetime
import shutil
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno
from babel.messages.pofile import read_po
from jinja2 import BytecodeCache, ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from saas.dates import format_long, format_short
from saas.money import format_money
from tenants.theme_packages import THEMES, known_packages, stylesheet
from tenants.whole import whole
from tests.themes.gallery_data import PAGES

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class SampleLook:
    package: str
    tokens: dict[str, str]
    css_url: str
    logo_url: str | None


@dataclass(frozen=True)
class SampleSupport:
    phone: str
    whatsapp: str
    email: str
    hours: str


@dataclass(frozen=True)
class SampleTenant:
    name: str
    look: SampleLook
    support: SampleSupport
    locale: str
    language: str = "es"
    test_mode: bool = False
    legal_name: str = "Sociedad de muestra S. A. S."
    canonical_url: str = "https://clientes.example"


@dataclass(frozen=True)
class SampleViewer:
    name: str
    email: str
    staff_permissions: frozenset[str] = frozenset()
    viewing_customer_name: str | None = None


@dataclass(frozen=True)
class SampleEntry:
    label: str
    url: str
    icon: str
    current: bool = False
    group: str = ""


class Compiled(BytecodeCache):
    """What was compiled once, for the environments that come after: every page is rendered in one of its own."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        known = self.kept.get((bucket.key, bucket.checksum))
        if known is not None:
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


@lru_cache
def compiled(_package: str) -> Compiled:
    """One for each package: an amount that stands in a sample is written when that is compiled, in its locale."""
    return Compiled()


@dataclass
class Sample:
    """A gallery for one package: its tenant and its Jinja environment."""

    package: str
    tenant: SampleTenant
    catalogue: dict[str, str] = field(default_factory=dict)

    def environment(self) -> Environment:
        folders = [HERE / "gallery_templates", THEMES / "base" / "templates"]
        if self.package != "base":
            folders.insert(0, THEMES / self.package / "templates")
        env = Environment(
            loader=ChoiceLoader([FileSystemLoader([str(folder) for folder in folders])]),
            autoescape=True,
            undefined=StrictUndefined,
            extensions=["jinja2.ext.do"],
            bytecode_cache=compiled(self.package),
        )
        viewer = SampleViewer("Marta Lucía Restrepo", "marta@example.com")
        env.globals.update(
            _=self.gettext,
            csrf_field=lambda: Markup('<input type="hidden" name="csrf_token" value="x">'),
            asset=lambda name: f"assets/{name}",
            css_url=lambda: self.tenant.look.css_url,
            lang=lambda: "es",
            url_for=lambda endpoint, **_values: f"#{endpoint}",
            tenant=self.tenant,
            viewer=viewer,
            notice=None,
            nav=customer_nav("Inicio"),
            desk_nav=desk_nav("Clientes"),
            sign_out_url="#salir",
        )
        env.filters.update(
            money=lambda amount, currency: format_money(amount, currency, self.tenant.locale),
            long_date=lambda day: format_long(day, self.tenant.locale),
            short_date=format_short,
            whole=whole,
            short_datetime=lambda moment: f"{format_short(moment.date())} {moment:%H:%M}",
        )
        return env

    def gettext(self, msgid: str, **facts: object) -> str:
        text = self.catalogue.get(msgid, msgid)
        return text % facts if facts else text


def customer_nav(current: str) -> list[SampleEntry]:
    entries = (("Inicio", "home"), ("Facturas", "invoice"), ("Pagos", "receipt"), ("Cuenta", "person"))
    return [SampleEntry(label, f"#{label.lower()}", icon, label == current) for label, icon in entries]


def desk_nav(current: str) -> list[SampleEntry]:
    entries = (
        ("Clientes", "people", "Atención"), ("Invitaciones", "mail", ""), ("Importaciones", "upload", "Datos"),
        ("Pagos por revisar", "warning", ""), ("Ajustes", "gear", "Organización"), ("Apariencia", "palette", ""),
    )  # fmt: skip
    return [SampleEntry(label, f"#{icon}", icon, label == current, group) for label, icon, group in entries]


@lru_cache(maxsize=1)
def catalogue() -> dict[str, str]:
    words: dict[str, str] = {}
    for path in sorted(THEMES.glob("*/translations/es.po")):
        with path.open("rb") as source:
            words.update(
                {
                    str(message.id): str(message.string)
                    for message in read_po(source, locale="es")
                    if message.id
                }
            )
    return words


def sample(package: str, tokens: dict[str, str] | None = None) -> Sample:
    agency = package == "portada"
    logo = f"assets/{package}/logo.svg" if (THEMES / package / "assets" / "logo.svg").is_file() else None
    support = (
        SampleSupport(
            "+57 604 444 1820", "+57 300 555 0142", "hola@hogaryraiz.example", "Lunes a viernes, 8:00 a 17:30"
        )
        if agency
        else SampleSupport(
            "0800 555 2482",
            "+54 9 261 555 0182",
            "atencion@piedemonte.example",
            "Todos los días, 7:00 a 21:00",
        )
    )
    name = {"portada": "Hogar & Raíz", "caudal": "Aguas del Piedemonte"}.get(package, "Servicios del Valle")
    look = SampleLook(package, tokens or {}, f"{package}.css", logo)
    tenant = SampleTenant(name, look, support, "es_CO" if agency else "es_AR")
    return Sample(package, tenant, dict(catalogue()))


def context(package: str) -> dict[str, Any]:
    """What the sample pages speak of: rent in pesos of Colombia, or water in pesos of Argentina."""
    return {"day": datetime.date(2026, 11, 12), "currency": "COP" if package == "portada" else "ARS"}


def render(package: str, page: str, tokens: dict[str, str] | None = None, **more: Any) -> str:
    made = sample(package, tokens)
    env = made.environment()
    env.globals["sample_qr"] = segno.make("https://example.com/v/8F3K").svg_data_uri(border=0)
    values = {**context(package), **PAGES[page](package), **more}
    if "nav_current" in values:
        env.globals["nav"] = customer_nav(values.pop("nav_current"))
    if "desk_current" in values:
        env.globals["desk_nav"] = desk_nav(values.pop("desk_current"))
    if page in ("login", "error", "platform"):
        env.globals["viewer"] = None
    return env.get_template(f"{page}.html").render(values)


def write(folder: Path) -> list[str]:
    """Every page of every package as files; returns the names without `.html`."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(THEMES / "base" / "assets", folder / "assets", dirs_exist_ok=True)
    names = []
    for package in known_packages():
        assets = THEMES / package / "assets"
        if package != "base" and assets.is_dir():
            shutil.copytree(assets, folder / "assets" / package, dirs_exist_ok=True)
        (folder / f"{package}.css").write_text(stylesheet(package, {}), encoding="utf-8")
        for page in PAGES:
            name = f"{package}-{page}"
            (folder / f"{name}.html").write_text(render(package, page), encoding="utf-8")
            names.append(name)
    return names


def shots(
    folder: Path, names: list[str], widths: tuple[int, ...] = (360, 1280), modes: tuple[str, ...] = ("light",)
) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for mode in modes:
            for width in widths:
                size = {"width": width, "height": 740 if width < 600 else 860}
                tab = browser.new_page(viewport=size, color_scheme=mode)  # type: ignore[arg-type]
                for name in names:
                    tab.goto((folder / f"{name}.html").as_uri())
                    tall = int(tab.evaluate("document.documentElement.scrollHeight"))
                    tab.set_viewport_size({"width": width, "height": max(tall, size["height"])})
                    tab.screenshot(path=str(folder / f"{name}-{width}-{mode}.png"))
                    tab.set_viewport_size(size)  # type: ignore[arg-type]
                tab.close()
        browser.close()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    pages = write(target)
    wanted = [
        name for name in pages if len(sys.argv) < 3 or any(part in name for part in sys.argv[2].split(","))
    ]
    shots(target, wanted, modes=tuple(sys.argv[3].split(",")) if len(sys.argv) > 3 else ("light",))
