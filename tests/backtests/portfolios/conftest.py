"""A portfolio one may ask for, and its running."""

from __future__ import annotations

import io

import pytest

from apps.backtests.choices import Status
from apps.backtests.models import PortfolioRun
from apps.backtests.services import LegRequest, PortfolioRequest, submit_portfolio, work_next
from apps.formulas.services import create_formula
from apps.markets.services import import_bars
from tests.factories import wave_csv

TEXT = (
    "input fast = 4 in 2..20\nlong when crossover(ema(close, fast), ema(close, 15))\n"
    "exit long when crossunder(ema(close, fast), ema(close, 15))\n"
)


@pytest.fixture
def formula(workspace, user):
    return create_formula(workspace, name="Two averages", text=TEXT, actor=user)


@pytest.fixture
def second_market(workspace, user):
    """250 days of the same wave: it ends before the other market does."""
    return import_bars(workspace, symbol="LAKE", file=io.BytesIO(wave_csv(250)), filename="l.csv", actor=user)


@pytest.fixture
def asked(formula, bar_set, second_market) -> PortfolioRequest:
    """The formula on one market with 60 %, another held with 40 %, brought back every month."""
    return PortfolioRequest(
        name="Wave and lake",
        legs=(
            LegRequest(
                bar_set, 0.6, text=formula.text, name=formula.name, formula=formula, inputs={"fast": 5}
            ),
            LegRequest(second_market, 0.4),
        ),
        cash=5_000.0,
        fee=0.0005,
        rebalance="monthly",
    )


def ran(workspace, asked, user) -> PortfolioRun:
    """A portfolio run to its end."""
    run, is_new = submit_portfolio(workspace, asked, actor=user)
    assert is_new
    assert work_next() == run
    run.refresh_from_db()
    assert run.status == Status.DONE, run.error
    return run
