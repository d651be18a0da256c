"""The launcher itself: started, stopped, killed, left behind and found again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from saas.local.postgres import LocalPostgres, PostgresFailed, Server, database_server, find_bin

RUN_AND_WAIT = """
import sys, time
from saas.local.postgres import LocalPostgres
server = LocalPostgres(sys.argv[1], durable=False).start()
print(server.superuser_url(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder, "pg")


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postmaster.pid").read_text().splitlines()[0])


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def run_elsewhere(data_dir: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN_AND_WAIT, str(data_dir)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_keeps_what_was_written_and_starts_fast_again(data_dir: Path) -> None:
    with (
        LocalPostgres(data_dir, durable=True) as server,
        psycopg.connect(server.superuser_url()) as connection,
    ):
        connection.execute("CREATE TABLE kept AS SELECT 'añil' AS word")
    began = time.monotonic()
    with LocalPostgres(data_dir, durable=True) as server:
        took = time.monotonic() - began
        with psycopg.connect(server.superuser_url("postgres")) as connection:
            assert connection.execute("SELECT upper(word) FROM kept").fetchone() in {("AÑIL",), ("AñIL",)}
    assert took < 5
    assert not answers(server.superuser_url())


def test_has_the_extensions_of_the_schema(data_dir: Path) -> None:
    with (
        LocalPostgres(data_dir, durable=False) as server,
        psycopg.connect(server.superuser_url()) as connection,
    ):
        connection.execute("CREATE EXTENSION unaccent")
        connection.execute("CREATE EXTENSION pg_trgm")
        assert connection.execute("SELECT lower(unaccent('Ñandú'))").fetchone() == ("nandu",)


def test_listens_on_a_private_socket_only(data_dir: Path) -> None:
    with (
        LocalPostgres(data_dir, durable=False) as server,
        psycopg.connect(server.superuser_url()) as connection,
    ):
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert server.socket_dir is not None
        assert server.socket_dir.stat().st_mode & 0o777 == 0o700
        socket_dir = server.socket_dir
    assert not socket_dir.exists()


def test_goes_away_when_its_owner_is_killed(data_dir: Path) -> None:
    owner, url = run_elsewhere(data_dir)
    assert answers(url)
    kill(owner)
    deadline = time.monotonic() + 10
    while answers(url) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answers(url)
    with LocalPostgres(data_dir, durable=False) as server:
        assert answers(server.superuser_url())


def test_takes_over_from_a_server_without_an_owner(data_dir: Path) -> None:
    first = LocalPostgres(data_dir, durable=False).start()
    orphan = postmaster(data_dir)
    # As if owner and watcher had been killed together.
    assert first._lock is not None and first._child is not None
    first._lock.close()
    first._child._watcher.kill()
    with LocalPostgres(data_dir, durable=False) as second:
        assert answers(second.superuser_url())
        assert postmaster(data_dir) != orphan
    first.stop()


def test_recovers_from_a_killed_server(data_dir: Path) -> None:
    with LocalPostgres(data_dir, durable=True) as server:
        with psycopg.connect(server.superuser_url()) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1")
        os.kill(postmaster(data_dir), signal.SIGKILL)
    with (
        LocalPostgres(data_dir, durable=True) as server,
        psycopg.connect(server.superuser_url()) as connection,
    ):
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)


def test_ignores_the_number_of_a_process_that_is_something_else(data_dir: Path) -> None:
    with LocalPostgres(data_dir, durable=False):
        pass
    (data_dir / "postmaster.pid").write_text(f"{os.getppid()}\n{data_dir}\n0\n5432\n\n\n\nready\n")
    with LocalPostgres(data_dir, durable=False) as server:
        assert answers(server.superuser_url())


def test_two_processes_do_not_share_a_data_directory(data_dir: Path) -> None:
    owner, url = run_elsewhere(data_dir)
    try:
        with pytest.raises(PostgresFailed, match=str(owner.pid)):
            LocalPostgres(data_dir).start()
        assert answers(url)
    finally:
        kill(owner)


def test_an_interrupted_initdb_is_done_again(data_dir: Path) -> None:
    draft = data_dir.with_name("pg.new")
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18")
    with LocalPostgres(data_dir, durable=False) as server:
        assert answers(server.superuser_url())


def test_refuses_a_folder_that_holds_something_else(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "letter.txt").write_text("mine")
    with pytest.raises(OSError), LocalPostgres(data_dir, durable=False):
        pass
    assert (data_dir / "letter.txt").exists()


def test_a_server_that_is_named_is_used() -> None:
    with database_server(
        environ={"DATABASE_URL": "postgresql+psycopg://boss:secret@db.example:5433/first"}
    ) as server:
        assert server.superuser_url() == "postgresql://boss:secret@db.example:5433/first"
        assert server.superuser_url("second") == "postgresql://boss:secret@db.example:5433/second"
        assert server.role_url("portal_app").startswith("postgresql://portal_app:")
        assert server.role_url("portal_app").endswith("@db.example:5433/first")


def test_a_role_without_a_password_is_let_in_over_tcp(data_dir: Path) -> None:
    with LocalPostgres(data_dir, durable=False) as local:
        with psycopg.connect(local.superuser_url(), autocommit=True) as connection:
            connection.execute("CREATE ROLE visitor")
        server = Server(local.superuser_url())
        server.let_in("visitor")
        assert answers(server.role_url("visitor"))
        with pytest.raises(PostgresFailed, match="stranger"):
            server.let_in("stranger")


def test_a_wrong_pg_bin_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    find_bin.cache_clear()
    try:
        with pytest.raises(PostgresFailed, match="PG_BIN"):
            find_bin()
    finally:
        find_bin.cache_clear()
