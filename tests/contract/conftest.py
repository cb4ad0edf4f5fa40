"""A workspace with one thing of each kind, for requests that machines make up."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from apps.accounts.services import create_api_key
from apps.backtests.services import (
    LegRequest,
    PortfolioRequest,
    SweepRequest,
    WalkForwardRequest,
    run_backtest,
    submit_backtest,
    submit_portfolio,
    submit_sweep,
    submit_walk_forward,
    work_next,
)
from apps.billing.selectors import api_rate_of
from apps.core.api.throttling import rate_from
from apps.formulas.services import add_case, create_formula, publish_formula
from apps.signals.models import Signal
from apps.signals.services.processing import process_alerts
from apps.signals.services.sources import create_source, send_test_alert
from tests.factories import CROSS, workspace_of

SWEPT = "input length = 3 in 2..9\nlong when close > ema(close, length)\n"


@dataclass
class Furnished:
    """A key to the workspace, and ids by the beginning of the paths that take them."""

    secret: str
    ids: dict[str, str]
    bar_set: str


@pytest.fixture
def furnished(user, question, bar_set) -> Furnished:
    workspace = workspace_of(user, plan="enterprise")
    formula = create_formula(workspace, name="Mine", text=CROSS, actor=user)
    case = add_case(formula, {"name": "Mine", "bars": [1], "signals": []}, actor=user)
    publish_formula(formula, actor=user)
    backtest, _ = submit_backtest(workspace, question, actor=user)
    run_backtest(backtest.pk)
    sweep, _ = submit_sweep(
        workspace, SweepRequest(text=SWEPT, bar_sets=(bar_set,), axes={"length": "3,5"}), actor=user
    )
    walk, _ = submit_walk_forward(
        workspace, WalkForwardRequest(bar_set=bar_set, text=SWEPT, axes={"length": "3,5"}), actor=user
    )
    portfolio, _ = submit_portfolio(
        workspace,
        PortfolioRequest(legs=[LegRequest(bar_set, 0.5)], name="Half"),
        actor=user,
    )
    while work_next() is not None:
        pass
    source, _ = create_source(workspace, name="Mine", actor=user)
    send_test_alert(source, actor=user)
    process_alerts()
    _, secret = create_api_key(workspace, name="machine", actor=user)
    signal = Signal.objects.get()
    return Furnished(
        secret,
        {
            "/api/v1/formulas/": str(formula.uuid),
            "case": str(case.uuid),
            "/api/v1/backtests/": str(backtest.uuid),
            "/api/v1/sweeps/": str(sweep.uuid),
            "/api/v1/walk-forwards/": str(walk.uuid),
            "/api/v1/portfolios/": str(portfolio.uuid),
            "/api/v1/signals/": str(signal.uuid),
            "/api/v1/alert-sources/": str(source.uuid),
            "/api/v1/bars/": str(bar_set.uuid),
            "/api/v1/instruments/": str(bar_set.instrument.uuid),
            "/api/v1/workspaces/": str(workspace.uuid),
        },
        str(bar_set.uuid),
    )


@pytest.fixture(autouse=True)
def _no_limits():
    """A machine asks faster than people may."""
    rate_from(lambda workspace: 10_000_000)
    yield
    rate_from(api_rate_of)
