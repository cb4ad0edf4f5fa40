"""Which loops are compiled, and when: as soon as it pays, never while a short run waits."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from threading import Lock

from apps.engine.generate.loop import Shape
from apps.engine.indicators.operators import OPERATORS
from apps.engine.program.loops.store import Loop, Store

MOST_NODES = 60  # of a shape that is compiled; larger ones take too long
MOST_COMPILED = 128  # shapes in one process: what is compiled stays in its memory
MOST_COUNTED = 1_024  # shapes whose runs are counted
LONG_RUN = 50_000  # bars; a shorter run never waits for a compilation, nor for the disk

# Estimates in seconds, from what docs/performance.md says was measured.
MACHINE_NODE = 6e-9  # one operator, one bar, in the machine
LOADING = 0.05
COMPILING = 0.2
COMPILING_NODE = 0.01
COMPILING_WINDOW = 0.1  # more, for an operator with a window


def seconds_to_compile(shape: Shape) -> float:
    """About how long it takes."""
    windows = sum(1 for node in shape.nodes if node.op in OPERATORS and OPERATORS[node.op].memory)
    return COMPILING + COMPILING_NODE * len(shape.nodes) + COMPILING_WINDOW * windows


class Loops:
    """The compiled loops of this process. Safe for many threads.

    A shape is read from the disk, or compiled, once the machine has spent as long on it in this process as that would
    have taken. So no series of runs takes more than about twice the time it would take had one known how long it gets.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ready: dict[Shape, Loop] = {}
        self._spent: OrderedDict[Shape, float] = OrderedDict()
        self._compiling = Lock()
        self._counting = Lock()

    def find(self, shape: Shape, bars: int, nodes: int) -> Loop | None:
        """The loop for a run over `bars`, or None where the machine should do it.

        `nodes`: how many of the shape's operators would run in the machine.
        """
        ready = self._ready.get(shape)
        if ready is not None or bars < LONG_RUN or not self._may_compile(shape):
            return ready
        return self._decide(shape, bars * nodes * MACHINE_NODE, waits=False)

    def prepare(self, shape: Shape, bars: int, nodes: int, runs: int) -> None:
        """Have the loop ready where `runs` runs over `bars` make that pay. Waits for the compiler."""
        if shape not in self._ready and self._may_compile(shape):
            self._decide(shape, runs * bars * nodes * MACHINE_NODE, waits=True)

    def _may_compile(self, shape: Shape) -> bool:
        return len(shape.nodes) <= MOST_NODES and len(self._ready) < MOST_COMPILED

    def _decide(self, shape: Shape, seconds: float, waits: bool) -> Loop | None:
        """Count what the machine would spend now, and compile or load where it has come to enough."""
        with self._counting:
            spent = self._spent.pop(shape, 0.0) + seconds
            self._spent[shape] = spent
            if len(self._spent) > MOST_COUNTED:
                self._spent.popitem(last=False)
        if spent < LOADING or not (spent >= seconds_to_compile(shape) or self._store.has(shape)):
            return None
        if not self._compiling.acquire(blocking=waits):
            return None  # another thread is at it: meanwhile the machine does this run
        try:
            if shape not in self._ready:
                self._ready[shape] = self._store.compile(shape)
            return self._ready[shape]
        finally:
            self._compiling.release()


# the variable is set by apps.engine.kernel_cache
LOOPS = Loops(Store(Path(os.environ["NUMBA_CACHE_DIR"]) / "loops"))
