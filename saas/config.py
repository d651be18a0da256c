"""Everything the process is told from outside, read once when it starts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

ENVIRONMENTS = ("production", "demo", "test", "bench")
MINIMUM_KEY_LENGTH = 32


class BadConfiguration(Exception):
    """The process must not start like this; the message says which variable and why."""


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one installation.

    `database_url` connects as the application's role, `platform_database_url` as the platform's;
    `master_keys` are the newest first. `simulator_host` is None in production: the bank simulator
    must not exist there.
    """

    environment: str
    database_url: str
    platform_database_url: str
    migration_database_url: str
    master_keys: tuple[bytes, ...]
    redis_url: str | None = None
    base_domain: str = "localhost"
    platform_host: str = "localhost"
    simulator_host: str | None = None
    port: int = 8000
    https: bool = False
    files_dir: str = "var/files"
    mail: str = "mailbox:var/mail"
    mail_from: str = "no-reply@localhost"
    outbox_runner: str = "thread"
    trusted_proxies: int = 0
    pool_size: int = 5

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Config:
        """Read and check the environment. Raises BadConfiguration with a sentence for the operator."""
        environment = environ.get("VENTANILLA_ENVIRONMENT", "production")
        if environment not in ENVIRONMENTS:
            raise BadConfiguration(f"VENTANILLA_ENVIRONMENT must be one of {', '.join(ENVIRONMENTS)}")
        url = _required(environ, "DATABASE_URL")
        keys = tuple(
            key.strip().encode()
            for key in environ.get("VENTANILLA_MASTER_KEYS", "").split(",")
            if key.strip()
        )
        if not keys and environment in ("test", "bench"):
            keys = (secrets.token_hex(32).encode(),)
        if not keys:
            raise BadConfiguration("VENTANILLA_MASTER_KEYS is empty: no secret could be read or written")
        if any(len(key) < MINIMUM_KEY_LENGTH for key in keys):
            raise BadConfiguration("every key in VENTANILLA_MASTER_KEYS needs at least 32 characters")
        simulator = environ.get("VENTANILLA_SIMULATOR_HOST")
        if environment == "production":
            if simulator:
                raise BadConfiguration("the bank simulator must not exist in production")
        else:
            simulator = simulator or "bank.localhost"
        return cls(
            environment=environment,
            database_url=_driver(url),
            platform_database_url=_driver(environ.get("PLATFORM_DATABASE_URL", url)),
            migration_database_url=_driver(environ.get("MIGRATION_DATABASE_URL", url)),
            master_keys=keys,
            redis_url=environ.get("REDIS_URL") or None,
            base_domain=environ.get("VENTANILLA_BASE_DOMAIN", "localhost"),
            platform_host=environ.get("VENTANILLA_PLATFORM_HOST", "localhost"),
            simulator_host=simulator,
            port=int(environ.get("VENTANILLA_PORT", "8000")),
            https=environ.get("VENTANILLA_HTTPS", "1" if environment == "production" else "0") == "1",
            files_dir=environ.get("VENTANILLA_FILES_DIR", "var/files"),
            mail=environ.get("VENTANILLA_MAIL", "mailbox:var/mail"),
            mail_from=environ.get(
                "VENTANILLA_MAIL_FROM", f"no-reply@{environ.get('VENTANILLA_BASE_DOMAIN', 'localhost')}"
            ),
            outbox_runner=environ.get("VENTANILLA_OUTBOX", "rq" if environ.get("REDIS_URL") else "thread"),
            trusted_proxies=int(environ.get("VENTANILLA_TRUSTED_PROXIES", "0")),
            pool_size=int(environ.get("VENTANILLA_POOL_SIZE", "5")),
        )

    def origin(self, host: str) -> str:
        """The address of a host of this installation: scheme, host and, when unusual, the port."""
        scheme = "https" if self.https else "http"
        usual = 443 if self.https else 80
        behind_proxy = self.environment == "production"
        suffix = "" if behind_proxy or self.port == usual else f":{self.port}"
        return f"{scheme}://{host}{suffix}"


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise BadConfiguration(f"{name} is not set")
    return value


def _driver(url: str) -> str:
    """SQLAlchemy wants the driver named; people write what psql takes."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url
