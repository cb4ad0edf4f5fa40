"""Fixtures every room's tests may use."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import SyncToAsync
from django.db import connection, connections
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from hypothesis import HealthCheck, settings
from rest_framework.test import APIClient
from xdist.scheduler import LoadScopeScheduling

from apps.accounts.models import User, Workspace
from apps.backtests.services import BacktestRequest
from apps.billing.models import Plan
from apps.billing.selectors import forget_terms
from apps.markets.models import BarSet
from apps.markets.services import import_bars
from config.celery import app
from tests.exchange.shared import binance, loopback
from tests.factories import CROSS, UserFactory, wave_csv, workspace_of
from tests.payments import stripe_double, stripe_server

# fixtures of all tests that speak with an exchange or with Stripe
__all__ = ["binance", "loopback", "stripe_double", "stripe_server"]


# Files and folders whose tests stay in one process: what they set up takes seconds.
TOGETHER = ("tests/access/test_accessibility.py", "tests/engine/peers/")


class InTurn(LoadScopeScheduling):
    """One test at a time to each process, those of TOGETHER as one. (The mark `xdist_group` does nothing under pytest 9:
    xdist 3.8 writes the group into an id that is no longer read.)"""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for group in TOGETHER if nodeid.startswith(group)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> InTurn:
    return InTurn(config, log)


# What is true is true on a slow machine as well: no clock decides over a generated case.
settings.register_profile("tests", settings(deadline=None, suppress_health_check=[HealthCheck.too_slow]))
settings.load_profile("tests")


def _deletes(self: DatabaseOperations, style: Any, tables: list[str], **_: Any) -> list[str]:
    """SQL that empties every table, without triggers, after waiting for whoever still writes.

    Django truncates, which makes a new file for each of hundreds of tables and their indexes: half a second after each
    test with real transactions. Deleting the few rows there are takes a fiftieth of it.
    """
    names = [self.quote_name(table) for table in tables]
    deletes = "; ".join(f"DELETE FROM {name}" for name in names)
    return [
        f"DO $$ BEGIN LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE; "
        f"SET LOCAL session_replication_role = replica; {deletes}; "
        "SET LOCAL session_replication_role = origin; END $$"
    ]


DatabaseOperations.sql_flush = _deletes  # type: ignore[method-assign]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give back, before each test with real transactions, the rows that migrations made (the plans).

    Such a test ends by emptying every table. All of them take part: one that did not would leave content types behind
    that the next one's rows collide with.
    """
    for item in items:
        names = getattr(item, "fixturenames", [])
        marker = item.get_closest_marker("django_db")
        if "transactional_db" in names or (marker and marker.kwargs.get("transaction")):
            if marker:  # its arguments alone decide whether the rows are noted before the first test
                item.add_marker(
                    pytest.mark.django_db(*marker.args, **marker.kwargs | {"serialized_rollback": True}),
                    append=False,
                )
            names.append("django_db_serialized_rollback")
    items.sort(key=_browsers)


def _browsers(item: pytest.Item) -> int:
    """Playwright keeps an event loop running in its process, which would be in the way of asynchronous tests after it,
    and that of the journeys stays. Those that look at all pages come together, since reading them takes seconds."""
    names = set(getattr(item, "fixturenames", []))
    return 2 if "stack" in names else 1 if names & {"chromium", "module_pages"} else 0


def bring_back_rows_of_migrations() -> None:
    """Where a test with real transactions has emptied every table: for what comes after it without noting them."""
    if not Plan.objects.exists() and hasattr(connection, "_test_serialized_contents"):
        connection.creation.deserialize_db_from_string(connection._test_serialized_contents)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
) -> Iterator[None]:
    """A database that is kept for the next run (--reuse-db) keeps the rows that migrations made as well.

    The last test with real transactions empties every table, and the next run would start without plans.
    """
    yield
    # Asynchronous tests share one thread for what waits, with a connection that would keep the database from being
    # dropped.
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()
    if request.config.getoption("reuse_db"):
        with django_db_blocker.unblock():
            bring_back_rows_of_migrations()


@pytest.fixture
def connection_stays(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For WebSockets in this thread: Channels closes a connection that is inside a transaction or old, and this one is
    the test's."""
    own = connections["default"]
    monkeypatch.setitem(own.settings_dict, "AUTOCOMMIT", False)
    monkeypatch.setattr(own, "close_at", None)


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path):
    """Each test stores its files below a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MAIL_DIR = tmp_path / "mail"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")


@pytest.fixture(autouse=True)
def plans_read_anew():
    """What this process remembers of plans is as old as a test that is taken back."""
    forget_terms()


@pytest.fixture
def user(db: None) -> User:
    return UserFactory()


@pytest.fixture
def workspace(user: User) -> Workspace:
    """The user's workspace, on the plan that allows several backtests."""
    return workspace_of(user, "pro")


@pytest.fixture
def stranger(db: None) -> User:
    """Another person with a workspace of his own."""
    person = UserFactory()
    workspace_of(person, "pro")
    return person


@pytest.fixture
def web(user: User, workspace: Workspace) -> Client:
    """A browser session of the user."""
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def api(user: User, workspace: Workspace) -> APIClient:
    """An API client of the user."""
    client = APIClient()
    client.force_login(user)
    return client


@pytest.fixture
def bar_set(workspace: Workspace, user: User) -> BarSet:
    """400 daily bars of the workspace's own, on which averages cross many times."""
    return import_bars(workspace, symbol="WAVE", file=io.BytesIO(wave_csv()), filename="wave.csv", actor=user)


@pytest.fixture
def question(bar_set: BarSet) -> BacktestRequest:
    """A backtest one may ask for."""
    return BacktestRequest(text=CROSS, name="Cross", bar_set=bar_set)


@pytest.fixture
def mail_sent(django_capture_on_commit_callbacks: Any) -> Callable[[], AbstractContextManager[None]]:
    """`with mail_sent(): …` sends, at its end, the mail whose jobs were queued in it, as a worker would."""

    @contextmanager
    def work() -> Iterator[None]:
        with django_capture_on_commit_callbacks() as callbacks:
            yield
        for callback in callbacks:
            name, *ids = getattr(callback, "args", ("",))
            if str(name).startswith("accounts.send_"):
                app.tasks[name](**ids[0])

    return work
