"""A running PostgreSQL and the addresses of its roles."""

from __future__ import annotations

import hashlib
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from saas.local.postgres_program import PostgresFailed


class Server:
    """A running server, known by the address of its superuser."""

    def __init__(self, superuser_url: str) -> None:
        self._superuser_url = superuser_url

    def superuser_url(self, dbname: str | None = None) -> str:
        """The superuser's address, on its own or on another database."""
        return self._at(self._superuser_url, dbname)

    def role_url(self, role: str, dbname: str | None = None) -> str:
        """The address with which one of the product's roles connects (see `let_in`)."""
        parts = urlsplit(self._superuser_url)
        host = parts.netloc.rpartition("@")[2]
        password = f":{self._password(role)}" if host else ""
        return self._at(urlunsplit(parts._replace(netloc=f"{quote(role)}{password}@{host}")), dbname)

    def let_in(self, *roles: str) -> None:
        """Makes `role_url` work for these roles: over TCP they need a password.

        Raises PostgresFailed when a role already has another password: that server serves something else.
        """
        for role in roles:
            try:
                psycopg.connect(self.role_url(role), connect_timeout=10).close()
            except psycopg.OperationalError as refused:
                with psycopg.connect(self._superuser_url, autocommit=True) as connection:
                    known = connection.execute(
                        "SELECT rolpassword IS NOT NULL FROM pg_authid WHERE rolname = %s", (role,)
                    ).fetchone()
                    if known is None or known[0]:
                        raise PostgresFailed(
                            f"The role {role} of the server in DATABASE_URL cannot be used here: {refused}"
                        ) from refused
                    connection.execute(
                        sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
                            sql.Identifier(role), sql.Literal(self._password(role))
                        )
                    )

    def has_database(self, dbname: str) -> bool:
        with psycopg.connect(self._superuser_url) as connection:
            query = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = %s)"
            return connection.execute(query, (dbname,)).fetchone() == (True,)

    def _password(self, role: str) -> str:
        return hashlib.sha256(f"{role} {self._superuser_url}".encode()).hexdigest()[:32]

    @staticmethod
    def _at(url: str, dbname: str | None) -> str:
        return url if dbname is None else urlunsplit(urlsplit(url)._replace(path=f"/{quote(dbname)}"))
