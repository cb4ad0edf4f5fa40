"""Accounts of many bots, stepped together at each closed bar, each as exact as if it were stepped alone."""

from __future__ import annotations

import copy
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from apps.engine.sim.account import NOTHING, Account, Counts, Pending, Position, Rules
from apps.engine.sim.many import (
    FILL_REAL,
    FILL_WHOLE,
    MOST_FILLS,
    REAL,
    RULE_REAL,
    RULE_WHOLE,
    WHOLE,
    fill_accounts,
)
from apps.engine.sim.rules import new_account
from apps.engine.sim.state import BarLike

_FORMAT = 1  # of to_bytes; raised with any change of Account
_HEADER = struct.Struct("<qq")  # format, number of accounts
_NO_FINER = np.empty((3, 0))


@dataclass(frozen=True, eq=False)
class Fills:
    """The fills of one bar, by account and then by time; columns of k values.

    `number` is the fill's place among those the step may make (0 to 3), `reason` a key of `rules.REASONS`, `side` 1 for
    bought and -1 for sold. `pnl` is that of the position it closed, net of both fees; 0 where it opened one.
    """

    account: NDArray[np.int64]
    number: NDArray[np.int64]
    reason: NDArray[np.int64]
    side: NDArray[np.int64]
    units: NDArray[np.float64]
    price: NDArray[np.float64]
    fee: NDArray[np.float64]
    pnl: NDArray[np.float64]
    carry: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.account)


class Accounts:
    """n accounts under rules of their own, changed in place by `step`.

    Account i has after each bar the bits that `SimState.step` gives it, and makes the same fills.
    """

    def __init__(self, rules: Sequence[Rules], real: NDArray[np.float64], whole: NDArray[np.int64]) -> None:
        """`real` float64[14, n] and `whole` int64[8, n] are the accounts, row by row as in `many.REAL` and `WHOLE`."""
        if real.shape != (len(REAL), len(rules)) or whole.shape != (len(WHOLE), len(rules)):
            raise ValueError(
                f"{len(rules)} rules do not fit accounts of shape {real.shape} and {whole.shape}"
            )
        self.rules = list(rules)
        self.real = real
        self.whole = whole
        self._rule_real = np.array(
            [[getattr(each, name) for each in rules] for name in RULE_REAL], np.float64
        )
        self._rule_whole = np.array(
            [[getattr(each, name) for each in rules] for name in RULE_WHOLE], np.int64
        )
        self._everything = np.ones(len(rules))
        self._fill_whole = np.empty((len(FILL_WHOLE), MOST_FILLS * len(rules)), np.int64)
        self._fill_real = np.empty((len(FILL_REAL), MOST_FILLS * len(rules)))

    @classmethod
    def new(cls, rules: Sequence[Rules], cash: Sequence[float]) -> Self:
        """Accounts that hold `cash` each and have seen no bar."""
        made = cls(rules, np.empty((len(REAL), len(rules))), np.empty((len(WHOLE), len(rules)), np.int64))
        for i, amount in enumerate(cash):
            made.put(i, new_account(amount))
        return made

    def __len__(self) -> int:
        return len(self.rules)

    def copy(self) -> Self:
        """Accounts of their own under these rules."""
        made = copy.copy(self)
        made.real, made.whole = self.real.copy(), self.whole.copy()
        return made

    def row(self, name: str) -> NDArray[np.float64]:
        """One number of all accounts, by its name in `many.REAL`; writing to it changes them."""
        row: NDArray[np.float64] = self.real[REAL.index(name)]
        return row

    def whole_row(self, name: str) -> NDArray[np.int64]:
        """As `row`, for the names of `many.WHOLE`."""
        row: NDArray[np.int64] = self.whole[WHOLE.index(name)]
        return row

    @property
    def equity(self) -> NDArray[np.float64]:
        """float64[n]: cash and position at the last close; the starting cash before any bar."""
        cash, units, close = self.row("cash"), self.row("units"), self.row("close")
        marked: NDArray[np.float64] = np.where(units != 0.0, cash + units * np.nan_to_num(close), cash)
        return marked

    def account(self, i: int) -> Account:
        """Account i, as the fill step knows it."""
        real, whole = self.real[:, i].tolist(), self.whole[:, i].tolist()
        return Account(
            cash=real[0],
            fees=real[1],
            time=whole[0],
            close=real[2],
            ended=whole[1],
            position=Position._make([*real[3:7], whole[2], *real[7:11]]),
            pending=Pending(whole[3], *real[11:14]),
            counts=Counts(*whole[4:8]),
        )

    def put(self, i: int, account: Account) -> None:
        """Let account i be `account`."""
        position, pending, counts = account.position, account.pending, account.counts
        self.real[:, i] = (
            account.cash, account.fees, account.close, *position[:4], *position[5:], *pending[1:],
        )  # fmt: skip
        self.whole[:, i] = (account.time, account.ended, position.held, pending.request, *counts)

    def cancel(self, accounts: NDArray[np.int64]) -> None:
        """Forget what these accounts were about to carry out at the next open."""
        self.whole_row("request")[accounts] = NOTHING

    def step(
        self,
        bar: BarLike,
        flags: NDArray[np.uint8],
        stop: NDArray[np.float64],
        target: NDArray[np.float64],
        trail: NDArray[np.float64],
        *,
        shares: NDArray[np.float64] | None = None,
        finer: NDArray[np.float64] | None = None,
        is_last: bool = False,
    ) -> Fills:
        """One more closed bar for every account, in place, and the fills on it.

        `flags` uint8[n] and the three float64[n] are what each formula asks at this close (`spec.Requests`). `shares`
        float64[n] is the part of its size an entry gets on this bar, all of it where none is given. `finer` and
        `is_last` as in `SimState.step`. Raises ValueError where a column has not one value per account.
        """
        n = len(self)
        asked = np.stack([stop, target, trail]).astype(np.float64, copy=False)
        shares = self._everything if shares is None else np.ascontiguousarray(shares, np.float64)
        if flags.shape != (n,) or asked.shape != (3, n) or shares.shape != (n,):
            raise ValueError(
                f"{n} accounts need one request each, not columns of {flags.shape} and {asked.shape}"
            )
        count = fill_accounts(  # type: ignore[call-arg]
            self.real,
            self.whole,
            self._rule_real,
            self._rule_whole,
            int(bar.time),
            np.array([bar.open, bar.high, bar.low, bar.close], np.float64),
            np.ascontiguousarray(flags, np.uint8),
            asked,
            shares,
            _NO_FINER if finer is None else np.ascontiguousarray(finer, np.float64),
            bool(is_last),
            self._fill_whole,
            self._fill_real,
        )
        return Fills(*self._fill_whole[:, :count].copy(), *self._fill_real[:, :count].copy())

    def to_bytes(self) -> bytes:
        """The accounts without their rules, in 16 + 176 n bytes."""
        head = _HEADER.pack(_FORMAT, len(self))
        return (
            head
            + self.real.astype("<f8", copy=False).tobytes()
            + self.whole.astype("<i8", copy=False).tobytes()
        )

    def with_bytes(self, data: bytes) -> Self:
        """These rules with the accounts of `to_bytes`. Raises ValueError where `data` is not those of as many."""
        n = len(self)
        size = _HEADER.size + 8 * n * (len(REAL) + len(WHOLE))
        if len(data) != size or _HEADER.unpack_from(data) != (_FORMAT, n):
            raise ValueError(f"these {len(data)} bytes are not {n} saved accounts of format {_FORMAT}")
        numbers = np.frombuffer(data, np.uint8, offset=_HEADER.size)
        split = 8 * n * len(REAL)
        made = copy.copy(self)
        made.real = numbers[:split].view("<f8").reshape(len(REAL), n).astype(np.float64)
        made.whole = numbers[split:].view("<i8").reshape(len(WHOLE), n).astype(np.int64)
        return made

    @classmethod
    def from_bytes(cls, rules: Sequence[Rules], data: bytes) -> Self:
        """The accounts of `to_bytes`. Raises ValueError where `data` is not those of as many accounts."""
        n = len(rules)
        return cls(rules, np.empty((len(REAL), n)), np.empty((len(WHOLE), n), np.int64)).with_bytes(data)
