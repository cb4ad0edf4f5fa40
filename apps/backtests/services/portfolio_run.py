"""Running a portfolio in a worker: compute, store; safe to start twice and to kill at any point."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import polars as pl
from django.db import transaction
from django.utils.translation import gettext

from apps.backtests.errors import CannotBacktest
from apps.backtests.models import PortfolioLeg, PortfolioRun
from apps.backtests.selectors import cut_to_dates
from apps.backtests.services.jobs import Progress, announce_end, finish
from apps.backtests.services.storage import parquet_bytes, sha256_of, store
from apps.backtests.services.trials import TrialRow, append_trials
from apps.billing.services import settle
from apps.engine.honesty.sharpe import moments_of
from apps.engine.portfolio.result import Leg, PortfolioResult, run_portfolio
from apps.engine.portfolio.spec import Instrument, PortfolioParams
from apps.engine.result import canonical_json
from apps.journal.services import record
from apps.markets.services import load_bars


def run_claimed_portfolio(run: PortfolioRun, progress: Progress) -> None:
    """Compute and store the result of a portfolio this worker holds."""
    legs = list(run.legs.select_related("bar_set__instrument", "finer_bar_set"))
    result = run_portfolio(
        [_leg(run, leg) for leg in legs],
        PortfolioParams(**run.parameters),
        progress=progress.report,
        should_cancel=progress.should_cancel,
    )
    _finish(run, legs, result)


def _leg(run: PortfolioRun, leg: PortfolioLeg) -> Leg:
    instrument = leg.bar_set.instrument
    bars = cut_to_dates(load_bars(leg.bar_set), run.start, run.end)
    if len(bars) < 2:
        raise CannotBacktest(
            gettext("{symbol} has fewer than two bars between these dates.").format(symbol=instrument.symbol)
        )
    finer = leg.finer_bar_set
    return Leg(
        symbol=instrument.symbol,
        bars=bars,
        text=leg.formula_text,
        settings=leg.settings,
        weight=leg.weight,
        instrument=Instrument(**leg.instrument),
        finer=cut_to_dates(load_bars(finer), run.start, run.end) if finer else None,
        currency=instrument.currency,
    )


def _finish(run: PortfolioRun, legs: list[PortfolioLeg], result: PortfolioResult) -> None:
    """Files first, under a name of this attempt; then the row that makes them the result, in one transaction."""
    folder = f"portfolios/{run.uuid}/{run.attempts}"
    content = result.to_json_bytes()
    paths = {
        "trades_path": store(f"{folder}/trades.parquet", parquet_bytes(result.trades_table())),
        "equity_path": store(f"{folder}/equity.parquet", parquet_bytes(equity_table(result))),
        "daily_path": store(f"{folder}/daily.parquet", parquet_bytes(daily_table(result))),
        "result_path": store(f"{folder}/result.json", content),
    }
    with transaction.atomic():
        stored = finish(
            run,
            work_total=result.counts["bars"],
            work_done=result.counts["bars"],
            metrics=result.metrics,
            counts=result.counts,
            summary=summary_of(result),
            hashes=result.hashes,
            result_hash=result.hashes["result"],
            result_sha256=sha256_of(content),
            **paths,
        )
        if not stored:
            return
        settle(run.meter_key)
        for place, leg in enumerate(legs):
            append_trials(
                leg.lineage,
                run.workspace.uuid,
                run.kind,
                run.engine_version,
                [trial_of_leg(result, place)],
            )
        record(
            actor=None,
            workspace=run.workspace,
            action="backtests.portfoliorun.finished",
            target=run,
            changes={"result": result.hashes["result"]},
        )
        announce_end(run, "done")


def summary_of(result: PortfolioResult) -> dict[str, Any]:
    """What the page shows at once, besides metrics and counts."""
    return {
        "legs": result.legs,
        "correlation": result.correlation,
        "open_trades": result.open_trades,
        "rebalancing_fills": len(result.rebalances),
        "timezone": result.parameters["timezone"],
        "ended_early": result.simulation.ended_early,
    }


def equity_table(result: PortfolioResult) -> pl.DataFrame:
    """One row per close: time (epoch ms), equity, value of all positions, and the legs bought and held instead."""
    held = result.parameters["cash"] * result.simulation.hold
    return result.equity_table().with_columns(buy_and_hold=pl.Series(held))


def daily_table(result: PortfolioResult) -> pl.DataFrame:
    """One row per day: time (epoch ms) and equity, then of each leg its profit so far and its share of equity."""
    found = result.simulation
    columns: dict[str, Any] = {"time": found.time[found.samples], "equity": found.equity[found.samples]}
    for place in range(len(result.legs)):
        columns[f"profit_{place}"] = found.contributions[:, place]
        columns[f"share_{place}"] = found.shares[:, place]
    return pl.DataFrame(columns)


def trial_of_leg(result: PortfolioResult, place: int) -> TrialRow:
    """What the ledger keeps of a leg: what it added to the account day by day, as a fraction of the account.

    The same leg beside others, or with another weight, is another variant.
    """
    found = result.simulation
    before = found.equity[found.samples][:-1]
    gained = np.diff(found.contributions[:, place])
    returns = np.divide(gained, before, out=np.zeros_like(gained), where=before > 0)
    moments = moments_of(returns)
    leg = result.legs[place]
    return TrialRow(
        formula_hash=leg["formula"],
        data_hash=leg["data"],
        parameters_hash=hashlib.sha256(canonical_json([result.hashes["parameters"], place])).hexdigest(),
        sharpe=moments.sharpe,
        skew=moments.skew,
        kurtosis=moments.kurtosis,
        periods=moments.periods,
        total_return=leg["contribution"],
    )
