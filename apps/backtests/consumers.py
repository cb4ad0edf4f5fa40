"""Progress of research over WebSocket."""

from __future__ import annotations

from typing import Any, ClassVar

from apps.accounts.live import WorkspaceConsumer
from apps.backtests.models import Backtest, PortfolioRun, Sweep, WalkForward


class JobConsumer(WorkspaceConsumer):
    """`/ws/<kind>/<uuid>/`: events `progress` (percent, done, total, per_second, seconds_left) and `finished`."""

    model: ClassVar[Any]
    right = "backtests.view"

    def groups_in_database(self) -> list[str] | None:
        uuid = self.scope["url_route"]["kwargs"]["uuid"]
        job = self.model.objects.filter(uuid=uuid, workspace__in=self.workspaces()).first()
        return [job.live_group] if job else None


class BacktestConsumer(JobConsumer):
    model = Backtest


class SweepConsumer(JobConsumer):
    model = Sweep


class WalkForwardConsumer(JobConsumer):
    model = WalkForward


class PortfolioConsumer(JobConsumer):
    model = PortfolioRun
