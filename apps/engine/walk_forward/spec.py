"""What a walk-forward is asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from apps.engine.said import said
from apps.engine.sim.spec import SimulationError

Mode = Literal["rolling", "anchored"]

MODES: tuple[Mode, ...] = ("rolling", "anchored")
MOST_FOLDS = 1_000
DEFAULT_TRAIN_SHARE = 0.75

# Metrics a choice may be made by (docs/metrics.md): of the first the highest value is best, of the second the lowest.
HIGHER_IS_BETTER = (
    "sharpe",
    "sortino",
    "calmar",
    "cagr",
    "total_return",
    "final_equity",
    "profit_factor",
    "expectancy",
    "avg_trade",
    "win_rate",
    "sqn",
)
LOWER_IS_BETTER = ("max_drawdown", "volatility")
METRICS = (*HIGHER_IS_BETTER, *LOWER_IS_BETTER)


class WalkForwardError(SimulationError):
    """A walk-forward that cannot be done as asked. `field` names what is wrong (`folds`, `purge_bars`, ...)."""


@dataclass(frozen=True)
class WalkForwardSpec:
    """How the bars are laid out in folds and how a cell is chosen. Lengths are in bars; docs/walk-forward.md.

    `train_share` is the training's part of a rolling fold (of the first fold when anchored); `train_bars` and
    `test_bars` fix the lengths instead, each alone or both. `purge_bars` None means the longest look-back of the cells.
    """

    folds: int = 5
    mode: Mode = "rolling"
    train_share: float | None = None  # 0.75 where no length is given either
    train_bars: int | None = None
    test_bars: int | None = None
    purge_bars: int | None = None
    embargo_bars: int = 0
    metric: str = "sharpe"
    min_train_bars: int = 100  # besides the warm-up
    min_test_bars: int = 20
    min_trades: int = 1  # closed trades in training, for a cell to be chosen

    @property
    def share(self) -> Fraction | None:
        """The training's part as the decimal fraction it was written as; None where lengths are given."""
        if self.train_bars is not None or self.test_bars is not None:
            return None
        return Fraction(repr(DEFAULT_TRAIN_SHARE if self.train_share is None else float(self.train_share)))


def check_spec(spec: WalkForwardSpec) -> None:
    """Raise WalkForwardError, naming the field, where a value is out of its range or two contradict one another."""
    if not _whole(spec.folds) or not 1 <= spec.folds <= MOST_FOLDS:
        raise WalkForwardError(
            said(
                "folds must be a whole number from 1 to {most_folds}, not {folds}.",
                most_folds=f"{MOST_FOLDS:,}",
                folds=repr(spec.folds),
            ),
            field="folds",
        )
    if spec.mode not in MODES:
        raise WalkForwardError(
            said("mode must be rolling or anchored, not {mode}.", mode=repr(spec.mode)), field="mode"
        )
    if spec.metric not in METRICS:
        raise WalkForwardError(
            said(
                "cannot choose by {metric}: metric must be one of {metrics}.",
                metric=repr(spec.metric),
                metrics=", ".join(METRICS),
            ),
            field="metric",
        )
    if spec.train_share is not None:
        if spec.train_bars is not None or spec.test_bars is not None:
            raise WalkForwardError(
                said("give the lengths of training and test as a share or in bars, not both."),
                field="train_share",
            )
        if not 0 < spec.train_share < 1:
            raise WalkForwardError(
                said(
                    "train_share must lie between 0 and 1 (0.75 is three quarters), not {train_share}.",
                    train_share=repr(spec.train_share),
                ),
                field="train_share",
            )
    for name, least in _LEAST.items():
        value = getattr(spec, name)
        if value is not None and (not _whole(value) or value < least):
            raise WalkForwardError(
                said(
                    "{name} must be a whole number of bars, {least} or more, not {value}.",
                    name=name,
                    least=least,
                    value=repr(value),
                )
                if name.endswith("bars")
                else said(
                    "{name} must be a whole number, {least} or more, not {value}.",
                    name=name,
                    least=least,
                    value=repr(value),
                ),
                field=name,
            )


_LEAST = {
    "train_bars": 1,
    "test_bars": 1,
    "purge_bars": 0,
    "embargo_bars": 0,
    "min_train_bars": 1,
    "min_test_bars": 2,  # a request at the close of one bar fills at the open of the next
    "min_trades": 0,
}


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
