"""Where the numbers of a group of bots lie: what they remember, their constants, and the values of one bar."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from apps.engine.generate.cohort_codes import BLOCK, COLUMNS, LOAD, OP, OUTPUTS, PARAMS, RECALL, STATE
from apps.engine.indicators.operators import HISTORY_READ
from apps.engine.program.cohort.member import Member


class Layout:
    """Slots one after another, each with a number, or a window of numbers, for every bot."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.bots = len(members)
        self.lengths = np.array([member.windows for member in members], np.int64).reshape(self.bots, -1)
        self.slots: list[int] = []  # where each begins
        self.window_of: dict[int, int] = {}  # by number of slot
        self.starts: list[float] = []
        self.size = 0
        self.addresses: list[np.ndarray] = []

    def slot(self, start: float) -> int:
        """Room for one number per bot; where it begins."""
        place = self.size
        self.slots.append(place)
        self.starts.append(start)
        self.size += self.bots
        return place

    def window(self, start: float) -> int:
        """Room for the next window; where its addresses begin in `windows()`."""
        number = len(self.addresses)
        lengths = self.lengths[:, number]
        self.window_of[len(self.slots)] = number
        self.slots.append(self.size)
        self.starts.append(start)
        self.addresses.append(self.size + np.cumsum(lengths) - lengths)
        self.size += int(lengths.sum())
        return number * self.bots

    def windows(self) -> np.ndarray:
        """int64[windows * bots]: where each bot's windows begin."""
        return np.concatenate(self.addresses) if self.addresses else np.zeros(1, np.int64)

    def initial(self) -> np.ndarray:
        """float64[size]: the state before the first bar."""
        ends = [*self.slots[1:], self.size]
        counts = [end - begin for begin, end in zip(self.slots, ends, strict=True)]
        return np.repeat(np.array(self.starts), counts)

    def positions(self, bots: np.ndarray) -> np.ndarray:
        """Where the numbers of `bots` lie, in the order they have in a group of just these bots.

        For one bot that is the order of a ProgramState, after its version.
        """
        found = []
        for number, place in enumerate(self.slots):
            window = self.window_of.get(number)
            if window is None:
                found.append(place + bots)
            else:
                lengths = self.lengths[bots, window]
                before = np.cumsum(lengths) - lengths
                found.append(
                    np.arange(lengths.sum()) + np.repeat(self.addresses[window][bots] - before, lengths)
                )
        return np.concatenate(found)


class Numbers:
    """Constants: those on which all bots agree come first, a block of copies each; the others are a number per bot."""

    def __init__(self, members: Sequence[Member]) -> None:
        bots = len(members)
        params = np.array([member.params for member in members], np.float64).reshape(bots, -1)
        constants = np.array([member.constants for member in members], np.float64).reshape(bots, -1)
        self.param_count = params.shape[1]
        table = np.concatenate([params, constants], axis=1)
        bits = table.view(np.int64)
        same = (bits == bits[0]).all(axis=0)
        shared, own = np.flatnonzero(same), np.flatnonzero(~same)
        self.own = BLOCK * len(shared)
        places = np.empty(table.shape[1], np.int64)
        places[shared] = BLOCK * np.arange(len(shared))
        places[own] = self.own + bots * np.arange(len(own))
        # an array must have something in it to be sliced, even where nothing is read
        self.array = np.concatenate(
            [np.repeat(table[0, shared], BLOCK), table[:, own].T.ravel(), np.zeros(1)]
        )
        self._places = places

    def param(self, number: int) -> int:
        return int(self._places[number])

    def constant(self, number: int) -> tuple[int, float | None]:
        """Its place, and its value if all bots share it. `number` is -1 - k."""
        place = int(self._places[self.param_count - 1 - number])
        return place, float(self.array[place]) if place < self.own else None


class Code:
    """The instructions of one part, and the places of its values: what all bots share and registers, a block each,
    and from `own` on a number per bot for what is wanted or is filled in from outside."""

    def __init__(self, bots: int, numbers: Numbers) -> None:
        self._bots = bots
        self._numbers = numbers
        self._shared: list[float] = []
        self._registers = 0
        self._kept = 0
        self._placed: dict[int, tuple[str, int]] = {}
        self._first: list[dict[int, tuple[str, int]]] = []
        self._rows: list[dict[int, tuple[str, int]]] = []
        self._last: list[dict[int, tuple[str, int]]] = []

    def share(self, number: int, value: float) -> None:
        """A value all bots share."""
        self._placed[number] = ("shared", len(self._shared))
        self._shared.append(value)

    def make(self, number: int, keep: bool) -> tuple[str, int]:
        if keep:
            self._placed[number] = ("kept", self._kept)
            self._kept += 1
        else:
            self._placed[number] = ("register", self._registers)
            self._registers += 1
        return self._placed[number]

    def recall(self, number: int, slot: int, keep: bool) -> None:
        """A value that lies in a slot of the state."""
        out = self.make(number, keep)
        self._first.append({OP: ("", RECALL), STATE: ("", slot), OUTPUTS: out})

    def operand(self, number: int, keep: bool = False) -> tuple[str, int]:
        if number not in self._placed:  # a constant
            place, value = self._numbers.constant(number)
            if value is not None:
                self.share(number, value)
            else:
                out = self.make(number, keep)
                self._first.append({OP: ("", LOAD), PARAMS: ("", place), OUTPUTS: out})
        return self._placed[number]

    def add(self, row: dict[int, tuple[str, int]], last: bool = False) -> None:
        (self._last if last else self._rows).append(row)

    def finish(self) -> None:
        """Lay everything out."""
        self.front = np.repeat(np.array(self._shared), BLOCK)
        self.own = len(self.front) + self._registers * BLOCK
        self.size = self.own + self._kept * self._bots
        # readings come first: what they read was built on an earlier bar
        self._rows.sort(key=lambda row: row[OP][1] != HISTORY_READ)
        rows = [*self._first, *self._rows, *self._last]
        self.code = np.zeros((len(rows), COLUMNS), np.uint64)
        for k, row in enumerate(rows):
            for column, place in row.items():
                self.code[k, column] = self._resolve(place)
        self._first, self._rows, self._last = [], [], []

    def _resolve(self, place: tuple[str, int]) -> int:
        where, at = place
        if where == "shared":
            return at * BLOCK
        if where == "register":
            return len(self.front) + at * BLOCK
        return self.own + at * self._bots if where == "kept" else at

    def place(self, number: int) -> int:
        """Where a value lies; before `own` it is the same for all bots."""
        return self._resolve(self._placed[number])

    def column(self, values: np.ndarray, number: int) -> np.ndarray:
        """float64[bots]: a value that was kept."""
        place = self.place(number)
        if place < self.own:
            return np.full(self._bots, values[place])
        return values[place : place + self._bots]
