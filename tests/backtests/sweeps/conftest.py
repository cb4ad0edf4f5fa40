"""Sweeps one may ask for, and their running."""

from __future__ import annotations

import pytest

from apps.backtests.choices import Status
from apps.backtests.models import Sweep, SweepChunk
from apps.backtests.services import SweepRequest, submit_sweep, work_next
from apps.formulas.services import create_formula

TEXT = (
    "input fast = 4 in 2..20\ninput slow = 12 in 5..60\ninput both = false\n"
    "long when crossover(ema(close, fast), ema(close, slow))\n"
    "exit long when crossunder(ema(close, fast), ema(close, slow))\n"
    "short when both and crossunder(ema(close, fast), ema(close, slow))\n"
)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Chunks of a few cells: what is true of many chunks must not need many cells."""
    monkeypatch.setattr("apps.backtests.services.sweep_cells.FEWEST_CHUNK_SECONDS", 0.01)


@pytest.fixture
def formula(workspace, user):
    return create_formula(workspace, name="Two averages", text=TEXT, actor=user)


@pytest.fixture
def asked(formula, bar_set) -> SweepRequest:
    """5 x 4 settings on 400 daily bars."""
    return SweepRequest(
        text=formula.text,
        name=formula.name,
        formula=formula,
        bar_sets=(bar_set,),
        axes={"fast": "3..7", "slow": "10..25 step 5"},
        cash=5_000.0,
        fee=0.0005,
    )


def run_all() -> int:
    """A worker that takes what waits until nothing does; returns how much it took."""
    taken = 0
    while work_next() is not None:
        taken += 1
    return taken


def swept(workspace, asked, user) -> Sweep:
    """A sweep run to its end."""
    sweep, is_new = submit_sweep(workspace, asked, actor=user)
    assert is_new
    run_all()
    sweep.refresh_from_db()
    errors = list(SweepChunk.objects.filter(sweep=sweep).exclude(error="").values_list("error", flat=True))
    assert sweep.status == Status.DONE, (sweep.error, errors)
    return sweep
