"""Who may import and call what. Each exception is listed with its reason; a stale exception fails too."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable

from blueprints import BUILT, CAPABILITY_ORDER
from tests.rules.source import ROOT, Source, by_module, reached_from, sources

WORDS = ("flask_babel",)  # where the translations come from: for what is read by people, also on paper
FLASK = ("flask", "flask_login", "flask_limiter", "flask_wtf", "werkzeug", "wtforms")

# Rooms of a capability that talk to people, machines or the framework; every other file of a capability
# must work without a request.
FLASK_ROOMS = re.compile(r"(^|_)(forms?|files?|commands|jobs)$")  # `…_file`: a list as a download

# Files of capabilities that use the framework although they are neither pages nor one of the rooms above.
FLASK_BY_EXCEPTION = {
    "blueprints/home/next_payout.py": "words of the home's page: they lead to other pages of the request's tenant",
    "blueprints/accounts/working.py": "which account the visitor works with is a matter of the request",
    "blueprints/payments/wire.py": "takes the gateway's way out from the application's configuration",
    "blueprints/payments/providers/bank_simulator/messenger.py": "is a company of its own, with its own thread",
}

# Ways past the ORM net, and the files that may use them. Each names the tenant itself, or reads no tenant's row.
WAYS_OUT = frozenset(
    {
        "text",
        "connection",
        "exec_driver_sql",
        "leaving_the_net",
        "platform_connection",
        "raw_connection",
        "engine",
    }
)
OUTSIDE_THE_NET = {
    "saas/scope.py": "defines the way out and tells PostgreSQL the tenant",
    "saas/readings.py": "sends what it compiled out of mapped classes, with the net woven in",
    "saas/locks.py": "an advisory lock reads no table; its key carries the tenant",
    "saas/limits.py": "attempts are counted in a transaction of their own; every statement names the tenant",
    "saas/outbox.py": "which tenants have work is asked through the platform's role, which sees no payload",
    "saas/platform_database.py": "defines the platform's own pool, whose role sees no customer",
    "tenants/loading.py": "runs before there is anything to filter by; every predicate names the tenant",
    "tenants/payment_stops.py": "a stop of all tenants is the platform's row, asked through the platform's role",
    "tenants/services.py": "puts tenants on the air through the platform's role",
    "tenants/domain_claims.py": "maps proven names of the active tenant through the platform's role",
    "blueprints/platform/check_commands.py": "asks for the database's own state, through the platform's role",
    "saas/set_based.py": "set-based work in batches; every statement names the tenant",
    "blueprints/platform/health.py": "asks whether the database answers, through the platform's role",
}
# `text("…")` inside an index or a column's default is part of a table's definition and runs with no data.
DEFINITIONS = re.compile(
    r"(^|/)models(_\w+)?\.py$|(^|/)models/|^tenants/people\.py$|^tenants/provider_accounts\.py$"
)

COMMITTERS = {
    "saas/scope.py": "unit_of_work is the frame of jobs and commands",
    "tenants/frame.py": "the one commit of a request",
}

CLOCK = "saas/clock.py"
CLOCK_CALLS = re.compile(
    r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime))$|^func\.(now|current_\w+)$"
)
CLOCK_SQL = re.compile(r"\b(now\(\)|current_date|current_timestamp|clock_timestamp\(\))", re.IGNORECASE)

# Fractions that count no money. A call of `float(` is refused in them too.
FLOATS = {
    "blueprints/payments/rules.py": "the jitter of the pause between two questions to a gateway",
    "blueprints/imports/reading/detect.py": "a share of the lines of a file, no amount",
    "blueprints/imports/reading/encodings.py": "a share of the bytes of a file, no amount",
}
NAMELESS = frozenset({"utils", "util", "helpers", "helper", "common", "misc", "shared", "base_classes"})
LONGEST_FILE = 450


def complaint(lines: Iterable[str]) -> str:
    return "\n" + "\n".join(lines)


def capability_sources() -> list[Source]:
    return [source for source in sources() if source.capability]


# --- folders and names -------------------------------------------------------------------------------------------


def test_every_folder_is_a_capability_of_the_order():
    folders = {
        path.name
        for path in (ROOT / "blueprints").iterdir()
        if path.is_dir() and (path / "__init__.py").exists()
    }
    assert folders <= set(CAPABILITY_ORDER)
    assert folders == set(BUILT), "BUILT in blueprints/__init__.py must name the folders that exist"


def test_what_is_built_stands_in_the_order():
    assert list(BUILT) == [name for name in CAPABILITY_ORDER if name in BUILT]


def test_every_capability_says_its_own_name():
    from blueprints import capabilities

    assert [capability.name for capability in capabilities()] == list(BUILT)


def test_the_lint_has_the_same_order():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(
        contract["layers"] for contract in contracts if contract.get("containers") == ["blueprints"]
    )
    assert [name.strip("()") for name in layers] == list(reversed(CAPABILITY_ORDER))


def test_a_thing_has_a_name():
    bad = [source.path for source in sources() if NAMELESS & set(re.split(r"[/.]", source.path))]
    assert not bad, complaint(bad)


def test_no_file_is_two_rooms():
    bad = [
        f"{source.path}: {count} lines"
        for source in sources()
        if (count := source.text.count("\n")) > LONGEST_FILE
    ]
    assert not bad, complaint(bad)


def test_templates_carry_the_name_of_their_capability():
    """Two capabilities with one template name would share the first one registered."""
    bad = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "blueprints").glob("*/templates/**/*.*")
        if path.is_file() and path.relative_to(ROOT).parts[3] != path.relative_to(ROOT).parts[1]
    ]
    assert not bad, complaint(bad)


# --- floors and rooms ---------------------------------------------------------------------------------------------


def test_imports_go_down_only():
    above = {
        "saas": ("tenants", "blueprints", "wsgi"),
        "tenants": ("blueprints", "wsgi"),
        "blueprints": ("wsgi",),
    }
    bad = [
        f"{source.path}: {', '.join(found)}"
        for source in sources()
        if (found := source.imports_any(*above.get(source.path.split("/")[0], ())))
    ]
    assert not bad, complaint(bad)


def test_capabilities_import_earlier_ones_only():
    place = {name: number for number, name in enumerate(CAPABILITY_ORDER)}
    bad = []
    for source in capability_sources():
        for name in source.imports:
            parts = name.split(".")
            other = parts[1] if parts[0] == "blueprints" and len(parts) > 1 else ""
            if place.get(other, -1) > place[source.capability or ""]:
                bad.append(f"{source.path}: {name}")
    assert not bad, complaint(sorted(bad))


def test_only_pages_know_flask():
    """Pages are files with views; forms, commands and jobs may know Flask too. Rules, services, queries, models,
    adapters and whatever they are split into may not."""
    needs_none = [
        source
        for source in capability_sources()
        if not source.has_views
        and not FLASK_ROOMS.search(source.stem)
        and source.path not in FLASK_BY_EXCEPTION
    ]
    bad = [
        f"{source.path}: {', '.join(found)}" for source in needs_none if (found := source.imports_any(*FLASK))
    ]
    assert not bad, complaint(bad)


def test_services_and_what_they_are_made_of_know_neither_flask_nor_pages():
    for name in BUILT:
        starts = [
            source
            for source in capability_sources()
            if source.capability == name and source.stem in ("rules", "services", "queries", "models")
        ]
        for source in reached_from(starts, inside="blueprints").values():
            assert not source.imports_any(*FLASK), (
                f"{source.path} is used by services and imports the framework"
            )
            assert not source.has_views, f"{source.path} has views and is used by services"


def test_exceptions_for_flask_are_needed():
    stale = [
        path
        for path in FLASK_BY_EXCEPTION
        if not (ROOT / path).exists() or not Source(path).imports_any(*FLASK)
    ]
    assert not stale, complaint(stale)


MACHINERY = ("database", "scope", "clock", "outbox", "audit", "files", "mail", "limits", "locks", "ids")
IMPURE = (
    *(*FLASK, *WORDS, "sqlalchemy", "psycopg", "random", "secrets", "os", "time"),
    *(f"saas.{name}" for name in MACHINERY),
)


def test_rules_are_pure():
    """No database, no framework, no clock, no chance: nor in any file of capabilities that rules import."""
    for start in [
        source for source in capability_sources() if source.stem == "rules" or "/rules/" in source.path
    ]:
        for source in reached_from([start], inside="blueprints").values():
            if source.stem == "__init__" and source.path.count("/") <= 2:
                continue  # a capability's declaration of itself
            found = source.imports_any(*IMPURE)
            assert not found, f"{source.path}, used by {start.path}, imports {', '.join(found)}"
            assert source.stem not in ("services", "queries", "models"), f"{start.path} uses {source.path}"


# --- what may be called where -------------------------------------------------------------------------------------


def test_only_frames_commit():
    bad = [
        f"{source.path}:{line} {name}"
        for source in sources()
        if source.path not in COMMITTERS
        for line, name in source.calls()
        if name.endswith(".commit")
    ]
    assert not bad, complaint(bad)


def test_the_clock_is_read_in_one_place():
    bad = [
        f"{source.path}:{line} {name}"
        for source in sources()
        if source.path != CLOCK
        for line, name in source.calls()
        if CLOCK_CALLS.search(name)
    ]
    bad += [
        f"{source.path}:{line} {text.strip()[:60]!r}"
        for source in sources()
        if source.path != CLOCK
        for line, text in source.strings()
        if CLOCK_SQL.search(text)
        and re.search(r"\b(select|update|insert|delete|where)\b", text, re.IGNORECASE)
    ]
    assert not bad, complaint(bad)


def ways_out(source: Source) -> list[str]:
    if DEFINITIONS.search(source.path):
        return [
            f"{source.path}:{line} {name}" for line, name in source.names() if name in WAYS_OUT - {"text"}
        ]
    found = []
    for line, name in source.calls():
        last = name.rpartition(".")[2]
        if last in WAYS_OUT - {"engine", "text"} or name in ("text", "sa.text", "sqlalchemy.text"):
            found.append(f"{source.path}:{line} {name}")
    for line, name in source.names():
        if (name == "engine" and "sqlalchemy" in source.text) or name == "engines":
            found.append(f"{source.path}:{line} {name}")
    return sorted(set(found))


def defines_tables(source: Source) -> bool:
    return "__tablename__" in source.text


def test_the_net_is_left_in_listed_files_only():
    bad: list[str] = []
    for source in sources():
        if source.path in OUTSIDE_THE_NET:
            continue
        found = ways_out(source)
        if defines_tables(source):
            found = [line for line in found if not line.endswith((" text", " sa.text"))]
        bad += found
    assert not bad, complaint(bad)


def test_no_permission_to_leave_the_net_is_stale():
    known = {source.path: source for source in sources()}
    stale = [path for path in OUTSIDE_THE_NET if path not in known or not ways_out(known[path])]
    assert not stale, complaint(stale)


def test_every_exception_has_a_reason():
    for reasons in (OUTSIDE_THE_NET, COMMITTERS, FLOATS, FLASK_BY_EXCEPTION):
        assert all(len(reason.split()) > 3 for reason in reasons.values())


def test_money_is_never_a_float():
    """Binary floats cannot hold cents. Capabilities have no `float(…)` and reckon with no literal such as 0.1;
    a pause of 0.5 seconds reckons nothing."""
    bad = []
    for source in sources():
        if not (source.capability or source.path == "saas/money.py"):
            continue
        if source.path not in FLOATS:
            bad += [f"{source.path}:{line} {value}" for line, value in reckoned_floats(source)]
        bad += [f"{source.path}:{line} float(" for line, name in source.calls() if name == "float"]
    assert not bad, complaint(bad)


def reckoned_floats(source: Source) -> list[tuple[int, float]]:
    return [
        (side.lineno, side.value)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.BinOp)
        for side in (node.left, node.right)
        if isinstance(side, ast.Constant) and isinstance(side.value, float)
    ]


def test_nothing_is_pickled_or_evaluated():
    bad = [
        f"{source.path}:{line} {name}"
        for source in sources()
        for line, name in source.calls()
        if name in ("eval", "exec", "pickle.loads", "pickle.dumps", "marshal.loads", "render_template_string")
        or name.endswith(".from_string")
    ]
    assert not bad, complaint(bad)


def test_the_modules_were_found():
    """The rules above hold for nothing if nothing is read."""
    assert {"wsgi", "saas.scope", "tenants.frame", "blueprints.invoices.services"} <= set(by_module())
    assert by_module()["tenants.assets"].has_views
    assert not by_module()["blueprints.invoices.services"].has_views
