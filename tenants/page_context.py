"""What every template may use: translations, addresses, formats, the tenant, the viewer, the menu."""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from babel import localedata
from flask import Flask, current_app, g, has_request_context, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.local import LocalProxy

from saas import csrf, dates, money
from saas.environment import Phrases
from saas.identity_numbers import written_document
from saas.languages import phrases, say
from tenants.capability import MenuEntry
from tenants.context import TenantContext, Viewer
from tenants.frame import csrf_token
from tenants.look import BASE, asset_url, css_of
from tenants.whole import whole

MOST_MENUS = 256


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One destination as a template draws it."""

    label: str
    url: str
    icon: str
    current: bool


def init_page_context(app: Flask) -> None:
    app.extensions["page_surroundings"] = _surroundings
    app.extensions["fixed_addresses"] = {}
    environment = app.jinja_env
    environment.globals.update(
        csrf_field=_csrf_field,
        asset=asset_url,
        css_url=_css_url,
        url_for=address_of_page,
        tenant=LocalProxy(lambda: g.get("tenant")),
        viewer=LocalProxy(lambda: g.get("viewer")),
        mode=LocalProxy(_mode),
        notice=LocalProxy(lambda: g.get("notice")),
        nav=LocalProxy(lambda: navigation("customer")),
        desk_nav=LocalProxy(lambda: navigation("desk")),
        public_links=LocalProxy(public_links),
        sign_out_url=LocalProxy(lambda: _address("auth.log_out")),
        stop_viewing_url=LocalProxy(lambda: _address("desk.stop_viewing")),
        word=word,
        lang=language,
        today=lambda: g.tenant.today(),
    )
    environment.filters.update(
        money=lambda amount, currency: money.format_money(amount, currency, locale()),
        long_date=lambda day: dates.format_long(day, locale()),
        short_date=lambda day: dates.format_short(day),
        month=lambda period: dates.format_month(period, locale()),
        period=lambda period: dates.format_period(period, locale()),
        short_datetime=_short_datetime,
        document=lambda number, kind: written_document(kind, number),
        whole=whole,
        translated=lambda msgid, **facts: _(msgid, **facts),
    )


def _surroundings() -> dict[str, Any]:
    """The values of the globals that every page looks at: as proxies they would be worked out at each look."""
    if not has_request_context():
        return {}
    return {
        "mode": _mode(),
        "nav": navigation("customer"),
        "sign_out_url": _address("auth.log_out"),
        "stop_viewing_url": _address("desk.stop_viewing"),
    }


def _mode() -> str:
    """Light or dark, where the visitor chose one; else empty: the device decides."""
    chosen = request.cookies.get("mode", "") if has_request_context() else ""
    return chosen if chosen in ("light", "dark") else ""


def _csrf_field() -> Markup:
    """The same for all forms of a page."""
    token = csrf_token()
    kept: tuple[str, Markup] | None = g.get("csrf_field")
    if kept is None or kept[0] != token:
        kept = g.csrf_field = (token, csrf.field(token))
    return kept[1]


def address_of_page(endpoint: str, **values: Any) -> str:
    """`url_for`, which remembers the addresses that have no variable part: menus and tabs are made of them."""
    if values or not has_request_context() or endpoint.startswith("."):
        return url_for(endpoint, **values)
    known: dict[str, str] = current_app.extensions["fixed_addresses"]
    address = known.get(endpoint)
    if address is None:
        address = url_for(endpoint)
        if not request.script_root:
            known[endpoint] = address
    return address


def locale() -> str:
    """The locale for numbers and dates: the tenant's; words may be in another language."""
    here = (
        g._get_current_object()
    )  # asked for by every amount on a page: one look through the proxy, not three
    tenant = here.get("tenant")
    if tenant is None:
        return "es_CO"
    forced = here.get("language")  # a letter speaks its reader's language
    if forced:
        return forced if "_" in forced else _regional(forced, tenant.country)
    viewer = here.get("viewer")
    if viewer is not None and viewer.language and viewer.language != tenant.language:
        return _regional(viewer.language, tenant.country)
    return str(tenant.locale)


def _regional(spoken: str, country: str) -> str:
    """A language as that country writes it, where anybody has written down how it does."""
    regional = f"{spoken}_{country}"
    return regional if localedata.exists(regional) else spoken


def language() -> str:
    return locale().partition("_")[0]


def word(key: str) -> str:
    """The tenant's own word for one of our things."""
    return str(g.tenant.word(key, language()))


def _short_datetime(moment: datetime.datetime) -> str:
    zone = g.tenant.time_zone if g.get("tenant") else "UTC"
    return dates.format_datetime(moment, zone, locale())


def _css_url() -> str:
    tenant = g.get("tenant")
    return tenant.look.css_url if tenant else f"/base-{css_of(BASE, {})[0]}.css"


def navigation(area: str) -> Sequence[NavEntry]:
    """The menu of the viewer: what is on for the tenant and allowed for the person. The same menu is the same
    object."""
    viewer, tenant = g.get("viewer"), g.get("tenant")
    if viewer is None or tenant is None:
        return ()
    # All that the choice of entries depends on, by value.
    looks_on = viewer.viewing_customer_id is not None
    key = (area, viewer.roles, viewer.staff_permissions, looks_on, tenant.capabilities)
    menus: dict[Hashable, Menu] = current_app.extensions.setdefault("menus", {})
    menu = menus.get(key)
    if menu is None:
        whole, optional = (current_app.extensions[name] for name in ("menu", "optional_blueprints"))
        entries = [entry for entry in whole if entry.area == area and _shown(entry, viewer, tenant, optional)]
        menu = Menu(entries, [address_of_page(entry.endpoint) for entry in entries])
        if len(menus) < MOST_MENUS and not (has_request_context() and request.script_root):
            menus[key] = menu
    current = _current(menu) if has_request_context() else None
    drawn = menu.drawn.get(found := (phrases(), current))
    if drawn is None:
        drawn = menu.drawn[found] = tuple(
            NavEntry(say(entry.label), address, entry.icon, place == current)
            for place, (entry, address) in enumerate(zip(menu.entries, menu.addresses, strict=True))
        )
    return drawn


def public_links() -> Sequence[NavEntry]:
    """What the tenant offers to who is not logged in; empty for who is."""
    viewer, tenant = g.get("viewer"), g.get("tenant")
    if viewer is not None or tenant is None:
        return ()
    optional: Mapping[str, str] = current_app.extensions["optional_blueprints"]
    return tuple(
        NavEntry(say(entry.label), address, entry.icon, request.path == address)
        for entry in current_app.extensions["menu"]
        if entry.area == "public"
        and (not entry.where or tenant.setting(entry.where))
        and (
            (owner := optional.get(entry.endpoint.partition(".")[0])) is None or owner in tenant.capabilities
        )
        for address in (address_of_page(entry.endpoint),)
    )


@dataclass(frozen=True, slots=True)
class Menu:
    """The entries that some visitors see, and how they were drawn: for each language and current entry, once."""

    entries: Sequence[MenuEntry]
    addresses: Sequence[str]
    drawn: dict[tuple[Phrases, int | None], tuple[NavEntry, ...]] = field(default_factory=dict)


def _current(menu: Menu) -> int | None:
    """The destination that the page belongs to: the longest address above it, else its capability's first."""
    here, section = request.path, (request.endpoint or "").partition(".")[0]
    best, length = None, 0
    for place, address in enumerate(menu.addresses):
        above = here == address or (address != "/" and here.startswith(f"{address}/"))
        if above and len(address) > length:
            best, length = place, len(address)
    if best is not None:
        return best
    places = (
        place for place, entry in enumerate(menu.entries) if entry.endpoint.partition(".")[0] == section
    )
    return next(places, None)


def _address(endpoint: str) -> str:
    return address_of_page(endpoint) if endpoint in current_app.view_functions else ""


def _shown(entry: MenuEntry, viewer: Viewer, tenant: TenantContext, optional: Mapping[str, str]) -> bool:
    if entry.permission is not None and not viewer.may(entry.permission):
        return False
    if entry.roles and not (entry.roles & viewer.roles or viewer.viewing_customer_id is not None):
        return False
    capability = optional.get(entry.endpoint.partition(".")[0])
    return capability is None or capability in tenant.capabilities
