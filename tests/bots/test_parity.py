"""Parity holds under every option; where a decision or a memory was changed, it says which and what of the formula."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection

from apps.bots.models import Bot, Cohort, Decision
from apps.bots.services import check_parity, pause, resume
from apps.bots.services.crew import crew_of, forget_crews
from apps.bots.services.memory import load_memory
from apps.notifications.models import Notice
from tests.bots.conftest import bring, published, run_all, wave

FULL = """input fast = 3 in 2..50
ma = ema(close, fast)
slow = sma(close, 12)
hourly = tf("5m", ema(close, 3))
long when crossover(ma, slow) and close > hourly * 0.5
short when crossunder(ma, slow)
exit when rsi(close, 7) > 88
stop_loss by atr(close, 5) * 2
trailing_stop 2%
alert "far: {ma}" when close > slow * 1.03
""".replace("atr(close, 5)", "stdev(close, 5)")


def run_bot(feed, new_bot, user, count=260, **asked) -> Bot:
    bars = wave(count)
    bring(feed, bars.slice(0, 60))
    bot = new_bot(**asked)
    run_all()
    for at in range(60, count, 40):
        bring(feed, bars.slice(at, min(at + 40, count)))
        run_all()
        if at == 100:
            pause(bot, actor=user)
        if at == 140:
            resume(bot, actor=user)
    bot.refresh_from_db()
    return bot


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"latency_bars": 1},
        {"rejection_rate": Decimal("0.3"), "seed": 5},
        {"partial_fill_rate": Decimal("0.4")},
    ],
    ids=["plain", "late", "rejected", "partial"],
)
def test_parity_holds(feed, new_bot, user, workspace, account, options):
    for name, value in options.items():
        setattr(account, name, value)
    account.save()
    bot = run_bot(feed, new_bot, user, version=published(workspace, user, FULL, "Full"))
    report = check_parity(bot)
    assert report.difference is None
    assert report.decisions > 8
    bot.refresh_from_db()
    assert bot.parity == "holds"
    if "rejection_rate" in options:
        assert Decision.objects.filter(bot=bot, refused__contains="rejected").exists()


def test_a_changed_decision_is_found(feed, new_bot, user):
    bot = run_bot(feed, new_bot, user)
    assert check_parity(bot).difference is None
    row = Decision.objects.filter(bot=bot, flags=1).order_by("number").last()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bots_decision SET flags = 4 WHERE id = %s", [row.pk])
    difference = check_parity(bot).difference
    assert difference["number"] == row.number
    assert "they differ in flags" in difference["words"]
    assert difference["part"].startswith("long when crossover(")
    bot.refresh_from_db()
    assert bot.parity == "broken"
    assert Notice.objects.filter(event="bots.parity.broken", person=user).count() == 1
    check_parity(bot)
    assert Notice.objects.filter(event="bots.parity.broken").count() == 1


def test_a_changed_memory_names_its_expression(feed, new_bot, user, workspace):
    bot = run_bot(feed, new_bot, user, version=published(workspace, user, FULL, "Full"))
    cohort = Cohort.objects.get()
    crew = crew_of(cohort)
    memory = load_memory(cohort, crew)
    program = crew.programs[0]
    ema = next(one for one in program.chart.instructions if one.op == "rsi" or one.op.startswith("rsi"))
    state = crew.engine.state_of(memory.decisions, 0)
    from apps.engine.program.graph import state_size

    place = len(state.memory) - sum(state_size(one) for one in program.chart.instructions)
    for one in program.chart.instructions:
        if one is ema:
            break
        place += state_size(one)
    state.memory[place + 1] += 1e-9
    memory.decisions.memory[:] = crew.engine.pack([state]).memory
    memory.save(cohort)
    cohort.save()
    forget_crews()
    assert check_parity(bot).difference["part"] == "rsi(close, 7)"
