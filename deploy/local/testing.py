"""`make test`: pytest on servers of its own, with every worker's database copied from one migrated template."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from deploy.local.paths import PYTHON, ROOT, RUN
from deploy.local.prepare import sources_hash
from deploy.local.say import say, timed
from deploy.local.servers import Servers, child_environment, test_servers

TEMPLATE = "candlewright_template"
KEEP = RUN / "test-servers.keep"


def run_tests(arguments: Sequence[str]) -> int:
    """Run pytest with the arguments; its exit status."""
    servers = test_servers()
    with in_use(servers):
        servers.start()
        environment = child_environment(servers.given, {}, "config.settings.test")
        for name in ("SECRET_KEY", "FIELD_KEYS"):
            if name not in servers.given:
                del environment[name]  # the tests of start-up look at what happens without one
        # One database name for each run, so that two runs at once do not drop each other's.
        addresses = (
            servers.addresses(f"candlewright_{os.getpid()}") if servers.postgres else servers.addresses()
        )
        environment |= addresses
        with ThreadPoolExecutor(1) as beside:  # compiling takes one core, migrating another
            kernels = beside.submit(compile_kernels, dict(environment))
            if servers.postgres:
                environment["TEST_DATABASE_TEMPLATE"] = migrated_template(servers, environment)
            kernels.result()
        command = [str(PYTHON), "-m", "pytest", *arguments]
        say(" ".join(["pytest", *arguments]))
        process = subprocess.Popen(command, cwd=ROOT, env=environment)
        try:
            status = wait(process)
        finally:
            if servers.postgres:
                servers.postgres.drop_database(f"candlewright_{os.getpid()}")
        return status


def wait(process: subprocess.Popen[bytes]) -> int:
    """The exit status of a child that shares our terminal: Ctrl-C reaches it too, and it closes by itself."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            say("stopping the tests")


def migrated_template(servers: Servers, environment: dict[str, str]) -> str:
    """A database with every migration applied, made anew when the code has changed; returns its name."""
    assert servers.postgres
    name = f"{TEMPLATE}_{sources_hash('migrations')[:12]}"
    stamp = servers.postgres.home / f"{name}.done"
    with locked(RUN / "test-template.lock"):
        if not stamp.exists():
            with timed("test database template: migrated"):
                for old in servers.postgres.home.glob(f"{TEMPLATE}_*.done"):
                    servers.postgres.drop_database(old.stem)
                    old.unlink()
                servers.postgres.drop_database(name)
                servers.postgres.ensure_database(name)
                migrate = [str(PYTHON), "manage.py", "migrate", "--verbosity", "0"]
                target = environment | {"DATABASE_URL": servers.postgres.url(name)}
                subprocess.run(migrate, cwd=ROOT, env=target, check=True)
                stamp.touch()
    return name


def compile_kernels(environment: dict[str, str]) -> None:
    """Compile the engine once, before several test processes would each do it. Skipped while its code is the same."""
    stamp = RUN / "kernels.done"
    current = sources_hash("engine")
    if not stamp.exists() or stamp.read_text() != current:
        with timed("engine kernels compiled"):
            subprocess.run([str(PYTHON), "-m", "apps.engine.warm"], cwd=ROOT, env=environment, check=True)
        stamp.write_text(current)


def keep_test_servers() -> None:
    """Leave the test servers running after the tests: somebody asked for them by name."""
    KEEP.parent.mkdir(parents=True, exist_ok=True)
    KEEP.touch()


@contextmanager
def in_use(servers: Servers) -> Iterator[None]:
    """Hold a shared lock while the servers are needed; the last holder stops them."""
    RUN.mkdir(parents=True, exist_ok=True)
    with (RUN / "test-servers.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        try:
            yield
        finally:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # another run still uses them
            else:
                if not KEEP.exists():
                    servers.stop()


@contextmanager
def locked(path: os.PathLike[str]) -> Iterator[None]:
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
