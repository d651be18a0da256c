"""Theme packages: the folders of ``themes/``, checked before they are used, and the one stylesheet made from them.

A package that is wrong in any way never reaches a page: what asks for it gets ``base`` instead, and its problems can
be read from ``check_package``. Tokens of a tenant are checked against the package's own typed schema, so nothing but
``#rrggbb`` colours and listed words can enter a stylesheet.
"""

from __future__ import annotations

import logging
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from saas.kept_parts import PERSONAL
from saas.languages import N_
from tenants.palette import GROUNDS, MODES, css_variables, is_color
from tenants.stylesheets import css_problems, minified, transferred_kb, with_assets

log = logging.getLogger("ventanilla.themes")
THEMES = Path(__file__).resolve().parent.parent / "themes"
BASE = "base"
SCHEMA = 1
CONTRACT = (1, 0)  # of the templates, macros and roles that packages may lean on; `requires` speaks of it
BASE_STYLES = ("base.css", "components.css")
LAST_STYLES = THEMES / BASE / "css" / "print.css"  # paper has the last word, whatever a package says
#: The only templates that a package may bring of its own. The rest (amounts, payee, help, banners) is fixed.
OVERRIDABLE = frozenset({"portal/_header.html", "mail/_header.html"})
_KEYS = {"schema", "id", "version", "parent", "requires", "name", "overrides", "tokens", "budget"}
_ID = re.compile(r"[a-z][a-z0-9-]{1,30}")
_BOUND = re.compile(r"(>=|<=|<|>|==)(\d+)(?:\.(\d+))?(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Token:
    """One thing a look may vary: ``kind`` is color or enum; only ``tenant`` ones are the tenant's to set."""

    kind: str
    tenant: bool
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenProblem:
    """Why a value was refused. ``message`` is a catalogue entry; ``facts`` fill it."""

    token: str
    message: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ThemePackage:
    """A checked package, its parents already folded in. ``values`` are the defaults of its tokens; ``grounds`` are
    ``<mode>.<neutral>`` and ``<mode>.tones`` tables of colours; ``css`` is its own part, minified."""

    id: str
    version: str
    name: Mapping[str, str]
    chain: tuple[str, ...]
    overrides: frozenset[str]
    tokens: Mapping[str, Token]
    values: Mapping[str, str]
    grounds: Mapping[str, Mapping[str, str]]
    css: str
    css_kb: int


class ThemeProblem(Exception):
    """A package cannot be used; ``problems`` says why, for the people who make packages."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def known_packages(themes: Path = THEMES) -> tuple[str, ...]:
    """The packages that can be used now, ``base`` first."""
    found = [path.parent.name for path in sorted(themes.glob("*/theme.toml"))]
    return (BASE, *(name for name in found if name != BASE and not check_package(name, themes)))


def check_package(package_id: str, themes: Path = THEMES) -> list[str]:
    """Everything that is wrong with a package; empty when it may be used."""
    try:
        _read_checked(package_id, themes)
    except ThemeProblem as problem:
        return problem.problems
    return []


@lru_cache(maxsize=64)
def _read_checked(package_id: str, themes: Path) -> ThemePackage:
    return _read(package_id, themes, ())


@lru_cache(maxsize=64)
def load_package(package_id: str, themes: Path = THEMES) -> ThemePackage:
    """The package with its parents folded in; ``base`` when it is unknown or broken (logged once per process)."""
    try:
        return _read_checked(package_id, themes)
    except ThemeProblem as problem:
        if package_id == BASE:
            raise
        log.error("theme package not usable", extra={"package": package_id, "problems": problem.problems})
        return _read_checked(BASE, themes)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ThemeProblem([f"{path.name}: {error}"]) from error


def _read(package_id: str, themes: Path, below: tuple[str, ...]) -> ThemePackage:
    folder = themes / package_id
    if not _ID.fullmatch(package_id) or not (folder / "theme.toml").is_file():
        raise ThemeProblem([f"no theme package {package_id[:40]!r}"])
    if package_id in below:
        raise ThemeProblem(["parents go round in a circle: " + " -> ".join((*below, package_id))])
    about = _toml(folder / "theme.toml")
    parent_id = about.get("parent")
    if parent_id is not None and not isinstance(parent_id, str):
        raise ThemeProblem(["parent: a package's id is expected"])
    parent = _read(parent_id, themes, (*below, package_id)) if parent_id else None
    problems = _about_problems(package_id, about, parent)
    tokens = dict(parent.tokens) if parent else {}
    tokens.update(_schema(about.get("tokens", {}), problems))
    values, grounds = _values(_toml(folder / "tokens.toml"), tokens, parent, problems)
    overrides = _override_names(about, folder, problems)
    css = _own_css(package_id, folder, problems)
    css_kb = int(about.get("budget", {}).get("css_kb", parent.css_kb if parent else 15))
    package = ThemePackage(
        id=package_id, version=str(about.get("version", "")), name=dict(about.get("name") or {}),
        chain=(package_id, *(parent.chain if parent else ())),
        overrides=overrides | (parent.overrides if parent else frozenset()), tokens=tokens, values=values,
        grounds=grounds, css=(parent.css if parent else "") + css, css_kb=css_kb,
    )  # fmt: skip
    if not problems:
        size = transferred_kb(css_variables(resolved(package, {})) + package.css + _print_css())
        if size > css_kb:
            problems.append(f"stylesheet: {size:.1f} kB transferred, {css_kb} allowed")
    if problems:
        raise ThemeProblem(problems)
    return package


def _about_problems(package_id: str, about: Mapping[str, Any], parent: ThemePackage | None) -> list[str]:
    problems = [f"theme.toml: unknown key {key!r}" for key in about if key not in _KEYS]
    if about.get("schema") != SCHEMA:
        problems.append(f"schema: {SCHEMA} is expected")
    if about.get("id") != package_id:
        problems.append("id: must be the folder's name")
    if package_id != BASE and parent is None:
        problems.append("parent: every package but base has one")
    if not _in_range(str(about.get("requires", ""))):
        problems.append(f"requires: this installation offers {CONTRACT[0]}.{CONTRACT[1]}")
    return problems


def _in_range(text: str) -> bool:
    for part in (part.strip() for part in text.split(",")):
        bound = _BOUND.fullmatch(part)
        if bound is None:
            return False
        limit = (int(bound[2]), int(bound[3] or 0))
        fits = {">=": limit <= CONTRACT, "<=": limit >= CONTRACT, "<": limit > CONTRACT,
                ">": limit < CONTRACT, "==": limit == CONTRACT}  # fmt: skip
        if not fits[bound[1]]:
            return False
    return True


def _schema(table: object, problems: list[str]) -> dict[str, Token]:
    tokens: dict[str, Token] = {}
    if not isinstance(table, dict):
        problems.append("tokens: a table is expected")
        return tokens
    for name, about in table.items():
        kind = about.get("type") if isinstance(about, dict) else None
        if kind not in ("color", "enum"):
            problems.append(f"tokens.{name}: type color or enum is expected")
            continue
        tokens[name] = Token(kind, bool(about.get("tenant", False)), tuple(map(str, about.get("values", ()))))
    return tokens


def _values(
    table: Mapping[str, Any], tokens: Mapping[str, Token], parent: ThemePackage | None, problems: list[str]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    values = dict(parent.values) if parent else {}
    grounds = {name: dict(colors) for name, colors in parent.grounds.items()} if parent else {}
    for section, content in table.items():
        if section == "values" and isinstance(content, dict):
            for name, value in content.items():
                refusal = _refusal(name, value, tokens.get(name))
                if refusal:
                    problems.append(f"tokens.toml: {name}: not an allowed value")
                else:
                    values[name] = value
        elif section in MODES and isinstance(content, dict):
            for group, colors in content.items():
                _fold_colors(grounds.setdefault(f"{section}.{group}", {}), section, colors, problems)
        else:
            problems.append(f"tokens.toml: unknown section {section!r}")
    return values, grounds


def _fold_colors(into: dict[str, str], mode: str, colors: object, problems: list[str]) -> None:
    for role, color in colors.items() if isinstance(colors, dict) else ():
        if role in GROUNDS[mode] and is_color(color):
            into[role] = color
        else:
            problems.append(f"tokens.toml: {mode}: {role!r} must be a known ground and #rrggbb")


def _override_names(about: Mapping[str, Any], folder: Path, problems: list[str]) -> frozenset[str]:
    declared = about.get("overrides", [])
    for name in declared if isinstance(declared, list) else ["overrides"]:
        if name not in OVERRIDABLE:
            problems.append(f"overrides: {name!r} may not be replaced")
            continue
        problems += template_problems(folder / "templates" / name)
    present = {
        path.relative_to(folder / "templates").as_posix() for path in folder.glob("templates/**/*.html")
    }
    if about.get("id") != BASE:
        problems += [
            f"templates/{name}: not in the list of overrides" for name in sorted(present - set(declared))
        ]
    return frozenset(declared)


def template_problems(path: Path) -> list[str]:
    """Why an override cannot be trusted to render and to end: it may show and include fixed parts, nothing else."""
    try:
        tree = Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(
            path.read_text(encoding="utf-8")
        )
    except FileNotFoundError:
        return [f"{path.name}: missing"]
    except (TemplateSyntaxError, UnicodeDecodeError) as error:
        return [f"{path.name}: {error}"]
    found = []
    for kind in (nodes.Macro, nodes.Extends, nodes.Import, nodes.ScopedEvalContextModifier, nodes.CallBlock):
        found += [f"{path.name}: {kind.__name__.lower()} is not allowed" for _node in tree.find_all(kind)]
    for loop in tree.find_all(nodes.For):
        if loop.recursive or not isinstance(loop.iter, nodes.Name) or loop.iter.name != "nav":
            found.append(f"{path.name}: only `for … in nav` is allowed")
    for include in tree.find_all(nodes.Include):
        if not isinstance(include.template, nodes.Const) or include.template.value != "portal/_nav.html":
            found.append(f"{path.name}: only portal/_nav.html may be included")
    for filtered in tree.find_all(nodes.Filter):
        if filtered.name == "safe":
            found.append(f"{path.name}: `safe` is not allowed")
    for name in sorted(meta.find_undeclared_variables(tree) & PERSONAL):
        found.append(f"{path.name}: {name} is not known here, for what is drawn is kept for everybody")
    return found


def _own_css(package_id: str, folder: Path, problems: list[str]) -> str:
    names = BASE_STYLES if package_id == BASE else ("theme.css",)
    texts = []
    for name in names:
        path = folder / "css" / name
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            problems += [
                f"{name}: {problem}" for problem in css_problems(text, fixed_allowed=package_id == BASE)
            ]
            try:
                texts.append(minified(with_assets(text, folder / "assets")))
            except FileNotFoundError as missing:
                problems.append(f"{name}: asset {missing.args[0]} is missing")
        elif package_id == BASE:
            problems.append(f"{name}: missing")
    return "".join(texts)


def _refusal(name: str, value: object, token: Token | None) -> TokenProblem | None:
    if token is None:
        return TokenProblem(name[:40], N_("This is not something that can be set."))
    if token.kind == "color":
        return (
            None
            if is_color(value)
            else TokenProblem(name, N_("Write the colour as # and six digits, like #0b57d0."))
        )
    if isinstance(value, str) and value in token.values:
        return None
    return TokenProblem(name, N_("Choose one of: %(values)s."), {"values": ", ".join(token.values)})


def check_tokens(
    tokens: Mapping[str, object], package_id: str = BASE, themes: Path = THEMES
) -> tuple[dict[str, str], list[TokenProblem]]:
    """What a tenant asked for, sorted into values that may be used and problems to show.

    Colours may be written in upper case; unknown names, tokens that only packages set, other types and any other
    text are problems. Never raises.
    """
    schema = load_package(package_id, themes).tokens
    clean: dict[str, str] = {}
    problems: list[TokenProblem] = []
    for name, value in tokens.items():
        token = schema.get(name)
        wanted = (
            value.lower()
            if token and token.kind == "color" and isinstance(value, str) and len(value) == 7
            else value
        )
        problem = _refusal(name, wanted, token if token and token.tenant else None)
        if problem:
            problems.append(problem)
        else:
            clean[name] = str(wanted)
    return clean, problems


def resolved(package: ThemePackage, tokens: Mapping[str, str]) -> dict[str, str]:
    """The package's values under the tenant's, with the grounds of the chosen neutral tone: ready for ``palette``."""
    values = {**package.values, **tokens}
    flat = dict(values)
    for mode in MODES:
        for group in (values.get("neutral", "neutral"), "tones"):
            flat.update(
                {
                    f"{mode}.{role}": color
                    for role, color in package.grounds.get(f"{mode}.{group}", {}).items()
                }
            )
    return flat


def tokens_for(package_id: str, tokens: Mapping[str, object]) -> dict[str, str]:
    """A tenant's stored tokens over a package's, complete; values that do not pass the schema are left out."""
    return resolved(load_package(package_id), check_tokens(tokens, package_id)[0])


def stylesheet(package_id: str, tokens: Mapping[str, object]) -> str:
    """The one stylesheet of a look: variables, base, components, package, print. Never raises, never unstyled."""
    package = load_package(package_id)
    return css_variables(resolved(package, check_tokens(tokens, package.id)[0])) + package.css + _print_css()


@lru_cache(maxsize=1)
def _print_css() -> str:
    return minified(LAST_STYLES.read_text(encoding="utf-8"))
