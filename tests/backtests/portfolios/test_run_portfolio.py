"""A portfolio as a job: the engine's own result, every leg in the ledger, whatever happens to the worker."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.backtests.choices import Status
from apps.backtests.errors import CannotBacktest
from apps.backtests.models import PortfolioLeg, PortfolioRun, Trial
from apps.backtests.services import (
    LegRequest,
    cancel_portfolio,
    delete_portfolio,
    resume_jobs,
    submit_portfolio,
    work_next,
)
from apps.backtests.services.jobs import claim, work
from apps.backtests.services.portfolio_run import run_claimed_portfolio
from apps.billing.errors import QuotaExceeded
from apps.billing.models import MeterUsage
from apps.engine.portfolio.result import HOLD, Leg, run_portfolio
from apps.engine.portfolio.spec import PortfolioParams
from apps.formulas.errors import InvalidFormula
from apps.journal.models import Entry
from apps.markets.models import Instrument
from apps.markets.services import import_bars, load_bars
from tests.backtests.portfolios.conftest import TEXT, ran
from tests.factories import wave_csv


def _table(path: str) -> pl.DataFrame:
    return pl.read_parquet(default_storage.open(path).read())


def _bytes(run: PortfolioRun) -> list[bytes]:
    paths = (run.result_path, run.equity_path, run.trades_path, run.daily_path)
    return [default_storage.open(path).read() for path in paths]


def _leg(asked, place, **changes):
    legs = list(asked.legs)
    legs[place] = replace(legs[place], **changes)
    return replace(asked, legs=tuple(legs))


def test_result_is_the_engines_own(workspace, asked, user, bar_set, second_market):
    run = ran(workspace, asked, user)
    engine = run_portfolio(
        [
            Leg("WAVE", load_bars(bar_set), TEXT, {"fast": 5}, 0.6),
            Leg("LAKE", load_bars(second_market), HOLD, {}, 0.4),
        ],
        PortfolioParams(cash=5_000.0, fee=0.0005, rebalance="monthly"),
    )
    content = default_storage.open(run.result_path).read()
    assert content == engine.to_json_bytes()
    whole = json.loads(content)
    assert (run.metrics, run.counts, run.hashes) == (whole["metrics"], whole["counts"], whole["hashes"])
    assert run.summary["legs"] == whole["legs"]
    assert run.summary["correlation"] == whole["correlation"]
    assert _table(run.trades_path)["pnl"].to_list() == [trade["pnl"] for trade in whole["trades"]]
    equity = _table(run.equity_path)
    assert equity["equity"].to_list() == whole["equity"]["value"]
    assert equity["buy_and_hold"][-1] / 5_000 - 1 == pytest.approx(run.metrics["buy_and_hold"])
    daily = _table(run.daily_path)
    gained = daily["profit_0"][-1] + daily["profit_1"][-1]
    assert gained == pytest.approx(run.metrics["final_equity"] - 5_000)


def test_every_leg_is_in_its_formulas_ledger(workspace, asked, user):
    run = ran(workspace, asked, user)
    rows = list(Trial.objects.order_by("id"))
    assert [row.lineage for row in rows] == [leg.lineage for leg in run.legs.all()]
    assert {row.source for row in rows} == {"portfoliorun"}
    daily = _table(run.daily_path)
    for place, row in enumerate(rows):
        returns = np.diff(daily[f"profit_{place}"].to_numpy()) / daily["equity"].to_numpy()[:-1]
        assert row.periods == len(returns)
        assert row.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1), rel=1e-9)
        assert row.total_return == run.summary["legs"][place]["contribution"]
    ran(workspace, replace(asked, rebalance="weekly"), user)  # other conditions, other variants
    assert Trial.objects.count() == 4


def test_same_question_is_answered_from_store(workspace, asked, user):
    first = ran(workspace, asked, user)
    assert submit_portfolio(workspace, asked, actor=user) == (first, False)
    assert submit_portfolio(workspace, replace(asked, name="Another name"), actor=user) == (first, False)
    other, is_new = submit_portfolio(workspace, replace(asked, legs=asked.legs[::-1]), actor=user)
    assert is_new  # the order of the legs is part of the question
    assert other.legs.count() == 2
    usage = MeterUsage.objects.get(workspace=workspace)
    assert (usage.used, usage.reserved) == (1, 1)


def test_a_killed_worker_leaves_the_same_bytes(workspace, asked, user):
    whole = ran(workspace, asked, user)
    before = _bytes(whole)
    delete_portfolio(whole, actor=user)
    run, _ = submit_portfolio(workspace, asked, actor=user)
    claim(PortfolioRun, run.pk, "a-task")  # its worker is killed here
    assert work_next() is None
    PortfolioRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert resume_jobs() == 1
    assert work_next() == run
    run.refresh_from_db()
    assert (run.status, run.attempts) == (Status.DONE, 2)
    assert _bytes(run) == before
    assert Trial.objects.count() == 2


def test_cancelled_at_once_and_the_quota_comes_back(workspace, asked, user):
    run, _ = submit_portfolio(workspace, asked, actor=user)
    held = claim(PortfolioRun, run.pk, "a-task")
    cancel_portfolio(run, actor=user)
    work(held, run_claimed_portfolio)  # its worker comes too late
    run.refresh_from_db()
    assert (run.status, run.summary) == (Status.CANCELLED, None)
    usage = MeterUsage.objects.get(workspace=workspace)
    assert (usage.used, usage.reserved) == (0, 0)
    assert not Trial.objects.exists()


def test_failure_is_told_and_not_charged(workspace, asked, user, bar_set):
    run, _ = submit_portfolio(workspace, asked, actor=user)
    default_storage.delete(bar_set.path)
    work_next()
    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert "import" in run.error
    assert MeterUsage.objects.get(workspace=workspace).used == 0
    assert Entry.objects.filter(action="backtests.portfoliorun.failed", target_id=run.pk).count() == 1


def _refused(workspace, asked, user, *, field, words):
    with pytest.raises(CannotBacktest, match=words) as refused:
        submit_portfolio(workspace, asked, actor=user)
    assert refused.value.field == field
    assert not PortfolioRun.objects.exists()
    assert not PortfolioLeg.objects.exists()
    assert not MeterUsage.objects.filter(reserved__gt=0).exists()


@pytest.mark.parametrize(
    ("place", "change", "field", "words"),
    [
        (0, {"inputs": {"fast": 99}}, "legs.0.inputs", r"Leg 1, WAVE: .*2\.\.20"),
        (0, {"text": 'alert "hi" when close > 1', "inputs": {}}, "legs.0.formula", "only alerts"),
        (1, {"weight": 0.0}, "legs.1.weight", "above 0 %"),
        (1, {"weight": 1.2}, "legs.1.weight", "at most 100 %"),
        (1, {"weight": 0.5}, "legs", "add up to 110 %"),
    ],
)
def test_a_wrong_leg_is_named_and_nothing_stored(workspace, asked, user, place, change, field, words):
    _refused(workspace, _leg(asked, place, **change), user, field=field, words=words)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"legs": ()}, "legs", "1 to 50 legs"),
        ({"rebalance": "hourly"}, "rebalance", "one of"),
        ({"rebalance": "threshold", "threshold": 0.0}, "threshold", "between 0 and 1"),
        ({"timezone": "Mars/Olympus"}, "timezone", "no time zone"),
        ({"cash": -1.0}, "cash", "Cash must be a positive"),
        ({"start": date(2021, 1, 1), "end": date(2020, 1, 1)}, "start", "after the end"),
        ({"start": date(2020, 12, 1)}, "legs.1.bar_set", r"LAKE: its bars go from 2020-01-01 to 2020-09-06"),
    ],
)
def test_wrong_conditions_store_nothing(workspace, asked, user, change, field, words):
    _refused(workspace, replace(asked, **change), user, field=field, words=words)


def test_wrong_text_stores_nothing(workspace, asked, user):
    with pytest.raises(InvalidFormula):
        submit_portfolio(workspace, _leg(asked, 0, text="long when clos > 1"), actor=user)
    assert not PortfolioRun.objects.exists()


def test_one_account_has_one_currency(workspace, asked, user, second_market):
    Instrument.objects.filter(pk=second_market.instrument_id).update(currency="EUR")
    second_market.refresh_from_db()
    changed = _leg(asked, 1, bar_set=second_market)
    _refused(workspace, changed, user, field="legs", words=r"different currencies \(EUR, USD\)")


def test_several_zones_need_one_that_is_named(workspace, asked, user):
    york = import_bars(
        workspace, symbol="YORK", file=io.BytesIO(wave_csv(300)), filename="y.csv", actor=user, timezone="America/New_York"
    )  # fmt: skip
    mixed = replace(asked, legs=(*asked.legs[:1], LegRequest(york, 0.4)))
    _refused(workspace, mixed, user, field="timezone", words="different time zones")
    run = ran(workspace, replace(mixed, timezone="UTC"), user)
    assert run.summary["timezone"] == "UTC"


def test_free_plan_allows_one_a_day_of_any_kind(workspace, asked, user):
    workspace.plan_code = "free"
    workspace.save()
    ran(workspace, asked, user)
    with pytest.raises(QuotaExceeded):
        submit_portfolio(workspace, replace(asked, cash=1_000.0), actor=user)
    assert PortfolioRun.objects.count() == 1


def test_deleting_takes_legs_and_files_and_leaves_the_ledger(
    workspace, asked, user, django_capture_on_commit_callbacks
):
    run = ran(workspace, asked, user)
    paths = [run.result_path, run.equity_path, run.trades_path, run.daily_path]
    with django_capture_on_commit_callbacks(execute=True):
        delete_portfolio(run, actor=user)
    assert not any(default_storage.exists(path) for path in paths)
    assert not PortfolioLeg.objects.exists()
    assert Trial.objects.count() == 2
    waiting, _ = submit_portfolio(workspace, asked, actor=user)
    with pytest.raises(CannotBacktest, match="Cancel"):
        delete_portfolio(waiting, actor=user)
