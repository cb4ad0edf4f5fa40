"""Bootstrap and shuffle: the generator's published numbers, paths re-walked in plain Python, and what paths must obey."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.honesty.block_length import stationary_block_length
from apps.engine.honesty.errors import HonestyError
from apps.engine.honesty.panel import account_returns, panel
from apps.engine.honesty.paths import BOOTSTRAP, SHUFFLE, bootstrap_paths, shuffled_paths
from apps.engine.honesty.sharpe import moments_of
from apps.engine.honesty.splitmix import mixed

MASK = 2**64 - 1
GAMMA = 0x9E3779B97F4A7C15


def numbers(counter):
    """SplitMix64 from its definition: the number at `counter`, then those after it."""
    while True:
        z = counter
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        yield z ^ (z >> 31)
        counter = counter + GAMMA & MASK


def path_numbers(seed, stream, path):
    stream_start = next(numbers(seed + GAMMA * stream & MASK))
    return numbers(next(numbers(stream_start + GAMMA * path & MASK)))


def walk(returns):
    """(equity after each, deepest drawdown, lowest equity), from 1."""
    equity, peak, deepest, lowest, curve = 1.0, 1.0, 0.0, 1.0, [1.0]
    for r in returns:
        equity *= max(0.0, 1 + r)
        peak, lowest = max(peak, equity), min(lowest, equity)
        deepest = max(deepest, 1 - equity / peak)
        curve.append(equity)
    return curve, deepest, lowest


def resampled(returns, mean_block, seed, path):
    n, draws, drawn, i = len(returns), path_numbers(seed, BOOTSTRAP, path), [], None
    for bits in (next(draws) for _ in range(n)):
        if i is None or (bits & 0xFFFFFFFF) < int(2**32 / mean_block):
            i = (bits >> 32) * n >> 32
        else:
            i = (i + 1) % n
        drawn.append(returns[i])
    return drawn


def permuted(returns, seed, path):
    order, draws, halves = list(returns), path_numbers(seed, SHUFFLE, path), []
    for t in range(len(order)):
        if not halves:
            bits = next(draws)
            halves = [bits & 0xFFFFFFFF, bits >> 32]
        chosen = t + (halves.pop(0) * (len(order) - t) >> 32)
        order[t], order[chosen] = order[chosen], order[t]
    return order


def noise(n):
    """n values in -0.5..0.5 of a generator of four numbers, the same in every language."""
    values, x = [], 1
    for _ in range(n):
        x = (1103515245 * x + 12345) % 2**31
        values.append(x / 2**31 - 0.5)
    return values


def autoregressive(n, phi):
    values, last = [], 0.0
    for e in noise(n):
        last = phi * last + e
        values.append(last)
    return np.array(values)


def test_the_generator_gives_the_published_numbers():
    # seed 1234567, as listed at rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    found = [int(mixed(np.uint64(1234567 + GAMMA * (k + 1) & MASK))) for k in range(4)]
    assert found == published


@pytest.mark.parametrize(("phi", "n", "expected"), [
    (0, 500, 1.9373394205270027), (0, 2000, 1.4456773204793811), (0.3, 60, 2.0667451166449133),
    (0.3, 2000, 11.234374402203768), (0.6, 500, 10.211147133226437), (0.9, 60, 9.439218910752517),
    (0.9, 2000, 53.732051874350866), (-0.4, 500, 4.672922729122681), (-0.4, 2000, 7.684430846820929),
])  # fmt: skip
def test_block_lengths_are_those_of_the_arch_package(phi, n, expected):
    # arch.bootstrap.optimal_block_length(...)["stationary"] of the same series
    assert stationary_block_length(autoregressive(n, phi)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("values", [[], [1.0], [1.0] * 50, [0.0, 1.0], [0.0, 1e-90, 3e-90] * 20])
def test_block_length_of_next_to_nothing_is_one(values):
    assert stationary_block_length(np.array(values, dtype=float)) == 1


def test_paths_re_walked_in_plain_python():
    returns = np.random.default_rng(2).normal(0.001, 0.03, 50)
    points = np.array([0, 7, 50])
    equity, lowest, deepest, sharpe = bootstrap_paths(returns, 3.7, 20, 99, points)
    shuffled, shuffled_deepest = shuffled_paths(returns, 20, 99, points)
    for path in range(20):
        drawn = resampled(returns, 3.7, 99, path)
        curve, deep, low = walk(drawn)
        assert equity[:, path] == pytest.approx([curve[t] for t in points])
        assert (deepest[path], lowest[path]) == (pytest.approx(deep), pytest.approx(low))
        assert sharpe[path] == pytest.approx(np.mean(drawn) / np.std(drawn, ddof=1))
        curve, deep, _ = walk(permuted(returns, 99, path))
        assert shuffled[:, path] == pytest.approx([curve[t] for t in points])
        assert shuffled_deepest[path] == pytest.approx(deep)


def test_ruin_is_for_good():
    returns = np.array([0.1] * 39 + [-1.0])
    equity, lowest, deepest, _ = bootstrap_paths(returns, 1.0, 200, 1, np.array([0, 20, 40]))
    ruined = lowest == 0
    # a path misses one of 40 days with probability (39/40)^40 = 0.363
    assert np.mean(ruined) == pytest.approx(1 - (39 / 40) ** 40, abs=0.12)
    assert np.all(deepest[ruined] == 1)
    assert np.all(equity[2, ruined] == 0)
    assert np.all((equity[2] > 0) | ruined)


@pytest.mark.parametrize("phi", [0.0, 0.5])
def test_resampled_means_vary_as_the_mean_of_the_process_does(phi):
    # the mean of n values of an AR(1) process has variance sigma² / (1 - phi)² / n
    n = 3000
    values = autoregressive(n, phi) / 100
    length = stationary_block_length(values)
    equity, *_ = bootstrap_paths(np.expm1(values), length, 2000, 4, np.array([0, n]))
    truth = np.var(noise(n)) / 1e4 / (1 - phi) ** 2 * n
    assert np.var(np.log(equity[1])) == pytest.approx(truth, rel=0.2)


def test_every_order_is_as_likely_as_any_other():
    # the first of three trades, and the second, over 6,000 orders: each trade a third of the time
    returns = np.array([0.1, 0.2, 0.4])
    equity, _ = shuffled_paths(returns, 6000, 11, np.array([0, 1, 2, 3]))
    for value in (1.1, 1.2, 1.4):
        assert np.mean(np.isclose(equity[1], value)) == pytest.approx(1 / 3, abs=0.025)
    for value in (1.1 * 1.2, 1.1 * 1.4, 1.2 * 1.4):
        assert np.mean(np.isclose(equity[2], value)) == pytest.approx(1 / 3, abs=0.025)
    assert equity[3] == pytest.approx(1.1 * 1.2 * 1.4)


def test_bands_are_percentiles_of_the_paths():
    returns = np.random.default_rng(3).normal(0.001, 0.02, 400)
    trades = np.random.default_rng(4).normal(0.002, 0.03, 90)
    found = panel(returns, 252, trades, cash=5000.0, seed=8, paths=200).as_dict()
    boot, mixed_up = found["bootstrap"], found["shuffle"]
    curves = [walk(resampled(returns, boot["block_length"], 8, path)) for path in range(200)]
    at = boot["points"]
    assert (at[0], at[-1], len(at)) == (0, 400, 120)
    assert boot["equity"]["p25"] == pytest.approx(
        5000 * np.percentile([[c[t] for t in at] for c, _, _ in curves], 25, axis=0)
    )
    assert boot["equity"]["actual"][-1] == pytest.approx(5000 * np.prod(1 + returns))
    final = np.array([c[-1] - 1 for c, _, _ in curves])
    assert boot["final_return"]["p5"] == pytest.approx(np.percentile(final, 5))
    assert boot["max_drawdown"]["p95"] == pytest.approx(np.percentile([d for _, d, _ in curves], 95))
    assert boot["probability_of_loss"] == np.mean(final < 0)
    lowest = np.array([low for _, _, low in curves])
    assert boot["risk_of_ruin"][0] == {"loss": 0.2, "probability": np.mean(lowest <= 0.8)}
    shuffled = [walk(permuted(trades, 8, path)) for path in range(200)]
    actual = walk(trades)[1]
    assert mixed_up["actual_max_drawdown"] == pytest.approx(actual)
    assert mixed_up["deeper"] == np.mean([d > actual for _, d, _ in shuffled])
    assert mixed_up["max_drawdown"]["p50"] == pytest.approx(np.median([d for _, d, _ in shuffled]))
    assert mixed_up["points"] == list(range(91))


def test_very_many_trades_are_shuffled_in_fewer_orders():
    def orders(count, paths):
        shuffle = panel(np.zeros(0), 365, np.full(count, 1e-6), cash=1.0, paths=paths).as_dict()["shuffle"]
        assert len(shuffle["points"]) <= 120
        return shuffle["orders"]

    assert (orders(90, 7), orders(50_000, 1000), orders(60_000, 1000)) == (7, 1000, 833)
    assert (orders(600_000, 1000), orders(600_000, 20)) == (100, 20)


def test_sharpe_interval_covers_the_estimate_and_its_error():
    returns = np.random.default_rng(5).normal(0.001, 0.01, 1000)
    bands = panel(returns, 252, np.zeros(0), cash=1.0).as_dict()["bootstrap"]["sharpe"]
    estimate, error = moments_of(returns).sharpe * math.sqrt(252), math.sqrt(252 / 1000)
    assert bands["p50"] == pytest.approx(estimate, abs=0.1)
    assert bands["p95"] - bands["p5"] == pytest.approx(2 * 1.645 * error, rel=0.12)


def test_the_same_seed_gives_the_same_bytes_in_another_process():
    program = (
        "import json, numpy as np; from apps.engine.honesty.panel import panel; t = np.arange(300);"
        "r = (t * 7919 % 101 - 49) / 5000; print(json.dumps(panel(r, 365, r[:80], cash=1e4, seed=5).as_dict()))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": str(k), "NUMBA_NUM_THREADS": str(k)},
        ).stdout
        for k in (1, 2)
    ]  # fmt: skip
    assert runs[0] == runs[1]
    returns = (np.arange(300) * 7919 % 101 - 49) / 5000
    assert json.loads(runs[0]) == panel(returns, 365, returns[:80], cash=1e4, seed=5).as_dict()
    assert json.loads(runs[0]) != panel(returns, 365, returns[:80], cash=1e4, seed=6).as_dict()


def test_trade_returns_of_the_account():
    # 1,000 gains 100, then 110 on 1,100, then loses all and trades on nothing
    assert account_returns(np.array([100.0, 110.0, -1210.0, 5.0]), 1000.0).tolist() == [0.1, 0.1, -1.0, 0.0]
    assert account_returns(np.zeros(0), 1000.0).tolist() == []


def test_too_little_is_left_out_and_json_has_no_nan():
    for returns, trades in (([], []), ([0.01], [0.1]), ([0.0] * 40, []), ([0.01] * 29, [0.1, -0.05])):
        found = panel(
            np.array(returns, dtype=float), 365, np.array(trades, dtype=float), cash=100.0
        ).as_dict()
        json.dumps(found, allow_nan=False)
        assert (found["bootstrap"] is None) == (len(returns) < 30)
        assert (found["shuffle"] is None) == (len(trades) < 2)
        assert found["sharpe"] is None
        assert found["min_track_record"]["periods"] is None


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1.5, 1.0), min_size=30, max_size=80), st.integers(0, 2**63 - 1))
def test_bands_are_ordered_and_within_bounds(returns, seed):
    values = np.array(returns)
    found = panel(values, 365, values, cash=1.0, seed=seed, paths=50).as_dict()
    json.dumps(found, allow_nan=False)
    for part in (found["bootstrap"], found["shuffle"]):
        bands = [0.0, *part["max_drawdown"].values(), 1.0]
        assert bands == sorted(bands)
        low, high = part["equity"]["p5"], part["equity"]["p95"]
        assert all(0 <= a <= b for a, b in zip(low, high, strict=True))
    risks = [risk["probability"] for risk in found["bootstrap"]["risk_of_ruin"]]
    assert risks == sorted(risks, reverse=True)


@pytest.mark.parametrize(("change", "says"), [
    ({"returns": [0.0, math.inf]}, "returns: number 1 is inf"),
    ({"trade_returns": [math.nan]}, "trade returns: number 0 is nan"),
    ({"returns": [[0.0]]}, "2 dimensions"),
    ({"cash": 0.0}, "positive amount"),
    ({"paths": 0}, "at least 1"),
    ({"seed": -1}, "whole number from 0"),
])  # fmt: skip
def test_refusals(change, says):
    given = {"returns": [0.0], "trade_returns": [0.0], "cash": 1.0, "seed": 0, "paths": 1} | change
    with pytest.raises(HonestyError, match=says):
        panel(np.array(given.pop("returns")), 365, np.array(given.pop("trade_returns")), **given)
