"""What a run leaves behind: closed trades, the open one, equity and counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from apps.engine.bars import Bars
from apps.engine.sim import account
from apps.engine.sim.account import Account
from apps.engine.sim.excursions import excursions
from apps.engine.sim.rules import REASONS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def read_only(column: np.ndarray) -> np.ndarray:
    """A view that cannot be written to.

    Bars mapped from a file come as such and others do not; a loop is compiled for each kind of array it meets, so
    it is given but one.
    """
    view = np.ascontiguousarray(column).view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True)
class Trades:
    """Closed trades in the order of time, one row per trade; indexes count bars."""

    side: Ints  # 1 long, -1 short
    entry_index: Ints
    exit_index: Ints
    entry_price: Floats
    exit_price: Floats
    size: Floats  # units, positive
    entry_fee: Floats
    exit_fee: Floats
    carry: Floats  # borrow and funding paid, negative when received
    pnl: Floats  # net of both fees and of carry
    reason: Ints  # of the exit: a key of `rules.REASONS`
    bars: Bars  # those traded on
    at_close: bool  # whether requests filled at the close that made them

    def __len__(self) -> int:
        return len(self.side)

    @property
    def returns(self) -> Floats:
        """pnl as a fraction of the entry's notional."""
        return self.pnl / (self.size * self.entry_price)

    @property
    def bars_held(self) -> Ints:
        """Closes at which the position was open."""
        return self.exit_index - self.entry_index

    @cached_property
    def entry_time(self) -> Ints:
        """Openings, epoch milliseconds, of the bars on which the entries filled."""
        return self.bars.time[self.entry_index]

    @cached_property
    def exit_time(self) -> Ints:
        """Likewise of the exits."""
        return self.bars.time[self.exit_index]

    @property
    def mae(self) -> Floats:
        """Largest adverse excursions, positive fractions of the entry price."""
        return self._excursions[0]

    @property
    def mfe(self) -> Floats:
        """Largest favourable excursions, likewise."""
        return self._excursions[1]

    @cached_property
    def _excursions(self) -> tuple[Floats, Floats]:
        # Exits that fill at a close leave a bar that was held to its end.
        market = (account.BY_EXIT, account.BY_TIME, account.BY_REVERSE) if self.at_close else ()
        return excursions(
            read_only(self.bars.high), read_only(self.bars.low), self.side, self.entry_index, self.exit_index,
            self.entry_price, self.exit_price, np.isin(self.reason, (*market, account.BY_ZERO)), self.at_close,
        )  # fmt: skip

    def reasons(self) -> list[str]:
        """The exits' reasons in words."""
        return [REASONS[code] for code in self.reason.tolist()]


@dataclass(frozen=True)
class OpenTrade:
    """The position that was still open after the last bar, marked to its close (no exit fee)."""

    side: int
    entry_index: int
    entry_time: int
    entry_price: float
    size: float
    entry_fee: float
    carry: float
    mark_price: float

    @property
    def pnl(self) -> float:
        """Unrealised, net of the entry fee and of carry."""
        gross = self.side * (self.mark_price - self.entry_price) * self.size
        return gross - self.entry_fee - self.carry

    @property
    def return_(self) -> float:
        """pnl as a fraction of the entry's notional."""
        return self.pnl / (self.size * self.entry_price)


@dataclass(frozen=True)
class SimResult:
    """What a run leaves behind. `equity` is float64[m], m <= n: one value per bar until the account ended."""

    trades: Trades
    open_trade: OpenTrade | None
    equity: Floats
    time: Ints  # int64[m], the opening of each of those bars
    cash: float  # at the end
    fees: float  # all fees paid
    counts: dict[str, int]
    account: Account

    @property
    def ended_early(self) -> bool:
        """Whether the account fell to 0 and the run ended there."""
        return bool(self.account.ended)

    @cached_property
    def position(self) -> Floats:
        """float64[m]: units held at each close, negative when short."""
        trades = self.trades
        entries, exits = trades.entry_index, trades.exit_index
        units = trades.side * trades.size
        if self.open_trade is not None:
            entries = np.append(entries, self.open_trade.entry_index)
            exits = np.append(exits, len(self.equity))
            units = np.append(units, self.open_trade.side * self.open_trade.size)
        # One position at a time: each lasts from its entry's close to the last close before its exit.
        position = np.zeros(len(self.equity))
        held = exits - entries
        first_of_each = np.repeat(entries - (np.cumsum(held) - held), held)
        position[first_of_each + np.arange(int(held.sum()))] = np.repeat(units, held)
        return position
