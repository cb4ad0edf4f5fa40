"""A workspace with as many rows as a busy one has, and a key to read them with."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from django.core.management import call_command

from benchmarks.rows import multiply

COPIES = 40
MANY_COPIES = 5_000  # of signals
ENOUGH = 2_000_000_000  # requests a minute


@dataclass(frozen=True)
class Filled:
    """The workspace and the person who works in it, with their key's secret."""

    workspace: Any
    user: Any
    secret: str


def fill() -> Filled:
    """The demo's workspace with each of its rows many times over, and no limit that a benchmark would reach."""
    from apps.accounts.models import Membership
    from apps.accounts.services import create_api_key
    from apps.billing.models import PlanLimit
    from apps.signals.models import Signal
    from apps.signals.services.processing import process_alerts
    from apps.signals.services.sources import create_source, send_test_alert

    call_command("demo", verbosity=0, stdout=io.StringIO())
    member = Membership.objects.select_related("workspace", "user").get(
        user__email="demo@candlewright.example"
    )
    workspace, user = member.workspace, member.user
    source, _ = create_source(workspace, name="TradingView", actor=user)
    send_test_alert(source, actor=user)
    process_alerts()
    for kind in _kinds():
        rows = kind.objects.filter(workspace=workspace)
        multiply(rows.order_by("pk")[:10], COPIES)
    signal = Signal.objects.select_related("alert").filter(workspace=workspace)[0]
    multiply([signal.alert, signal], MANY_COPIES)
    PlanLimit.objects.filter(plan__code=workspace.plan_code, meter="api_requests").update(amount=ENOUGH)
    _, secret = create_api_key(workspace, name="Benchmark", actor=user)
    return Filled(workspace, user, secret)


def _kinds() -> list[Any]:
    from apps.backtests.models import Backtest, PortfolioRun, Sweep, WalkForward
    from apps.formulas.models import Formula
    from apps.signals.models import AlertSource

    return [Formula, Backtest, Sweep, WalkForward, PortfolioRun, AlertSource]
