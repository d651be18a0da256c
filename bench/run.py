"""Builds the world, starts both servers, takes the figures one part after another."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from flask import Flask

from bench import billing, documents, imports, notices, pages
from bench.load import ADDRESS, request_bytes
from bench.report import Figure, table
from bench.servers import WebServer, processor_seconds, serving
from bench.world import Town, build_town, settle_down
from saas.config import Config
from saas.database import db
from wsgi import create_app

PARTS = ("pages", "import", "documents", "notices", "billing")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured. `towns` are invoices per tenant: small, usual, large."""

    towns: tuple[int, int, int]
    rounds: int
    seconds: float
    import_rows: int
    import_rounds: int
    notices: int
    billed: int


FULL = Sizes(
    (10_000, 200_000, 1_000_000),
    rounds=9,
    seconds=3.0,
    import_rows=50_000,
    import_rounds=3,
    notices=400,
    billed=1_000_000,
)
QUICK = Sizes(
    (2_000, 20_000, 60_000),
    rounds=3,
    seconds=1.0,
    import_rows=3_000,
    import_rounds=2,
    notices=100,
    billed=20_000,
)


def run(environ: Mapping[str, str], home: Path, sizes: Sizes, parts: set[str], *, threads: int) -> str:
    """Take the figures on a fresh installation; the answer is the table. Says on standard error what it is doing."""
    environ = {**environ, "VENTANILLA_PORT": str(free_port()), "VENTANILLA_OUTBOX": "off"}
    app = create_app(Config.from_env(environ))
    figures: list[Figure] = []
    with app.app_context():
        if "pages" in parts:
            towns = build(app, environ, sizes)
            db.session.remove()
            figures += measure_pages(environ, home, towns, sizes, threads)
        if "import" in parts:
            say(f"Import of {sizes.import_rows:,} rows …")
            figures += imports.measure(
                app,
                superuser_url=environ["MIGRATION_DATABASE_URL"],
                app_url=environ["DATABASE_URL"],
                folder=home,
                rows=sizes.import_rows,
                rounds=sizes.import_rounds,
                say=say,
            )
        if "documents" in parts:
            say("Documents …")
            figures.append(documents.measure(rounds=sizes.rounds, seconds=sizes.seconds / 3))
        if "notices" in parts:
            say(f"Notices, {sizes.rounds} rounds of {sizes.notices} …")
            figures += notices.measure(
                app, environ, home, notices=sizes.notices, rounds=sizes.rounds, threads=threads, say=say
            )
        if "billing" in parts:
            say(f"A monthly run of {sizes.billed:,} invoices …")
            db.session.remove()
            figures += billing.measure(app, environ, invoices=sizes.billed, rounds=1, say=say)
        db.engine.dispose()
        app.extensions["platform_engine"].dispose()
    return table(figures)


def build(app: Flask, environ: Mapping[str, str], sizes: Sizes) -> list[Town]:
    superuser = environ["MIGRATION_DATABASE_URL"]
    towns = []
    for name, invoices in zip(("small", "usual", "large"), sizes.towns, strict=True):
        say(f"A tenant with {invoices:,} invoices …")
        towns.append(build_town(app, superuser, name, invoices))
    settle_down(superuser)
    return towns


def measure_pages(
    environ: Mapping[str, str], home: Path, towns: list[Town], sizes: Sizes, threads: int
) -> list[Figure]:
    small, usual, large = towns
    with both_servers(environ, home, usual, threads) as (product, floor):
        under = pages.floor_course(floor, usual)
        courses = [
            under,
            main := pages.product_course(product, usual, pages.LIST),
            history := pages.product_course(product, usual, pages.HISTORY),
            little := pages.product_course(product, small, pages.LIST),
            much := pages.product_course(product, large, pages.LIST),
        ]
        say(f"{len(courses)} courses, {sizes.rounds} rounds of {sizes.seconds:g} s each …")
        taken = pages.run(
            courses,
            rounds=sizes.rounds,
            seconds=sizes.seconds,
            database_time=lambda: database_seconds(environ["MIGRATION_DATABASE_URL"]),
            say=say,
        )
        (rss, pss), (_, bare) = product.memory(), floor.memory()
    size = taken[main.name][0].round.page_bytes
    mega = 1024 * 1024
    return [
        pages.figure(
            f"{pages.LIST} ({usual.invoices:,} invoices) : floor",
            taken[main.name],
            taken[under.name],
            least=pages.AIM,
        ),
        pages.figure(
            f"{pages.HISTORY} (20 rows) : floor", taken[history.name], taken[under.name], least=pages.AIM
        ),
        pages.figure(
            f"{pages.LIST}: {small.invoices:,} : {large.invoices:,} invoices",
            taken[little.name],
            taken[much.name],
            most=pages.GROWTH_AIM,
        ),
        Figure(
            "page size", orientation=f"{size / 1000:.1f} kB of {pages.LIST}, head included, not compressed"
        ),
        Figure(
            "memory per worker : floor's",
            ratio=pss / bare,
            orientation=f"{pss / mega:.0f} : {bare / mega:.0f} MiB proportional; {rss / mega:.0f} MiB resident",
        ),
    ]


@contextlib.contextmanager
def both_servers(
    environ: Mapping[str, str], home: Path, town: Town, threads: int
) -> Iterator[tuple[WebServer, WebServer]]:
    """The product and the floor side by side; the one that is not asked costs nothing."""
    port, other = int(environ["VENTANILLA_PORT"]), free_port()
    superuser = environ["MIGRATION_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1)
    with (
        serving(
            "product", "wsgi:application", port=port, threads=threads, environ=environ,
            log=home / "product.log", ready=request_bytes(f"localhost:{port}", "/readyz"),
        ) as product,
        serving(
            "floor", "bench.floor.app:create_app", port=other, threads=threads,
            environ={**environ, "BENCH_FLOOR_DATABASE_URL": superuser},
            log=home / "floor.log", ready=request_bytes(f"{ADDRESS}:{other}", "/ready"),
        ) as floor,
    ):  # fmt: skip
        yield product, floor


def database_seconds(url: str) -> float:
    """Processor time of the backends that stay connected; 0 where it cannot be told (another machine's server)."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
        ).fetchall()
    return sum(processor_seconds(pid) for (pid,) in rows)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
