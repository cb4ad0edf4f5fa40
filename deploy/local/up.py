"""`make up`: servers, preparation, processes, and a clean end to all of it."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import FrameType

from deploy.local.errors import LocalError
from deploy.local.paths import RUN
from deploy.local.payments import payment_processes, payment_settings
from deploy.local.ports import LOOPBACK, pick_port
from deploy.local.prepare import Login, prepare
from deploy.local.processes import end_leftovers, run_processes
from deploy.local.say import say
from deploy.local.servers import child_environment, local_servers, test_servers, write_local_env
from deploy.local.testing import KEEP

LOCK = RUN / "up.lock"
USUAL_WEB_PORT = 8000
USUAL_MAIL_PORT = 8025
SLOW_START_SECONDS = 60.0
QUIET = "WARNING"
STOP_SECONDS = 30.0


def up() -> int:
    """Run Candlewright until Ctrl-C, SIGTERM or the end of the terminal; 0 after a clean stop."""
    started = time.monotonic()
    RUN.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    with only_launcher() as record:
        end_leftovers()
        servers = local_servers()
        try:
            servers.start()
            addresses = servers.addresses()
            port = pick_port(int(servers.given.get("PORT") or USUAL_WEB_PORT), "the web server")
            address = f"http://{LOOPBACK}:{port}"
            environment = child_environment(servers.given, addresses, "config.settings.dev")
            environment |= {"PORT": str(port), "SITE_URL": servers.given.get("SITE_URL") or address}
            environment |= mail_intake(servers.given)
            payments = payment_settings(servers.given)
            environment |= payments
            write_local_env(addresses | payments)
            # Bots trade all the time: what goes well would push the address and the log-in off the terminal at once.
            environment.setdefault("LOG_LEVEL", QUIET)
            stamp = servers.postgres.home / "prepared.json" if servers.postgres else None
            login = prepare(environment, stamp)
            record(address)
            watch = partial(watch_start, address, login, started, payments.get("STRIPE_API_BASE", ""))
            threading.Thread(target=watch, daemon=True).start()
            signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
            return run_processes(environment, payment_processes(payments, address))
        except KeyboardInterrupt:
            return 0
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave a server behind
            servers.stop()
            say("stopped; everything is kept in var/")


def mail_intake(given: Mapping[str, str]) -> dict[str, str]:
    """Where alerts are mailed to, unless the operator said so: a name that leads to no other machine, a free port."""
    if given.get("ALERT_MAIL_DOMAIN"):
        return {}
    listen = given.get("ALERT_MAIL_LISTEN") or f"{LOOPBACK}:{pick_port(USUAL_MAIL_PORT, 'the mail intake')}"
    return {"ALERT_MAIL_DOMAIN": "alerts.localhost", "ALERT_MAIL_LISTEN": listen}


def down(*, test: bool) -> int:
    """Stop a running launcher, or what a killed one left, and the servers."""
    RUN.mkdir(parents=True, exist_ok=True)
    if test:
        KEEP.unlink(missing_ok=True)
        test_servers().stop()
        return 0
    pid, _ = read_lock()
    if pid and launcher_runs():
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while launcher_runs() and time.monotonic() < deadline:
            time.sleep(0.1)
    end_leftovers()
    local_servers().stop()
    return 0


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """Before the processes run, SIGTERM and SIGHUP end the launcher the way Ctrl-C does."""
    raise KeyboardInterrupt


@contextmanager
def only_launcher() -> Iterator[partial[None]]:
    """Hold the project's launcher lock; a second launcher is told where the first one is.

    Yields a function that records the address. The lock is the kernel's, so a killed launcher's is gone with it.
    """
    with LOCK.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid, address = read_lock()
            where = f" at {address}" if address else ""
            raise LocalError(
                f"Candlewright runs already{where} (process {pid}). Stop it with Ctrl-C there, or with: make down"
            ) from None
        # Forked children would keep the lock alive after us.
        os.register_at_fork(after_in_child=partial(close_quietly, file.fileno()))
        write_lock("")
        yield partial(write_lock)
        LOCK.write_text("")


def write_lock(address: str) -> None:
    LOCK.write_text(f"{os.getpid()} {address}\n")


def read_lock() -> tuple[int | None, str]:
    """Process id and address of the last launcher."""
    words = LOCK.read_text().split() if LOCK.exists() else []
    return (int(words[0]) if words else None), (words[1] if len(words) > 1 else "")


def launcher_runs() -> bool:
    with LOCK.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def close_quietly(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError:
        pass


def watch_start(address: str, login: Login | None, started: float, sandbox: str) -> None:
    """Say when the application answers; afterwards end with `make`, should somebody kill that instead of us."""
    parent = os.getppid()
    watched = time.monotonic()
    announced = warned = False
    while True:
        time.sleep(0.2)
        if os.environ.get("MAKELEVEL") and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return
        if announced:
            continue
        if answers(f"{address}/health/ready"):
            announced = True
            announce(address, login, time.monotonic() - started, sandbox)
        elif not warned and time.monotonic() - watched > SLOW_START_SECONDS:
            warned = True
            say(f"still waiting for {address}/health/ready; the lines of 'web' above say why")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310 - our own http address
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def announce(address: str, login: Login | None, seconds: float, sandbox: str) -> None:
    lines = [f"Candlewright is ready after {seconds:.1f} s", f"  open     {address}/"]
    if login:
        lines.append(f"  log-in   {login.email}   password {login.password}")
    if sandbox:
        lines.append(
            f"  pay      with the card 4242 4242 4242 4242; the sandbox that stands in for Stripe: {sandbox}/"
        )
    lines.append("  stop     Ctrl-C")
    print("\n" + "\n".join(lines) + "\n", flush=True)
