"""How many queries each GET makes: as many as are written down, and no more when there are more rows; and that no
menu holds more of them than it should."""

from __future__ import annotations

import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiKey, Workspace
from apps.accounts.services import create_api_key
from apps.backtests.models import Backtest, PortfolioLeg, PortfolioRun, Sweep, SweepMarket, Trial, WalkForward
from apps.billing.choices import BucketSource
from apps.billing.models import Checkout, Invoice, InvoiceLine, Payment, Refund
from apps.billing.selectors import _terms
from apps.billing.services.credits import Need, grant_credits, hold_many, settle_many
from apps.bots.models import Bot, BotTransition, Decision
from apps.formulas.models import Formula, FormulaCase, FormulaVersion
from apps.markets.models import BarSet, Feed, Instrument
from apps.notifications.models import Attempt, Contact, Delivery, Ladder, Notice
from apps.signals.models import Alert, AlertSource, Signal
from apps.trading.models import (
    Book,
    CashEntry,
    Discrepancy,
    Fill,
    Intent,
    KillSwitch,
    Order,
    OrderEvent,
    Position,
    TradingAccount,
)
from benchmarks.rows import multiply
from tests.access.one_of_each import ROUTES, WITH_ID, _path, _with_words
from tests.access.one_of_each import mine as mine

FILE = Path(__file__).with_name("query_counts.txt")
REWRITE = "QUERY_COUNTS"
COPIES = 10_000 if os.environ.get("PROVE") else 12
HEAD = f"""\
# Queries of each GET: those of the view itself, all of a browser's request, all of one with an API key.
# What is left of "view" finds out who asks: session, person, workspace, role.
# Compared by tests/access/test_query_counts.py. To write it anew after a change you meant:
#     {REWRITE}=write make test ARGS=tests/access/test_query_counts.py
"""
TITLE = "status  view  session  key"
# Where a request without parameters would only be told what is missing
QUERIES = {
    "api/v1/^backtests/compare/$": "run={backtest}&run={other}",
    "api/v1/^trials/$": "formula={formula}",
    "backtests/compare/": "run={backtest}&run={other}",
    "backtests/compare/chart.json": "run={backtest}&run={other}",
}
# Who asks: a query made below one of these functions is not the view's own.
IDENTITY = {
    ("sessions/backends", "load"),
    ("contrib/auth/__init__.py", "get_user"),
    ("accounts/middleware.py", "*"),
    ("accounts/sessions.py", "*"),
    ("accounts/second_factor.py", "*"),
    ("accounts/services/logins.py", "use_session"),
    ("accounts/api/authentication.py", "*"),
    ("accounts/confirm.py", "*"),
}


@dataclass(frozen=True)
class Count:
    """Of one route; `key` is None where a key may not ask."""

    status: int
    view: int
    session: int
    key: int | None
    menus: Counter[str] = field(compare=False)

    def __str__(self) -> str:
        key = "-" if self.key is None else self.key
        return f"{self.status:6}{self.view:6}{self.session:9}{key:>5}"


class Queries:
    """Counts those that run inside the `with` block, and those among them that find out who asks."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.identity = 0

    def __enter__(self) -> Queries:
        self._wrapper = connection.execute_wrapper(self._run)
        self._wrapper.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._wrapper.__exit__(*error)  # type: ignore[arg-type]

    def _run(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not re.match(r"(RELEASE )?SAVEPOINT", sql):
            self.statements.append(sql)
            self.identity += _asks_who()
        return execute(sql, params, many, context)


def _asks_who() -> bool:
    frame = sys._getframe(2)
    while frame is not None:
        file, function = frame.f_code.co_filename, frame.f_code.co_name
        if function != "__call__" and any(
            part in file and name in ("*", function) for part, name in IDENTITY
        ):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _menus(page: str) -> Counter[str]:
    """By name of a menu how many choices it has; boxes that choose rows of a table are none."""
    found = Counter(re.findall(r'<input type="checkbox" name="([^"]+)" value="[^"]', page))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        found[name] = max(found[name], options.count("<option"))
    del found["chosen"]
    return found


def _ask(client: Client, path: str) -> tuple[int, Queries, Counter[str]]:
    cache.clear()  # more routes than a minute's requests
    for plan in _terms:  # asked anew every minute
        _terms[plan] = (_terms[plan][0], time.monotonic())
    with Queries() as queries:
        response = client.get(path)
        if response.streaming:
            b"".join(response.streaming_content)
    is_page = not response.streaming and "html" in response.headers.get("Content-Type", "")
    return response.status_code, queries, _menus(response.text if is_page else "")


def _counts(web: Client, program: Client, paths: dict[str, str]) -> Iterator[tuple[str, Count]]:
    for route, path in paths.items():
        status, queries, menus = _ask(web, path)
        if status == 405:
            continue
        key = None
        if route.startswith("api/v1/"):
            # its use is noted once a minute, whichever route that meets on a slow machine
            ApiKey.objects.update(last_used_at=timezone.now())
            with_key, others, _ = _ask(program, path)
            key = len(others.statements) if with_key == status else None
        total = len(queries.statements)
        yield route, Count(status, total - queries.identity, total, key, menus)


def _rows(workspace: Workspace) -> list[Any]:
    """What lists are made of, parents before children."""
    formula = Formula.objects.get(workspace=workspace, name="Mine")
    return [
        *Instrument.objects.filter(workspace=workspace),
        *BarSet.objects.filter(workspace=workspace),
        formula,
        *FormulaVersion.objects.filter(formula=formula),
        *FormulaCase.objects.filter(formula=formula),
        *Backtest.objects.filter(workspace=workspace)[:1],
        *Sweep.objects.filter(workspace=workspace),
        *SweepMarket.objects.filter(sweep__workspace=workspace),
        *WalkForward.objects.filter(workspace=workspace),
        *PortfolioRun.objects.filter(workspace=workspace),
        *PortfolioLeg.objects.filter(run__workspace=workspace),
        *Trial.objects.filter(workspace=workspace.uuid)[:1],
        *AlertSource.objects.filter(workspace=workspace),
        *Alert.objects.filter(source__workspace=workspace),
        *Signal.objects.filter(workspace=workspace),
        *ApiKey.objects.filter(workspace=workspace)[:1],
        *Ladder.objects.filter(person=workspace.owner),
        *Contact.objects.filter(person=workspace.owner),
        *Notice.objects.filter(person=workspace.owner),
        *Delivery.objects.filter(person=workspace.owner),
        *Attempt.objects.filter(delivery__person=workspace.owner),
        *Checkout.objects.filter(workspace=workspace),
        *Invoice.objects.filter(workspace_id=workspace.pk),
        *InvoiceLine.objects.filter(invoice__workspace_id=workspace.pk),
        *Payment.objects.filter(workspace_id=workspace.pk),
        *Refund.objects.filter(payment__workspace_id=workspace.pk),
        *Feed.objects.filter(workspace=workspace),
        *TradingAccount.objects.filter(workspace=workspace),
        *Discrepancy.objects.filter(workspace=workspace),
        *KillSwitch.objects.filter(workspace=workspace),
        *Book.objects.filter(workspace=workspace),
        *Bot.objects.filter(workspace=workspace),
        *BotTransition.objects.filter(bot__workspace=workspace),
        *Decision.objects.filter(bot__workspace=workspace).order_by("-number")[:1],
        *(intents := Intent.objects.filter(book__workspace=workspace)),
        *Order.objects.filter(intent__in=intents),
        *OrderEvent.objects.filter(order__intent__in=intents),
        *Fill.objects.filter(order__intent__in=intents),
        *CashEntry.objects.filter(book__workspace=workspace),
        *Position.objects.filter(book__workspace=workspace),
    ]


def _move_credits(workspace: Workspace, word: str, count: int) -> None:
    """Buckets and transactions of the ledger, which takes no copies."""
    for number in range(min(count, 12)):
        key = f"{word}:{number}"
        grant_credits(workspace, count, key=key, source=BucketSource.BONUS, actor=None, note=word)
    hold_many([Need(workspace.pk, f"{word}:hold:{number}", 1) for number in range(count)])
    settle_many([(f"{word}:hold:{number}", 1) for number in range(count // 2)])


def _read() -> dict[str, str]:
    lines = [line for line in FILE.read_text().splitlines() if line.startswith("/")]
    return {line[: -len(TITLE)].rstrip()[1:]: line[-len(TITLE) :] for line in lines}


def _write(counts: dict[str, Count]) -> None:
    width = max(map(len, counts)) + 2
    lines = [f"{'/' + route:{width}}{count}" for route, count in counts.items()]
    FILE.write_text("\n".join([HEAD, f"{'route':{width}}{TITLE}", *lines]) + "\n")


@pytest.fixture
def paths(mine: dict[str, UUID | str], workspace: Workspace) -> dict[str, str]:
    """The address of each route, with an object of the user's own in it."""
    multiply(Backtest.objects.filter(workspace=workspace)[:1], 1)
    runs = list(Backtest.objects.filter(workspace=workspace).values_list("uuid", flat=True))
    names = {"backtest": runs[0], "other": runs[-1], "formula": mine["formulas/"]}
    found = {}
    for route in ROUTES:
        path = _path(route, mine) if route in WITH_ID else _with_words(route)
        found[route] = f"{path}?{QUERIES[route].format(**names)}" if route in QUERIES else path
    return found


def test_query_counts(paths, web, workspace, user, settings):
    _, secret = create_api_key(workspace, name="All", actor=user)
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    _move_credits(workspace, "few", 2)
    _ask(web, "/dashboard/")  # what a process reads once
    _ask(web, "/formulas/")  # and the content types of what is shared
    _ask(program, "/api/v1/formulas/")
    _ask(web, "/settings/security/app/")  # its first visit writes the session
    few = dict(_counts(web, program, paths))
    multiply(_rows(workspace), COPIES, parts=(SweepMarket, PortfolioLeg, Position))
    _move_credits(workspace, "many", COPIES)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    many = dict(_counts(web, program, paths))
    grown = {route: f"{few[route]} → {many[route]}" for route in few if few[route] != many[route]}
    assert not grown, f"more rows, more queries: {grown}"
    settings.MOST_CHOICES = 4
    rows = {
        route: [name for name, count in many[route].menus.items() if count > few[route].menus[name]]
        for route in few
    }
    rows = {route: names for route, names in rows.items() if names}
    assert len(rows) > 15, "menus of rows are found"
    for route, names in rows.items():
        shown = _ask(web, paths[route])[2]
        assert all(shown[name] <= 4 + 2 for name in names), f"{route}: {shown}"  # none, and what is chosen
    if os.environ.get(REWRITE) == "write":
        _write(few)
    known, found = _read(), {route: str(count) for route, count in few.items()}
    changed = {
        route: f"{known.get(route, 'not written down')} → {found.get(route, 'gone')}"
        for route in sorted(known.keys() | found.keys())
        if known.get(route) != found.get(route)
    }
    assert not changed, f"not as in {FILE.name} (see its head): {changed}"
