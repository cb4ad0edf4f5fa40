"""Walk-forward: inputs chosen on the past, traded on what came next, fold after fold (docs/walk-forward.md)."""

from apps.engine.walk_forward.result import FoldResult, WalkForwardResult
from apps.engine.walk_forward.run import walk_forward
from apps.engine.walk_forward.spec import METRICS, MODES, WalkForwardError, WalkForwardSpec

__all__ = [
    "METRICS",
    "MODES",
    "FoldResult",
    "WalkForwardError",
    "WalkForwardResult",
    "WalkForwardSpec",
    "walk_forward",
]
