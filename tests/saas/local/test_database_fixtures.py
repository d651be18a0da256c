"""The fixtures that the other tests stand on."""

from __future__ import annotations

import psycopg
import pytest

from tests.database import DatabaseUrls


def run(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()
    return row[0] if row else None


def test_each_role_is_itself(database_urls: DatabaseUrls) -> None:
    assert run(database_urls.superuser, "SELECT usesuper FROM pg_user WHERE usename = current_user") is True
    assert run(database_urls.owner, "SELECT current_user") == "portal_owner"
    assert run(database_urls.app, "SELECT current_user") == "portal_app"
    assert run(database_urls.platform, "SELECT current_user") == "portal_platform"
    assert run(database_urls.backup, "SELECT current_user") == "portal_backup"


@pytest.mark.parametrize("turn", [1, 2])
def test_tables_are_empty_at_the_start_of_a_test(database: DatabaseUrls, turn: int) -> None:
    assert run(database.superuser, "SELECT count(*) FROM counters") == 0
    with psycopg.connect(database.superuser) as connection:
        connection.execute("SET session_replication_role = replica")  # its tenant does not exist
        connection.execute(
            "INSERT INTO counters (tenant_id, id, series, last) SELECT gen_random_uuid(), gen_random_uuid(), 'x', %s",
            (turn,),
        )
