"""A walk-forward as a job: the engine's own result, every setting in the ledger once, whatever happens to the worker."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.backtests.choices import Status
from apps.backtests.errors import CannotBacktest
from apps.backtests.models import Trial, WalkForward
from apps.backtests.services import (
    cancel_walk_forward,
    delete_walk_forward,
    open_choice,
    resume_jobs,
    run_backtest,
    submit_walk_forward,
    work_next,
)
from apps.backtests.services.jobs import claim, work
from apps.backtests.services.walk_forward_run import run_claimed_walk_forward
from apps.billing.errors import QuotaExceeded
from apps.billing.models import MeterUsage
from apps.engine.result import run_backtest as compute
from apps.engine.sim.spec import SimParams
from apps.engine.walk_forward import WalkForwardSpec
from apps.engine.walk_forward import walk_forward as compute_walk_forward
from apps.formulas.errors import InvalidFormula
from apps.journal.models import Entry
from apps.markets.services import load_bars
from tests.backtests.walk_forwards.conftest import TEXT, walked

CELLS = [{"fast": fast, "slow": slow} for fast in (2, 3, 4) for slow in (8, 12)]


def _bytes(found: WalkForward) -> list[bytes]:
    paths = (found.result_path, found.equity_path, found.trades_path)
    return [default_storage.open(path).read() for path in paths]


def test_result_is_the_engines_own(workspace, asked, user, bar_set):
    found = walked(workspace, asked, user)
    params = SimParams(cash=5_000.0, fee=0.0005)
    engine = compute_walk_forward(TEXT, load_bars(bar_set), CELLS, WalkForwardSpec(folds=3), params)
    content = default_storage.open(found.result_path).read()
    assert content == engine.to_json_bytes()
    whole = json.loads(content)
    assert found.hashes == whole["hashes"]
    for name in ("metrics", "efficiency", "verdict", "stability", "hindsight", "counts"):
        assert found.summary[name] == whole[name], name
    assert [fold["inputs"] for fold in found.summary["folds"]] == [fold["inputs"] for fold in whole["folds"]]
    equity = pl.read_parquet(default_storage.open(found.equity_path).read())
    assert equity["equity"].to_list() == whole["equity"]["value"]
    trades = pl.read_parquet(default_storage.open(found.trades_path).read())
    assert trades["pnl"].to_list() == [trade["pnl"] for trade in whole["trades"]]
    assert trades["fold"].to_list() == [trade["fold"] for trade in whole["trades"]]


def test_curve_is_beside_holding_the_same_bars(workspace, asked, user, bar_set):
    found = walked(workspace, asked, user)
    table = pl.read_parquet(default_storage.open(found.equity_path).read())
    close = load_bars(bar_set).close[-table.height :]
    assert table["buy_and_hold"].to_list() == pytest.approx([5_000.0 * each / close[0] for each in close])
    assert table["buy_and_hold"][-1] / 5_000 - 1 == pytest.approx(found.summary["metrics"]["buy_and_hold"])
    spans = [fold["test"]["stop"] - fold["test"]["start"] for fold in found.summary["folds"]]
    assert table.group_by("fold").len().sort("fold").rows() == list(zip((1, 2, 3), spans, strict=True))


def test_every_setting_is_in_the_ledger_once(workspace, asked, user, bar_set):
    found = walked(workspace, asked, user)
    rows = Trial.objects.filter(lineage=found.lineage)
    assert (rows.count(), rows.filter(source="walkforward").count()) == (6, 6)
    singles = {}
    for cell in CELLS:
        single = compute(TEXT, load_bars(bar_set), cell, SimParams(cash=5_000.0, fee=0.0005))
        singles[single.hashes["parameters"]] = single.metrics["total_return"]
    assert {row.parameters_hash: row.total_return for row in rows} == singles
    # a walk-forward with other folds tries the same settings again
    walked(workspace, replace(asked, spec=WalkForwardSpec(folds=2)), user)
    assert rows.count() == 6


def test_a_folds_choice_opens_as_a_backtest(workspace, asked, user):
    found = walked(workspace, asked, user)
    backtest, is_new = open_choice(found, 2, actor=user)
    assert is_new
    assert backtest.parameters["inputs"] == found.summary["folds"][1]["inputs"]
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    assert backtest.status == Status.DONE
    assert Trial.objects.count() == 6  # it was tried already
    with pytest.raises(CannotBacktest, match="from 1 to 3"):
        open_choice(found, 4, actor=user)


def test_same_question_is_answered_from_store(workspace, asked, user):
    first = walked(workspace, asked, user)
    assert submit_walk_forward(workspace, asked, actor=user) == (first, False)
    # the purge left to the engine and the same purge given are one question
    given = replace(asked, spec=WalkForwardSpec(folds=3, purge_bars=first.spec["purge_bars"]))
    assert submit_walk_forward(workspace, given, actor=user) == (first, False)
    assert MeterUsage.objects.get(workspace=workspace).used == 1


def test_a_killed_worker_leaves_the_same_bytes(workspace, asked, user):
    whole = walked(workspace, asked, user)
    before = _bytes(whole)
    delete_walk_forward(whole, actor=user)
    found, _ = submit_walk_forward(workspace, asked, actor=user)
    claim(WalkForward, found.pk, "a-task")  # its worker is killed here
    assert work_next() is None
    WalkForward.objects.filter(pk=found.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert resume_jobs() == 1
    assert work_next() == found
    found.refresh_from_db()
    assert (found.status, found.attempts) == (Status.DONE, 2)
    assert _bytes(found) == before
    assert Trial.objects.count() == 6


def test_progress_grows_to_all_the_work(workspace, asked, user, monkeypatch):
    said = []
    monkeypatch.setattr("apps.backtests.services.jobs.PROGRESS_EVERY_S", 0.0)
    monkeypatch.setattr("apps.backtests.services.jobs.push", lambda group, event: said.append((group, event)))
    found = walked(workspace, asked, user)
    progress = [event for _, event in said if event["kind"] == "progress"]
    assert {group for group, _ in said} == {f"walkforward.{found.uuid}"}
    assert {event["total"] for event in progress} == {6 * 5}
    done = [event["done"] for event in progress]
    assert done == sorted(done)
    assert done[-1] == 30


def test_cancelled_at_once_and_the_quota_comes_back(workspace, asked, user):
    found, _ = submit_walk_forward(workspace, asked, actor=user)
    held = claim(WalkForward, found.pk, "a-task")
    cancel_walk_forward(found, actor=user)
    found.refresh_from_db()
    assert found.status == Status.CANCELLED
    usage = MeterUsage.objects.get(workspace=workspace)
    assert (usage.used, usage.reserved) == (0, 0)
    work(held, run_claimed_walk_forward)  # its worker comes too late
    found.refresh_from_db()
    assert (found.status, found.summary) == (Status.CANCELLED, None)
    assert not Trial.objects.exists()


def test_failure_is_told_and_not_charged(workspace, asked, user, bar_set):
    found, _ = submit_walk_forward(workspace, asked, actor=user)
    default_storage.delete(bar_set.path)
    work_next()
    found.refresh_from_db()
    assert found.status == Status.FAILED
    assert "import" in found.error
    assert MeterUsage.objects.get(workspace=workspace).used == 0
    assert Entry.objects.filter(action="backtests.walkforward.failed", target_id=found.pk).count() == 1


@pytest.mark.parametrize(
    ("change", "error", "field", "words"),
    [
        ({"text": "long when clos > 1"}, InvalidFormula, None, ""),
        ({"text": TEXT.split("long when")[0] + 'alert "hi" when close > ema(close, fast + slow)'}, CannotBacktest, "text", "only alerts"),
        ({"axes": {}}, CannotBacktest, "axes", "range"),
        ({"axes": {"fast": "3"}}, CannotBacktest, "axes", "nothing to choose"),
        ({"axes": {"fast": "3..99"}}, CannotBacktest, "fast", "2..10"),
        ({"axes": {"fast": "2..10", "slow": "5..30 step 5", "nonsense": "1"}}, CannotBacktest, "nonsense", ""),
        ({"spec": WalkForwardSpec(folds=9)}, CannotBacktest, "folds", r"At most \d folds? would fit"),
        ({"spec": WalkForwardSpec(folds=0)}, CannotBacktest, "folds", "1 to 1,000"),
        ({"spec": WalkForwardSpec(folds=3, purge_bars=190)}, CannotBacktest, "folds", "purged"),
        ({"spec": WalkForwardSpec(train_share=1.0)}, CannotBacktest, "train_share", "between 0 and 1"),
        ({"spec": WalkForwardSpec(metric="luck")}, CannotBacktest, "metric", "one of"),
        ({"start": date(2021, 1, 1), "end": date(2020, 1, 1)}, CannotBacktest, "start", "after the end"),
        ({"start": date(2031, 1, 1)}, CannotBacktest, "start", "fewer than two bars"),
    ],
)  # fmt: skip
def test_wrong_question_stores_nothing(workspace, asked, user, change, error, field, words):
    with pytest.raises(error, match=words or None) as refused:
        submit_walk_forward(workspace, replace(asked, **change), actor=user)
    if field:
        assert refused.value.field == field
    assert not WalkForward.objects.exists()
    assert not MeterUsage.objects.filter(reserved__gt=0).exists()


def test_too_much_work_is_refused_with_what_would_fit(workspace, asked, user, monkeypatch):
    monkeypatch.setattr("apps.backtests.services.walk_forward_plan.MOST_CELL_BARS", 5_000)
    with pytest.raises(CannotBacktest, match=r"at most \d settings fit") as refused:
        submit_walk_forward(workspace, asked, actor=user)
    assert refused.value.field == "axes"
    monkeypatch.setattr("apps.backtests.services.walk_forward_plan.MOST_SETTINGS", 5)
    with pytest.raises(CannotBacktest, match="have 6 settings, and a walk-forward chooses among at most 5"):
        submit_walk_forward(workspace, asked, actor=user)
    assert not WalkForward.objects.exists()


def test_free_plan_allows_one_a_day_of_any_kind(workspace, asked, user):
    workspace.plan_code = "free"
    workspace.save()
    walked(workspace, asked, user)
    with pytest.raises(QuotaExceeded):
        submit_walk_forward(workspace, replace(asked, cash=1_000.0), actor=user)
    assert WalkForward.objects.count() == 1


def test_deleting_takes_the_files_and_leaves_the_ledger(
    workspace, asked, user, django_capture_on_commit_callbacks
):
    found = walked(workspace, asked, user)
    paths = [found.result_path, found.equity_path, found.trades_path]
    with django_capture_on_commit_callbacks(execute=True):
        delete_walk_forward(found, actor=user)
    assert not any(default_storage.exists(path) for path in paths)
    assert Trial.objects.count() == 6
    waiting, _ = submit_walk_forward(workspace, asked, actor=user)
    with pytest.raises(CannotBacktest, match="Cancel"):
        delete_walk_forward(waiting, actor=user)
