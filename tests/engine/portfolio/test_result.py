"""A portfolio's result: its figures derived again from what it lists, its identity and its canonical form."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from apps.engine.bars import Bars
from apps.engine.portfolio.result import Leg, run_portfolio
from apps.engine.portfolio.spec import PortfolioParams
from apps.engine.result import run_backtest

DAY_MS = 86_400_000
CROSS = "input n = 8 in 5..50\nlong when crossover(sma(close, 3), sma(close, n))\nexit when crossunder(sma(close, 3), sma(close, n))\nstop_loss 3%\n"


def bars_of(seed, count=400, symbol=""):
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, count)))
    opening = np.concatenate([[100.0], close[:-1]])
    return Bars(
        np.arange(count) * DAY_MS, opening, np.maximum(opening, close) + 0.3, np.minimum(opening, close) - 0.3, close,
        np.ones(count), DAY_MS, symbol=symbol,
    )  # fmt: skip


def portfolio(**conditions):
    legs = [Leg(name, bars_of(seed), CROSS, weight=0.4) for seed, name in enumerate("AB")]
    return run_portfolio([*legs, Leg("C", bars_of(7), weight=0.2)], PortfolioParams(**conditions))


def test_one_leg_has_the_metrics_of_the_single_backtest():
    bars = bars_of(3)
    single = run_backtest(CROSS, bars, {"n": "11"})
    many = run_portfolio([Leg("A", bars, CROSS, {"n": "11"})])
    against_market = {"alpha", "beta", *(name for name in single.metrics if name.startswith("buy_and_hold"))}
    for name, value in single.metrics.items():  # the held market begins at 1 here: the last digit may differ
        assert many.metrics[name] == (pytest.approx(value, rel=1e-9) if name in against_market else value), (
            name
        )
    for name, value in single.trades[0].items():
        assert many.trades[0][name] == value


def test_figures_follow_from_what_is_listed():
    result = portfolio(rebalance="monthly")
    data = json.loads(result.to_json_bytes())
    assert data["equity"]["value"][-1] == data["metrics"]["final_equity"]
    gained = data["metrics"]["final_equity"] - 10_000
    assert sum(leg["profit"] for leg in data["legs"]) == pytest.approx(gained, abs=1e-6)
    for k, leg in enumerate(data["legs"]):
        own = [each["pnl"] for each in data["trades"] + data["open_trades"] if each["leg"] == k]
        assert sum(own) == pytest.approx(leg["profit"], abs=1e-6)
    daily = np.diff(np.array(data["daily"]["profits"]), axis=0)
    np.testing.assert_allclose(data["correlation"], np.corrcoef(daily.T), atol=1e-12)
    assert data["counts"]["rebalances"] == len(data["rebalances"]) > 10
    fees = sum(result.trades_table()["fees"]) + sum(
        t.entry_fee for t in result.simulation.open_trades.values()
    )
    assert data["metrics"]["fees"] == pytest.approx(fees)
    assert result.equity_table()["equity"].to_list() == data["equity"]["value"]
    assert result.trades_table().schema["exit_time"] == pl.Datetime("ms", "UTC")


def test_the_same_four_hashes_give_the_same_bytes_and_any_change_another_identity():
    first = portfolio()
    assert first.to_json_bytes() == portfolio().to_json_bytes()
    assert portfolio(rebalance="daily").hashes["result"] != first.hashes["result"]
    legs = [Leg("A", bars_of(0), CROSS, weight=0.5), Leg("B", bars_of(1), CROSS, weight=0.5)]
    whole = run_portfolio(legs).hashes
    heavier = run_portfolio([replace(legs[0], weight=0.4), legs[1]]).hashes
    assert (heavier["formula"], heavier["data"]) == (whole["formula"], whole["data"])
    assert heavier["result"] != whole["result"]
    assert run_portfolio([replace(legs[0], bars=bars_of(5)), legs[1]]).hashes["data"] != whole["data"]
