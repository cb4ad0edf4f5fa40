"""PBO against a literal reading of the paper, on data made to overfit and on data with a real edge."""

import math
from itertools import combinations

import numpy as np
import pytest

from apps.engine.honesty.errors import HonestyError
from apps.engine.honesty.overfitting import pbo


def sharpe(column):
    if column.max() == column.min():
        return 0.0
    return column.mean() / column.std(ddof=1)


def naive(returns, blocks):
    """(inside, outside, logit) of every split, slicing the returns anew each time."""
    rows = len(returns) // blocks
    parts = np.split(returns[len(returns) - rows * blocks :], blocks)
    found = []
    for chosen in combinations(range(blocks), blocks // 2):
        here = np.concatenate([parts[i] for i in chosen])
        there = np.concatenate([parts[i] for i in range(blocks) if i not in chosen])
        inside = [sharpe(column) for column in here.T]
        outside = [sharpe(column) for column in there.T]
        winner = inside.index(max(inside))
        worse = sum(value < outside[winner] for value in outside)
        equal = sum(value == outside[winner] for value in outside)
        share = (worse + (equal + 1) / 2) / (returns.shape[1] + 1)
        found.append((inside[winner], outside[winner], math.log(share / (1 - share))))
    return np.array(found)


@pytest.mark.parametrize(
    ("periods", "variants", "blocks"), [(64, 2, 2), (97, 5, 4), (250, 12, 8), (130, 7, 10)]
)
def test_agrees_with_the_literal_reading(periods, variants, blocks):
    returns = np.random.default_rng(periods).normal(0.001, 0.01, (periods, variants))
    found, expected = pbo(returns, blocks), naive(returns, blocks)
    inside, outside, logit = expected.T
    assert found.splits == len(expected) == math.comb(blocks, blocks // 2)
    assert found.rows == periods // blocks * blocks
    assert found.probability == pytest.approx(np.mean(logit <= 1e-12))
    assert found.probability_of_loss == pytest.approx(np.mean(outside < 0))
    slope, intercept = np.polyfit(inside, outside, 1)
    assert (found.slope, found.intercept) == (pytest.approx(slope), pytest.approx(intercept))
    assert found.r_squared == pytest.approx(np.corrcoef(inside, outside)[0, 1] ** 2)
    assert found.logits["p50"] == pytest.approx(np.median(logit))
    assert found.logits["p5"] == pytest.approx(np.percentile(logit, 5))
    assert sum(found.histogram["counts"]) == found.splits


@pytest.mark.prove
def test_agrees_at_the_usual_size():
    returns = np.random.default_rng(3).standard_t(4, (500, 20)) / 100
    found, expected = pbo(returns), naive(returns, 16)
    assert found.splits == 12_870
    assert found.probability == pytest.approx(np.mean(expected[:, 2] <= 1e-12))
    assert found.slope == pytest.approx(np.polyfit(expected[:, 0], expected[:, 1], 1)[0])


def test_equal_and_idle_variants():
    generator = np.random.default_rng(5)
    one = generator.normal(-0.001, 0.01, 80)
    late = np.where(np.arange(80) < 40, 0.0, generator.normal(0.002, 0.01, 80))
    returns = np.column_stack((one, one, np.zeros(80), late, np.full(80, 0.01)))
    found, expected = pbo(returns, 4), naive(returns, 4)
    assert found.probability == pytest.approx(np.mean(expected[:, 2] <= 1e-12))
    assert found.logits["p75"] == pytest.approx(np.percentile(expected[:, 2], 75))


@pytest.mark.parametrize("level", [0.0137, 0.1 / 3, -0.0071, 1e-5])
def test_a_variant_at_rest_in_a_half_has_no_sharpe_there(level):
    # summed around the column's mean, equal returns leave a rest of rounding that would look like a huge ratio
    generator = np.random.default_rng(6)
    for _ in range(5):
        noise = generator.normal(0.0005, 0.01, (77, 3))
        noise[:39, 1] = noise[40:, 2] = level
        found, (inside, outside, logit) = pbo(noise, 2), naive(noise, 2).T
        assert found.logits["p95"] == pytest.approx(np.percentile(logit, 95))
        assert found.probability_of_loss == np.mean(outside < 0)
        assert found.intercept + found.slope * inside == pytest.approx(outside)


def test_equal_variants_leave_the_winner_in_the_middle():
    column = np.random.default_rng(6).normal(0, 0.01, 64)
    assert pbo(np.column_stack((column,) * 4)).probability == 1
    assert pbo(np.column_stack((column,) * 4)).logits["p50"] == pytest.approx(0)


def test_one_variant_with_an_edge_is_no_overfitting():
    generator = np.random.default_rng(7)
    returns = generator.normal(0, 0.01, (800, 30))
    returns[:, 11] += 0.005
    found = pbo(returns)
    assert found.probability == 0
    assert found.probability_of_loss == 0


def test_noise_wins_by_chance_outside():
    # independent noise: the winner's rank outside is near even, over many data sets
    generator = np.random.default_rng(8)
    shares = [pbo(generator.normal(0, 0.01, (160, 20)), 8).probability for _ in range(60)]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.08)


def test_variants_that_trade_places_are_overfitted():
    # each earns in one half of the time what it loses in the other: the winner inside is the loser outside
    base = np.where(np.arange(160) < 80, 0.01, -0.01) + np.random.default_rng(9).normal(0, 0.001, 160)
    found = pbo(np.column_stack((base, -base)), 2)
    assert (found.probability, found.probability_of_loss) == (1, 1)


@pytest.mark.parametrize(("shape", "blocks", "says"), [
    ((63, 4), 16, "63 returns are too few for 16 blocks: 64 are needed"),
    ((64, 1), 16, "1 variant"),
    ((64, 4), 7, "an even number from 2 to 20"),
    ((64, 4), 0, "an even number"),
    ((640, 4), 22, "an even number"),
    ((64,), 16, "two are right"),
])  # fmt: skip
def test_refusals(shape, blocks, says):
    with pytest.raises(HonestyError, match=says):
        pbo(np.random.default_rng(1).normal(size=shape), blocks)


def test_refuses_what_is_no_number_and_what_never_moves():
    returns = np.zeros((64, 3))
    with pytest.raises(HonestyError, match="nothing to choose from"):
        pbo(returns)
    returns[5, 2] = np.nan
    with pytest.raises(HonestyError, match="return 5 of variant 2 is nan"):
        pbo(returns)
