"""Formulas run on random walks have no edge: how often the verdict calls that evidence."""

import numpy as np
import pytest

from apps.engine.bars import Bars
from apps.engine.honesty.luck import luck, sweep_luck
from apps.engine.honesty.overfitting import pbo
from apps.engine.honesty.sharpe import Trials, moments_of
from apps.engine.result import run_backtest
from apps.engine.sim.spec import SimParams

DAY_MS = 86_400_000
DAYS = 500
CROSS = """input fast = 5 in 1..200
input slow = 30 in 1..200
fast_ma = ema(close, fast)
slow_ma = ema(close, slow)
long when crossover(fast_ma, slow_ma)
short when crossunder(fast_ma, slow_ma)
"""
GRID = [{"fast": fast, "slow": slow} for fast in (2, 4, 7, 11) for slow in (15, 22, 31, 43, 60)]


def random_walk(seed):
    """Daily bars whose price is a martingale: what a formula holds earns nothing on average, when it costs nothing."""
    moves = np.random.default_rng(seed).normal(0, 0.02, DAYS) - 0.02**2 / 2
    close = 100 * np.exp(np.cumsum(moves))
    opened = np.concatenate(([100.0], close[:-1]))
    return Bars(
        np.arange(DAYS) * DAY_MS, opened, np.maximum(opened, close), np.minimum(opened, close), close,
        np.ones(DAYS), timeframe_ms=DAY_MS,
    )  # fmt: skip


def returns_of(seed, settings):
    equity = run_backtest(CROSS, random_walk(seed), settings, SimParams(fee=0.0)).equity
    return equity[1:] / equity[:-1] - 1


@pytest.mark.prove
def test_one_formula_is_called_evidence_one_time_in_twenty():
    runs = 1500
    found = [luck(moments_of(returns_of(seed, GRID[6])), Trials(1), 365).verdict for seed in range(runs)]
    assert found.count("evidence") / runs == pytest.approx(0.05, abs=0.02)  # 3.5 standard errors
    assert found.count("weak") / runs == pytest.approx(0.15, abs=0.035)


@pytest.mark.prove
def test_the_best_of_a_sweep_is_called_evidence_no_more_often():
    runs = 250
    deflated = naive = 0
    overfitted = []
    for seed in range(runs):
        columns = [returns_of(seed, settings) for settings in GRID]
        cells = [moments_of(column) for column in columns]
        best = max(cells, key=lambda cell: cell.sharpe or 0.0)
        deflated += sweep_luck(best, cells, 365).verdict == "evidence"
        naive += luck(best, Trials(1), 365).verdict == "evidence"
        overfitted.append(pbo(np.column_stack(columns), 8).probability)
    assert deflated / runs < 0.09  # 0.05 and 3 standard errors
    assert naive / runs > 0.12  # what the same runs look like when nobody counts
    assert np.mean(overfitted) == pytest.approx(0.5, abs=0.08)
