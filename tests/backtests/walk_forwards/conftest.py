"""A walk-forward one may ask for, and its running."""

from __future__ import annotations

import pytest

from apps.backtests.choices import Status
from apps.backtests.models import WalkForward
from apps.backtests.services import WalkForwardRequest, submit_walk_forward, work_next
from apps.engine.walk_forward import WalkForwardSpec
from apps.formulas.services import create_formula

TEXT = (
    "input fast = 3 in 2..10\ninput slow = 8 in 5..30\n"
    "long when crossover(ema(close, fast), ema(close, slow))\n"
    "exit long when crossunder(ema(close, fast), ema(close, slow))\n"
)


@pytest.fixture
def formula(workspace, user):
    return create_formula(workspace, name="Two averages", text=TEXT, actor=user)


@pytest.fixture
def asked(formula, bar_set) -> WalkForwardRequest:
    """3 x 2 settings in 3 folds over 400 daily bars."""
    return WalkForwardRequest(
        text=formula.text,
        name=formula.name,
        formula=formula,
        bar_set=bar_set,
        axes={"fast": "2..4", "slow": "8,12"},
        spec=WalkForwardSpec(folds=3),
        cash=5_000.0,
        fee=0.0005,
    )


def walked(workspace, asked, user) -> WalkForward:
    """A walk-forward run to its end."""
    walk_forward, is_new = submit_walk_forward(workspace, asked, actor=user)
    assert is_new
    assert work_next() == walk_forward
    walk_forward.refresh_from_db()
    assert walk_forward.status == Status.DONE, walk_forward.error
    return walk_forward
