"""The fill step for a bot that lives bar by bar, and its state between bars."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self, get_type_hints

import numpy as np

from apps.engine.sim import kernel
from apps.engine.sim.account import (
    ENTERED,
    NO_FILL,
    Account,
    Ask,
    Bar,
    Counts,
    Fill,
    Finer,
    Pending,
    Position,
    Rules,
)
from apps.engine.sim.rules import REASONS, new_account, rules_of
from apps.engine.sim.spec import Orders, Requests, SimParams, check_orders, check_params

_FORMAT = 1  # of to_bytes; raised with any change of Account
_LAYOUT = struct.Struct("<B ddqdq ddddqdddd qddd qqqq")


class BarLike(Protocol):
    """A closed bar: `Bar`, or `apps.engine.bars.Bar` with more to it."""

    @property
    def time(self) -> int: ...
    @property
    def open(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def close(self) -> float: ...


class FillEvent(NamedTuple):
    """One fill as a bot sees it. `side` is `buy` or `sell`; `pnl` is None for an entry."""

    reason: str  # "entry", or why the position was left: a value of rules.REASONS
    side: str
    size: float
    price: float
    fee: float
    pnl: float | None


@dataclass(frozen=True)
class SimState:
    """An account between two closed bars, under fixed rules.

    Stepping it over n bars leaves bit for bit the account and the fills that `run` computes over them.
    """

    rules: Rules
    account: Account

    @classmethod
    def initial(cls, orders: Orders, params: SimParams) -> Self:
        """An account with nothing but `params.cash`. Of `orders`, only the kinds count; its series may be empty.

        Raises SimulationError where parameters or orders are wrong.
        """
        check_params(params)
        check_orders(orders, len(orders.flags))
        return cls(rules_of(orders, params), new_account(params.cash))

    def step(
        self, bar: BarLike, requests: Requests, finer: np.ndarray | None = None, *, is_last: bool = False
    ) -> tuple[Self, list[FillEvent]]:
        """The state after one closed bar, and the fills on it in the order of time.

        `requests` are the formula's at this bar's close. `finer` is float64[3, m]: open, high and low of the bars
        of a finer timeframe inside this one. `is_last` ends a history as `run` does: where requests fill at their
        own close, those of its last bar do not.
        """
        prices = np.empty((3, 0)) if finer is None else np.ascontiguousarray(finer, dtype=np.float64)
        account, fills = kernel.fill(
            self.account,
            Bar(int(bar.time), float(bar.open), float(bar.high), float(bar.low), float(bar.close)),
            Ask(int(requests.flags), *(float(value) for value in requests[1:])),
            self.rules,
            Finer(prices, 0, prices.shape[1]),
            bool(is_last),
        )
        events = [_event(fill) for fill in fills if fill.reason != NO_FILL]
        return type(self)(self.rules, account), events

    @property
    def equity(self) -> float:
        """Cash and position at the last close; the starting cash before any bar."""
        units = self.account.position.units
        return self.account.cash + units * self.account.close if units else self.account.cash

    @property
    def has_ended(self) -> bool:
        """Whether equity has fallen to 0; an ended account makes no more fills."""
        return bool(self.account.ended)

    def to_dict(self) -> dict[str, Any]:
        """The account as JSON-safe values (na is None); floats survive `json` exactly."""
        return _plain(self.account)

    def with_dict(self, data: dict[str, Any]) -> Self:
        """These rules with the account of `to_dict`. Raises ValueError where `data` is not one."""
        try:
            account = Account(
                cash=_real(data["cash"]),
                fees=_real(data["fees"]),
                time=int(data["time"]),
                close=_real(data["close"]),
                ended=int(data["ended"]),
                position=_tuple(Position, data["position"]),
                pending=_tuple(Pending, data["pending"]),
                counts=_tuple(Counts, data["counts"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a saved simulator state: {error}") from error
        return type(self)(self.rules, account)

    def to_bytes(self) -> bytes:
        """The account in 177 bytes."""
        head, (position, pending, counts) = self.account[:5], self.account[5:]
        return _LAYOUT.pack(_FORMAT, *head, *position, *pending, *counts)

    def with_bytes(self, data: bytes) -> Self:
        """These rules with the account of `to_bytes`. Raises ValueError where `data` is not one."""
        if len(data) != _LAYOUT.size or data[0] != _FORMAT:
            raise ValueError(f"not a saved simulator state of format {_FORMAT}")
        _, *values = _LAYOUT.unpack(data)
        cash, fees, time, close, ended = values[:5]
        account = Account(
            cash,
            fees,
            time,
            close,
            ended,
            Position(*values[5:14]),
            Pending(*values[14:18]),
            Counts(*values[18:]),
        )
        return type(self)(self.rules, account)


def _event(fill: Fill) -> FillEvent:
    return FillEvent(
        reason=REASONS[fill.reason],
        side="buy" if fill.side > 0 else "sell",
        size=fill.units,
        price=fill.price,
        fee=fill.fee,
        pnl=None if fill.reason == ENTERED else fill.pnl,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return {name: _plain(each) for name, each in zip(value._fields, value, strict=True)}  # type: ignore[attr-defined]
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def _real(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _tuple(kind: type, data: dict[str, Any]) -> Any:
    """A named tuple of the kernel; which of its fields are whole numbers stands in its annotations."""
    whole = {name for name, annotation in get_type_hints(kind).items() if annotation is int}
    return kind(**{name: int(data[name]) if name in whole else _real(data[name]) for name in kind._fields})  # type: ignore[attr-defined]
