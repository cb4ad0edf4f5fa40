"""A sweep: every cell the backtest it stands for, once in the ledger, whatever happens to the workers."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from apps.backtests.choices import Status
from apps.backtests.errors import CannotBacktest
from apps.backtests.models import Sweep, SweepChunk, Trial
from apps.backtests.selectors import cells_of
from apps.backtests.services import (
    cancel_sweep,
    delete_sweep,
    open_cell,
    resume_jobs,
    run_backtest,
    submit_sweep,
    work_next,
)
from apps.backtests.services.jobs import claim, retry, work
from apps.backtests.services.sweep_run import run_claimed_chunk
from apps.backtests.services.sweep_table import compounded
from apps.billing.errors import QuotaExceeded
from apps.billing.models import MeterUsage
from apps.engine.result import run_backtest as compute
from apps.engine.sim.spec import SimParams
from apps.formulas.errors import InvalidFormula
from apps.journal.models import Entry
from apps.markets.services import import_bars, load_bars
from tests.backtests.sweeps.conftest import TEXT, run_all, swept
from tests.factories import wave_csv


@pytest.fixture
def second_market(workspace, user):
    return import_bars(workspace, symbol="LAKE", file=io.BytesIO(wave_csv(250)), filename="l.csv", actor=user)


def _bytes(sweep: Sweep) -> list[bytes]:
    return [default_storage.open(path).read() for path in (sweep.cells_path, sweep.result_path)]


def test_every_cell_equals_the_single_backtest(workspace, asked, user, bar_set):
    sweep = swept(workspace, asked, user)
    table = cells_of(sweep)
    assert table.height == 20
    for row in table.to_dicts():
        settings = {name: row[f"input_{name}"] for name in ("fast", "slow", "both")}
        single = compute(TEXT, load_bars(bar_set), settings, SimParams(cash=5_000.0, fee=0.0005))
        for name, value in single.metrics.items():
            assert row[name] == value, (settings, name)
        assert row["hash_result"] == single.hashes["result"]
        assert row["count_bars"] == single.counts["bars"]
    pairs = [(row["input_fast"], row["input_slow"]) for row in table.to_dicts()]
    assert pairs == [(fast, slow) for fast in range(3, 8) for slow in range(10, 30, 5)]


def test_a_cell_opened_is_exactly_that_run(workspace, asked, user):
    sweep = swept(workspace, asked, user)
    row = cells_of(sweep).to_dicts()[7]
    backtest, is_new = open_cell(sweep, sweep.markets.get(), 7, actor=user)
    assert is_new
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    assert backtest.result_hash == row["hash_result"]
    assert {name: row[name] for name in backtest.metrics} == backtest.metrics
    assert open_cell(sweep, sweep.markets.get(), 7, actor=user) == (backtest, False)
    with pytest.raises(CannotBacktest, match="from 0 to 19"):
        open_cell(sweep, sweep.markets.get(), 20, actor=user)


def test_every_cell_is_in_the_ledger_once(workspace, asked, user, second_market):
    sweep = swept(workspace, replace(asked, bar_sets=(*asked.bar_sets, second_market)), user)
    rows = Trial.objects.filter(lineage=sweep.lineage)
    assert (rows.count(), rows.filter(source="sweep").count()) == (40, 40)
    table = cells_of(sweep)
    ledger = {row.parameters_hash + row.data_hash: row for row in rows}
    for cell in table.to_dicts():
        trial = ledger[cell["hash_parameters"] + cell["hash_data"]]
        assert trial.total_return == cell["total_return"]
        assert trial.sharpe == cell["moment_sharpe"]
    # a backtest of a cell is a variant that was tried already
    backtest, _ = open_cell(sweep, sweep.markets.first(), 0, actor=user)
    run_backtest(backtest.pk)
    assert rows.count() == 40


def test_summary_names_the_best_by_hand(workspace, asked, user):
    sweep = swept(workspace, asked, user)
    cells = json.loads(default_storage.open(sweep.result_path).read())["markets"][0]["cells"]
    best = max(cells, key=lambda cell: cell["metrics"]["sharpe"])
    part = sweep.summary["markets"][0]
    assert part["best"]["inputs"] == best["inputs"]
    assert part["best"]["value"] == best["metrics"]["sharpe"]
    assert [each["value"] for each in part["top"]] == sorted(
        (cell["metrics"]["sharpe"] for cell in cells), reverse=True
    )[:10]
    assert part["overfitting"]["variants"] == 20
    assert 0 <= part["overfitting"]["probability"] <= 1


def test_several_markets_are_parts_of_one_job(workspace, asked, user, second_market):
    sweep = swept(workspace, replace(asked, bar_sets=(*asked.bar_sets, second_market)), user)
    table = cells_of(sweep)
    assert table.group_by("market").len().sort("market").rows() == [(0, 20), (1, 20)]
    assert set(table.filter(pl.col("market") == 1)["count_bars"]) == {250}
    assert MeterUsage.objects.get(workspace=workspace).used == 1
    assert [each["symbol"] for each in sweep.summary["markets"]] == ["WAVE", "LAKE"]


def test_same_question_is_answered_from_store(workspace, asked, user):
    first = swept(workspace, asked, user)
    assert submit_sweep(workspace, asked, actor=user) == (first, False)
    # the same settings, written another way
    again = replace(asked, axes={"slow": "10,15,20,25", "fast": "3..7"}, text="# hello\n" + asked.text)
    assert submit_sweep(workspace, again, actor=user) == (first, False)
    assert MeterUsage.objects.get(workspace=workspace).used == 1


def test_a_killed_workers_chunk_starts_again_alone_and_the_bytes_are_the_same(
    workspace, asked, user, django_capture_on_commit_callbacks
):
    whole = swept(workspace, asked, user)
    before = _bytes(whole)
    delete_sweep(whole, actor=user)

    sweep, _ = submit_sweep(workspace, asked, actor=user)
    assert work_next().sweep_id == sweep.pk
    lost = sweep.chunks.filter(status=Status.QUEUED).first()
    claim(SweepChunk, lost.pk, "a-task")  # its worker is killed here
    run_all()
    sweep.refresh_from_db()
    assert (sweep.status, sweep.chunks.filter(status=Status.DONE).count()) == (
        Status.RUNNING,
        sweep.chunks.count() - 1,
    )
    SweepChunk.objects.filter(pk=lost.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert resume_jobs() == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert run_all() == 1
    sweep.refresh_from_db()
    assert sweep.status == Status.DONE
    assert sorted(sweep.chunks.values_list("attempts", flat=True))[-2:] == [1, 2]
    assert _bytes(sweep) == before
    assert Trial.objects.count() == 20
    assert default_storage.listdir(f"sweeps/{sweep.uuid}")[1] == []  # the chunks' own files are gone


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_share_the_chunks(workspace, asked, user):
    sweep, _ = submit_sweep(workspace, asked, actor=user)
    start = threading.Barrier(2)
    taken: list[int] = []

    def worker() -> None:
        start.wait()
        try:
            taken.append(run_all())
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sweep.refresh_from_db()
    assert (sweep.status, cells_of(sweep).height) == (Status.DONE, 20)
    assert sum(taken) == sweep.chunks.count()
    assert min(taken) >= 1
    assert set(sweep.chunks.values_list("attempts", flat=True)) == {1}
    assert Trial.objects.count() == 20


def test_a_worker_killed_while_putting_together_is_made_good(workspace, asked, user, monkeypatch):
    sweep, _ = submit_sweep(workspace, asked, actor=user)
    while sweep.chunks.filter(status=Status.QUEUED).count() > 1:
        work_next()
    last = sweep.chunks.get(status=Status.QUEUED)
    held = claim(SweepChunk, last.pk, "a-task")

    class Silent:
        report = staticmethod(lambda done, total: None)
        should_cancel = staticmethod(lambda: False)

    def killed(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("apps.backtests.services.sweep_run.assemble", killed)
        with pytest.raises(KeyboardInterrupt):
            run_claimed_chunk(held, Silent())
    last.refresh_from_db()
    assert last.status == Status.RUNNING  # it is not done before the sweep is
    SweepChunk.objects.filter(pk=last.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    run_all()
    sweep.refresh_from_db()
    assert sweep.status == Status.DONE
    assert Trial.objects.count() == 20


def test_cancelled_at_once_and_the_quota_comes_back(workspace, asked, user):
    sweep, _ = submit_sweep(workspace, asked, actor=user)
    work_next()
    running = claim(SweepChunk, sweep.chunks.filter(status=Status.QUEUED).first().pk, "a-task")
    cancel_sweep(sweep, actor=user)
    sweep.refresh_from_db()
    assert sweep.status == Status.CANCELLED
    assert set(sweep.chunks.values_list("status", flat=True)) == {"done", "cancelled"}
    usage = MeterUsage.objects.get(workspace=workspace)
    assert (usage.used, usage.reserved) == (0, 0)
    work(running, run_claimed_chunk, sweep)  # its worker comes too late
    sweep.refresh_from_db()
    assert (sweep.status, sweep.summary) == (Status.CANCELLED, None)
    assert run_all() == 0


def test_a_chunk_that_fails_fails_the_sweep_uncharged(workspace, asked, user, bar_set):
    sweep, _ = submit_sweep(workspace, asked, actor=user)
    default_storage.delete(bar_set.path)
    run_all()
    sweep.refresh_from_db()
    assert sweep.status == Status.FAILED
    assert "import" in sweep.error
    assert sweep.chunks.filter(status=Status.FAILED).count() == 1
    usage = MeterUsage.objects.get(workspace=workspace)
    assert (usage.used, usage.reserved) == (0, 0)
    assert Entry.objects.filter(action="backtests.sweep.failed", target_id=sweep.pk).count() == 1


def test_one_that_failed_is_done_to_its_end_without_what_was_done(workspace, asked, user, bar_set):
    bars = default_storage.open(bar_set.path).read()
    sweep, _ = submit_sweep(workspace, asked, actor=user)
    assert work_next() is not None
    default_storage.delete(bar_set.path)
    assert work_next() is not None
    sweep.refresh_from_db()
    assert sweep.status == Status.FAILED
    default_storage.save(bar_set.path, ContentFile(bars))
    assert retry(sweep, actor=user)
    sweep.refresh_from_db()
    assert (sweep.status, sweep.error) == (Status.QUEUED, "")
    assert run_all() == sweep.chunks.count() - 1
    sweep.refresh_from_db()
    assert (sweep.status, cells_of(sweep).height) == (Status.DONE, 20)
    assert Trial.objects.count() == 20
    assert MeterUsage.objects.get(workspace=workspace).used == 0
    assert not retry(sweep, actor=user)


def test_progress_is_that_of_the_whole_sweep(workspace, asked, user, monkeypatch):
    said = []
    monkeypatch.setattr("apps.backtests.services.jobs.push", lambda group, event: said.append((group, event)))
    sweep, _ = submit_sweep(workspace, asked, actor=user)
    run_all()
    progress = [event for group, event in said if event["kind"] == "progress"]
    assert {group for group, _ in said} == {f"sweep.{sweep.uuid}"}
    assert {event["total"] for event in progress} == {20}
    done = [event["done"] for event in progress]
    assert done == sorted(done)
    assert done[-1] > done[0]


def test_a_random_draw_is_the_same_for_the_same_seed(workspace, asked, user):
    drawn = replace(asked, mode="random", count=6, seed=11)
    sweep = swept(workspace, drawn, user)
    first = cells_of(sweep).select("input_fast", "input_slow").rows()
    assert len(set(first)) == 6
    assert first == sorted(first)
    other = swept(workspace, replace(drawn, seed=12), user)
    assert cells_of(other).select("input_fast", "input_slow").rows() != first


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"text": "long when clos > 1"}, InvalidFormula, None),
        ({"text": 'alert "hi" when close > 1'}, CannotBacktest, "fast"),
        ({"axes": {}}, CannotBacktest, "axes"),
        ({"axes": {"fast": "3..99"}}, CannotBacktest, "fast"),
        ({"axes": {"fast": "9..3"}}, CannotBacktest, "fast"),
        ({"axes": {"nonsense": "1..3"}}, CannotBacktest, "nonsense"),
        ({"axes": {"fast": "2..20", "slow": "5..60", "both": "true,false"}, "bar_sets": ()}, CannotBacktest, "bar_sets"),
        ({"mode": "random"}, CannotBacktest, "count"),
        ({"mode": "random", "count": 20_000}, CannotBacktest, "count"),
    ],
)  # fmt: skip
def test_wrong_question_stores_nothing(workspace, asked, user, change, error, field):
    with pytest.raises(error) as refused:
        submit_sweep(workspace, replace(asked, **change), actor=user)
    if field:
        assert refused.value.field == field
    assert not Sweep.objects.exists()
    assert not MeterUsage.objects.filter(reserved__gt=0).exists()


def test_too_many_cells_are_refused_with_what_would_fit(workspace, asked, user):
    text = (
        "\n".join(f"input n{i} = 5 in 1..40" for i in range(3))
        + "\nlong when close > ema(close, n0 + n1 + n2)\n"
    )
    with pytest.raises(CannotBacktest, match=r"64,000 settings.*at most 10,000"):
        submit_sweep(
            workspace, replace(asked, text=text, axes={f"n{i}": "1..40" for i in range(3)}), actor=user
        )
    asked.bar_sets[0].bars = 1_000_000_000
    with pytest.raises(CannotBacktest, match="at most 5 settings fit"):
        submit_sweep(workspace, asked, actor=user)
    assert not Sweep.objects.exists()


def test_free_plan_allows_one_a_day_of_any_kind(workspace, asked, user):
    workspace.plan_code = "free"
    workspace.save()
    swept(workspace, asked, user)
    with pytest.raises(QuotaExceeded):
        submit_sweep(workspace, replace(asked, cash=1_000.0), actor=user)
    assert Sweep.objects.count() == 1


def test_deleting_takes_the_files_and_leaves_the_ledger(
    workspace, asked, user, django_capture_on_commit_callbacks
):
    sweep = swept(workspace, asked, user)
    paths = [sweep.cells_path, sweep.result_path]
    with django_capture_on_commit_callbacks(execute=True):
        delete_sweep(sweep, actor=user)
    assert not any(default_storage.exists(path) for path in paths)
    assert Trial.objects.count() == 20
    running, _ = submit_sweep(workspace, asked, actor=user)
    with pytest.raises(CannotBacktest, match="Cancel"):
        delete_sweep(running, actor=user)


def test_returns_over_several_periods():
    returns = np.array([0.1, -0.5, 0.2, 0.0, 1.0])
    assert compounded(returns, 2) == pytest.approx([1.1 * 0.5 - 1, 0.2, 1.0])
    assert compounded(returns, 1) is returns
