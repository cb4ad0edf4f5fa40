"""A worker that dies anywhere costs nothing: what comes after equals the run that was never interrupted."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction

from apps.bots.models import Bot, Cohort, Decision
from apps.bots.services import check_parity, step_cohort
from apps.bots.services.crew import forget_crews
from apps.trading.models import Book, Fill, Intent, Order, OrderEvent, Position
from tests.bots.conftest import bring, run_all, wave


class Killed(BaseException):
    """The worker is gone."""


class Death:
    """Ends the work at its n-th statement."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.left == 0:
            raise Killed
        self.left -= 1
        return execute(sql, params, many, context)


def outcome() -> dict[str, Any]:
    """Everything that a run leaves behind, without ids and clocks."""
    decisions = Decision.objects.order_by("bot__name", "number")
    fields = ("bot__name", "number", "flags", "given", "request", "units", "equity", "refused", "said")
    fills = Fill.objects.order_by("book__name", "at", "exchange_trade_id")
    cohort = Cohort.objects.get()
    return {
        "decisions": list(decisions.values(*fields)),
        "fills": list(
            fills.values("book__name", "side", "units", "price", "fee", "realised", "reason", "at")
        ),
        "intents": Intent.objects.count(),
        "orders": sorted(Order.objects.values_list("status", "book__name", "filled")),
        "events": OrderEvent.objects.count(),
        "books": list(Book.objects.order_by("name").values("name", "cash")),
        "positions": list(
            Position.objects.order_by("book__name").values("units", "cost", "realised", "fees")
        ),
        "last": cohort.last_number,
        "decisions_state": bytes(cohort.decisions),
        "accounts": bytes(cohort.accounts),
    }


def scenario(
    feed: Any, new_bot: Any, bars: Any, *, killed: bool, each_statement: bool
) -> tuple[dict[str, Any], int]:
    """All bars one by one; with `killed` a worker dies at every one of them before another does it."""
    bring(feed, bars.slice(0, 60))
    for number, fast in enumerate((2, 3, 5)):
        new_bot(f"Bot {number}", inputs={"fast": fast, "slow": fast + 4})
    run_all()
    deaths = 0
    cohort = Cohort.objects.get().pk
    for at in range(60, len(bars)):
        bring(feed, bars.slice(at, at + 1))
        n = 0 if each_statement else at % 12
        while killed:
            try:
                with connection.execute_wrapper(Death(n)):
                    step_cohort(cohort)
            except Killed:
                deaths += 1
                forget_crews()
                n += 1
                if not each_statement:
                    break
                continue
            break
        run_all()
    return outcome(), deaths


@pytest.mark.parametrize(
    ("count", "each_statement"),
    [(110, False), pytest.param(560, True, marks=pytest.mark.prove)],
    ids=["small", "500 bars, every statement"],
)
def test_killed_at_every_bar(feed, new_bot, count, each_statement):
    bars = wave(count)
    results = []
    for killed in (False, True):
        sid = transaction.savepoint()
        found, deaths = scenario(feed, new_bot, bars, killed=killed, each_statement=each_statement)
        results.append(found)
        transaction.savepoint_rollback(sid)
        forget_crews()
    assert deaths >= count - 60
    assert results[0]["fills"]
    for name in results[0]:
        assert results[0][name] == results[1][name], name


def test_states_of_another_engine_are_made_anew(feed, new_bot):
    bars = wave(140)
    bring(feed, bars.slice(0, 60))
    new_bot()
    run_all()
    bring(feed, bars.slice(60, 100))
    run_all()
    Cohort.objects.update(engine_version="0.0.1")
    before = bytes(Cohort.objects.get().decisions)
    forget_crews()
    bring(feed, bars.slice(100, 101))
    run_all()
    bring(feed, bars.slice(101, 140))
    run_all()
    assert check_parity(Bot.objects.get()).difference is None
    assert bytes(Cohort.objects.get().decisions) != before
