"""`flask schema prepare`: roles, database and migrations, by a superuser."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import click
from flask.cli import AppGroup

from saas.schema import create_database, create_roles, migrate, newest_revision

schema_group = AppGroup("schema", help="The database's roles and tables.")


@schema_group.command("prepare")
@click.argument("superuser_url")
def prepare(superuser_url: str) -> None:
    """Create roles and database if they are missing, and migrate. SUPERUSER_URL names the database."""
    parts = urlsplit(superuser_url)
    name = parts.path.lstrip("/")
    maintenance = urlunsplit(parts._replace(path="/postgres"))
    create_roles(maintenance)
    create_database(maintenance, name)
    migrate(superuser_url)
    click.echo(f"{name} is at revision {newest_revision()}")
