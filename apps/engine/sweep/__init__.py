"""Many settings of one formula over one set of bars: what cells have in common is computed once (docs/sweeps.md)."""

from apps.engine.sweep.axes import MOST_CELLS, Axis, SweepError, axes_of, grid, random_cells
from apps.engine.sweep.chunks import chunks
from apps.engine.sweep.plateau import Plateau, plateau
from apps.engine.sweep.run import Cell, run_cells

__all__ = [
    "MOST_CELLS",
    "Axis",
    "Cell",
    "Plateau",
    "SweepError",
    "axes_of",
    "chunks",
    "grid",
    "plateau",
    "random_cells",
    "run_cells",
]
