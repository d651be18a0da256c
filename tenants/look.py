"""How pages are rendered in a tenant's look: one Jinja environment per theme package.

Jinja caches by template name, so picking another package's file under the same name would leak one
tenant's look to the next; an environment per package cannot.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g
from jinja2 import ChoiceLoader, Environment, FileSystemLoader

from saas.environment import one_language
from saas.languages import phrases
from tenants.context import Look
from tenants.theme_packages import known_packages, stylesheet

ROOT = Path(__file__).resolve().parent.parent
THEMES = ROOT / "themes"
BASE = "base"
LOGO_PURPOSE = "logo"  # of the stored files that /logo/ serves to everybody
UPLOADED = "file:"  # begins the logo token of an upload
ASSET_FOLDERS = (THEMES / "base" / "assets", ROOT / "saas" / "static")


class Looks:
    """The environments of all packages, made when the process starts."""

    def __init__(self, app: Flask, template_folders: Iterable[Path]) -> None:
        folders = [str(folder) for folder in template_folders]
        self.environments: dict[str, Environment] = {}
        for package in known_packages():
            own = [str(THEMES / package / "templates")] if package != BASE else []
            self.environments[package] = app.jinja_env.overlay(
                loader=ChoiceLoader([FileSystemLoader([*own, str(THEMES / BASE / "templates"), *folders])])
            )

    def environment(self, package: str) -> Environment:
        """A package that is gone falls back to the base, never to an error."""
        return self.environments.get(package) or self.environments[BASE]


def init_looks(app: Flask, template_folders: Iterable[Path]) -> None:
    app.extensions["looks"] = Looks(app, template_folders)


def render(template: str, **context: Any) -> str:
    """The template as the request's tenant shows it; without a tenant, as the base shows it."""
    tenant = g.get("tenant")
    package = tenant.look.package if tenant else BASE
    # The values themselves: the globals of the same name are proxies, which cost at every touch.
    own = {"tenant": tenant, "viewer": g.get("viewer"), "notice": g.get("notice")}
    surroundings: Callable[[], dict[str, Any]] = current_app.extensions["page_surroundings"]
    return render_in(package, template, **{**own, **surroundings(), **context})


def render_in(package: str, template: str, **context: Any) -> str:
    looks: Looks = current_app.extensions["looks"]
    with one_language(phrases()):
        return looks.environment(package).get_template(template).render(context)


@lru_cache(maxsize=512)
def _stylesheet(package: str, tokens_json: str) -> tuple[str, str]:
    css = stylesheet(package, json.loads(tokens_json))
    return hashlib.sha256(css.encode()).hexdigest()[:16], css


def css_of(package: str, tokens: Mapping[str, Any]) -> tuple[str, str]:
    """The digest and the text of the one stylesheet of a look."""
    return _stylesheet(package, json.dumps(dict(tokens), sort_keys=True))


def build_look(package: str, tokens: Mapping[str, Any]) -> Look:
    if package not in known_packages():
        package = BASE
    digest, _css = css_of(package, tokens)
    return Look(
        package=package,
        tokens=tokens,
        css_url=f"/t/{digest}.css",
        logo_url=_logo_url(tokens.get("logo")),
    )


def _logo_url(logo: object) -> str | None:
    """A logo is a package's asset by name, or an upload as `file:<id>`; one that is gone is no logo, no error."""
    if not isinstance(logo, str):
        return None
    if logo.startswith(UPLOADED):
        return f"/logo/{logo.removeprefix(UPLOADED)}.png"
    found = asset_index().get(logo)
    return found[0] if found else None


@lru_cache(maxsize=1)
def asset_index() -> dict[str, tuple[str, Path]]:
    """Every file that pages may load: name -> (address, path). The address carries the content's hash."""
    index: dict[str, tuple[str, Path]] = {}
    folders = [(folder, "") for folder in ASSET_FOLDERS]
    folders += [
        (THEMES / package / "assets", f"{package}/") for package in known_packages() if package != BASE
    ]
    for folder, prefix in folders:
        if not folder.is_dir():
            continue
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in MEDIA_TYPES:
                name = prefix + path.relative_to(folder).as_posix()
                digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
                index[name] = (f"/assets/{digest}/{name}", path)
    return index


MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
}


def asset_url(name: str) -> str:
    """The address of a file that pages may load. Raises KeyError for one that is not there."""
    return asset_index()[name][0]
