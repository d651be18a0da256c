"""A private PostgreSQL for the demo and the tests: no service, no TCP port, no system user needed.

`database_server()` is the one place that decides which server is used: the one that `DATABASE_URL` names
(connecting as a superuser), or one that is started here and stopped at the end.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Self
from urllib.parse import urlencode

from saas.local.child import Child, end
from saas.local.postgres_program import (
    SUPERUSER,
    PostgresFailed,
    clean_environment,
    find_bin,
    hand_over,
    hint,
    locales,
    major_version,
    other_user,
    prefix,
)
from saas.local.server import Server

SOCKET_PATH_LIMIT = 103  # bytes: 107 on Linux, 103 on macOS
START_SECONDS = 60
STOP_SECONDS = 30

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_checkpoints": "off",
}
# A test database is thrown away after the run: nothing in it is worth waiting for the disk.
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
}


__all__ = ["LocalPostgres", "PostgresFailed", "Server", "database_server", "find_bin"]


class LocalPostgres(Server):
    """A server on a private socket, owned by this process and stopped with it, even when it is killed.

    The data directory is made when it does not exist and kept afterwards. `durable=False` trades safety of the
    data for speed. One process at a time uses a data directory; another one gets PostgresFailed.
    """

    def __init__(self, data_dir: Path | str, durable: bool = True, *, disposable: Path | None = None) -> None:
        """`disposable`: a folder to remove as well when this process is killed."""
        self.data_dir = Path(data_dir).absolute()
        self.durable = durable
        self._disposable = disposable
        self.socket_dir: Path | None = None
        self._child: Child | None = None
        self._lock: IO[str] | None = None

    @property
    def log_file(self) -> Path:
        return self.data_dir.with_name(f"{self.data_dir.name}.log")

    def start(self) -> Self:
        """Returns when the server answers. Raises PostgresFailed."""
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            if self._disposable is not None:
                hand_over(self._disposable)
            if not (self.data_dir / "PG_VERSION").exists():
                self._initialise()
            self._stop_orphan()
            self.socket_dir = _short_private_folder()
            hand_over(self.socket_dir, self.data_dir)
            super().__init__(
                f"postgresql://{SUPERUSER}@/postgres?{urlencode({'host': str(self.socket_dir)})}"
            )
            self._launch()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stops the server and waits for it; does nothing when it does not run."""
        if self._child is not None:
            self._child.stop(STOP_SECONDS)
            self._child = None
        if self.socket_dir is not None:
            shutil.rmtree(self.socket_dir, ignore_errors=True)
            self.socket_dir = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take_lock(self) -> None:
        lock = self.data_dir.with_name(f"{self.data_dir.name}.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            raise PostgresFailed(
                f"{self.data_dir} is in use by process {holder}: stop that one first (it may be another bin/demo)."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _initialise(self) -> None:
        # Made beside its place and moved there: an interrupted initdb leaves nothing that looks finished.
        draft = self.data_dir.with_name(f"{self.data_dir.name}.new")
        failures = []
        for locale in locales(major_version(find_bin())):
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(mode=0o700)
            hand_over(draft)
            command = [
                str(find_bin() / "initdb"),
                "-D",
                str(draft),
                "-U",
                SUPERUSER,
                "-A",
                "trust",
                "-E",
                "UTF8",
            ]
            result = subprocess.run(
                [*prefix(), *command, *locale, *([] if self.durable else ["--no-sync"])],
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                env=clean_environment(),
                cwd="/",
                check=False,
                **other_user(),
            )
            if result.returncode == 0:
                if self.data_dir.exists():
                    self.data_dir.rmdir()  # only ever an empty folder: it has no PG_VERSION
                draft.rename(self.data_dir)
                return
            failures.append((result.stderr or result.stdout).strip())
        shutil.rmtree(draft, ignore_errors=True)
        raise PostgresFailed("initdb failed:\n" + failures[-1] + hint())

    def _launch(self) -> None:
        settings = {
            **SETTINGS,
            **({} if self.durable else FORGETFUL),
            "unix_socket_directories": str(self.socket_dir),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        deadline = time.monotonic() + START_SECONDS
        while True:
            with self.log_file.open("wb") as log:
                self._child = Child(
                    [*prefix(), str(find_bin() / "postgres"), "-D", str(self.data_dir), *options],
                    output=log,
                    leavings=[folder for folder in (self.socket_dir, self._disposable) if folder],
                    stop_with=signal.SIGINT,  # PostgreSQL's "fast": sessions are closed, the rest is written
                    env=clean_environment(),
                    cwd="/",
                    **other_user(),
                )
            while self._child.exit_status is None:
                if _postmaster(self.data_dir) == (self._child.pid, "ready"):
                    return
                if time.monotonic() > deadline:
                    raise PostgresFailed(
                        f"PostgreSQL did not get ready in {START_SECONDS} s: see {self.log_file}"
                    )
                time.sleep(0.02)
            self._child.stop()
            words = self.log_file.read_text(errors="replace").strip()
            # The children of a killed server need a moment to notice that it is gone.
            if "shared memory block" not in words or time.monotonic() > deadline:
                raise PostgresFailed(f"PostgreSQL did not start:\n{words[-2000:]}{hint()}")
            time.sleep(0.2)

    def _stop_orphan(self) -> None:
        """The lock is ours, so a server that still runs on our data has lost its owner."""
        pid, _ = _postmaster(self.data_dir)
        if pid is None or not _alive(pid):
            return
        command = _look_up(pid)[1]
        if "postgres" in command and str(self.data_dir) in command:
            end(
                lambda number: os.kill(pid, number),
                lambda: None if _alive(pid) else 0,
                signal.SIGINT,
                STOP_SECONDS,
            )
        else:
            # The number belongs to another program now; PostgreSQL would refuse to start because of it.
            (self.data_dir / "postmaster.pid").unlink(missing_ok=True)


@contextlib.contextmanager
def database_server(
    data_dir: Path | None = None, durable: bool = False, environ: Mapping[str, str] = os.environ
) -> Iterator[Server]:
    """The server to use: `DATABASE_URL`'s (a superuser's address), else one of our own while the block runs.

    Without `data_dir` the data lives in a temporary folder and goes away at the end.
    """
    if url := environ.get("DATABASE_URL"):
        yield Server(url.replace("postgresql+psycopg://", "postgresql://", 1))
    elif data_dir is not None:
        with LocalPostgres(data_dir, durable) as server:
            yield server
    else:
        with (
            tempfile.TemporaryDirectory(prefix="ventanilla-", ignore_cleanup_errors=True) as folder,
            LocalPostgres(Path(folder, "pg"), durable, disposable=Path(folder)) as server,
        ):
            yield server


def _short_private_folder() -> Path:
    """A socket's whole path must fit into about a hundred bytes."""
    name = "/pg-12345678/.s.PGSQL.5432.lock"
    short = len(os.fsencode(tempfile.gettempdir() + name)) <= SOCKET_PATH_LIMIT
    return Path(tempfile.mkdtemp(prefix="pg-", dir=None if short else "/tmp"))  # noqa: S108


def _postmaster(data_dir: Path) -> tuple[int | None, str]:
    """Process number and state, as the server writes them into its data directory."""
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
        return int(lines[0]), lines[7].strip() if len(lines) > 7 else ""
    except (OSError, ValueError, IndexError):
        return None, ""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _look_up(pid)[0].startswith("Z")


def _look_up(pid: int) -> tuple[str, str]:
    """State letter and command line of a process; empty when it is gone."""
    if Path("/proc/self/stat").exists():  # small machines have no ps
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].strip()
            return state, Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except OSError:
            return "", ""
    ps = ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)]
    state, _, command = (
        subprocess.run(ps, capture_output=True, text=True, check=False).stdout.strip().partition(" ")
    )
    return state, command
