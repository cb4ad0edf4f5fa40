"""Programs stepped together, their states in one blob, each as exact as if it ran alone.

A cohort is made once for its programs and never changes; a `CohortState` is what a job loads, steps and saves:

    cohort = Cohort(programs)
    state = CohortState.from_bytes(row.states)      # or cohort.initial_state()
    for bar in bars_after(state.time):
        result = cohort.step(state, bar)            # state changes in place
    row.states = state.to_bytes()

Programs may differ in anything. Those of one *shape* (the same operators, wired alike: only lengths and constants
differ) form a group that is stepped by one call of compiled code; a cohort of one formula has one group, or a few where
settings coincide and parts of the formula merge.

A blob is little-endian float64: layout version, number of bots, a fingerprint of the cohort, the opening time of the
latest bar that any of them has seen, then each group's block.
A block has the numbers of a `ProgramState` (without its version) slot by slot, each slot for all bots of the group:
first how many bars each bot has seen, then when the last of them opened, and so on. A window of values is a slot as
well, in which those of one bot follow those of another, since lengths differ. So the block of one bot alone is just
its `ProgramState`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from apps.engine.bars import Bar
from apps.engine.program.calendar import iso_time
from apps.engine.program.cohort.group import Group, GroupResult
from apps.engine.program.cohort.member import Member, Shape, Text, describe
from apps.engine.program.errors import EvaluationError
from apps.engine.program.program import Program, ProgramState, fill_text
from apps.engine.program.state_layout import STATE_VERSION
from apps.engine.said import said

LAYOUT_VERSION = 1.0
HEADER = 4
LATEST = 3


@dataclass(frozen=True, eq=False)
class CohortState:
    """What all bots of a cohort remember: float64, changed in place by `Cohort.step`."""

    memory: np.ndarray

    @property
    def time(self) -> int | None:
        """When the latest bar that any bot has seen opened, in milliseconds; None before the first."""
        latest = float(self.memory[LATEST])
        return None if latest == -math.inf else int(latest)

    def copy(self) -> CohortState:
        return CohortState(self.memory.copy())

    def to_bytes(self) -> bytes:
        return self.memory.astype("<f8", copy=False).tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> CohortState:
        """Raises EvaluationError where `data` cannot be a state; whether it fits a cohort is seen when it is used."""
        if len(data) % 8 or len(data) < 8 * HEADER:
            raise EvaluationError(said("these bytes are not the state of a cohort"))
        return cls(np.frombuffer(data, "<f8").astype(np.float64))


class CohortResult:
    """What all bots say at one close. `flags` uint8[bots] are condition bits as in `Orders`.

    `stop`, `target`, `trail`: float64[bots], the values of protective orders as in `StepResult` (na where there is
    none or it is a fixed percentage). Everything but the flags is put together on demand.
    """

    def __init__(self, cohort: Cohort, bar: Bar, parts: list[GroupResult]) -> None:
        self._cohort = cohort
        self._parts = parts
        self.bar = bar

    def _column(self, refs: list[int | None]) -> np.ndarray:
        whole = np.full(self._cohort.bots, np.nan)
        for group, bots, part, ref in zip(
            self._cohort.groups, self._cohort.bots_of, self._parts, refs, strict=True
        ):
            if ref is not None:
                whole[bots] = group.column(part, ref)
        return whole

    def _named(self, tables: list[dict[str, int]]) -> dict[str, np.ndarray]:
        names = dict.fromkeys(name for table in tables for name in table)
        return {name: self._column([table.get(name) for table in tables]) for name in names}

    @cached_property
    def flags(self) -> np.ndarray:
        if len(self._parts) == 1:
            return self._parts[0].flags
        whole = np.zeros(self._cohort.bots, np.uint8)
        for bots, part in zip(self._cohort.bots_of, self._parts, strict=True):
            whole[bots] = part.flags
        return whole

    @cached_property
    def speaking(self) -> np.ndarray:
        """int64[k]: the bots of which a condition holds, alerts included."""
        found = [
            bots[part.held.any(axis=0)] for bots, part in zip(self._cohort.bots_of, self._parts, strict=True)
        ]
        return np.sort(np.concatenate(found))

    @cached_property
    def alerting(self) -> np.ndarray:
        """int64[k]: the bots of which the condition of an alert holds."""
        found = []
        for group, bots, part in zip(self._cohort.groups, self._cohort.bots_of, self._parts, strict=True):
            alerts = [i for i, (bits, _) in enumerate(group.shape.watches) if not bits]
            found.append(bots[part.held[alerts].any(axis=0)])
        return np.sort(np.concatenate(found))

    @cached_property
    def stop(self) -> np.ndarray:
        return self._column([group.shape.protections[0] for group in self._cohort.groups])

    @cached_property
    def target(self) -> np.ndarray:
        return self._column([group.shape.protections[1] for group in self._cohort.groups])

    @cached_property
    def trail(self) -> np.ndarray:
        return self._column([group.shape.protections[2] for group in self._cohort.groups])

    @cached_property
    def series(self) -> dict[str, np.ndarray]:
        """float64[bots] by name of series; true and false are 1 and 0."""
        return self._named([dict(group.shape.series) for group in self._cohort.groups])

    @cached_property
    def plots(self) -> dict[str, np.ndarray]:
        """float64[bots] by name of plot."""
        return self._named([dict(group.shape.plots) for group in self._cohort.groups])

    def signals(self, bot: int) -> list[tuple[str, str]]:
        """Kind and text of each condition of `bot` that holds, by statement."""
        number, index = self._cohort.place_of(bot)
        group, part = self._cohort.groups[number], self._parts[number]
        return [
            (text.kind, self._text(group, part, text, index))
            for text, held in zip(group.texts[index], part.held[:, index], strict=True)
            if held
        ]

    def _text(self, group: Group, part: GroupResult, text: Text, index: int) -> str:
        values, kinds = {}, {}
        for piece, kind in zip(text.parts, text.kinds, strict=True):
            if piece.ref is not None:
                values[piece.ref] = float(group.column(part, piece.ref)[index])
                kinds[piece.ref] = kind
        return fill_text(text.parts, values, kinds, self.bar.time, self.bar.symbol)


@dataclass(frozen=True, eq=False)
class Source:
    """Bots of a cohort, by their numbers `theirs`, whose memory the bots `mine` of another one take over.

    int64[k] each; one of theirs may be taken by several.
    """

    cohort: Cohort
    state: CohortState
    theirs: np.ndarray
    mine: np.ndarray


class Cohort:
    """Programs, numbered from 0 as bots, that are stepped together. Never changed; may be used by many threads."""

    def __init__(self, programs: Sequence[Program]) -> None:
        known: dict[int, Member] = {}
        for program in programs:
            if id(program) not in known:
                known[id(program)] = describe(program)
        self._build([known[id(program)] for program in programs])

    @classmethod
    def _of(cls, members: list[Member]) -> Cohort:
        made = cls.__new__(cls)
        made._build(members)
        return made

    def _build(self, members: list[Member]) -> None:
        if not members:
            raise ValueError("a cohort needs at least one program")
        self._members = members
        self.bots = len(members)
        by_shape: dict[Shape, list[int]] = {}
        for bot, member in enumerate(members):
            by_shape.setdefault(member.shape, []).append(bot)
        self.groups = [Group(shape, [members[bot] for bot in bots]) for shape, bots in by_shape.items()]
        self.bots_of = [np.array(bots, np.int64) for bots in by_shape.values()]
        self._places = {
            int(bot): (number, index)
            for number, bots in enumerate(self.bots_of)
            for index, bot in enumerate(bots.tolist())
        }
        ends = HEADER + np.cumsum([group.size for group in self.groups])
        self._blocks = [
            slice(int(end) - group.size, int(end)) for group, end in zip(self.groups, ends, strict=True)
        ]
        self._size = int(ends[-1])
        self._header = np.array([LAYOUT_VERSION, float(self.bots), self._fingerprint(), -math.inf])

    def _fingerprint(self) -> float:
        """48 bits over everything that decides what a number of the state means."""
        digest = hashlib.sha256(f"{STATE_VERSION}".encode())
        shapes: dict[int, bytes] = {}
        for member in self._members:
            if id(member.shape) not in shapes:
                shapes[id(member.shape)] = repr(member.shape).encode()
            digest.update(shapes[id(member.shape)])
            for numbers in (member.params, member.constants, member.windows):
                digest.update(numbers.tobytes())
        return float(int.from_bytes(digest.digest()[:6], "big"))

    def place_of(self, bot: int) -> tuple[int, int]:
        """The group of a bot, and its number there. Raises IndexError for a bot that is not in the cohort."""
        if bot not in self._places:
            raise IndexError(f"no bot {bot}: there are {self.bots}")
        return self._places[bot]

    # states

    def initial_state(self) -> CohortState:
        """The state before the first bar."""
        return CohortState(np.concatenate([self._header, *(group.initial() for group in self.groups)]))

    def pack(self, states: Sequence[ProgramState]) -> CohortState:
        """The state in which each bot remembers what it does in `states`. Raises EvaluationError for a foreign one."""
        packed = self.initial_state()
        for bot, state in enumerate(states):
            self._put(packed, bot, state)
        self._note_latest(packed)
        return packed

    def state_of(self, state: CohortState, bot: int) -> ProgramState:
        """What one bot remembers, for `Program.step`."""
        self._check(state)
        number, index = self.place_of(bot)
        block = state.memory[self._blocks[number]]
        found = block[self.groups[number].positions(np.array([index]))]
        return ProgramState(np.concatenate([[STATE_VERSION], found]))

    def _put(self, state: CohortState, bot: int, of_bot: ProgramState) -> None:
        number, index = self.place_of(bot)
        positions = self.groups[number].positions(np.array([index]))
        if len(of_bot.memory) != len(positions) + 1 or of_bot.memory[0] != STATE_VERSION:
            raise EvaluationError(
                said("this state was saved by another formula or another version of the engine")
            )
        state.memory[self._blocks[number]][positions] = of_bot.memory[1:]

    def insert(
        self, state: CohortState, program: Program, of_bot: ProgramState | None = None
    ) -> tuple[Cohort, CohortState]:
        """The cohort with one more bot, its last, and the state of both. Without `of_bot` that bot starts anew."""
        joined = Cohort._of([*self._members, describe(program)])
        everybody = np.arange(self.bots)
        after = joined.gather([Source(self, state, everybody, everybody)])
        if of_bot is not None:
            joined._put(after, self.bots, of_bot)
            joined._note_latest(after)
        return joined, after

    def remove(self, state: CohortState, bot: int) -> tuple[Cohort, CohortState]:
        """The cohort without a bot (those after it move up by one), and what the others remember.

        Raises IndexError for a bot that is not in the cohort, ValueError for the last one.
        """
        self.place_of(bot)
        stay = [other for other in range(self.bots) if other != bot]
        left = Cohort._of([self._members[other] for other in stay])
        return left, left.gather([Source(self, state, np.array(stay, np.int64), np.arange(len(stay)))])

    def gather(self, sources: Sequence[Source]) -> CohortState:
        """The state in which bots remember what bots of other cohorts do; bots of no source begin anew.

        Each bot must have here the program that the one it takes after has there. Raises EvaluationError for a state
        of another cohort, and where the shapes of the programs differ.
        """
        after = self.initial_state()
        for source in sources:
            source.cohort._check(source.state)
            taken = np.full(self.bots, -1, np.int64)
            taken[source.mine] = source.theirs
            numbers, indices = source.cohort._whereabouts
            for group, bots, block in zip(self.groups, self.bots_of, self._blocks, strict=True):
                here = np.flatnonzero(taken[bots] >= 0)
                if not len(here):
                    continue
                theirs = taken[bots[here]]
                number = int(numbers[theirs[0]])
                other = source.cohort.groups[number]
                if (numbers[theirs] != number).any() or other.shape != group.shape:
                    raise EvaluationError(said("these states belong to programs of another shape"))
                there = source.state.memory[source.cohort._blocks[number]]
                after.memory[block][group.positions(here)] = there[other.positions(indices[theirs])]
        self._note_latest(after)
        return after

    @cached_property
    def _whereabouts(self) -> tuple[np.ndarray, np.ndarray]:
        """int64[bots] each: the group of each bot, and its number there."""
        numbers, indices = np.empty(self.bots, np.int64), np.empty(self.bots, np.int64)
        for number, bots in enumerate(self.bots_of):
            numbers[bots] = number
            indices[bots] = np.arange(len(bots))
        return numbers, indices

    def _note_latest(self, state: CohortState) -> None:
        blocks = zip(self.groups, self._blocks, strict=True)
        state.memory[LATEST] = max(group.last_time(state.memory[block]) for group, block in blocks)

    def _check(self, state: CohortState) -> None:
        if len(state.memory) != self._size or not np.array_equal(
            state.memory[:LATEST], self._header[:LATEST]
        ):
            raise EvaluationError(
                said("this state was saved by another cohort or another version of the engine")
            )

    # one bar

    def step(self, state: CohortState, bar: Bar) -> CohortResult:
        """One more closed bar for every bot: changes `state` in place and returns what they say.

        Each bot's flags, values and memory have the bits that `Program.step` gives. Raises EvaluationError, before
        anything has changed, for a state of another cohort, a bar that does not come later than the last one of every
        bot, and a higher timeframe that does not fit the bar's.
        """
        self._check(state)
        if bar.time <= state.memory[LATEST]:
            raise EvaluationError(
                said("bar {iso_time} does not open later than the bar before it", iso_time=iso_time(bar.time))
            )
        for group in self.groups:
            group.check(bar)
        parts = [
            group.step(state.memory[block], bar)
            for group, block in zip(self.groups, self._blocks, strict=True)
        ]
        state.memory[LATEST] = float(bar.time)
        return CohortResult(self, bar, parts)
