"""The list of all addresses, kept in routes.txt and compared with the application in both directions.

python -m tests.rules.manifest      writes the list anew; read the difference before keeping it
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from saas.config import Config
from saas.permissions import permission_of
from saas.web import Pages
from wsgi import create_app

FILE = Path(__file__).with_name("routes.txt")
HEAD = "# endpoint | rule | methods | permission | place -- written by: python -m tests.rules.manifest"


@dataclass(frozen=True, order=True)
class Route:
    """One rule of the URL map. Flask's own HEAD and OPTIONS are left out of `methods`."""

    endpoint: str
    rule: str
    methods: tuple[str, ...]
    permission: str
    place: str
    arguments: tuple[str, ...] = ()
    converters: tuple[str, ...] = ()

    def line(self) -> str:
        return " | ".join((self.endpoint, self.rule, ",".join(self.methods), self.permission, self.place))

    @property
    def blueprint(self) -> str:
        return self.endpoint.rpartition(".")[0]

    @property
    def ids(self) -> tuple[str, ...]:
        """The arguments that name a row."""
        return tuple(
            name
            for name, kind in zip(self.arguments, self.converters, strict=True)
            if kind == "UUIDConverter"
        )


def routes_of(app: Flask) -> list[Route]:
    """Every route of the application, in the order of the file."""
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        blueprint = app.blueprints.get(rule.endpoint.rpartition(".")[0])
        arguments = tuple(sorted(rule.arguments))
        found.append(
            Route(
                rule.endpoint,
                rule.rule,
                tuple(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})),
                permission_of(view) or "(none)",
                blueprint.place if isinstance(blueprint, Pages) else "(none)",
                arguments,
                tuple(type(rule._converters[name]).__name__ for name in arguments),
            )
        )
    return sorted(found)


def written() -> list[str]:
    if not FILE.exists():
        return []
    return [line for line in FILE.read_text().splitlines() if line and not line.startswith("#")]


def bare_app() -> Flask:
    """The application without a database behind it: enough to read its addresses."""
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    return create_app(Config.from_env({"VENTANILLA_ENVIRONMENT": "test", "DATABASE_URL": nowhere}))


def main() -> None:
    lines = [route.line() for route in routes_of(bare_app())]
    FILE.write_text("\n".join([HEAD, *lines]) + "\n")
    print(f"{FILE.name}: {len(lines)} routes")


if __name__ == "__main__":
    main()
