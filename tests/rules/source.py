"""The product's own source as the rules read it: files, their imports, what they call."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("saas", "tenants", "blueprints")
VERBS = frozenset({"get", "post", "put", "patch", "delete", "route"})


@dataclass(frozen=True)
class Source:
    """One Python file. `path` is relative to the project, with slashes."""

    path: str

    @cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def stem(self) -> str:
        return Path(self.path).stem

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def capability(self) -> str | None:
        parts = self.path.split("/")
        return parts[1] if parts[0] == "blueprints" and len(parts) > 2 else None

    @cached_property
    def imports(self) -> frozenset[str]:
        """Every module named in an import, also as `package.name` for `from package import name`."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
                found.update(f"{node.module}.{alias.name}" for alias in node.names)
        return frozenset(found)

    def imports_any(self, *names: str) -> list[str]:
        """Which of the imports are one of these modules, or inside it."""
        return sorted(
            found
            for found in self.imports
            if any(found == name or found.startswith(f"{name}.") for name in names)
        )

    @cached_property
    def has_views(self) -> bool:
        """Whether functions of this file answer addresses, or a `Pages` is made in it."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and _name(node.func) in ("Pages", "Blueprint"):
                return True
            if isinstance(node, ast.FunctionDef):
                for decorator in node.decorator_list:
                    call = decorator.func if isinstance(decorator, ast.Call) else decorator
                    if isinstance(call, ast.Attribute) and call.attr in VERBS:
                        return True
        return False

    def calls(self) -> Iterator[tuple[int, str]]:
        """Line and dotted name of everything called."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node.lineno, _name(node.func)

    def names(self) -> Iterator[tuple[int, str]]:
        """Line and name of everything read: bare names, attributes, imported names."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name):
                yield node.lineno, node.id
            elif isinstance(node, ast.Attribute):
                yield node.lineno, node.attr
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield node.lineno, alias.name

    def strings(self) -> Iterator[tuple[int, str]]:
        """Line and text of every string that is not a docstring."""
        documentation = {
            id(node.body[0].value)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in documentation
            ):
                yield node.lineno, node.value


def _name(node: ast.expr) -> str:
    """The dotted name of what is called; what comes before a call or an index is left out."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _name(node.value)
        return f"{before}.{node.attr}" if before else f".{node.attr}"
    return ""


@lru_cache(maxsize=1)
def sources() -> tuple[Source, ...]:
    """Every Python file of the three floors and the roof; what runs on a person's machine is left out."""
    paths = [ROOT / "wsgi.py"]
    for floor in FLOORS:
        paths += sorted((ROOT / floor).rglob("*.py"))
    relative = (path.relative_to(ROOT).as_posix() for path in paths)
    return tuple(Source(path) for path in relative if not path.startswith("saas/local/"))


@lru_cache(maxsize=1)
def by_module() -> dict[str, Source]:
    return {source.module: source for source in sources()}


def reached_from(starts: list[Source], *, inside: str) -> dict[str, Source]:
    """These files and every file below the package `inside` that they import, however indirectly."""
    known = by_module()
    found: dict[str, Source] = {}
    waiting = list(starts)
    while waiting:
        source = waiting.pop()
        if source.path in found:
            continue
        found[source.path] = source
        waiting += [
            known[name]
            for name in source.imports
            if name in known and (name == inside or name.startswith(f"{inside}."))
        ]
    return found
