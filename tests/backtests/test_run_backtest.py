"""A run: stored before it is queued, done once, the same bytes each time, never lost."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.backtests.choices import Status
from apps.backtests.errors import CannotBacktest
from apps.backtests.models import Backtest
from apps.backtests.selectors import equity_of, trades_of
from apps.backtests.services import (
    cancel_backtest,
    delete_backtest,
    resume_jobs,
    run_backtest,
    submit_backtest,
)
from apps.billing.errors import QuotaExceeded
from apps.billing.models import MeterUsage
from apps.formulas.errors import InvalidFormula
from apps.journal.models import Entry


def _run(workspace, question, user) -> Backtest:
    backtest, is_new = submit_backtest(workspace, question, actor=user)
    assert is_new
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    assert backtest.status == Status.DONE, backtest.error
    return backtest


def _bytes(backtest: Backtest) -> list[str]:
    return [
        hashlib.sha256(default_storage.open(path).read()).hexdigest()
        for path in (backtest.trades_path, backtest.equity_path, backtest.result_path)
    ]


def test_run_stores_metrics_trades_and_equity(workspace, question, user):
    backtest = _run(workspace, question, user)
    trades = trades_of(backtest)
    assert backtest.metrics["trades"] == trades.height > 3
    assert equity_of(backtest).height == 400
    closed = trades["pnl"].sum()
    open_pnl = backtest.open_trade["pnl"] if backtest.open_trade else 0.0
    assert backtest.metrics["final_equity"] == pytest.approx(10_000 + closed + open_pnl, rel=1e-9)
    assert MeterUsage.objects.get(workspace=workspace).used == 1
    for action in ("submitted", "finished"):
        entry = Entry.objects.get(action=f"backtests.backtest.{action}", target_id=backtest.pk)
        assert entry.workspace_id == workspace.pk


def test_same_question_is_answered_from_store(workspace, question, user):
    first = _run(workspace, question, user)
    again, is_new = submit_backtest(workspace, question, actor=user)
    assert (again.pk, is_new) == (first.pk, False)
    assert MeterUsage.objects.get(workspace=workspace).used == 1


def test_comments_do_not_make_it_another_question(workspace, question, user):
    first = _run(workspace, question, user)
    again, is_new = submit_backtest(
        workspace, replace(question, text="# hello\n" + question.text), actor=user
    )
    assert (again.pk, is_new) == (first.pk, False)


def test_run_again_gives_the_same_bytes(workspace, question, user):
    first = _run(workspace, question, user)
    before = _bytes(first)
    delete_backtest(first, actor=user)
    second = _run(workspace, question, user)
    assert second.pk != first.pk
    assert _bytes(second) == before
    assert second.result_hash == first.result_hash


def test_second_delivery_of_the_message_finds_nothing_to_do(workspace, question, user):
    backtest = _run(workspace, question, user)
    finished = backtest.finished_at
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    assert (backtest.attempts, backtest.finished_at) == (1, finished)


def test_run_of_a_dead_worker_is_taken_over(workspace, question, user):
    backtest, _ = submit_backtest(workspace, question, actor=user)
    now = timezone.now()
    Backtest.objects.filter(pk=backtest.pk).update(
        status=Status.RUNNING, attempts=1, lease_until=now - timedelta(seconds=1)
    )
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    assert (backtest.status, backtest.attempts) == (Status.DONE, 2)


def test_run_with_a_living_worker_is_left_alone(workspace, question, user):
    backtest, _ = submit_backtest(workspace, question, actor=user)
    Backtest.objects.filter(pk=backtest.pk).update(
        status=Status.RUNNING, attempts=1, lease_until=timezone.now() + timedelta(seconds=30)
    )
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    assert (backtest.status, backtest.attempts) == (Status.RUNNING, 1)


def test_run_that_kills_its_workers_ends_uncharged(workspace, question, user):
    backtest, _ = submit_backtest(workspace, question, actor=user)
    Backtest.objects.filter(pk=backtest.pk).update(
        status=Status.RUNNING, attempts=3, lease_until=timezone.now() - timedelta(seconds=1)
    )
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    assert backtest.status == Status.FAILED
    usage = MeterUsage.objects.get(workspace=workspace)
    assert (usage.used, usage.reserved) == (0, 0)


def test_sweep_queues_what_never_reached_a_worker(workspace, question, user):
    backtest, _ = submit_backtest(workspace, question, actor=user)
    assert resume_jobs() == 0
    Backtest.objects.filter(pk=backtest.pk).update(updated_at=timezone.now() - timedelta(minutes=5))
    assert resume_jobs() == 1


def test_cancelled_in_the_queue_gives_the_quota_back(workspace, question, user):
    backtest, _ = submit_backtest(workspace, question, actor=user)
    cancel_backtest(backtest, actor=user)
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    assert backtest.status == Status.CANCELLED
    assert MeterUsage.objects.get(workspace=workspace).reserved == 0


def test_dates_cut_the_bars(workspace, question, user):
    backtest = _run(workspace, replace(question, start=date(2020, 2, 1), end=date(2020, 12, 31)), user)
    assert equity_of(backtest).height == 335  # 2020 was a leap year: 366 days less January's 31


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"text": "long when clos > 1"}, InvalidFormula),
        ({"text": ""}, InvalidFormula),
        ({"text": 'alert "hi" when close > 1'}, CannotBacktest),
        ({"start": date(2021, 1, 1), "end": date(2020, 1, 1)}, CannotBacktest),
        ({"inputs": {"nonsense": "1"}}, InvalidFormula),
    ],
)
def test_wrong_question_stores_nothing(workspace, question, user, change, error):
    with pytest.raises(error):
        submit_backtest(workspace, replace(question, **change), actor=user)
    assert not Backtest.objects.exists()
    assert not MeterUsage.objects.filter(reserved__gt=0).exists()


def test_free_plan_allows_one_a_day(workspace, question, user):
    workspace.plan_code = "free"
    workspace.save()
    _run(workspace, question, user)
    with pytest.raises(QuotaExceeded):
        submit_backtest(workspace, replace(question, cash=5_000.0), actor=user)
    assert Backtest.objects.count() == 1


def test_a_formula_too_costly_for_so_many_bars_is_refused_before_anything_is_stored(
    workspace, question, user
):
    # 55 centred deviations over 5,000 bars look at 5,000 values each: 275,000 steps a bar
    lines = [f"x{i} = cci({5000 - i})" for i in range(55)]
    text = "\n".join([*lines, "long when " + " + ".join(f"x{i}" for i in range(55)) + " > 0"])
    question.bar_set.bars = 1_000_000
    question.bar_set.save()
    with pytest.raises(CannotBacktest, match=r"(?s)steps a bar.*choose at most [\d,]+ bars") as refused:
        submit_backtest(workspace, replace(question, text=text), actor=user)
    assert refused.value.field == "text"
    assert not Backtest.objects.exists()
    assert not MeterUsage.objects.filter(used__gt=0).exists()
