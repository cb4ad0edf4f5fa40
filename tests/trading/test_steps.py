"""Orders on the grid of their market: cut and rounded to the side on which nothing is worse than meant."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.trading.rules.steps import Amounts, Grid, on_grid

D = Decimal
GRID = Grid(tick=D("0.5"), lot=D("0.01"), min_size=D(0), min_notional=D(0))


@pytest.mark.parametrize(
    ("side", "closes", "units", "limit", "stop"),
    [
        # a limit is never worse than meant; a stop that closes fires sooner, one that opens later
        ("buy", False, "1.23", "100.0", "100.5"),
        ("sell", False, "1.23", "100.5", "100.0"),
        ("buy", True, "1.23", "100.0", "100.0"),
        ("sell", True, "1.23", "100.5", "100.5"),
    ],
)
def test_rounding(side, closes, units, limit, stop) -> None:
    meant = Amounts(D("1.239"), D("100.3"), D("100.3"))
    assert on_grid(meant, GRID, side=side, closes=closes) == (D(units), D(limit), D(stop))


def test_what_is_on_the_grid_and_what_is_not_given_stays() -> None:
    for meant in (Amounts(D("1.23"), D("100.5"), None), Amounts(None, None, D(100))):
        for side in ("buy", "sell"):
            assert on_grid(meant, GRID, side=side, closes=False) == meant


def test_a_market_without_steps_changes_nothing() -> None:
    meant = Amounts(D("0.123456789012"), D("0.000000000001"), None)
    assert on_grid(meant, Grid(D(0), D(0), D(0), D(0)), side="buy", closes=False) == meant
