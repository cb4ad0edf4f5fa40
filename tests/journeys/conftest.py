"""A whole installation for the browser: its own database, web server, worker and beat, as separate processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from celery import Celery
from django.conf import settings
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from deploy.sandbox.stripe import StripeDouble
from tests.browser import launched
from tests.signals.conftest import free_port

WHSEC = "whsec_journeys"
ROOT = Path(__file__).resolve().parents[2]
EMPTY = "template0"
TEMPLATE = os.environ.get("TEST_DATABASE_TEMPLATE", EMPTY)
PATIENCE_MS = 30_000  # for what comes in a second, on a machine that does much else


@dataclass
class Stack:
    """A running installation; `stop` and `start` name a process of it."""

    url: str
    env: dict[str, str]
    commands: dict[str, list[str]]
    running: dict[str, subprocess.Popen[bytes]]

    def start(self, name: str) -> None:
        self.running[name] = subprocess.Popen(self.commands[name], cwd=ROOT, env=self.env)

    def end(self, name: str) -> None:
        """As an operator ends it."""
        process = self.running.pop(name)
        process.terminate()
        process.wait(60)

    def kill(self, name: str) -> None:
        """SIGKILL, as an out-of-memory killer would."""
        process = self.running.pop(name)
        process.kill()
        process.wait()


def _database(name: str) -> str:
    """A new database beside the test one, migrated where the tests have a template; returns its URL."""
    base = settings.DATABASES["default"]
    server = psycopg.conninfo.make_conninfo(
        host=base["HOST"], port=base["PORT"], user=base["USER"], password=base["PASSWORD"]
    )
    with psycopg.connect(server, dbname="postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}"')  # type: ignore[arg-type]
    credentials = f"{base['USER']}:{base['PASSWORD']}" if base["PASSWORD"] else base["USER"]
    return f"postgres://{credentials}@{base['HOST']}:{base['PORT']}/{name}"


def _is_ready(stack: Stack) -> bool:
    """Whether the web server has shown its first page and the worker has loaded what it computes with: until then they
    take the whole machine, and no person would wait so long."""
    try:
        if httpx.get(f"{stack.url}/accounts/signup/", timeout=60).status_code != 200:
            return False
    except httpx.TransportError:
        return False
    with Celery(broker=stack.env["REDIS_URL"], set_as_current=False) as asking:
        return bool(asking.control.ping(timeout=1))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One for all journeys of a process, each of which has a context of its own: starting one takes a second. Journeys
    come last, so that no test comes after them that could not run beside it."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def till() -> Iterator[StripeDouble]:
    """Where journeys pay."""
    with StripeDouble() as double:
        yield double


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, till: StripeDouble) -> Iterator[Stack]:
    port = free_port()
    var = tmp_path_factory.mktemp("installation")
    # each test process runs an installation of its own: one worker must not take another's jobs
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    redis = settings.REDIS_URL.rsplit("/", 1)[0]
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "DATABASE_URL": _database(f"candlewright_journey_{os.getpid()}"),
        "REDIS_URL": f"{redis}/{9 + number}",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "VAR_DIR": str(var),
        "LOG_LEVEL": "WARNING",
    }
    till.listen(f"http://127.0.0.1:{port}/billing/webhooks/stripe/", WHSEC)
    env |= {
        "STRIPE_SECRET_KEY": "sk_test_" + "0" * 24,
        "STRIPE_WEBHOOK_SECRET": WHSEC,
        "STRIPE_API_BASE": till.url,
    }
    env.pop("PYTEST_XDIST_WORKER", None)
    python = sys.executable
    manage = [python, "manage.py"]
    prepare = [["demo", "--bars", "25"]]
    if TEMPLATE == EMPTY:
        prepare.insert(0, ["migrate", "--verbosity", "0"])
    for command in prepare:
        subprocess.run([*manage, *command], cwd=ROOT, env=env, check=True)
    queues = "default,signals,notifications,bots,trading,research,billing"
    celery = f"{python} -m celery -A config"
    commands = {
        "web": f"{python} -m uvicorn config.asgi:application --port {port} --log-level warning".split(),
        "worker": f"{celery} worker --loglevel WARNING --concurrency 1 --queues {queues}".split(),
        "beat": f"{celery} beat --loglevel WARNING".split(),
        "feed": [*manage, "run_feed"],  # started by the journeys that need bars
    }
    stack = Stack(f"http://127.0.0.1:{port}", env, commands, {})
    try:
        for name in ("web", "worker", "beat"):
            stack.start(name)
        deadline = time.monotonic() + 300
        while not _is_ready(stack):
            ended = [name for name, process in stack.running.items() if process.poll() is not None]
            assert not ended, f"ended at its start: {', '.join(ended)}"
            assert time.monotonic() < deadline, "the installation did not become ready"
            time.sleep(0.2)
        yield stack
    finally:
        for name, process in stack.running.items():  # nobody needs what they hold: not in order, but at once
            process.send_signal(
                signal.SIGQUIT if name == "worker" else signal.SIGKILL
            )  # it ends its own first
        for process in stack.running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


@pytest.fixture
def visitor(chromium: Browser, stack: Stack) -> Iterator[Page]:
    """A fresh browser without cookies; any error in its console fails the test, but for pages that refuse a form, and
    for HTMX's words about a request that gave way to a newer one, which depends on who types how fast."""
    context = chromium.new_context(base_url=stack.url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    errors: list[str] = []
    lost: list[str] = []  # said where a test fails: what the network did to which request
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: lost.append(f"{request.url}: {request.failure}"))

    def hear(message: ConsoleMessage) -> None:
        refused = "status of 402" in message.text or "status of 422" in message.text
        # whatever else ended a request has a word of its own after `afterRequest`: sendError, timeout
        gave_way = message.text.startswith(("htmx:afterRequest, ", "htmx:sendAbort, "))
        ours = message.location["url"].startswith(stack.url)
        if message.type == "error" and ours and not refused and not gave_way:
            errors.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    yield page
    context.close()
    assert errors == [], "\n".join([*errors, *lost])


def sign_up(page: Page) -> str:
    """Make an account; its address."""
    email = f"{uuid.uuid4().hex[:10]}@example.com"
    page.goto("/accounts/signup/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("a-long-enough-secret")
    page.get_by_role("button", name="Sign up").click()
    expect(page).to_have_url(re.compile("/dashboard/"))
    return email


@pytest.fixture
def newcomer(visitor: Page) -> Page:
    sign_up(visitor)
    return visitor


def write_formula(page: Page, text: str) -> None:
    """Type into the editor as a person would paste."""
    editor = page.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def choose_market(page: Page, symbol: str) -> None:
    market = page.get_by_label("Market", exact=True)  # the formula's page has a market of the chart
    market.select_option(label=market.locator("option", has_text=symbol).first.inner_text())
