"""Bars, strategies and comparisons. Signals are the engine's own wherever fills are what is compared."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.sim.run import SimResult, run
from apps.engine.sim.spec import Orders, Protection, SimParams, Size
from apps.markets.providers.sample import NAMES, sample_bars, synthetic_minutes

CASH, FEE = 1_000_000.0, 0.002
STOCKS = tuple(NAMES)
TEN = Size("units", 10)
CLOSELY = 1e-12  # sums in another order differ in their last bits

EMA_CROSS = """fast_ma = ema(close, 9)
slow_ma = ema(close, 21)
long when crossover(fast_ma, slow_ma)
exit long when crossunder(fast_ma, slow_ma)
"""
BOTH_WAYS = """fast_ma = ema(close, 9)
slow_ma = ema(close, 21)
long when crossover(fast_ma, slow_ma)
short when crossunder(fast_ma, slow_ma)
"""
UT_BOT = """loss = 2 * atr(10)
prior = nz(line[1], 0)
line = (close > prior and close[1] > prior) ? max(prior, close - loss) :
       (close < prior and close[1] < prior) ? min(prior, close + loss) :
       (close > prior) ? close - loss : close + loss
long when crossover(close, line)
short when crossunder(close, line)
"""


@dataclass(frozen=True)
class Case:
    """A strategy on bars, with stop and target as fractions of the fill price."""

    symbol: str
    formula: str = EMA_CROSS
    size: Size = TEN
    stop: float | None = None
    target: float | None = None
    lot: float = 0.0
    cash: float = CASH

    @property
    def bars(self) -> Bars:
        return _bars(self.symbol)

    @property
    def flags(self) -> np.ndarray:
        return _flags(self.symbol, self.formula)

    def ours(self, fill: str = "next_open") -> SimResult:
        orders = Orders(
            self.flags,
            stop=Protection("percent", self.stop) if self.stop else None,
            target=Protection("percent", self.target) if self.target else None,
            size=self.size,
        )
        return run(self.bars, orders, SimParams(cash=self.cash, fee=FEE, fill=fill, lot=self.lot))

    def theirs(self, peer, **options) -> dict[str, np.ndarray]:
        """The peer's fills of the same signals."""
        peer.hold(self.bars, flags=self.flags)
        size = {"size": self.size.value} | options
        return peer.run("signals", cash=self.cash, fee=FEE, stop=self.stop, target=self.target, **size)


@cache
def _bars(symbol: str) -> Bars:
    if symbol == "MINUTES":
        return synthetic_minutes(15_000)
    if symbol == "GAPS":
        return _with_gaps()
    return sample_bars(symbol)


def _with_gaps() -> Bars:
    """Bars that open anywhere near the close before, and reach far: what is rare on real ones happens often."""
    rng = np.random.default_rng(11)
    n = 5_000
    middle = 100 + 5 * np.sin(np.arange(n) / 15)
    opening, close = middle + rng.normal(0, 2, (2, n))
    reach = np.abs(rng.normal(0, 1, (2, n)))
    high, low = np.maximum(opening, close) + reach[0], np.minimum(opening, close) - reach[1]
    return Bars(np.arange(n) * 86_400_000, opening, high, low, close, np.ones(n), 86_400_000)


@cache
def _flags(symbol: str, formula: str) -> np.ndarray:
    return compile_formula(formula).evaluate(_bars(symbol)).orders.flags


def assert_equal(ours: SimResult, theirs: dict[str, np.ndarray], least: int) -> None:
    """Every closed trade and every close of the equity curve. There are at least `least` trades to compare."""
    trades = ours.trades
    assert len(trades) >= least
    for name in ("side", "entry_index", "exit_index"):
        np.testing.assert_array_equal(getattr(trades, name), theirs[name], err_msg=name)
    for name in ("entry_price", "exit_price", "size"):
        np.testing.assert_allclose(getattr(trades, name), theirs[name], rtol=CLOSELY, err_msg=name)
    worth = trades.size * trades.entry_price
    np.testing.assert_allclose(trades.pnl / worth, theirs["pnl"] / worth, rtol=0, atol=CLOSELY, err_msg="pnl")
    np.testing.assert_allclose(ours.equity, theirs["equity"], rtol=CLOSELY, err_msg="equity")


def differing(ours: SimResult, theirs: dict[str, np.ndarray]) -> set[int]:
    """Entry bars of the trades that only one of the two has, or that end otherwise."""

    def ends(trades: dict[str, np.ndarray]) -> set[tuple[int, int, float]]:
        columns = (
            trades["entry_index"].tolist(),
            trades["exit_index"].tolist(),
            np.round(trades["exit_price"], 9),
        )
        return set(zip(columns[0], columns[1], columns[2].tolist(), strict=True))

    own = {name: getattr(ours.trades, name) for name in ("entry_index", "exit_index", "exit_price")}
    return {entry for entry, _, _ in ends(own) ^ ends(theirs)}
