"""Loops compiled for the shape of a formula whose series use their own past."""

from apps.engine.program.loops.loops import LOOPS, Loops
from apps.engine.program.loops.shape import Bound, bind
from apps.engine.program.loops.store import Loop, Store

__all__ = ["LOOPS", "Bound", "Loop", "Loops", "Store", "bind"]
